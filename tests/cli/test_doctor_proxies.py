"""`wxaudit doctor`: which proxy is in force, and what goes through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from network.proxies.test_no_proxy import DISPUTED, FORMS, IPV6_NETWORKS
from support.command_line.doctor import doctor
from support.servers.connect_proxy import TO_WECHAT, WECHAT, Proxy, WeChat
from support.servers.raw_server import Connection, answer
from support.servers.socks_proxy import SocksProxy
from wxaudit._cli.doctor import proxies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "s%40cret-of-the-proxy"


@pytest.fixture
def wechat(tmp_path: Path) -> Iterator[WeChat]:
    wechat = WeChat(tmp_path)
    with wechat.server:
        yield wechat


def test_an_http_proxy_is_named_and_used(wechat: WeChat) -> None:
    proxy = Proxy(wechat)
    with proxy.server:
        url = f"http://someone:{PASSWORD}@127.0.0.1:{proxy.server.port}"
        report = doctor("--ca-file", wechat.ca_file, HTTPS_PROXY=url, ALL_PROXY="http://127.0.0.1:9")
    assert report.code == 0
    assert report.row("proxy")["found"].startswith(
        f"http://***@127.0.0.1:{proxy.server.port}, from HTTPS_PROXY; set as well, and not used: ALL_PROXY"
    )
    assert report.row("name")["status"] == "skipped"
    assert "through http://***@127.0.0.1" in report.row("connection")["found"]
    assert report.row("tls")["tls"] == "TLSv1.3"
    # Two calls share a connection; the certificate has one of its own.
    assert proxy.targets == [TO_WECHAT] * 2
    logins = {
        line for request in proxy.server.requests for line in request.head.split(b"\r\n") if b"Auth" in line
    }
    assert len(logins) == 1
    assert "cret-of-the-proxy" not in report.output


@pytest.mark.parametrize("scheme", ["socks5h", "socks4a"])
def test_a_socks_proxy_is_used(wechat: WeChat, scheme: str) -> None:
    proxy = SocksProxy(
        wechat.server.port, login=("someone", "s@cret-of-the-proxy") if scheme == "socks5h" else None
    )
    with proxy.server:
        login = f"someone:{PASSWORD}@" if scheme == "socks5h" else ""
        report = doctor("--ca-file", wechat.ca_file, "--proxy", proxy.url(scheme, login))
    assert report.code == 0
    assert report.row("proxy")["origin"] == "--proxy"
    assert report.row("tls")["status"] in ("ok", "warning")
    assert proxy.targets == [(WECHAT, 443)] * 2
    assert "cret-of-the-proxy" not in report.output


@pytest.mark.parametrize("scheme", ["socks5", "socks4"])
def test_a_socks_proxy_gets_an_address_that_this_machine_looks_up(wechat: WeChat, scheme: str) -> None:
    proxy = SocksProxy(wechat.server.port)
    with proxy.server:
        options = ("--proxy", proxy.url(scheme), "--base-url", "https://localhost:4443")
        report = doctor("--ca-file", wechat.ca_file, *options)
    assert (report.code, report.row("name")["status"]) == (0, "ok")
    assert report.row("tls")["tls"] == "TLSv1.3"
    assert set(proxy.targets) <= {("127.0.0.1", 4443), ("::1", 4443)}
    assert len(proxy.targets) == 2


def test_a_proxy_that_asks_for_a_password_is_told(wechat: WeChat) -> None:
    def refuse(connection: Connection) -> None:
        connection.send(answer(b"", status="407 Proxy Authentication Required"))

    proxy = Proxy(wechat, refuse, times=9)
    with proxy.server:
        report = doctor("--ca-file", wechat.ca_file, HTTPS_PROXY=proxy.server.base_url)
    assert report.code == 75
    assert "write them into HTTPS_PROXY" in report.row("connection")["todo"]


def test_a_proxy_that_is_down_is_told(wechat: WeChat) -> None:
    proxy = Proxy(wechat)
    proxy.server.stop()
    report = doctor(https_proxy=f"http://someone:{PASSWORD}@127.0.0.1:{proxy.server.port}")
    assert report.code == 75
    assert "cannot connect to the proxy" in report.row("connection")["found"]
    assert report.row("connection")["todo"].endswith("or remove https_proxy.")
    assert "cret-of-the-proxy" not in report.output


def test_a_proxy_for_http_alone_is_a_warning(wechat: WeChat) -> None:
    host = ("--base-url", f"https://localhost:{wechat.server.port}", "--ca-file", wechat.ca_file)
    report = doctor(*host, HTTP_PROXY="http://proxy.example:3128")
    assert (report.code, report.row("proxy")["status"]) == (0, "warning")
    assert "set HTTPS_PROXY" in report.row("proxy")["todo"]


def test_a_host_that_is_excluded_is_reached_directly(wechat: WeChat) -> None:
    host = ("--base-url", f"https://localhost:{wechat.server.port}", "--ca-file", wechat.ca_file)
    report = doctor(*host, HTTPS_PROXY="http://127.0.0.1:9")
    assert report.code == 0
    assert report.row("proxy")["found"].startswith(
        "none: HTTPS_PROXY is set, but these hosts are reached without"
    )
    assert "directly" in report.row("connection")["found"]


@pytest.mark.parametrize(("listed", "url", "excluded"), [*FORMS, *DISPUTED, *IPV6_NETWORKS])
def test_no_proxy_is_read_as_calls_read_it(listed: str, url: str, excluded: bool) -> None:
    proxy = proxies.in_force(None, "", {"HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": listed})
    assert proxy is not None
    assert proxy.leads_to(proxies.target(url)) is not excluded


@pytest.mark.parametrize(
    ("environment", "origin"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://a", "https_proxy": "http://b"}, "https_proxy"),
        ({"HTTPS_PROXY": "http://a", "https_proxy": ""}, None),
        ({"ALL_PROXY": "http://a", "https_proxy": ""}, "ALL_PROXY"),
        ({"ALL_PROXY": "http://a", "HTTP_PROXY": "http://b"}, "ALL_PROXY"),
        ({"HTTP_PROXY": "http://b"}, None),
    ],
)
def test_the_variable_that_counts(environment: dict[str, str], origin: str | None) -> None:
    proxy = proxies.in_force(None, "", environment)
    assert (None if proxy is None else proxy.origin) == origin


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("proxy.example:3128", "http://proxy.example:3128"),
        ("socks5h://u:CANARY@127.0.0.1:1", "socks5h://***@127.0.0.1:1"),
        ("http://u:CAN@ARY@proxy.example", "http://***@proxy.example"),
        ("http://u:1/CANARY@proxy.example", "http://***"),
    ],
)
def test_no_password_is_shown(url: str, shown: str) -> None:
    proxy = proxies.in_force(url, "--proxy", {})
    assert proxy is not None
    assert proxy.shown == shown
