"""The HTTP server of the control plane.

It has its own port. On the fake's port every path belongs to WeChat, and calls of the control plane would be
logged and would meet the faults that they script.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from .routes import ROUTES, Call, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from .._fake import FakeWeChat

PREFIX = "/__fake__"
_MAX_BODY = 64 * 1024 * 1024


class ControlPlane:
    """Serve the control plane of `fake` on the same loopback address, from a dedicated thread."""

    def __init__(self, fake: FakeWeChat, port: int = 0) -> None:
        host = fake._server.host
        self._host = f"[{host}]" if ":" in host else host
        server_class = _Server6 if ":" in host else ThreadingHTTPServer
        self._server = server_class((host, port), _handler_of(fake))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="fake-wechat-control", daemon=True
        )

    @property
    def url(self) -> str:
        """The URL below which all routes are."""
        return f"http://{self._host}:{self._server.server_address[1]}{PREFIX}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a call and the arguments in its path. Raise `LookupError` if there is none."""
    for route in ROUTES:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]*)", route.path.strip("/"))
        match = re.fullmatch(pattern, path.strip("/"))
        if match and route.method == method:
            return route, match.groupdict()
    raise LookupError(f"no route {method} {path}: GET {PREFIX}/ lists all routes")


def _handler_of(fake: FakeWeChat) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Log nothing: standard error is for the program."""

        def do_GET(self) -> None:
            status, answer = _status_and_answer(fake, self.command, self.path, self._read_body)
            body = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_DELETE = do_GET  # noqa: N815  # the names that the base class expects

        def _read_body(self) -> bytes:
            length = self.headers.get("Content-Length", "0")
            is_length = length.isascii() and length.isdigit() and int(length[:20]) <= _MAX_BODY
            if not is_length or "Transfer-Encoding" in self.headers:
                # The start of the next request is unknown.
                self.close_connection = True
                raise ValueError(f"the body needs a valid Content-Length of at most {_MAX_BODY} bytes")
            return self.rfile.read(int(length))

    return Handler


def _status_and_answer(
    fake: FakeWeChat, method: str, target: str, read_body: Callable[[], bytes]
) -> tuple[int, object]:
    """Run a call. Errors of the caller are answered with 400, 404 or 408 and an `error`."""
    try:
        body = read_body()
        url = urlsplit(target)
        path = url.path.removeprefix(PREFIX)
        if path == url.path:
            raise LookupError(f"all routes of the control plane are below {PREFIX}/")
        route, arguments = find_route(method, path)
        fields: Any = json.loads(body) if body.strip() else {}
        if not isinstance(fields, dict):
            raise TypeError(f"the body must be a JSON object, not {type(fields).__name__}")
        return 200, route.answer(Call(fake, arguments, dict(parse_qsl(url.query)), fields))
    except LookupError as failure:
        return 404, {"error": str(failure.args[0])}
    except TimeoutError as failure:
        return 408, {"error": str(failure)}
    except (ValueError, TypeError, OverflowError, RuntimeError, ImportError) as failure:
        return 400, {"error": str(failure)}
