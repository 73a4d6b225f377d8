"""Scenarios with token sources: good ones, and all that can be wrong with one."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import wxaudit
from secrecy.answers import always
from secrecy.canary import FRESH_TOKEN, TOKEN
from secrecy.scenario import IN_REVIEW, Scenario
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrecy.scenario import Act
    from secrecy.stage import Stage


class _Source:
    """Gives what a function gives."""

    def __init__(self, give: Callable[[bool], object]) -> None:
        self._give = give

    def get_token(self, *, refresh: bool = False) -> object:
        return self._give(refresh)


class _SameThreadSource(_Source):
    same_thread = True


class _AsyncSource(_Source):
    async def get_token(self, *, refresh: bool = False) -> object:
        return self._give(refresh)


def _two_tokens(refresh: bool) -> object:
    return FRESH_TOKEN.text() if refresh else TOKEN.text()


def _failing(_refresh: bool) -> object:
    raise OSError("the database is away")


def _failing_at_refresh(refresh: bool) -> object:
    return _failing(refresh) if refresh else TOKEN.text()


def _asking(give: Callable[[bool], object], kind: type[_Source] = _Source) -> Act:
    return lambda stage: stage.ask(kind(give))


def _ask_hanging(stage: Stage) -> object:
    awake = threading.Event()
    try:
        return stage.ask(_Source(lambda _: awake.wait(10) and TOKEN.text()), timeout=0.2)
    finally:
        awake.set()


def _cancel_while_asked(stage: Stage) -> object:
    """The task is cancelled while its source is being asked, in the loop."""
    asked = asyncio.Event()

    class Slow:
        async def get_token(self, *, refresh: bool = False) -> str:
            asked.set()
            await asyncio.sleep(60)
            return (FRESH_TOKEN if refresh else TOKEN).text()

    async def cancel() -> object:
        task = asyncio.ensure_future(stage.client().get_audit_status(Slow(), stage.auditid))
        await asked.wait()
        task.cancel()
        return await task

    return stage.run(cancel())


def _ask_walked_in_flight(stage: Stage) -> object:
    """All objects are walked over while the call is under way: only the library has the token then."""
    stage.watcher.at_request = stage.walk_in_flight
    return stage.ask(_Source(_two_tokens))


def _refusing_both(_servers: object, token: str) -> list[Fault]:
    """Each is refused with itself in the text."""
    texts = (token, FRESH_TOKEN.text())
    return [Fault(errcode=40001, errmsg=f"invalid credential {text}") for text in texts]


_EXPIRED = Fault(errcode=42001, errmsg="access_token expired")

SCENARIOS = (
    Scenario("a token source", _asking(_two_tokens)),
    Scenario("an async token source", _asking(_two_tokens, _AsyncSource), doors=("asyncio",)),
    Scenario(
        "a coroutine where none can be awaited",
        _asking(_two_tokens, _AsyncSource),
        wxaudit.TokenError,
        sends=0,
        doors=("blocking",),
    ),
    Scenario("a token source in the same thread", _asking(_two_tokens, _SameThreadSource)),
    Scenario(
        "cancelled while the source is asked",
        _cancel_while_asked,
        asyncio.CancelledError,
        sends=0,
        doors=("asyncio",),
    ),
    Scenario("a token source, objects walked in flight", _ask_walked_in_flight),
    Scenario("a refresh", _asking(_two_tokens), answers=always(_EXPIRED, IN_REVIEW), sends=2),
    Scenario("a refresh in vain", _asking(_two_tokens), wxaudit.TokenError, _refusing_both, sends=2),
    Scenario("a refresh that fails", _asking(_failing_at_refresh), wxaudit.TokenError, always(_EXPIRED)),
    Scenario(
        "an async refresh that fails",
        _asking(_failing_at_refresh, _AsyncSource),
        wxaudit.TokenError,
        always(_EXPIRED),
        doors=("asyncio",),
    ),
    Scenario("a token source that raises", _asking(_failing), wxaudit.TokenError, sends=0),
    Scenario(
        "a token source that hangs", _ask_hanging, (wxaudit.TokenError, wxaudit.RequestTimeout), sends=0
    ),
    Scenario(
        "a token source with a line break",
        _asking(lambda _: TOKEN.text() + "\n"),
        wxaudit.TokenError,
        sends=0,
    ),
    Scenario(
        "a token source that gives bytes",
        _asking(lambda _: TOKEN.text().encode()),
        wxaudit.TokenError,
        sends=0,
    ),
    Scenario(
        "a token source that gives a dict",
        _asking(lambda _: {"token": TOKEN.text()}),
        wxaudit.TokenError,
        sends=0,
    ),
    Scenario(
        "a token source that gives twenty tokens",
        _asking(lambda _: TOKEN.text() * 20),
        wxaudit.TokenError,
        sends=0,
    ),
)
