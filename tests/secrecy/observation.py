"""What a scenario left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import wxaudit


class Observation(NamedTuple):
    """Everything that was seen of one scenario. Texts of it are only searched, never shown."""

    result: object
    error: BaseException | None
    clients: Sequence[object]
    events: Sequence[wxaudit.Event]
    logs: Sequence[str]
    warnings: Sequence[str]
    stdout: bytes
    stderr: bytes
    stacks: bytes
    """What `faulthandler` wrote while the calls were in flight."""
    objects: Sequence[str | bytes]
    """The texts that the garbage collector knows and did not know before."""

    @property
    def errors(self) -> list[BaseException]:
        """The error and all that hang on it, however they came to be there."""
        found: list[BaseException] = []
        waiting = [self.error]
        while waiting:
            error = waiting.pop()
            if error is not None and error not in found:
                found.append(error)
                waiting += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
        return found

    @property
    def subjects(self) -> list[object]:
        """The objects that a caller has in hand afterwards."""
        return [self.result, *self.errors[:1], *self.clients, *self.events]
