"""Tables that `wxaudit batch` reads, and those that it refuses before anything is sent."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from support.command_line.run import ask, clean_environment, command
from support.table_files import FORMATS, write_table
from wxaudit import ArgumentError
from wxaudit._cli.input.rows import Rows
from wxaudit._cli.input.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

APPID = "wx1234567890abcdef"


def asked(
    fake: FakeWeChat, table: Path | str, *options: str, stdin: bytes | None = None
) -> list[dict[str, Any]]:
    """The outcomes of a table whose rows are all right."""
    environment = clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token())
    done = subprocess.run(
        command("batch", table, "--json", *options),
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"0 failed" in done.stderr, done.stderr.decode()
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted(rows, key=lambda row: int(row["row"]))


def refusal(fake: FakeWeChat, table: Path | str, *options: str) -> str:
    """What the program says of a table that it refuses."""
    done = ask(fake, fake.token(), "batch", table, *options)
    assert (done.returncode, done.stdout, fake.requests) == (2, "", [])
    return done.stderr


def refusal_of(table: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The same, read in this process, which is a hundred times faster."""
    with pytest.raises(ArgumentError) as caught, closing(Source(str(table), None)) as source:
        Rows(source, lambda _row: None, appid=None, skip_invalid=False)
    return capsys.readouterr().err + str(caught.value)


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_is_told_by_its_content(fake: FakeWeChat, tmp_path: Path, kind: str) -> None:
    auditids = [fake.submit(state=0).auditid for _ in range(3)]
    columns: dict[str, list[Any]] = {
        "note": ["=1", "", "x"],
        "appid": [APPID, None, "wxb"],
        "auditid": auditids,
    }
    table = write_table(tmp_path / f"x.{kind}", columns).rename(tmp_path / "table")
    rows = asked(fake, table)
    assert [row["auditid"] for row in rows] == auditids
    assert [row["appid"] for row in rows] == [APPID, None, "wxb"]
    assert [row["row"] for row in rows] == [1, 2, 3]


@pytest.mark.parametrize(
    ("encoding", "separator"),
    [
        ("utf-8", ","),
        ("utf-8-sig", ";"),
        ("utf-16", "\t"),
        ("utf-16-le", "|"),
        ("utf-16-be", ","),
        ("gbk", ";"),
        ("gb18030", "\t"),
    ],
)
def test_csv_of_any_encoding_and_separator(
    fake: FakeWeChat, tmp_path: Path, encoding: str, separator: str
) -> None:
    auditid = fake.submit(state=0).auditid
    # The Chinese stands behind more ASCII than is read at once.
    lines = ["名称,auditid,appid", *[f"shop,{auditid},{APPID}"] * 2, f"张三的店，一号,{auditid},{APPID}"]
    text = "\r\n".join(line.replace(",", separator) for line in lines)
    table = tmp_path / "x.csv"
    table.write_bytes(text.encode(encoding))
    rows = asked(fake, table)
    assert [(row["auditid"], row["appid"]) for row in rows] == [(auditid, APPID)] * 3


def test_ids_as_spreadsheets_write_them(fake: FakeWeChat, tmp_path: Path) -> None:
    auditid = fake.submit(state=0).auditid
    cells = ["{}", " {} ", "'{}", "{}.0", "{}.", '"{}"', "\u3000{}\u00a0", '" {}"', "00{}"]
    table = tmp_path / "x.csv"
    lines = ["auditid", *(cell.format(auditid) for cell in cells), "", ","]
    table.write_text("\n".join(lines), encoding="utf-8")
    assert [row["auditid"] for row in asked(fake, table)] == [auditid] * len(cells)


def test_lines_for_excel_blank_rows_and_quoted_cells(fake: FakeWeChat, tmp_path: Path) -> None:
    auditid = fake.submit(state=0).auditid
    table = tmp_path / "x.csv"
    table.write_text(f'sep=;\n\nauditid;note\n{auditid};"a;\nb"\n;\n{auditid};\n', encoding="utf-8")
    assert [row["row"] for row in asked(fake, table)] == [1, 2]


def test_standard_input_and_pipes(fake: FakeWeChat) -> None:
    auditid = fake.submit(state=0).auditid
    csv, lines = f"auditid\n{auditid}\n".encode(), f'{{"auditid": "{auditid}"}}\n'.encode()
    for given in (csv, lines, b"\xef\xbb\xbf" + lines):
        for table in ("-", "/dev/stdin"):
            assert [row["auditid"] for row in asked(fake, table, stdin=given)] == [auditid]
    # A file whose first character says nothing.
    assert (
        len(asked(fake, "-", "--input-format", "csv", stdin=b"{auditid\n".replace(b"{", b"") + csv[8:])) == 1
    )


