"""Calls of a child process whose names are looked up by the test: one by one, or as a batch."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wxaudit
from support.client_kind import ClientKind

if TYPE_CHECKING:
    from support.client_kind import Caller

TOKEN = "a-token-of-nobody"


class NameCalls:
    """Makes the calls that the arguments of the process say: with which client, and as a batch or not."""

    def __init__(self) -> None:
        self.kind, self.how, names, log, *self.arguments = sys.argv[1:]
        self._names = Path(names)
        self._log = Path(log)
        self.took = 0.0
        # Of each call that was made by itself.
        self.times: list[float] = []

    def client(self, base_url: str, **options: Any) -> Caller:
        """A client with an event loop of its own, for any thread."""
        return ClientKind(self.kind).client(base_url, trust_env=False, **options)

    def ask(self, client: Caller, count: int = 1) -> list[wxaudit.WxAuditError | int]:
        """The statuses or errors of some calls."""
        begun = time.monotonic()
        try:
            if self.how == "batch":
                queries = [(TOKEN, auditid) for auditid in range(1, count + 1)]
                batch = client.get_audit_statuses(queries)
                return [result.error or int(result.unwrap().status) for result in batch]
            return [self._ask_once(client) for _ in range(count)]
        finally:
            self.took = time.monotonic() - begun

    def _ask_once(self, client: Caller) -> wxaudit.WxAuditError | int:
        begun = time.monotonic()
        try:
            return int(client.get_audit_status(TOKEN, 1).status)
        except wxaudit.WxAuditError as error:
            if TOKEN in repr(error) + str(error):
                raise AssertionError("an error shows the token") from None
            return error
        finally:
            self.times.append(time.monotonic() - begun)

    def answer(self, name: str, *addresses: str) -> None:
        """From now on, only this name has addresses."""
        self._names.write_text(" ".join((name, *addresses)))

    def wait_for_lookup(self, name: str) -> None:
        """Until a lookup of the name has begun."""
        while name not in self._log.read_text():
            time.sleep(0.01)
