"""Poll in rounds until a signal ends it, in one or several threads."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db import DatabaseError, connections

from ..._escape import truncate
from ..._signals import raised_by_signal
from .poll import poll_due

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_logger = logging.getLogger("wxaudit.django")

# Between rounds that fail, the wait doubles up to this, in seconds.
_LONGEST_WAIT = 60.0


class Rounds:
    """Rounds of `poll_due`, each until nothing is due, at most one every `interval` seconds."""

    def __init__(self, interval: float, workers: int) -> None:
        self._interval = interval
        self._workers = workers
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Lets each worker finish the watches that it has claimed, and take no more."""
        self._stopped.set()

    def run(self) -> None:
        """Works until `stop`: in this thread, and in others beside it."""
        names = [f"wxaudit-poll-{number}" for number in range(2, self._workers + 1)]
        threads = [threading.Thread(target=self._work_in_thread, name=name) for name in names]
        for thread in threads:
            thread.start()
        try:
            self._work()
        finally:
            self.stop()
            for thread in threads:
                thread.join()

    def _work_in_thread(self) -> None:
        try:
            self._work()
        finally:
            connections.close_all()

    def _work(self) -> None:
        wait = self._interval
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                report = poll_due(should_stop=self._stopped.is_set)
            except Exception as error:
                if raised_by_signal(error):
                    raise
                wait = min(2 * wait, max(_LONGEST_WAIT, self._interval))
                _report_failure(error, wait)
            else:
                wait = self._interval
                _logger.info("round: %s in %.1f s", counts(asdict(report)), time.monotonic() - began)
            self._stopped.wait(max(0.0, began + wait - time.monotonic()))


def counts(report: dict[str, int]) -> str:
    """What was done, in words: `claimed 20, answered 19, failed 1`."""
    return ", ".join(f"{name} {count}" for name, count in report.items() if count) or "nothing due"


@contextmanager
def stopping_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop` at SIGTERM or SIGINT; the second one ends the program at once."""
    received: Counter[int] = Counter()

    def handle(number: int, _: FrameType | None) -> None:
        received[number] += 1
        if sum(received.values()) > 1:
            raise KeyboardInterrupt
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report_failure(error: Exception, wait: float) -> None:
    # A database that restarts is not a bug: without a traceback, which would be one for each round.
    known = isinstance(error, DatabaseError)
    message = "round failed, the next one in %.0f s: %s: %s"
    _logger.error(
        message, wait, type(error).__name__, truncate(str(error), 300), exc_info=None if known else error
    )
