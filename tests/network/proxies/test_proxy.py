"""A proxy that refuses, breaks or hangs."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.call_harness import CallHarness
from support.servers.connect_proxy import ESTABLISHED, TO_WECHAT, WECHAT, Proxy, WeChat
from support.servers.raw_server import Connection, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.client_kind import ClientKind


@pytest.fixture
def wechat(tmp_path: Path) -> Iterator[WeChat]:
    wechat = WeChat(tmp_path)
    with wechat.server:
        yield wechat


def trial_through(
    client_kind: ClientKind, wechat: WeChat, proxy: Proxy, *, user: str = "", **options: Any
) -> CallHarness:
    """A harness that counts what reaches WeChat."""
    url = f"http://{user}{proxy.server.host}:{proxy.server.port}"
    base_url = f"https://{WECHAT}"
    return CallHarness(
        client_kind, wechat.server, base_url=base_url, proxy=url, ca_file=wechat.ca_file, **options
    )


def test_a_call_goes_through_the_proxy_and_stays_secret_on_the_way(
    client_kind: ClientKind, wechat: WeChat
) -> None:
    proxy = Proxy(wechat)
    with proxy.server:
        harness = trial_through(client_kind, wechat, proxy)
        harness.goes_on()
        harness.goes_on()
    assert proxy.targets == [TO_WECHAT]
    assert wechat.server.connections_accepted == 1
    head = proxy.server.requests[0].head
    assert b"access_token" not in head
    assert b"authorization" not in head.lower()


def test_the_credentials_of_the_proxy_go_to_the_proxy_alone(client_kind: ClientKind, wechat: WeChat) -> None:
    proxy = Proxy(wechat)
    with proxy.server:
        harness = trial_through(client_kind, wechat, proxy, user="someone:s%40cret-of-the-proxy@")
        harness.goes_on()
    credentials = b64encode(b"someone:s@cret-of-the-proxy")
    assert b"roxy-" in proxy.server.requests[0].head
    assert b"Basic " + credentials in proxy.server.requests[0].head
    assert b"uthorization" not in wechat.server.requests[0].head
    assert "cret-of-the-proxy" not in repr(harness.caller.inner)
    with pytest.raises(TypeError, match="secret"):
        harness.caller.inner.__reduce__()


def test_a_proxy_that_demands_a_login(client_kind: ClientKind, wechat: WeChat) -> None:
    def refuse(connection: Connection) -> None:
        connection.send(
            answer(b"", 'Proxy-Authenticate: Basic realm="x"', status="407 Proxy Authentication Required")
        )

    proxy = Proxy(wechat, refuse, times=1)
    with proxy.server:
        harness = trial_through(client_kind, wechat, proxy, user="someone:s%40cret-of-the-proxy@")
        error = harness.fails(wxaudit.HTTPStatusError, attempts=1, sent=0, requests=0)
        assert error.http_status == 407
        assert not error.retryable
        assert "cret-of-the-proxy" not in repr(error) + repr(error.__cause__)
        assert proxy.targets == [TO_WECHAT]
        harness.goes_on()


def answer_html_502(connection: Connection) -> None:
    connection.send(
        answer(b"<html><h1>502 Bad Gateway</h1></html>", "Content-Type: text/html", status="502 Bad Gateway")
    )


def close(connection: Connection) -> None:
    connection.close()


def reset(connection: Connection) -> None:
    connection.reset()


def cut(connection: Connection) -> None:
    connection.send(ESTABLISHED[:20])


def close_after_accepting(connection: Connection) -> None:
    connection.send(ESTABLISHED)


@pytest.mark.parametrize("refuse", [answer_html_502, close, reset, cut, close_after_accepting])
def test_a_proxy_that_breaks_is_tried_three_times(
    client_kind: ClientKind, wechat: WeChat, refuse: Callable[[Connection], None]
) -> None:
    proxy = Proxy(wechat, refuse, times=3)
    with proxy.server:
        harness = trial_through(client_kind, wechat, proxy)
        error = harness.fails(wxaudit.TransportError, attempts=3, sent=0, requests=0)
        assert error.retryable
        at = f"through the proxy 127.0.0.1:{proxy.server.port}"
        if refuse is close_after_accepting:
            assert str(error).startswith(f"TLS with api.weixin.qq.com {at} failed: ")
        else:
            assert str(error).startswith(f"cannot connect to api.weixin.qq.com:443 {at}: ")
        assert proxy.targets == [TO_WECHAT] * 3
        harness.goes_on()


def test_a_proxy_that_hangs_is_bounded_by_the_connect_limit(client_kind: ClientKind, wechat: WeChat) -> None:
    proxy = Proxy(wechat, Connection.wait_for_end, times=3)
    with proxy.server:
        harness = trial_through(client_kind, wechat, proxy, connect=0.4)
        error = harness.fails(wxaudit.RequestTimeout, attempts=3, sent=0, requests=0)
        assert error.retryable
        at = f"api.weixin.qq.com:443 through the proxy 127.0.0.1:{proxy.server.port}"
        assert f"connect limit; connecting to {at})" in str(error)
        assert proxy.targets == [TO_WECHAT] * 3
        harness.goes_on()


def test_a_proxy_that_is_down(client_kind: ClientKind, wechat: WeChat) -> None:
    proxy = Proxy(wechat)
    proxy.server.stop()
    harness = trial_through(client_kind, wechat, proxy, user="someone:s%40cret-of-the-proxy@")
    error = harness.fails(wxaudit.TransportError, attempts=3, sent=0, requests=0)
    assert f"cannot connect to the proxy 127.0.0.1:{proxy.server.port}: connection refused (" in str(error)
    assert "cret-of-the-proxy" not in repr(error)


def test_a_proxy_that_answers_other_than_200_is_not_taken_for_wechat(
    client_kind: ClientKind, wechat: WeChat
) -> None:
    """Whatever the proxy says in place of a tunnel, it is not an answer about the audit."""

    def approve(connection: Connection) -> None:
        connection.send(answer(b'{"errcode":0,"errmsg":"ok","status":0}', status="403 Forbidden"))

    proxy = Proxy(wechat, approve, times=3)
    with proxy.server:
        harness = trial_through(client_kind, wechat, proxy)
        assert harness.fails(wxaudit.TransportError, attempts=3, sent=0, requests=0).retryable
