"""wreq: one client, blocking or asynchronous."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import wreq
import wreq.blocking

from benches.audit import TIMEOUT_SECONDS, Audit, address, audit_of, check_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _options(concurrency: int, ca_file: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "timeout": timedelta(seconds=TIMEOUT_SECONDS),
        "pool_max_idle_per_host": concurrency,
        "no_proxy": True,
        "http1_only": True,
    }
    if ca_file is not None:
        options["tls_verify"] = Path(ca_file)
    return options


class Blocking:
    """A client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._client = wreq.blocking.Client(**_options(concurrency, ca_file))

    def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        response = self._client.post(address(self._base_url, token), json={"auditid": auditid})
        check_status(response.status.as_int())
        return audit_of(auditid, response.json())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Asynchronous:
    """An asynchronous client."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._client = wreq.Client(**_options(concurrency, ca_file))

    async def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        response = await self._client.post(address(self._base_url, token), json={"auditid": auditid})
        check_status(response.status.as_int())
        return audit_of(auditid, await response.json())

    async def close(self) -> None:
        """Close the connections."""
        self._client.close()
