"""Run a batch, blocking."""

from __future__ import annotations

from .._greenlets import let_others_run
from .._token_sources import release, serve_request, wait
from .results import in_order
from .run import BatchRun
from .serving import ThreadServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any

    from .._native import AuditResult
    from .._session import Session
    from .results import AuditBatch


def collect(session: Session, queries: Any, max_concurrency: Any, progress: Any, timeout: Any) -> AuditBatch:
    return in_order(gather(BatchRun(session, queries, max_concurrency, timeout, collected=True), progress))


def gather(run: BatchRun, progress: Any) -> list[Any]:
    """All results in the order of their arrival."""
    results: list[Any] = []
    with run.reporter(progress) as reporter:
        for group in _groups(run, ThreadServer()):
            results += group
            reporter.report(len(results))
    return results


def iterate(
    session: Session, queries: Any, max_concurrency: Any, timeout: Any
) -> Generator[AuditResult, None, None]:
    return _each(BatchRun(session, queries, max_concurrency, timeout, collected=False))


def _each(run: BatchRun) -> Generator[AuditResult, None, None]:
    server = ThreadServer()
    for group in _groups(run, server):
        for result in group:
            yield result
            if server.asks_consumer:
                # The consumer may take long for each result.
                for request in run.native.take_requests():
                    serve_request(request)


def _groups(run: BatchRun, server: ThreadServer) -> Iterator[list[Any]]:
    """The results as they arrive, in groups."""
    run.begin()
    with run.dispatcher:
        try:
            while not run.over:
                is_waiting = run.native.fill()
                while server.update(run.native):
                    is_waiting = run.native.fill()
                if is_waiting:
                    wait(run.native)
                else:
                    let_others_run()
                group, requests = run.take()
                for request in requests:
                    serve_request(request)
                if group:
                    yield group
            run.native.raise_input_error()
        finally:
            release(run.native)
            run.close()
