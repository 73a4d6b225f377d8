"""Blocking calls in greenlets. Arguments: BASE_URL TOKEN LIBRARY MOMENT HELD_AUDITID.

LIBRARY is gevent or eventlet, whose greenlets replace threads here. All went well where it exits with 0 and
is silent. The server never answers for HELD_AUDITID.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARY = sys.argv[3]
with warnings.catch_warnings():
    # That eventlet is deprecated is not news to those who need it.
    warnings.simplefilter("ignore")
    library: Any = importlib.import_module(LIBRARY)
    if LIBRARY == "gevent":
        importlib.import_module("gevent.monkey").patch_all()
    else:
        library.monkey_patch()

from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check  # noqa: E402  # after the patches

import wxaudit  # noqa: E402  # after the patches

MOMENT, HELD_AUDITID = ARGUMENTS[1], int(ARGUMENTS[2])
# Far more than a tick, and far less than the time limit of a call.
BOUND = 5

client = wxaudit.Client(base_url=BASE_URL)


class Ticker:
    """A greenlet that counts while others wait."""

    def __init__(self) -> None:
        self.count = 0
        self._ended = False
        library.spawn(self._run)

    def _run(self) -> None:
        while not self._ended:
            self.count += 1
            time.sleep(0.001)

    def stop(self) -> int:
        self._ended = True
        return self.count


class Source:
    """A token source that waits as one does that asks a database, in a greenlet of this thread."""

    def __init__(self, seconds: float = 0.05, same_thread: bool = False) -> None:
        self._seconds = seconds
        self.same_thread = same_thread
        self.asked = 0

    def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        self.asked += 1
        time.sleep(self._seconds)
        return TOKEN


def value_of(greenlet: Any) -> Any:
    return greenlet.get() if LIBRARY == "gevent" else greenlet.wait()


def many_on_one_source() -> None:
    for source in (Source(), Source(same_thread=True), TOKEN):
        ticker = Ticker()
        jobs = [library.spawn(client.get_audit_status, source, it) for it in list(AUDITIDS) * 10]
        for auditid, job in zip(list(AUDITIDS) * 10, jobs, strict=True):
            check(value_of(job), auditid)
        assert ticker.stop() > 1
        assert isinstance(source, str) or source.asked <= len(jobs)


def a_batch() -> None:
    ticker, source = Ticker(), Source()
    auditids = list(AUDITIDS) * 100
    done: list[int] = []
    batch = client.get_audit_statuses(
        ((source, it) for it in auditids), progress=lambda count, _: done.append(count)
    )
    for auditid, result in zip(auditids, batch, strict=True):
        check(result.unwrap(), auditid)
    seen = set()
    for result in client.iter_audit_statuses((source, it) for it in auditids):
        check(result.unwrap(), auditids[result.index])
        seen.add(result.index)
        time.sleep(0)
    assert len(seen) == len(auditids) == done[-1]
    assert ticker.stop() > 1


def two_batches_on_one_source() -> None:
    source = Source()
    auditids = list(AUDITIDS) * 20
    jobs = [library.spawn(client.get_audit_statuses, [(source, it) for it in auditids]) for _ in range(2)]
    for job in jobs:
        for auditid, result in zip(auditids, value_of(job), strict=True):
            check(result.unwrap(), auditid)


def a_wait() -> None:
    ticker = Ticker()
    decided = client.wait_for_decision(Source(), AUDITIDS[0], timeout=60)
    check(decided, AUDITIDS[0])
    results = list(client.wait_for_decisions([(TOKEN, it) for it in AUDITIDS], timeout=4))
    assert sorted(result.unwrap().auditid for result in results) == list(AUDITIDS)
    # Once in each pause at least.
    assert ticker.stop() > len(AUDITIDS)


def a_timeout_of_the_library() -> None:
    for token in (TOKEN, Source(0.001), Source(60), Source(60, same_thread=True)):
        ticker, begun = Ticker(), time.monotonic()
        try:
            with library.Timeout(0.2):
                client.get_audit_status(token, HELD_AUDITID)
        except library.Timeout:
            assert 0.2 <= time.monotonic() - begun < BOUND
        else:
            raise AssertionError("the held call was answered")
        assert ticker.stop() > 1


def a_kill() -> None:
    ended: list[BaseException] = []

    def ask(token: Any) -> None:
        try:
            client.get_audit_status(token, HELD_AUDITID)
        except BaseException as error:
            ended.append(error)
            raise

    for token in (TOKEN, Source(0.001), Source(60)):
        job = library.spawn(ask, token)
        time.sleep(0.1)
        job.kill()
        time.sleep(0)
        assert [type(error).__name__ for error in ended] == ["GreenletExit"]
        ended.clear()


def limits_of_the_client() -> None:
    for token in (TOKEN, Source(0.001)):
        try:
            client.get_audit_status(token, HELD_AUDITID, timeout=0.2)
        except wxaudit.RequestTimeout:
            continue
        raise AssertionError("the held call was answered")
    try:
        client.get_audit_status(Source(60), HELD_AUDITID, timeout=0.2)
    except wxaudit.TokenError as error:
        cause = error.__cause__
    else:
        cause = None
    assert isinstance(cause, TimeoutError)


def ctrl_c() -> None:
    if LIBRARY == "gevent":
        # It would print each.
        library.get_hub().NOT_ERROR += (KeyboardInterrupt,)
    for token in (TOKEN, Source(0.001)):
        kill = f"sleep 0.3; kill -INT {os.getpid()}"
        with subprocess.Popen(["sh", "-c", kill]):
            begun = time.monotonic()
            try:
                client.get_audit_status(token, HELD_AUDITID)
            except KeyboardInterrupt:
                assert time.monotonic() - begun < BOUND
            else:
                raise AssertionError("not interrupted")


class SoftLimitError(Exception):
    """What a signal handler raises."""


def a_signal_in_a_source() -> None:
    """Which runs in a greenlet of its own, beside the one that waits for it."""

    def handle(*_: object) -> None:
        raise SoftLimitError

    class Struck:
        def __init__(self, number: int) -> None:
            self._number = number

        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            signal.raise_signal(self._number)
            return TOKEN

    signal.signal(signal.SIGUSR1, handle)
    for number, error in ((signal.SIGUSR1, SoftLimitError), (signal.SIGINT, KeyboardInterrupt)):
        forms: list[Callable[[Any], object]] = [
            lambda source: client.get_audit_status(source, AUDITIDS[0]),
            lambda source: client.get_audit_statuses([(source, AUDITIDS[0])]),
        ]
        for ask in forms:
            try:
                ask(Struck(number))
            except error:
                continue
            raise AssertionError("it did not reach the caller")


def a_native_thread() -> None:
    """Of the library's pool. It has a hub of its own."""
    for _ in range(20):
        if LIBRARY == "gevent":
            audit = library.get_hub().threadpool.apply(client.get_audit_status, (Source(), AUDITIDS[0]))
        else:
            tpool: Any = importlib.import_module("eventlet.tpool")
            audit = tpool.execute(client.get_audit_status, Source(), AUDITIDS[0])
        check(audit, AUDITIDS[0])


