"""Run token sources in threads, a bounded number of them: a source that hangs keeps its thread."""

from __future__ import annotations

import os
import sys

from ._threads import start_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._native import TokenRequest

    # A request, and what serves it.
    Work = tuple[TokenRequest, Callable[[], object]]

# The threads of this process that run token sources at once. More requests wait for one of them.
MAX_THREADS = 256

# The threads that one source, with all that are equal to it, may have. Calls share one lookup and one
# refresh, so that the others are threads in which `get_token` has hung longer than a call may take.
MAX_THREADS_OF_SOURCE = 4

# The module that calls `get_token`.
_CALLER = "wxaudit._token_sources"


def run_in_thread(request: TokenRequest, work: Callable[[], object]) -> bool:
    """Runs `work`, which serves the request and raises nothing, in a daemon thread.

    Returns false, and fails the request, if its source hangs in too many threads already. `ThreadError` if
    no thread can be started.
    """
    threads = request.threads
    if len(threads) >= MAX_THREADS_OF_SOURCE:
        hung = f"{len(threads)} earlier calls of get_token have not returned, the first {_for(threads[0])}"
        request.fail(hung + _standing(type(request.source), threads[0]), TimeoutError(hung))
        return False
    _threads().run((request, work))
    return True


def describe_hang(
    kind: type, total: float, same_thread: bool, threads: list[tuple[int, float]]
) -> tuple[str, TimeoutError]:
    """What to add to the message of a call whose source has not returned in time, and its cause."""
    limit = f", {total:g} s"
    if threads:
        where = f"; it has run {_for(threads[0])}{_standing(kind, threads[0])}"
    elif same_thread:
        where = (
            f"; {kind.__qualname__} has same_thread = True, so it is called only while its caller waits for "
            "a result"
        )
    else:
        where = f" ({kind.__qualname__})"
    return limit + where, TimeoutError(f"get_token did not return within {total:g} s{where}")


def _for(thread: tuple[int, float]) -> str:
    return f"for {thread[1]:.1f} s"


def _standing(kind: type, thread: tuple[int, float]) -> str:
    """Where the `get_token` of a class stands, without the value of any variable."""
    name = f" in {kind.__qualname__}.get_token"
    frame = sys._current_frames().get(thread[0])
    places = []
    while frame is not None and frame.f_globals.get("__name__") != _CALLER:
        places.append(f'{frame.f_code.co_name}, line {frame.f_lineno} of "{frame.f_code.co_filename}"')
        frame = frame.f_back
    if frame is None or not places:
        return name
    return f"{name}: at {places[0]}" + (f", called by {places[-1]}" if len(places) > 1 else "")


class _Threads:
    """The threads of one process."""

    def __init__(self) -> None:
        import threading

        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._running = 0
        self._waiting: list[Work] = []
        # How many may wait until those whose call has ended are dropped.
        self._clear_at = 64

    def run(self, work: Work) -> None:
        with self._lock:
            if self._running >= MAX_THREADS:
                self._wait(work)
                return
            self._running += 1
        try:
            works = [work]
            start_thread(lambda: self._serve(works), "wxaudit-token")
        except BaseException:
            with self._lock:
                self._running -= 1
            raise

    def _wait(self, work: Work) -> None:
        self._waiting.append(work)
        if len(self._waiting) > self._clear_at:
            self._waiting = [waiting for waiting in self._waiting if waiting[0].is_pending]
            self._clear_at = 64 + 2 * len(self._waiting)

    def _serve(self, works: list[Work]) -> None:
        """Serves the requests that are popped from a list, so that the thread keeps no reference to one."""
        import threading

        while works:
            request, work = works.pop()
            request.enter(threading.get_ident())
            work()
            del request, work
            works = self._next()

    def _next(self) -> list[Work]:
        """The next request of those that wait for a thread; without one the thread ends."""
        with self._lock:
            while self._waiting:
                work = self._waiting.pop(0)
                if work[0].is_pending:
                    return [work]
            self._running -= 1
            return []


_of_process: list[_Threads] = []


def _threads() -> _Threads:
    # A forked child has none of its parent's threads, and perhaps a lock that nobody will release.
    if not _of_process or _of_process[-1].pid != os.getpid():
        _of_process.append(_Threads())
    return _of_process[-1]
