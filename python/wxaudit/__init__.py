"""The review status of WeChat mini programs, asked for right.

audit = wxaudit.get_audit_status(token, 1234567)
audit = await wxaudit.aget_audit_status(token, 1234567)
"""

from ._audit_frame import audit_frame
from ._client import AsyncClient, Client
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
from ._native import AuditQuery, AuditResult, AuditStatus, __version__
from ._results import AuditBatch
from ._state import AuditState, Reason
from ._timeout import Timeout
from ._tokens import AsyncTokenSource, TokenSource

__all__ = [
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
    "DayQuotaError",
    "DecodeError",
    "Event",
    "HTTPStatusError",
    "MinuteQuotaError",
    "NetworkConfigError",
    "PermissionDeniedError",
    "QuotaError",
    "Reason",
    "RequestTimeout",
    "ReviewRejected",
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
