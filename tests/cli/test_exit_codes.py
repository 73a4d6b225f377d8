"""Every exit code is reached from outside, and the worst of several counts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import ask
from support.command_line.running_command import RunningCommand
from wxaudit._cli.exit_codes import WORST_FIRST, ExitCode, worst
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat


def _audits(fake: FakeWeChat) -> dict[int, int]:
    """An audit for each exit code of a status."""
    states = {0: 0, 1: 1, 3: 3, 8: 2}
    audits = {code: fake.submit(state=state).auditid for code, state in states.items()}
    audits[9] = fake.submit().auditid
    fake.fail_next(Fault(fields={"status": 7}), times=None, auditid=audits[9])
    audits[75] = fake.submit().auditid
    fake.fail_next(Fault.http(503), times=None, auditid=audits[75])
    audits[4] = 441617767
    return audits


@pytest.mark.parametrize("code", [0, 1, 3, 4, 8, 9, 75])
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["plain", "json"])
def test_a_status_has_its_exit_code(fake: FakeWeChat, code: int, form: tuple[str, ...]) -> None:
    auditid = _audits(fake)[code]
    done = ask(fake, fake.token(), "status", auditid, "--max-retries", "0", *form)
    assert (done.returncode, done.stderr) == (code, "")


def test_a_wait_that_is_over_and_one_that_is_interrupted(fake: FakeWeChat) -> None:
    audit, token = fake.submit(), fake.token()
    assert ask(fake, token, "wait", "--timeout", "1s", audit.auditid).returncode == 124
    with RunningCommand(fake, token, "wait", "--timeout", "1h", audit.auditid) as running:
        fake.wait_for_requests(2, timeout=30)
        running.interrupt()
        assert running.end()[0] == 130


def test_the_worst_of_several_audits_counts(fake: FakeWeChat) -> None:
    audits, token = _audits(fake), fake.token()
    # Each time without the worst one.
    for code in (4, 75, 9, 1, 3, 8, 0):
        auditids = random.sample(list(audits.values()), len(audits))
        assert ask(fake, token, "status", *auditids, "--max-retries", "0").returncode == code
        del audits[code]


def test_a_wait_tells_the_worst_of_what_was_decided_and_what_was_not(fake: FakeWeChat) -> None:
    pending, withdrawn = fake.submit(), fake.submit(state=3)
    done = ask(fake, fake.token(), "wait", "--timeout", "1s", pending.auditid, withdrawn.auditid)
    assert done.returncode == 3


def test_the_order_names_each_code_of_an_answer() -> None:
    of_a_process = {ExitCode.INTERRUPTED, ExitCode.CLOSED_PIPE, ExitCode.TERMINATED}
    assert set(WORST_FIRST) == set(ExitCode) - of_a_process
    assert worst([]) is ExitCode.OK
