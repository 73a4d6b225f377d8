"""The control plane answers invalid values with 400 and writes nothing to standard error."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from support.fake_program import exchange
from support.push_platform import APPID, KEY, TOKEN
from wxaudit.testing._control.server import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wxaudit.testing import FakeWeChat

INFINITY = float("inf")
OF_AN_AUDIT = {
    "url": "http://127.0.0.1:9/",
    "token": TOKEN,
    "encoding_aes_key": KEY,
    "component_appid": APPID,
}
PUSH = {**OF_AN_AUDIT, "event": "weapp_audit_fail"}


@pytest.fixture
def control(fake: FakeWeChat) -> Iterator[str]:
    fake.submit(auditid=5)
    fake.submit(auditid=6, state=1)
    with ControlPlane(fake) as control:
        yield control.url


REFUSED: list[tuple[str, str, object, str]] = [
    ("POST", "/clock", {"advance": 1e300}, "by must be finite and at most 1000 years"),
    ("POST", "/clock", {"advance": 1e12}, "by must be finite and at most 1000 years"),
    ("POST", "/clock", {"advance": float("nan")}, "by must be finite"),
    ("POST", "/tokens", {"expires_in": 1e300}, "expires_in must be finite and at most 1000 years"),
    ("POST", "/tokens", {"length": 10**9}, "length must be at least 64 and at most 65536"),
    ("POST", "/audits", {"life": [{"state": 1, "after": 1e300}]}, "after must be finite"),
    ("POST", "/audits", {"user_version": 5}, "user_version must be a string, not int"),
    ("POST", "/audits", {"user_desc": None}, "user_desc must be a string, not NoneType"),
    ("GET", "/requests?wait_for=5&timeout=inf", None, "timeout must be at most"),
    ("GET", "/requests?wait_for=5&timeout=1e20", None, "timeout must be at most"),
    ("GET", "/requests?wait_for=5&timeout=nan", None, "timeout must be at most"),
    ("GET", "/connections?wait_for_held=5&timeout=nan", None, "timeout must be at most"),
    ("POST", "/media", {"media_id": 5}, "media_id must be a string, not int"),
    (
        "POST",
        "/faults",
        {"fault": {"errcode": -1}, "times": 1.5},
        "times must be None or of type int, not 1.5",
    ),
    (
        "POST",
        "/faults",
        {"fault": {"errcode": -1}, "auditid": "5"},
        "auditid must be None or of type int, not '5'",
    ),
    ("POST", "/faults", {"fault": {"errcode": -1}, "appid": 5}, "appid must be None or of type str, not 5"),
    ("POST", "/faults", {"fault": {"errcode": -1}, "reused": "yes"}, "reused must be True, False or None"),
    ("POST", "/push", {**PUSH, "nonce": 5}, "nonce must be a string, not int"),
    (
        "POST",
        "/push",
        {**PUSH, "timestamp": "1"},
        "timestamp must be a whole number of Unix seconds, not str",
    ),
    ("POST", "/push", {**PUSH, "reason": 5}, "reason must be a string, not int"),
    ("POST", "/push", {**PUSH, "screenshots": "abc"}, "screenshots must be a sequence of media_ids"),
    ("POST", "/push", {**PUSH, "event": 5}, "audit must be a FakeAudit or the name of an event, not int"),
    ("POST", "/push", {**OF_AN_AUDIT, "auditid": INFINITY}, "infinity"),
    (
        "POST",
        "/push",
        {**OF_AN_AUDIT, "auditid": 6, "reason": "r"},
        "an audit has its own",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "error"), REFUSED, ids=range(len(REFUSED)))
def test_an_invalid_value_is_explained(
    control: str, capfd: pytest.CaptureFixture[str], method: str, path: str, body: object, error: str
) -> None:
    status, answer = exchange(method, control + path, body)
    assert status == 400
    assert error in answer["error"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "abc"},
        {"Content-Length": "-5"},
        {"Content-Length": "²"},
        {"Content-Length": "9" * 5000},
        {"Transfer-Encoding": "chunked"},
    ],
    ids=["text", "negative", "superscript", "long", "chunked"],
)
def test_a_body_without_a_valid_length_is_explained(
    control: str, capfd: pytest.CaptureFixture[str], headers: dict[str, Any]
) -> None:
    parts = urlsplit(control)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    connection.putrequest("POST", f"{parts.path}/reset")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.headers["Connection"]) == (400, "close")
    assert "the body needs a valid Content-Length" in json.loads(response.read())["error"]
    connection.close()
    assert capfd.readouterr().err == ""
    assert exchange("GET", f"{control}/clock", None)[0] == 200


def test_the_clock_stays_within_the_range_of_datetime(fake: FakeWeChat) -> None:
    for _ in range(5):
        fake.clock.advance(1000 * 365 * 24 * 3600)
    with pytest.raises(ValueError, match="cannot move beyond the year 8000"):
        fake.clock.advance(1000 * 365 * 24 * 3600)
    assert fake.client().get_audit_status(fake.token(), fake.submit().auditid).is_pending


def test_each_help_text_is_one_line(control: str) -> None:
    routes = exchange("GET", f"{control}/", None)[1]["routes"]
    assert not [route for route in routes if "\n" in route["help"] or "  " in route["help"]]
