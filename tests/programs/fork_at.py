"""Forks at one certain moment. Arguments: BASE_URL TOKEN MOMENT. All is well where it exits with 0, silently.

In every scenario the child asks and gets the right answer, and then the parent does.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
import threading
from typing import TYPE_CHECKING

from forking import fork, in_child, wait
from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable

# Forks as C code does.
LIBC = ctypes.PyDLL(None)

client = wxaudit.Client(base_url=BASE_URL)
async_client = wxaudit.AsyncClient(base_url=BASE_URL)


def ask() -> None:
    check(client.get_audit_status(TOKEN, 1001), 1001)


def ask_async() -> None:
    check(asyncio.run(async_client.get_audit_status(TOKEN, 1002)), 1002)


def ask_both() -> None:
    ask()
    ask_async()


def before_any_call() -> None:
    in_child(ask_both)
    ask_both()


def after_calls() -> None:
    ask_both()
    in_child(ask_both)
    ask_both()


def after_calls_by_the_default_client() -> None:
    def ask_by_default() -> None:
        check(wxaudit.get_audit_status(TOKEN, 1003), 1003)
        check(asyncio.run(wxaudit.aget_audit_status(TOKEN, 1004)), 1004)

    ask_by_default()
    in_child(ask_by_default)
    ask_by_default()


def in_another_thread() -> None:
    ask_both()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            in_child(ask_both)
            ask_both()
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    for failure in failures:
        raise failure
    ask_both()


def in_children_of_children() -> None:
    def descend(depth: int) -> None:
        if depth:
            in_child(lambda: descend(depth - 1))
        ask_both()

    ask_both()
    descend(4)


def between_threads_that_begin() -> None:
    """Eight threads make their first call, and each forks right behind it."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            ask()
            in_child(ask)
            ask()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


