"""The two clients: one interface, one configuration, and a default client for each process."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import pickle
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from wxaudit import ArgumentError, AsyncClient, AuditState, Client, Event, Timeout
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat


def public_methods(kind: type[Any]) -> dict[str, inspect.Signature]:
    members = inspect.getmembers(kind, inspect.isfunction)
    return {name: inspect.signature(member) for name, member in members if not name.startswith("_")}


def test_the_twins_have_the_same_methods_keywords_order_and_defaults() -> None:
    blocking, asynchronous = public_methods(Client), public_methods(AsyncClient)
    assert list(blocking) == list(asynchronous)
    for name, signature in blocking.items():
        expected = [(p.name, p.kind, p.default) for p in signature.parameters.values()]
        got = [(p.name, p.kind, p.default) for p in asynchronous[name].parameters.values()]
        assert got == expected, name
        returned = str(asynchronous[name].return_annotation)
        is_coroutine = inspect.iscoroutinefunction(getattr(AsyncClient, name))
        assert is_coroutine or returned.startswith(("Coroutine[", "AsyncGenerator[")), name
        assert not inspect.iscoroutinefunction(getattr(Client, name)), name
    assert inspect.signature(Client) == inspect.signature(AsyncClient)


def test_the_two_functions_have_the_same_keywords_too() -> None:
    blocking = inspect.signature(wxaudit.get_audit_status).parameters.values()
    asynchronous = inspect.signature(wxaudit.aget_audit_status).parameters.values()
    assert [(p.name, p.kind, p.default) for p in blocking] == [
        (p.name, p.kind, p.default) for p in asynchronous
    ]


def test_everything_public_is_documented_and_annotated() -> None:
    for name in wxaudit.__all__:
        value = getattr(wxaudit, name)
        if not callable(value):
            continue
        assert inspect.getdoc(value), name
    for kind in (Client, AsyncClient):
        for name, signature in public_methods(kind).items():
            assert inspect.getdoc(getattr(kind, name)), name
            assert signature.return_annotation is not inspect.Signature.empty, name
            parameters = list(signature.parameters.values())[1:]
            assert all(p.annotation is not inspect.Parameter.empty for p in parameters), name


def test_a_status_is_asked_for_with_all_options(client_kind: ClientKind, fake: FakeWeChat) -> None:
    client = client_kind.client(fake)
    audit = fake.submit("wx1")
    options = {"appid": "wx1", "timeout": timedelta(seconds=5), "max_retries": 0}
    status = client.get_audit_status(fake.token("wx1"), audit.auditid, **options)
    assert status.status is AuditState.IN_REVIEW
    assert status.appid == "wx1"
    request = fake.requests[-1]
    assert request.path == "/wxa/get_auditstatus"
    assert request.body == b'{"auditid":%d}' % audit.auditid
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-length"] == str(len(request.body))
    assert request.headers["user-agent"] == f"wxaudit/{wxaudit.__version__}"
    assert "referer" not in request.headers
    assert "accept-encoding" not in request.headers


def test_connections_are_reused(client_kind: ClientKind, fake: FakeWeChat) -> None:
    client, token, auditid = client_kind.client(fake), fake.token(), fake.submit().auditid
    for _ in range(20):
        client.get_audit_status(token, auditid)
    assert fake.connections_accepted == 1


def test_a_token_reaches_the_wire_percent_encoded_and_whole(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    token = fake.token(url_safe=False)
    client_kind.client(fake).get_audit_status(token, fake.submit().auditid)
    assert fake.requests[-1].token == token


def test_a_base_url_may_have_a_path_for_a_gateway(client_kind: ClientKind, fake: FakeWeChat) -> None:
    client = client_kind.client(fake.base_url + "/wechat/")
    with pytest.raises(wxaudit.APIError) as caught:
        client.get_audit_status(fake.token(), fake.submit().auditid)
    assert caught.value.errcode == 40066
    assert fake.requests[-1].path == "/wechat/wxa/get_auditstatus"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_repr_and_pickle_keep_the_configuration(kind: type[Client] | type[AsyncClient]) -> None:
    client = kind(
        base_url="http://127.0.0.1:9", timeout=Timeout(3, 1, None), max_retries=1, proxy="http://p:3128"
    )
    shown = repr(client)
    assert shown == (
        f"{kind.__name__}(base_url='http://127.0.0.1:9', timeout=Timeout(total=3.0, connect=1.0, read=None), "
        "max_retries=1, proxy='http://p:3128')"
    )
    again = pickle.loads(pickle.dumps(client))
    assert type(again) is kind
    assert repr(again) == shown
    assert repr(kind()) == f"{kind.__name__}()"


def test_clients_that_are_unpickled_share_connections_and_gates(fake: FakeWeChat) -> None:
    pickled = pickle.dumps(fake.client())
    token, auditid = fake.token(), fake.submit().auditid
    for _ in range(3):
        with pickle.loads(pickled) as client:
            client.get_audit_status(token, auditid)
        # What one of them closes is open for the next.
        assert pickle.loads(pickled).get_audit_status(token, auditid).is_pending
    fake.fail_next(Fault(errcode=45009))
    for attempts in (1, 0, 0):
        with pytest.raises(wxaudit.DayQuotaError) as caught:
            pickle.loads(pickled).get_audit_status(token, auditid)
        assert caught.value.attempts == attempts
    # Another configuration is another client.
    assert pickle.loads(pickle.dumps(fake.client(max_retries=1))).get_audit_status(token, auditid).is_pending


def test_a_client_whose_callback_cannot_be_hashed_is_unpickled_too(fake: FakeWeChat) -> None:
    again = pickle.loads(pickle.dumps(fake.client(on_event=[].append)))
    assert again.get_audit_status(fake.token(), fake.submit().auditid).is_pending


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_proxy_password_is_neither_shown_nor_pickled(kind: type[Client] | type[AsyncClient]) -> None:
    client = kind(proxy="http://user:geheim-1234@proxy.example:3128")
    assert "geheim" not in repr(client)
    with pytest.raises(TypeError, match="HTTPS_PROXY") as caught:
        pickle.dumps(client)
    assert "geheim" not in str(caught.value)


def test_a_closed_client_refuses_calls_and_others_go_on(client_kind: ClientKind, fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    closed, other = client_kind.client(fake), client_kind.client(fake)
    closed.get_audit_status(token, auditid)
    other.get_audit_status(token, auditid)
    closed.close()
    fake.wait_for_connections_open(1)
    with pytest.raises(RuntimeError, match="closed"):
        closed.get_audit_status(token, auditid)
    closed.close()
    assert other.get_audit_status(token, auditid).status is AuditState.IN_REVIEW


def test_both_are_context_managers(fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    with fake.client() as client:
        assert client.get_audit_status(token, auditid).is_pending
    with pytest.raises(RuntimeError):
        client.get_audit_status(token, auditid)

    async def main() -> None:
        async with fake.async_client() as client:
            assert (await client.get_audit_status(token, auditid)).is_pending
        with pytest.raises(RuntimeError):
            await client.get_audit_status(token, auditid)

    asyncio.run(main())


def test_on_event_tells_each_step_in_order(client_kind: ClientKind, fake: FakeWeChat) -> None:
    events: list[Event] = []
    client = client_kind.client(fake, on_event=events.append)
    audit, source = fake.submit(), fake.token_source()
    client.get_audit_status(source, audit.auditid)
    assert [event.kind for event in events] == ["request", "response"]
    events.clear()
    fake.clock.advance(7200)
    fake.fail_next(Fault.http(503))
    client.get_audit_status(source, audit.auditid, appid="wx1")
    kinds = ["request", "response", "retry", "request", "response", "refresh", "request", "response"]
    assert [event.kind for event in events] == kinds
    assert [event.attempt for event in events] == [1, 1, 1, 2, 2, 2, 3, 3]
    assert [event.http_status for event in events] == [None, 503, 503, None, 200, 200, None, 200]
    assert [event.errcode for event in events][-4:] == [42001, 42001, None, 0]
    assert {event.auditid for event in events} == {audit.auditid}
    assert {event.appid for event in events} == {"wx1"}
    assert {(event.method, event.url_path) for event in events} == {("POST", "/wxa/get_auditstatus")}
    assert events[2].delay is not None
    elapsed = [event.elapsed for event in events]
    assert elapsed == sorted(elapsed, key=lambda value: value or 0)


def test_what_on_event_raises_is_logged_and_the_call_goes_on(
    client_kind: ClientKind, fake: FakeWeChat, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(event: Event) -> None:
        raise ValueError(f"cannot take {event.kind}")

    client = client_kind.client(fake, on_event=broken)
    with caplog.at_level(logging.ERROR, logger="wxaudit"):
        assert client.get_audit_status(fake.token(), fake.submit().auditid).is_pending
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == [
        "cannot take request",
        "cannot take response",
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": 5},
        {"timeout": 0},
        {"timeout": "5"},
        {"max_retries": -1},
        {"max_retries": 11},
        {"max_retries": True},
        {"max_retries": 1.5},
        {"max_concurrency": 0},
        {"max_concurrency": None},
        {"proxy": "ftp://proxy"},
        {"proxy": 5},
        {"user_agent": "line\nbreak"},
        {"user_agent": 5},
        {"on_event": 5},
        {"ca_file": 5},
    ],
)
def test_a_client_with_a_wrong_option_is_not_made(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(ArgumentError, match=name):
        Client(**options)
    with pytest.raises(ArgumentError, match=name):
        AsyncClient(**options)


def test_a_ca_file_that_cannot_be_used_is_named(client_kind: ClientKind, tmp_path: Any) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    for path in (empty, tmp_path / "missing.pem"):
        with pytest.raises(ArgumentError, match=r"ca_file: .*\.pem"):
            client_kind.client("https://127.0.0.1:9", ca_file=path).get_audit_status("token", 1)


ASK_BOTH = """
import asyncio, sys, wxaudit
token, auditid = sys.argv[1:]
print(wxaudit.get_audit_status(token, auditid).status)
print(asyncio.run(wxaudit.aget_audit_status(token, auditid)).status)
print(len({id(client._session.engine) for client in wxaudit._default._default_clients.values()}))
"""

ASK_ONE = """
import sys, wxaudit
try:
    wxaudit.get_audit_status(*sys.argv[1:])
