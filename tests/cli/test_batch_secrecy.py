"""No token is in anything that `wxaudit batch` writes: lines, messages, tables and the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from secrecy.canary import TOKEN, find
from support.command_line.journaled_batch import JournaledBatch, numbered_table
from support.command_line.run import run
from support.table_files import FORMATS, write_table
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from wxaudit.testing import FakeWeChat


def leaks(texts: Iterable[str | bytes]) -> list[str]:
    return list(find(texts))


def files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def echoing(fake: FakeWeChat) -> None:
    """Every answer holds the token, as a server in trouble may write it."""
    text = f"access_token={TOKEN.text()} {TOKEN.text()}"
    fake.fail_next(Fault(errcode=61007, errmsg=text), auditid=1)
    fake.fail_next(Fault(errcode=-1, errmsg=text), auditid=2, times=None)
    fake.fail_next(Fault(http_status=500, body=text.encode()), auditid=3, times=None)
    fake.fail_next(Fault(body=f"<html>{text}</html>".encode()), auditid=4, times=None)


@pytest.mark.parametrize("output", ["", "--json", *(f"y.{kind}" for kind in FORMATS)])
def test_no_output_holds_the_token(fake: FakeWeChat, tmp_path: Path, output: str) -> None:
    echoing(fake)
    table, written = tmp_path / "x.csv", tmp_path / "written"
    written.mkdir()
    table.write_text("auditid,appid,token_reference\n1,,\n2,,env:SHOP\n3,wx,\n4,,file:token\n5,,\n")
    (tmp_path / "token").write_text(TOKEN.text().replace("é", "e"))
    (tmp_path / "token").chmod(0o600)
    token = TOKEN.text().replace("é", "e")
    is_file = output.startswith("y.")
    options = ["--output", str(written / output), "--overwrite"] if is_file else [output] * bool(output)
    for language in ("en", "zh"):
        done = run(
            *("batch", table, "--lang", language, "--max-retries", "0", *options),
            WXAUDIT_BASE_URL=fake.base_url,
            WXAUDIT_TOKEN=token,
            SHOP=token,
            TMPDIR=str(written),
        )
        assert done.returncode == 4
        assert "Traceback" not in done.stderr
        assert leaks([done.stdout, done.stderr, *files(written)]) == []
    # The journal is kept for the transient failures.
    assert (written / f"{output}.partial.jsonl").exists() == is_file


def test_the_journal_of_a_killed_run_holds_no_token(fake: FakeWeChat, tmp_path: Path) -> None:
    echoing(fake)
    fake.fail_next(Fault(hold=True), auditid=5)
    token = TOKEN.text().replace("é", "e")
    table = numbered_table(tmp_path / "x.csv", [1, 2, 3, 4, 5])
    batch = JournaledBatch(table, tmp_path / "y.csv", fake.base_url, token, "--max-retries", "0")
    with batch.started() as process:
        batch.wait_for(4, process)
        process.kill()
    assert len(batch.entries()) == 4
    assert leaks(files(tmp_path)) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_tokens_in_a_table_are_not_repeated(fake: FakeWeChat, tmp_path: Path, kind: str) -> None:
    token = TOKEN.text()
    tables: list[dict[str, list[Any]]] = [
        {"auditid": [1], "token": [token]},
        {"auditid": [1], "token_reference": [token]},
        {"auditid": [1], "token_reference": ["env:" + token]},
        {"auditid": [1], "token_reference": ["env:" + "".join(filter(str.isalnum, token))]},
        {"auditid": [token]},
        {"auditid": [1], "appid": [token]},
        {token: [1]},
        {"auditid": [1], "appid_" + token: [2]},
    ]
    for number, columns in enumerate(tables):
        table = tmp_path / f"{number}.{kind}"
        if kind == "csv":
            # Quoted, since the token holds quotes and commas may follow.
            cells = [[*columns], [values[0] for values in columns.values()]]
            quoted = [",".join('"{}"'.format(str(cell).replace('"', '""')) for cell in row) for row in cells]
            table.write_text("\n".join(quoted), encoding="utf-8")
        else:
            write_table(table, columns)
        for options in ([], ["--skip-invalid", "--json"]):
            done = run("batch", table, *options, WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token())
            assert done.returncode == 2 or "appid_" in next(reversed(columns)), (columns.keys(), done.stderr)
            assert leaks([done.stdout, done.stderr]) == []


def test_standard_input_is_not_shown(fake: FakeWeChat) -> None:
    for given in (
        TOKEN.text(),
        f"auditid\n{TOKEN.text()}\n",
        f'{{"auditid": "{TOKEN.text()}',
        f"[{TOKEN.text()}",
    ):
        done = run("batch", "-", stdin=given, WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token())
        assert done.returncode == 2
        assert leaks([done.stdout, done.stderr]) == []
