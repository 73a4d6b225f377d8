"""The `on_event` callback of all clients: it writes events down, and the stacks of the moment."""

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
    """What it has seen of one scenario."""

    def __init__(self) -> None:
        self.events: list[wxaudit.Event] = []
        self.at_request: Callable[[], object] | None = None
        """What else is to be done once a request is about to be sent."""
        self._stacks = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `stacks`

    def __call__(self, event: wxaudit.Event) -> None:
        self.events.append(event)
        if event.kind == "request":
            # From another thread, as a watchdog does it.
            dumping = threading.Thread(target=faulthandler.dump_traceback, args=(self._stacks,))
            dumping.start()
            dumping.join()
            if self.at_request is not None:
                self.at_request()

    def __reduce__(self) -> tuple[type[Watcher], tuple[()]]:
        # A client that is pickled takes its callback along, but what that has seen is no part of it.
        return Watcher, ()

    @contextmanager
    def dumping_stacks(self) -> Iterator[None]:
        """Dumps all stacks every few milliseconds: for calls that nobody listens to."""
        over = threading.Event()

        def dump() -> None:
            while not over.wait(0.01):
                # It holds the interpreter; faulthandler's own watchdog does not, and may crash on
                # frames that run.
                faulthandler.dump_traceback(self._stacks)

        dumping = threading.Thread(target=dump)
        dumping.start()
        try:
            yield
        finally:
            over.set()
            dumping.join()

    def stacks(self) -> bytes:
        """All that faulthandler wrote, once more at the end for calls that never got under way."""
        with self._stacks as stacks:
            faulthandler.dump_traceback(stacks)
            stacks.seek(0)
            return stacks.read()
