"""What all tests share: one way to run a body through both clients, and no silence about lost exceptions."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from event_loops import NEW_EVENT_LOOP
from wxaudit.testing import FakeWeChat

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator


# A shell starts background jobs with SIGINT ignored, and programs inherit that: Ctrl-C would mean nothing.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Door:
    """One of the two clients behind the blocking client's methods, so that a test is written once."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unhandled: list[dict[str, Any]] = []
        if kind == "asyncio":
            self._loop = asyncio.new_event_loop()
            self._loop.set_exception_handler(lambda _, context: self._unhandled.append(context))

    def client(self, fake: FakeWeChat | str, **options: Any) -> Caller:
        """A client of this kind for a fake, or for a base URL."""
        base_url = fake if isinstance(fake, str) else fake.base_url
        kind = wxaudit.Client if self._loop is None else wxaudit.AsyncClient
        return Caller(self, kind(base_url=base_url, **options))

    def token_source(self, get_token: Callable[[bool], str]) -> Any:
        """A token source made of a function; asynchronous for the asyncio client."""
        return _Source(get_token) if self._loop is None else _AsyncSource(get_token)

    def run(self, result: Any) -> Any:
        """What a client's method returned, awaited where it needs to be."""
        return result if self._loop is None else self._loop.run_until_complete(result)

    def each(
        self, results: AsyncGenerator[wxaudit.AuditResult, None]
    ) -> Generator[wxaudit.AuditResult, None, None]:
        """What an async iterator gives, one by one."""
        try:
            while True:
                yield self.run(anext(results))
        except StopAsyncIteration:
            return
        finally:
            self.run(results.aclose())

    def close(self) -> None:
        if self._loop is not None:
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()
        assert self._unhandled == [], "the event loop met exceptions that nobody handled"


class Caller:
    """A client whose methods all block."""

    def __init__(self, door: Door, client: wxaudit.Client | wxaudit.AsyncClient) -> None:
        self.door = door
        self.inner = client

    def get_audit_status(self, token: Any, auditid: Any, **options: Any) -> wxaudit.AuditStatus:
        audit = self.door.run(self.inner.get_audit_status(token, auditid, **options))
        assert isinstance(audit, wxaudit.AuditStatus)
        return audit

    def get_audit_statuses(self, queries: Any, **options: Any) -> wxaudit.AuditBatch:
        batch = self.door.run(self.inner.get_audit_statuses(queries, **options))
        assert isinstance(batch, wxaudit.AuditBatch)
        return batch

    def iter_audit_statuses(self, queries: Any, **options: Any) -> Generator[wxaudit.AuditResult, None, None]:
        results: Any = self.inner.iter_audit_statuses(queries, **options)
        return results if self.door.kind == "blocking" else self.door.each(results)

    def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Any method of the client that returns one result."""
        return self.door.run(getattr(self.inner, method)(*arguments, **options))

    def close(self) -> None:
        self.door.run(self.inner.close())


class _Source:
    def __init__(self, get_token: Callable[[bool], str]) -> None:
        self._get_token = get_token

    def get_token(self, *, refresh: bool = False) -> str:
        return self._get_token(refresh)


class _AsyncSource:
    def __init__(self, get_token: Callable[[bool], str]) -> None:
        self._get_token = get_token

    async def get_token(self, *, refresh: bool = False) -> str:
        return self._get_token(refresh)


@pytest.fixture(params=["blocking", "asyncio"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """Runs a test once with each client."""
    door = Door(request.param)
    yield door
    door.close()


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    """A fake WeChat of its own for each test."""
    with FakeWeChat() as fake:
        yield fake


@pytest.fixture(params=NEW_EVENT_LOOP)
def run_in_loop(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine in a new loop, which must meet no exception that nobody handles."""

    def run_in_loop(main: Coroutine[Any, Any, Any]) -> Any:
        unhandled: list[dict[str, Any]] = []
        loop = NEW_EVENT_LOOP[request.param]()
        loop.set_exception_handler(lambda _, context: unhandled.append(context))
        try:
            return loop.run_until_complete(main)
        finally:
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
            assert unhandled == []

    return run_in_loop
