"""Create a virtual environment for each peer, with only its pinned requirements."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
from pathlib import Path

from benches.clients import OURS

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "benches" / "requirements"
ENVIRONMENTS = ROOT / ".venv-bench"
WHEELS = ROOT / "dist"

# A peer without a wheel for this machine is built from source, which takes long.
INSTALL_SECONDS = 900


class PeerMissingError(Exception):
    """A peer cannot be measured; the message says why."""


def interpreter(peer: str) -> Path:
    """Return the Python interpreter of this peer."""
    return ENVIRONMENTS / peer / "bin" / "python"


def wheel() -> Path:
    """Return the wheel that `make wheel` built."""
    wheels = sorted(WHEELS.glob("*.whl"))
    if len(wheels) != 1:
        raise PeerMissingError(f"{WHEELS.name}/ holds {len(wheels)} wheels; `make wheel` builds exactly one")
    return wheels[0]


def prepare(peer: str) -> None:
    """Create the environment of a peer, or keep it if nothing has changed."""
    requirements = REQUIREMENTS / f"{peer}.txt"
    packages = [wheel()] if peer == OURS else []
    digest = hashlib.sha256(f"{sys.executable} {platform.python_version()}".encode())
    for file in (requirements, *packages):
        digest.update(file.read_bytes())
    stamp = ENVIRONMENTS / peer / ".installed"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(ENVIRONMENTS / peer))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    pip += ["--python", str(interpreter(peer)), "install", "--quiet"]
    _run(*pip, "--require-hashes", "-r", str(requirements))
    for package in packages:
        _run(*pip, "--no-index", "--no-deps", str(package))
    # Requirements may exclude a peer on an old Python; importing it shows whether it is installed.
    _run(str(interpreter(peer)), "-I", "-c", f"import {peer}")
    stamp.write_text(digest.hexdigest())


def versions(peer: str) -> dict[str, str]:
    """Return the versions of the installed packages, by name."""
    program = (
        "import importlib.metadata, json; "
        "print(json.dumps({each.name: each.version for each in importlib.metadata.distributions()}))"
    )
    found = _run(str(interpreter(peer)), "-I", "-c", program)
    installed: dict[str, str] = json.loads(found)
    return dict(sorted(installed.items()))


def _run(*command: str) -> str:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or [f"exit code {error.returncode}"]
        raise PeerMissingError(said[-1]) from error
    except subprocess.TimeoutExpired as error:
        raise PeerMissingError(f"not installed within {INSTALL_SECONDS} s") from error
    return done.stdout
