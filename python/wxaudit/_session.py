"""The state of a client: its engine, limits and listener, and whether it is closed."""

from __future__ import annotations

from ._observability.dispatch import dispatcher_for
from ._timeout import limits_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._native import Engine, Event
    from ._observability.dispatch import EventDispatcher
    from ._timeout import Timeout


class Session:
    """The state that calls, batches and waits take instead of a client."""

    __slots__ = ("closed", "engine", "on_event", "timeout")

    def __init__(
        self,
        engine: Engine,
        timeout: Timeout,
        on_event: Callable[[Event], object] | None,
        closed: bool = False,
    ) -> None:
        self.engine = engine
        self.timeout = timeout
        self.on_event = on_event
        self.closed = closed

    def check_open(self) -> None:
        if self.closed:
            raise RuntimeError("this client is closed; make a new one")

    def options(self, appid: Any, timeout: Any, max_retries: Any) -> tuple[Any, Any, Any]:
        """The options of one call, in the form that the engine takes."""
        self.check_open()
        return appid, None if timeout is None else limits_of(timeout, self.timeout), max_retries

    def dispatcher(self) -> EventDispatcher:
        """A dispatcher for the events of one call or batch."""
        return dispatcher_for(self.on_event)

    def close(self) -> None:
        self.closed = True
        self.engine.close()