def test_equal_rows_are_asked_about_once_each(fake: FakeWeChat, tmp_path: Path) -> None:
    auditid = fake.submit(state=0).auditid
    table = write_table(tmp_path / "x.csv", {"auditid": [auditid] * 3})
    assert len(asked(fake, table)) == 3
    assert len(fake.requests) == 3


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ["x.csv is empty"]),
        (b"auditid,appid\n\n,\n", ["a header and no rows"]),
        (b"app_id,auditid\nwx,1\n", ["app_id; did you mean appid?"]),
        (b"AuditID\n1\n", ["AuditID; did you mean auditid?"]),
        (b"audit_id\n1\n", ["audit_id; did you mean auditid?"]),
        ("审核单ID\n1\n".encode(), ["审核单ID; did you mean auditid?"]),
        (b"auditid,token_ref\n1,\n", ["token_ref; did you mean token_reference?"]),
        (b"id,shop\n1,x\n", ["no column auditid", "id, shop"]),
        (b"441617767,wx1234567890abcdef\n", ["no column auditid", "The first row"]),
        (b"auditid,auditid\n1,2\n", ["more than one column auditid"]),
        (b"auditid,access_token\n1,x\n", ["access_token", "tokens are not accepted in tables"]),
        (b"auditid,Token\n1,x\n", ["tokens are not accepted in tables"]),
        (b"auditid\n\x81\xff\n", ["not text in UTF-8, UTF-16 or GB 18030"]),
        (b'auditid,note\n1,"never ends\n', ["not CSV"]),
        (b'[{"auditid": 1}]', ["JSON array", "one object a line"]),
        (b'{"auditid": 1}\n{"auditid"\n', ["line 2 is not JSON"]),
        (b'{"auditid": 1}\n17\n', ["line 2 is not a JSON object"]),
        (b'{"auditid": 1}\n{"auditid": 1, "token": "x"}\n', ["line 2,", "tokens are not accepted"]),
        (b"PK\x03\x04 no workbook", ["cannot be read as an Excel workbook"]),
        (b"PAR1 no table", ["cannot be read as Parquet"]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ["old Excel file"]),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: list[str]
) -> None:
    table = tmp_path / "x.csv"
    table.write_bytes(content)
    said = refusal_of(table, capsys)
    for words in told:
        assert words in said


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("1.23457E+11", "Excel has rounded this id"),
        ("1e9", "Excel has rounded this id"),
        ("1234567890123456.0", "more than 15 digits"),
        ("12.5", "12.5 is not a number"),
        ("", "auditid is missing"),
        ("12 34", "12 34 is not a number"),
        ("１２", "is not a number"),
        ("0", "out of range"),
        ("9223372036854775808", "out of range"),
        ("1" * 31, "11111111111… is not a number"),
        ("-5", "-5 is not a number"),
        ("#N/A", "#N/A is not a number"),
    ],
)
def test_a_row_that_cannot_be_a_query_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cell: str, told: str
) -> None:
    table = tmp_path / "x.csv"
    table.write_text(f"auditid,appid\n441,\n{cell},wx\n", encoding="utf-8")
    said = refusal_of(table, capsys)
    assert "row 2 (line 3): " in said
    assert told in said


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "xlsx"])
@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.5, "not a whole number"),
        (1e17, "15 digits"),
        (True, "auditid is True"),
        (None, "auditid is missing"),
    ],
)
def test_values_that_are_not_ids(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, value: object, told: str
) -> None:
    columns: dict[str, list[Any]] = {"auditid": [value, value], "note": [1, 2]}
    said = refusal_of(write_table(tmp_path / f"x.{kind}", columns), capsys)
    # The floats of JSON are texts as they are written.
    as_text = {1.5: "1.5 is not a number", 1e17: "Excel has rounded"} if kind == "jsonl" else {}
    assert (as_text.get(value) if isinstance(value, float) else None) or told in said
    assert "2 rows are not valid" in said


