"""Requests that wait until the test releases them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

    from ._log import Log


class HeldRequests:
    """The held requests. `wait` runs in the server's event loop; `release` may run in any thread."""

    def __init__(self, log: Log, lock: threading.RLock) -> None:
        self._log = log
        self._lock = lock
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    async def wait(self) -> None:
        loop = asyncio.get_running_loop()
        entry = (loop, loop.create_future())
        with self._lock:
            self._waiting.append(entry)
            self._log.set_held(len(self._waiting))
        try:
            await entry[1]
        finally:
            with self._lock:
                if entry in self._waiting:
                    self._waiting.remove(entry)
                    self._log.set_held(len(self._waiting))

    def release(self) -> int:
        """Release all held requests and return how many there were."""
        with self._lock:
            released, self._waiting = self._waiting, []
            self._log.set_held(0)
            for loop, future in released:
                loop.call_soon_threadsafe(_set_done, future)
        return len(released)


def _set_done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
