"""Which proxy a client uses: the one it was given, or else the environment's, and for this machine none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.call_harness import CallHarness
from support.name_lookup import NameLookup
from support.servers.connect_proxy import TO_WECHAT, WECHAT, Proxy, WeChat
from support.servers.raw_server import RawServer, Script
from support.subprocess_runner import run_child

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

VARIABLES = (
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def wechat(tmp_path: Path) -> Iterator[WeChat]:
    wechat = WeChat(tmp_path)
    with wechat.server:
        yield wechat


@pytest.fixture
def proxy(wechat: WeChat) -> Iterator[Proxy]:
    proxy = Proxy(wechat)
    with proxy.server:
        yield proxy


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""], ids=["URL", "host and port"])
def test_the_environment_names_the_proxy(
    client_kind: ClientKind,
    wechat: WeChat,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    scheme: str,
) -> None:
    monkeypatch.setenv(variable, f"{scheme}127.0.0.1:{proxy.server.port}")
    monkeypatch.setenv("NO_PROXY", "example.com, 10.0.0.0/8, in.qq.com")
    harness = CallHarness(client_kind, wechat.server, base_url=f"https://{WECHAT}", ca_file=wechat.ca_file)
    harness.goes_on()
    assert proxy.targets == [TO_WECHAT]


def test_the_proxy_for_https_goes_before_the_one_for_all(
    client_kind: ClientKind, wechat: WeChat, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", proxy.server.base_url)
    CallHarness(client_kind, wechat.server, base_url=f"https://{WECHAT}", ca_file=wechat.ca_file).goes_on()
    assert proxy.targets == [TO_WECHAT]


def test_the_environment_counts_when_the_client_is_made(
    client_kind: ClientKind, wechat: WeChat, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.server.base_url)
    harness = CallHarness(client_kind, wechat.server, base_url=f"https://{WECHAT}", ca_file=wechat.ca_file)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    harness.goes_on()
    assert proxy.targets == [TO_WECHAT]


def test_a_proxy_that_was_given_goes_before_the_environment(
    client_kind: ClientKind, wechat: WeChat, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", WECHAT)
    given = proxy.server.base_url
    CallHarness(
        client_kind, wechat.server, base_url=f"https://{WECHAT}", ca_file=wechat.ca_file, proxy=given
    ).goes_on()
    assert proxy.targets == [TO_WECHAT]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_never_behind_the_proxy_of_the_environment(
    client_kind: ClientKind, fake: FakeWeChat, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    for variable in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, proxy.server.base_url)
    harness = CallHarness(client_kind, fake, base_url=f"http://{host}:{fake.port}", trust_env=True)
    harness.goes_on()
    assert proxy.server.connections_accepted == 0


def test_nor_is_it_over_https(
    client_kind: ClientKind, wechat: WeChat, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.server.base_url)
    base_url = f"https://localhost:{wechat.server.port}"
    CallHarness(client_kind, wechat.server, base_url=base_url, ca_file=wechat.ca_file).goes_on()
    assert proxy.server.connections_accepted == 0


def test_a_proxy_that_was_given_serves_this_machine_too(client_kind: ClientKind) -> None:
    with RawServer(Script()) as proxy:
        CallHarness(client_kind, proxy, base_url="http://127.0.0.1:9", proxy=proxy.base_url).goes_on()
        line = proxy.requests[0].head.split(b"\r\n")[0]
    assert line.startswith(b"POST http://127.0.0.1:9/wxa/get_auditstatus?access_token=")


def test_a_proxy_may_itself_be_reached_over_tls(client_kind: ClientKind, wechat: WeChat) -> None:
    proxy = Proxy(wechat, tls=wechat.tls)
    with proxy.server:
        url = f"https://localhost:{proxy.server.port}"
        base_url = f"https://{WECHAT}"
        CallHarness(
            client_kind, wechat.server, base_url=base_url, ca_file=wechat.ca_file, proxy=url
        ).goes_on()
        assert proxy.targets == [TO_WECHAT]


DIRECT: dict[str, tuple[dict[str, str], bool]] = {
    "the host itself": ({"NO_PROXY": WECHAT}, True),
    "in small letters": ({"no_proxy": WECHAT}, True),
    "a domain": ({"NO_PROXY": "weixin.qq.com"}, True),
    "a domain with a dot": ({"NO_PROXY": ".qq.com"}, True),
    "one of several": ({"NO_PROXY": "example.com, qq.com"}, True),
    "everything": ({"NO_PROXY": "*"}, True),
    "the environment is not trusted": ({}, False),
    "a proxy for http alone": ({"HTTPS_PROXY": "", "HTTP_PROXY": "http://127.0.0.1:9"}, True),
}

ASK = """
import json, os, sys
from support.client_kind import ClientKind

kind, base_url, ca_file, proxy, cases = sys.argv[1:]
client_kind = ClientKind(kind)
for name, (variables, trust_env) in json.loads(cases).items():
    os.environ.update({"HTTPS_PROXY": proxy, **variables})
    client = client_kind.client(base_url, ca_file=ca_file, trust_env=trust_env, timeout=5)
    try:
        assert client.get_audit_status("a-token-of-nobody", 1).status == 2
    except Exception as error:
        raise AssertionError(name) from error
    for variable in variables:
        del os.environ[variable]
"""


def test_some_hosts_are_reached_without_the_proxy(
    client_kind: ClientKind, wechat: WeChat, proxy: Proxy, tmp_path: Path
) -> None:
    names = NameLookup(tmp_path)
    names.answer(WECHAT, "127.0.0.1")
    base_url = f"https://{WECHAT}:{wechat.server.port}"
    cases = json.dumps(DIRECT)
    run_child(
        ASK,
        client_kind.kind,
        base_url,
        wechat.ca_file,
        proxy.server.base_url,
        cases,
        environment=names.environment,
    )
    assert proxy.server.connections_accepted == 0
    assert wechat.server.connections_accepted == len(DIRECT)
