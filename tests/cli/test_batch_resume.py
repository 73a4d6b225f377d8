"""`wxaudit batch --resume` after a run was stopped: nothing is lost, and nothing asked twice without need."""

from __future__ import annotations

import json
import random
import signal
from typing import TYPE_CHECKING

import pytest

from support.command_line.journaled_batch import JournaledBatch, numbered_table
from support.table_files import read_table
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_process import FakeProcess
    from wxaudit.testing import FakeWeChat

ROWS = 20_000


def batch_of(fake: FakeWeChat, tmp_path: Path, count: int, *options: str) -> JournaledBatch:
    auditids = [fake.submit(state=0).auditid for _ in range(count)]
    table = numbered_table(tmp_path / "x.csv", auditids)
    return JournaledBatch(table, tmp_path / "y.csv", fake.base_url, fake.token(), *options)


@pytest.fixture
def held(fake: FakeWeChat, tmp_path: Path) -> JournaledBatch:
    """A run of 20 rows that was killed while the answer to row 11 was held: the journal has 10 rows."""
    batch = batch_of(fake, tmp_path, 20, "--concurrency", "1")
    hold_row_11(fake)
    with batch.started() as process:
        fake.wait_for_held(1, 60)
        batch.wait_for(10, process)
        process.kill()
        process.wait()
    fake.clear_faults()
    fake.release()
    assert [entry["row"] for entry in batch.entries()] == list(range(1, 11))
    return batch


def hold_row_11(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(hold=True), auditid=fake.audits[10].auditid)


def states(batch: JournaledBatch) -> list[str]:
    return [row["state"] for row in read_table(batch.output)]


def test_killed_five_times_and_resumed(fake_process: FakeProcess, tmp_path: Path) -> None:
    # An audit for each row would take longer to submit than to ask about: the appid tells the rows apart.
    fake_process.submit_numbered(range(2001, 2101))
    table = numbered_table(tmp_path / "x.csv", [2001 + number % 100 for number in range(ROWS)])
    batch = JournaledBatch(table, tmp_path / "y.csv", fake_process.base_url, fake_process.token())
    moments = sorted(random.sample(range(1, ROWS - 1000), 5))
    print(f"killed when the journal had {moments} outcomes of {ROWS} rows")
    for number, moment in enumerate(moments):
        code, _ = batch.stop_at(moment, signal.SIGKILL, *(["--resume"] if number else []))
        assert code == -signal.SIGKILL
        assert not batch.output.exists()
    done = batch.run("--resume")
    assert done.returncode == 1, done.stderr
    print(done.stderr.strip())
    rows = read_table(batch.output)
    assert [int(row["row"]) for row in rows] == list(range(1, ROWS + 1))
    assert [row["appid"] for row in rows] == [f"wx{number}" for number in range(1, ROWS + 1)]
    assert all(row["reason"] == f"audit {row['auditid']}" for row in rows)
    asked = fake_process.call("GET", "/requests")["received"]
    print(f"asked twice: {asked - ROWS} of {ROWS} rows, after five kills")
    # What was in flight at a kill: up to 64 requests, and answers on their way to the journal.
    assert 0 <= asked - ROWS <= 5 * 500
    assert not batch.journal.exists()


def test_only_the_rest_is_asked_about(fake: FakeWeChat, held: JournaledBatch) -> None:
    before = fake.requests_received
    done = held.run("--resume")
    assert done.returncode == 0
    assert "20 rows in " in done.stderr
    assert "(10 from the earlier run)" in done.stderr
    assert fake.requests_received - before == 10
    assert states(held) == ["APPROVED"] * 20
    assert not held.journal.exists()


