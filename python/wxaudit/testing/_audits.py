"""The audits of the fake."""

from __future__ import annotations

import secrets
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ._errcode import ErrcodeError
from ._life import (
    APPROVED,
    DELAYED,
    REJECTED,
    WITHDRAWN,
    Step,
    check_change,
    check_details,
    check_life,
    state_name,
    state_number,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

    from .._models.state import AuditState
    from ._clock import FakeClock

# The range of auditids that WeChat gives. They are not ordered by time.
_MIN_AUDITID, _MAX_AUDITID = 410_000_000, 670_000_000


class FakeAudit:
    """One audit of the fake, created by `FakeWeChat.submit`. It may be used from any thread.

    A manual change (`approve`, `reject`, `delay`, `withdraw`) discards the remaining steps of its life.
    """

    def __init__(
        self,
        auditid: int,
        appid: str,
        state: int,
        reason: str | None,
        screenshots: Iterable[str],
        life: Iterable[Step],
        user_version: str,
        user_desc: str,
        *,
        clock: FakeClock,
        lock: threading.RLock,
    ) -> None:
        for name, text in (("user_version", user_version), ("user_desc", user_desc)):
            if not isinstance(text, str):
                raise TypeError(f"{name} must be a string, not {type(text).__name__}")
        self.user_version = user_version
        self.user_desc = user_desc
        self.auditid: Final = auditid
        """The number that `submit` assigned."""
        self.appid: Final = appid
        """The mini program that owns the audit."""
        self.submitted_at: Final = clock.now()
        """When the audit was submitted, by the fake's clock."""
        self._state = state_number(state)
        self._reason = reason
        self._screenshots = check_details(self._state, reason, screenshots)
        self._life = deque(check_life(self._state, life))
        self._clock = clock
        self._lock = lock
        self._changed_at = self.submitted_at
        self._polls = 0
        self._polls_in_state = 0

    @property
    def state(self) -> AuditState:
        """The current state, by the fake's clock."""
        from .._models.state import AuditState

        self._catch_up()
        return AuditState(self._state)

    @property
    def reason(self) -> str | None:
        """WeChat's text for the current state, or None if there is none."""
        self._catch_up()
        return self._reason

    @property
    def screenshots(self) -> tuple[str, ...]:
        """The media_ids that belong to the current state."""
        self._catch_up()
        return self._screenshots

    @property
    def life(self) -> tuple[Step, ...]:
        """The remaining steps."""
        with self._lock:
            self._catch_up()
            return tuple(self._life)

    @property
    def polls(self) -> int:
        """The number of requests that were answered with the state of this audit."""
        return self._polls

    @property
    def changed_at(self) -> datetime:
        """When the current state began, by the fake's clock."""
        self._catch_up()
        return self._changed_at

    def approve(self) -> None:
        """Approve the audit. Raise `ValueError` if its state is final."""
        self._change(APPROVED)

    def reject(self, reason: str | None = None, screenshots: Iterable[str] = ()) -> None:
        """Reject the audit. Raise `ValueError` if its state is final."""
        self._change(REJECTED, reason, screenshots)

    def delay(self, reason: str | None = None) -> None:
        """Delay the audit. Raise `ValueError` if it is already delayed or its state is final."""
        self._change(DELAYED, reason)

    def withdraw(self) -> None:
        """Withdraw the audit, as the developer can. Raise `ValueError` if its state is final."""
        self._change(WITHDRAWN)

    def next_step(self) -> None:
        """Take the next step now, whatever its condition is. Raise `LookupError` if no step is left."""
        with self._lock:
            self._catch_up()
            if not self._life:
                raise LookupError(f"the life of audit {self.auditid} has no step left")
            self._take_step(self._clock.now())

    def _answer(self) -> dict[str, object]:
        """Count a poll and return the fields of its answer."""
        with self._lock:
            self._catch_up()
            answer: dict[str, object] = {"errcode": 0, "errmsg": "ok", "status": self._state}
            if self._reason is not None:
                answer["reason"] = self._reason
            if self._screenshots:
                answer["screenshot"] = "|".join(self._screenshots)
            self._polls += 1
            self._polls_in_state += 1
            if self._life and self._life[0].after_polls == self._polls_in_state:
                self._take_step(self._clock.now())
            return answer

    def _latest_answer(self) -> dict[str, object]:
        """Return the answer of get_latest_auditstatus, which spells `ScreenShot` differently."""
        answer = self._answer()
        if "screenshot" in answer:
            answer["ScreenShot"] = answer.pop("screenshot")
        return {
            **answer,
            "auditid": self.auditid,
            "user_version": self.user_version,
            "user_desc": self.user_desc,
            "submit_audit_time": int(self.submitted_at.timestamp()),
        }

    def _catch_up(self) -> None:
        """Take each step that is due by now, at the time when it was due."""
        with self._lock:
            while self._life and isinstance(self._life[0].after, timedelta):
                due = self._changed_at + self._life[0].after
                if due > self._clock.now():
                    return
                self._take_step(due)

    def _take_step(self, moment: datetime) -> None:
        step = self._life.popleft()
        self._enter(step.state, step.reason, tuple(step.screenshots), moment)

    def _change(self, state: int, reason: str | None = None, screenshots: Iterable[str] = ()) -> None:
        media_ids = check_details(state, reason, screenshots)
        with self._lock:
            self._catch_up()
            check_change(self._state, state)
            self._life.clear()
            self._enter(state, reason, media_ids, self._clock.now())

    def _enter(self, state: int, reason: str | None, media_ids: tuple[str, ...], moment: datetime) -> None:
        self._state, self._reason, self._screenshots = state, reason, media_ids
        self._changed_at = moment
        self._polls_in_state = 0

    def __repr__(self) -> str:
        self._catch_up()
        return f"<FakeAudit {self.auditid} of {self.appid}: {state_name(self._state)}, {self._polls} polls>"


class Audits(dict[int, FakeAudit]):
    """All audits, by number. Used with the lock of the fake held."""

    def latest(self, appid: str) -> FakeAudit:
        """Return the audit that a mini program submitted last. Answer 85058 if there is none."""
        for audit in reversed(self.values()):
            if audit.appid == appid:
                return audit
        raise ErrcodeError(85058)

    def has_screenshot(self, media_id: str, appid: str) -> bool:
        """Whether an audit of this mini program has this screenshot."""
        return any(media_id in audit.screenshots for audit in self.values() if audit.appid == appid)

    def find(self, auditid: int, appid: str) -> FakeAudit:
        """Return an audit of `appid`. Answer 85012 if it does not exist or has another owner."""
        audit = self.get(auditid)
        if audit is None or audit.appid != appid:
            raise ErrcodeError(85012)
        return audit

    def new_number(self, auditid: int | None) -> int:
        """Return `auditid` if it is free, or a random free number for None."""
        if auditid is None:
            while (auditid := _MIN_AUDITID + secrets.randbelow(_MAX_AUDITID - _MIN_AUDITID)) in self:
                pass
        if isinstance(auditid, bool) or not isinstance(auditid, int):
            raise TypeError(f"auditid must be a number, not {type(auditid).__name__}")
        if not 0 < auditid < 2**63:
            raise ValueError(f"auditid must be between 1 and 2**63 - 1, not {auditid}")
        if auditid in self:
            raise ValueError(f"audit {auditid} exists already: give another auditid, or None for a free one")
        return int(auditid)
