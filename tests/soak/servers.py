"""The servers of the soak, in a process of their own: proxies with toxics before the fake, and bad servers.

Arguments: the port of the fake, and a file for the times of late stray answers. Written is one line with the
URL of each server by its name. They run until the standard input ends.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from support.servers.fault_proxy import FaultProxy, Toxics
from support.servers.raw_server import Connection, RawServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable

# What the reason of an answer begins with that nobody asked for; its number follows.
STRAY = "stray "

# So long each proxy is toxic, and then so long well again.
INTERVAL_SECONDS = 3.0

TOXICS: dict[str, tuple[Toxics, ...]] = {
    "latency": (Toxics(latency=0.03, jitter=0.05),),
    "slicer": (Toxics(slicer=1), Toxics(slicer=9, slicer_delay=0.002)),
    "limit_data": tuple(Toxics(limit_data=limit) for limit in (0, 1, 40, 150, 230)),
    "reset_peer": (Toxics(reset_peer=0), Toxics(reset_peer=0.05)),
    "slow_close": (Toxics(slow_close=1, limit_data=200), Toxics(slow_close=1)),
}


def right_answer(auditid: int) -> bytes:
    """As the fake answers: the reason holds the number, so that no answer passes for another's."""
    return b'{"errcode":0,"errmsg":"ok","status":1,"reason":"audit %d"}' % auditid


def auditid_of(body: bytes) -> int:
    found = re.search(rb"\d+", body)
    assert found is not None
    return int(found[0])


def answer_twice(connection: Connection) -> None:
    """Behind each answer comes another one, for an audit that nobody asked for."""
    while (request := connection.read_request()) is not None:
        auditid = auditid_of(request.body)
        connection.send(answer(right_answer(auditid)) + answer(right_answer(auditid + 1_000_000)))


class LateStrays:
    """A behaviour: the second answer comes while the connection is idle, and nothing is answered after it.

    Each has a number, and when it was sent is written to a file: no client can tell it from an answer if the
    next request had gone out by then.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._numbers = itertools.count(1)

    def __call__(self, connection: Connection) -> None:
        request = connection.read_request()
        if request is None:
            return
        connection.send(answer(right_answer(auditid_of(request.body))))
        if connection.stopping.wait(0.001):
            return
        number = next(self._numbers)
        connection.send(
            answer(f'{{"errcode":0,"errmsg":"ok","status":0,"reason":"{STRAY}{number}"}}'.encode())
        )
        with self._file.open("a") as file:
            file.write(f"{number} {time.monotonic()}\n")
        connection.read_request()


def misbehaving() -> Callable[[Connection], None]:
    """A server whose answers are wrong in one way after the other."""
    chosen = random.Random(1)  # noqa: S311  # the same at each run

    def behave(connection: Connection) -> None:
        while (request := connection.read_request()) is not None:
            good = answer(right_answer(auditid_of(request.body)))
            bad: list[bytes] = [
                good,
                b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + good,
                good[: len(good) // 2],
                b"220 mail.example ESMTP\r\n",
                answer(b"", status="503 Service Unavailable"),
                answer(b"<html>", "Retry-After: 1", status="502 Bad Gateway"),
                answer(b""),
                answer(b'{"errcode":0,"errmsg":"ok"}'),
                answer(b"\x1f\x8b", "Content-Encoding: gzip"),
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                good.replace(b"Content-Length: ", b"Content-Length: 9"),
            ]
            sent = chosen.choice(bad)
            connection.send(sent)
            if sent is not good:
                return

    return behave


def alternate(proxies: dict[str, FaultProxy], down: FaultProxy, stop: threading.Event) -> None:
    """Lets each proxy be toxic and well in turn."""
    rounds = itertools.count()
    while not stop.wait(INTERVAL_SECONDS):
        number = next(rounds)
        for name, proxy in proxies.items():
            proxy.answers = proxy.requests = Toxics()
            if number % 2 == 0:
                toxics = TOXICS[name]
                proxy.answers = toxics[number // 2 % len(toxics)]
        if number % 2 == 0:
            down.down()
        else:
            down.up()


def main() -> None:
    fake_port = int(sys.argv[1])
    stop = threading.Event()
    with ExitStack() as running:
        proxies = {name: running.enter_context(FaultProxy(fake_port)) for name in TOXICS}
        down = running.enter_context(FaultProxy(fake_port))
        behaviours: dict[str, Callable[[Connection], None]] = {
            "stray": answer_twice,
            "late stray": LateStrays(Path(sys.argv[2])),
            "misbehaving": misbehaving(),
        }
        servers = {name: running.enter_context(RawServer(behave)) for name, behave in behaviours.items()}
        urls = {name: proxy.base_url for name, proxy in [*proxies.items(), ("down", down)]}
        urls |= {name: server.base_url for name, server in servers.items()}
        print(json.dumps(urls), flush=True)
        alternating = threading.Thread(target=alternate, args=(proxies, down, stop))
        alternating.start()
        sys.stdin.read()
        stop.set()
        alternating.join()


if __name__ == "__main__":
    main()
