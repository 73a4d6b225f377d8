"""Runs the programs of `tests/programs/`: what only shows from outside a process is tested from there."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PROGRAMS = Path(__file__).parents[1] / "programs"

# Every warning is an error, as are comparisons of bytes with text; asyncio and memory are checked.
STRICT = ("-X", "dev", "-W", "error", "-bb")


# What may still read the files of root: the interpreter may be one of them.
_AS_NOBODY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"),
)


class Ended(NamedTuple):
    """How a program ended. `ended_at` is a moment of `time.monotonic`, which all processes share."""

    returncode: int
    stdout: str
    stderr: str
    ended_at: float


def command(
    name: str, *arguments: object, python: str = sys.executable, flags: Sequence[str] = STRICT
) -> list[str]:
    return [python, *flags, str(PROGRAMS / f"{name}.py"), *map(str, arguments)]


def environment(**changes: str | None) -> dict[str, str]:
    """This process's environment without what steers an interpreter, and with the package for any of them."""
    # pytest-django names the settings of this process, which a program cannot import.
    steering = ("PYTHON", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    kept["PYTHONPATH"] = str(Path(wxaudit.__file__).parents[1])
    kept.update({name: value for name, value in changes.items() if value is not None})
    return {name: value for name, value in kept.items() if changes.get(name, "") is not None}


def run(
    name: str,
    *arguments: object,
    python: str = sys.executable,
    flags: Sequence[str] = STRICT,
    env: Mapping[str, str] | None = None,
    timeout: float = 120,
    limited: bool = False,
) -> Ended:
    """Runs a program to its end. What has not ended after `timeout` seconds is killed and fails the test.

    `limited`: as a user whose threads the system limits, which it does not do for root.
    """
    process = subprocess.Popen(
        [
            *(_AS_NOBODY if limited and os.getuid() == 0 else ()),
            *command(name, *arguments, python=python, flags=flags),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment() if env is None else env,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        # With everything that it forked.
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"{name} has not ended after {timeout} s\n{out}\n{err}") from None
    return Ended(process.returncode, out, err, time.monotonic())


def report(name: str, *arguments: object, **options: Any) -> Any:
    """The JSON that a program wrote, once it ended with exit code 0 and an empty standard error."""
    ended = run(name, *arguments, **options)
    assert (ended.stderr, ended.returncode) == ("", 0), f"{ended.returncode}\n{ended.stderr}"
    return json.loads(ended.stdout)


@functools.cache
def interpreters() -> dict[str, str]:
    """The CPythons of this machine that wxaudit supports and that really run: path by version ("3.11").

    The library is built for the stable ABI: one build serves them all.
    """
    this = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = {this: sys.executable}
    for version, path in _candidates():
        if version not in found and _version_of(path) == version:
            found[version] = path
    return dict(sorted(found.items(), key=lambda item: int(item[0].partition(".")[2])))


def _candidates() -> Iterator[tuple[str, str]]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path("~/.pyenv").expanduser()) / "versions"
    for minor in range(10, 20):
        version = f"3.{minor}"
        paths: Iterable[Path | str | None] = [
            shutil.which(f"python{version}"),
            *sorted(pyenv.glob(f"{version}.*/bin/python{version}")),
        ]
        yield from ((version, str(path)) for path in paths if path is not None)


def _version_of(path: str) -> str | None:
    """What an interpreter says of itself; None where it is not an ordinary CPython, or does not run."""
    question = (
        "import sys, sysconfig; print(('%d.%d' % sys.version_info[:2]) * "
        "(sys.implementation.name == 'cpython' and not sysconfig.get_config_var('Py_GIL_DISABLED')))"
    )
    try:
        done = subprocess.run([path, "-c", question], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
