"""Record events, and the stacks at each request, as the `on_event` callback of all clients."""

from __future__ import annotations

import faulthandler
import tempfile
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import wxaudit


class Watcher:
    """The events and stacks of one scenario."""

    def __init__(self) -> None:
        self.events: list[wxaudit.Event] = []
        self.at_request: Callable[[], object] | None = None
        """An action to run before a request is sent."""
        self._stacks = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `stacks`

    def __call__(self, event: wxaudit.Event) -> None:
        self.events.append(event)
        if event.kind == "request":
            # From another thread, as a watchdog does.
            dumping = threading.Thread(target=faulthandler.dump_traceback, args=(self._stacks,))
            dumping.start()
            dumping.join()
            if self.at_request is not None:
                self.at_request()

    def __reduce__(self) -> tuple[type[Watcher], tuple[()]]:
        # A pickled client contains its callback, but not the recorded events.
        return Watcher, ()

    @contextmanager
    def dumping_stacks(self) -> Iterator[None]:
        """Dumps all stacks every few milliseconds, for calls without a listener."""
        over = threading.Event()

        def dump() -> None:
            while not over.wait(0.01):
                # It holds the GIL. `dump_traceback_later` does not: it reads frames that run, and crashes now
                # and then without a message (python/cpython#140815).
                faulthandler.dump_traceback(self._stacks)

        dumping = threading.Thread(target=dump)
        dumping.start()
        try:
            yield
        finally:
            over.set()
            dumping.join()

    def stacks(self) -> bytes:
        """The output of faulthandler, with a last dump for calls that never sent a request."""
        with self._stacks as stacks:
            faulthandler.dump_traceback(stacks)
            stacks.seek(0)
            return stacks.read()
