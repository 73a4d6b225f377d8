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

    def __init__(self) -> None:
        self._bridge = LoopBridge()
        # The pipe is watched only while there are calls: a watched one would keep the hub from ending.
        self._calls = 0
        self._watcher: Any = None

    def result_of(self, start: Callable[..., bool], *arguments: object) -> Any:
        """The result of a native call. An exception that is thrown into the greenlet drops the call.

        `start` takes a bridge, a future and the arguments, and returns whether to flush the bridge soon.
        """
        future = self._future()
        if start(self._bridge, future, *arguments):
            self._call_soon(self._bridge.flush)
        try:
            if self._calls == 0:
                self._watcher = self._watch(self._bridge.fileno())
            self._calls += 1
            try:
                return self._wait(future)
            finally:
                self._calls -= 1
                if self._calls == 0:
                    self.unwatch()
        except BaseException:
            self._bridge.cancel(future)
            raise

    def _drain(self, *_: object) -> None:
        values, raised = self._bridge.drain()
        for future, value in values:
            self._settle(future, value, None)
        for future, error in raised:
            self._settle(future, None, error)

    def unwatch(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            self._stop(watcher)

    # What differs between the libraries.

    @staticmethod
    def native() -> Any:
        """The library's hub of the calling thread."""
        raise NotImplementedError

    def sleep(self) -> None:
        """Lets other greenlets run."""
        raise NotImplementedError

    def _future(self) -> Any:
        raise NotImplementedError

    def _wait(self, future: Any) -> Any:
        raise NotImplementedError

    def _settle(self, future: Any, value: Any, error: BaseException | None) -> None:
        raise NotImplementedError

    def _call_soon(self, callback: Callable[[], object]) -> None:
        raise NotImplementedError

    def _watch(self, descriptor: int) -> Any:
        """Calls `_drain` whenever the descriptor is readable."""
        raise NotImplementedError

    def _stop(self, watcher: Any) -> None:
        raise NotImplementedError


class _Gevent(Hub):
    @staticmethod
    def native() -> Any:
        from gevent import get_hub

        return get_hub()

    def sleep(self) -> None:
        from gevent import sleep

        sleep(0)

    def _future(self) -> Any:
        from gevent.event import AsyncResult

        return AsyncResult()

    def _wait(self, future: Any) -> Any:
        return future.get()

    def _settle(self, future: Any, value: Any, error: BaseException | None) -> None:
        if error is None:
            future.set(value)
        else:
            future.set_exception(error)

    def _call_soon(self, callback: Callable[[], object]) -> None:
        self.native().loop.run_callback(callback)

    def _watch(self, descriptor: int) -> Any:
        watcher = self.native().loop.io(descriptor, 1)
        watcher.start(self._drain)
        return watcher

    def _stop(self, watcher: Any) -> None:
        watcher.stop()
        watcher.close()


class _Eventlet(Hub):
    @staticmethod
    def native() -> Any:
        from eventlet.hubs import get_hub

        return get_hub()

    def sleep(self) -> None:
        from eventlet import sleep

        sleep(0)

    def _future(self) -> Any:
        from eventlet.event import Event

        return Event()

    def _wait(self, future: Any) -> Any:
        return future.wait()

    def _settle(self, future: Any, value: Any, error: BaseException | None) -> None:
        if error is None:
            future.send(value)
        else:
            future.send_exception(error)

    def _call_soon(self, callback: Callable[[], object]) -> None:
        self.native().schedule_call_global(0, callback)

    def _watch(self, descriptor: int) -> Any:
        hub = self.native()
        return hub, hub.add(hub.READ, descriptor, self._drain, self._drain, None)

    def _stop(self, watcher: Any) -> None:
        hub, listener = watcher
        hub.remove(listener)


# By the library's hub, which belongs to one thread. Made at the first call that needs it.
_hubs: MutableMapping[Any, Hub] | None = None


def _hub(kind: type[Hub]) -> Hub:
    global _hubs
    if _hubs is None:
        from weakref import WeakKeyDictionary

        _hubs = WeakKeyDictionary()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forget)
    native = kind.native()
    hub = _hubs.get(native)
    if hub is None:
        hub = _hubs[native] = kind()
    return hub


def _forget() -> None:
    """Drops the hubs of the parent in a forked child: their pipes belong to it."""
    if _hubs is not None:
        for hub in list(_hubs.values()):
            hub.unwatch()
        _hubs.clear()
