"""Query WeChat for the review status of mini programs.

audit = wxaudit.get_audit_status(token, 1234567)
audit = await wxaudit.aget_audit_status(token, 1234567)
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 10):  # noqa: UP036  # a copy without pip's check, as in a folder of a container
    raise ImportError(f"wxaudit needs Python 3.10 or newer; this is Python {sys.version.split()[0]}")

try:
    from ._native import __version__
except ImportError as _error:
    from ._native_problem import explained as _explained

    raise _explained(_error) from _error

from . import _base_client
from ._async_client import AsyncClient
from ._base_client import WECHAT_HOSTS
from ._client import Client
from ._default import aget_audit_status, get_audit_status, set_default_client
from ._errors.tree import (
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
from ._models import value as _value
from ._models.diagnostics import Quota, RateLimit, RequestTrace
from ._models.screenshot import Screenshot
from ._native import AuditQuery, AuditResult, AuditStatus, Event, LatestAuditStatus, Token
from ._timeout import TYPE_CHECKING, Timeout
from ._token_sources import AsyncTokenSource, TokenSource
from ._wait.polling import Polling

# Not a variable of this module, which editors would complete.
if TYPE_CHECKING:
    from ._audit_frame import audit_frame
    from ._batch.results import AuditBatch
    from ._cached_token_source import AsyncCachedTokenSource, CachedTokenSource
    from ._display import card as _card  # noqa: F401  # Rust imports it by name, which PyInstaller cannot see
    from ._frames.reader import queries_from_frame
    from ._models import pydantic as _pydantic  # noqa: F401  # as above
    from ._models.state import AuditState, Reason
    from ._wait.clock import Clock

__all__ = [
    "WECHAT_HOSTS",
    "APIError",
    "AccountBlockedError",
    "ArgumentError",
    "AsyncCachedTokenSource",
    "AsyncClient",
    "AsyncTokenSource",
    "AuditBatch",
    "AuditNotFoundError",
    "AuditQuery",
    "AuditResult",
    "AuditState",
    "AuditStatus",
    "AuthorizationLostError",
    "CachedTokenSource",
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
    "Token",
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
    "set_default_client",
]

# Pickles made by 0.1.0 contain these old module names.
sys.modules[f"{__name__}._configured"] = _base_client
sys.modules[f"{__name__}._frozen"] = _value

# Imported on first access, or by the first client: enum and collections would double the import time.
_LATER = {
    "AsyncCachedTokenSource": "_cached_token_source",
    "AuditBatch": "_batch.results",
    "CachedTokenSource": "_cached_token_source",
    "Clock": "_wait.clock",
    "AuditState": "_models.state",
    "Reason": "_models.state",
    "audit_frame": "_audit_frame",
    "queries_from_frame": "_frames.reader",
}


# Hidden from type checkers, which would otherwise accept every misspelt name.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f".{_LATER[name]}", __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        # For completion: what is public, and the public submodules that have been imported.
        submodules = {name for name in globals() if f"{__name__}.{name}" in sys.modules and name[0] != "_"}
        return sorted({*__all__, *submodules})
