"""Record everything observable of a scenario."""

from __future__ import annotations

import gc
import logging
import warnings
from typing import TYPE_CHECKING, NamedTuple

import wxaudit
from secrecy import spans
from secrecy.passed import Passed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrecy.canary import Text
    from secrecy.scenario import Scenario
    from secrecy.stage import Stage
    from secrecy.streams import Streams


class Observation(NamedTuple):
    """Everything observed of one scenario. Its texts are searched, never shown."""

    result: object
    error: BaseException | None
    clients: Sequence[object]
    events: Sequence[wxaudit.Event]
    logs: Sequence[str]
    spans: Sequence[str]
    warnings: Sequence[str]
    stdout: bytes
    stderr: bytes
    stacks: bytes
    """The output of `faulthandler` while the calls were in flight."""
    objects: Sequence[Text]
    """The texts that the garbage collector found for the first time."""
    passed: bool
    """Whether texts were left out, since a caller passed them to a call that raised."""

    @property
    def results(self) -> list[object]:
        """The result, and the items of a batch or list."""
        found: list[object] = []
        waiting = [self.result]
        while waiting:
            result = waiting.pop(0)
            found.append(result)
            if isinstance(result, (list, tuple, wxaudit.AuditBatch)):
                waiting += result
            elif isinstance(result, wxaudit.AuditResult):
                waiting.append(result.status or result.error)
        return found

    @property
    def counts(self) -> dict[str, int] | None:
        """How the queries of a batch ended."""
        return self.result.counts() if isinstance(self.result, wxaudit.AuditBatch) else None

    @property
    def errors(self) -> list[BaseException]:
        """The error, or those of a batch, and all errors attached to them."""
        return chain_of([self.error, *(it for it in self.results if isinstance(it, BaseException))])

    @property
    def subjects(self) -> list[object]:
        """The objects that a caller holds afterwards."""
        raised = [] if self.error is None else [self.error]
        return [*self.results, *raised, *self.clients, *self.events]


def observe(scenario: Scenario, stage: Stage, streams: Streams) -> Observation:
    """Runs a scenario and records everything observable."""
    notebook = _Notebook()
    root = logging.getLogger()
    root.addHandler(notebook)
    streams.begin()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result, error = _act(scenario, stage)
        stage.close()
        # Results and coroutines that were never awaited warn when they are collected.
        gc.collect()
    told = [f"{entry} {entry.message!r} {entry.source!r}" for entry in caught]
    # The source of a warning is a coroutine that was never awaited, with its arguments.
    caught.clear()
    root.removeHandler(notebook)
    # The frames of a traceback hold the arguments; the driver checks whether these outlive them.
    passed = set[int]().union(*(Passed(it).texts() for it in chain_of([error])))
    objects = [*stage.met_in_flight, *stage.walk.new_texts(passed)]
    stdout, stderr = streams.written()
    return Observation(
        result=result,
        error=error,
        clients=stage.clients,
        events=stage.watcher.events,
        logs=notebook.lines,
        spans=spans.taken(),
        warnings=told,
        stdout=stdout,
        stderr=stderr,
        stacks=stage.watcher.stacks(),
        objects=objects,
        passed=bool(passed),
    )


def chain_of(errors: Sequence[BaseException | None]) -> list[BaseException]:
    """The errors, and all errors attached to them."""
    found: list[BaseException] = []
    waiting = list(errors)
    while waiting:
        error = waiting.pop()
        if error is not None and error not in found:
            found.append(error)
            waiting += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
    return found


def _act(scenario: Scenario, stage: Stage) -> tuple[object, BaseException | None]:
    """Result and error. Tracebacks begin here, so that no recorded text is among their locals."""
    try:
        return scenario.act(stage), None
    except BaseException as error:
        # As an application would.
        logging.getLogger("shop").log(1, "asking failed: %r", error, exc_info=True)
        return None, error


class _Notebook(logging.Handler):
    """Stores all records, fully formatted."""

    def __init__(self) -> None:
        super().__init__(level=1)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelno)s %(threadName)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [self.format(record), repr(record.args), repr(record.__dict__)]
