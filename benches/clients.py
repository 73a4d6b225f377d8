"""The clients that are compared: a peer, the interface in use, and the event loop."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "wxaudit"

# The same as `PEERS` in the Makefile; ours is last, so that the first round does not begin with it.
PEERS = (
    "requests",
    "httpx",
    "niquests",
    "pycurl",
    "wechatpy",
    "aiohttp",
    "primp",
    "wreq",
    "pyreqwest",
    OURS,
)

BLOCKING = "blocking"
ASYNCHRONOUS = "asyncio"


@dataclass(frozen=True, slots=True)
class Client:
    """A row of the tables."""

    peer: str
    interface: str
    uvloop: bool = False

    @property
    def name(self) -> str:
        """Return a name that is unique within a scenario."""
        return f"{self.peer} + uvloop" if self.uvloop else self.peer


BLOCKING_CLIENTS = tuple(Client(peer, BLOCKING) for peer in PEERS if peer != "aiohttp")

ASYNCHRONOUS_CLIENTS = (
    Client("httpx", ASYNCHRONOUS),
    Client("niquests", ASYNCHRONOUS),
    Client("aiohttp", ASYNCHRONOUS),
    Client("aiohttp", ASYNCHRONOUS, uvloop=True),
    Client("primp", ASYNCHRONOUS),
    Client("wreq", ASYNCHRONOUS),
    Client("wreq", ASYNCHRONOUS, uvloop=True),
    Client("pyreqwest", ASYNCHRONOUS),
    Client("pyreqwest", ASYNCHRONOUS, uvloop=True),
    Client(OURS, ASYNCHRONOUS),
    Client(OURS, ASYNCHRONOUS, uvloop=True),
)
