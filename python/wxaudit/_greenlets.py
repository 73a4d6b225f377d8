"""Wait in a greenlet where gevent or eventlet has replaced the modules of threads and sockets.

All threads of such a program are greenlets of one thread. A call that blocked this thread would stop all of
them, and would never end if it waited for one of them, such as the one that runs a token source. So the
greenlet waits as for a socket: for the pipe that also wakes event loops. No Python code moves to another
thread: connections and locks of greenlets belong to the thread that made them.
"""

from __future__ import annotations

import os
import sys

from ._native import LoopBridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from typing import Any

    from ._native import Batch, TokenRequest, TokenRequests

# The modules that tell what is replaced, their functions, and the names of what matters here.
_PATCHERS = (
    ("gevent.monkey", "is_module_patched", ("threading", "socket")),
    ("eventlet.patcher", "is_monkey_patched", ("thread", "socket")),
)


def wait(batch: Batch, others: list[Batch]) -> None:
    """As `Batch.wait`, without blocking other greenlets."""
    hub = hub_of_thread()
    if hub is not None:
        hub.result_of(batch.await_, others)
    elif others:
        batch.wait(others)
    else:
        batch.wait()


def next_requests(requests: TokenRequests) -> list[TokenRequest]:
    """As `TokenRequests.wait`, without blocking other greenlets."""
    hub = hub_of_thread()
    if hub is None:
        return requests.wait()
    while True:
        pending = requests.take()
        if pending or requests.is_over:
            return pending
        hub.result_of(requests.await_)


def let_others_run() -> None:
    """Lets other greenlets run, if the calling thread has any."""
    hub = hub_of_thread()
    if hub is not None:
        hub.sleep()


def hub_of_thread() -> Hub | None:
    """The hub of the calling thread, if its greenlets must not block it."""
    for module, function, names in _PATCHERS:
        if module in sys.modules:
            is_patched: Any = getattr(sys.modules[module], function, None)
            if is_patched is not None and any(map(is_patched, names)):
                return _hub(_Gevent if module == "gevent.monkey" else _Eventlet)
    return None


class Hub:
    """The hub of one thread, and the bridge of the calls that its greenlets wait for."""

    def __init__(self, library: _Library) -> None:
        self._library = library
        self._bridge = LoopBridge()
        # The pipe is watched only while there are calls: a watched one would keep the hub from ending.
        self._calls = 0
        self._watcher: Any = None

    def result_of(self, start: Callable[..., bool], *arguments: object) -> Any:
        """The result of a native call. An exception that is thrown into the greenlet drops the call.

        `start` takes a bridge, a future and the arguments, and returns whether to flush the bridge soon.
        """
        future = self._library.future()
        if start(self._bridge, future, *arguments):
            self._library.call_soon(self._bridge.flush)
        try:
            if self._calls == 0:
                self._watcher = self._library.watch(self._bridge.fileno(), self._drain)
            self._calls += 1
            try:
                return self._library.wait(future)
            finally:
                self._calls -= 1
                if self._calls == 0:
                    self.unwatch()
        except BaseException:
            self._bridge.cancel(future)
            raise

    def sleep(self) -> None:
        """Lets other greenlets run."""
        self._library.sleep(0)

    def unwatch(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            self._library.stop(watcher)

    def _drain(self, *_: object) -> None:
        values, raised = self._bridge.drain()
        for future, value in values:
            self._library.set_result(future, value)
        for future, error in raised:
            self._library.set_exception(future, error)


class _Library:
    """What the two libraries name differently. It refers to no native hub: those belong to their threads."""

    # The native hub of the calling thread; sleeping; and futures, with their methods.
    native: Callable[[], Any]
    sleep: Callable[[float], object]
    future: Callable[[], Any]
    wait: Callable[[Any], Any]
    set_result: Callable[[Any, object], object]
    set_exception: Callable[[Any, BaseException], object]

    def call_soon(self, callback: Callable[[], object]) -> None:
        raise NotImplementedError

    def watch(self, descriptor: int, callback: Callable[..., object]) -> Any:
        """Calls back whenever the descriptor is readable, until `stop` takes what this returns."""
        raise NotImplementedError

    def stop(self, watcher: Any) -> None:
        raise NotImplementedError


class _Gevent(_Library):
    def __init__(self) -> None:
        from gevent import get_hub, sleep
        from gevent.event import AsyncResult

        self.native, self.sleep, self.future = get_hub, sleep, AsyncResult
        self.wait, self.set_result, self.set_exception = (
            AsyncResult.get,
            AsyncResult.set,
            AsyncResult.set_exception,
        )

    def call_soon(self, callback: Callable[[], object]) -> None:
        self.native().loop.run_callback(callback)

    def watch(self, descriptor: int, callback: Callable[..., object]) -> Any:
        watcher = self.native().loop.io(descriptor, 1)
        watcher.start(callback)
        return watcher

    def stop(self, watcher: Any) -> None:
        watcher.stop()
        watcher.close()


class _Eventlet(_Library):
    def __init__(self) -> None:
        from eventlet import sleep
        from eventlet.event import Event
        from eventlet.hubs import get_hub

        self.native, self.sleep, self.future = get_hub, sleep, Event
        self.wait, self.set_result, self.set_exception = Event.wait, Event.send, Event.send_exception

    def call_soon(self, callback: Callable[[], object]) -> None:
        self.native().schedule_call_global(0, callback)

    def watch(self, descriptor: int, callback: Callable[..., object]) -> Any:
        hub = self.native()
        return hub, hub.add(hub.READ, descriptor, callback, callback, None)

    def stop(self, watcher: Any) -> None:
        hub, listener = watcher
        hub.remove(listener)


# By the library's hub, which belongs to one thread. Made at the first call that needs it.
_hubs: MutableMapping[Any, Hub] | None = None


def _hub(kind: type[_Library]) -> Hub:
    global _hubs
    if _hubs is None:
        from weakref import WeakKeyDictionary

        _hubs = WeakKeyDictionary()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forget)
    library = kind()
    native = library.native()
    hub = _hubs.get(native)
    if hub is None:
        hub = _hubs[native] = Hub(library)
    return hub


def _forget() -> None:
    """Drops the hubs of the parent in a forked child: their pipes belong to it."""
    if _hubs is not None:
        for hub in list(_hubs.values()):
            hub.unwatch()
        _hubs.clear()
