"""Several screenshots at once: a batch of calls with one token."""

from __future__ import annotations

from .._errors.base import WxAuditError
from .._errors.tree import ArgumentError
from .._escape import escape_controls
from .._models.screenshot import Screenshot, fetched
from .._native import AuditStatus
from .run import BatchRun
from .sync import gather

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._session import Session

# A picture may have 20 MiB, and a client may allow 64 calls at once: so many by default.
MOST_PICTURES = 8

# A `media_id` has 64 characters, a token far more.
_LONGEST_NAMED = 64


class ScreenshotRun(BatchRun):
    """The pictures behind several `media_id`s: pairs of an index and a picture, or an error."""

    unit = "screenshot"

    def __init__(
        self, session: Session, token: Any, given: Any, appid: Any, max_concurrency: Any, timeout: Any
    ) -> None:
        media_ids, own_appid = _media_ids(given)
        most = session.engine.concurrency(max_concurrency)
        concurrency = min(most, MOST_PICTURES) if max_concurrency is None else most
        super().__init__(session, media_ids, concurrency, timeout, collected=True)
        self.calls = ("get_screenshot", token, own_appid if appid is None else appid)

    def _result(self, it: Any) -> Any:
        index, value = it[0], it[1]
        if len(it) == 2 and not isinstance(value, ArgumentError):
            return index, fetched(*value)
        error = self._error(it)
        if len(it) == 2:
            if error.message.startswith("media_id"):
                error.message += f" It is number {index + 1} of them."
        else:
            error.message += f" It was screenshot {_named(self.queries[index], index)}."
        return index, error


def collect(
    session: Session, token: Any, given: Any, appid: Any, max_concurrency: Any, progress: Any, timeout: Any
) -> list[Screenshot]:
    run = ScreenshotRun(session, token, given, appid, max_concurrency, timeout)
    return in_order(gather(run, progress))


def in_order(found: list[Any]) -> list[Screenshot]:
    """The pictures by index; raises the first error, which carries the pictures."""
    values = [value for _, value in sorted(found, key=lambda pair: pair[0])]
    pictures = [value for value in values if isinstance(value, Screenshot)]
    for value in values:
        if isinstance(value, WxAuditError):
            value.screenshots = tuple(pictures)
            if pictures:
                value.message += f" {len(pictures)} of {len(values)} came: see its attribute screenshots."
            raise value
    return pictures


def _media_ids(given: Any) -> tuple[list[Any], str | None]:
    """The `media_id`s of an audit, or several of them, and the audit's appid."""
    if isinstance(given, AuditStatus):
        return list(given.screenshots), given.appid
    if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
        kind = type(given).__name__
        raise ArgumentError(
            f"audit_or_media_ids must be an AuditStatus or an iterable of media_ids, got {kind}; "
            "write [media_id] for one"
        )
    return list(given), None


def _named(media_id: str, index: int) -> str:
    """A `media_id` as a message shows it; by its number alone where it is so long that it may be a token."""
    return f"number {index + 1}" if len(media_id) > _LONGEST_NAMED else escape_controls(media_id)
