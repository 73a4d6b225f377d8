"""Clients whose answers a test makes up, without a network; waits of both clients behind one interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import wxaudit
from wxaudit.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterator

    from support.client_kind import ClientKind

    Answer = wxaudit.AuditStatus | wxaudit.WxAuditError


class Script:
    """Answers each poll by `answer(auditid, seconds)`, and keeps when which audit was asked, in seconds."""

    def __init__(self, answer: Callable[[int, float], Answer]) -> None:
        self.clock = FakeClock()
        self.polls: list[tuple[float, int]] = []
        self._began = self.clock.now()
        self._answer = answer

    @property
    def moments(self) -> list[float]:
        return [moment for moment, _ in self.polls]

    @property
    def elapsed(self) -> float:
        return (self.clock.now() - self._began).total_seconds()

    def ask(self, auditid: int) -> Answer:
        self.polls.append((self.elapsed, auditid))
        return self._answer(auditid, self.elapsed)

    def ask_each(self, queries: Any) -> Iterator[wxaudit.AuditResult]:
        for index, query in enumerate(queries):
            answer = self.ask(query.auditid)
            status = answer if isinstance(answer, wxaudit.AuditStatus) else None
            error = answer if isinstance(answer, wxaudit.WxAuditError) else None
            yield wxaudit.AuditResult(query.auditid, query.appid, status, error, index, 1)


class _Client(wxaudit.Client):
    script: Script

    def get_audit_status(self, token: Any, auditid: Any, **_: Any) -> wxaudit.AuditStatus:  # noqa: ARG002  # its name
        answer = self.script.ask(auditid)
        if isinstance(answer, wxaudit.WxAuditError):
            raise answer
        return answer

    def iter_audit_statuses(self, queries: Any, **_: Any) -> Generator[wxaudit.AuditResult, None, None]:
        yield from self.script.ask_each(queries)


class _AsyncClient(wxaudit.AsyncClient):
    script: Script

    async def get_audit_status(self, token: Any, auditid: Any, **_: Any) -> wxaudit.AuditStatus:  # noqa: ARG002  # its name
        answer = self.script.ask(auditid)
        if isinstance(answer, wxaudit.WxAuditError):
            raise answer
        return answer

    async def iter_audit_statuses(self, queries: Any, **_: Any) -> AsyncGenerator[wxaudit.AuditResult, None]:
        for result in self.script.ask_each(queries):
            yield result


def scripted(client_kind: ClientKind, script: Script, **options: Any) -> Any:
    """A client of the client_kind's kind that a script answers."""
    client = _Client(**options) if client_kind.kind == "blocking" else _AsyncClient(**options)
    client.script = script
    return client


def wait(
    client_kind: ClientKind, client: Any, auditid: Any = 1, token: Any = None, **options: Any
) -> wxaudit.AuditStatus:
    """`wait_for_decision`, by the script's clock where it has one."""
    if hasattr(client, "script"):
        options.setdefault("clock", client.script.clock)
    audit = client_kind.run(client.wait_for_decision(token or "t", auditid, **options))
    assert isinstance(audit, wxaudit.AuditStatus)
    return audit


def wait_for_each(
    client_kind: ClientKind, client: Any, queries: Any, **options: Any
) -> Iterator[wxaudit.AuditResult]:
    """`wait_for_decisions`, by the script's clock where it has one."""
    if hasattr(client, "script"):
        options.setdefault("clock", client.script.clock)
    results: Any = client.wait_for_decisions(queries, **options)
    return results if client_kind.kind == "blocking" else client_kind.each(results)
