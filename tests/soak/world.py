"""What the workers of the soak share: the fake in a process of its own, its audits, and the other servers."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wxaudit
from support.fake_process import FakeProcess
from support.programs import environment

if TYPE_CHECKING:
    from typing_extensions import Self

AUDITIDS = range(1001, 1041)
HELD_AUDITID = 1099
QUOTA_AUDITID = 1098

# The errors that a network or a server at fault may lead to, and no others.
NETWORK = (wxaudit.TransportError,)
ANY_SERVER = (wxaudit.TransportError, wxaudit.HTTPStatusError, wxaudit.DecodeError)

# What each server may lead to.
ALLOWED: dict[str, tuple[type[BaseException], ...]] = {
    "healthy": (),
    "latency": (),
    "slicer": (),
    "limit_data": NETWORK,
    "reset_peer": NETWORK,
    "slow_close": NETWORK,
    "down": NETWORK,
    "stray": (),
    "late stray": (),
    "misbehaving": ANY_SERVER,
}


class World:
    """The servers, ready to be asked."""

    def __init__(self, strays: Path) -> None:
        self._strays = strays

    def __enter__(self) -> Self:
        self.fake = FakeProcess().__enter__()
        self.fake.submit_numbered([*AUDITIDS, HELD_AUDITID, QUOTA_AUDITID])
        self.fake.fail_next(None, auditid=HELD_AUDITID, hold=True)
        self.token = self.fake.token()
        tests = str(Path(__file__).parents[1])
        self._servers = subprocess.Popen(
            [sys.executable, "-m", "soak.servers", str(self.fake.port), str(self._strays)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(PYTHONPATH=f"{tests}:{environment()['PYTHONPATH']}"),
        )
        assert self._servers.stdout is not None
        self.urls: dict[str, str] = json.loads(self._servers.stdout.readline())
        self.urls["healthy"] = self.fake.base_url
        self._numbers = itertools.count(1_000_000)
        self._lock = threading.Lock()
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.communicate(timeout=60)
        self.fake.__exit__()
        if self._servers.returncode:
            raise AssertionError(f"the servers left with {self._servers.returncode}")

    def queries(self, name: str) -> list[tuple[str, int]]:
        """A batch of queries; of as many as go out at once where it matters when each began."""
        return [(self.token, auditid) for auditid in (AUDITIDS[:8] if name == "late stray" else AUDITIDS)]

    def new_auditid(self) -> int:
        with self._lock:
            return next(self._numbers)

    def submit(self, auditid: int, **options: Any) -> None:
        self.fake.call("POST", "/audits", {"auditid": auditid, **options})


class Source:
    """A token source of one mini program with an audit of its own, whose token can be made to expire."""

    def __init__(self, world: World, appid: str) -> None:
        self._world = world
        self._appid = appid
        self._lock = threading.Lock()
        self.auditids = [world.new_auditid() for _ in range(20)]
        for auditid in self.auditids:
            world.submit(auditid, appid=appid, state="rejected", reason=f"audit {auditid}")
        self._token = world.fake.token(appid=appid)
        self.refreshes = 0

    def get_token(self, *, refresh: bool = False) -> str:
        with self._lock:
            if refresh:
                self.refreshes += 1
                self._token = self._world.fake.token(appid=self._appid)
            return self._token

    def expire(self) -> None:
        self._world.fake.expire(self._token)


class AsyncSource(Source):
    """The same for `AsyncClient`."""

    async def get_token(self, *, refresh: bool = False) -> str:  # type: ignore[override]  # a source of the other kind
        import asyncio

        return await asyncio.to_thread(Source.get_token, self, refresh=refresh)
