"""httpx: one client, blocking or asynchronous."""

from __future__ import annotations

import ssl

import httpx

from benches.audit import TIMEOUT_SECONDS, Audit, address, audit_of, check_status


def _limits(concurrency: int) -> httpx.Limits:
    return httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)


def _verify(ca_file: str | None) -> ssl.SSLContext | bool:
    return True if ca_file is None else ssl.create_default_context(cafile=ca_file)


class Blocking:
    """A client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._client = httpx.Client(
            verify=_verify(ca_file), limits=_limits(concurrency), timeout=TIMEOUT_SECONDS, trust_env=False
        )

    def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        response = self._client.post(address(self._base_url, token), json={"auditid": auditid})
        check_status(response.status_code)
        return audit_of(auditid, response.json())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Asynchronous:
    """An asynchronous client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._client = httpx.AsyncClient(
            verify=_verify(ca_file), limits=_limits(concurrency), timeout=TIMEOUT_SECONDS, trust_env=False
        )

    async def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        response = await self._client.post(address(self._base_url, token), json={"auditid": auditid})
        check_status(response.status_code)
        return audit_of(auditid, response.json())

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
