"""The asyncio side of native calls: their futures are made here, and completed when something has arrived."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from functools import partial
from weakref import WeakKeyDictionary, finalize, ref

from ._native import LoopPort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _nothing() -> None:
    return None


_ports: WeakKeyDictionary[asyncio.AbstractEventLoop, ref[LoopPort]] = WeakKeyDictionary()

# The loop that was seen last, with its port, since nearly always it is the only one. Weak, as the others: a
# loop keeps its port, whose calls keep the loop.
_last: tuple[Callable[[], asyncio.AbstractEventLoop | None], Callable[[], LoopPort | None]]
_last = (_nothing, _nothing)


def _forget_ports() -> None:
    """In a forked child: the ports are those of its parent."""
    global _last
    _ports.clear()
    _last = (_nothing, _nothing)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_ports)


async def result_of(start: Callable[..., bool], *arguments: object) -> Any:
    """What a native call comes to. It is dropped where nobody waits for it any more."""
    future, port = begin(start, *arguments)
    try:
        return await future
    except BaseException:
        port.forget(future)
        raise


def begin(start: Callable[..., bool], *arguments: object) -> tuple[asyncio.Future[Any], LoopPort]:
    """The future of a native call in the running loop, and the port through which it goes.

    `start` takes a port, a future and the arguments, and tells whether calls are to be let go once this turn
    of the loop is over.
    """
    loop = asyncio.get_running_loop()
    loop_of, port_of = _last
    port = (port_of() if loop_of() is loop else None) or _port_of(loop)
    future = loop.create_future()
    if start(port, future, *arguments):
        loop.call_soon(port.depart)
    return future, port


def _port_of(loop: asyncio.AbstractEventLoop) -> LoopPort:
    """The port of a loop, opened if need be."""
    global _last
    known = _ports.get(loop)
    port = known() if known else None
    if known is None or port is None:
        port = _opened(loop)
        known = _ports[loop] = ref(port)
    _last = (ref(loop), known)
    return port


def _opened(loop: asyncio.AbstractEventLoop) -> LoopPort:
    port = LoopPort()
    try:
        loop.add_reader(port.fileno(), _unload, port)
    except (AttributeError, NotImplementedError):
        # As on Windows, whose loops watch no pipes.
        _watch(loop, port)
    return port


def _unload(port: LoopPort, *, rung: bool = False) -> None:
    values, raised = port.take(rung=rung)
    for future, value in values:
        if not future.done():
            future.set_result(value)
    for future, error in raised:
        if not future.done():
            future.set_exception(error)


def _watch(loop: asyncio.AbstractEventLoop, port: LoopPort) -> None:
    """Watches a port from a thread, which ends when the port is closed."""
    bell = port.bell()
    if sys.platform == "win32":
        import msvcrt

        bell = msvcrt.open_osfhandle(bell, os.O_RDONLY)
    # This keeps the port for as long as the loop lives.
    finalize(loop, port.close)
    arguments = (bell, ref(loop), ref(port))
    threading.Thread(target=_listen, args=arguments, name="wxaudit-loop", daemon=True).start()


def _listen(
    bell: int,
    loop_of: Callable[[], asyncio.AbstractEventLoop | None],
    port_of: Callable[[], LoopPort | None],
) -> None:
    with open(bell, "rb", buffering=0) as bells:
        while bells.read(1):
            _ring(loop_of(), port_of())


def _ring(loop: asyncio.AbstractEventLoop | None, port: LoopPort | None) -> None:
    """A function of its own, so that the thread keeps neither of them."""
    if loop is None or port is None:
        return
    try:
        loop.call_soon_threadsafe(partial(_unload, port, rung=True))
    except RuntimeError:
        # It is closed, and nobody waits any more.
        port.close()
