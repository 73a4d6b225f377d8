"""niquests: one session, blocking or asynchronous, without looking for HTTP/2 and HTTP/3."""

from __future__ import annotations

import niquests

from benches.audit import TIMEOUT_SECONDS, Audit, address, audit_of, check_status


class Blocking:
    """A session."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._session = niquests.Session(disable_http2=True, disable_http3=True, pool_maxsize=concurrency)
        self._session.trust_env = False
        if ca_file is not None:
            self._session.verify = ca_file

    def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        response = self._session.post(
            address(self._base_url, token), json={"auditid": auditid}, timeout=TIMEOUT_SECONDS
        )
        check_status(response.status_code)
        return audit_of(auditid, response.json())

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class Asynchronous:
    """An asynchronous session."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._session = niquests.AsyncSession(
            disable_http2=True, disable_http3=True, pool_maxsize=concurrency
        )
        self._session.trust_env = False
        if ca_file is not None:
            self._session.verify = ca_file

    async def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        response = await self._session.post(
            address(self._base_url, token), json={"auditid": auditid}, timeout=TIMEOUT_SECONDS
        )
        check_status(response.status_code)
        return audit_of(auditid, response.json())

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()
