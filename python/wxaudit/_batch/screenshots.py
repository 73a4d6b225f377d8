"""Get several screenshots, as a batch of calls with one token."""

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

# The default concurrency: an image may have 20 MiB.
_MAX_CONCURRENCY = 8

# A `media_id` has 64 characters, a token far more.
_MAX_MEDIA_ID_LENGTH = 64


class ScreenshotRun(BatchRun):
    """A batch whose results are pairs: an index, and a screenshot or an error."""

    unit = "screenshot"

    def __init__(
        self,
        session: Session,
        token: Any,
        ids: Any,
        appid: Any,
        max_concurrency: Any,
        timeout: Any,
        *,
        asynchronous: bool,
    ) -> None:
        media_ids, own_appid = _media_ids(ids)
        concurrency = session.engine.concurrency(max_concurrency)
        if max_concurrency is None:
            concurrency = min(concurrency, _MAX_CONCURRENCY)
        super().__init__(session, media_ids, concurrency, timeout, collected=True, asynchronous=asynchronous)
        self.calls = ("get_screenshot", token, own_appid if appid is None else appid)

    def _check(self, queries: Any, *, asynchronous: bool) -> None:
        """They are media_ids, which the constructor has checked."""

    def _result(self, outcome: Any) -> Any:
        index, value = outcome[0], outcome[1]
        if len(outcome) == 2 and not isinstance(value, ArgumentError):
            return index, fetched(*value)
        error = self._error(outcome)
        if len(outcome) == 2:
            if error.message.startswith("media_id"):
                error.message += f" (number {index + 1} of the media_ids)."
        else:
            error.message += f" It was screenshot {_named(self.queries[index], index)}."
        return index, error


def collect(
    session: Session, token: Any, ids: Any, appid: Any, max_concurrency: Any, progress: Any, timeout: Any
) -> list[Screenshot]:
    run = ScreenshotRun(session, token, ids, appid, max_concurrency, timeout, asynchronous=False)
    return in_order(gather(run, progress))


def in_order(results: list[Any]) -> list[Screenshot]:
    """The screenshots by index. Raises the first error, with the screenshots as its attribute."""
    values = [value for _, value in sorted(results, key=lambda pair: pair[0])]
    pictures = [value for value in values if isinstance(value, Screenshot)]
    for value in values:
        if isinstance(value, WxAuditError):
            value.screenshots = tuple(pictures)
            if pictures:
                value.message += f" {len(pictures)} of {len(values)} arrived: see the attribute screenshots."
            raise value
    return pictures


def _media_ids(ids: Any) -> tuple[list[Any], str | None]:
    """The `media_id`s, and the appid of the audit, if there is one."""
    if isinstance(ids, AuditStatus):
        return list(ids.screenshots), ids.appid
    if isinstance(ids, (str, bytes)) or not hasattr(ids, "__iter__"):
        kind = type(ids).__name__
        raise ArgumentError(
            f"audit_or_media_ids must be an AuditStatus or an iterable of media_ids, got {kind}; "
            "pass [media_id] for one"
        )
    return list(ids), None


def _named(media_id: str, index: int) -> str:
    """A `media_id` in a message, or its number if it is so long that it may be a token."""
    return f"number {index + 1}" if len(media_id) > _MAX_MEDIA_ID_LENGTH else escape_controls(media_id)
