"""Count what comes of calls: right answers, errors that are allowed, and everything else, which is wrong."""

from __future__ import annotations

import collections
import math
import os
import re
import threading
import traceback
from typing import TYPE_CHECKING

from soak.servers import STRAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import wxaudit

# How many wrong outcomes are told, each as soon as it is seen.
TOLD = 30


class Tally:
    """The outcomes by kind of call. All threads and tasks share one."""

    def __init__(self, strays: Path) -> None:
        # When which late stray answer had been sent.
        self.strays = strays
        self._lock = threading.Lock()
        self._rights: collections.Counter[str] = collections.Counter()
        self._errors: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self._wrong_count = 0
        self.stop = threading.Event()

    @property
    def wrong_count(self) -> int:
        return self._wrong_count

    @property
    def right_count(self) -> int:
        with self._lock:
            return self._rights.total()

    def right(self, kind: str, count: int = 1) -> None:
        with self._lock:
            self._rights[kind] += count

    def wrong(self, kind: str, what: str) -> None:
        with self._lock:
            self._wrong_count += 1
            if self._wrong_count <= TOLD:
                print(f"wrong: {kind}: {what}", flush=True)

    def check(self, kind: str, audit: wxaudit.AuditStatus, auditid: int, begun: float = 0) -> None:
        """Counts an answer to a call that began then: right only if it is that audit's own."""
        reason = audit.reason or ""
        if (audit.auditid, int(audit.status), reason) == (auditid, 1, f"audit {auditid}"):
            self.right(kind)
        elif reason.startswith(STRAY) and self._sent_at(int(reason.removeprefix(STRAY))) > begun:
            # It crossed the request, which no client can tell from an answer to it.
            with self._lock:
                self._errors[kind]["stray answers that crossed the request"] += 1
        else:
            self.wrong(kind, f"asked for {auditid}, got {audit!r} {audit.reason!r}")

    def _sent_at(self, stray: int) -> float:
        """When a stray answer had been sent; later than now if the server has not noted it yet."""
        with self.strays.open("rb") as file:
            # It was sent a moment ago, and the file grows all the time.
            file.seek(max(0, file.seek(0, os.SEEK_END) - 32 * 1024))
            found = re.search(rb"^%d (.+)\n" % stray, file.read(), re.MULTILINE)
        return float(found[1]) if found else math.inf

    def check_error(
        self, kind: str, error: BaseException, allowed: tuple[type[BaseException], ...] = ()
    ) -> None:
        """Counts an error: wrong unless its class is allowed for this kind."""
        if isinstance(error, allowed):
            with self._lock:
                self._errors[kind][type(error).__name__] += 1
        else:
            self.wrong(kind, "".join(traceback.format_exception(error)[-4:]))

    def check_result(
        self,
        kind: str,
        result: wxaudit.AuditResult,
        allowed: tuple[type[BaseException], ...] = (),
        begun: float = 0,
    ) -> None:
        """Counts one result of a batch that began then."""
        if result.status is not None:
            assert result.auditid is not None
            self.check(kind, result.status, result.auditid, begun)
        else:
            assert result.error is not None
            self.check_error(kind, result.error, allowed)

    def lines(self) -> list[str]:
        """The counts of each kind."""
        with self._lock:
            told = []
            for kind in sorted({*self._rights, *self._errors}):
                errors = ", ".join(f"{count:,} {name}" for name, count in self._errors[kind].most_common())
                told.append(f"{kind}: {self._rights[kind]:,} right{', ' + errors if errors else ''}")
            return [*told, f"wrong: {self._wrong_count}"]


class Workers:
    """Threads that each do one kind of work again and again, until the tally stops them."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._threads: list[threading.Thread] = []

    def add(self, kind: str, work: Callable[[str], None], *, pause: float = 0.02) -> None:
        """Repeats `work(kind)`; what it raises is wrong."""

        def repeat() -> None:
            while not self._tally.stop.wait(pause):
                try:
                    work(kind)
                except Exception as error:
                    self._tally.check_error(kind, error)

        self._threads.append(threading.Thread(target=repeat, name=f"soak {kind}"))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> list[str]:
        """Waits for all; returns the names of those that do not end."""
        for thread in self._threads:
            thread.join(seconds)
        return [thread.name for thread in self._threads if thread.is_alive()]
