"""Forks in the middle of a batch. Arguments: BASE_URL TOKEN MOMENT. Writes what came of it, as JSON.

In every scenario the child asks for many audits and gets right answers, and the parent's batch is complete.
"""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import os
import threading
from typing import TYPE_CHECKING, Any

from forking import fork, in_child, wait
from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORKS = 50
QUERIES = 2000
FOREIGN = "belongs to the process that forked"

client = wxaudit.Client(base_url=BASE_URL)
async_client = wxaudit.AsyncClient(base_url=BASE_URL)
main_pid = os.getpid()


def queries(count: int = QUERIES, token: Any = TOKEN) -> Iterator[tuple[Any, int]]:
    for number in range(count):
        yield token, AUDITIDS[number % len(AUDITIDS)]


def check_result(result: wxaudit.AuditResult) -> int:
    check(result.unwrap(), AUDITIDS[result.index % len(AUDITIDS)])
    return result.index


def check_batch(results: Any, count: int = QUERIES) -> None:
    assert sorted(map(check_result, results)) == list(range(count))


def ask() -> None:
    check_batch(client.get_audit_statuses(queries(40)), 40)


def ask_async() -> None:
    check_batch(asyncio.run(async_client.get_audit_statuses(queries(40))), 40)


def ask_both() -> None:
    ask()
    ask_async()


def under_load() -> dict[str, int]:
    """Another thread forks again and again while this one iterates."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def until_stopped() -> Iterator[tuple[str, int]]:
        while not stop.is_set():
            yield from queries(len(AUDITIDS))

    def fork_again_and_again() -> None:
        try:
            for number in range(FORKS):
                in_child((ask, ask_async)[number % 2])
        except BaseException as failure:
            failures.append(failure)
        finally:
            stop.set()

    thread = threading.Thread(target=fork_again_and_again)
    thread.start()
    indexes = sorted(map(check_result, client.iter_audit_statuses(until_stopped())))
    thread.join()
    for failure in failures:
        raise failure
    assert indexes == list(range(len(indexes)))
    return {"forks": FORKS, "results": len(indexes)}


def iterate_on_in_the_child() -> None:
    """A batch begun in the parent belongs to the parent: in the child it ends with an error, and soon."""

    def go_on() -> None:
        try:
            # What the parent had taken from it already may still come.
            for result in results:
                indexes.append(check_result(result))
        except RuntimeError as failure:
            if FOREIGN not in str(failure):
                raise
        else:
            raise AssertionError("the child went on with its parent's batch")
        assert len(indexes) < QUERIES
        ask_both()

    results = client.iter_audit_statuses(queries())
    indexes = [check_result(next(results))]
    in_child(go_on)
    indexes += map(check_result, results)
    assert sorted(indexes) == list(range(QUERIES))


def drop_it_in_the_child() -> None:
    held = [client.iter_audit_statuses(queries())]
    indexes = [check_result(next(held[0]))]

    def drop() -> None:
        held.clear()
        gc.collect()
        ask_both()

    def close() -> None:
        held[0].close()
        ask_both()

    for work in (drop, close, ask_both):
        in_child(work)
        indexes.append(check_result(next(held[0])))
    indexes += map(check_result, held[0])
    assert sorted(indexes) == list(range(QUERIES))


def out_of_the_input() -> None:
    """The child, too, comes out of the input, and back to a batch that is not its own."""
    children: list[int] = []

    def forking() -> Iterator[tuple[Any, int]]:
        for number, query in enumerate(queries()):
            if number == QUERIES // 2:
                children.append(os.fork())
            yield query

    in_parent_alone(children, lambda: check_batch(client.get_audit_statuses(forking())))
    in_parent_alone(children, lambda: check_batch(client.iter_audit_statuses(forking())))


def out_of_progress() -> None:
    children: list[int] = []

    def tell(done: int, _: int | None) -> None:
        if done >= QUERIES // 2 and not children:
            children.append(os.fork())

    in_parent_alone(children, lambda: check_batch(client.get_audit_statuses(queries(), progress=tell)))


def in_parent_alone(children: list[int], work: Callable[[], object]) -> None:
    """Does `work`, in which a child is forked and fails. The child never comes out of here."""
    try:
        work()
    except RuntimeError as failure:
        if os.getpid() == main_pid or FOREIGN not in str(failure):
            raise
        ask_both()
        os._exit(0)
    if os.getpid() != main_pid:
        os._exit(1)
    wait(children.pop())


def in_a_token_source() -> None:
    class Source:
        def __init__(self, same_thread: bool) -> None:
            self.same_thread = same_thread
            self.children: list[int] = []

        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            if not self.children:
                self.children.append(fork(ask_both))
            return TOKEN

    for same_thread in (False, True):
        source = Source(same_thread)
        check_batch(client.get_audit_statuses(queries(token=source)))
        wait(source.children[0])


def with_a_batch_in_the_loop() -> None:
    """The child drops and collects what it inherits; its loop is the parent's, and stays alone."""

    async def begin() -> None:
        results = async_client.iter_audit_statuses(queries())
        held.append(results)
        indexes.append(check_result(await anext(results)))

    async def end() -> None:
        indexes.extend([check_result(result) async for result in held[0]])

    def drop_and_ask() -> None:
        held.clear()
        gc.collect()
        ask()
        # A loop of its own, in a thread that has none.
        thread = threading.Thread(target=ask_async)
        thread.start()
        thread.join()

    held: list[Any] = []
    indexes: list[int] = []
    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    in_child(drop_and_ask)
    loop.run_until_complete(end())
    loop.close()
    assert sorted(indexes) == list(range(QUERIES))


def work_in_a_pool(number: int) -> int:
    if number % 2:
        ask()
    else:
        ask_async()
    return os.getpid()


def in_a_pool() -> dict[str, int]:
    """Workers ask through the clients that they inherit, from a parent in the middle of a batch."""
    results = client.iter_audit_statuses(queries())
    indexes = [check_result(next(results))]
    with multiprocessing.get_context("fork").Pool(4, maxtasksperchild=3) as pool:
        pids = pool.map(work_in_a_pool, range(24), chunksize=1)
        pool.close()
        pool.join()
    indexes += map(check_result, results)
    assert sorted(indexes) == list(range(QUERIES))
    assert os.getpid() not in pids
    return {"batches": len(pids), "workers": len(set(pids))}


told = globals()[ARGUMENTS[0]]()
ask_both()
print(json.dumps(told))
