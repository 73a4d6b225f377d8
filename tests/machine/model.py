"""The rules of a call, written a second time and without a network: its possible outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import wxaudit
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RETRIES = 2
REFUSED_TOKEN = (40001, 40014, 42001)


class Scripted(NamedTuple):
    """What the server does to one request, and how a client has to take it."""

    fault: Fault
    # What the call raises if it makes no further attempt.
    error: type[wxaudit.WxAuditError]
    retries: int = 0
    # It ends the connection before the answer begins: on a reused one the request is sent again at once.
    breaks: bool = False
    # None of the above: the token is refused.
    refuses_token: bool = False


SCRIPTED: dict[str, Scripted] = {
    "busy": Scripted(Fault(errcode=-1), wxaudit.ServerBusyError, MAX_RETRIES),
    "503": Scripted(Fault.http(503), wxaudit.HTTPStatusError, MAX_RETRIES),
    "429 at once": Scripted(
        Fault.http(429, headers={"Retry-After": "0"}), wxaudit.HTTPStatusError, MAX_RETRIES
    ),
    "404": Scripted(Fault.http(404), wxaudit.HTTPStatusError),
    "cut before the head": Scripted(Fault(cut="head"), wxaudit.TransportError, MAX_RETRIES, breaks=True),
    "reset": Scripted(Fault(cut="head", reset=True), wxaudit.TransportError, MAX_RETRIES, breaks=True),
    "cut in the body": Scripted(Fault(cut="body", cut_at=9), wxaudit.TransportError, MAX_RETRIES),
    "no HTTP": Scripted(Fault.garbage(), wxaudit.TransportError),
    "an empty answer": Scripted(Fault(body=b""), wxaudit.DecodeError, 1),
    "no status": Scripted(Fault(body=b'{"errcode":0,"errmsg":"ok"}'), wxaudit.DecodeError),
    "no JSON": Scripted(Fault(body=b"<html>"), wxaudit.DecodeError),
    "no audit": Scripted(Fault(errcode=85012), wxaudit.AuditNotFoundError),
    "an unknown errcode": Scripted(Fault(errcode=99999), wxaudit.APIError),
    "a refused token": Scripted(Fault(errcode=42001), wxaudit.TokenError, refuses_token=True),
    "the minute's quota": Scripted(Fault(errcode=45011), wxaudit.MinuteQuotaError),
    "the day's quota": Scripted(Fault(errcode=45009), wxaudit.DayQuotaError),
}


class Outcome(NamedTuple):
    """A possible outcome: the class of the error, or None for an answer, and what led to it."""

    error: type[wxaudit.WxAuditError] | None
    attempts: int
    sends: int
    refreshes: int


def outcomes(names: tuple[str, ...], *, is_stale: bool) -> set[Outcome]:
    """What a call on a source may come to if these faults meet its first requests."""
    return set(_attempts(names, is_stale=is_stale, attempts=0, sends=0, retries=0, refreshes=0))


def _attempts(
    names: tuple[str, ...], *, is_stale: bool, attempts: int, sends: int, retries: int, refreshes: int
) -> Iterator[Outcome]:
    attempts, sends = attempts + 1, sends + 1
    counts = {"attempts": attempts, "sends": sends, "refreshes": refreshes}
    if not names:
        if not is_stale:
            yield Outcome(None, **counts)
        elif refreshes:
            yield Outcome(wxaudit.TokenError, **counts)
        else:
            yield from _attempts((), is_stale=False, retries=retries, **{**counts, "refreshes": 1})
        return
    first, rest = SCRIPTED[names[0]], names[1:]
    if first.breaks:
        # A reused connection that breaks is replaced within the same attempt.
        yield from _attempts(
            rest, is_stale=is_stale, attempts=attempts - 1, sends=sends, retries=retries, refreshes=refreshes
        )
    if first.refuses_token and not refreshes:
        yield from _attempts(rest, is_stale=False, retries=retries, **{**counts, "refreshes": 1})
    elif retries < first.retries:
        yield from _attempts(rest, is_stale=is_stale, retries=retries + 1, **counts)
    else:
        yield Outcome(first.error, **counts)
