"""Interrupts blocking calls at random moments. Arguments: BASE_URL TOKEN SIGNAL COUNT HELD_AUDITID.

The signal is SIGINT, SIGTERM or SIGALRM. Every other call is one that the server never answers. Written is,
for each interrupt, how many seconds after the signal it was raised, and when, by `time.monotonic`.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import threading
import time
from typing import NoReturn

from numbered_audits import ARGUMENTS, BASE_URL, TOKEN, check

import wxaudit

NUMBER = signal.Signals[ARGUMENTS[0]]
HELD_AUDITID = int(ARGUMENTS[2])
LONGEST_WAIT = 0.06


class Interrupted(BaseException):
    """What the handler raises."""


def interrupt(*_: object) -> NoReturn:
    raise Interrupted


class Kill(threading.Thread):
    """Sends this process the signal after some seconds, from a thread of its own."""

    sent_at: float

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._go = threading.Event()

    def run(self) -> None:
        self._go.wait(self._seconds)
        self.sent_at = time.monotonic()
        os.kill(os.getpid(), NUMBER)


class Alarm:
    """The same by the timer of the process."""

    def __init__(self, seconds: float) -> None:
        self.sent_at = time.monotonic() + seconds
        self._seconds = seconds

    def start(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self._seconds)

    def join(self) -> None:
        pass


def main() -> None:
    raised: type[BaseException] = KeyboardInterrupt
    if NUMBER != signal.SIGINT:
        raised = Interrupted
        signal.signal(NUMBER, interrupt)
    client = wxaudit.Client(base_url=BASE_URL)
    interrupts: list[tuple[float, float]] = []
    for count in range(int(ARGUMENTS[1])):
        seconds = random.uniform(0.001, LONGEST_WAIT)  # noqa: S311  # no secret
        sender = Alarm(seconds) if NUMBER == signal.SIGALRM else Kill(seconds)
        with contextlib.suppress(raised):
            sender.start()
            while True:
                client.get_audit_status(TOKEN, 1001 if count % 2 else HELD_AUDITID)
        raised_at = time.monotonic()
        sender.join()
        interrupts.append((raised_at - sender.sent_at, raised_at))
        check(client.get_audit_status(TOKEN, 1002), 1002)
    print(json.dumps(interrupts))


main()
