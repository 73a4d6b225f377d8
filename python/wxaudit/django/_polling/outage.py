"""Notice that WeChat cannot be reached, and ask about one audit a minute until it answers again."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.signals import setting_changed

from ..._errors.tree import APIError, TransportError
from .. import _settings

if TYPE_CHECKING:
    from datetime import datetime

    from ..._native import AuditResult

_log = logging.getLogger("wxaudit.django")

# How many calls in a row have to fail.
FAILURE_LIMIT = 10
PROBE_INTERVAL = timedelta(minutes=1)


class Outage:
    """Whether WeChat answers this process. Used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self._failures = 0
        self._next_probe_at: datetime | None = None

    @property
    def active(self) -> bool:
        return self._failures >= FAILURE_LIMIT

    def allow(self, wanted: int, now: datetime) -> int:
        """How many audits to ask about: as many as wanted, or one or none while WeChat does not answer."""
        with self._lock:
            if not self.active:
                return wanted
            if self._next_probe_at is not None and now < self._next_probe_at:
                return 0
            self._next_probe_at = now + PROBE_INTERVAL
            return min(wanted, 1)

    def record(self, result: AuditResult, now: datetime) -> None:
        """Notes what became of a call."""
        answered = _answered(result)
        if answered is None:
            return
        with self._lock:
            before = self.active
            self._failures = 0 if answered else self._failures + 1
            if self.active and not before:
                self._next_probe_at = now + PROBE_INTERVAL
                _log.warning(
                    "WeChat does not answer: %s calls in a row failed, the last with %s; from now on one "
                    "audit a minute is asked about",
                    self._failures,
                    type(result.error).__name__,
                )
            elif before and not self.active:
                _log.warning("WeChat answers again")


def _answered(result: AuditResult) -> bool | None:
    """Whether WeChat has answered a call; None if nothing was sent, or if it is not known."""
    error = result.error
    if error is None:
        return True
    if result.attempts == 0 and not isinstance(error, TransportError):
        return None
    if error.retryable or isinstance(error, TransportError):
        return False
    return True if isinstance(error, APIError) and error.errcode is not None else None


# Of this process.
outage = Outage()


def _forget(*, setting: str, **_: Any) -> None:
    if setting == _settings.NAME:
        # Another client may reach another server.
        outage.reset()


setting_changed.connect(_forget, dispatch_uid="wxaudit.outage")
