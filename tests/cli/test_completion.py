"""Completion in real shells, installed in a home of its own as a person does it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.command_line.pseudo_terminal import Typed
from support.command_line.run import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

# What each shell runs to show the completions of a line.
BASH = """
source ~/.bashrc
complete_line() {
    COMP_LINE=$1 COMP_WORDS=($1) COMP_POINT=${#1}
    if [[ $1 == *" " ]]; then COMP_WORDS+=(""); fi
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    $(complete -p wxaudit | sed 's/.*-F \\([^ ]*\\).*/\\1/') wxaudit
    printf '%s\\n' "${COMPREPLY[@]}"
}
complete_line "$LINE"
"""
FISH = "complete -C $LINE"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with `wxaudit` on the path."""
    program = tmp_path / "bin" / "wxaudit"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -W error -m wxaudit "$@"\n')
    program.chmod(stat.S_IRWXU)
    return tmp_path


def environment_of(home: Path, **variables: str) -> dict[str, str]:
    env = clean_environment(HOME=str(home), **variables)
    env.pop("XDG_CONFIG_HOME")
    env["PATH"] = f"{home / 'bin'}:{os.environ['PATH']}"
    return env


def in_shell(shell: str, script: str, home: Path, **variables: str) -> str:
    assert shutil.which(shell), f"{shell} is missing: bash tests/install_servers.sh {shell}"
    done = subprocess.run(
        [shell, "-c", script],
        env=environment_of(home, **variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


def install(shell: str, home: Path) -> None:
    """The shell is found among the parents of the program, as nothing names it."""
    told = in_shell(shell, "wxaudit --install-completion; true", home)
    assert f"{shell} completion installed in {home}" in told


LINES = {
    "wxaudit sta": {"status"},
    "wxaudit config ": {"show"},
    "wxaudit status --tok": {"--token-file", "--token-command", "--token-command-timeout"},
    "wxaudit status --lang ": {"en", "zh"},
}


@pytest.mark.parametrize(("line", "expected"), LINES.items())
def test_bash(home: Path, line: str, expected: set[str]) -> None:
    install("bash", home)
    assert set(in_shell("bash", BASH, home, LINE=line).split()) == expected


@pytest.mark.parametrize(("line", "expected"), LINES.items())
def test_fish(home: Path, line: str, expected: set[str]) -> None:
    install("fish", home)
    shown = in_shell("fish", FISH, home, LINE=line)
    assert {each.partition("\t")[0] for each in shown.splitlines()} == expected
    if "status" in expected:
        assert "Show the review status of audits." in shown


def test_zsh(home: Path) -> None:
    """It completes only at a prompt: lines are typed on a terminal."""
    install("zsh", home)
    with Typed(["zsh", "-i"], environment_of(home, TERM="xterm", PS1="ready> ")) as shell:
        shell.wait_for("ready> ")
        # The first key in a session loads the completion, and rings the bell.
        shell.write("wxaudit \t")
        shell.wait_for("\x07")
        shell.write("sta\t--help\n")
        shell.wait_for("Usage: wxaudit status [OPTIONS]")
        shell.wait_for("ready> ")
        shell.write("wxaudit status --tok\t\t")
        for name in LINES["wxaudit status --tok"]:
            shell.wait_for(name)
