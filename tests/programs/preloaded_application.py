"""A WSGI application that asks for an audit at each request, and asked already when it was imported.

With `gunicorn --preload` that import happens in the master, and the workers inherit its clients.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TOKEN = os.environ["TOKEN"]
MASTER = os.getpid()

client = wxaudit.Client(base_url=os.environ["BASE_URL"])
async_client = wxaudit.AsyncClient(base_url=os.environ["BASE_URL"])


def ask(auditid: int) -> str:
    """The answers of both clients, which must agree."""
    audit = client.get_audit_status(TOKEN, auditid)
    assert asyncio.run(async_client.get_audit_status(TOKEN, auditid)) == audit
    return f"{audit.auditid} {audit.reason}"


ask(1001)


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    answer = ask(int(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {MASTER} {answer}".encode()]
