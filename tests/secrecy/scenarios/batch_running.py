"""Scenarios by circumstances of a batch: interrupted, cancelled, in a thread or child, with callbacks."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from secrecy.canary import TOKEN
from secrecy.scenario import Scenario
from secrecy.scenarios.answers import always, refusing
from secrecy.scenarios.batch_sources import of_source
from secrecy.scenarios.batches import BATCH_METHODS, tuples
from secrecy.scenarios.running import StopAskingError, soon
from secrecy.scenarios.sources import AsyncSource, SameThreadSource
from secrecy.stage import Stage
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secrecy.scenario import Act

_HELD = always(Fault(hold=True))


class ShopError(Exception):
    """An exception of the application's own code."""


def _interrupted(act: Callable[..., Any]) -> Act:
    """Ctrl-C once a request is in flight."""

    def play(stage: Stage) -> object:
        stage.watcher.at_request = soon(lambda: os.kill(os.getpid(), signal.SIGINT))
        return act(stage, lambda: tuples(stage), max_concurrency=1)

    return play


def _stopped_by_handler(stage: Stage) -> object:
    def stop(_number: int, _frame: object) -> None:
        raise StopAskingError("stopped")

    before = signal.signal(signal.SIGUSR1, stop)
    stage.watcher.at_request = soon(lambda: os.kill(os.getpid(), signal.SIGUSR1))
    try:
        return stage.collect(lambda: tuples(stage), max_concurrency=1)
    finally:
        signal.signal(signal.SIGUSR1, before)


def _with_input(act: Callable[..., Any], given: Callable[[Stage], object]) -> Act:
    return lambda stage: act(stage, lambda: given(stage), max_concurrency=1)


def _while_held(act: Callable[..., Any], given: Callable[[Stage], object]) -> Act:
    """Runs next to a call in flight, to a server that never answers and does not count requests."""
    return lambda stage: act(
        stage,
        lambda: given(stage),
        client=stage.client(f"http://127.0.0.1:{stage.servers.silent}"),
        max_concurrency=1,
    )


def _interrupted_input(stage: Stage) -> Iterator[object]:
    """Ctrl-C while the input is iterated."""
    yield TOKEN.text(), stage.auditid
    os.kill(os.getpid(), signal.SIGINT)
    yield TOKEN.text(), stage.auditid


def _failing_input(stage: Stage) -> Iterator[object]:
    yield TOKEN.text(), stage.auditid
    raise ShopError("the cursor is gone")


async def _failing_async_input(stage: Stage) -> Any:
    yield TOKEN.text(), stage.auditid
    await asyncio.sleep(0)
    raise ShopError("the cursor is gone")


async def _waiting_async_input(stage: Stage) -> Any:
    yield TOKEN.text(), stage.auditid
    await asyncio.sleep(60)


def _cancelled(stage: Stage) -> object:
    client = stage.client()
    task = stage.loop.create_task(client.get_audit_statuses(tuples(stage), max_concurrency=1))
    stage.watcher.at_request = lambda: stage.loop.call_later(0.05, task.cancel)
    return stage.run(task)


def _cancelled_before_it_began(stage: Stage) -> object:
    task = stage.loop.create_task(stage.client().get_audit_statuses(tuples(stage)))
    task.cancel()
    return stage.run(task)


def _cancelled_at_input(stage: Stage) -> object:
    async def main() -> object:
        client = stage.client()
        return await asyncio.wait_for(client.get_audit_statuses(_waiting_async_input(stage)), 0.2)

    return stage.run(main())


def _never_awaited(stage: Stage) -> object:
    return repr(stage.client().get_audit_statuses(tuples(stage)))


def _waiting_to_begin(stage: Stage) -> object:
    """A coroutine, inspected before it runs."""
    coroutine: Any = stage.client().get_audit_statuses(tuples(stage))
    try:
        return [repr(coroutine), dict(coroutine.cr_frame.f_locals)]
    finally:
        coroutine.close()


def _in_thread(stage: Stage) -> object:
    """Errors end a thread, and Python prints them."""
    thread = threading.Thread(target=lambda: stage.collect(lambda: tuples(stage)).raise_for_errors())
    thread.start()
    thread.join()
    return repr(thread)


