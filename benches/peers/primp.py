"""primp: one client, blocking or asynchronous."""

from __future__ import annotations

import primp

from benches.audit import TIMEOUT_SECONDS, Audit, address, audit_of, check_status


class Blocking:
    """A client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        del concurrency  # it keeps one connection per concurrent call
        self._base_url = base_url
        self._client = primp.Client(
            timeout=TIMEOUT_SECONDS, ca_cert_file=ca_file, cookie_store=False, follow_redirects=False
        )

    def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        response = self._client.post(address(self._base_url, token), json={"auditid": auditid})
        check_status(response.status_code)
        return audit_of(auditid, response.json())

    def close(self) -> None:
        """Do nothing: connections are closed with the object."""


class Asynchronous:
    """An asynchronous client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        del concurrency
        self._base_url = base_url
        self._client = primp.AsyncClient(
            timeout=TIMEOUT_SECONDS, ca_cert_file=ca_file, cookie_store=False, follow_redirects=False
        )

    async def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        response = await self._client.post(address(self._base_url, token), json={"auditid": auditid})
        check_status(response.status_code)
        return audit_of(auditid, response.json())

    async def close(self) -> None:
        """Do nothing: connections are closed with the object."""
