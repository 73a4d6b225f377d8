"""pyreqwest: one client, blocking or asynchronous."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pyreqwest.client import ClientBuilder, SyncClientBuilder

from benches.audit import TIMEOUT_SECONDS, Audit, address, audit_of, check_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _configured(builder: Any, concurrency: int, ca_file: str | None) -> Any:
    builder = builder.timeout(timedelta(seconds=TIMEOUT_SECONDS)).pool_max_idle_per_host(concurrency)
    builder = builder.no_proxy().http1_only()
    if ca_file is not None:
        builder = builder.add_root_certificate_pem(Path(ca_file).read_bytes())
    return builder


class Blocking:
    """A client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._client = _configured(SyncClientBuilder(), concurrency, ca_file).build()

    def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        request = self._client.post(address(self._base_url, token)).body_json({"auditid": auditid}).build()
        response = request.send()
        check_status(response.status)
        return audit_of(auditid, response.json())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Asynchronous:
    """An asynchronous client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._client = _configured(ClientBuilder(), concurrency, ca_file).build()

    async def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        request = self._client.post(address(self._base_url, token)).body_json({"auditid": auditid}).build()
        response = await request.send()
        check_status(response.status)
        return audit_of(auditid, await response.json())

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
