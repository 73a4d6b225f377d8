"""What all tests share: one way to run a body through both clients, and no silence about lost exceptions."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.client_kind import ClientKind
from support.event_loops import NEW_EVENT_LOOP
from support.fake_process import FakeProcess
from support.servers.redis_server import RedisServer
from support.token_sources import SOURCE_SETUPS, SourceSetup
from wxaudit.testing import FakeWeChat

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    import redis


# A shell starts background jobs with SIGINT ignored, and programs inherit that: Ctrl-C would mean nothing.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# pytest-django has read the settings by now, and programs that tests start do not inherit them.
os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures that tests print. `-rP` shows logs too, and looks at all reports for each test."""
    for report in terminalreporter.getreports("passed"):
        if report.capstdout.strip():
            terminalreporter.write_line(f"{report.nodeid}\n{report.capstdout.strip()}\n")


@pytest.fixture(params=["blocking", "asyncio"])
def client_kind(request: pytest.FixtureRequest) -> Iterator[ClientKind]:
    """Runs a test once with each client."""
    client_kind = ClientKind(request.param)
    yield client_kind
    client_kind.close()


@pytest.fixture(params=SOURCE_SETUPS)
def source_setup(request: pytest.FixtureRequest) -> Iterator[SourceSetup]:
    """Runs a test once with each client and each kind of token source that it takes."""
    source_setup = SourceSetup(request.param)
    yield source_setup
    source_setup.client_kind.close()


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    """A fake WeChat of its own for each test."""
    with FakeWeChat() as fake:
        yield fake


@pytest.fixture(scope="module")
def started_fake_process() -> Iterator[FakeProcess]:
    with FakeProcess() as fake:
        yield fake


@pytest.fixture
def fake_process(started_fake_process: FakeProcess) -> FakeProcess:
    """A fake WeChat in a process that a module shares, as new for each test: see `FakeProcess.set_up`."""
    started_fake_process.reset()
    started_fake_process.set_up()
    return started_fake_process


@pytest.fixture
def beijing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of this process. (Otherwise it is that of Django's settings.)"""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """A client of the Redis that a module shares, empty for each test."""
    with redis_server.client() as client:
        client.flushall()
        yield client


@pytest.fixture(params=NEW_EVENT_LOOP)
def run_in_loop(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine in a new loop, which must meet no exception that nobody handles."""

    def run_in_loop(main: Coroutine[Any, Any, Any]) -> Any:
        unhandled: list[dict[str, Any]] = []
        loop = NEW_EVENT_LOOP[request.param]()
        loop.set_exception_handler(lambda _, context: unhandled.append(context))
        try:
            return loop.run_until_complete(main)
        finally:
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
            assert unhandled == []

    return run_in_loop
