"""The review status of WeChat mini programs, asked for right.

audit = wxaudit.get_audit_status(token, 1234567)
audit = await wxaudit.aget_audit_status(token, 1234567)
"""

from ._async_client import AsyncClient
from ._audit_frame import audit_frame
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
from ._results import AuditBatch
from ._screenshots import Screenshot
from ._state import AuditState, Reason
from ._support import Quota, RateLimit, RequestTrace
from ._timeout import Timeout
from ._tokens import AsyncTokenSource, TokenSource

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
