"""The two functions, whose client the environment configures; each case in a process of its own."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.servers.connect_proxy import TO_WECHAT, Proxy, WeChat
from support.subprocess_runner import run_child
from wxaudit import _default
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASK = """
import asyncio, json, sys, time, wxaudit

kind, token, auditid, times = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for _ in range(times):
    begun = time.monotonic()
    try:
        if kind == "blocking":
            outcome = wxaudit.get_audit_status(token, auditid).status.name
        else:
            outcome = asyncio.run(wxaudit.aget_audit_status(token, auditid)).status.name
        words = ""
    except wxaudit.WxAuditError as error:
        outcome, words = type(error).__name__, str(error)
    print(json.dumps([outcome, time.monotonic() - begun, words]))
"""


@pytest.fixture(params=["blocking", "asyncio"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def wechat(tmp_path: Path) -> Iterator[WeChat]:
    wechat = WeChat(tmp_path)
    with wechat.server:
        yield wechat


def ask(kind: str, fake: FakeWeChat | None, times: int = 1, **environment: object) -> list[list[Any]]:
    """Outcome, seconds and message of each call in the child."""
    token, auditid = ("a-token-of-nobody", 1) if fake is None else (fake.token(), fake.submit().auditid)
    if fake is not None:
        environment = {"WXAUDIT_BASE_URL": fake.base_url, **environment}
    variables = {name: str(value) for name, value in environment.items()}
    printed = run_child(ASK, kind, token, auditid, times, environment=variables)
    return [json.loads(line) for line in printed.splitlines()]


def test_the_base_url(kind: str, fake: FakeWeChat) -> None:
    outcomes = ask(kind, fake, times=3)
    assert [outcome for outcome, _, _ in outcomes] == ["IN_REVIEW"] * 3
    assert fake.connections_accepted == 1


def test_the_total_limit_in_seconds(kind: str, fake: FakeWeChat) -> None:
    fake.fail_next(Fault(hold=True))
    [[outcome, took, words]] = ask(kind, fake, WXAUDIT_TIMEOUT="0.3")
    assert outcome == "RequestTimeout"
    assert "0.3 s" in words
    # The first call of a process starts its threads, too.
    assert 0.3 <= took <= 0.5


def test_the_retries(kind: str, fake: FakeWeChat) -> None:
    fake.fail_next(Fault.http(503), times=4)
    [[outcome, _, _]] = ask(kind, fake, WXAUDIT_MAX_RETRIES="3")
    assert outcome == "HTTPStatusError"
    assert fake.requests_received == 4


def test_the_ca_file(kind: str, wechat: WeChat) -> None:
    base_url = f"https://localhost:{wechat.server.port}"
    [[outcome, _, _]] = ask(kind, None, WXAUDIT_BASE_URL=base_url, WXAUDIT_CA_FILE=wechat.ca_file)
    assert outcome == "IN_REVIEW"
    [[outcome, _, words]] = ask(kind, None, WXAUDIT_BASE_URL=base_url)
    assert outcome == "TransportError"
    assert "certificate" in words


def test_wechat_itself_through_the_proxy(kind: str, wechat: WeChat) -> None:
    """Where no base URL is given it is WeChat's own; the proxy of the test leads elsewhere."""
    proxy = Proxy(wechat)
    with proxy.server:
        [[outcome, _, _]] = ask(kind, None, HTTPS_PROXY=proxy.server.base_url, WXAUDIT_CA_FILE=wechat.ca_file)
        assert proxy.targets == [TO_WECHAT]
    assert outcome == "IN_REVIEW"
    assert b"\r\nhost: api.weixin.qq.com\r\n" in wechat.server.requests[0].head.lower()


def test_empty_variables_count_as_absent(kind: str, fake: FakeWeChat) -> None:
    empty: dict[str, Any] = dict.fromkeys(
        ["WXAUDIT_TIMEOUT", "WXAUDIT_MAX_RETRIES", "WXAUDIT_CA_FILE", "HTTPS_PROXY"], ""
    )
    [[outcome, _, _]] = ask(kind, fake, **empty)
    assert outcome == "IN_REVIEW"


