"""Ctrl-C, SIGTERM and SIGHUP, while WeChat or a token command takes its time."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import clean_environment, command
from support.processes import has_ended
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

ENDS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


class Started:
    """A run of `wxaudit`, which is ended by signals."""

    def __init__(self, *arguments: object, **variables: str) -> None:
        self.process = subprocess.Popen(
            command(*arguments),
            env=clean_environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, *numbers: signal.Signals) -> tuple[int, str]:
        for number in numbers:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        assert out == ""
        return self.process.returncode, err


@pytest.fixture
def held(fake: FakeWeChat) -> Iterator[FakeWeChat]:
    """A fake that does not answer until the test is over."""
    fake.fail_next(Fault(hold=True), None)
    yield fake
    fake.release()


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_ends_a_call(held: FakeWeChat, number: signal.Signals) -> None:
    started = Started("status", "1234567", WXAUDIT_TOKEN=held.token(), WXAUDIT_BASE_URL=held.base_url)
    held.wait_for_held(1, 60)
    assert started.end(number) == (ENDS[number], "")


def test_a_second_ctrl_c_changes_nothing(held: FakeWeChat) -> None:
    started = Started("status", "1234567", WXAUDIT_TOKEN=held.token(), WXAUDIT_BASE_URL=held.base_url)
    held.wait_for_held(1, 60)
    assert started.end(signal.SIGINT, signal.SIGINT) == (130, "")


def test_what_nohup_ignores_stays_ignored(fake: FakeWeChat) -> None:
    token_command = f"kill -HUP $PPID; echo {fake.token()}"
    program = command("status", fake.submit(state=0).auditid, "--token-command", token_command)
    done = subprocess.run(
        ["sh", "-c", f"trap '' HUP; exec {shlex.join(program)}"],
        env=clean_environment(WXAUDIT_BASE_URL=fake.base_url),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("refresh", [False, True], ids=["first", "refresh"])
def test_no_token_command_is_left_running(
    fake: FakeWeChat, tmp_path: Path, number: signal.Signals, refresh: bool
) -> None:
    """The first token is fetched by the main thread, a refresh by another one."""
    pid, stale = tmp_path / "pid", fake.token()
    fake.expire(stale)
    os.mkfifo(pid)
    hang = f"sleep 600 & echo $! > {pid}; wait"
    script = f"test -z $WXAUDIT_REFRESH && echo {stale} || {{ {hang}; }}" if refresh else hang
    started = Started(
        *("status", "1234567", "--token-command", script, "--request-timeout", "60"),
        WXAUDIT_BASE_URL=fake.base_url,
    )
    sleeping = int(pid.read_text())
    assert started.end(number) == (ENDS[number], "")
    assert has_ended(sleeping)
