"""Provide a scenario with a client, servers and a watcher."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import wxaudit
from secrecy.canary import PASSWORD, TOKEN
from secrecy.scenario import FIRST_AUDITID
from secrecy.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from secrecy.canary import Text
    from secrecy.objects import ObjectWalk
    from secrecy.scenario import Servers

# Seconds. Only scenarios about limits come near it.
_PATIENCE = 10


class Stage:
    """The tools of a scenario.

    A secret is passed as the function that makes it, which is called at the last moment, so that no frame of
    the harness holds its value.
    """

    def __init__(self, client_kind: str, servers: Servers, number: int, walk: ObjectWalk) -> None:
        self.client_kind = client_kind
        self.servers = servers
        self.auditid = FIRST_AUDITID + number
        self.walk = walk
        self.watcher = Watcher()
        self.clients: list[wxaudit.Client | wxaudit.AsyncClient] = []
        self.met_in_flight: list[Text] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the asyncio client in debug mode, which logs every step."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_debug(True)
            self._loop.slow_callback_duration = 0
        return self._loop

    def client(self, base_url: object = None, *, observed: bool = True, **options: Any) -> Any:
        """A client for the fake or another server."""
        kind: Any = wxaudit.Client if self.client_kind == "blocking" else wxaudit.AsyncClient
        options = {"timeout": _PATIENCE, "max_retries": 0, "trust_env": False, **options}
        on_event = self.watcher if observed else None
        made = kind(base_url=_now(base_url or self.servers.fake), **_all_now(options), on_event=on_event)
        self.clients.append(made)
        return made

    def ask(
        self, token: object = TOKEN.text, auditid: object = None, *, client: Any = None, **options: Any
    ) -> Any:
        """Makes one call."""
        client = client or self.client()
        return self.run(
            client.get_audit_status(_now(token), _now(auditid or self.auditid), **_all_now(options))
        )

    def collect(self, queries: object, *, client: Any = None, **options: Any) -> Any:
        """Collects a batch."""
        client = client or self.client()
        return self.run(client.get_audit_statuses(_now(queries), **_all_now(options)))

    def iterate(self, queries: object, *, client: Any = None, **options: Any) -> Any:
        """Iterates a batch."""
        client = client or self.client()
        results = client.iter_audit_statuses(_now(queries), **_all_now(options))
        return wxaudit.AuditBatch(results if self.client_kind == "blocking" else self.run(_each(results)))

    def run(self, called: Any) -> Any:
        """The result of a client's method, awaited if needed."""
        return called if self.client_kind == "blocking" else self.loop.run_until_complete(called)

    def proxy(self, port: int) -> str:
        """The URL of a proxy, with the password."""
        return f"http://merchant:{quote(PASSWORD.text(), safe='')}@127.0.0.1:{port}"

    def walk_in_flight(self) -> None:
        """Walks over all objects now."""
        self.met_in_flight += self.walk.new_texts()

    def close(self) -> None:
        """Shuts the event loop down as `asyncio.run` does."""
        if self._loop is None:
            return
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


async def _each(results: AsyncIterator[wxaudit.AuditResult]) -> list[wxaudit.AuditResult]:
    return [result async for result in results]


def _now(value: Any) -> Any:
    return value() if callable(value) else value


def _all_now(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _now(value) for name, value in values.items()}
