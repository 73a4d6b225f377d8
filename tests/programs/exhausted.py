"""Calls while the system refuses a resource. Arguments: BASE_URL TOKEN LIMIT CLIENT MOMENT.

LIMIT is what is used up: threads (not for root), descriptors or memory. CLIENT is blocking,
asyncio or functions. MOMENT is first or later: whether this process has made calls before. All went well
where it exits with 0. Written are the messages, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT, CLIENT, MOMENT = ARGUMENTS
AUDITID = AUDITIDS[0]

os.environ["WXAUDIT_BASE_URL"] = BASE_URL
os.environ["WXAUDIT_MAX_RETRIES"] = "0"
loop = asyncio.new_event_loop()
messages: list[str] = []


class Source:
    def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        return TOKEN


@contextmanager
def soft_limit(kind: int, value: int) -> Iterator[None]:
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


def pages() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


@contextmanager
def without_threads() -> Iterator[None]:
    with soft_limit(resource.RLIMIT_NPROC, 1):
        yield


@contextmanager
def without_descriptors() -> Iterator[None]:
    spare = os.open(os.devnull, os.O_RDONLY)
    os.close(spare)
    with soft_limit(resource.RLIMIT_NOFILE, spare):
        yield


@contextmanager
def without_memory() -> Iterator[None]:
    """Enough for a call, and too little for the stack of another thread."""
    with soft_limit(resource.RLIMIT_AS, pages() + 1024 * 1024):
        yield


def finished(result: Any) -> Any:
    return loop.run_until_complete(result) if asyncio.iscoroutine(result) else result


def iterated(client: Any, queries: Any) -> list[wxaudit.AuditResult]:
    results = client.iter_audit_statuses(queries)
    if CLIENT == "blocking":
        return list(results)

    async def collect() -> list[wxaudit.AuditResult]:
        return [result async for result in results]

    return list(loop.run_until_complete(collect()))


def first_of(results: Any) -> wxaudit.AuditStatus:
    result: wxaudit.AuditResult = next(iter(results))
    return result.unwrap()


def forms() -> dict[str, Callable[[], wxaudit.AuditStatus]]:
    """Calls of all forms, each by a client of its own: none finds the connections of another."""
    if CLIENT == "functions":
        return {
            "get_audit_status": lambda: wxaudit.get_audit_status(Source(), AUDITID, timeout=20),
            "aget_audit_status": lambda: finished(wxaudit.aget_audit_status(Source(), AUDITID, timeout=20)),
        }
    kind = wxaudit.Client if CLIENT == "blocking" else wxaudit.AsyncClient
    clients = [kind(base_url=BASE_URL, timeout=20, max_retries=0) for _ in range(7)]
    queries = [(Source(), AUDITID)]
    return {
        "call": lambda: finished(clients[0].get_audit_status(TOKEN, AUDITID)),
        "call with a source": lambda: finished(clients[1].get_audit_status(Source(), AUDITID)),
        "batch": lambda: first_of(finished(clients[2].get_audit_statuses([(TOKEN, AUDITID)]))),
        "batch with a source": lambda: first_of(finished(clients[3].get_audit_statuses(queries))),
        "iteration": lambda: first_of(iterated(clients[4], [(TOKEN, AUDITID)])),
        "iteration with a source": lambda: first_of(iterated(clients[5], queries)),
        "screenshots": lambda: check_screenshots(clients[6]),
    }


def check_screenshots(client: Any) -> wxaudit.AuditStatus:
    """WeChat has no such picture, which an answer says."""
    try:
        finished(client.get_screenshots(TOKEN, ["unknown"]))
    except wxaudit.APIError:
        audit: wxaudit.AuditStatus = finished(client.get_audit_status(TOKEN, AUDITID))
        return audit
    raise AssertionError("the picture is there")


def needs(form: str) -> bool:
    """Whether a form needs what is used up, which fails it for certain."""
    if MOMENT == "first":
        return True
    if LIMIT == "descriptors":
        # Only this one finds a connection.
        return form != "get_audit_status"
    # A new thread may get the stack of one that has ended.
    return LIMIT == "threads" and ("source" in form or CLIENT == "functions")


LIMITED = {"threads": without_threads, "descriptors": without_descriptors, "memory": without_memory}[LIMIT]

calls = forms()
if MOMENT == "later":
    # The threads and the bridge to the event loop are there; the connections to come are not.
    others = forms()
    check(next(iter(others.values()))(), AUDITID)
for form, ask in calls.items():
    try:
        with LIMITED():
            audit = ask()
    except wxaudit.TransportError as error:
        failed = error
    else:
        assert not needs(form), form
        check(audit, AUDITID)
        continue
    assert failed.retryable
    assert failed.hint.startswith("Free threads, descriptors or memory of this process"), failed
    messages.append(f"{form}: {failed}")
if MOMENT == "first":
    assert len(messages) == len(calls), messages
for ask in calls.values():
    check(ask(), AUDITID)
loop.close()
print(json.dumps(messages))
