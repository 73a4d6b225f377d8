"""A port that answers no attempt to connect, as an address whose machine is gone."""

from __future__ import annotations

import socket


class DeadPort:
    """A port that answers no attempt to connect, as an address whose machine is gone."""

    def __init__(self, family: socket.AddressFamily, host: str, port: int = 0) -> None:
        self._sockets = [socket.socket(family) for _ in range(5)]
        listener, *waiting = self._sockets
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # The queue of a listener that accepts nobody is soon full; then the kernel drops who asks to connect.
        listener.listen(0)
        self.port: int = listener.getsockname()[1]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex((host, self.port))

    def close(self) -> None:
        for one in self._sockets:
            one.close()
