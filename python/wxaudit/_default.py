"""`get_audit_status`, `aget_audit_status`, and the default clients of the process that they use."""

from __future__ import annotations

from ._async_client import AsyncClient
from ._base_client import sharing_engine
from ._client import Client
from ._errors.tree import ArgumentError
from ._native import AuditStatus, as_token
from ._validation import shown

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
    appid: str | None = None,
    timeout: Timeout | float | timedelta | None = None,
    max_retries: int | None = None,
) -> AuditStatus:
    """The current review status of one audit. Uses the default client of this process.

    - `token`: the `authorizer_access_token` of the mini program that owns the audit, or a `TokenSource`.
    - `auditid`: the number that `submit_audit` returned, as an int or a string of decimal digits.
    - `appid`: a label for the result and for errors. It also identifies whose quota the call uses.
    - `timeout`, `max_retries`: replace the default client's for this call.

    The first call makes the default client from the environment: `WXAUDIT_BASE_URL`, `WXAUDIT_TIMEOUT`
    (seconds), `WXAUDIT_MAX_RETRIES`, `WXAUDIT_CA_FILE`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`. With
    `set_default_client` it is one of yours.

    Raises `ArgumentError` before a request is sent; `TransportError`, `RequestTimeout`, `HTTPStatusError` or
    `DecodeError` without a usable answer; an `APIError` for an errcode of WeChat. After 45009 or 45011 it
    sends nothing with that token until the quota resets; if it was raised or cleared before, use a `Client`.

    Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getauditstatus)
    """
    token = as_token(token)
    client = default_client(Client)
    return client.get_audit_status(token, auditid, appid=appid, timeout=timeout, max_retries=max_retries)


async def aget_audit_status(
    token: str | Token | TokenSource | AsyncTokenSource,
    auditid: SupportsIndex | str,
    *,
    appid: str | None = None,
    timeout: Timeout | float | timedelta | None = None,
    max_retries: int | None = None,
) -> AuditStatus:
    """The current review status of one audit, for asyncio. Uses the default client of this process.

    - `token`: the `authorizer_access_token` of the mini program that owns the audit, or a `TokenSource` or
      `AsyncTokenSource`.
    - `auditid`: the number that `submit_audit` returned, as an int or a string of decimal digits.
    - `appid`: a label for the result and for errors. It also identifies whose quota the call uses.
    - `timeout`, `max_retries`: replace the default client's for this call.

    Raises `ArgumentError` before a request is sent; `TransportError`, `RequestTimeout`, `HTTPStatusError` or
    `DecodeError` without a usable answer; an `APIError` for an errcode of WeChat. Cancelling drops the
    request. After 45009 or 45011 it sends nothing with that token until the quota resets; if it was raised
    or cleared before, use an `AsyncClient`.

    The default client is made from the environment as that of `get_audit_status`, or set by
    `set_default_client`. The two functions share one engine: connections, retry budget and quota blocks.

    Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getauditstatus)
    """
    token = as_token(token)
    client = default_client(AsyncClient)
    return await client.get_audit_status(
        token, auditid, appid=appid, timeout=timeout, max_retries=max_retries
    )


def set_default_client(client: Client | AsyncClient | None) -> None:
    """Lets `get_audit_status` and `aget_audit_status` use a client of yours: its options and its engine.

    `None` makes a new one from the environment at the next call. Calls in flight keep the client that they
    began with. It applies to this process and to those that it forks afterwards.
    """
    if client is not None and not isinstance(client, (Client, AsyncClient)):
        raise ArgumentError(f"client must be a Client, an AsyncClient or None, got {shown(client)}")
    exchange({} if client is None else {type(client): client})


def exchange(clients: dict[type[Any], Any]) -> dict[type[Any], Any]:
    """Replaces the default clients, all at once for other threads, and returns what they were."""
    global _default_clients
    before, _default_clients = _default_clients, clients
    return before


_default_clients: dict[type[Any], Any] = {}


def default_client(kind: type[_Kind]) -> _Kind:
    """The default client of that class in this process. Both classes share one engine."""
    clients = _default_clients
    client: _Kind | None = clients.get(kind)
    if client is None:
        # With setdefault, concurrent first calls get the same client.
        base = next(iter(clients.values()), None) or clients.setdefault(Client, Client())
        client = clients.setdefault(kind, sharing_engine(kind, base))
    return client
