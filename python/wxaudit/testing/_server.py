"""The thread that serves: one event loop, one listening socket."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import threading
import weakref
from typing import TYPE_CHECKING

from ._connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ._held_requests import HeldRequests
    from ._service import Service

_BACKLOG = 1024


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that a forked child may drop without a word: it belongs to the parent's thread."""

    def __init__(self) -> None:
        super().__init__()
        # Debugging of event loops, as `-X dev` turns it on, is for the user's own loops.
        self.set_debug(False)
        self._made_in = os.getpid()

    def __del__(self) -> None:
        if os.getpid() == self._made_in:
            super().__del__()


class ServerThread:
    """Serves a `Service` on loopback from a thread of its own. The methods are for any other thread."""

    def __init__(
        self, host: str, port: int, service: Service, held: HeldRequests, lock: threading.RLock
    ) -> None:
        self.host = _loopback(host)
        self.port = port
        self._service = service
        self._held = held
        self.lock = lock
        self._connections: set[Connection] = set()
        self._listener: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._loop: _Loop | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0
        # One call at a time goes to the loop, so that none waits for a loop that another one has ended.
        self._calling = threading.RLock()

    @property
    def running(self) -> bool:
        """Whether the thread serves, in this very process."""
        return self._thread is not None and self._pid == os.getpid()

    def start(self) -> None:
        if self.running:
            raise RuntimeError("the fake is running already")
        listener = self._bind()
        self._connections = set()
        self._pid = os.getpid()
        self._loop = _Loop()
        self._thread = threading.Thread(target=self._run, args=(self._loop,), name="fake-wechat", daemon=True)
        self._thread.start()
        self._in_loop(self._listen(listener))
        _live.add(self)

    def stop(self) -> None:
        """Close everything and join the thread. Nothing where it does not run in this process."""
        if not self.running:
            return
        with self._calling:
            if self._loop is None or self._thread is None:
                return
            self._in_loop(self._close_listener())
            self._in_loop(self._end_all(Connection.abort))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            _live.discard(self)
            self._loop = self._thread = None

    def refuse(self) -> None:
        """Stop listening: new connections are refused; those that are open go on."""
        self._in_loop(self._close_listener())

    def accept(self) -> None:
        """Listen again, on the same port."""
        if not self.accepting:
            self._in_loop(self._listen_again())

    @property
    def accepting(self) -> bool:
        return self.running and self._listener is not None

    def close_connections(self, *, reset: bool) -> None:
        """Close all connections that are open."""
        self._in_loop(self._end_all(lambda connection: connection.end(reset=reset)))

    def leave_to_parent(self) -> None:
        """In a forked child: give up its copies of the sockets, so that only the parent holds them open.

        The descriptors are pointed at nothing rather than closed: objects that hold their numbers live on
        here. Nothing may be unregistered from the event loop, whose epoll is shared with the parent.
        """
        listeners = [] if self._listener is None else [self._listener.fileno()]
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (*listeners, *(connection.fileno() for connection in self._connections)):
            if descriptor >= 0:
                os.dup2(nothing, descriptor, inheritable=False)
        os.close(nothing)

    def _in_loop(self, coroutine: Coroutine[object, object, None]) -> None:
        """Run `coroutine` in the loop's thread and wait for it."""
        # Asked before the lock, too, which a forked child may have inherited held.
        if self.running:
            with self._calling:
                if self._loop is not None:
                    asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
                    return
        coroutine.close()
        raise RuntimeError("the fake is not running")

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            # So that the port can be listened on again at once; on Windows the option means something else.
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host, self.port))
        except OSError:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        return listener

    async def _listen(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, sock=listener, backlog=_BACKLOG)
        self._listener = listener

    async def _listen_again(self) -> None:
        await self._listen(self._bind())

    async def _close_listener(self) -> None:
        if self._server is not None and self._listener is not None:
            # asyncio loses the connections whose transport is yet to be made when their server is closed:
            # accept no more first, and let it make those.
            asyncio.get_running_loop().remove_reader(self._listener)
            await asyncio.sleep(0)
            self._server.close()
        self._server = self._listener = None

    async def _end_all(self, end: Callable[[Connection], None]) -> None:
        for connection in list(self._connections):
            end(connection)

    def _run(self, loop: _Loop) -> None:
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks))
        # Some may have been accepted just before the listener was closed.
        loop.run_until_complete(self._end_all(Connection.abort))
        # Sockets of connections that were aborted are closed by callbacks; this lets the last of them run.
        loop.run_until_complete(asyncio.sleep(0))

    def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        return Connection(self._service, self._held, self._remember, self._forget, loop)

    def _remember(self, connection: Connection) -> None:
        with self.lock:
            self._connections.add(connection)

    def _forget(self, connection: Connection) -> None:
        with self.lock:
            self._connections.discard(connection)


def _loopback(host: str) -> str:
    """The address to listen on. `ValueError` for anything but loopback: a fake is for this machine alone."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(f"the fake listens on loopback addresses only, not on {host!r}")
    return address


# Servers that run in this process, for fork: their locks are taken around it, so that a child never
# inherits one that is held by a thread it does not have.
_live: weakref.WeakSet[ServerThread] = weakref.WeakSet()
_forking = threading.local()


def _before_fork() -> None:
    _forking.servers = sorted(_live, key=id)
    for server in _forking.servers:
        server.lock.acquire()


def _after_fork_in_parent() -> None:
    for server in _forking.servers:
        server.lock.release()
    del _forking.servers


def _after_fork_in_child() -> None:
    for server in _forking.servers:
        server.leave_to_parent()
        server.lock.release()
        _live.discard(server)
    del _forking.servers


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