def test_whole_floats_are_ids(fake: FakeWeChat, tmp_path: Path) -> None:
    auditid = fake.submit(state=0).auditid
    for kind in ("jsonl", "parquet", "xlsx"):
        table = write_table(tmp_path / f"x.{kind}", {"auditid": [float(auditid)]})
        assert [row["auditid"] for row in asked(fake, table)] == [auditid]


def test_a_column_of_inexact_numbers_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow
    from pyarrow import parquet

    column = pyarrow.array([441617767.0], pyarrow.float32())
    parquet.write_table(pyarrow.table({"auditid": column}), tmp_path / "x.parquet")
    assert "rounds ids" in refusal_of(tmp_path / "x.parquet", capsys)


def test_only_the_first_invalid_rows_are_named(fake: FakeWeChat, tmp_path: Path) -> None:
    table = tmp_path / "x.csv"
    table.write_text("auditid\n1\n" + "x\n" * 1000, encoding="utf-8")
    said = refusal(fake, table).splitlines()
    assert [line.partition(" (")[0] for line in said[:5]] == ["row 2", "row 3", "row 4", "row 5", "row 6"]
    assert said[5] == "and 995 more"
    assert "1000 rows are not valid" in said[6]


def test_a_row_with_more_cells_than_the_header(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "x.csv"
    table.write_text("note,auditid\none, two,441\nthree,441,,\n", encoding="utf-8")
    said = refusal_of(table, capsys)
    assert "row 1 (line 2): the row has more cells than the header" in said
    assert "row 2" not in said


def test_invalid_rows_can_be_recorded_as_errors(fake: FakeWeChat, tmp_path: Path) -> None:
    audit = fake.submit(state=0)
    table = tmp_path / "x.csv"
    table.write_text(f"auditid,appid\nx,wxa\n{audit.auditid},wxb\n", encoding="utf-8")
    done = ask(fake, fake.token(), "batch", table, "--skip-invalid", "--json")
    rows = {row["row"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 2
    assert rows[2]["state"] == "APPROVED"
    assert (rows[1]["auditid"], rows[1]["appid"], rows[1]["state"]) == (None, "wxa", None)
    assert "ArgumentError: auditid x is not a number" in rows[1]["error"]
    assert "1 approved, 1 wrong argument; 1 failed" in done.stderr


def test_places_that_are_not_files(fake: FakeWeChat, tmp_path: Path) -> None:
    assert "is a directory" in refusal(fake, tmp_path)
    assert "cannot be read: it does not exist" in refusal(fake, tmp_path / "none.csv")
    assert "--input-format must be one of csv" in refusal(
        fake, tmp_path / "none.csv", "--input-format", "xml"
    )


def test_the_texts_are_chinese_too(fake: FakeWeChat, tmp_path: Path) -> None:
    table = tmp_path / "x.csv"
    table.write_text("auditid\n1.2E+9\n", encoding="utf-8")
    said = refusal(fake, table, "--lang", "zh")
    assert "第 1 条（第 2 行）：auditid 为 1.2E+9，已被 Excel 转成科学计数法" in said
    assert "--skip-invalid" in said


@pytest.mark.parametrize(
    ("missing", "kind", "told"),
    [
        ("pyarrow", "parquet", None),
        (
            "pyarrow polars",
            "parquet",
            "Parquet needs pyarrow, which is not installed; run: pip install pyarrow",
        ),
        ("openpyxl", "xlsx", "Excel needs openpyxl, which is not installed; run: pip install openpyxl"),
    ],
)
def test_a_missing_library_is_named(
    fake: FakeWeChat, tmp_path: Path, missing: str, kind: str, told: str | None
) -> None:
    auditid = fake.submit(state=1, reason="1:标题:<br>(1):甲<br>").auditid
    table = write_table(tmp_path / f"x.{kind}", {"auditid": [auditid], "appid": [APPID]})
    # Packages that are found first and cannot be imported.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, importlib.util as util\n"
        f"missing = {missing.split()!r}\n"
        "sys.modules.update(dict.fromkeys(missing))\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, package=None: None if name in missing else find(name, package)\n"
    )
    environment = clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token())
    environment["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{environment['PYTHONPATH']}"
    csv = write_table(tmp_path / "x.csv", {"auditid": [auditid]})
    for arguments in ([table], [csv, "--output", tmp_path / f"y.{kind}"]):
        done = subprocess.run(
            command("batch", *arguments), env=environment, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == (1 if told is None else 2), done.stderr
        assert told is None or told in done.stderr.decode()
    assert len(fake.requests) == (2 if told is None else 0)
