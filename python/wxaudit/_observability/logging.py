"""The log of the library, `logging.getLogger("wxaudit")`: what it says, at which level, with which fields.

Importing this does not import `logging`: as long as nobody else has, nobody can have enabled the log.
"""

from __future__ import annotations

import sys

from .._escape import escape_controls
from .listener import Listener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from typing import Any

    from .._native import Event

# The numbers of logging's own levels.
DEBUG = 10
INFO = 20

_logger: Logger | None = None


def logger_that_listens() -> Logger | None:
    """The logger where it is enabled for something that is ever said of a call, or else None."""
    logger = _logger or _found()
    return logger if logger is not None and logger.isEnabledFor(INFO) else None


def _found() -> Logger | None:
    global _logger
    logging: Any = sys.modules.get("logging")
    # Another thread may be just importing it, and not have come to what is needed.
    if not (hasattr(logging, "getLogger") and hasattr(logging, "NullHandler")):
        return None
    logger: Logger = logging.getLogger("wxaudit")
    # What a program does not ask for, its users are not to find on their screens.
    logger.addHandler(logging.NullHandler())
    _logger = logger
    return logger


def log_callback_error(message: str) -> None:
    """Logs an exception that is being handled, of somebody who was called back; raises nothing itself."""
    try:
        import logging

        (_found() or logging.getLogger("wxaudit")).exception(message)
    except Exception:
        # A filter of the log raises too: there is nobody left to tell.
        return


class Log(Listener):
    """Writes the events of calls into the log.

    Nothing is said above INFO: whatever fails reaches the caller as an exception or a result, and only the
    caller knows whether it is worth a warning.
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
    """A constant text, by which error trackers group, and what goes into it."""
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
        return "%s: asked again in %.3f s, since it could not be seen: %s", (what, delay, error)
    if event.kind == "poll":
        return "%s: not decided yet, asked again in %.3f s", (what, delay)
    return "%s: %s", (what, event.kind)


def _subject(event: Event) -> str:
    """What the call asks, and about what: `POST /wxa/get_auditstatus (audit 1234567 of wx5b97…)`."""
    request = f"{event.method or ''} {event.url_path or ''}".strip() or "wxaudit"
    audit = "" if event.auditid is None else f"audit {event.auditid}"
    label = "" if event.appid is None else f"of {escape_controls(event.appid)}"
    about = f"{audit} {label}".strip()
    return f"{request} ({about})" if about else request


def _fields(event: Event) -> dict[str, Any]:
    """The attributes of the event that are set, under names that no record and no other library has."""
    return {
        f"wxaudit_{name}": escape_controls(value) if isinstance(value, str) else value
        for name, value in event.to_dict().items()
    }
