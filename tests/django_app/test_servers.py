"""Views that use `get_client()` in real servers, after their master has used it.

WXAUDIT_REQUESTS=1000 sends more requests to each.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.django.web_server import WORKERS, WebServer, gunicorn, uwsgi
from support.fake_process import AUDITIDS

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_process import FakeProcess

REQUESTS = int(os.environ.get("WXAUDIT_REQUESTS", "160"))

# Whether the module is imported once, in a process that forks the workers.
COMMANDS: dict[str, tuple[list[str], str, bool]] = {
    "gunicorn sync": (gunicorn("sync", "application"), "ask", False),
    "gunicorn sync --preload": (gunicorn("sync", "application", "--preload"), "ask", True),
    "gunicorn gthread": (gunicorn("gthread", "application"), "ask", False),
    "gunicorn gthread --preload": (gunicorn("gthread", "application", "--preload"), "ask", True),
    "gunicorn uvicorn": (gunicorn("uvicorn.workers.UvicornWorker", "asgi"), "ask_async", False),
    "gunicorn uvicorn --preload": (
        gunicorn("uvicorn.workers.UvicornWorker", "asgi", "--preload"),
        "ask_async",
        True,
    ),
    "gunicorn uvicorn --preload, a plain view": (
        gunicorn("uvicorn.workers.UvicornWorker", "asgi", "--preload"),
        "ask",
        True,
    ),
    "uWSGI": (uwsgi(), "ask", True),
    "uWSGI --lazy-apps": (uwsgi("--lazy-apps"), "ask", False),
}


@pytest.mark.parametrize("server", COMMANDS)
def test_every_request_is_answered(fake_process: FakeProcess, tmp_path: Path, server: str) -> None:
    command, view, is_shared = COMMANDS[server]
    site: dict[str, Any] = {
        "token": fake_process.token(),
        "wxaudit": {"CLIENT": {"base_url": fake_process.base_url}},
    }
    auditids = [AUDITIDS[number % len(AUDITIDS)] for number in range(REQUESTS)]
    with WebServer(command, site, tmp_path) as running:
        running.ask([f"/{view}/{auditids[0]}/"])
        began = time.monotonic()
        answers = running.ask([f"/{view}/{auditid}/" for auditid in auditids])
        took = time.monotonic() - began
        log = running.log
    imported, workers = set(), set()
    for path, status, body in answers:
        assert status == 200, (body, log)
        parent, worker, reason = body.split(" ", 2)
        assert reason == f"audit {path.split('/')[2]}"
        imported.add(parent)
        workers.add(worker)
    print(f"{server}: {len(answers)} right answers by {len(workers)} workers in {took:.1f} s")
    assert len(answers) == REQUESTS
    assert len(workers) <= WORKERS
    assert imported == workers if not is_shared else (len(imported) == 1 and imported.isdisjoint(workers))
    assert "Traceback" not in log, log
