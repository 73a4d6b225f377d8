"""`get_audit_status`, `aget_audit_status`, and the default client of the process that they use."""

from __future__ import annotations

from ._async_client import AsyncClient
from ._client import Client
from ._errors.tree import ArgumentError
from ._native import AuditStatus, as_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Any, SupportsIndex, TypeVar

    from ._native import Token
    from ._timeout import Timeout
    from ._token_sources import AsyncTokenSource, TokenSource

    _Kind = TypeVar("_Kind", Client, AsyncClient)


def get_audit_status(
    token: str | Token | TokenSource,
    auditid: SupportsIndex | str,
    *,
    timeout: Timeout | float | timedelta | None = None,
    max_retries: int | None = None,
) -> AuditStatus:
    """The review status of one audit. Uses the default client of this process.

    The first call makes that client from the environment: `WXAUDIT_BASE_URL`, `WXAUDIT_TIMEOUT` (seconds),
    `WXAUDIT_MAX_RETRIES`, `WXAUDIT_CA_FILE`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`. For arguments and
    errors see `Client.get_audit_status`. After 45009 or 45011 it sends nothing with that token until the
    quota resets; if it was raised or cleared before, use a `Client`.
    """
    token = as_token(token)
    return default_client(Client).get_audit_status(token, auditid, timeout=timeout, max_retries=max_retries)


async def aget_audit_status(
    token: str | Token | TokenSource | AsyncTokenSource,
    auditid: SupportsIndex | str,
    *,
    timeout: Timeout | float | timedelta | None = None,
    max_retries: int | None = None,
) -> AuditStatus:
    """As `get_audit_status`, for asyncio. `token` may also be an `AsyncTokenSource`."""
    token = as_token(token)
    client = default_client(AsyncClient)
    return await client.get_audit_status(token, auditid, timeout=timeout, max_retries=max_retries)


_default_clients: dict[type[Any], Any] = {}


def default_client(kind: type[_Kind]) -> _Kind:
    """The default client of that class in this process. Both classes share one engine."""
    if kind not in _default_clients:
        # With setdefault, concurrent first calls get the same client.
        base = _default_clients.setdefault(Client, Client(**_environment()))
        _default_clients.setdefault(kind, kind.sharing_engine(base))
    client: _Kind = _default_clients[kind]
    return client


def _environment() -> dict[str, Any]:
    import os

    settings: dict[str, Any] = {}
    for name, variable, read in (
        ("base_url", "WXAUDIT_BASE_URL", str),
        ("timeout", "WXAUDIT_TIMEOUT", float),
        ("max_retries", "WXAUDIT_MAX_RETRIES", int),
        ("ca_file", "WXAUDIT_CA_FILE", str),
    ):
        if os.environ.get(variable):
            try:
                settings[name] = read(os.environ[variable])
            except ValueError:
                # Without the value: it may be a token in the wrong variable.
                raise ArgumentError(f"{variable} must be a number") from None
    return settings
