"""Calls by functions that run at exit. Arguments: BASE_URL TOKEN. Writes what came of each."""

from __future__ import annotations

import asyncio
import atexit

from numbered_audits import BASE_URL, TOKEN, check


def ask_blocking(moment: str) -> None:
    check(client.get_audit_status(TOKEN, 1001), 1001)
    print(f"{moment}: the blocking client answers")


def ask_async(moment: str) -> None:
    try:
        check(asyncio.run(async_client.get_audit_status(TOKEN, 1002)), 1002)
        print(f"{moment}: the asyncio client answers")
    except RuntimeError as failure:
        print(f"{moment}: {failure}")


# What is registered first runs last: these two run behind the library's own end.
atexit.register(ask_async, "late")
atexit.register(ask_blocking, "late")

import wxaudit  # noqa: E402  # what stands above must come first

atexit.register(ask_async, "early")
atexit.register(ask_blocking, "early")

client = wxaudit.Client(base_url=BASE_URL)
async_client = wxaudit.AsyncClient(base_url=BASE_URL)
ask_blocking("running")
ask_async("running")
