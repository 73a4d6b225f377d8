"""SOCKS proxies: what they are asked, and what becomes of a call if they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.call_harness import CallHarness
from support.name_lookup import NameLookup
from support.servers.connect_proxy import WECHAT, WeChat
from support.servers.raw_server import Connection, RawServer, Script
from support.servers.socks_proxy import SocksProxy
from support.subprocess_runner import run_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.client_kind import ClientKind

LOGIN = ("someone", "s@cret-of-the-proxy")
IN_URL = "someone:s%40cret-of-the-proxy@"


@pytest.fixture
def wechat(tmp_path: Path) -> Iterator[WeChat]:
    wechat = WeChat(tmp_path)
    with wechat.server:
        yield wechat


def harness_through(
    client_kind: ClientKind, wechat: WeChat, url: str | None, host: str = WECHAT, **options: Any
) -> CallHarness:
    return CallHarness(
        client_kind, wechat.server, base_url=f"https://{host}", proxy=url, ca_file=wechat.ca_file, **options
    )


@pytest.mark.parametrize("scheme", ["socks5h", "socks4a"])
def test_the_proxy_looks_the_name_up(client_kind: ClientKind, wechat: WeChat, scheme: str) -> None:
    proxy = SocksProxy(wechat.server.port)
    with proxy.server:
        harness = harness_through(client_kind, wechat, proxy.url(scheme))
        harness.goes_on()
        harness.goes_on()
        batch = harness.caller.get_audit_statuses([(harness.token, auditid) for auditid in range(1, 9)])
        assert all(result.ok for result in batch)
    assert set(proxy.targets) == {(WECHAT, 443)}


@pytest.mark.parametrize("scheme", ["socks5", "socks4"])
def test_this_machine_looks_the_name_up(client_kind: ClientKind, wechat: WeChat, scheme: str) -> None:
    proxy = SocksProxy(wechat.server.port)
    with proxy.server:
        harness_through(client_kind, wechat, proxy.url(scheme), host="localhost:4443").goes_on()
    assert proxy.targets in ([("127.0.0.1", 4443)], [("::1", 4443)])


TRUSTING = """
import sys
from support.client_kind import ClientKind

