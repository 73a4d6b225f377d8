"""What goes wrong before there is a connection."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import wxaudit
from name_lookup import NameLookup
from raw_server import RawServer, Script
from trial import Trial
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Door


class DeadPort:
    """A port that answers no attempt to connect, as an address whose machine is gone."""

    def __init__(self, family: socket.AddressFamily, host: str, port: int = 0) -> None:
        self._listener = socket.socket(family)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        # The queue of a listener that accepts nobody is soon full; the kernel then drops what asks to connect.
        self._listener.listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._waiting = [socket.socket(family) for _ in range(4)]
        for waiting in self._waiting:
            waiting.setblocking(False)
            waiting.connect_ex((host, self.port))

    def revive(self, server: socket.socket | None = None) -> None:
        for waiting in self._waiting:
            waiting.close()
        self._listener.close()
        assert server is None


@pytest.fixture
def dead_port() -> Iterator[int]:
    port = DeadPort(socket.AF_INET, "127.0.0.1")
    yield port.port
    port.revive()


def test_a_server_that_refuses_connections_is_tried_three_times(door: Door, fake: FakeWeChat) -> None:
    trial = Trial(door, fake)
    fake.refuse_connections()
    error = trial.fails_without_server(wxaudit.TransportError)
    assert "refused" in str(error).lower()
    fake.accept_connections()
    trial.goes_on()
