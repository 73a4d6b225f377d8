"""`wxaudit latest`, `explain` and `quota`: JSON, plain lines, and errors."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import ask
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat

COMMANDS = (("latest",), ("explain", "637accc2-7d67c301-4ae3af4b"), ("quota",))


def test_latest_has_the_columns_of_status_and_the_submission(fake: FakeWeChat) -> None:
    audit = fake.submit(state=1, reason="1:标题:<br>(1):甲<br>", user_version="2.1.0", user_desc="首\t页")
    token = fake.token()
    done = ask(fake, token, "latest", "--json", "--appid", "wx1234567890abcdef")
    assert (done.returncode, done.stderr) == (1, "")
    values = json.loads(done.stdout)
    assert list(values) == [
        *("appid", "auditid", "status", "state", "label", "reason", "reasons", "screenshots", "observed_at"),
        *("user_version", "user_desc", "submitted_at"),
    ]
    assert (values["auditid"], values["state"], values["user_version"]) == (
        audit.auditid,
        "REJECTED",
        "2.1.0",
    )
    assert datetime.fromisoformat(values["submitted_at"]).utcoffset() == timedelta(0)
    lines = dict(line.split("\t") for line in ask(fake, token, "latest").stdout.splitlines())
    # The same names, and nothing that breaks a line or a column.
    assert list(lines) == list(values)
    assert (lines["state"], lines["user_desc"], lines["appid"]) == ("REJECTED", r"首\t页", "")


def test_without_a_submission_the_error_is_a_message_and_json(fake: FakeWeChat) -> None:
    done = ask(fake, fake.token(), "latest", "--json")
    assert done.returncode == 4
    values = json.loads(done.stdout)
    assert list(values) == ["auditid", "appid", "errcode", "error", "rid"]
    assert values["errcode"] == 85058
    assert values["rid"] in done.stderr
    assert done.stderr.startswith("wxaudit: 85058 ")
    assert done.stderr.count("submit one first") == 1


@pytest.mark.parametrize("form", ["{}", "api unauthorized rid: {}", "61007 … (rid: {}). Ask …", "{} {}"])
def test_explain_finds_the_rid_in_a_text(fake: FakeWeChat, form: str) -> None:
    token = fake.token()
    fake.fail_next(Fault(errcode=61007))
    rid = json.loads(ask(fake, token, "status", "441617767", "--json").stdout)["rid"]
    done = ask(fake, token, "explain", *form.format(rid, rid).split(" "), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    values = json.loads(done.stdout)
    assert list(values) == [
        *("rid", "invoked_at", "cost_in_ms", "request_url", "request_body", "response_body", "client_ip")
    ]
    assert (values["rid"], values["request_body"]) == (rid, '{"auditid":441617767}')
    # WeChat's record holds the whole token.
    assert token not in done.stdout


@pytest.mark.parametrize("given", ["61007", "637accc2-7d67c301", "a-token-in-the-wrong-place-637accc2"])
def test_explain_without_a_rid_asks_nothing_and_quotes_nothing(fake: FakeWeChat, given: str) -> None:
    done = ask(fake, fake.token(), "explain", given)
    assert (done.returncode, done.stdout) == (2, "")
    assert "637accc2-7d67c301-4ae3af4b" in done.stderr
    assert "wrong-place" not in done.stderr
    assert fake.requests == []


def test_two_rids_are_one_too_many(fake: FakeWeChat) -> None:
    done = ask(
        fake, fake.token(), "explain", "637accc2-7d67c301-4ae3af4b", "637accc2-7d67c301-4ae3af4c", "--lang=zh"
    )
    assert (done.returncode, "2 个不同的 rid" in done.stderr) == (2, True)


def test_quota_tells_what_is_left_and_when_it_begins_anew(fake: FakeWeChat) -> None:
    token = fake.token()
    ask(fake, token, "status", fake.submit().auditid)
    done = ask(fake, token, "quota", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    values = json.loads(done.stdout)
    assert (values["daily_limit"], values["used"], values["remain"]) == (100_000, 1, 99_999)
    assert set(values["rate_limit"]) == {"call_count", "refresh_second"}
    resets = datetime.fromisoformat(values["resets_at"]).astimezone(timezone(timedelta(hours=8)))
    assert (resets.hour, resets.minute, resets.second) == (0, 0, 0)
    assert timedelta(0) <= resets - datetime.now(timezone.utc) <= timedelta(days=1)
    lines = dict(line.split("\t") for line in ask(fake, token, "quota").stdout.splitlines())
    assert list(lines) == list(values)
    # Numbers as programs read them.
    assert (lines["remain"], json.loads(lines["rate_limit"])) == ("99999", values["rate_limit"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_each_tells_an_error_once_in_the_language_of_the_user(
    fake: FakeWeChat, command: tuple[str, ...]
) -> None:
    fake.fail_next(Fault(errcode=61007), times=2)
    english = ask(fake, fake.token(), *command)
    assert (english.returncode, english.stdout) == (4, "")
    assert english.stderr.count("permission set 18") == 1
    chinese = ask(fake, fake.token(), *command, "--lang", "zh")
    assert (chinese.stderr.count("权限集 18"), "permission set" in chinese.stderr) == (1, False)
    # WeChat's errmsg holds the rid, and so do the facts.
    assert chinese.stderr.count("rid") == 1


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_a_busy_wechat_means_no_answer_now(fake: FakeWeChat, command: tuple[str, ...]) -> None:
    fake.fail_next(Fault(errcode=-1), times=None)
    done = ask(fake, fake.token(), *command, "--json", "--max-retries", "0")
    assert done.returncode == 75
    assert json.loads(done.stdout)["errcode"] == -1


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_a_missing_token_is_only_a_message(fake: FakeWeChat, command: tuple[str, ...]) -> None:
    done = ask(fake, "", *command, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "WXAUDIT_TOKEN" in done.stderr
