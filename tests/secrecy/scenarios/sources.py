"""Scenarios with valid and faulty token sources."""

from __future__ import annotations

import asyncio
import pickle
import threading
from typing import TYPE_CHECKING

import wxaudit
from secrecy.canary import FRESH_TOKEN, TOKEN
from secrecy.scenario import IN_REVIEW, Scenario
from secrecy.scenarios.answers import always
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrecy.scenario import Act
    from secrecy.stage import Stage


class Source:
    """A token source that calls a function."""

    def __init__(self, give: Callable[[bool], object]) -> None:
        self._give = give

    def get_token(self, *, refresh: bool = False) -> object:
        return self._give(refresh)


class SameThreadSource(Source):
    same_thread = True


class AsyncSource(Source):
    async def get_token(self, *, refresh: bool = False) -> object:
        return self._give(refresh)


def two_tokens(refresh: bool) -> object:
    return FRESH_TOKEN.text() if refresh else TOKEN.text()


def failing(_refresh: bool) -> object:
    raise OSError("the database is away")


def failing_with_token(_refresh: bool) -> object:
    raise OSError(f"no such row: {TOKEN.text()}")


def failing_at_refresh(refresh: bool) -> object:
    return failing(refresh) if refresh else TOKEN.text()


def _asking(give: Callable[[bool], object], kind: type[Source] = Source) -> Act:
    return lambda stage: stage.ask(kind(give))


def _ask_hanging(stage: Stage) -> object:
    awake = threading.Event()
    try:
        return stage.ask(Source(lambda _: awake.wait(10) and TOKEN.text()), timeout=0.2)
    finally:
        awake.set()


def _told_by_source(stage: Stage) -> object:
    """The source's own exception contains the token. Only its text belongs to the caller."""
    try:
        return stage.ask(Source(failing_with_token))
    except wxaudit.TokenError as error:
        # As texts, since the cause contains the text of the caller.
        return [str(error), repr(error), repr(error.args), repr(vars(error)), pickle.dumps(error)]


def _cancel_while_asked(stage: Stage) -> object:
    """The task is cancelled while its source runs in the loop."""
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
    """Walks over all objects while a call is in flight and only the library has the token."""
    stage.watcher.at_request = stage.walk_in_flight
    return stage.ask(Source(two_tokens))


def refusing_both(_servers: object, token: str) -> list[Fault]:
    """Each token is refused with its own text in the errmsg."""
    texts = (token, FRESH_TOKEN.text())
    return [Fault(errcode=40001, errmsg=f"invalid credential {text}") for text in texts]


EXPIRED = Fault(errcode=42001, errmsg="access_token expired")

SCENARIOS = (
    Scenario("a token source", _asking(two_tokens)),
    Scenario("an async token source", _asking(two_tokens, AsyncSource), client_kinds=("asyncio",)),
    Scenario(
        "a coroutine where none can be awaited",
        _asking(two_tokens, AsyncSource),
        wxaudit.TokenError,
        sends=0,
        client_kinds=("blocking",),
    ),
    Scenario("a token source in the same thread", _asking(two_tokens, SameThreadSource)),
    Scenario(
        "cancelled while the source is asked",
        _cancel_while_asked,
        asyncio.CancelledError,
        sends=0,
        client_kinds=("asyncio",),
    ),
    Scenario("a token source, objects walked in flight", _ask_walked_in_flight),
    Scenario("a refresh", _asking(two_tokens), answers=always(EXPIRED, IN_REVIEW), sends=2),
    Scenario("a refresh in vain", _asking(two_tokens), wxaudit.TokenError, refusing_both, sends=2),
    Scenario("a refresh that fails", _asking(failing_at_refresh), wxaudit.TokenError, always(EXPIRED)),
    Scenario(
        "an async refresh that fails",
        _asking(failing_at_refresh, AsyncSource),
        wxaudit.TokenError,
        always(EXPIRED),
        client_kinds=("asyncio",),
    ),
    Scenario("a token source that raises", _asking(failing), wxaudit.TokenError, sends=0),
    Scenario("a token source that raises with the token", _told_by_source, sends=0),
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
