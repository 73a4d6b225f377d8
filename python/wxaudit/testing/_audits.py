"""The audits that the fake knows."""

from __future__ import annotations

import secrets
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

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

# Numbers of this range have been seen; they are not ordered by time.
_LOWEST, _HIGHEST = 410_000_000, 670_000_000


class FakeAudit:
    """One audit of the fake. Made by `FakeWeChat.submit`; safe to use from any thread.

    A change by hand (`approve`, `reject`, `delay`, `withdraw`) ends its script: what is left of its life is
    dropped.
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
                raise TypeError(f"{name} is a string, not {type(text).__name__}")
        self.user_version = user_version
        self.user_desc = user_desc
        self._auditid = auditid
        self._appid = appid
        self._state = state_number(state)
        self._reason = reason
        self._screenshots = check_details(self._state, reason, screenshots)
        self._life = deque(check_life(self._state, life))
        self._clock = clock
        self._lock = lock
        self._submitted_at = self._changed_at = clock.now()
        self._polls = 0
        self._polls_in_state = 0

    @property
    def auditid(self) -> int:
        """The number that `submit` gave."""
        return self._auditid

    @property
    def appid(self) -> str:
        """The mini program that owns it."""
        return self._appid

    @property
    def state(self) -> AuditState:
        """Its state at this moment of the fake's clock."""
        from .._models.state import AuditState

        with self._lock:
            self._catch_up()
            return AuditState(self._state)

    @property
    def reason(self) -> str | None:
        """WeChat's words for the present state; None where it gives none."""
        with self._lock:
            self._catch_up()
            return self._reason

    @property
    def screenshots(self) -> tuple[str, ...]:
        """The media_ids that come with the present state."""
        with self._lock:
            self._catch_up()
            return self._screenshots

    @property
    def life(self) -> tuple[Step, ...]:
        """The steps that are still to come."""
        with self._lock:
            self._catch_up()
            return tuple(self._life)

    @property
    def polls(self) -> int:
        """How many requests were answered with its state so far."""
        return self._polls

    @property
    def submitted_at(self) -> datetime:
        """When it was submitted, by the fake's clock."""
        return self._submitted_at

    @property
    def changed_at(self) -> datetime:
        """When the present state came, by the fake's clock."""
        with self._lock:
            self._catch_up()
            return self._changed_at

    def approve(self) -> None:
        """The reviewers approve it. `ValueError` where its state is final."""
        self._change_by_hand(APPROVED)

    def reject(self, reason: str | None = None, screenshots: Iterable[str] = ()) -> None:
        """The reviewers reject it. `ValueError` where its state is final."""
        self._change_by_hand(REJECTED, reason, screenshots)

    def delay(self, reason: str | None = None) -> None:
        """The review is delayed. `ValueError` where it is delayed already or its state is final."""
        self._change_by_hand(DELAYED, reason)

    def withdraw(self) -> None:
        """The developer withdraws it. `ValueError` where its state is final."""
        self._change_by_hand(WITHDRAWN)

    def next_step(self) -> None:
        """Take the next step of its life now, whatever that waits for. `LookupError` where none is left."""
        with self._lock:
            self._catch_up()
            if not self._life:
                raise LookupError(f"the life of audit {self._auditid} has no step left")
            self._take(self._life.popleft(), self._clock.now())

    def _answer(self) -> dict[str, object]:
        """One poll: the fields of the answer, and the poll counted."""
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
                self._take(self._life.popleft(), self._clock.now())
            return answer

    def _latest_answer(self) -> dict[str, object]:
        """The same with what was submitted, its screenshots spelled as that interface does."""
        answer = self._answer()
        if "screenshot" in answer:
            answer["ScreenShot"] = answer.pop("screenshot")
        submitted = int(self._submitted_at.timestamp())
        return {
            **answer,
            "auditid": self._auditid,
            "user_version": self.user_version,
            "user_desc": self.user_desc,
            "submit_audit_time": submitted,
        }

    def _catch_up(self) -> None:
        """Take the steps whose time has come, each at its own moment."""
        now = self._clock.now()
        while self._life and isinstance(self._life[0].after, timedelta):
            due = self._changed_at + self._life[0].after
            if due > now:
                return
            self._take(self._life.popleft(), due)

    def _take(self, step: Step, moment: datetime) -> None:
        self._enter(step.state, step.reason, tuple(step.screenshots), moment)

    def _change_by_hand(self, state: int, reason: str | None = None, screenshots: Iterable[str] = ()) -> None:
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
        with self._lock:
            self._catch_up()
            state = state_name(self._state)
            return f"<FakeAudit {self._auditid} of {self._appid}: {state}, {self._polls} polls>"


class Audits:
    """All audits, by their number."""

    def __init__(self, clock: FakeClock, lock: threading.RLock) -> None:
        self._clock = clock
        self._lock = lock
        self._by_id: dict[int, FakeAudit] = {}

    def submit(
        self,
        appid: str,
        auditid: int | None,
        state: int,
        reason: str | None,
        screenshots: Iterable[str],
        life: Iterable[Step],
        user_version: str,
        user_desc: str,
    ) -> FakeAudit:
        with self._lock:
            number = self._fresh_number() if auditid is None else self._free_number(auditid)
            audit = FakeAudit(
                number,
                appid,
                state,
                reason,
                screenshots,
                life,
                user_version,
                user_desc,
                clock=self._clock,
                lock=self._lock,
            )
            self._by_id[number] = audit
            return audit

    def latest(self, appid: str) -> FakeAudit:
        """What a mini program submitted last; 85058 where that is nothing."""
        for audit in reversed(self._by_id.values()):
            if audit.appid == appid:
                return audit
        raise ErrcodeError(85058)

    def shows(self, media_id: str, appid: str) -> bool:
        """Whether a media_id is that of a screenshot of this mini program."""
        return any(media_id in audit.screenshots for audit in self._by_id.values() if audit.appid == appid)

    def find(self, auditid: int, appid: str) -> FakeAudit:
        """The audit for a token of `appid`; 85012 where it is unknown or another mini program's."""
        audit = self._by_id.get(auditid)
        if audit is None or audit.appid != appid:
            raise ErrcodeError(85012)
        return audit

    def get(self, auditid: int) -> FakeAudit:
        """The audit of that number; `LookupError` where there is none."""
        audit = self._by_id.get(auditid)
        if audit is None:
            raise LookupError(f"no audit {auditid}")
        return audit

    def all(self) -> list[FakeAudit]:
        with self._lock:
            return list(self._by_id.values())

    def clear(self) -> None:
        with self._lock:
            self._by_id.clear()

    def _fresh_number(self) -> int:
        while True:
            number = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
            if number not in self._by_id:
                return number

    def _free_number(self, auditid: int) -> int:
        if isinstance(auditid, bool) or not isinstance(auditid, int):
            raise TypeError(f"auditid is a number, not {type(auditid).__name__}")
        if not 0 < auditid < 2**63:
            raise ValueError(f"auditid must be between 1 and 2**63 - 1, not {auditid}")
        if auditid in self._by_id:
            raise ValueError(f"audit {auditid} exists already")
        return int(auditid)
