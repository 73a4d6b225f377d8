"""Run the fake WeChat as a program: `python -m wxaudit.testing`."""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import sys
import threading
from typing import TYPE_CHECKING

from ._control.server import ControlPlane
from ._fake import FakeWeChat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DESCRIPTION = """\
Serve a fake WeChat on loopback, for programs in any language.

When the server is ready, it writes one line of JSON to standard output:
  {"base_url": "http://127.0.0.1:PORT", "control_url": "http://127.0.0.1:PORT/__fake__"}

Use base_url instead of https://api.weixin.qq.com, and script the fake with JSON requests to control_url:
  curl -s CONTROL_URL/                            list all routes
  curl -s CONTROL_URL/tokens -d '{}'              issue a token
  curl -s CONTROL_URL/audits -d '{"state": 1}'    submit a rejected audit

SIGINT or SIGTERM stops the server. Its exit code is 0.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    options = vars(_parser().parse_args(arguments))
    try:
        serve(**options)
    except (OSError, ValueError) as failure:
        print(f"wxaudit.testing: {failure}", file=sys.stderr)
        return 1
    return 0


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    control_port: int = 0,
    until_stdin_closes: bool = False,
    ready: Callable[[str, str], object] = lambda _base_url, _control_url: None,
) -> None:
    """Serve until SIGINT or SIGTERM arrives. Write the line of JSON, then call `ready` with both URLs.

    Call it from the main thread. Raise `OSError` for a port that cannot be used, and `ValueError` for a host
    that is not a loopback address.
    """
    stop_requests: queue.SimpleQueue[None] = queue.SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        # `SimpleQueue.put` may be called from a signal handler; `threading.Event.set` may not.
        signal.signal(number, lambda _number, _frame: stop_requests.put(None))
    with (
        FakeWeChat(host=host, port=port) as fake,
        ControlPlane(fake, control_port) as control,
    ):
        if until_stdin_closes:
            threading.Thread(target=_watch_standard_input, args=(stop_requests,), daemon=True).start()
        print(json.dumps({"base_url": fake.base_url, "control_url": control.url}), flush=True)
        ready(fake.base_url, control.url)
        stop_requests.get()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wxaudit.testing",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="the port of the fake (default: a free port)")
    parser.add_argument(
        "--control-port", type=int, default=0, help="the port of the control plane (default: a free port)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="also exit when standard input ends, so that the server never outlives its parent process",
    )
    return parser


def _watch_standard_input(stop_requests: queue.SimpleQueue[None]) -> None:
    # `sys.stdin` has a lock. If this thread held it at exit, the interpreter could not shut down.
    while os.read(0, 4096):
        pass
    stop_requests.put(None)


if __name__ == "__main__":
    sys.exit(main())
