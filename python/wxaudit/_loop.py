"""Create asyncio futures for native calls, and complete them when results arrive."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from weakref import WeakKeyDictionary, finalize, ref

from ._errors.tree import TransportError, make_error
from ._native import LoopBridge
from ._signals import raised_by_signal
from ._threads import ThreadError, start_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _nothing() -> None:
    return None


_bridges: WeakKeyDictionary[asyncio.AbstractEventLoop, ref[LoopBridge]] = WeakKeyDictionary()

# The loop used last and its bridge: usually the only ones. Weak references, since a loop keeps its bridge
# alive, whose calls keep the loop alive.
_last: tuple[Callable[[], asyncio.AbstractEventLoop | None], Callable[[], LoopBridge | None]]
_last = (_nothing, _nothing)


def _forget_bridges() -> None:
    """Drops the bridges of the parent in a forked child."""
    global _last
    _bridges.clear()
    _last = (_nothing, _nothing)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_bridges)


def running_loop() -> asyncio.AbstractEventLoop:
    """The running event loop. `RuntimeError` says what to use where asyncio does not run."""
    loop = asyncio._get_running_loop()
    if loop is None:
        advice = _INSTEAD["trio" if _in_trio() else "asyncio"]
        raise RuntimeError(f"no running event loop: AsyncClient needs asyncio, {advice}")
    return loop


_INSTEAD = {
    "trio": (
        "and this is trio; make a wxaudit.Client and call it in a thread: "
        "await trio.to_thread.run_sync(client.get_audit_status, token, auditid)"
    ),
    "asyncio": (
        "and await its methods in a coroutine that asyncio runs, as asyncio.run(main()) does, or use "
        "wxaudit.Client, which needs no event loop"
    ),
}


def _in_trio() -> bool:
    lowlevel = getattr(sys.modules.get("trio"), "lowlevel", None)
    if lowlevel is None:
        return False
    try:
        lowlevel.current_task()
    except RuntimeError:
        return False
    return True


async def result_of(start: Callable[..., bool], *arguments: object) -> Any:
    """Awaits a native call. Cancelling it drops the call."""
    future, bridge = begin(start, *arguments)
    try:
        return await future
    except BaseException:
        bridge.cancel(future)
        raise


def begin(start: Callable[..., bool], *arguments: object) -> tuple[asyncio.Future[Any], LoopBridge]:
    """The future of a native call in the running loop, and the bridge that submits it.

    `start` takes a bridge, a future and the arguments, and returns whether to flush the bridge at the end of
    this iteration of the loop.
    """
    loop = running_loop()
    loop_of, bridge_of = _last
    bridge = (bridge_of() if loop_of() is loop else None) or _bridge_of(loop)
    future = loop.create_future()
    if start(bridge, future, *arguments):
        loop.call_soon(bridge.flush)
    return future, bridge


def _bridge_of(loop: asyncio.AbstractEventLoop) -> LoopBridge:
    """The bridge of a loop, created on first use."""
    global _last
    known = _bridges.get(loop)
    bridge = known() if known else None
    if known is None or bridge is None:
        bridge = _open(loop)
        known = _bridges[loop] = ref(bridge)
    _last = (ref(loop), known)
    return bridge


def _open(loop: asyncio.AbstractEventLoop) -> LoopBridge:
    bridge = LoopBridge()
    try:
        try:
            loop.add_reader(bridge.fileno(), _drain, bridge)
        except (AttributeError, NotImplementedError):
            # The proactor loop of Windows cannot watch pipes.
            _watch(loop, bridge)
    except (OSError, ThreadError) as error:
        if raised_by_signal(error):
            raise
        problem = f"starting the client: the event loop cannot watch for answers ({error})"
        raise make_error(TransportError, problem, retryable=True) from error
    return bridge


def _drain(bridge: LoopBridge, *, signaled: bool = False) -> None:
    values, raised = bridge.drain(signaled=signaled)
    try:
        for future, value in values:
            if not future.done():
                future.set_result(value)
        for future, error in raised:
            if not future.done():
                future.set_exception(error)
    except BaseException as error:
        # A signal handler raised it. The loop would only log it, and these calls would never end.
        for future, _ in (*values, *raised):
            if not future.done():
                future.set_exception(error)
        raise


def _watch(loop: asyncio.AbstractEventLoop, bridge: LoopBridge) -> None:
    """Watches a bridge in a thread, which ends when the bridge is closed."""
    wakeup_handle = bridge.wakeup_handle()
    if sys.platform == "win32":
        import msvcrt

        wakeup_handle = msvcrt.open_osfhandle(wakeup_handle, os.O_RDONLY)
    # This keeps the bridge alive as long as the loop.
    finalize(loop, bridge.close)
    arguments = (wakeup_handle, ref(loop), ref(bridge))
    start_thread(partial(_listen, *arguments), "wxaudit-loop")


def _listen(
    wakeup_handle: int,
    loop_of: Callable[[], asyncio.AbstractEventLoop | None],
    bridge_of: Callable[[], LoopBridge | None],
) -> None:
    with open(wakeup_handle, "rb", buffering=0) as wakeups:
        while wakeups.read(1):
            _wake(loop_of(), bridge_of())


def _wake(loop: asyncio.AbstractEventLoop | None, bridge: LoopBridge | None) -> None:
    """A separate function, so that the thread keeps no reference to either."""
    if loop is None or bridge is None:
        return
    try:
        loop.call_soon_threadsafe(partial(_drain, bridge, signaled=True))
    except RuntimeError:
        # The loop is closed.
        bridge.close()
