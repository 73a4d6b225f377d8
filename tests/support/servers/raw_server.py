"""A TCP server that does to each connection what a test says: for answers that the fake cannot give."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

APPROVED = b'{"errcode":0,"errmsg":"ok","status":0}'
IN_REVIEW = b'{"errcode":0,"errmsg":"ok","status":2}'

_RESET = struct.pack("ii", 1, 0)


def answer(body: bytes = IN_REVIEW, *headers: str, status: str = "200 OK") -> bytes:
    """The bytes of a whole answer of HTTP/1.1, sized, with these headers beside."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Reply(NamedTuple):
    """What one request gets, and what becomes of its connection then; `stay` sends nothing more on it."""

    data: bytes
    then: Literal["keep", "close", "reset", "stay"] = "keep"


class Request(NamedTuple):
    """One request as it came."""

    connection: int
    head: bytes
    body: bytes


class Connection:
    """One accepted connection, in the hands of the test's behaviour."""

    def __init__(self, server: RawServer, accepted: socket.socket, number: int) -> None:
        self._server = server
        self._socket = accepted
        # What is sent in pieces shall arrive so.
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self.number = number

    @property
    def stopping(self) -> threading.Event:
        """Set as soon as the server stops."""
        return self._server.stopping

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Answers a TLS handshake; an OSError where there is none to answer."""
        secured = context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
        # The server must know the new socket before the handshake: it is what ends one that stalls.
        self._server._replace(self, secured)
        self._socket = secured
        secured.do_handshake()

    def end_tls(self) -> None:
        """Announces the end of what is sent, as TLS does it."""
        assert isinstance(self._socket, ssl.SSLSocket)
        self._socket.unwrap()

    def receive(self) -> bytes:
        """Some bytes; none once the client is gone."""
        return self._socket.recv(65536)

    def read_request(self) -> Request | None:
        """The next request, noted in the server's list; None once the client is gone."""
        while b"\r\n\r\n" not in self._received:
            if not self._more():
                return None
        head, _, rest = self._received.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(rest) < length:
            if not self._more():
                return None
            rest = self._received.partition(b"\r\n\r\n")[2]
        self._received = rest[length:]
        request = Request(self.number, head, rest[:length])
        self._server._note(request)
        return request

    def _more(self) -> bool:
        data = self.receive()
        self._received += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def drip(self, data: bytes, interval: float) -> None:
        """One byte at a time, `interval` seconds apart, as long as the client takes them."""
        for position in range(len(data)):
            self.send(data[position : position + 1])
            if self._server.stopping.wait(interval):
                return

    def reset(self) -> None:
        """Ends the connection by a TCP reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()

    def close(self) -> None:
        self._socket.close()

    def stop_receiving(self) -> None:
        """Wakes a thread out of `receive`; the client does not notice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)

    def wait_for_end(self) -> None:
        """Until the client goes away; what it sends meanwhile is lost."""
        while self.receive():
            pass

    def relay_to(self, port: int) -> None:
        """Becomes a tunnel to another port of this machine, until one side ends."""
        with socket.create_connection(("127.0.0.1", port)) as target:
            back = threading.Thread(target=_pump, args=(target, self._socket))
            back.start()
            _pump(self._socket, target)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return
    finally:
        for end in (source, target):
            _wake(end)


class RawServer:
    """Accepts connections on loopback and gives each to `behaviour`, in a thread of its own.

    A connection ends where its behaviour returns. A behaviour may fail with OSError, since clients go away;
    anything else that it raises is raised again when the server stops, by which time all threads are joined.
    """

    def __init__(
        self, behaviour: Callable[[Connection], None], *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._behaviour = behaviour
        self._lock = threading.Lock()
        self._sockets: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._mistakes: list[BaseException] = []
        self._requests: list[Request] = []
        self._accepted = 0
        self.stopping = threading.Event()
        self._listener = socket.create_server((host, port), backlog=64)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="raw-server")
        self._acceptor.start()

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """The requests that came whole, of all connections, in their order."""
        with self._lock:
            return list(self._requests)

    @property
    def requests_received(self) -> int:
        return len(self.requests)

    @property
    def connections_accepted(self) -> int:
        with self._lock:
            return self._accepted

    def stop(self) -> None:
        self.stopping.set()
        # What wakes a thread out of accept and recv is the shutdown; a close alone would not.
        _wake(self._listener)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            sockets, threads = list(self._sockets.values()), list(self._threads)
        for accepted in sockets:
            _wake(accepted)
        for thread in threads:
            thread.join()
        if self._mistakes:
            raise self._mistakes[0]

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._accepted += 1
                connection = Connection(self, accepted, self._accepted)
                self._sockets[connection.number] = accepted
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
            thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            self._behaviour(connection)
        except OSError:
            return
        except BaseException as mistake:
            self._mistakes.append(mistake)
        finally:
            connection.close()
            with self._lock:
                del self._sockets[connection.number]

    def _replace(self, connection: Connection, secured: socket.socket) -> None:
        with self._lock:
            self._sockets[connection.number] = secured

    def _note(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _wake(blocked: socket.socket) -> None:
    with contextlib.suppress(OSError):
        blocked.shutdown(socket.SHUT_RDWR)


class Script:
    """A behaviour: the n-th request, on any connection, gets the n-th reply; later ones a good answer."""

    def __init__(self, *replies: Reply | bytes) -> None:
        self._replies = [reply if isinstance(reply, Reply) else Reply(reply) for reply in replies]
        self._lock = threading.Lock()

    def __call__(self, connection: Connection) -> None:
        while connection.read_request() is not None:
            with self._lock:
                reply = self._replies.pop(0) if self._replies else Reply(answer())
            connection.send(reply.data)
            if reply.then == "reset":
                connection.reset()
            if reply.then == "stay":
                connection.wait_for_end()
            if reply.then != "keep":
                return