def a_fork() -> None:
    """Only with gevent: eventlet does not support it."""

    def ask() -> str:
        try:
            return str(client.get_audit_status(TOKEN, HELD_AUDITID, timeout=2))
        except wxaudit.RequestTimeout as error:
            return type(error).__name__

    job = library.spawn(ask)
    check(client.get_audit_status(Source(), AUDITIDS[0]), AUDITIDS[0])
    child = os.fork()
    if child == 0:
        check(client.get_audit_status(Source(), AUDITIDS[1]), AUDITIDS[1])
        os._exit(0)
    assert os.waitpid(child, 0) == (child, 0)
    assert value_of(job) == "RequestTimeout"


def nothing_is_left() -> None:
    """No watched pipe keeps the hub busy, and calls leave no descriptors."""
    check(client.get_audit_status(Source(), AUDITIDS[0]), AUDITIDS[0])
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        check(client.get_audit_status(Source(0), AUDITIDS[0]), AUDITIDS[0])
    assert len(os.listdir("/proc/self/fd")) <= before
    if LIBRARY == "gevent":
        begun = time.monotonic()
        library.wait(timeout=2 * BOUND)
        assert time.monotonic() - begun < BOUND


signal.signal(signal.SIGINT, signal.default_int_handler)
globals()[MOMENT]()
check(client.get_audit_status(TOKEN, AUDITIDS[0]), AUDITIDS[0])
check(client.get_audit_status(Source(), AUDITIDS[1]), AUDITIDS[1])
