"""Run processes in the environments of the peers, on the client's core, and report how they ended."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benches.cores import on_core
from benches.environments import ROOT, interpreter

if TYPE_CHECKING:
    from benches.workloads import Task

LONGEST_SECONDS = 120

_TIMED_OUT = "timed out"
_STDERR_CHARACTERS = 600


def run_worker(task: Task, core: int) -> dict[str, Any]:
    """Measure one task; the result includes the exit code, and stderr if there is any."""
    command = [str(interpreter(task.peer)), "-m", "benches.worker", json.dumps(asdict(task))]
    done = run(command, core)
    result: dict[str, Any] = {}
    last = done.stdout.strip().splitlines()[-1:]
    if last and last[0].startswith("{"):
        result = json.loads(last[0])
    return result | outcome(done)


def run_program(peer: str, program: str, core: int) -> dict[str, Any]:
    """Run a program; return its wall time from exec to exit, and how it ended."""
    began = time.perf_counter()
    done = run([str(interpreter(peer)), "-c", program], core)
    wall = time.perf_counter() - began
    return {"wall_seconds": wall, "calls": 1, "stdout": done.stdout.strip()} | outcome(done)


def outcome(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return how a process ended. As in subprocess, an exit code below 0 is a signal."""
    said = done.stderr.strip()[-_STDERR_CHARACTERS:]
    return {"exit_code": done.returncode} | ({"stderr": said} if said else {})


def run(command: list[str], core: int) -> subprocess.CompletedProcess[str]:
    """Run a command where `benches` can be imported, and kill it after its time limit."""
    with on_core(core):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        stdout, stderr = process.communicate(timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        stderr = f"{stderr.strip()}\n{_TIMED_OUT} after {LONGEST_SECONDS} s".strip()
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _environment() -> dict[str, str]:
    """Return the environment without proxies and without settings of the interpreter."""
    unwanted = ("_PROXY", "PYTHON", "WXAUDIT_", "VIRTUAL_ENV")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(unwanted) and not name.upper().endswith("_PROXY")
    }
