"""Kill a worker between its steps, each time between two others, and let another worker go on.

Arguments: the alias of the database, the address of a fake WeChat, a token, and the numbers of approved
audits of mini program wx1. The environment has WXAUDIT_TEST_SERVERS. Prints for each worker what it was
about to do when it was killed, and then a JSON object: how often each key was told, and each change exists.

A step is a query, a commit, a call of the token source, or a call of a receiver. A worker is a fork of this
process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

os.environ["DJANGO_SETTINGS_MODULE"] = "support.django.settings"

import django
from django.conf import settings
from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

# Python 3.12 and later warn of every fork beside threads; that such forks go well is tested here too.
warnings.filterwarnings("ignore", ".*use of fork.*may lead to deadlocks", DeprecationWarning)

alias, base_url, token, *numbers = sys.argv[1:]
settings.WXAUDIT = {
    "TOKEN_SOURCE": lambda _: _token(),
    "CLIENT": {"base_url": base_url},
}
django.setup()

from support.django.router import Router  # noqa: E402  # when Django is ready
from wxaudit.django import _clock, audit_decided, poll_due, watch  # noqa: E402  # when Django is ready
from wxaudit.django.models import AuditChange, AuditWatch  # noqa: E402  # when Django is ready

Router.alias = alias

_steps_left: int | None = None
_offset = timedelta()
_told_reader, _told_writer = os.pipe()


def _step(name: str) -> None:
    """Ends this process, without any farewell, if it was its last step."""
    global _steps_left
    if _steps_left is None:
        return
    _steps_left -= 1
    if _steps_left < 0:
        os.write(1, f"killed at: {name}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)


def _token() -> str:
    _step("token source")
    return token


def _on_query(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    _step(sql.split()[0])
    return execute(sql, params, many, context)


def _on_commit(commit: Callable[[], None]) -> None:
    _step("COMMIT")
    commit()


def _on_decision(*, key: str, **_: Any) -> None:
    _step("receiver")
    os.write(_told_writer, f"{key}\n".encode())
    _step("end of receiver")


def _now() -> datetime:
    """The time of the database, some leases later."""
    replacement, _clock.replacement = _clock.replacement, None
    try:
        return _clock.now(alias) + _offset
    finally:
        _clock.replacement = replacement


def _run_worker(steps: int) -> bool:
    """Polls in another process; returns whether it came to its end."""
    global _steps_left
    connections.close_all()
    child = os.fork()
    if child == 0:
        _steps_left = steps
        connection: Any = connections[alias]
        connection._commit = partial(_on_commit, connection._commit)
        with connection.execute_wrapper(_on_query):
            poll_due()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), status
    return status == 0


def main() -> None:
    global _offset
    audit_decided.connect(_on_decision)
    _clock.replacement = _now
    for steps, number in enumerate(numbers):
        watch("wx1", number)
        if _run_worker(steps):
            break
        # When the lease of the dead worker has ended.
        _offset += timedelta(minutes=6)
        poll_due()
    else:
        raise AssertionError("more steps than audits")
    os.close(_told_writer)
    with os.fdopen(_told_reader) as told:
        keys = Counter(told.read().split())
    changes = Counter(map(str, AuditChange.objects.all()))
    undecided = AuditWatch.objects.exclude(phase=AuditWatch.Phase.DECIDED).count()
    undelivered = AuditChange.objects.undelivered().count()
    print(json.dumps({"told": keys, "changes": changes, "undecided": undecided, "undelivered": undelivered}))


main()
