"""Describe the machine of a run, and the versions in use."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from benches import environments
from benches.server import nginx


def describe(core_of_server: int, core_of_clients: int) -> dict[str, Any]:
    """Return what is known about the machine."""
    try:
        wheel: Path | None = environments.wheel()
    except environments.PeerMissingError:
        wheel = None
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "core_of_server": core_of_server,
        "core_of_clients": core_of_clients,
        "load_before": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "nginx": _said([nginx() or "nginx", "-v"], r"nginx/(\S+)"),
        # wrk prints its version and its usage, with exit code 1.
        "wrk": _said(["wrk", "-v"], r"wrk (\S+)"),
        "openssl": _said(["openssl", "version"], r"OpenSSL (\S+)"),
        "rustc": _said(["rustc", "--version"], r"rustc (\S+)"),
        "commit": _said(["git", "-C", str(environments.ROOT), "describe", "--always", "--dirty"], r"(\S+)"),
        "wheel_bytes": wheel.stat().st_size if wheel is not None else None,
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def _cpu() -> str:
    """Return the CPU model, as the kernel names it."""
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _said(command: list[str], pattern: str) -> str | None:
    """Return the version that a command prints, on stdout or stderr."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else None
