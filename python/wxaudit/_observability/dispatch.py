"""Who hears what calls tell: `on_event`, the log, and what instruments the library."""

from __future__ import annotations

from .._models.event import Event, Listener
from .logging import Log, log_callback_error, logger_that_listens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Any, TypeAlias

    # Makes what hears one call, or one batch.
    Make: TypeAlias = Callable[[], Listener]


class _Callback(Listener):
    __slots__ = ("_on_event",)

    name = "on_event"

    def __init__(self, on_event: Callable[[Event], object]) -> None:
        self._on_event = on_event

    def on_event(self, event: Event) -> object:
        return self._on_event(event)


# By name, so that whoever instruments twice is heard once.
instruments: dict[str, Make] = {}


class EventDispatcher:
    """All who hear one call or one batch, for as long as it lasts; true where there is anybody."""

    __slots__ = ("_listeners",)

    def __init__(self, listeners: list[Listener] | None = None) -> None:
        self._listeners = listeners or []

    def __bool__(self) -> bool:
        return bool(self._listeners)

    def on_event(self, events: Iterable[dict[str, Any]]) -> None:
        if self._listeners:
            for values in events:
                event = Event(**values)
                for listener in self._listeners:
                    _tell(listener, listener.on_event, event)

    def __enter__(self) -> EventDispatcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for listener in self._listeners:
            _tell(listener, listener.on_end, error)


def _tell(listener: Listener, method: Callable[[Any], object], what: object) -> None:
    try:
        method(what)
    except Exception:
        log_callback_error(f"{listener.name} raised; the call goes on")


NO_LISTENERS = EventDispatcher()


def dispatcher_for(on_event: Callable[[Event], object] | None) -> EventDispatcher:
    """Delivers the events of a call or a batch that begins now.

    Events cost a call about 50 µs, so they are asked for only where somebody listens; this costs it
    less than one.
    """
    logger = logger_that_listens()
    if on_event is None and logger is None and not instruments:
        return NO_LISTENERS
    listeners: list[Listener] = [] if on_event is None else [_Callback(on_event)]
    if logger is not None:
        listeners.append(Log(logger))
    return EventDispatcher(listeners + [make() for make in tuple(instruments.values())])