def with_calls_pending_in_the_loop() -> None:
    """The child drops and collects the calls that it inherits; the parent's end as if nothing had been."""

    async def one(auditid: int) -> None:
        check(await async_client.get_audit_status(TOKEN, auditid), auditid)
        if not first.done():
            first.set_result(None)

    def drop_and_ask() -> None:
        del calls[:]
        gc.collect()
        ask()
        # The loop stays the parent's: its epoll is shared, so it must not be closed. Threads have their own.
        threads = [threading.Thread(target=ask_async) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    loop = asyncio.new_event_loop()
    first: asyncio.Future[None] = loop.create_future()

    async def begin() -> asyncio.Future[list[None]]:
        return asyncio.gather(*(one(auditid) for auditid in AUDITIDS for _ in range(16)))

    calls = [loop.run_until_complete(begin())]
    loop.run_until_complete(first)
    assert not calls[0].done()
    in_child(drop_and_ask)
    loop.run_until_complete(calls[0])
    loop.close()


def by_another_hand_than_os_fork() -> None:
    """As a server written in C forks (uWSGI): none of Python's hooks runs, in the parent or in the child."""

    def ask_all() -> None:
        ask_both()
        for result in client.get_audit_statuses([(TOKEN, auditid) for auditid in AUDITIDS]):
            check(result.unwrap(), AUDITIDS[result.index])

    ask_all()
    child = LIBC.fork()
    if child == 0:
        try:
            ask_all()
        finally:
            LIBC._exit(0 if sys.exc_info()[0] is None else 1)
    wait(child)
    ask_all()


def in_an_argument() -> None:
    """The conversion of an argument forks: parent and child both come out of it, and make the call."""

    class AuditId:
        def __init__(self) -> None:
            self.child: int | None = None

        def __index__(self) -> int:
            if self.child is None:
                self.child = os.fork()
            return 1003

    def ask_with(auditid: AuditId) -> None:
        check(client.get_audit_status(TOKEN, auditid), 1003)

    def ask_async_with(auditid: AuditId) -> None:
        try:
            check(asyncio.run(async_client.get_audit_status(TOKEN, auditid)), 1003)
        except RuntimeError as failure:
            # The loop stays the parent's.
            if os.getpid() == parent or "belongs to the process that forked" not in str(failure):
                raise

    parent = os.getpid()
    ask_both()
    for work in (ask_with, ask_async_with):
        auditid = AuditId()
        work(auditid)
        if os.getpid() != parent:
            ask()
            os._exit(0)
        assert auditid.child is not None
        wait(auditid.child)
    ask_both()


def and_close_the_client_in_the_child() -> None:
    def close_and_ask_anew() -> None:
        client.close()
        asyncio.run(async_client.close())
        with wxaudit.Client(base_url=BASE_URL) as fresh:
            check(fresh.get_audit_status(TOKEN, 1005), 1005)

    ask_both()
    in_child(close_and_ask_anew)
    ask_both()


def and_leave_by_sys_exit() -> None:
    leave_by_sys_exit(ask)


def and_leave_by_sys_exit_after_asyncio() -> None:
    leave_by_sys_exit(ask_both)


def and_leave_by_sys_exit_without_a_call() -> None:
    leave_by_sys_exit(lambda: None)


def leave_by_sys_exit(work: Callable[[], object]) -> None:
    """The child ends as programs do: the interpreter is taken down in it."""
    ask_both()
    for _ in range(5):
        child = os.fork()
        if child == 0:
            work()
            sys.exit(0)
        wait(child)
    ask_both()


class ForkingSource:
    """A token source that forks when it is asked for the first time."""

    def __init__(self, same_thread: bool, work: Callable[[], object]) -> None:
        self.same_thread = same_thread
        self._work = work
        self._asked = False

    def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        if not self._asked:
            self._asked = True
            self.child = fork(self._work)
        return TOKEN


def in_a_token_source() -> None:
    ask_both()
    for same_thread in (False, True):
        source = ForkingSource(same_thread, ask_both)
        check(client.get_audit_status(source, 1006), 1006)
        wait(source.child)
        source = ForkingSource(same_thread, ask)
        check(asyncio.run(async_client.get_audit_status(source, 1006)), 1006)
        wait(source.child)


def in_an_async_token_source() -> None:
    class Source:
        async def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            in_child(ask)
            return TOKEN

    check(asyncio.run(async_client.get_audit_status(Source(), 1006)), 1006)
    ask_both()


def in_on_event() -> None:
    def work(_: object) -> None:
        in_child(ask_both)

    with wxaudit.Client(base_url=BASE_URL, on_event=work) as watched:
        check(watched.get_audit_status(TOKEN, 1007), 1007)
    ask_both()


def and_go_on_with_the_call_in_the_child() -> None:
    go_on_in_the_child(os.fork)


def by_another_hand_and_go_on_with_the_call_in_the_child() -> None:
    go_on_in_the_child(LIBC.fork)


def go_on_in_the_child(fork_now: Callable[[], int]) -> None:
    """A call begun in the parent belongs to the parent: in the child it ends with an error, and soon."""

    class Source:
        same_thread = True

        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            children.append(fork_now())
            return TOKEN

    parent = os.getpid()
    children: list[int] = []
    try:
        check(client.get_audit_status(Source(), 1008), 1008)
    except RuntimeError as failure:
        if os.getpid() == parent or "belongs to the process that forked" not in str(failure):
            raise
        ask_both()
        os._exit(0)
    if os.getpid() != parent:
        os._exit(1)
    wait(children[0])
    ask_both()


def while_the_same_token_source_is_asked() -> None:
    """The child does not wait for the answer that a thread of its parent is waiting for."""

    class Source:
        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            if os.getpid() == parent:
                asked.set()
                assert released.wait(60)
            return TOKEN

    parent = os.getpid()
    asked, released = threading.Event(), threading.Event()
    source = Source()
    thread = threading.Thread(target=lambda: check(client.get_audit_status(source, 1001), 1001))
    thread.start()
    assert asked.wait(60)
    in_child(lambda: check(client.get_audit_status(source, 1002), 1002))
    released.set()
    thread.join()
    check(client.get_audit_status(source, 1003), 1003)


globals()[ARGUMENTS[0]]()
