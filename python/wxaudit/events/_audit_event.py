"""The event in a push about an audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

from .._errors.tree import ArgumentError
from .._models.state import AuditState
from .._models.value import Frozen
from .._native import AuditStatus
from .._validation import choice, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self

    from .._models.state import Reason

STATES = {
    "weapp_audit_success": AuditState.APPROVED,
    "weapp_audit_fail": AuditState.REJECTED,
    "weapp_audit_delay": AuditState.DELAYED,
}


class AuditEvent(Frozen):
    """An audit was approved, rejected or delayed.

    - `kind`: WeChat's name of the event, `"weapp_audit_success"`, `"weapp_audit_fail"` or
      `"weapp_audit_delay"`
    - `original_id`: the 原始 ID (`gh_…`) of the mini program. A push contains neither auditid nor appid. Put
      `$APPID$` into the URL to receive the appid
    - `decided_at`: an aware `datetime` in UTC
    - `reason`: WeChat's text for a rejection or a delay, or None. It is untrusted
    - `screenshots`: a tuple of `media_id`s of the mini program

    Events are compared, hashed, pickled and matched by value. Invalid values raise `ArgumentError`.

    Source: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/code/audit_event.html
    """

    __module__ = "wxaudit.events"
    __match_args__ = __slots__ = _fields = ("kind", "original_id", "decided_at", "reason", "screenshots")

    kind: str
    original_id: str
    decided_at: datetime
    reason: str | None
    screenshots: tuple[str, ...]

    def __init__(
        self,
        kind: str,
        original_id: str,
        decided_at: datetime | str,
        reason: str | None = None,
        screenshots: Iterable[str] | None = (),
    ) -> None:
        if not isinstance(kind, str) or kind not in STATES:
            raise ArgumentError(f"kind must be one of {', '.join(STATES)}, got {choice(kind)}")
        if not isinstance(original_id, str) or not original_id:
            given = choice(original_id)
            raise ArgumentError(f"original_id must be a string such as gh_fb9688c2a4b2, got {given}")
        if reason is not None and not isinstance(reason, str):
            raise ArgumentError(f"reason must be a str or None, got {shown(reason)}")
        if reason is not None and not _is_valid(reason):
            raise ArgumentError("reason contains a lone surrogate, so it is not valid text")
        self.kind = kind
        self.original_id = original_id
        self.decided_at = _moment(decided_at)
        self.reason = reason
        self.screenshots = _media_ids(screenshots)

    @property
    def status(self) -> AuditState:
        """The state that `get_audit_status` returns: APPROVED, REJECTED or DELAYED."""
        return STATES[self.kind]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The items of the reason. They contain the complete text."""
        return AuditStatus(1, self.status, reason=self.reason).reasons

    def to_dict(self) -> dict[str, Any]:
        """Convert the event to a dict for JSON. `from_dict` reads it."""
        return {
            **self._values(),
            "decided_at": self.decided_at.isoformat(),
            "screenshots": list(self.screenshots),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Create an event from the dict of `to_dict`. Raise `ArgumentError` for missing or invalid values.

        Other keys are ignored.
        """
        if not isinstance(data, Mapping):
            raise ArgumentError(f"data must be a dict made by to_dict, got {shown(data)}")
        return cls(**{name: data.get(name) for name in cls._fields})  # type: ignore[arg-type]  # checked there


def _moment(given: object) -> datetime:
    """Convert a datetime or its ISO text to UTC."""
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
        if isinstance(moment, datetime) and moment.utcoffset() is not None:
            return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError, TypeError):
        pass  # not a time, one outside the range of UTC, or one whose time zone is broken
    got = choice(given)
    raise ArgumentError(f"decided_at must be a datetime with a time zone, or its ISO text, got {got}")


def _media_ids(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    media_ids = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (None,)
    if not all(isinstance(media_id, str) for media_id in media_ids):
        raise ArgumentError(f"screenshots must be a sequence of media_ids, got {shown(given)}")
    return media_ids


def _is_valid(text: str) -> bool:
    """Whether a text can be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
