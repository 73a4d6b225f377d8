"""Watch audits in Django: a durable record of each audit, asked about until WeChat has decided, and signals.

    INSTALLED_APPS = [..., "wxaudit.django"]
    WXAUDIT = {"TOKEN_SOURCE": "shop.wechat.token_source"}

    from wxaudit.django import watch
    watch(appid, auditid)  # after submit_audit

`manage.py wxaudit_poll --loop`, or the Celery task `wxaudit.poll_due`, asks and sends the signals
`audit_changed`, `audit_decided` and `audit_overdue`. It needs Django 5.2 or newer:
pip install 'wxaudit[django]'.

`import wxaudit` does not import this package. The models are in `wxaudit.django.models`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ._cache_token_source import CacheTokenSource as CacheTokenSource
    from ._clients import get_async_client as get_async_client
    from ._clients import get_client as get_client
    from ._hints import check_now as check_now
    from ._polling.poll import poll_due as poll_due
    from ._polling.report import PollReport as PollReport
    from ._watching import awatch as awatch
    from ._watching import watch as watch
    from .signals import audit_changed as audit_changed
    from .signals import audit_decided as audit_decided
    from .signals import audit_overdue as audit_overdue

# Where each name lives. Imported when used: Django imports this package before its models can be.
_MODULES = {
    "CacheTokenSource": "_cache_token_source",
    "PollReport": "_polling.report",
    "audit_changed": "signals",
    "audit_decided": "signals",
    "audit_overdue": "signals",
    "awatch": "_watching",
    "check_now": "_hints",
    "get_async_client": "_clients",
    "get_client": "_clients",
    "poll_due": "_polling.poll",
    "watch": "_watching",
}

__all__ = [
    "CacheTokenSource",
    "PollReport",
    "audit_changed",
    "audit_decided",
    "audit_overdue",
    "awatch",
    "check_now",
    "get_async_client",
    "get_client",
    "poll_due",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    # For completion: what is public, and the public submodules that have been imported.
    submodules = {name for name in globals() if f"{__name__}.{name}" in sys.modules and name[0] != "_"}
    return sorted({*__all__, *submodules})
