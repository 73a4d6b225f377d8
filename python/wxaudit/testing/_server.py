"""The server thread: one event loop, one listening socket."""

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
    """An event loop that a forked child can drop without a warning: it belongs to the parent."""

    def __init__(self) -> None:
        super().__init__()
        # `-X dev` enables debug mode, which is meant for the user's own event loops.
        self.set_debug(False)
        self._pid = os.getpid()

    def __del__(self) -> None:
        if os.getpid() == self._pid:
            super().__del__()


class ServerThread:
    """Serve a `Service` on loopback from a dedicated thread. Call the methods from other threads."""

    def __init__(
        self, host: str, port: int, service: Service, held: HeldRequests, lock: threading.RLock
    ) -> None:
        self.host = _loopback_address(host)
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
        # Serializes calls into the loop, so that no call waits for a loop that another call has stopped.
        self._call_lock = threading.RLock()

    @property
    def running(self) -> bool:
        """Whether the thread runs in this process."""
        return self._thread is not None and self._pid == os.getpid()

    def start(self) -> None:
        if self.running:
            raise RuntimeError("the fake is running already: call stop() first")
        listener = self._bind()
        self._connections = set()
        self._pid = os.getpid()
        self._loop = _Loop()
        self._thread = threading.Thread(target=self._run, args=(self._loop,), name="fake-wechat", daemon=True)
        self._thread.start()
        self._in_loop(self._listen(listener))
        _running.add(self)

    def stop(self) -> None:
        """Close all sockets and join the thread. Do nothing if it does not run in this process."""
        if not self.running:
            return
        with self._call_lock:
            if self._loop is None or self._thread is None:
                return
            self._in_loop(self._close_listener())
            self._in_loop(self._for_each_connection(Connection.abort))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            _running.discard(self)
            self._loop = self._thread = None

    def refuse(self) -> None:
        """Stop listening. New connections are refused; open connections stay open."""
        self._in_loop(self._close_listener())

    def accept(self) -> None:
        """Listen again, on the same port."""
        if not self.accepting:
            self._in_loop(self._listen_again())

    @property
    def accepting(self) -> bool:
        return self.running and self._listener is not None

    def close_connections(self, *, reset: bool) -> None:
        """Close all open connections."""
        self._in_loop(self._for_each_connection(lambda connection: connection.close(reset=reset)))

    def leave_to_parent(self) -> None:
        """Release a forked child's copies of the sockets, so that only the parent keeps them open.

        The descriptors are redirected to the null device and not closed, since Python objects still hold
        their numbers. Nothing is unregistered from the event loop, whose epoll is shared with the parent.
        """
        listeners = [] if self._listener is None else [self._listener.fileno()]
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (*listeners, *(connection.fileno() for connection in self._connections)):
            if descriptor >= 0:
                os.dup2(null, descriptor, inheritable=False)
        os.close(null)

    def _in_loop(self, coroutine: Coroutine[object, object, None]) -> None:
        """Run `coroutine` in the server thread and wait for it."""
        # Checked before the lock is acquired: a forked child may inherit it locked.
        if self.running:
            with self._call_lock:
                if self._loop is not None:
                    asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
                    return
        coroutine.close()
        raise RuntimeError("the fake is not running: call start() first")

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            # Allows the port to be bound again at once. On Windows the option has another meaning.
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
            # asyncio loses accepted connections that have no transport yet when the server is closed. So stop
            # accepting, and let it create those transports first.
            asyncio.get_running_loop().remove_reader(self._listener)
            await asyncio.sleep(0)
            self._server.close()
        self._server = self._listener = None

    async def _for_each_connection(self, action: Callable[[Connection], None]) -> None:
        for connection in list(self._connections):
            action(connection)

    def _run(self, loop: _Loop) -> None:
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks))
        # Some connections may have been accepted just before the listener was closed.
        loop.run_until_complete(self._for_each_connection(Connection.abort))
        # Callbacks close the sockets of aborted connections. Let the last of them run.
        loop.run_until_complete(asyncio.sleep(0))

    def _connect(self) -> Connection:
        return Connection(self._service, self._held, self._register, self._unregister)

    def _register(self, connection: Connection) -> None:
        with self.lock:
            self._connections.add(connection)

    def _unregister(self, connection: Connection) -> None:
        with self.lock:
            self._connections.discard(connection)


def _loopback_address(host: str) -> str:
    """Return the address to listen on. Raise `ValueError` for anything but a loopback address."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(f"the fake listens on loopback addresses only, not on {host!r}")
    return address


# The running servers of this process. Their locks are acquired around a fork, so that a child never inherits
# a lock that is held by a thread that it does not have.
_running: weakref.WeakSet[ServerThread] = weakref.WeakSet()
_forking = threading.local()


def _before_fork() -> None:
    _forking.servers = sorted(_running, key=id)
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
        _running.discard(server)
    del _forking.servers


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