WRONG = {
    "a timeout in words": ("WXAUDIT_TIMEOUT", "soon"),
    "a timeout with a unit": ("WXAUDIT_TIMEOUT", "15s"),
    "a timeout of nothing": ("WXAUDIT_TIMEOUT", "0"),
    "a timeout that is not a number": ("WXAUDIT_TIMEOUT", "nan"),
    "a timeout without end": ("WXAUDIT_TIMEOUT", "inf"),
    "retries that are not a whole number": ("WXAUDIT_MAX_RETRIES", "2.5"),
    "too many retries": ("WXAUDIT_MAX_RETRIES", "11"),
    "fewer than no retries": ("WXAUDIT_MAX_RETRIES", "-1"),
    "http to a real host": ("WXAUDIT_BASE_URL", "http://example.com"),
    "no URL": ("WXAUDIT_BASE_URL", "api.weixin.qq.com"),
    "a CA file that is not there": ("WXAUDIT_CA_FILE", "/nowhere/ca.pem"),
}


@pytest.mark.parametrize(("variable", "value"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_variable_is_named_and_nothing_sent(
    kind: str, fake: FakeWeChat, variable: str, value: str
) -> None:
    """At each call, not only at the first: the environment is read again as long as it was wrong."""
    base_url = "https://localhost:9" if variable == "WXAUDIT_CA_FILE" else fake.base_url
    outcomes = ask(kind, fake, times=2, **{"WXAUDIT_BASE_URL": base_url, variable: value})
    assert [outcome for outcome, _, _ in outcomes] == ["ArgumentError"] * 2
    for _, _, words in outcomes:
        # A file is read at the first call, which names the file.
        assert variable in words or (variable == "WXAUDIT_CA_FILE" and value in words)
    assert fake.connections_accepted == 0


def test_a_wrong_proxy_is_named_without_its_password(kind: str) -> None:
    [[outcome, _, words]] = ask(kind, None, all_proxy="ftp://user:a-password@127.0.0.1:9")
    assert outcome == "ArgumentError"
    assert "all_proxy" in words
    assert "a-password" not in words


def test_the_functions_take_an_appid_as_a_label(kind: str, default_fake_wechat: FakeWeChat) -> None:
    audit, token = default_fake_wechat.submit(), default_fake_wechat.token()
    if kind == "blocking":
        status = wxaudit.get_audit_status(token, audit.auditid, appid="wx-label")
    else:
        status = asyncio.run(wxaudit.aget_audit_status(token, audit.auditid, appid="wx-label"))
    assert (status.auditid, status.appid) == (audit.auditid, "wx-label")
    assert len(default_fake_wechat.requests) == 1


def test_a_client_of_the_caller_becomes_the_default_of_both_functions(fake: FakeWeChat) -> None:
    audit, token = fake.submit(), fake.token()
    kinds: list[str] = []
    before = _default.exchange({})
    try:
        wxaudit.set_default_client(fake.client(on_event=lambda event: kinds.append(event.kind)))
        wxaudit.get_audit_status(token, audit.auditid)
        asyncio.run(wxaudit.aget_audit_status(token, audit.auditid))
    finally:
        _default.exchange(before)
    assert kinds.count("request") == 2
    assert fake.connections_accepted == 1


def test_an_async_client_may_be_the_default_too(fake: FakeWeChat) -> None:
    audit, token = fake.submit(), fake.token()
    before = _default.exchange({})
    try:
        wxaudit.set_default_client(fake.async_client())
        assert wxaudit.get_audit_status(token, audit.auditid).is_pending
        assert asyncio.run(wxaudit.aget_audit_status(token, audit.auditid)).is_pending
    finally:
        _default.exchange(before)


def test_none_makes_the_default_anew_from_the_environment(
    fake: FakeWeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit, token = fake.submit(), fake.token()
    before = _default.exchange({})
    try:
        wxaudit.set_default_client(wxaudit.Client(base_url="http://127.0.0.1:9", max_retries=0))
        monkeypatch.setenv("WXAUDIT_BASE_URL", fake.base_url)
        wxaudit.set_default_client(None)
        assert wxaudit.get_audit_status(token, audit.auditid).is_pending
    finally:
        _default.exchange(before)


def test_only_a_client_can_be_the_default() -> None:
    wrong: Any = "http://127.0.0.1:9"
    with pytest.raises(
        wxaudit.ArgumentError, match="client must be a Client, an AsyncClient or None, got str"
    ):
        wxaudit.set_default_client(wrong)
