"""Token sources of every kind, and the clients that take them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from support.client_kind import ClientKind

if TYPE_CHECKING:
    from collections.abc import Callable


def token_threads() -> list[threading.Thread]:
    """The threads that run token sources now, or serve the requests of a batch to them."""
    return [thread for thread in threading.enumerate() if thread.name == "wxaudit-token"]


def wait_for_token_threads() -> None:
    """Waits until they have ended, which is a moment after the call or batch that they served."""
    deadline = time.monotonic() + 20
    # One of them may start another.
    while (threads := token_threads()) and time.monotonic() < deadline:
        threads[0].join(deadline - time.monotonic())
    assert token_threads() == []


class StrangeError(Exception):
    """What a source raises."""


class StrangeExit(BaseException):
    """The same, behind `except Exception`: the time-outs of some frameworks are such."""


class BlockingSource:
    def __init__(self, get_token: Callable[[bool], Any], same_thread: bool = False) -> None:
        self._get_token = get_token
        self.same_thread = same_thread

    def get_token(self, *, refresh: bool = False) -> Any:
        return self._get_token(refresh)


class AsyncSource(BlockingSource):
    async def get_token(self, *, refresh: bool = False) -> Any:
        return self._get_token(refresh)


class SourceSetup:
    """One client with one kind of source."""

    def __init__(self, name: str) -> None:
        self.client_kind = ClientKind("blocking" if name.startswith("blocking client") else "asyncio")
        self.in_calling_thread = "another thread" not in name
        self.asynchronous = name.endswith("async source")

    def source(self, get_token: Callable[[bool], Any]) -> Any:
        if self.asynchronous:
            return AsyncSource(get_token)
        return BlockingSource(get_token, same_thread=self.in_calling_thread)


SOURCE_SETUPS = [
    "blocking client, source in another thread",
    "blocking client, source in the same thread",
    "asyncio client, source in another thread",
    "asyncio client, source in the same thread",
    "asyncio client, async source",
]


def released_source(
    release: threading.Event, hang_at_refresh: bool, token: str
) -> tuple[BlockingSource, list[bool]]:
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        if refresh == hang_at_refresh:
            release.wait(60)
        return token

    return BlockingSource(get_token), asked
