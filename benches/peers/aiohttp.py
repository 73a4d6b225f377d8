"""aiohttp: one session."""

from __future__ import annotations

import ssl

import aiohttp

from benches.audit import TIMEOUT_SECONDS, Audit, address, audit_of, check_status


class Asynchronous:
    """A session."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=concurrency, ssl=True if ca_file is None else ssl.create_default_context(cafile=ca_file)
            ),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        url = address(self._base_url, token)
        async with self._session.post(url, json={"auditid": auditid}) as response:
            check_status(response.status)
            return audit_of(auditid, await response.json())

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()