def test_a_torn_line_is_cut_off(fake: FakeWeChat, held: JournaledBatch) -> None:
    whole = held.journal.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    before = fake.requests_received
    for kept in (1, len(last) // 2, len(last) - 1):
        held.journal.write_bytes(whole.removesuffix(last) + last[:kept])
        assert held.run("--resume").returncode == 0
        assert states(held) == ["APPROVED"] * 20
        held.output.unlink()
    assert fake.requests_received - before == 3 * 11


def test_lines_that_the_disk_has_lost_are_asked_about_again(fake: FakeWeChat, held: JournaledBatch) -> None:
    lines = held.journal.read_bytes().splitlines(keepends=True)
    lines[3] = b"\0" * (len(lines[3]) - 1) + b"\n"
    held.journal.write_bytes(b"".join(lines))
    before = fake.requests_received
    assert held.run("--resume").returncode == 0
    assert fake.requests_received - before == 11


@pytest.mark.parametrize("kept", [0, 1, 20])
def test_a_journal_that_was_just_begun(fake: FakeWeChat, held: JournaledBatch, kept: int) -> None:
    held.journal.write_bytes(held.journal.read_bytes()[:kept])
    before = fake.requests_received
    assert held.run("--resume").returncode == 0
    assert fake.requests_received - before == 20


def test_resume_without_a_journal_begins(held: JournaledBatch) -> None:
    held.journal.unlink()
    assert held.run("--resume").returncode == 0
    assert states(held) == ["APPROVED"] * 20


def test_a_run_that_ended_before_its_file_was_written(fake: FakeWeChat, held: JournaledBatch) -> None:
    held.run("--resume")
    entries = [row | {"exit_code": 0} for row in json_rows(held)]
    lines = [{"wxaudit_batch": 1, "input": "x.csv"}, *entries]
    held.journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    held.output.unlink()
    before = fake.requests_received
    done = held.run("--resume")
    assert (done.returncode, fake.requests_received - before) == (0, 0)
    assert "(20 from the earlier run)" in done.stderr
    assert states(held) == ["APPROVED"] * 20


def json_rows(batch: JournaledBatch) -> list[dict[str, object]]:
    """The rows of a file of CSV with the numbers and lists of JSON."""
    numbers = ("row", "auditid", "status", "attempts")
    return [
        {name: int(value) if name in numbers else value or None for name, value in row.items()}
        for row in read_table(batch.output)
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: [lines[0], *lines[2:]], "row 1 was"),
        (lambda lines: [*lines[:4], lines[4].replace("wx4", "wx5"), *lines[5:]], "row 4 was"),
        (lambda lines: lines[:6], "row 6 was answered and is missing now"),
    ],
)
def test_a_changed_input_is_refused(
    fake: FakeWeChat, held: JournaledBatch, tmp_path: Path, change: object, told: str
) -> None:
    table = tmp_path / "x.csv"
    lines = table.read_text().splitlines(keepends=True)
    assert callable(change)
    table.write_text("".join(change(lines)))
    before, kept = fake.requests_received, held.journal.read_bytes()
    done = held.run("--resume")
    assert (done.returncode, fake.requests_received) == (2, before)
    assert "the input has changed" in done.stderr
    assert told in done.stderr
    assert held.journal.read_bytes() == kept


def test_rows_may_be_added_to_the_input(fake: FakeWeChat, held: JournaledBatch, tmp_path: Path) -> None:
    with (tmp_path / "x.csv").open("a") as table:
        table.write(f"{fake.audits[0].auditid},wx21\n")
    assert held.run("--resume").returncode == 0
    assert states(held) == ["APPROVED"] * 21


def test_transient_failures_and_refused_tokens_are_asked_about_again(
    fake: FakeWeChat, tmp_path: Path
) -> None:
    batch = batch_of(fake, tmp_path, 4, "--max-retries", "0")
    first, second, third, _ = (audit.auditid for audit in fake.audits)
    fake.fail_next(Fault(errcode=-1), auditid=first)
    fake.fail_next(Fault(errcode=40001), auditid=second)
    fake.fail_next(Fault(errcode=85012), auditid=third)
    done = batch.run()
    assert done.returncode == 4
    assert "2 of 4 rows may be answered by another run" in done.stderr
    assert "1 approved, 1 audit not found, 1 WeChat busy, 1 token refused; 3 failed" in done.stderr
    assert states(batch) == ["", "", "", "APPROVED"]
    before = fake.requests_received
    done = batch.run("--resume")
    assert done.returncode == 4
    assert "3 approved, 1 audit not found; 1 failed" in done.stderr
    assert states(batch) == ["APPROVED", "APPROVED", "", "APPROVED"]
    assert fake.requests_received - before == 2
    assert not batch.journal.exists()


def test_an_invalid_row_may_be_corrected_before_it_is_resumed(fake: FakeWeChat, tmp_path: Path) -> None:
    batch = batch_of(fake, tmp_path, 3, "--skip-invalid", "--max-retries", "0")
    table = tmp_path / "x.csv"
    whole = table.read_text()
    second = str(fake.audits[1].auditid)
    table.write_text(whole.replace(second, "x"))
    fake.fail_next(Fault(errcode=-1), auditid=fake.audits[0].auditid)
    assert batch.run().returncode == 2
    assert states(batch) == ["", "", "APPROVED"]
    table.write_text(whole)
    done = batch.run("--resume")
    assert (done.returncode, fake.requests_received) == (0, 4)
    assert states(batch) == ["APPROVED"] * 3


def test_two_runs_do_not_write_one_journal(fake: FakeWeChat, held: JournaledBatch) -> None:
    hold_row_11(fake)
    with held.started("--resume") as process:
        fake.wait_for_held(1, 60)
        for options in (["--resume"], ["--overwrite"]):
            done = held.run(*options)
            assert done.returncode == 2
            assert "another wxaudit batch is writing" in done.stderr
        fake.release()
        assert process.wait(60) == 0
    assert states(held) == ["APPROVED"] * 20


def test_overwrite_begins_again(fake: FakeWeChat, held: JournaledBatch) -> None:
    before = fake.requests_received
    assert held.run("--overwrite").returncode == 0
    assert fake.requests_received - before == 20
    assert not held.journal.exists()
