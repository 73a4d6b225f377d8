"""Write events to `logging.getLogger("wxaudit")`: their texts, levels and fields.

This module does not import `logging`. Until a program imports it, it cannot have enabled the log.
"""

from __future__ import annotations

import sys

from .._escape import escape_controls
from .._signals import raised_by_signal
from .listener import Listener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from typing import Any

    from .._native import Event

# The levels of `logging`.
DEBUG = 10
INFO = 20

_logger: Logger | None = None


def logger_that_listens() -> Logger | None:
    """The logger if it is enabled for any event of a call, or None."""
    logger = _logger or _found()
    return logger if logger is not None and logger.isEnabledFor(INFO) else None


def _found() -> Logger | None:
    global _logger
    logging: Any = sys.modules.get("logging")
    # Another thread may be importing it at this moment, and these names may not exist yet.
    if not (hasattr(logging, "getLogger") and hasattr(logging, "NullHandler")):
        return None
    logger: Logger = logging.getLogger("wxaudit")
    # Without a handler, `logging` would print warnings that the program did not ask for.
    logger.addHandler(logging.NullHandler())
    _logger = logger
    return logger


def log_callback_error(message: str) -> None:
    """Logs the exception of a callback, which is being handled. Raises only what a signal handler does."""
    try:
        import logging

        (_found() or logging.getLogger("wxaudit")).exception(message)
    except Exception as error:
        if raised_by_signal(error):
            raise
        # A handler or filter of the log raised too. Nothing is left that could report it.
        return


class Log(Listener):
    """Writes events to the log.

    The highest level is INFO: a failure reaches the caller as an exception or a result, and only the caller
    knows whether it deserves a warning.
    """

    __slots__ = ("_logger",)

    name = "a handler or filter of the log"

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def on_event(self, event: Event) -> None:
        level = _level(event)
        if self._logger.isEnabledFor(level):
            text, arguments = _said(event)
            self._logger.log(level, text, *arguments, extra=_fields(event))


def _level(event: Event) -> int:
    failed = event.error is not None and event.kind in ("response", "poll")
    return INFO if failed or event.kind in ("retry", "refresh") else DEBUG


def _said(event: Event) -> tuple[str, tuple[object, ...]]:
    """A constant text, by which error trackers group, and its arguments."""
    what, error = _subject(event), event.error
    after, delay = event.elapsed or 0.0, event.delay or 0.0
    if event.kind == "request":
        return "%s: attempt %s", (what, event.attempt)
    if event.kind == "response" and error is None:
        return "%s: answered after %.3f s", (what, after)
    if event.kind == "response":
        return "%s: attempt %s failed after %.3f s: %s", (what, event.attempt, after, error)
    if event.kind == "retry":
        return "%s: another attempt in %.3f s, because of: %s", (what, delay, error)
    if event.kind == "refresh":
        return "%s: the token source is asked for a fresh token, because of: %s", (what, error)
    if event.kind == "poll" and error is not None:
        return "%s: this poll failed, polling again in %.3f s: %s", (what, delay, error)
    if event.kind == "poll":
        return "%s: not decided yet, polling again in %.3f s", (what, delay)
    return "%s: %s", (what, event.kind)


def _subject(event: Event) -> str:
    """The request and its subject: `POST /wxa/get_auditstatus (audit 1234567 of wx5b97…)`."""
    request = f"{event.method or ''} {event.url_path or ''}".strip() or "wxaudit"
    audit = "" if event.auditid is None else f"audit {event.auditid}"
    label = "" if event.appid is None else f"of {escape_controls(event.appid)}"
    about = f"{audit} {label}".strip()
    return f"{request} ({about})" if about else request


def _fields(event: Event) -> dict[str, Any]:
    """The attributes of the event that are set, with a prefix that no other library uses."""
    return {
        f"wxaudit_{name}": escape_controls(value) if isinstance(value, str) else value
        for name, value in event.to_dict().items()
    }
