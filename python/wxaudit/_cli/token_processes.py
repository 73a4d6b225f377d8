"""Run token commands, and leave none running."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

_lock = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()
_ended = False


class Ended(NamedTuple):
    returncode: int
    output: bytes
    timed_out: bool


def run(command: str, variables: Mapping[str, str], timeout: float, limit: int) -> Ended:
    """The end of a shell command, which is stopped after `timeout` seconds or `limit` bytes of output."""
    if threading.current_thread() is not threading.main_thread():
        return _run(command, variables, timeout, limit)
    # A signal that arrives while a process is started would leave it running: they arrive in the main thread.
    ended: list[Ended | BaseException] = []

    def work() -> None:
        try:
            ended.append(_run(command, variables, timeout, limit))
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    (end,) = ended
    if isinstance(end, BaseException):
        raise end
    return end


def _run(command: str, variables: Mapping[str, str], timeout: float, limit: int) -> Ended:
    process = _start(command, variables)
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        _stop(process)

    timer = threading.Timer(timeout, expire)
    timer.daemon = True
    with process:
        try:
            timer.start()
            output = b"" if process.stdout is None else process.stdout.read(limit)
            if len(output) == limit:
                _stop(process)
            process.wait()
        except BaseException:
            _stop(process)
            raise
        finally:
            timer.cancel()
            with _lock:
                _running.discard(process)
    return Ended(process.returncode, output, expired.is_set())


def end_all() -> None:
    """Ends the commands that still run, and those that would start from now on."""
    global _ended
    with _lock:
        _ended = True
        running = list(_running)
    for process in running:
        _stop(process)


def _start(command: str, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    import subprocess

    with _lock:
        if _ended:
            raise InterruptedError
        # A session of its own: the command and what it started end together.
        # The user's own command line, as in git's credential helpers.
        process = subprocess.Popen(  # noqa: S602
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=variables,
            start_new_session=os.name == "posix",
        )
        _running.add(process)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a command with its children, which may outlive it."""
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
