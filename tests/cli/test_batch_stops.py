"""What stops `wxaudit batch` in the middle: signals and full disks. What was answered is kept."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.command_line.journaled_batch import JournaledBatch, numbered_table
from support.command_line.run import clean_environment, command
from support.table_files import read_table
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat


@pytest.fixture
def batch(fake: FakeWeChat, tmp_path: Path) -> JournaledBatch:
    """A batch of 20 rows; the answer to row 11 is held."""
    auditids = [fake.submit(state=0).auditid for _ in range(20)]
    fake.fail_next(Fault(hold=True), auditid=auditids[10])
    table = numbered_table(tmp_path / "x.csv", auditids)
    options = ("--concurrency", "1")
    return JournaledBatch(table, tmp_path / "y.csv", fake.base_url, fake.token(), *options)


def resumed(fake: FakeWeChat, batch: JournaledBatch) -> None:
    fake.clear_faults()
    fake.release()
    assert batch.run("--resume").returncode == 0
    assert [row["appid"] for row in read_table(batch.output)] == [f"wx{row}" for row in range(1, 21)]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_and_says_how_to_go_on(
    fake: FakeWeChat, batch: JournaledBatch, number: int, code: int
) -> None:
    ended, said = batch.stop_at(10, number)
    assert ended == code
    assert said.splitlines() == [
        f"stopped: 10 of 20 rows are kept in {batch.journal}; the same command with --resume goes on"
    ]
    assert not batch.output.exists()
    resumed(fake, batch)


def test_ctrl_c_twice(fake: FakeWeChat, batch: JournaledBatch) -> None:
    with batch.started() as process:
        batch.wait_for(10, process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    resumed(fake, batch)


def test_ctrl_c_while_lines_are_written(fake: FakeWeChat, tmp_path: Path) -> None:
    auditid = fake.submit(state=0).auditid
    last = fake.submit(state=0).auditid
    fake.fail_next(Fault(hold=True), auditid=last)
    table = numbered_table(tmp_path / "x.csv", [auditid, last])
    with subprocess.Popen(
        command("batch", table),
        env=clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().split("\t")[3] == "approved"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "stopped after 1 of 2 rows\n")


# In a mount namespace of its own: nobody else sees the small disk.
_ON_A_SMALL_DISK = """\
set -eu
mount -t tmpfs -o size=$1 none "$2"
disk=$2 journal=$3; shift 3
set +e
"$@"; echo "full: $?"; ls "$disk"
"$@" --resume; echo "still full: $?"
mount -o remount,size=32m none "$disk"
"$@" --resume; echo "resumed: $?"
ls "$disk"; cat "$disk/y.csv"
"""


def test_a_full_disk_loses_nothing(fake: FakeWeChat, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    auditids = [fake.submit(state=1, reason="1:" + "长" * 100).auditid for _ in range(200)]
    table = numbered_table(tmp_path / "x.csv", auditids)
    batch = command("batch", table, "--output", disk / "y.csv")
    done = subprocess.run(
        [
            *("unshare", "--user", "--map-root-user", "--mount"),
            *("sh", "-c", _ON_A_SMALL_DISK, "sh", "64k", str(disk), "y.csv.partial.jsonl", *batch),
        ],
        env=clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token()),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[:3] == ["full: 75", "y.csv.partial.jsonl", "still full: 75"], done.stderr
    assert "resumed: 1" in lines
    rows = lines[lines.index("y.csv") + 1 :]
    assert [row.split(",")[1] for row in rows[1:]] == [f"wx{row}" for row in range(1, 201)]
    assert "y.csv.partial.jsonl: no space left on the device" in done.stderr
    assert "the same command with --resume goes on" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_full_when_the_file_is_written(fake: FakeWeChat, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    auditids = [fake.submit(state=0).auditid for _ in range(200)]
    table = numbered_table(tmp_path / "x.csv", auditids)
    done = subprocess.run(
        [
            *("unshare", "--user", "--map-root-user", "--mount"),
            *("sh", "-c", _ON_A_SMALL_DISK, "sh", "72k", str(disk), "y.csv.partial.jsonl"),
            *command("batch", table, "--output", disk / "y.csv"),
        ],
        env=clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token()),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = done.stdout.splitlines()
    # The journal of 200 outcomes fits, and the file beside it does not.
    assert "stopped: 200 of 200 rows are kept" in done.stderr
    assert lines[:3] == ["full: 75", "y.csv.partial.jsonl", "still full: 75"], done.stderr
    assert "resumed: 0" in lines
    assert fake.requests_received == 200


def test_a_folder_where_nothing_may_be_written(fake: FakeWeChat, tmp_path: Path) -> None:
    auditids = [fake.submit(state=0).auditid]
    batch = JournaledBatch(
        numbered_table(tmp_path / "x.csv", auditids), tmp_path / "y.csv", fake.base_url, fake.token()
    )
    # Root may write anywhere, but in a folder of the kernel.
    folder = "/proc/self" if os.getuid() == 0 else "/"
    done = JournaledBatch(tmp_path / "x.csv", tmp_path / "y.csv", fake.base_url, fake.token()).run()
    assert done.returncode == 0
    refused = subprocess.run(
        command("batch", tmp_path / "x.csv", "--output", f"{folder}/y.csv"),
        env=batch.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 75
    assert f"{folder}/y.csv.partial.jsonl" in refused.stderr
    assert fake.requests_received == 1
