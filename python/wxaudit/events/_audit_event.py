"""What a push says about an audit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

from .._errors.tree import ArgumentError
from .._models.state import AuditState
from .._models.value import Frozen
from .._native import AuditStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar

    from typing_extensions import Self

    from .._models.state import Reason

STATES = {
    "weapp_audit_success": AuditState.APPROVED,
    "weapp_audit_fail": AuditState.REJECTED,
    "weapp_audit_delay": AuditState.DELAYED,
}


class AuditEvent(Frozen):
    """WeChat's word that an audit was approved, rejected or delayed.

    - `kind`: `"weapp_audit_success"`, `"weapp_audit_fail"` or `"weapp_audit_delay"`, as WeChat names it
    - `original_id`: the 原始 ID of the mini program, `gh_…`. A push tells neither auditid nor appid;
      a URL with `$APPID$` in it tells the appid
    - `decided_at`: when, aware, UTC
    - `reason`: why it was rejected or delayed, as WeChat wrote it: untrusted text. None where it gave none
    - `screenshots`: tuple of `media_id`s of that mini program

    Equality, hash, pickle and `match` go by value. `ArgumentError` for values of the wrong kind.

    Source: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/code/audit_event.html
    """

    __module__ = "wxaudit.events"
    __match_args__ = ("kind", "original_id", "decided_at", "reason", "screenshots")
    __slots__ = __match_args__
    _fields: ClassVar[tuple[str, ...]] = __match_args__

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
            raise ArgumentError(f"kind must be one of {', '.join(STATES)}, got {kind!r}")
        if not isinstance(original_id, str) or not original_id:
            raise ArgumentError(f"original_id must be a text such as gh_fb9688c2a4b2, got {original_id!r}")
        if reason is not None and not isinstance(reason, str):
            raise ArgumentError(f"reason must be a str or None, got {reason!r}")
        self._fill(
            kind=kind,
            original_id=original_id,
            decided_at=_moment(decided_at),
            reason=reason,
            screenshots=_media_ids(screenshots),
        )

    @property
    def status(self) -> AuditState:
        """What `get_audit_status` would say: APPROVED, REJECTED or DELAYED."""
        return STATES[self.kind]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The items of the reason; nothing of its text is lost."""
        return AuditStatus(1, self.status, reason=self.reason).reasons

    def to_dict(self) -> dict[str, Any]:
        """All of it in a dict that is safe for JSON; `from_dict` reads it back."""
        return {
            "kind": self.kind,
            "original_id": self.original_id,
            "decided_at": self.decided_at.isoformat(),
            "reason": self.reason,
            "screenshots": list(self.screenshots),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` made. `ArgumentError` for a missing or wrong key; others are left out."""
        # The constructor refuses what is missing or of another type.
        given: dict[str, Any] = {name: data.get(name) for name in cls._fields}
        return cls(**given)


def _moment(given: object) -> datetime:
    """That moment in UTC."""
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
        if isinstance(moment, datetime) and moment.utcoffset() is not None:
            return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        # No time at all, or one that UTC has no year for.
        pass
    raise ArgumentError(f"decided_at must be a datetime with a time zone, or its ISO text, got {given!r}")


def _media_ids(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    media_ids = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (None,)
    if not all(isinstance(media_id, str) for media_id in media_ids):
        raise ArgumentError(f"screenshots must be several media_ids, got {given!r}")
    return media_ids
