"""Define what a listener to calls is."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Event


class Listener:
    """Listens to one call or one batch from its beginning to its end, in the thread or task that makes it.

    An exception that a listener raises is logged. The call goes on.
    """

    __slots__ = ()

    name = "a listener"

    def on_event(self, event: Event) -> object:
        """Takes one event, soon after it happened."""

    def on_end(self, error: BaseException | None) -> object:
        """Takes the end of the call or batch, with its exception if it raises one. No event follows."""
