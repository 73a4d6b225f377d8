"""Options of clients and calls, base URLs and the environment: used as they are, or refused at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.call_harness import CallHarness

if TYPE_CHECKING:
    from pathlib import Path

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat


BAD_OPTIONS: dict[str, dict[str, Any]] = {
    "timeout 0": {"timeout": 0},
    "timeout below 0": {"timeout": -1},
    "timeout NaN": {"timeout": float("nan")},
    "timeout without end": {"timeout": float("inf")},
    "timeout of years": {"timeout": 10**10},
    "timeout beyond floats": {"timeout": 10**400},
    "timeout True": {"timeout": True},
    "timeout as text": {"timeout": "5"},
    "timeout as a tuple": {"timeout": (5, 5)},
    "timeout below 0 as timedelta": {"timeout": timedelta(seconds=-1)},
    "max_retries below 0": {"max_retries": -1},
    "max_retries above 10": {"max_retries": 11},
    "max_retries beyond 32 bits": {"max_retries": 2**32},
    "max_retries beyond 128 bits": {"max_retries": 10**400},
    "max_retries True": {"max_retries": True},
    "max_retries as a float": {"max_retries": 2.0},
    "max_retries as text": {"max_retries": "2"},
}
OF_A_CALL: dict[str, dict[str, Any]] = {
    **BAD_OPTIONS,
    "appid as a number": {"appid": 5},
    "appid as bytes": {"appid": b"wx5b97b03f7e2c4d18"},
    "appid with a lone surrogate": {"appid": "\ud800"},
}


@pytest.mark.parametrize("options", OF_A_CALL.values(), ids=OF_A_CALL.keys())
def test_options_of_a_call_that_make_no_sense(
    client_kind: ClientKind, fake: FakeWeChat, options: dict[str, Any]
) -> None:
    harness = CallHarness(client_kind, fake)
    with pytest.raises(wxaudit.ArgumentError) as caught:
        harness.caller.get_audit_status(harness.token, harness.auditid, **options)
    assert next(iter(options)) in str(caught.value)
    assert len(str(caught.value)) < 300
    assert fake.connections_accepted == 0
    harness.goes_on()


OF_A_CLIENT: dict[str, dict[str, Any]] = {
    **BAD_OPTIONS,
    "max_concurrency 0": {"max_concurrency": 0},
    "max_concurrency below 0": {"max_concurrency": -1},
    "max_concurrency beyond 32 bits": {"max_concurrency": 2**32},
    "max_concurrency as text": {"max_concurrency": "5"},
    "max_concurrency True": {"max_concurrency": True},
    "user_agent with a line break": {"user_agent": "shop/1.0\r\nX-Injected: 1"},
    "user_agent with NUL": {"user_agent": "shop\0"},
    "user_agent in Chinese": {"user_agent": "小店/1.0"},
    "user_agent as bytes": {"user_agent": b"shop/1.0"},
    "user_agent as a number": {"user_agent": 1},
    "user_agent empty": {"user_agent": ""},
    "on_event as text": {"on_event": "print"},
    "on_event as a list": {"on_event": [print]},
    "proxy as a number": {"proxy": 3128},
    "proxy as bytes": {"proxy": b"http://127.0.0.1:3128"},
    "proxy empty": {"proxy": ""},
    "proxy of another protocol": {"proxy": "ftp://127.0.0.1:1080"},
    "proxy without a host": {"proxy": "http://"},
    "proxy with a port beyond all": {"proxy": "http://127.0.0.1:99999"},
    "ca_file as a number": {"ca_file": 5},
    "base_url as bytes": {"base_url": b"https://api.weixin.qq.com"},
}


@pytest.mark.parametrize("kind", [wxaudit.Client, wxaudit.AsyncClient])
@pytest.mark.parametrize("options", OF_A_CLIENT.values(), ids=OF_A_CLIENT.keys())
def test_options_of_a_client_that_make_no_sense(kind: Any, options: dict[str, Any]) -> None:
    with pytest.raises(wxaudit.ArgumentError) as caught:
        kind(**options)
    assert next(iter(options)) in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("kind", [wxaudit.Client, wxaudit.AsyncClient])
def test_an_unknown_option_is_a_type_error(kind: Any) -> None:
    with pytest.raises(TypeError, match="time_out"):
        kind(time_out=5)


GOOD_BASE_URLS = [
    "https://api.weixin.qq.com",
    "https://api.weixin.qq.com/",
    "HTTPS://API.WEIXIN.QQ.COM",
    "https://api2.weixin.qq.com:8443/gateway/wechat/",
    "https://xn--api-weixin-qq-com.example",
    "https://203.0.113.7",
    "https://[2001:db8::1]:8443",
    "http://localhost:8080",
    "http://127.0.0.1",
    "http://127.1.2.3:8080/gateway",
    "http://[::1]:8080",
]
BAD_BASE_URLS = {
    "http": "http://example.com",
    "http for WeChat": "http://api.weixin.qq.com",
    "http for a private address": "http://192.168.0.1",
    "http for every address": "http://0.0.0.0",
    "http for a name like the loopback's": "http://localhost.example.com",
    "http for a name that begins so": "http://127.0.0.1.example.com",
    "http for a name under localhost": "http://x.localhost",
    "a mapped loopback address": "http://[::ffff:127.0.0.1]",
    "a user": "https://user@api.weixin.qq.com",
    "a user and a password": "https://user:a-password@api.weixin.qq.com",
    "a user that looks like the host": "https://api.weixin.qq.com@example.com",
    "an empty user": "https://@api.weixin.qq.com",
    "a query": "https://api.weixin.qq.com?a=b",
    "a token": "https://api.weixin.qq.com?access_token=a-password",
    "an empty query": "https://api.weixin.qq.com?",
    "a fragment": "https://api.weixin.qq.com#x",
    "an empty fragment": "https://api.weixin.qq.com#",
    "a line break inside": "https://api.weixin\n.qq.com",
    "a line break behind": "https://api.weixin.qq.com\n",
    "a tab": "https://api.weixin\t.qq.com",
    "a blank in front": " https://api.weixin.qq.com",
    "a blank behind": "https://api.weixin.qq.com ",
    "a backslash": "https:\\\\api.weixin.qq.com",
    "a backslash before the path": "https://api.weixin.qq.com\\@example.com",
    "NUL": "https://api.weixin.qq.com\0.example.com",
    "letters that look alike": "https://api.weixin.qq.ｃom",
    "Cyrillic letters": "https://арi.weixin.qq.com",
    "a full-width dot": "https://api。weixin.qq.com",
    "an address in hexadecimal": "http://0x7f.1",
    "an address as one number": "http://2130706433",
    "an octal address": "http://0177.0.0.1",
    "a short address": "http://127.1",
    "a percent-encoded host": "https://api.weixin.qq.com%2eexample.com",
    "a percent-encoded loopback": "http://%6cocalhost",
    "no scheme": "api.weixin.qq.com",
    "no scheme, with slashes": "//api.weixin.qq.com",
    "one slash": "https:/api.weixin.qq.com",
    "another scheme": "ftp://api.weixin.qq.com",
    "a file": "file:///etc/passwd",
    "no host": "https://",
    "a port beyond all": "https://api.weixin.qq.com:99999",
    "a port that is not a number": "https://api.weixin.qq.com:abc",
    "empty": "",
}


@pytest.mark.parametrize("base_url", GOOD_BASE_URLS)
def test_base_urls_that_are_taken(base_url: str) -> None:
    plain = base_url.lower().rstrip("/")
    assert plain in repr(wxaudit.Client(base_url=base_url)) or plain == "https://api.weixin.qq.com"


@pytest.mark.parametrize("base_url", BAD_BASE_URLS.values(), ids=BAD_BASE_URLS.keys())
def test_base_urls_that_are_refused(base_url: str) -> None:
    with pytest.raises(wxaudit.ArgumentError) as caught:
        wxaudit.Client(base_url=base_url)
    assert "base_url" in str(caught.value)
    assert "a-password" not in repr(caught.value)


@pytest.mark.parametrize("path", ["", "/", "/gateway", "/gateway/wechat/", "/a%20b"])
def test_the_path_of_a_base_url_stands_before_the_operation(
    client_kind: ClientKind, fake: FakeWeChat, path: str
) -> None:
    harness = CallHarness(client_kind, fake, base_url=fake.base_url + path)
    if path.strip("/"):
        with pytest.raises(wxaudit.APIError) as caught:
            harness.ask()
        assert caught.value.errcode == 40066
    else:
        harness.ask()
    assert fake.requests[0].path == path.rstrip("/") + "/wxa/get_auditstatus"


def test_a_ca_file_is_read_at_the_first_call(client_kind: ClientKind, tmp_path: Path) -> None:
    files = {
        "absent": tmp_path / "absent.pem",
        "a directory": tmp_path,
        "empty": tmp_path / "empty.pem",
        "no PEM": tmp_path / "no.pem",
        "no certificate": tmp_path / "broken.pem",
    }
    files["empty"].write_bytes(b"")
    files["no PEM"].write_bytes(b"\xff\x00 no certificate")
    files["no certificate"].write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for name, file in files.items():
        client = client_kind.client("https://localhost:9", ca_file=file)
        for _ in range(2):
            with pytest.raises(wxaudit.ArgumentError) as caught:
                client.get_audit_status("a-token-of-nobody", 1)
            assert "ca_file" in str(caught.value), name
            assert str(file) in str(caught.value), name