except wxaudit.WxAuditError as error:
    print(type(error).__name__, error)
"""


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_default_client_is_configured_by_the_environment(fake: FakeWeChat) -> None:
    done = run(ASK_BOTH, fake.token(), str(fake.submit().auditid), WXAUDIT_BASE_URL=fake.base_url)
    assert (done.stdout.split(), done.stderr) == (["2", "2", "1"], "")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("WXAUDIT_TIMEOUT", "soon", "WXAUDIT_TIMEOUT"),
        ("WXAUDIT_TIMEOUT", "-1", "more than 0"),
        ("WXAUDIT_MAX_RETRIES", "2.5", "WXAUDIT_MAX_RETRIES"),
        ("WXAUDIT_BASE_URL", "http://example.com", "must be https"),
        ("WXAUDIT_CA_FILE", "/does/not/exist.pem", "exist.pem"),
    ],
)
def test_a_wrong_variable_of_the_environment_is_an_argument_error(
    variable: str, value: str, message: str
) -> None:
    done = run(ASK_ONE, "token", "1", **{variable: value})
    assert message in done.stdout
    assert done.stderr == ""


def test_the_default_clients_timeout_and_retries_come_from_the_environment(fake: FakeWeChat) -> None:
    fake.fail_next(Fault.http(503), times=None)
    arguments = (fake.token(), str(fake.submit().auditid))
    done = run(
        ASK_ONE, *arguments, WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_MAX_RETRIES="1", WXAUDIT_TIMEOUT="5"
    )
    assert "after 2 attempts" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_argument_goes_before_the_environment_which_goes_before_the_default(
    kind: type[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WXAUDIT_BASE_URL", "https://wechat.example")
    monkeypatch.setenv("WXAUDIT_TIMEOUT", "7.5")
    monkeypatch.setenv("WXAUDIT_MAX_RETRIES", "4")
    assert repr(kind(max_retries=1)) == (
        f"{kind.__name__}(base_url='https://wechat.example' from WXAUDIT_BASE_URL, "
        "timeout=Timeout(total=7.5, connect=5.0, read=None) from WXAUDIT_TIMEOUT, max_retries=1)"
    )
    assert repr(kind(trust_env=False)) == f"{kind.__name__}(trust_env=False)"


def test_a_variable_is_read_only_where_no_argument_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WXAUDIT_TIMEOUT", "soon")
    Client(timeout=3)
    with pytest.raises(ArgumentError, match="WXAUDIT_TIMEOUT must be a number"):
        Client()


def test_a_pickled_client_keeps_what_the_environment_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WXAUDIT_MAX_RETRIES", "4")
    pickled = pickle.dumps(Client())
    monkeypatch.delenv("WXAUDIT_MAX_RETRIES")
    assert repr(pickle.loads(pickled)) == "Client(max_retries=4)"


def test_a_plain_number_limits_the_whole_call_and_no_single_read(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    """The answer comes after the read limit of the client, and within the number."""
    audit, token = fake.submit(), fake.token()
    client = client_kind.client(fake, timeout=Timeout(total=20, read=0.2), max_retries=0)
    fake.fail_next(Fault(delay=0.6), times=2)
    with pytest.raises(wxaudit.RequestTimeout):
        client.get_audit_status(token, audit.auditid)
    assert client.get_audit_status(token, audit.auditid, timeout=20).is_pending
