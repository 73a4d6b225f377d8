"""Scenarios by behaviour of the network: redirects, failures of TCP and TLS, proxies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import wxaudit
from secrecy.scenario import Answers, Scenario
from secrecy.scenarios.answers import always
from secrecy.stage import Stage
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secrecy.scenario import Act, Servers


def _redirecting(status: int, *, elsewhere: bool) -> Answers:
    def answers(servers: Servers, token: str) -> list[Fault]:
        host = servers.elsewhere if elsewhere else servers.fake
        return [Fault.redirect(f"{host}/moved?access_token={token.replace('é', '%C3%A9')}", status)]

    return answers


def _redirects() -> Iterator[Scenario]:
    for status in (301, 302, 303, 307, 308):
        for elsewhere, where in ((False, "the same host"), (True, "another host")):
            answers = _redirecting(status, elsewhere=elsewhere)
            yield Scenario(f"redirect {status} to {where}", Stage.ask, wxaudit.HTTPStatusError, answers)


def _ask_with(**options: Any) -> Act:
    """One call with these options."""
    return lambda stage: stage.ask(**options)


def _at(address: Callable[[Servers], str], **options: Any) -> Act:
    """One call to a server other than the fake."""
    return lambda stage: stage.ask(
        client=stage.client(address(stage.servers), ca_file=stage.servers.certificates, **options)
    )


def _through(port: Callable[[Servers], int], address: Callable[[Servers], str], **options: Any) -> Act:
    """One call through a proxy that requires a password."""

    def act(stage: Stage) -> object:
        port_number = port(stage.servers)
        client = stage.client(
            address(stage.servers),
            ca_file=stage.servers.certificates,
            proxy=lambda: stage.proxy(port_number),
            **options,
        )
        return stage.ask(client=client)

    return act


def _through_proxy_of_environment(stage: Stage) -> object:
    os.environ["HTTPS_PROXY"] = stage.proxy(stage.servers.tunnel_407)
    try:
        client = stage.client("https://wechat.invalid", ca_file=stage.servers.certificates, trust_env=True)
    finally:
        del os.environ["HTTPS_PROXY"]
    return stage.ask(client=client)


def _through_socks(stage: Stage) -> object:
    def write() -> str:
        return stage.proxy(stage.servers.socks).replace("http:", "socks5h:")

    return stage.ask(client=stage.client(_tls(stage.servers), proxy=write))


def _with_proxy(write: Callable[[str], object]) -> Act:
    """A client whose proxy is configured in another way."""
    return lambda stage: stage.ask(
        client=stage.client(proxy=lambda: write(stage.proxy(stage.servers.forward)))
    )


def _with_unusable_proxy_of_environment(stage: Stage) -> object:
    os.environ["ALL_PROXY"] = stage.proxy(stage.servers.forward).replace("http:", "ftp:")
    try:
        return stage.client("https://wechat.invalid", trust_env=True)
    finally:
        del os.environ["ALL_PROXY"]


def _https(port: Callable[[Servers], int]) -> Callable[[Servers], str]:
    return lambda servers: f"https://localhost:{port(servers)}"


def _tls(servers: Servers) -> str:
    return f"https://localhost:{servers.tls}"


def _fake(servers: Servers) -> str:
    return servers.fake


_WRONG = wxaudit.ArgumentError
_BROKEN = wxaudit.TransportError
_LATE = wxaudit.RequestTimeout
_FAST = wxaudit.Timeout(10, connect=0.2, read=0.2)

SCENARIOS = (
    *_redirects(),
    Scenario("refused", _at(lambda it: f"http://127.0.0.1:{it.refusing}"), _BROKEN, sends=0),
    Scenario("an unknown host", _at(lambda _: "https://wechat.invalid"), _BROKEN, sends=0),
    Scenario("an empty answer", Stage.ask, _BROKEN, always(Fault(cut="head"))),
    Scenario("a reset", Stage.ask, _BROKEN, always(Fault(cut="head", reset=True))),
    Scenario("a reset in the body", Stage.ask, _BROKEN, always(Fault(cut="body", cut_at=9, reset=True))),
    Scenario("no HTTP", Stage.ask, _BROKEN, always(Fault.garbage())),
    Scenario("no answer in time", _ask_with(timeout=0.2), _LATE, always(Fault(hold=True))),
    Scenario("no answer within the read limit", _ask_with(timeout=_FAST), _LATE, always(Fault(hold=True))),
    Scenario("a body that drips", _ask_with(timeout=0.2), _LATE, always(Fault(drip=1, drip_interval=0.1))),
    Scenario(
        "no connection in time",
        _at(lambda it: f"https://localhost:{it.silent}", timeout=_FAST),
        _LATE,
        sends=0,
    ),
    Scenario("TLS", _at(_tls), sends=0),
    Scenario("TLS of an unknown authority", _at(_https(lambda it: it.tls_of_stranger)), _BROKEN, sends=0),
    Scenario("TLS of another host", _at(_https(lambda it: it.tls_of_other_host)), _BROKEN, sends=0),
    Scenario("TLS with an expired certificate", _at(_https(lambda it: it.tls_expired)), _BROKEN, sends=0),
    Scenario("plain HTTP instead of TLS", _at(_https(lambda it: it.no_tls)), _BROKEN, sends=0),
    Scenario("a proxy: tunnel", _through(lambda it: it.tunnel, _tls), sends=0),
    Scenario(
        "a proxy: tunnel refused, 407",
        _through(lambda it: it.tunnel_407, _tls),
        wxaudit.HTTPStatusError,
        sends=0,
    ),
    Scenario("a proxy: tunnel refused, 502", _through(lambda it: it.tunnel_502, _tls), _BROKEN, sends=0),
    Scenario("a proxy: silent", _through(lambda it: it.silent, _tls, timeout=_FAST), _LATE, sends=0),
    Scenario("a proxy: nobody there", _through(lambda it: it.refusing, _tls), _BROKEN, sends=0),
    Scenario(
        "a proxy of the environment, 407", _through_proxy_of_environment, wxaudit.HTTPStatusError, sends=0
    ),
    Scenario("a plain proxy", _through(lambda it: it.forward, _fake), sends=0),
    Scenario(
        "a plain proxy, 407", _through(lambda it: it.forward_407, _fake), wxaudit.HTTPStatusError, sends=0
    ),
    Scenario("a SOCKS proxy that refuses the login", _through_socks, _BROKEN, sends=0),
    Scenario("a proxy without a scheme", _with_proxy(lambda url: url.removeprefix("http://")), sends=0),
    Scenario("a proxy of an unknown kind", _with_proxy(lambda url: f"ftp{url[4:]}"), _WRONG, sends=0),
    Scenario("a proxy without a host", _with_proxy(lambda url: url.partition("@")[0] + "@"), _WRONG, sends=0),
    Scenario("a proxy in bytes", _with_proxy(str.encode), _WRONG, sends=0),
    Scenario("proxies in a dict", _with_proxy(lambda url: {"https": url}), _WRONG, sends=0),
    Scenario("a bad proxy of the environment", _with_unusable_proxy_of_environment, _WRONG, sends=0),
)
