"""Answers that echo the token, and answers whose words are not to be trusted."""

from __future__ import annotations

import html
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

import wxaudit
from support.call_harness import TOKEN, CallHarness
from support.servers.raw_server import RawServer, Script, answer
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind

_ENCODED = quote(TOKEN, safe="")

# How a server, or something in front of it, may write the token of a request that it shows.
IN_TEXT = {
    "as it is": TOKEN,
    "as in the URL": _ENCODED,
    "as in the URL, in small letters": _ENCODED.lower(),
    "partly as in the URL": quote(TOKEN, safe="/+"),
}
IN_PAGES = {
    **IN_TEXT,
    "in JSON": TOKEN.replace("/", "\\/"),
    "in ASCII's JSON": TOKEN.replace("/", "\\u002f").replace("&", "\\u0026").replace("+", "\\u002B"),
    "in HTML": html.escape(TOKEN),
    "cut at the end": TOKEN[:24],
    "as in the URL, cut at the end": _ENCODED[:23],
}


def hidden(text: str) -> bool:
    """Whether neither the tail of the token, which no form changes, nor its beginning stands in the text."""
    return TOKEN[-30:] not in text and TOKEN[:10] not in text and "server" not in text


@pytest.mark.parametrize("form", IN_TEXT.values(), ids=IN_TEXT.keys())
def test_a_token_that_an_error_echoes_is_masked(client_kind: ClientKind, form: str) -> None:
    errmsg = f"invalid url /wxa/get_auditstatus?access_token={form} rid: 637accc2-7d67c301-4ae3af4b"
    body = json.dumps({"errcode": 40066, "errmsg": errmsg})
    with RawServer(Script(answer(body.encode()))) as server:
        error = CallHarness(client_kind, server).once(wxaudit.APIError)
        assert error.errmsg == errmsg.replace(form, "***")
        assert error.rid == "637accc2-7d67c301-4ae3af4b"
        assert hidden(repr(error))


@pytest.mark.parametrize("form", IN_TEXT.values(), ids=IN_TEXT.keys())
def test_a_token_that_an_answer_echoes_is_masked(client_kind: ClientKind, form: str) -> None:
    answered = {
        "errcode": 0,
        "errmsg": "ok",
        "status": 1,
        "reason": f"1:see ?access_token={form}:<br>",
        "screenshot": f"{form}|b",
        "more": [form, {form: form}],
    }
    with RawServer(Script(answer(json.dumps(answered).encode(), f"X-Token: {form}"))) as server:
        status = CallHarness(client_kind, server).ask()
    assert status.reason == "1:see ?access_token=***:<br>"
    assert status.screenshots == ("***", "b")
    assert status.raw["more"] == ["***", {"***": "***"}]
    for shown in (
        repr(status),
        str(status.to_dict()),
        status._repr_html_(),
        str(status.raw),
        str(status.reasons),
    ):
        assert hidden(shown)


@pytest.mark.parametrize("form", IN_PAGES.values(), ids=IN_PAGES.keys())
def test_a_token_in_what_is_not_an_answer_is_masked(client_kind: ClientKind, form: str) -> None:
    page = f"<html>not found: https://api.weixin.qq.com/wxa/get_auditstatus?access_token={form}"
    page += "" if form in (TOKEN[:24], _ENCODED[:23]) else "</html>"
    with RawServer(Script(answer(page.encode()))) as server:
        error = CallHarness(client_kind, server).once(wxaudit.DecodeError)
        assert error.excerpt == page.replace(form, "***")
        assert hidden(repr(error))


def test_a_token_on_the_edge_of_the_excerpt_is_masked(client_kind: ClientKind) -> None:
    """Masked before the cut: what is left of it after 200 characters would no longer be found."""
    for length in range(120, 210, 7):
        with RawServer(Script(answer(b"x" * length + TOKEN.encode() + b"y" * 300))) as server:
            error = CallHarness(client_kind, server).fails(wxaudit.DecodeError, attempts=1)
            assert error.excerpt == ("x" * length + "***" + "y" * 300)[:200]


@pytest.mark.parametrize("form", IN_TEXT.values(), ids=IN_TEXT.keys())
def test_a_token_in_the_head_gets_nowhere(client_kind: ClientKind, form: str) -> None:
    """In headers that are looked at, in headers that are not, and in a head that is malformed."""
    location = f"Location: https://elsewhere.example/?access_token={form}"
    replies = (
        answer(b"", location, status="302 Found"),
        answer(b"", f"Retry-After: {form}", status="404 Not Found"),
        answer(b"", f"Content-Encoding: {form}"),
        answer(b"", status=f"404 {form}"),
        f"{form} is no HTTP\r\n\r\n".encode(),
        f"HTTP/1.1 200 OK\r\n{form}\r\n\r\n".encode(),
    )
    for reply in replies:
        with RawServer(Script(reply)) as server:
            error = CallHarness(client_kind, server).once(wxaudit.WxAuditError, exactly=False)
            assert hidden(repr(error))


HOSTILE = (
    "\x1b[31mred\x1b[0m <script>alert(1)</script> %s %(x)s {0} "
    "\u202egnp.exe\u202c \u2066x\u2069 \r\nERROR forged"
)


def test_hostile_words_are_exact_in_the_attribute_and_escaped_elsewhere(
    client_kind: ClientKind, fake: FakeWeChat, caplog: pytest.LogCaptureFixture
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=40013, errmsg=HOSTILE))
    error = harness.once(wxaudit.APIError)
    assert error.errmsg == HOSTILE
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").warning("failed: %s", error)
    for text in (str(error), repr(error), caplog.records[-1].getMessage()):
        assert not [character for character in text if not character.isprintable()]
        assert "<script>alert(1)</script> %s %(x)s {0}" in text


def test_a_hostile_reason_is_exact_and_safe_to_show(client_kind: ClientKind, fake: FakeWeChat) -> None:
    audit = fake.submit(state=1, reason=HOSTILE)
    status = client_kind.client(fake).get_audit_status(fake.token(), audit.auditid)
    assert status.reason == HOSTILE
    assert "\x1b" not in repr(status)
    assert "\u202e" not in repr(status)
    page = status._repr_html_()
    assert "<script>" not in page
    assert html.escape("<script>") in page
    for character in "\x1b\u202e\u2066":
        assert character not in page


def test_events_hold_no_hostile_words(client_kind: ClientKind, fake: FakeWeChat) -> None:
    events: list[Any] = []
    harness = CallHarness(client_kind, fake, on_event=events.append)
    fake.fail_next(Fault(errcode=40013, errmsg=f"{HOSTILE} {harness.token}"))
    harness.once(wxaudit.APIError)
    texts = [event.error for event in events if event.error]
    assert texts
    for text in texts:
        assert text.isprintable()
        assert harness.token not in text
