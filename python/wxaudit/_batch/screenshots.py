"""Collect several screenshots: which ones a caller means, and the list of those that came."""

from __future__ import annotations

from .._errors.tree import ArgumentError, WxAuditError
from .._escape import escape_controls
from .._models.screenshot import Screenshot
from .._native import AuditStatus, hide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._native import Hidden

# A picture may have 20 MiB, and a client may allow 64 calls at once. This is the limit by default.
MOST_PICTURES = 8

# A `media_id` has 64 characters, a token far more.
_LONGEST_NAMED = 64


def asked_for(given: Hidden) -> tuple[Hidden, str | None]:
    """The `media_id`s of an audit and its appid, or several `media_id`s."""
    try:
        if isinstance(given.get(), AuditStatus):
            return hide(given.get().screenshots), given.get().appid
        return _several(given), None
    finally:
        given.clear()


def _several(given: Hidden) -> Hidden:
    if isinstance(given.get(), (str, bytes)) or not hasattr(given.get(), "__iter__"):
        kind = type(given.get()).__name__
        raise ArgumentError(
            f"audit_or_media_ids must be an AuditStatus or an iterable of media_ids, got {kind}; "
            "write [media_id] for one"
        )
    several: Hidden = hide(list(given.get()))
    return several


def named(media_id: str, index: int) -> str:
    """A `media_id` as a message shows it; only its number if it is so long that it may be a token."""
    return f"number {index + 1}" if len(media_id) > _LONGEST_NAMED else escape_controls(media_id)


def in_order(found: list[Any]) -> list[Screenshot]:
    """The pictures of pairs of index and picture or error, by index. Raises the first error."""
    values = [value for _, value in sorted(found, key=lambda pair: pair[0])]
    pictures = [value for value in values if isinstance(value, Screenshot)]
    for value in values:
        if isinstance(value, WxAuditError):
            value.screenshots = tuple(pictures)
            if pictures:
                value.message += f" {len(pictures)} of {len(values)} came: see its attribute screenshots."
            raise value
    return pictures
