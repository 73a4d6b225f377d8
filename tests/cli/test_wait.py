"""`wxaudit wait`: results as they are decided, the end of the time, interrupts, and fixed tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import ask, run
from support.command_line.running_command import RunningCommand
from wxaudit.testing import Fault, Step

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

QUICK = ("--timeout", "1h", "--initial", "1s")


def test_results_are_told_as_they_are_decided(fake: FakeWeChat) -> None:
    first, second = fake.submit(), fake.submit(life=[Step(1, after_polls=1, reason="1:标题")])
    with RunningCommand(fake, fake.token(), "wait", *QUICK, first.auditid, second.auditid) as running:
        assert running.line().split("\t") == [str(second.auditid), "", "rejected", "1. 标题"]
        first.approve()
        assert running.line().split("\t") == [str(first.auditid), "", "approved", ""]
        assert running.end() == (1, "", "")


def test_an_audit_that_is_named_twice_is_waited_for_once(fake: FakeWeChat) -> None:
    audit = fake.submit(state=0)
    done = ask(fake, fake.token(), "wait", *QUICK, audit.auditid, f"0{audit.auditid}")
    assert (done.returncode, len(done.stdout.splitlines()), audit.polls) == (0, 1, 1)


def test_after_the_timeout_the_last_state_is_told(fake: FakeWeChat) -> None:
    audit = fake.submit(state=4, reason="1:排队")
    done = ask(fake, fake.token(), "wait", "--timeout", "1s", audit.auditid)
    assert (done.returncode, done.stderr) == (124, "")
    assert done.stdout.split("\t")[:3] == [str(audit.auditid), "", "timed out delayed"]
    assert "wait_for_decision" not in done.stdout
    shown = json.loads(ask(fake, fake.token(), "wait", "--timeout", "1s", audit.auditid, "--json").stdout)
    assert (shown["state"], shown["reason"], shown["error"].split(":")[0]) == (
        "DELAYED",
        "1:排队",
        "WaitTimeout",
    )


def test_an_interrupt_tells_what_is_known(fake: FakeWeChat) -> None:
    approved, pending, failing = fake.submit(state=0), fake.submit(), fake.submit()
    fake.fail_next(Fault.http(503), times=None, auditid=failing.auditid)
    auditids = [audit.auditid for audit in (pending, failing, approved)]
    with RunningCommand(
        fake, fake.token(), "wait", *QUICK, "--json", "--max-retries", "0", *auditids
    ) as running:
        assert json.loads(running.line())["state"] == "APPROVED"
        running.interrupt()
        code, out, err = running.end()
    assert code == 130
    shown = {values["auditid"]: values for values in map(json.loads, out.splitlines())}
    assert shown[pending.auditid]["state"] == "IN_REVIEW"
    assert shown[failing.auditid]["error"].startswith("HTTPStatusError")
    assert err == (
        f"wxaudit: interrupted; 2 of 3 audits not decided yet: {pending.auditid}, {failing.auditid}\n"
    )


def test_sigterm_ends_it_alike(fake: FakeWeChat) -> None:
    pending = fake.submit()
    with RunningCommand(fake, fake.token(), "wait", *QUICK, pending.auditid, WXAUDIT_LANG="zh") as running:
        fake.wait_for_requests(1, timeout=30)
        running.terminate()
        code, _, err = running.end()
    assert (code, err) == (143, f"wxaudit：已中断；1 个审核单中有 1 个尚无结果：{pending.auditid}\n")


@pytest.mark.parametrize("timeout", ["3d", "none", "2h", "7201s"])
def test_a_fixed_token_is_warned_of_once(fake: FakeWeChat, timeout: str) -> None:
    audits = [fake.submit(state=0).auditid for _ in range(2)]
    done = ask(fake, fake.token(), "wait", "--timeout", timeout, "--initial", "1s", *audits)
    assert done.returncode == 0
    assert done.stderr.count("--token-command or --token-file") == (0 if timeout == "2h" else 1)


def test_a_token_that_is_read_again_is_not_warned_of(fake: FakeWeChat, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text(fake.token())
    done = run(
        *("wait", "--timeout", "3d", fake.submit(state=0).auditid, "--token-file", file),
        WXAUDIT_BASE_URL=fake.base_url,
    )
    assert (done.returncode, done.stderr) == (0, "")
    given = run(
        *("wait", "--timeout", "3d", fake.submit(state=0).auditid, "--token-file", "-"),
        WXAUDIT_BASE_URL=fake.base_url,
        stdin=fake.token(),
    )
    assert (given.returncode, "fixed" in given.stderr) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "--timeout"),
        (("--timeout", "0"), "--timeout"),
        (("--timeout", "400d"), "--timeout"),
        (("--timeout", "forever"), "--timeout"),
        (("--timeout", "3d", "--initial", "0.1"), "--initial"),
        (("--timeout", "3d", "--initial", "20m"), "--maximum"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wrong_time_is_told_before_anything_is_sent(
    fake: FakeWeChat, arguments: tuple[str, ...], named: str, language: str
) -> None:
    done = ask(fake, fake.token(), "wait", fake.submit().auditid, *arguments, WXAUDIT_LANG=language)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert done.stderr.isascii() == (language == "en")
    assert fake.requests == []
