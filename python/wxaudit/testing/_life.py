"""The states of an audit, the changes that WeChat allows, and scripted steps."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from ._clock import as_timedelta

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

# WeChat's numbers, as in `wxaudit.AuditState`.
APPROVED, REJECTED, IN_REVIEW, WITHDRAWN, DELAYED = range(5)

FINAL = frozenset({APPROVED, REJECTED, WITHDRAWN})
_NAMES = ("APPROVED", "REJECTED", "IN_REVIEW", "WITHDRAWN", "DELAYED")
_NEXT = {IN_REVIEW: frozenset({APPROVED, REJECTED, DELAYED, WITHDRAWN}), DELAYED: FINAL}


def state_number(state: int) -> int:
    """Convert a state to a plain int. Numbers that WeChat does not define today are allowed."""
    if isinstance(state, bool) or not isinstance(state, int):
        raise TypeError(f"state must be a number or an AuditState, not {type(state).__name__}")
    return int(state)


def state_name(state: int) -> str:
    """Return the name of a state for messages and `repr`."""
    return _NAMES[state] if 0 <= state < len(_NAMES) else str(state)


def check_change(before: int, after: int) -> None:
    """Raise `ValueError` for a change of state that WeChat never makes.

    Approved, rejected and withdrawn are final. An audit never returns to in review, and is delayed only once.
    Numbers that WeChat does not define today may come before and after any state that is not final.
    """
    if before in FINAL:
        raise ValueError(f"{state_name(before)} is final: the audit cannot become {state_name(after)}")
    if before in _NEXT and 0 <= after < len(_NAMES) and after not in _NEXT[before]:
        raise ValueError(f"an audit cannot change from {state_name(before)} to {state_name(after)}")


def check_details(state: int, reason: str | None, screenshots: Iterable[str]) -> tuple[str, ...]:
    """Return the screenshots as a tuple. Raise `ValueError` for details that do not belong to `state`."""
    if isinstance(screenshots, str):
        raise TypeError("screenshots must be a sequence of media_ids, not one string")
    media_ids = tuple(screenshots)
    for media_id in media_ids:
        if not isinstance(media_id, str):
            raise TypeError(f"media_id must be a string, not {type(media_id).__name__}")
        if not media_id or "|" in media_id:
            raise ValueError(f"a media_id must not be empty or contain |, not {media_id!r}")
    if reason is not None and not isinstance(reason, str):
        raise TypeError(f"reason must be a string, not {type(reason).__name__}")
    if reason is not None and state in (APPROVED, IN_REVIEW, WITHDRAWN):
        raise ValueError(
            f"WeChat sends a reason only with REJECTED and DELAYED, not with {state_name(state)}"
        )
    if media_ids and state in (APPROVED, IN_REVIEW, WITHDRAWN, DELAYED):
        raise ValueError(f"WeChat sends screenshots only with REJECTED, not with {state_name(state)}")
    return media_ids


@dataclass(frozen=True)
class Step:
    """One change of state in the life of an audit.

    - `after_polls`: take the step after this many polls have returned the previous state.
    - `after`: take the step when the fake's clock has advanced by this duration (seconds or `timedelta`)
      since the previous state began.
    - Without either, `FakeAudit.next_step` takes the step. Both at once raise `ValueError`.
    - `reason` is for REJECTED and DELAYED, `screenshots` (media_ids) for REJECTED.
    """

    state: int
    _: KW_ONLY
    after_polls: int | None = None
    after: float | timedelta | None = None
    reason: str | None = None
    screenshots: Sequence[str] = ()

    def __post_init__(self) -> None:
        polls = self.after_polls
        if polls is not None:
            if self.after is not None:
                raise ValueError("give after_polls or after, not both")
            if isinstance(polls, bool) or not isinstance(polls, int):
                raise TypeError(f"after_polls must be a number of polls, not {type(polls).__name__}")
            if polls < 1:
                raise ValueError(f"after_polls must be at least 1, not {polls}")
        state = state_number(self.state)
        object.__setattr__(self, "state", state)
        object.__setattr__(self, "screenshots", check_details(state, self.reason, self.screenshots))
        if self.after is not None:
            object.__setattr__(self, "after", as_timedelta(self.after, "after"))


def check_life(state: int, life: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps as a tuple. Raise `ValueError` if one of them cannot follow the previous state."""
    steps = tuple(life)
    for step in steps:
        if not isinstance(step, Step):
            raise TypeError(f"life must be a sequence of Step, not of {type(step).__name__}")
        check_change(state, step.state)
        state = step.state
    return steps