kind, ca_file, base_url = sys.argv[1:]
client = ClientKind(kind).client(base_url, ca_file=ca_file, trust_env=True, timeout=5)
assert client.get_audit_status("a-token-of-nobody", 1).status == 2
"""


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4", "socks4a"])
@pytest.mark.parametrize("variable", ["ALL_PROXY", "https_proxy"])
def test_the_environment_names_the_proxy(
    client_kind: ClientKind, wechat: WeChat, tmp_path: Path, scheme: str, variable: str
) -> None:
    """Of the addresses that were looked up here, those are passed over that the proxy cannot reach."""
    names = NameLookup(tmp_path)
    names.answer(WECHAT, "2001:db8::1", "192.0.2.7", "192.0.2.8")
    proxy = SocksProxy(wechat.server.port, refuse=lambda host: host in ("2001:db8::1", "192.0.2.7"))
    with proxy.server:
        environment = names.environment | {variable: proxy.url(scheme)}
        run_child(TRUSTING, client_kind.kind, wechat.ca_file, f"https://{WECHAT}", environment=environment)
    expected = {
        "socks5": ["2001:db8::1", "192.0.2.7", "192.0.2.8"],
        "socks4": ["192.0.2.7", "192.0.2.8"],
    }
    assert [host for host, _ in proxy.targets] == expected.get(scheme, [WECHAT])


def test_the_login_goes_to_the_proxy_alone(client_kind: ClientKind, wechat: WeChat) -> None:
    proxy = SocksProxy(wechat.server.port, login=LOGIN)
    with proxy.server:
        harness = harness_through(client_kind, wechat, proxy.url("socks5h", IN_URL))
        harness.goes_on()
    assert proxy.logins == [LOGIN]
    assert "cret-of-the-proxy" not in repr(harness.caller.inner)
    assert b"uthorization" not in wechat.server.requests[0].head


@pytest.mark.parametrize(
    ("login", "problem"),
    [("", "requires a user and a password"), ("someone:wrong-s%40cret@", "did not accept the user")],
    ids=["no login", "a wrong one"],
)
def test_a_login_that_the_proxy_refuses_is_not_tried_again(
    client_kind: ClientKind, wechat: WeChat, login: str, problem: str
) -> None:
    proxy = SocksProxy(wechat.server.port, login=LOGIN)
    with proxy.server:
        harness = harness_through(client_kind, wechat, proxy.url("socks5h", login))
        error = harness.fails(wxaudit.TransportError, attempts=1, sent=0, requests=0)
        assert proxy.server.connections_accepted == 1
    assert not error.retryable
    at = f"api.weixin.qq.com:443 through the proxy 127.0.0.1:{proxy.server.port}"
    assert f"cannot connect to {at}: it {problem}" in str(error)
    assert "cret" not in repr(error) + str(error)


def close(connection: Connection) -> None:
    connection.close()


def reset(connection: Connection) -> None:
    connection.reset()


def answer_garbage(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("instead", [close, reset, answer_garbage])
@pytest.mark.parametrize("scheme", ["socks5h", "socks4a"])
def test_a_proxy_that_breaks_is_tried_three_times(
    client_kind: ClientKind, wechat: WeChat, scheme: str, instead: Callable[[Connection], None]
) -> None:
    proxy = SocksProxy(wechat.server.port, instead=instead, times=3)
    with proxy.server:
        harness = harness_through(client_kind, wechat, proxy.url(scheme, IN_URL))
        error = harness.fails(wxaudit.TransportError, attempts=3, sent=0, requests=0)
        assert error.retryable
        assert f" through the proxy 127.0.0.1:{proxy.server.port}: " in str(error)
        assert "cret-of-the-proxy" not in repr(error)


@pytest.mark.parametrize("scheme", ["socks5h", "socks4a"])
def test_a_proxy_that_cannot_reach_wechat(client_kind: ClientKind, wechat: WeChat, scheme: str) -> None:
    proxy = SocksProxy(wechat.server.port, refuse=lambda _: True)
    with proxy.server:
        harness = harness_through(client_kind, wechat, proxy.url(scheme))
        error = harness.fails(wxaudit.TransportError, attempts=3, sent=0, requests=0)
    assert error.retryable
    if scheme == "socks5h":
        assert "host unreachable" in str(error)


@pytest.mark.parametrize("scheme", ["socks5h", "socks4a"])
def test_a_proxy_that_hangs_is_bounded_by_the_connect_limit(
    client_kind: ClientKind, wechat: WeChat, scheme: str
) -> None:
    proxy = SocksProxy(wechat.server.port, instead=Connection.wait_for_end, times=3)
    with proxy.server:
        harness = harness_through(client_kind, wechat, proxy.url(scheme), connect=0.4)
        error = harness.fails(wxaudit.RequestTimeout, attempts=3, sent=0, requests=0)
        at = f"api.weixin.qq.com:443 through the proxy 127.0.0.1:{proxy.server.port}"
        assert f"connect limit; connecting to {at}" in str(error)
        harness.goes_on()


def test_version_4_has_no_ipv6(client_kind: ClientKind, wechat: WeChat) -> None:
    proxy = SocksProxy(wechat.server.port)
    with proxy.server:
        harness = harness_through(client_kind, wechat, proxy.url("socks4"), host="[::1]")
        error = harness.fails(wxaudit.TransportError, attempts=1, sent=0, requests=0)
    assert "SOCKS 4" in str(error)
    assert proxy.targets == []


def test_plain_http_on_loopback_goes_through_it_too(client_kind: ClientKind) -> None:
    with RawServer(Script()) as server:
        proxy = SocksProxy(server.port)
        with proxy.server:
            CallHarness(
                client_kind, server, base_url="http://127.0.0.1:9", proxy=proxy.url("socks5")
            ).goes_on()
    assert proxy.targets == [("127.0.0.1", 9)]
    assert server.requests[0].head.startswith(b"POST /wxa/get_auditstatus?access_token=")
