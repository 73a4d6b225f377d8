"""Deliver the events of a call or batch to `on_event`, the log and instrumentation."""

from __future__ import annotations

from .._signals import raised_by_signal
from .listener import Listener
from .logging import Log, log_callback_error, logger_that_listens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    from .._native import Event

    # Makes the listener of one call or batch.
    Make: TypeAlias = Callable[[], Listener]


class _Callback(Listener):
    __slots__ = ("_on_event",)

    name = "on_event"

    def __init__(self, on_event: Callable[[Event], object]) -> None:
        self._on_event = on_event

    def on_event(self, event: Event) -> object:
        return self._on_event(event)


# By name, so that instrumenting twice adds one listener.
instruments: dict[str, Make] = {}


class EventDispatcher:
    """The listeners of one call or batch, for its duration; true if there is one."""

    __slots__ = ("_listeners",)

    def __init__(self, listeners: list[Listener] | None = None) -> None:
        self._listeners = listeners or []

    def __bool__(self) -> bool:
        return bool(self._listeners)

    def on_event(self, events: Iterable[Event]) -> None:
        if self._listeners:
            for event in events:
                for listener in self._listeners:
                    _notify(listener, listener.on_event, event)

    def __enter__(self) -> EventDispatcher:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        for listener in self._listeners:
            _notify(listener, listener.on_end, error)


def _notify(listener: Listener, method: Callable[[Any], object], what: object) -> None:
    try:
        method(what)
    except Exception as error:
        if raised_by_signal(error):
            raise
        log_callback_error(f"{listener.name} raised; the call goes on")


NO_LISTENERS = EventDispatcher()


def dispatcher_for(on_event: Callable[[Event], object] | None) -> EventDispatcher:
    """The dispatcher of the call or batch that begins now.

    Events cost a call about 50 µs, so it makes them only if the dispatcher is true.
    """
    logger = logger_that_listens()
    if on_event is None and logger is None and not instruments:
        return NO_LISTENERS
    listeners: list[Listener] = [] if on_event is None else [_Callback(on_event)]
    if logger is not None:
        listeners.append(Log(logger))
    return EventDispatcher(listeners + [make() for make in tuple(instruments.values())])
