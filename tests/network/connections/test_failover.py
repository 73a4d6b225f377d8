"""Several hosts: where a call goes when the first one does not answer, and what never moves it."""

from __future__ import annotations

import json
import pickle
import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from secrecy.passed import shown_locals
from support.name_lookup import NameLookup
from support.servers.raw_server import APPROVED, Connection, RawServer, answer
from support.subprocess_runner import run_child
from wxaudit import ArgumentError, AuditState
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.client_kind import Caller, ClientKind
    from wxaudit.testing import FakeWeChat

TOKEN = "86_a-token-of-nobody-in-particular"


def hang(connection: Connection) -> None:
    connection.read_request()
    connection.wait_for_end()


def reset(connection: Connection) -> None:
    connection.read_request()
    connection.reset()


def close(connection: Connection) -> None:
    connection.close()


def cut(connection: Connection) -> None:
    connection.read_request()
    connection.send(answer(APPROVED)[:-5])


def garble(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"220 mail.example ESMTP\r\n")


def refusing_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("behave", [hang, reset, close, cut, garble])
def test_a_first_host_that_fails_is_passed_over_and_remembered(
    client_kind: ClientKind, fake: FakeWeChat, behave: Callable[[Connection], None]
) -> None:
    audit, token = fake.submit(), fake.token()
    hosts: list[str | None] = []

    def note(event: wxaudit.Event) -> None:
        if event.kind == "request":
            hosts.append(event.host)

    with RawServer(behave, host="127.0.0.2") as first:
        caller = client_kind.client(first.base_url, fallback_urls=[fake.base_url], timeout=2, on_event=note)
        begun = time.monotonic()
        for _ in range(3):
            assert caller.get_audit_status(token, audit.auditid).status is AuditState.IN_REVIEW
        assert time.monotonic() - begun < 2
        assert first.connections_accepted == 1
    assert hosts == ["127.0.0.2", *["127.0.0.1"] * 3]
    assert fake.requests_received == 3


