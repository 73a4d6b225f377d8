"""What `wxaudit batch` writes: lines as they come, and files of four formats."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.command_line.run import ask, clean_environment, command, run
from support.table_files import FORMATS, read_table, write_table
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeAudit, FakeWeChat

# More digits than Excel keeps of a number.
LONG = 4416177671234567893


def submitted(fake: FakeWeChat) -> list[FakeAudit]:
    """Audits whose texts a spreadsheet would misread."""
    reason = "1:=1+1:<br>(1):甲\t乙<br>(2):\x1b[31m“丙”, 丁<br>2:😀"
    return [
        fake.submit(state=0),
        fake.submit(state=1, reason=reason, screenshots=[f"-{fake.media_id()}", fake.media_id()]),
        fake.submit(state=4, reason="@SUM(A1)", auditid=LONG),
        fake.submit(state=7),
    ]


def table_of(path: Path, audits: list[FakeAudit]) -> Path:
    columns: dict[str, list[Any]] = {
        "auditid": [audit.auditid for audit in audits],
        "appid": ["wxa", "+wxb", None, "wxd"],
    }
    return write_table(path, columns)


def test_the_four_formats_hold_the_same(fake: FakeWeChat, tmp_path: Path) -> None:
    audits = submitted(fake)
    fake.fail_next(Fault(errcode=61007, errmsg="api unauthorized"), times=4, auditid=audits[0].auditid)
    table = table_of(tmp_path / "x.csv", audits)
    tables = {}
    for kind in FORMATS:
        done = ask(fake, fake.token(), "batch", table, "--output", tmp_path / f"y.{kind}")
        assert (done.returncode, done.stdout) == (4, "")
        assert "4 rows in " in done.stderr
        assert "1 rejected, 1 delayed, 1 unknown (7), 1 no permission; 1 failed" in done.stderr
        tables[kind] = read_table(tmp_path / f"y.{kind}")
    assert sorted(os.listdir(tmp_path)) == ["x.csv", *(f"y.{kind}" for kind in sorted(FORMATS))]
    for kind, rows in tables.items():
        assert [int(row["row"]) for row in rows] == [1, 2, 3, 4]
        assert [row["state"] or None for row in rows] == [None, "REJECTED", "DELAYED", "UNKNOWN_7"]
        assert str(rows[0]["errcode"]) == "61007"
        assert rows[0]["error"].startswith("PermissionDeniedError: ")
        assert [str(row["auditid"]).lstrip("'") for row in rows] == [str(audit.auditid) for audit in audits]
        assert list(rows[0]) == list(tables["jsonl"][0]), kind
    whole = tables["jsonl"]
    times = [moment and moment.isoformat() for moment in (row["observed_at"] for row in tables["parquet"])]
    assert [time is None for time in times] == [row["observed_at"] is None for row in whole]
    for wanted, row in zip(whole, tables["parquet"], strict=True):
        assert {**row, "observed_at": None, "rid": None} == {**wanted, "observed_at": None, "rid": None}


def test_csv_for_excel(fake: FakeWeChat, tmp_path: Path) -> None:
    table = table_of(tmp_path / "x.csv", submitted(fake))
    ask(fake, fake.token(), "batch", table, "--output", tmp_path / "y.csv")
    content = (tmp_path / "y.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfrow,")
    # A row a line: what would break a line is escaped.
    assert content.count(b"\n") == 5
    assert b"\x1b" not in content
    rows = read_table(tmp_path / "y.csv")
    for row in rows:
        assert not any(value.startswith(("=", "+", "-", "@")) for value in row.values())
    assert rows[1]["reason"].startswith("1:=1+1:<br>")
    assert rows[1]["reasons"] == "1. =1+1: 甲\\t乙, \\x1b[31m“丙”, 丁; 2. 😀"
    assert rows[1]["screenshots"].startswith("'-")
    assert rows[1]["appid"] == "'+wxb"
    assert (rows[2]["auditid"], rows[2]["reason"]) == (f"'{LONG}", "'@SUM(A1)")
    # What was written can be read again.
    again = ask(fake, fake.token(), "batch", tmp_path / "y.csv", "--json").stdout.splitlines()
    assert LONG in [json.loads(line)["auditid"] for line in again]


def test_a_workbook_has_texts_and_no_formulas(fake: FakeWeChat, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    audits = submitted(fake)
    table = table_of(tmp_path / "x.csv", audits)
    ask(fake, fake.token(), "batch", table, "--output", tmp_path / "y.xlsx")
    sheet = load_workbook(tmp_path / "y.xlsx").active
    assert sheet.freeze_panes == "A2"
    assert not [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    ids = [sheet.cell(row, 3).value for row in range(2, 6)]
    assert ids == [audits[0].auditid, audits[1].auditid, str(LONG), audits[3].auditid]
    assert sheet.cell(4, 7).value == "@SUM(A1)"
    assert sheet.cell(3, 2).value == "+wxb"
    assert sheet.cell(3, 7).value.startswith("1:=1+1")


def test_parquet_has_the_schema_of_a_batch(fake: FakeWeChat, tmp_path: Path) -> None:
    import polars
    import pyarrow
    from pyarrow import parquet

    table = table_of(tmp_path / "x.csv", submitted(fake))
    ask(fake, fake.token(), "batch", table, "--output", tmp_path / "y.parquet")
    batch = wxaudit.AuditBatch([])
    columns = list(pyarrow.table(batch).schema)
    assert list(parquet.read_schema(tmp_path / "y.parquet")) == [
        pyarrow.field("row", pyarrow.int64()),
        *columns,
    ]
    assert polars.read_parquet(tmp_path / "y.parquet").drop("row").schema == batch.to_polars().schema


def test_piped_lines_and_json(fake: FakeWeChat, tmp_path: Path) -> None:
    audits = submitted(fake)
    table = table_of(tmp_path / "x.csv", audits)
    plain = ask(fake, fake.token(), "batch", table)
    lines = {line.split("\t")[0]: line.split("\t")[1:] for line in plain.stdout.splitlines()}
    assert lines["1"] == [str(audits[0].auditid), "wxa", "approved", ""]
    assert lines["3"] == [str(LONG), "", "delayed", "1. @SUM(A1)"]
    assert all(len(cells) == 4 for cells in lines.values())
    in_chinese = ask(fake, fake.token(), "batch", table, "--lang", "zh")
    assert "审核被拒绝" in in_chinese.stdout
    assert "共 4 条" in in_chinese.stderr
    whole = [
        json.loads(line) for line in ask(fake, fake.token(), "batch", table, "--json").stdout.splitlines()
    ]
    assert list(whole[0]) == ["row", *wxaudit.AuditBatch().to_pandas().columns]
    assert sorted(row["row"] for row in whole) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("states", "code"), [([0, 0], 0), ([0, 3], 3), ([0, 1, 3], 1), ([0, 2], 8), ([1, 7], 9), ([4, 0], 8)]
)
def test_the_exit_code_is_that_of_the_worst_row(
    fake: FakeWeChat, tmp_path: Path, states: list[int], code: int
) -> None:
    audits = [fake.submit(state=state, reason="1:…" if state == 1 else None) for state in states]
    table = write_table(tmp_path / "x.csv", {"auditid": [audit.auditid for audit in audits]})
    assert ask(fake, fake.token(), "batch", table).returncode == code


def test_what_would_be_lost_is_refused(fake: FakeWeChat, tmp_path: Path) -> None:
    auditid = fake.submit(state=0).auditid
    table, output = write_table(tmp_path / "x.csv", {"auditid": [auditid]}), tmp_path / "y.csv"
    output.write_text("mine")

    def refusal(*options: object) -> str:
        done = ask(fake, fake.token(), "batch", *options)
        assert (done.returncode, done.stdout, fake.requests) == (2, "", [])
        assert output.read_text() == "mine"
        return done.stderr

    assert "y.csv exists; replace it with --overwrite" in refusal(table, "--output", output)
    assert "nothing to resume" in refusal(table, "--output", output, "--resume")
    assert "exclude each other" in refusal(table, "--output", output, "--resume", "--overwrite")
    assert "is the input" in refusal(table, "--output", table, "--overwrite")
    assert "must end in .csv, .jsonl" in refusal(table, "--output", tmp_path / "y.txt")
    assert "does not exist" in refusal(table, "--output", tmp_path / "none" / "y.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "is not a file" in refusal(table, "--output", tmp_path / "folder.csv", "--overwrite")
    assert "--resume needs --output" in refusal(table, "--resume")
    assert "--json is for standard output" in refusal(table, "--json", "--output", output, "--overwrite")
    (tmp_path / "y.csv.partial.jsonl").write_text("notes\n")
    assert "is left of a run that has not ended" in refusal(table, "--output", output)
    assert "is not a journal" in refusal(table, "--output", output, "--resume")
    assert (tmp_path / "y.csv.partial.jsonl").read_text() == "notes\n"
    done = ask(fake, fake.token(), "batch", table, "--output", output, "--overwrite")
    assert done.returncode == 0
    assert [row["state"] for row in read_table(output)] == ["APPROVED"]


def test_each_row_has_the_token_of_its_reference_or_its_appid(fake: FakeWeChat, tmp_path: Path) -> None:
    appids = [f"wx{number:016d}" for number in range(4)]
    auditids = [fake.submit(appid, state=0).auditid for appid in appids]
    tokens = [fake.token(appid) for appid in appids]
    (tmp_path / "token").write_text(tokens[0] + "\n")
    (tmp_path / "token").chmod(0o600)
    columns: dict[str, list[Any]] = {
        "auditid": [*auditids, auditids[3]],
        "appid": [*appids, appids[3]],
        "token_reference": ["file:token", "env:SHOP_TOKEN", "", "", None],
    }
    table = write_table(tmp_path / "x.csv", columns)
    calls = tmp_path / "calls"
    for appid, token in zip(appids, tokens, strict=True):
        (tmp_path / appid).write_text(token)
    done = run(
        *("batch", table, "--json", "--concurrency", "2"),
        *("--token-command", f'echo "$WXAUDIT_APPID" >> {calls}; cat "{tmp_path}/$WXAUDIT_APPID"'),
        WXAUDIT_BASE_URL=fake.base_url,
        SHOP_TOKEN=tokens[1],
    )
    assert (done.returncode, done.stdout.count("APPROVED")) == (0, 5), done.stderr
    assert sorted(calls.read_text().split()) == appids[2:]
    assert {request.auditid: request.token for request in fake.requests} == dict(
        zip(auditids, tokens, strict=True)
    )


def test_references_and_tokens_that_cannot_be_used(fake: FakeWeChat, tmp_path: Path) -> None:
    token = fake.token()
    table = write_table(
        tmp_path / "x.csv",
        {"auditid": range(1, 6), "token_reference": ["env:NONE", "file:none", token, "env:" + token, ""]},
    )
    done = ask(fake, fake.token(), "batch", table)
    assert (done.returncode, done.stdout, fake.requests) == (2, "", [])
    assert "row 1 (line 2): the environment variable NONE is not set" in done.stderr
    assert "row 2 (line 3): the token file" in done.stderr
    assert "row 3 (line 4): token_reference must be env:NAME or file:PATH" in done.stderr
    assert token[:13] not in done.stderr
    without = run("batch", write_table(tmp_path / "y.csv", {"auditid": [1]}))
    assert (without.returncode, without.stdout) == (2, "")
    assert "there is no token: set WXAUDIT_TOKEN" in without.stderr
    both = run("batch", "-", "--token-file", "-", stdin="auditid\n1\n")
    assert "either the table or the token" in both.stderr


def test_a_token_command_that_fails_ends_the_run_before_anything_is_sent(
    fake: FakeWeChat, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "x.csv", {"auditid": range(1, 1001), "appid": [*map(str, range(1000))]})
    calls = tmp_path / "calls"
    done = run(
        *("batch", table, "--output", tmp_path / "y.csv", "--token-command", f"echo x >> {calls}; exit 3"),
        WXAUDIT_BASE_URL=fake.base_url,
    )
    assert (done.returncode, done.stdout, fake.requests) == (4, "", [])
    assert "token command" in done.stderr
    assert calls.read_text() == "x\n"
    assert sorted(os.listdir(tmp_path)) == ["calls", "x.csv"]


def test_the_head_of_the_output_is_enough(fake: FakeWeChat, tmp_path: Path) -> None:
    auditids = [fake.submit(state=0).auditid for _ in range(50)]
    table = write_table(tmp_path / "x.csv", {"auditid": auditids * 40})
    environment = clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token())
    shell = '"$@" | head -1; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(
        ["bash", "-c", shell, "bash", *command("batch", table)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    line, code = done.stdout.splitlines()
    assert (line.split("\t")[3], code) == ("approved", "141")


def test_standard_output_that_is_full(fake: FakeWeChat, tmp_path: Path) -> None:
    table = write_table(tmp_path / "x.csv", {"auditid": [fake.submit(state=0).auditid]})
    environment = clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token())
    with open("/dev/full", "w") as full:
        done: Any = subprocess.run(
            command("batch", table),
            env=environment,
            stdout=full,
            stderr=-1,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 75
    assert "no space left on the device" in done.stderr
    assert "Traceback" not in done.stderr
