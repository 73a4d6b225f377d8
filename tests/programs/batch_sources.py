"""Token sources for the programs that ask for many audits at once."""

from __future__ import annotations

import asyncio
import threading

from numbered_audits import TOKEN


class Source:
    """Asked in a thread of its own, or in the calling one."""

    def __init__(self, same_thread: bool) -> None:
        self.same_thread = same_thread

    def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        return TOKEN


class AsyncSource:
    """Asked by a task."""

    async def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        await asyncio.sleep(0)
        return TOKEN


class HangingSource:
    """Never answers."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        self.asked.set()
        threading.Event().wait()
        return TOKEN
