"""Count instructions of the core with callgrind, a figure that other load on the machine does not affect.

`python -m benches.instructions PROGRAM` compares with `instructions.json`; `--renew` writes it. The count of
one kind of work (a call, decoding a response, parsing a reason, building a request) is what its repetitions
add to a run.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from benches.server import ANSWER

CHECKED_IN = Path(__file__).with_name("instructions.json")

REPETITIONS = 500
KINDS = ("decode-in-review", "decode-rejected", "reason", "request", "call")

# Two counts on one machine differ by less than 0.1 %; another processor has a small effect.
MARGIN = 0.02
# Another compiler or C library changes the count without any change in our code.
MARGIN_ELSEWHERE = 0.15

_LONGEST_SECONDS = 300


class CountError(Exception):
    """Nothing was counted; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    """Count, and compare or write the result."""
    parser = argparse.ArgumentParser(prog="python -m benches.instructions", description=__doc__)
    parser.add_argument("program", type=Path, help="the binary `instructions` of benches/core")
    parser.add_argument("--renew", action="store_true", help="write the counts down instead of comparing")
    options = parser.parse_args(arguments)
    if platform.system() != "Linux":
        print("instructions: not counted, since valgrind needs Linux")
        return 0
    try:
        counts = count_all(options.program)
    except CountError as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 1
    if options.renew:
        found = {"counted_with": conditions(), "instructions": counts}
        CHECKED_IN.write_text(json.dumps(found, indent=2) + "\n")
        print(f"instructions: written to {CHECKED_IN.name}: {counts}")
        return 0
    lines, passed = compare(json.loads(CHECKED_IN.read_text()), conditions(), counts)
    print("\n".join(lines))
    return 0 if passed else 1


def compare(
    checked_in: dict[str, Any], here: dict[str, str], counts: dict[str, int]
) -> tuple[list[str], bool]:
    """Return the lines to print, and whether all counts are within the margin of those checked in."""
    there = checked_in["counted_with"]
    differing = [
        f"{name} {here[name]}, not {there.get(name)}" for name in here if here[name] != there.get(name)
    ]
    margin = MARGIN_ELSEWHERE if differing else MARGIN
    lines = [f"{'instructions of':20} {'counted':>10} {'checked in':>10} {'':>8}"]
    worse, better = [], []
    for kind, count in counts.items():
        before = checked_in["instructions"].get(kind)
        if before is None:
            worse.append(kind)
            lines.append(f"{kind:20} {count:10} {'none':>10}")
            continue
        moved = count / before - 1
        lines.append(f"{kind:20} {count:10} {before:10} {moved:+8.1%}")
        if moved > margin:
            worse.append(kind)
        elif moved < -margin:
            better.append(kind)
    if differing:
        lines.append(f"{'; '.join(differing)}: a margin of {margin:.0%} instead of {MARGIN:.0%}")
    if better:
        lines.append(f"{', '.join(better)}: fewer than before; `make instructions-renew` keeps it so")
    if worse:
        lines.append(
            f"{', '.join(worse)}: more than {margin:.0%} above {CHECKED_IN.name}. Where that is worth it, "
            "say why in the commit, and renew the file: make instructions-renew"
        )
    return lines, not worse


def conditions() -> dict[str, str]:
    """Return what a count depends on besides the code."""
    compiler = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True)
    return {
        "rustc": compiler.stdout.split()[1],
        "libc": " ".join(platform.libc_ver()),
        "architecture": platform.machine(),
    }


def count_all(program: Path) -> dict[str, int]:
    """Return the instructions of each kind of work, done once."""
    if shutil.which("valgrind") is None:
        raise CountError("valgrind is not installed: bash tests/install_servers.sh valgrind")
    base_url = serve()
    counts = {}
    for kind in KINDS:
        some, twice = (_count(program, kind, times, base_url) for times in (REPETITIONS, 2 * REPETITIONS))
        counts[kind] = round((twice - some) / REPETITIONS)
    return counts


def _count(program: Path, kind: str, times: int, base_url: str) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += [str(program), kind, str(times), base_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_SECONDS)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise CountError(f"{kind} ended with exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    return int(found[1])


def serve() -> str:
    """Answer every request in a separate thread, outside of the count; return the base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener,), daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _accept(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
    answer = (head + ANSWER).encode()
    received = b""
    with connection:
        while piece := connection.recv(65536):
            received += piece
            if received.endswith(b"}"):  # the body is a JSON object and the end of the request
                connection.sendall(answer)
                received = b""


if __name__ == "__main__":
    sys.exit(main())
