"""The life of an audit: its states, the changes between them, and the steps of a script."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from ._clock import as_timedelta

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

# The wire's numbers; `wxaudit.AuditState` has the same members.
APPROVED, REJECTED, IN_REVIEW, WITHDRAWN, DELAYED = range(5)

FINAL = frozenset({APPROVED, REJECTED, WITHDRAWN})
_NAMES = ("APPROVED", "REJECTED", "IN_REVIEW", "WITHDRAWN", "DELAYED")
_NEXT = {IN_REVIEW: frozenset({APPROVED, REJECTED, DELAYED, WITHDRAWN}), DELAYED: FINAL}


def state_number(state: int) -> int:
    """A state as the plain number of the wire; one without a meaning today is allowed."""
    if isinstance(state, bool) or not isinstance(state, int):
        raise TypeError(f"a state is a number or an AuditState, not {type(state).__name__}")
    return int(state)


def state_name(state: int) -> str:
    """The name of a state, for messages and `repr`."""
    return _NAMES[state] if 0 <= state < len(_NAMES) else str(state)


def check_change(before: int, after: int) -> None:
    """`ValueError` where WeChat never moves an audit from `before` to `after`.

    In review leads to approved, rejected, delayed or withdrawn; delayed to approved, rejected or withdrawn;
    nothing leads out of those three. From and to numbers without a meaning today everything is possible.
    """
    if before in FINAL:
        raise ValueError(f"{state_name(before)} is final: the audit cannot become {state_name(after)}")
    if before in _NEXT and 0 <= after < len(_NAMES) and after not in _NEXT[before]:
        raise ValueError(f"an audit does not go from {state_name(before)} to {state_name(after)}")


def check_details(state: int, reason: str | None, screenshots: Iterable[str]) -> tuple[str, ...]:
    """The screenshots as a tuple; `ValueError` for details that WeChat does not send with `state`."""
    if isinstance(screenshots, str):
        raise TypeError("screenshots is a sequence of media_ids, not one string")
    media_ids = tuple(screenshots)
    for media_id in media_ids:
        if not isinstance(media_id, str):
            raise TypeError(f"a media_id is a string, not {type(media_id).__name__}")
        if not media_id or "|" in media_id:
            raise ValueError(f"not a media_id: {media_id!r}")
    if reason is not None and not isinstance(reason, str):
        raise TypeError(f"reason is a string, not {type(reason).__name__}")
    if reason is not None and state in (APPROVED, IN_REVIEW, WITHDRAWN):
        raise ValueError(
            f"WeChat sends a reason with REJECTED and DELAYED only, not with {state_name(state)}"
        )
    if media_ids and state in (APPROVED, IN_REVIEW, WITHDRAWN, DELAYED):
        raise ValueError(f"WeChat sends screenshots with REJECTED only, not with {state_name(state)}")
    return media_ids


@dataclass(frozen=True)
class Step:
    """One change in the scripted life of an audit: which state comes, and when.

    `after_polls=N`: once N polls have been answered with the state before it; the next poll sees this one.
    `after`: once the fake's own clock has gone on by this much (seconds or `timedelta`) since the state
    before it came. Neither: by hand, when `FakeAudit.next_step` is called. Both at once is a `ValueError`.

    `reason` goes with REJECTED and DELAYED, `screenshots` (media_ids) with REJECTED.
    """

    state: int
    _: KW_ONLY
    after_polls: int | None = None
    after: float | timedelta | None = None
    reason: str | None = None
    screenshots: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.after_polls is not None and self.after is not None:
            raise ValueError("a step comes after polls or after a time, not both")
        if self.after_polls is not None and (
            isinstance(self.after_polls, bool) or not isinstance(self.after_polls, int)
        ):
            raise TypeError(f"after_polls is a number of polls, not {type(self.after_polls).__name__}")
        if self.after_polls is not None and self.after_polls < 1:
            raise ValueError(f"after_polls must be at least 1, not {self.after_polls}")
        state = state_number(self.state)
        object.__setattr__(self, "state", state)
        object.__setattr__(self, "screenshots", check_details(state, self.reason, self.screenshots))
        if self.after is not None:
            object.__setattr__(self, "after", as_timedelta(self.after, "after"))


def check_life(state: int, life: Iterable[Step]) -> tuple[Step, ...]:
    """The steps as a tuple; `ValueError` where one of them cannot follow the state before it."""
    steps = tuple(life)
    for step in steps:
        if not isinstance(step, Step):
            raise TypeError(f"a life is a sequence of Step, not of {type(step).__name__}")
        check_change(state, step.state)
        state = step.state
    return steps
