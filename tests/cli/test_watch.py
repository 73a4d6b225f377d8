"""`wxaudit status --watch` without a terminal: a line for each change, until all are decided."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import ask
from support.command_line.running_command import RunningCommand
from wxaudit.testing import Fault, Step

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat


def test_each_change_is_a_line_until_all_are_decided(fake: FakeWeChat) -> None:
    changing = fake.submit(life=[Step(4, after_polls=2, reason="1:排队"), Step(0, after_polls=1)])
    rejected = fake.submit(state=1, reason="1:标题")
    done = ask(
        fake, fake.token(), "status", "--watch", "--interval", "1s", changing.auditid, rejected.auditid
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert [line.split("\t")[:3:2] for line in done.stdout.splitlines()] == [
        [str(changing.auditid), "under review"],
        [str(rejected.auditid), "rejected"],
        [str(changing.auditid), "delayed"],
        [str(changing.auditid), "approved"],
    ]
    # What is decided is not asked again.
    assert (changing.polls, rejected.polls) == (4, 1)


def test_an_error_that_may_pass_does_not_end_the_watch(fake: FakeWeChat) -> None:
    audit = fake.submit(life=[Step(0, after_polls=1)])
    fake.fail_next(Fault(errcode=-1), times=6)
    done = ask(
        fake,
        fake.token(),
        "status",
        "--watch",
        "--interval",
        "1s",
        "--json",
        audit.auditid,
        "--max-retries=2",
    )
    assert done.returncode == 0
    shown = [json.loads(line) for line in done.stdout.splitlines()]
    # Two rounds failed alike, which is one change, although each error had another rid.
    assert [(each["state"], each["errcode"]) for each in shown] == [
        (None, -1),
        ("IN_REVIEW", None),
        ("APPROVED", None),
    ]


def test_a_refusal_ends_the_watch_of_its_audit(fake: FakeWeChat) -> None:
    done = ask(fake, fake.token(), "status", "--watch", "441617767")
    assert done.returncode == 4
    assert done.stdout.split("\t")[2] == "audit not found"
    assert len(fake.requests) == 1


@pytest.mark.parametrize(("signal", "code"), [("interrupt", 130), ("terminate", 143)])
def test_a_signal_ends_the_watch(fake: FakeWeChat, signal: str, code: int) -> None:
    audit = fake.submit()
    with RunningCommand(fake, fake.token(), "status", "--watch", audit.auditid) as running:
        assert running.line().split("\t")[2] == "under review"
        getattr(running, signal)()
        assert running.end() == (code, "", "")


@pytest.mark.parametrize(
    "arguments", [("--watch", "--interval", "0.5s"), ("--watch", "--interval", "soon"), ("--interval", "30s")]
)
def test_a_wrong_interval_is_told_before_anything_is_sent(fake: FakeWeChat, arguments: tuple[str]) -> None:
    done = ask(fake, fake.token(), "status", fake.submit().auditid, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--interval" in done.stderr
    assert fake.requests == []
