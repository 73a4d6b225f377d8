"""A proxy that refuses, breaks or hangs."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from connect_proxy import ESTABLISHED, TO_WECHAT, WECHAT, Proxy, WeChat
from raw_server import Connection, answer
from trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Door


@pytest.fixture
def wechat(tmp_path: Path) -> Iterator[WeChat]:
    wechat = WeChat(tmp_path)
    with wechat.server:
        yield wechat


def trial_through(door: Door, wechat: WeChat, proxy: Proxy, *, user: str = "", **options: Any) -> Trial:
    """A trial that counts what reaches WeChat."""
    url = f"http://{user}{proxy.server.host}:{proxy.server.port}"
    base_url = f"https://{WECHAT}"
    return Trial(door, wechat.server, base_url=base_url, proxy=url, ca_file=wechat.ca_file, **options)


def test_a_call_goes_through_the_proxy_and_stays_secret_on_the_way(door: Door, wechat: WeChat) -> None:
    proxy = Proxy(wechat)
    with proxy.server:
        trial = trial_through(door, wechat, proxy)
        trial.goes_on()
        trial.goes_on()
    assert proxy.targets == [TO_WECHAT]
    assert wechat.server.connections_accepted == 1
    head = proxy.server.requests[0].head
    assert b"access_token" not in head
    assert b"authorization" not in head.lower()


def test_the_credentials_of_the_proxy_go_to_the_proxy_alone(door: Door, wechat: WeChat) -> None:
    proxy = Proxy(wechat)
    with proxy.server:
        trial = trial_through(door, wechat, proxy, user="someone:s%40cret-of-the-proxy@")
        trial.goes_on()
    credentials = b64encode(b"someone:s@cret-of-the-proxy")
    assert b"roxy-" in proxy.server.requests[0].head
    assert b"Basic " + credentials in proxy.server.requests[0].head
    assert b"uthorization" not in wechat.server.requests[0].head
    assert "cret-of-the-proxy" not in repr(trial.caller.inner)
    with pytest.raises(TypeError, match="secret"):
        trial.caller.inner.__reduce__()


def test_a_proxy_that_demands_a_login(door: Door, wechat: WeChat) -> None:
    def refuse(connection: Connection) -> None:
        connection.send(
            answer(b"", 'Proxy-Authenticate: Basic realm="x"', status="407 Proxy Authentication Required")
        )

    proxy = Proxy(wechat, refuse, times=1)
    with proxy.server:
        trial = trial_through(door, wechat, proxy, user="someone:s%40cret-of-the-proxy@")
        error = trial.fails(wxaudit.HTTPStatusError, attempts=1, requests=0)
        assert error.http_status == 407
        assert not error.retryable
        assert "cret-of-the-proxy" not in repr(error) + repr(error.__cause__)
        assert proxy.targets == [TO_WECHAT]
        trial.goes_on()


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


def close_behind_the_door(connection: Connection) -> None:
    connection.send(ESTABLISHED)


@pytest.mark.parametrize("refuse", [answer_html_502, close, reset, cut, close_behind_the_door])
def test_a_proxy_that_breaks_is_tried_three_times(
    door: Door, wechat: WeChat, refuse: Callable[[Connection], None]
) -> None:
    proxy = Proxy(wechat, refuse, times=3)
    with proxy.server:
        trial = trial_through(door, wechat, proxy)
        error = trial.fails(wxaudit.TransportError, attempts=3, requests=0)
        assert error.retryable
        assert proxy.targets == [TO_WECHAT] * 3
        trial.goes_on()


def test_a_proxy_that_hangs_is_bounded_by_the_connect_limit(door: Door, wechat: WeChat) -> None:
    proxy = Proxy(wechat, Connection.wait_for_end, times=3)
    with proxy.server:
        trial = trial_through(door, wechat, proxy, connect=0.4)
        error = trial.fails(wxaudit.RequestTimeout, attempts=3, requests=0)
        assert error.retryable
        assert proxy.targets == [TO_WECHAT] * 3
        trial.goes_on()


def test_a_proxy_that_is_down(door: Door, wechat: WeChat) -> None:
    proxy = Proxy(wechat)
    proxy.server.stop()
    trial = trial_through(door, wechat, proxy, user="someone:s%40cret-of-the-proxy@")
    error = trial.fails(wxaudit.TransportError, attempts=3, requests=0)
    assert "refused" in str(error)
    assert "cret-of-the-proxy" not in repr(error)


def test_a_proxy_that_answers_other_than_200_is_not_taken_for_wechat(door: Door, wechat: WeChat) -> None:
    """Whatever the proxy says in place of a tunnel, it is no answer about the audit."""

    def approve(connection: Connection) -> None:
        connection.send(answer(b'{"errcode":0,"errmsg":"ok","status":0}', status="403 Forbidden"))

    proxy = Proxy(wechat, approve, times=3)
    with proxy.server:
        trial = trial_through(door, wechat, proxy)
        assert trial.fails(wxaudit.TransportError, attempts=3, requests=0).retryable
