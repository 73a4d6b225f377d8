"""Test that the other operations expose no token in results, errors, reports or stored objects."""

from __future__ import annotations

import json
import pickle
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

import wxaudit
from secrecy.passed import shown_locals
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.client_kind import Caller, ClientKind
    from wxaudit.testing import FakeWeChat

RID = "637accc2-7d67c301-4ae3af4b"
ASKS: dict[str, Callable[[Caller, Any, Any], Any]] = {
    "get_latest_audit_status": lambda caller, token, _: caller.call("get_latest_audit_status", token),
    "get_screenshot": lambda caller, token, given: caller.call("get_screenshot", token, given or "media"),
    "get_screenshots": lambda caller, token, given: caller.call("get_screenshots", token, [given or "media"]),
    "explain": lambda caller, token, given: caller.call("explain", token, given or RID),
    "quota": lambda caller, token, _: caller.call("quota", token),
}
FAILURES: dict[str, Callable[[str], Fault]] = {
    "refused": lambda token: Fault(errcode=40014, errmsg=f"no: {token} rid: {RID}"),
    "undecodable": lambda token: Fault(body=f'{{"errcode":null,"echo":"{token}"}}'.encode()),
    "page": lambda token: Fault(body=f"<html>{quote(token, safe='')}</html>".encode()),
    "status": lambda token: Fault(http_status=403, body=token.encode()),
    "cut": lambda _: Fault(cut="head", cut_at=0),
}


def forms(token: str) -> list[str]:
    """The token in each form, and a usable fragment of it."""
    return [token, quote(token, safe=""), json.dumps(token)[1:-1], repr(token)[1:-1], token[20:44]]


def shown(thing: Any) -> Iterator[str]:
    yield from (str(thing), repr(thing), repr(pickle.dumps(thing)), pickle.dumps(thing).decode("latin-1"))
    for name in ("report", "_repr_html_", "_repr_mimebundle_", "to_dict"):
        show = getattr(thing, name, None)
        if show is not None:
            yield str(show())
    if isinstance(thing, BaseException):
        yield from traceback.format_exception(thing)
        yield from frames(thing)


def frames(error: BaseException | None) -> Iterator[str]:
    """The locals of the library's frames, as a reporter shows them, without arguments of the caller."""
    while error is not None:
        yield from shown_locals(error)
        error = error.__cause__ or error.__context__


def leaks(texts: Iterator[str], *tokens: str) -> list[str]:
    secrets = [form for token in tokens for form in forms(token)]
    return [text for text in texts if any(secret in text for secret in secrets)]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("operation", ASKS)
def test_no_failure_shows_it(client_kind: ClientKind, fake: FakeWeChat, operation: str, failure: str) -> None:
    token = fake.token(url_safe=False)
    events: list[wxaudit.Event] = []
    caller = client_kind.client(fake, on_event=events.append, max_retries=0)
    fake.fail_next(FAILURES[failure](token))
    with pytest.raises(wxaudit.WxAuditError) as caught:
        ASKS[operation](caller, token, None)
    assert fake.requests[-1].token == token
    assert leaks(shown(caught.value), token) == []
    assert events
    assert leaks(iter([repr(events)]), token) == []


@pytest.mark.parametrize("operation", ["get_screenshot", "get_screenshots", "explain"])
def test_no_message_shows_it_in_the_wrong_place(
    client_kind: ClientKind, fake: FakeWeChat, operation: str
) -> None:
    token = fake.token(url_safe=False)
    for wrong in (token, token.encode(), f"{token}\n"):
        with pytest.raises(wxaudit.ArgumentError) as caught:
            ASKS[operation](client_kind.client(fake), token, wrong)
        assert leaks(shown(caught.value), token) == []
    assert fake.requests_received == 0


@pytest.mark.parametrize("operation", ASKS)
def test_no_result_shows_it(client_kind: ClientKind, fake: FakeWeChat, operation: str) -> None:
    former, token = fake.token(url_safe=False), fake.token(url_safe=False)
    caller = client_kind.client(fake)
    media_id = fake.media_id()
    audit = fake.submit(state=1, reason=f"1:{token}", screenshots=[media_id], user_desc=token)
    fake.fail_next(Fault(errcode=85012, errmsg=f'"access_token":"{former}" rid: {RID}'))
    with pytest.raises(wxaudit.APIError):
        caller.get_audit_status(former, audit.auditid)
    subject = media_id if "screenshot" in operation else RID
    result = ASKS[operation](caller, token, subject)
    assert leaks(shown(result), token, former) == []
