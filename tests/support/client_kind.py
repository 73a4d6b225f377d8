"""One of the two clients behind the blocking client's methods, so that a test is written once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import wxaudit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from wxaudit.testing import FakeWeChat


class ClientKind:
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

    def __init__(self, client_kind: ClientKind, client: wxaudit.Client | wxaudit.AsyncClient) -> None:
        self.client_kind = client_kind
        self.inner = client

    def get_audit_status(self, token: Any, auditid: Any, **options: Any) -> wxaudit.AuditStatus:
        audit = self.client_kind.run(self.inner.get_audit_status(token, auditid, **options))
        assert isinstance(audit, wxaudit.AuditStatus)
        return audit

    def get_audit_statuses(self, queries: Any, **options: Any) -> wxaudit.AuditBatch:
        batch = self.client_kind.run(self.inner.get_audit_statuses(queries, **options))
        assert isinstance(batch, wxaudit.AuditBatch)
        return batch

    def iter_audit_statuses(self, queries: Any, **options: Any) -> Generator[wxaudit.AuditResult, None, None]:
        results: Any = self.inner.iter_audit_statuses(queries, **options)
        return results if self.client_kind.kind == "blocking" else self.client_kind.each(results)

    def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Any method of the client that returns one result."""
        return self.client_kind.run(getattr(self.inner, method)(*arguments, **options))

    def close(self) -> None:
        self.client_kind.run(self.inner.close())


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
