"""`python -m wxaudit.testing`: the fake WeChat as a program."""

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
    from collections.abc import Sequence

_DESCRIPTION = """\
Serve a fake WeChat on loopback, for programs in any language.

The first line on standard output is JSON, written once it serves:
  {"base_url": "http://127.0.0.1:PORT", "control_url": "http://127.0.0.1:PORT/__fake__"}

Use base_url in the place of https://api.weixin.qq.com, and script the fake with JSON below control_url:
  curl -s CONTROL_URL/                            lists what there is
  curl -s CONTROL_URL/tokens -d '{}'              gives out a token
  curl -s CONTROL_URL/audits -d '{"state": 1}'    submits an audit that is rejected

It serves until SIGINT or SIGTERM, and exits with 0.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; its exit status."""
    options = _parser().parse_args(arguments)
    ended: queue.SimpleQueue[None] = queue.SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        # `SimpleQueue.put` may be called from a signal handler; `threading.Event.set` may not.
        signal.signal(number, lambda _number, _frame: ended.put(None))
    try:
        with (
            FakeWeChat(host=options.host, port=options.port) as fake,
            ControlPlane(fake, options.control_port) as control,
        ):
            if options.until_stdin_closes:
                threading.Thread(target=_watch_standard_input, args=(ended,), daemon=True).start()
            print(json.dumps({"base_url": fake.base_url, "control_url": control.url}), flush=True)
            ended.get()
    except (OSError, ValueError) as failure:
        print(f"wxaudit.testing: {failure}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wxaudit.testing",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="the fake's port; 0, the default, for a free one")
    parser.add_argument("--control-port", type=int, default=0, help="the control plane's port; the same")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="exit, too, when standard input ends, so that it never outlives the program that started it",
    )
    return parser


def _watch_standard_input(ended: queue.SimpleQueue[None]) -> None:
    # Not through sys.stdin: a lock that this thread held there would be in the way when the interpreter
    # exits.
    while os.read(0, 4096):
        pass
    ended.put(None)


if __name__ == "__main__":
    sys.exit(main())
