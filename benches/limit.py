"""Measure the limit: wrk, a load generator in C, sends the same request and checks only the status."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from benches.audit import address
from benches.cores import on_core

if TYPE_CHECKING:
    from pathlib import Path

_SCRIPT = """\
wrk.method = "POST"
wrk.body = {body}
wrk.headers["Content-Type"] = "application/json"
function done(summary)
    io.write(string.format("result %d %d %d\\n", summary.requests, summary.duration, summary.errors.status))
end
"""


def available() -> bool:
    """Return whether wrk is installed."""
    return shutil.which("wrk") is not None


def measure(
    folder: Path, base_url: str, token: str, connections: int, seconds: int, core: int
) -> dict[str, Any]:
    """Return the calls per second with this many connections, as one round of a scenario."""
    script = folder / "wrk.lua"
    body = json.dumps(json.dumps({"auditid": 1234567}, separators=(",", ":")))
    script.write_text(_SCRIPT.format(body=body))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), address(base_url, token)]
    with on_core(core):
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30)
    found = re.search(r"^result (\d+) (\d+) (\d+)$", done.stdout, re.MULTILINE)
    if found is None or int(found[3]):
        return {"exit_code": done.returncode, "stderr": (done.stderr or done.stdout)[-500:]}
    return {"calls": int(found[1]), "wall_seconds": int(found[2]) / 1e6, "exit_code": done.returncode}
