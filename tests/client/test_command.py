"""`python -m wxaudit AUDITID`, and the demo, as a person runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wxaudit._display.terminal import padded, width, wrapped
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {k: v for k, v in os.environ.items() if not k.startswith("WXAUDIT_")} | environment
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)


def ask(fake: FakeWeChat, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "wxaudit", *arguments, WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=token)


def test_it_shows_state_reasons_and_screenshots(fake: FakeWeChat) -> None:
    media_id = fake.media_id()
    audit = fake.submit(state=1, reason="1:标题:<br>(1):甲\x1b[31m<br>(2):乙<br>", screenshots=[media_id])
    done = ask(fake, fake.token(), str(audit.auditid))
    assert (done.returncode, done.stderr) == (0, "")
    first, *rest = done.stdout.splitlines()
    assert "审核被拒绝 rejected" in first
    assert first.endswith("final")
    assert [line.strip() for line in rest] == ["1. 标题", "- 甲\\x1b[31m", "- 乙", f"screenshot {media_id}"]


def test_an_error_goes_to_stderr_with_both_hints_and_without_the_token(fake: FakeWeChat) -> None:
    token = fake.token()
    fake.fail_next(Fault(errcode=61007, errmsg=f"api unauthorized {token}"))
    done = ask(fake, token, "441617767")
    assert (done.returncode, done.stdout) == (1, "")
    assert "61007" in done.stderr
    assert "PermissionDeniedError" in done.stderr
    assert "权限集 18" in done.stderr
    assert "permission set 18" in done.stderr
    assert token not in done.stderr


def test_a_wrong_auditid_is_said_before_anything_is_sent(fake: FakeWeChat) -> None:
    done = ask(fake, fake.token(), "12x")
    assert done.returncode == 1
    assert "auditid" in done.stderr
    assert fake.requests == []


def test_without_a_token_it_says_which_variable_to_set() -> None:
    done = run("-m", "wxaudit", "441617767")
    assert (done.returncode, done.stdout) == (2, "")
    assert "WXAUDIT_TOKEN" in done.stderr


def test_help_tells_of_the_variable_and_the_exit_statuses() -> None:
    done = run("-m", "wxaudit", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "WXAUDIT_TOKEN" in done.stdout
    assert "130" in done.stdout


def test_the_demo_runs_plain_and_quick_where_there_is_no_terminal() -> None:
    done = run(str(DEMO))
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    for words in ("审核中 under review", "审核延后 delayed", "审核被拒绝 rejected", "审核成功 approved"):
        assert words in done.stdout
    for code in ("45009", "61007", "85012", "TransportError", "RequestTimeout", "DecodeError"):
        assert code in done.stdout


def test_columns_are_counted_as_a_terminal_counts_them() -> None:
    assert width("审核ok") == 6
    assert padded("审核", 6) == "审核  "
    lines = list(wrapped("令牌不合法：请确认令牌完整，然后重试。 Then ask again", 12))
    assert all(width(line) <= 14 for line in lines)
    assert "".join(lines).replace(" ", "") == "令牌不合法：请确认令牌完整，然后重试。Thenaskagain"
    assert not any(line.startswith(("。", "，", "：")) for line in lines)
