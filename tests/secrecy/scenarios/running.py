"""Scenarios by circumstances of a call: interrupted, cancelled, never started, in a thread or child."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import wxaudit
from secrecy.canary import TOKEN
from secrecy.scenario import Scenario
from secrecy.scenarios.answers import always, refusing
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from secrecy.stage import Stage

_HELD = always(Fault(hold=True))


class StopAskingError(Exception):
    """An exception of the application's own signal handler."""


def _interrupted(stage: Stage) -> object:
    """Ctrl-C once the request is in flight."""
    stage.watcher.at_request = soon(lambda: os.kill(os.getpid(), signal.SIGINT))
    return stage.ask()


def _stopped_by_handler(stage: Stage) -> object:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise StopAskingError("stopped")

    before = signal.signal(signal.SIGUSR1, stop)
    stage.watcher.at_request = soon(lambda: os.kill(os.getpid(), signal.SIGUSR1))
    try:
        return stage.ask()
    finally:
        signal.signal(signal.SIGUSR1, before)


def soon(act: Callable[[], object]) -> Callable[[], object]:
    return lambda: threading.Timer(0.05, act).start()


def _cancelled(stage: Stage) -> object:
    task = _task(stage)
    stage.watcher.at_request = lambda: stage.loop.call_later(0.05, task.cancel)
    return stage.run(task)


def _cancelled_before_it_began(stage: Stage) -> object:
    task = _task(stage)
    task.cancel()
    return stage.run(task)


def _function_cancelled_before_it_began(stage: Stage) -> object:
    task = stage.loop.create_task(wxaudit.aget_audit_status(TOKEN.text(), stage.auditid))
    task.cancel()
    return stage.run(task)


def _never_awaited(stage: Stage) -> object:
    return repr(stage.client().get_audit_status(TOKEN.text(), stage.auditid))


def _waiting_to_begin(stage: Stage) -> object:
    """A coroutine, inspected before it runs: it holds its arguments and nothing else."""
    token = TOKEN.text()
    coroutine: Any = stage.client().get_audit_status(token, stage.auditid)
    try:
        held = coroutine.cr_frame.f_locals
        return [repr(coroutine), {name: value for name, value in held.items() if value is not token}]
    finally:
        coroutine.close()


def _error_that_nobody_fetches(stage: Stage) -> object:
    task = _task(stage)
    stage.run(asyncio.wait([task]))
    return repr(task)


def _limited_by_wait_for(stage: Stage) -> object:
    client = stage.client()
    return stage.run(asyncio.wait_for(client.get_audit_status(TOKEN.text(), stage.auditid), 0.2))


def _task(stage: Stage) -> asyncio.Task[wxaudit.AuditStatus]:
    return stage.loop.create_task(stage.client().get_audit_status(TOKEN.text(), stage.auditid))


def _in_thread(stage: Stage) -> object:
    """The error ends a thread, and Python prints it."""
    thread = threading.Thread(target=stage.ask)
    thread.start()
    thread.join()
    return repr(thread)


def _in_forked_child(stage: Stage) -> object:
    """The error of a child process is uncaught, and reaches the parent by pickle."""
    client = stage.client()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            stage.ask(client=client)
        except wxaudit.WxAuditError as error:
            os.write(writing, pickle.dumps(error))
            sys.excepthook(type(error), error, error.__traceback__)
            sys.stderr.flush()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        brought = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    raise brought


def _callback_raises(stage: Stage) -> object:
    def fail() -> None:
        raise ValueError("the callback is broken")

    stage.watcher.at_request = fail
    return stage.ask()


def _call_in_callback(stage: Stage) -> object:
    """The callback makes a call too, with its own client, and fails."""
    inner = wxaudit.Client(
        base_url=f"http://127.0.0.1:{stage.servers.refusing}", max_retries=0, trust_env=False
    )
    stage.watcher.at_request = lambda: inner.get_audit_status(TOKEN.text(), stage.auditid)
    return stage.ask()


_ASYNCIO = ("asyncio",)

SCENARIOS = (
    Scenario("Ctrl-C", _interrupted, KeyboardInterrupt, _HELD),
    Scenario("a signal handler that raises", _stopped_by_handler, StopAskingError, _HELD),
    Scenario("cancelled", _cancelled, asyncio.CancelledError, _HELD, client_kinds=_ASYNCIO),
    Scenario(
        "cancelled before it began",
        _cancelled_before_it_began,
        asyncio.CancelledError,
        sends=0,
        client_kinds=_ASYNCIO,
    ),
    Scenario(
        "the default client, cancelled before it began",
        _function_cancelled_before_it_began,
        asyncio.CancelledError,
        sends=0,
        client_kinds=_ASYNCIO,
    ),
    Scenario("never awaited", _never_awaited, sends=0, client_kinds=_ASYNCIO),
    Scenario("waiting to begin", _waiting_to_begin, sends=0, client_kinds=_ASYNCIO),
    Scenario(
        "an error that nobody fetches",
        _error_that_nobody_fetches,
        None,
        refusing(40013),
        client_kinds=_ASYNCIO,
    ),
    Scenario(
        "limited by asyncio.wait_for",
        _limited_by_wait_for,
        asyncio.TimeoutError,
        _HELD,
        client_kinds=_ASYNCIO,
    ),
    Scenario("an error that ends a thread", _in_thread, None, refusing(40013)),
    Scenario("an error of a forked child", _in_forked_child, wxaudit.APIError, refusing(40013)),
    Scenario("a callback that raises", _callback_raises),
    Scenario("a call in a callback", _call_in_callback),
)
