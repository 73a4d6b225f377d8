"""wxaudit: its own client, with no code around it."""

from __future__ import annotations

import wxaudit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def _check(batch: wxaudit.AuditBatch) -> int:
    if batch.errors:
        raise batch.errors[0]
    return len(batch)


class Blocking:
    """A client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._client = wxaudit.Client(
            base_url=base_url, max_concurrency=concurrency, ca_file=ca_file, trust_env=False
        )
        self.audit = self._client.get_audit_status
        self.close = self._client.close

    def batch(self, token: str, auditids: Iterable[int]) -> int:
        """Get all audits and keep the results; return their number."""
        return _check(self._client.get_audit_statuses((token, auditid) for auditid in auditids))

    def iterate(self, token: str, auditids: Iterable[int]) -> int:
        """Get all audits and keep nothing; return their number."""
        count = 0
        for result in self._client.iter_audit_statuses((token, auditid) for auditid in auditids):
            result.unwrap()
            count += 1
        return count


class Asynchronous:
    """An asynchronous client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._client = wxaudit.AsyncClient(
            base_url=base_url, max_concurrency=concurrency, ca_file=ca_file, trust_env=False
        )
        self.audit = self._client.get_audit_status
        self.close = self._client.close

    async def batch(self, token: str, auditids: Iterable[int]) -> int:
        """Get all audits and keep the results; return their number."""
        return _check(await self._client.get_audit_statuses((token, auditid) for auditid in auditids))
