"""Count what one call of `poll_due` has done."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class PollReport:
    """What one call of `poll_due` has done. Reports can be added."""

    claimed: int = 0
    """Watches that were due, and that no other worker had."""
    answered: int = 0
    """Watches for which WeChat answered a state."""
    changed: int = 0
    """Watches whose state changed, the decided ones included."""
    decided: int = 0
    """Watches that WeChat has approved, rejected or withdrawn."""
    overdue: int = 0
    """Watches whose deadline has passed."""
    failed: int = 0
    """Watches whose call failed; `AuditWatch.last_error` says why."""
    skipped: int = 0
    """Watches and changes that were claimed, and given back or lost to another worker after the lease."""
    delivered: int = 0
    """Changes that all receivers have accepted."""
    undelivered: int = 0
    """Changes that a receiver has refused by an exception: they are delivered again later."""
    deleted: int = 0
    """Decided watches that were kept long enough."""

    def __add__(self, other: PollReport) -> PollReport:
        if not isinstance(other, PollReport):
            return NotImplemented
        names = [item.name for item in fields(self)]
        return PollReport(**{name: getattr(self, name) + getattr(other, name) for name in names})
