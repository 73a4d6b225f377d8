"""Python imports this by itself where the folder stands in PYTHONPATH: it writes down what sockets send.

Into the directory SOCKET_TAP, a file for each process and descriptor. Native code that brings sockets of its
own, as the core of wxaudit does, is not seen.
"""

from __future__ import annotations

import os
import socket
from typing import Any

DIRECTORY = os.environ.get("SOCKET_TAP")


def tap(name: str) -> None:
    original = getattr(socket.socket, name)

    def send(self: socket.socket, data: Any, *rest: Any) -> Any:
        with open(f"{DIRECTORY}/{os.getpid()}-{self.fileno()}", "ab") as file:
            for piece in data if name == "sendmsg" else [data]:
                file.write(piece)
        return original(self, data, *rest)

    setattr(socket.socket, name, send)


if DIRECTORY:
    for method in ("send", "sendall", "sendmsg", "sendto"):
        tap(method)
