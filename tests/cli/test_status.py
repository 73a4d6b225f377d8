"""`wxaudit status`: states, errors, and what is said before anything is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import ask, run
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat


def test_piped_output_is_a_line_for_each_audit(fake: FakeWeChat) -> None:
    media_id = fake.media_id()
    rejected = fake.submit(state=1, reason="1:标题:<br>(1):甲\x1b[31m<br>(2):乙<br>", screenshots=[media_id])
    approved = fake.submit(state=0)
    done = ask(fake, fake.token(), "status", rejected.auditid, approved.auditid)
    assert (done.returncode, done.stderr) == (1, "")
    first, second = done.stdout.splitlines()
    assert first.split("\t") == [
        str(rejected.auditid),
        "",
        "rejected",
        f"1. 标题; - 甲\\x1b[31m; - 乙; screenshot {media_id}",
    ]
    assert second.split("\t")[2] == "approved"


@pytest.mark.parametrize(("state", "code"), [(0, 0), (1, 1), (2, 8), (3, 3), (4, 8)])
def test_the_exit_code_tells_the_state(fake: FakeWeChat, state: int, code: int) -> None:
    audit = fake.submit(state=state, reason="1:…" if state == 1 else None)
    assert ask(fake, fake.token(), "status", audit.auditid).returncode == code


def test_json_has_the_columns_of_a_batch(fake: FakeWeChat) -> None:
    audit = fake.submit(state=1, reason="1:标题")
    done = ask(fake, fake.token(), "status", audit.auditid, "--json", "--appid", "wx1234567890abcdef")
    values = json.loads(done.stdout)
    assert (values["auditid"], values["state"], values["appid"]) == (
        audit.auditid,
        "REJECTED",
        "wx1234567890abcdef",
    )


def test_an_error_is_told_without_the_token(fake: FakeWeChat) -> None:
    token = fake.token()
    fake.fail_next(Fault(errcode=61007, errmsg=f"api unauthorized {token}"))
    done = ask(fake, token, "status", "441617767")
    assert (done.returncode, done.stderr) == (4, "")
    assert "61007" in done.stdout
    assert "permission set 18" in done.stdout
    assert token not in done.stdout


def test_a_wrong_auditid_is_said_before_anything_is_sent(fake: FakeWeChat) -> None:
    done = ask(fake, fake.token(), "status", "12x")
    assert done.returncode == 2
    assert "auditid" in done.stdout + done.stderr
    assert fake.requests == []


def test_without_a_token_it_says_which_variable_to_set() -> None:
    done = run("status", "441617767")
    assert (done.returncode, done.stdout) == (2, "")
    assert "WXAUDIT_TOKEN" in done.stderr


def test_help_tells_of_the_exit_codes() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "130" in done.stdout
