"""Where a scenario plays: one of the two clients, the servers, and someone who watches."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import logging
import os
import tempfile
import threading
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import wxaudit
from secrecy.canary import PASSWORD, TOKEN
from secrecy.observation import Observation
from secrecy.scenario import FIRST_AUDITID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrecy.objects import ObjectWalk
    from secrecy.scenario import Scenario, Servers
    from secrecy.streams import Streams

# With the credentials behind it, everything a test waits for is long over before this.
PATIENCE = 10


class Stage:
    """What a scenario acts with. A secret is passed to it as the function that makes it, for the moment of the call."""

    def __init__(self, door: str, servers: Servers, number: int, walk: ObjectWalk) -> None:
        self.door = door
        self.servers = servers
        self.walk = walk
        self.auditid = FIRST_AUDITID + number
        self.clients: list[wxaudit.Client | wxaudit.AsyncClient] = []
        self.events: list[wxaudit.Event] = []
        self.at_request: Callable[[], object] | None = None
        self.also_seen: list[str | bytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        with tempfile.TemporaryFile() as stacks:
            self._stacks: IO[bytes] = os.fdopen(os.dup(stacks.fileno()), "r+b")

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the asyncio client, in its debug mode, which logs every step that it takes."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_debug(True)
            self._loop.slow_callback_duration = 0
        return self._loop

    def client(self, base_url: object = None, *, observed: bool = True, **options: Any) -> Any:
        """A client of the fake, or of another server. Options that are functions are called at the last moment."""
        kind: Any = wxaudit.Client if self.door == "blocking" else wxaudit.AsyncClient
        options = {"timeout": PATIENCE, "max_retries": 0, "trust_env": False, **options}
        listener = self._watch if observed else None
        made = kind(base_url=_now(base_url or self.servers.fake), on_event=listener, **_all_now(options))
        self.clients.append(made)
        return made

    def ask(self, token: object = TOKEN.text, auditid: object = None, *, client: Any = None, **options: Any) -> Any:
        """One call, to its end. Arguments that are functions are called at the last moment."""
        client = client or self.client()
        return self.run(
            client.get_audit_status(_now(token), _now(auditid or self.auditid), **_all_now(options))
        )

    def run(self, called: Any) -> Any:
        """What a client's method gave, awaited where it needs to be."""
        return called if self.door == "blocking" else self.loop.run_until_complete(called)

    def proxy(self, port: int) -> str:
        """The URL of a proxy, with the password in it."""
        from urllib.parse import quote

        return f"http://merchant:{quote(PASSWORD.text(), safe='')}@127.0.0.1:{port}"

    def _watch(self, event: wxaudit.Event) -> None:
        self.events.append(event)
        if event.kind == "request":
            # From another thread, as a watchdog does it.
            dumping = threading.Thread(target=faulthandler.dump_traceback, args=(self._stacks,))
            dumping.start()
            dumping.join()
            if self.at_request is not None:
                self.at_request()

    @contextmanager
    def watched_by_faulthandler(self) -> Iterator[None]:
        """Dumps all stacks every few milliseconds: for calls that nobody listens to."""
        faulthandler.dump_traceback_later(0.01, repeat=True, file=self._stacks)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()

    def stacks(self) -> bytes:
        """All that faulthandler wrote, once more at the end for calls that never got under way."""
        faulthandler.dump_traceback(self._stacks)
        self._stacks.seek(0)
        with self._stacks:
            return self._stacks.read()

    def close(self) -> None:
        """Ends what is left of the event loop, as `asyncio.run` would."""
        if self._loop is None:
            return
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


def _now(value: Any) -> Any:
    return value() if callable(value) else value


def _all_now(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _now(value) for name, value in values.items()}


class _Notebook(logging.Handler):
    """Writes down all records, fully formatted."""

    def __init__(self) -> None:
        super().__init__(level=1)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelno)s %(threadName)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [self.format(record), repr(record.args), repr(record.__dict__)]


def _act(scenario: Scenario, stage: Stage) -> tuple[object, BaseException | None]:
    """Result and error. Tracebacks begin here, so that no local of the observer stands in them."""
    try:
        return scenario.act(stage), None
    except BaseException as error:
        # As an application would.
        logging.getLogger("shop").log(1, "asking failed: %r", error, exc_info=True)
        return None, error


def play(scenario: Scenario, stage: Stage, streams: Streams) -> Observation:
    """Runs a scenario and writes down all that is to be seen of it."""
    notebook = _Notebook()
    root = logging.getLogger()
    root.addHandler(notebook)
    streams.begin()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result, error = _act(scenario, stage)
        stage.close()
        # What nobody fetched or awaited complains when it is collected.
        gc.collect()
    root.removeHandler(notebook)
    objects = [*stage.also_seen, *stage.walk.new_texts()]
    stdout, stderr = streams.written()
    return Observation(
        result=result,
        error=error,
        clients=stage.clients,
        events=stage.events,
        logs=notebook.lines,
        warnings=[f"{entry} {entry.message!r} {entry.source!r}" for entry in caught],
        stdout=stdout,
        stderr=stderr,
        stacks=stage.stacks(),
        objects=objects,
    )