def test_a_first_host_that_refuses_is_passed_over_and_remembered(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    audit, token = fake.submit(), fake.token()
    attempts: list[int] = []
    caller = client_kind.client(
        f"http://127.0.0.1:{refusing_port()}",
        fallback_urls=[f"http://127.0.0.1:{refusing_port()}", fake.base_url],
        on_event=lambda event: attempts.append(event.attempt) if event.kind == "response" else None,
    )
    for _ in range(2):
        caller.get_audit_status(token, audit.auditid)
    assert attempts == [1, 2, 3, 1]


def test_a_first_host_without_a_certificate_to_trust_is_passed_over(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    audit, token = fake.submit(), fake.token()
    with RawServer(garble) as first:
        https = first.base_url.replace("http://", "https://")
        # It answers the handshake with less than TLS needs, so that a third of this time passes.
        caller = client_kind.client(https, fallback_urls=[fake.base_url], timeout=3)
        for _ in range(3):
            caller.get_audit_status(token, audit.auditid)
        assert first.connections_accepted == 1
    assert fake.requests_received == 3


def test_an_impatient_call_moves_no_other_one(client_kind: ClientKind, fake: FakeWeChat) -> None:
    audit, token = fake.submit(), fake.token()
    fake.fail_next(Fault(hold=True))
    with RawServer(hang) as second:
        caller = client_kind.client(fake, fallback_urls=[second.base_url])
        with pytest.raises(wxaudit.RequestTimeout):
            caller.get_audit_status(token, audit.auditid, timeout=0.1, max_retries=0)
        assert caller.get_audit_status(token, audit.auditid).auditid == audit.auditid
        assert second.connections_accepted == 0


def test_other_operations_and_batches_go_there_too(client_kind: ClientKind, fake: FakeWeChat) -> None:
    media_id = fake.media_id()
    audit, token = fake.submit(state=1, reason="x", screenshots=[media_id]), fake.token()
    port = refusing_port()
    asks: list[Callable[[Caller], object]] = [
        lambda caller: caller.call("get_latest_audit_status", token),
        lambda caller: caller.call("get_screenshot", token, media_id),
        lambda caller: caller.call("get_screenshots", token, [media_id] * 5),
        lambda caller: caller.call("quota", token),
        lambda caller: caller.get_audit_statuses([(token, audit.auditid)] * 20).raise_for_errors(),
    ]
    for ask in asks:
        ask(client_kind.client(f"http://127.0.0.1:{port}", fallback_urls=[fake.base_url]))


SEVERAL = """
import json, sys
from support.client_kind import ClientKind

kind, fallback, token, auditid = sys.argv[1:]
hosts = []
caller = ClientKind(kind).client(
    "https://api.weixin.qq.com", fallback_urls=[fallback], trust_env=False,
    on_event=lambda event: hosts.append(event.host) if event.kind == "request" else None,
)
for _ in range(2):
    caller.get_audit_status(token, auditid)
print(json.dumps(hosts))
"""


def test_a_name_that_is_not_found_is_passed_over(
    client_kind: ClientKind, fake: FakeWeChat, tmp_path: Path
) -> None:
    audit, token = fake.submit(), fake.token()
    lookup = NameLookup(tmp_path)
    arguments = (client_kind.kind, fake.base_url, token, audit.auditid)
    hosts = json.loads(run_child(SEVERAL, *arguments, environment=lookup.environment))
    assert hosts == ["api.weixin.qq.com", "127.0.0.1", "127.0.0.1"]


@pytest.mark.parametrize(
    "fault",
    [Fault(errcode=-1), Fault.http(503), Fault.http(502), Fault(body=b"")],
    ids=["-1", "503", "502", "empty"],
)
def test_what_the_host_says_never_moves_a_call(
    client_kind: ClientKind, fake: FakeWeChat, fault: Fault
) -> None:
    audit, token = fake.submit(), fake.token()
    fake.fail_next(fault)
    with RawServer(hang) as second:
        caller = client_kind.client(fake, fallback_urls=[second.base_url])
        for _ in range(2):
            caller.get_audit_status(token, audit.auditid)
        for errcode, kind in ((85012, wxaudit.AuditNotFoundError), (48001, wxaudit.PermissionDeniedError)):
            fake.fail_next(Fault(errcode=errcode))
            with pytest.raises(kind):
                caller.get_audit_status(token, audit.auditid)
        assert second.connections_accepted == 0
    assert fake.requests_received == 5


def test_without_a_further_attempt_the_next_call_goes_on(client_kind: ClientKind, fake: FakeWeChat) -> None:
    audit, token = fake.submit(), fake.token()
    with RawServer(hang) as first:
        caller = client_kind.client(first.base_url, fallback_urls=[fake.base_url], timeout=0.3, max_retries=0)
        with pytest.raises(wxaudit.RequestTimeout):
            caller.get_audit_status(token, audit.auditid)
        assert caller.get_audit_status(token, audit.auditid).auditid == audit.auditid


def test_when_all_fail_the_call_fails_within_its_time_and_attempts(client_kind: ClientKind) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(RawServer(hang)) for _ in range(2)]
        urls = [server.base_url for server in servers]
        caller = client_kind.client(urls[0], fallback_urls=urls[1:], timeout=0.6)
        begun = time.monotonic()
        with pytest.raises(wxaudit.RequestTimeout) as caught:
            caller.get_audit_status(TOKEN, 5)
        assert time.monotonic() - begun < 0.65
        assert caught.value.attempts == 3
        assert sum(server.connections_accepted for server in servers) == 3


def test_the_hosts_of_wechat_are_taken_as_they_are() -> None:
    first, *others = wxaudit.WECHAT_HOSTS
    assert first == "https://api.weixin.qq.com"
    client = wxaudit.Client(fallback_urls=wxaudit.WECHAT_HOSTS)
    assert repr(client) == f"Client(fallback_urls={tuple(others)!r})"
    assert repr(pickle.loads(pickle.dumps(client))) == repr(client)
    assert repr(wxaudit.AsyncClient(fallback_urls=iter(others))) == f"Async{client!r}"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("https://api2.weixin.qq.com", "expected a sequence of strings"),
        (b"https://api2.weixin.qq.com", "expected a sequence of strings"),
        (5, "expected a sequence of strings"),
        (None, "expected a sequence of strings"),
        ([5], "expected a string, got int"),
        ([None], "expected a string, got NoneType"),
        ([b"https://api2.weixin.qq.com"], "expected a string, got bytes"),
        (["http://example.com"], "must be https"),
        (["api2.weixin.qq.com"], "is not a URL"),
        ([""], "is not a URL"),
        (["https://api2.weixin.qq.com", "https://0x7f.1"], "plain form"),
        (["https://user:a-password@api2.weixin.qq.com"], "must not contain a user"),
        (["https://api2.weixin.qq.com/?access_token=a-password"], "must not contain a query"),
        ("https://user:a-password@api2.weixin.qq.com", "expected a sequence of strings"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("kind", [wxaudit.Client, wxaudit.AsyncClient])
def test_what_cannot_be_used_is_refused_without_being_shown(kind: Any, given: Any, problem: str) -> None:
    with pytest.raises(ArgumentError, match=f"^fallback_urls: .*{problem}") as caught:
        kind(fallback_urls=given)
    assert "a-password" not in repr(caught.value)
    assert "a-password" not in repr(list(shown_locals(caught.value)))


def test_one_that_is_named_twice_is_asked_once(fake: FakeWeChat) -> None:
    others = [fake.base_url, f"{fake.base_url}/", "http://127.0.0.1:1", "http://127.0.0.1:1/"]
    client = wxaudit.Client(base_url=fake.base_url, fallback_urls=others)
    assert repr(client) == f"Client(base_url={fake.base_url!r}, fallback_urls=('http://127.0.0.1:1',))"


def test_a_proxy_of_the_environment_stands_before_those_that_are_not_loopback(
    client_kind: ClientKind, fake: FakeWeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit, token = fake.submit(), fake.token()
    came: list[bytes] = []

    def refuse(connection: Connection) -> None:
        request = connection.read_request()
        came.append(b"" if request is None else request.head.split(b"\r\n")[0])
        connection.close()

    with RawServer(refuse) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.base_url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        caller = client_kind.client("https://api.weixin.qq.com", fallback_urls=[fake.base_url])
        for _ in range(2):
            caller.get_audit_status(token, audit.auditid)
    assert came == [b"CONNECT api.weixin.qq.com:443 HTTP/1.1"]
    assert fake.requests_received == 2