def _in_forked_child(stage: Stage) -> object:
    """The child prints the errors, and its batch reaches the parent by pickle."""
    client = stage.client()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            batch = stage.collect(lambda: tuples(stage), client=client)
            os.write(writing, pickle.dumps(batch))
            batch.raise_for_errors()
        except Exception as error:
            sys.excepthook(type(error), error, error.__traceback__)
            sys.stderr.flush()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        brought = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    return brought


def _callback_raises(stage: Stage) -> object:
    def fail() -> None:
        raise ValueError("the callback is broken")

    stage.watcher.at_request = fail
    return stage.collect(lambda: tuples(stage))


def _with_bar(stage: Stage) -> object:
    return stage.collect(lambda: tuples(stage), progress=lambda: True)


def _progress_tells(stage: Stage) -> object:
    told: list[object] = []

    def tell(done: int, total: int | None) -> None:
        told.append((done, total))
        stage.walk_in_flight()

    batch = stage.collect(lambda: tuples(stage), max_concurrency=1, progress=lambda: tell)
    return [batch, told]


def _progress_raises(stage: Stage) -> object:
    def fail(done: int, total: int | None) -> None:
        raise ShopError(f"cannot show {done} of {total}")

    return stage.collect(lambda: tuples(stage), progress=lambda: fail)


def _exiting(_refresh: bool) -> object:
    raise SystemExit("enough")


def _each_failing_input() -> Iterator[Scenario]:
    inputs = {"an input": (_failing_input, _BOTH), "an async input": (_failing_async_input, _ASYNCIO)}
    for name, (given, client_kinds) in inputs.items():
        collected, iterated = (f"a batch: {name} that raises, {method}" for method in BATCH_METHODS)
        yield Scenario(
            collected, _while_held(Stage.collect, given), ShopError, sends=0, client_kinds=client_kinds
        )
        # Queries taken before are still answered then.
        yield Scenario(iterated, _with_input(Stage.iterate, given), ShopError, client_kinds=client_kinds)


_ASYNCIO = ("asyncio",)
_BOTH = ("blocking", "asyncio")
_FINE = {"IN_REVIEW": 3}
_REFUSED = {"TokenError": 3}

SCENARIOS = (
    *(
        Scenario(f"a batch: Ctrl-C, {method}", _interrupted(act), KeyboardInterrupt, _HELD)
        for method, act in BATCH_METHODS.items()
    ),
    Scenario("a batch: a signal handler that raises", _stopped_by_handler, StopAskingError, _HELD),
    *(
        Scenario(
            f"a batch: Ctrl-C in its input, {method}",
            _while_held(act, _interrupted_input),
            KeyboardInterrupt,
            sends=0,
        )
        for method, act in BATCH_METHODS.items()
    ),
    *_each_failing_input(),
    Scenario("a batch: cancelled", _cancelled, asyncio.CancelledError, _HELD, client_kinds=_ASYNCIO),
    Scenario(
        "a batch: cancelled before it began",
        _cancelled_before_it_began,
        asyncio.CancelledError,
        sends=0,
        client_kinds=_ASYNCIO,
    ),
    Scenario(
        "a batch: cancelled while its input waits",
        _cancelled_at_input,
        asyncio.TimeoutError,
        _HELD,
        client_kinds=_ASYNCIO,
    ),
    Scenario("a batch: never awaited", _never_awaited, sends=0, client_kinds=_ASYNCIO),
    Scenario("a batch: waiting to begin", _waiting_to_begin, sends=0, client_kinds=_ASYNCIO),
    Scenario("a batch: errors that end a thread", _in_thread, None, refusing(40001), sends=3),
    Scenario("a batch: a forked child", _in_forked_child, None, refusing(40001), sends=3, counts=_REFUSED),
    Scenario("a batch: a callback that raises", _callback_raises, sends=3, counts=_FINE),
    Scenario("a batch: a bar", _with_bar, sends=3, counts=_FINE),
    Scenario("a batch: progress told", _progress_tells, sends=3),
    Scenario("a batch: progress that raises", _progress_raises, sends=3, counts=_FINE),
    *(
        Scenario(
            f"a batch: a source that exits, {name}",
            _with_input(BATCH_METHODS["collected"], of_source(_exiting, kind)),
            SystemExit,
            sends=0,
            client_kinds=client_kinds,
        )
        for name, kind, client_kinds in (
            ("in the same thread", SameThreadSource, _BOTH),
            ("async", AsyncSource, _ASYNCIO),
        )
    ),
)
