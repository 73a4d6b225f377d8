"""The review status of WeChat mini programs, asked for right.

audit = wxaudit.get_audit_status(token, 1234567)
audit = await wxaudit.aget_audit_status(token, 1234567)
"""

from __future__ import annotations

from ._async_client import AsyncClient
from ._client import Client
from ._clock import Clock
from ._default import aget_audit_status, get_audit_status
from ._errors import (
    AccountBlockedError,
    APIError,
    ArgumentError,
    AuditNotFoundError,
    AuthorizationLostError,
    DayQuotaError,
    DecodeError,
    HTTPStatusError,
    MinuteQuotaError,
    NetworkConfigError,
    PermissionDeniedError,
    QuotaError,
    RequestTimeout,
    ReviewRejected,
    ServerBusyError,
    TokenError,
    TransportError,
    WaitTimeout,
    WxAuditError,
)
from ._events import Event
from ._frames_in import queries_from_frame
from ._hosts import WECHAT_HOSTS
from ._native import AuditQuery, AuditResult, AuditStatus, LatestAuditStatus, __version__
from ._polling import Polling
from ._screenshots import Screenshot
from ._support import Quota, RateLimit, RequestTrace
from ._timeout import Timeout
from ._tokens import AsyncTokenSource, TokenSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._audit_frame import audit_frame
    from ._results import AuditBatch
    from ._state import AuditState, Reason

__all__ = [
    "WECHAT_HOSTS",
    "APIError",
    "AccountBlockedError",
    "ArgumentError",
    "AsyncClient",
    "AsyncTokenSource",
    "AuditBatch",
    "AuditNotFoundError",
    "AuditQuery",
    "AuditResult",
    "AuditState",
    "AuditStatus",
    "AuthorizationLostError",
    "Client",
    "Clock",
    "DayQuotaError",
    "DecodeError",
    "Event",
    "HTTPStatusError",
    "LatestAuditStatus",
    "MinuteQuotaError",
    "NetworkConfigError",
    "PermissionDeniedError",
    "Polling",
    "Quota",
    "QuotaError",
    "RateLimit",
    "Reason",
    "RequestTimeout",
    "RequestTrace",
    "ReviewRejected",
    "Screenshot",
    "ServerBusyError",
    "Timeout",
    "TokenError",
    "TokenSource",
    "TransportError",
    "WaitTimeout",
    "WxAuditError",
    "__version__",
    "aget_audit_status",
    "audit_frame",
    "get_audit_status",
    "queries_from_frame",
]

# Loaded when they are first looked for, or by the first client: enum and collections would double what
# importing this package takes.
_LATER = {
    "AuditBatch": "_results",
    "AuditState": "_state",
    "Reason": "_state",
    "audit_frame": "_audit_frame",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
