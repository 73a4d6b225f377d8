"""The forms of `NO_PROXY`: what wxaudit, curl and requests make of them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import requests.utils

import wxaudit
from support.servers.raw_server import Connection, RawServer, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "https://api.weixin.qq.com"
IPV4 = "https://10.1.2.3"
IPV6 = "https://[2001:db8::1]"

# Whether a list excludes a URL from the proxy.
FORMS = [
    ("api.weixin.qq.com", HOST, True),
    ("API.WeiXin.QQ.com", HOST, True),
    ("qq.com", HOST, True),
    (".qq.com", HOST, True),
    ("com", HOST, True),
    ("qq.com", "https://qq.com", True),
    (".qq.com", "https://qq.com", True),
    ("qq.com", "https://notqq.com", False),
    (".qq.com", "https://notqq.com", False),
    ("api.weixin.qq.com", "https://qq.com", False),
    ("in.qq.com", HOST, False),
    ("weixin", HOST, False),
    ("*", HOST, True),
    ("*", IPV4, True),
    (" * ", HOST, False),
    ("*,a.example", HOST, False),
    ("a.example,*", HOST, False),
    ("*.qq.com", HOST, False),
    ("q?.com", HOST, False),
    ("", HOST, False),
    (",", HOST, False),
    (".", HOST, False),
    ("a.example,qq.com", HOST, True),
    ("a.example, qq.com", HOST, True),
    ("a.example,,qq.com,", HOST, True),
    (" qq.com ", HOST, True),
    ("a.example;qq.com", HOST, False),
    ("https://api.weixin.qq.com", HOST, False),
    ("qq.com/", HOST, False),
    ("api.weixin.qq.com:443", HOST, False),
    ("api.weixin.qq.com:443", f"{HOST}:8443", False),
    ("api.weixin.qq.com.", f"{HOST}.", True),
    ("10.1.2.3", IPV4, True),
    ("10.1.2.3:443", IPV4, False),
    ("10.1.2.3:8443", f"{IPV4}:8443", False),
    ("10.0.0.0/8", IPV4, True),
    ("10.0.0.0/8", "https://11.1.2.3", False),
    ("10.1.2.3/8", "https://10.9.9.9", True),
    ("10.1.2.3/32", IPV4, True),
    ("10.1.2.4/31", "https://10.1.2.5", True),
    ("10.1.2.4/31", "https://10.1.2.6", False),
    ("10.0.0.0/33", IPV4, False),
    ("10.0.0.0/", IPV4, False),
    ("10.0.0.0/255.0.0.0", IPV4, False),
    ("0.0.0.0/0", IPV4, False),
    ("10.0.0.0/8", HOST, False),
    ("10.", IPV4, False),
    ("10.*", IPV4, False),
    ("2001:db8::1", IPV6, True),
    ("2001:DB8::1", IPV6, True),
    ("2001:db8::2", IPV6, False),
    ("[2001:db8::1]", IPV6, False),
    ("[2001:db8::1]:8443", f"{IPV6}:8443", False),
    ("0.0.0.0/0", IPV6, False),
]

# Where curl and requests differ: as the list was probably meant, but a domain begins after a dot.
DISPUTED = [
    ("..qq.com", HOST, True),
    ("a.example qq.com", HOST, True),
    ("a.example\tqq.com", HOST, True),
    ("qq.com.", HOST, True),
    ("qq.com", f"{HOST}.", True),
    ("api.weixin.qq.com:8443", f"{HOST}:8443", True),
    ("qq.com:8443", f"{HOST}:8443", True),
    (".qq.com:8443", f"{HOST}:8443", True),
    (".3", IPV4, False),
    ("2.3", IPV4, False),
]

# Newer versions of curl read these as wxaudit does; older ones and requests compare IPv6 addresses as text.
IPV6_NETWORKS = [
    ("2001:db8:0::1", IPV6, True),
    ("2001:db8::/32", IPV6, True),
    ("2001:db8::/32", "https://[2001:db9::1]", False),
]


@pytest.fixture(scope="module")
def proxy() -> Iterator[RawServer]:
    """A proxy that refuses every request."""

    def refuse(connection: Connection) -> None:
        connection.read_request()
        connection.send(answer(b"", status="502 Bad Gateway"))

    with RawServer(refuse) as proxy:
        yield proxy


def curl_excludes(no_proxy: str, url: str, proxy: RawServer) -> bool:
    """Whether curl did not ask the proxy. What it asks directly is a port of this machine that refuses."""
    before = proxy.connections_accepted
    environment = {"https_proxy": proxy.base_url, "NO_PROXY": no_proxy}
    command = ["curl", "--silent", "--output", "/dev/null", "--connect-to", "::127.0.0.9:1", url]
    done = subprocess.run(command, env=environment, timeout=30, check=False)
    asked = proxy.connections_accepted > before
    assert done.returncode == (56 if asked else 7)
    return not asked


def requests_excludes(no_proxy: str, url: str, proxy: RawServer, monkeypatch: pytest.MonkeyPatch) -> bool:
    set_variables(monkeypatch, HTTPS_PROXY=proxy.base_url, NO_PROXY=no_proxy)
    return requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) is None


def wxaudit_excludes(kind: type, no_proxy: str, url: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a variable that names no proxy is not an error: then it is not used."""
    set_variables(monkeypatch, HTTPS_PROXY="ftp://a-proxy.example", NO_PROXY=no_proxy)
    try:
        kind(base_url=url)
    except wxaudit.ArgumentError as error:
        return not str(error).startswith("HTTPS_PROXY: is not the URL of a proxy")
    return True


def set_variables(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("kind", [wxaudit.Client, wxaudit.AsyncClient])
@pytest.mark.parametrize(("no_proxy", "url", "expected"), FORMS + DISPUTED + IPV6_NETWORKS)
def test_forms_of_no_proxy(
    kind: type, no_proxy: str, url: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wxaudit_excludes(kind, no_proxy, url, monkeypatch) == expected


@pytest.mark.parametrize(("no_proxy", "url", "expected"), FORMS)
def test_curl_and_requests_agree(
    no_proxy: str, url: str, expected: bool, proxy: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert curl_excludes(no_proxy, url, proxy) == expected
    assert requests_excludes(no_proxy, url, proxy, monkeypatch) == expected


@pytest.mark.parametrize(("no_proxy", "url"), [(no_proxy, url) for no_proxy, url, _ in DISPUTED])
def test_curl_and_requests_differ(
    no_proxy: str, url: str, proxy: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_requests = requests_excludes(no_proxy, url, proxy, monkeypatch)
    assert curl_excludes(no_proxy, url, proxy) != by_requests
