"""Runs `wxaudit` as a person does, and returns what it printed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from support.programs import environment

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat


def run(
    *arguments: object, stdin: str | bytes | None = None, **variables: str | None
) -> subprocess.CompletedProcess[str]:
    """One run in English, without the configuration of this user."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        command(*arguments),
        env=clean_environment(**variables),
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def ask(
    fake: FakeWeChat, token: str, *arguments: object, **variables: str
) -> subprocess.CompletedProcess[str]:
    """One run against a fake, with a token in the environment."""
    return run(*arguments, WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=token, **variables)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "wxaudit", *map(str, arguments)]


def clean_environment(**variables: str | None) -> dict[str, str]:
    """This process's environment without what steers wxaudit, and in English."""
    kept = environment(LC_ALL="C.UTF-8", XDG_CONFIG_HOME="/nonexistent", PYTHONUTF8=None)
    # A size goes before that of a terminal.
    size = ("COLUMNS", "LINES")
    kept = {
        name: value for name, value in kept.items() if not name.startswith("WXAUDIT_") and name not in size
    }
    kept.update({name: value for name, value in variables.items() if value is not None})
    return kept
