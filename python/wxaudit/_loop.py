"""The asyncio side of a native call: its future is made here, and completed when its result has landed."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary, ref

from ._native import Landing, LoopPort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_ports: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopPort] = WeakKeyDictionary()


def begin(start: Callable[..., bool], *arguments: object) -> asyncio.Future[Any]:
    """The future of a native call in the running loop; cancelling it drops the call.

    `start` takes a `Landing` and the arguments, and tells whether results can still be delivered.
    """
    loop = asyncio.get_running_loop()
    port = _ports.get(loop)
    if port is None:
        port = _ports.setdefault(loop, LoopPort(ref(loop), _unload))
    future = loop.create_future()
    if not start(Landing(port, future), *arguments):
        _too_late()
    return future


def _unload(port: LoopPort) -> None:
    for future, complete, value in port.take():
        if not future.done():
            complete(value)


def _too_late() -> None:
    """The interpreter is exiting: all threads but the main one are daemons, about to be frozen.

    Theirs may wait for ever: what they raised would be printed.
    """
    import threading

    if threading.current_thread() is threading.main_thread():
        raise RuntimeError(
            "the interpreter is exiting: asyncio calls are over; the blocking client still works"
        )
