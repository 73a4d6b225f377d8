"""Test that the program `wxaudit` shows no token: in its outputs, its files, and to `ps` while it runs.

A new command is a line in `COMMANDS`.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from secrecy.canary import PASSWORD, TOKEN, find
from secrecy.scenario import FIRST_AUDITID
from secrecy.scenarios import SCENARIOS
from secrecy.world import World
from support.command_line.pseudo_terminal import run_on_terminal
from support.command_line.run import clean_environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# In braces the audits of scenarios: the fake sends their answers, some of which repeat the token.
# In the folder of a run is a table, `audits.csv`.
COMMANDS = {
    "status": [
        *("status", "{success}", "{echo in the reason}"),
        *("{echo in the errmsg}", "{echo on a page with 200}"),
    ],
    "latest": ["latest"],
    "wait": ["wait", "{echo in the reason}", "{echo in the errmsg}", "--timeout", "30s"],
    "batch": ["batch", "audits.csv", "--output", "outcomes.csv"],
    "screenshots": ["screenshots", "{echo in the errmsg}", "--to", "pictures"],
    "explain": ["explain", "672f60cf-75a5e2be-0b2d7aa1"],
    "quota": ["quota"],
    "codes": ["codes", "40001"],
    "doctor": ["doctor"],
    "config show": ["config", "show"],
}
# These need no token.
OFFLINE = ("codes",)

OUTPUTS: dict[str, list[str]] = {
    "piped": [],
    "terminal": [],
    "json": ["--json"],
    "chinese": ["--lang", "zh"],
    "chinese terminal": ["--lang", "zh"],
}

SOURCES = ("variable", "file", "standard input", "command", "profile")

# Tokens from outside are ASCII; enough of the canary stays.
SECRET = TOKEN.text().replace("é", "e")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as world:
        yield world


def filled(arguments: list[str]) -> list[str]:
    numbers = {f"{{{scenario.name}}}": FIRST_AUDITID + place for place, scenario in enumerate(SCENARIOS)}
    return [str(numbers.get(argument, argument)) for argument in arguments]


class Run:
    """One way to run a command, with the token and in a folder of its own."""

    def __init__(self, world: World, folder: Path, source: str, offline: bool) -> None:
        self._folder, self._source = folder, source
        folder.mkdir(parents=True)
        self._secret = folder / "secret"
        self._secret.write_text(SECRET, "utf-8")
        self._secret.chmod(0o600)
        self._variables = clean_environment(
            WXAUDIT_BASE_URL=world.servers.fake,
            WXAUDIT_MAX_RETRIES="0",
            XDG_CONFIG_HOME=str(folder),
            HOME=str(folder),
        )
        if source == "variable":
            self._variables["WXAUDIT_TOKEN"] = TOKEN.text()
        table = filled(["{success}", "{echo in the reason}", "{echo in the errmsg}"])
        (folder / "audits.csv").write_text("\n".join(["auditid", *table]) + "\n", "utf-8")
        config = folder / "wxaudit" / "config.toml"
        config.parent.mkdir()
        config.write_text(f'[profiles.prod]\ntoken_command = "cat {self._secret}"\n', "utf-8")
        self._arguments: list[str] = {
            "variable": [],
            "file": ["--token-file", str(self._secret)],
            "standard input": ["--token-file", "-"],
            "command": ["--token-command", f"cat {self._secret}"],
            "profile": ["--profile", "prod"],
        }[source]
        if offline:
            self._arguments = []

    def shown(self, arguments: list[str], *, terminal: bool) -> list[str]:
        """What was written to standard output, standard error and files, and what `ps` showed."""
        command = [sys.executable, "-X", "dev", "-m", "wxaudit", *arguments, *self._arguments]
        if terminal:
            return [run_on_terminal(command, self._variables)[1], *self._files()]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, self._secret.open() as given:
            process = subprocess.Popen(
                command,
                env=self._variables,
                cwd=self._folder,
                stdin=given if self._source == "standard input" else subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
            command_lines = watched(process)
            out.seek(0)
            err.seek(0)
            return [out.read().decode(), err.read().decode(), *command_lines, *self._files()]

    def _files(self) -> Iterator[str]:
        for path in self._folder.rglob("*"):
            yield str(path)
            if path.is_file() and path != self._secret:
                yield path.read_bytes().decode("latin-1")


def watched(process: subprocess.Popen[bytes]) -> set[str]:
    """The command lines of a process and of its children, looked at until it ends."""
    seen = set()
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            looked_at = psutil.Process(process.pid)
            for each in (looked_at, *looked_at.children(recursive=True)):
                with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                    seen.add(" ".join(each.cmdline()))
    assert seen
    return seen


@pytest.mark.parametrize("name", COMMANDS)
def test_no_output_shows_the_token(world: World, tmp_path: Path, name: str) -> None:
    # Each source, and each output; standard input is a terminal in some.
    runs = [(source, "piped") for source in SOURCES] + [("command", output) for output in OUTPUTS]
    runs = [("variable", output) for output in OUTPUTS] if name in OFFLINE else runs
    hits: dict[str, Any] = {}
    seen: list[str] = []
    for source, output in runs:
        one_run = Run(
            world, tmp_path / f"{len(seen)}-{source}-{output}".replace(" ", "-"), source, name in OFFLINE
        )
        seen.append(source)
        arguments = [*filled(COMMANDS[name]), *OUTPUTS[output]]
        texts = one_run.shown(arguments, terminal="terminal" in output)
        assert any(texts[:2]), f"{name} wrote nothing"
        assert "Traceback" not in texts[0] + texts[1]
        assert "for its usage" not in texts[0] + texts[1]
        if found := list(find(texts)):
            hits[f"token from {source}, {output}"] = found
    print(f"\nsecrecy of wxaudit {name}: {len(runs)} runs, {len(hits)} hits")
    assert hits == {}


def test_the_search_finds_leaks(world: World, tmp_path: Path) -> None:
    """The user's own command writes the token to standard error or to a file, or has it as an argument."""
    secret = shlex.quote(SECRET)
    leaks = {
        "standard error": f"cat {tmp_path}/0/secret >&2; exit 1",
        "a file": f"cat {tmp_path}/1/secret > copy; exit 1",
        "ps": f": {secret}; sleep 1; exit 1",
    }
    for number, (leak, script) in enumerate(leaks.items()):
        one_run = Run(world, tmp_path / str(number), "standard input", offline=True)
        texts = one_run.shown(["status", "1", "--token-command", script], terminal=False)
        assert list(find(texts)), leak


WRONG_PLACES = {
    "a setting": 'token_command = "echo {}"',
    "the proxy": 'proxy = "http://operator:{}@127.0.0.1:1"',
    "an unknown setting": 'authorizer = "{}"',
    "the token": 'token = "{}"',
    "the name of a setting": '"{}" = 1',
    "the name of a profile": '[profiles."{}"]\ncolour = 1',
    "a number": 'max_retries = "{}"',
    "a duration": 'timeout = "{}"',
    "the host": 'base_url = "http://127.0.0.1/{}"',
    "no TOML": "{}",
    "a table twice": '["{0}"]\n["{0}"]',
}


@pytest.mark.parametrize("place", WRONG_PLACES)
def test_a_configuration_with_a_token_in_it_is_not_repeated(tmp_path: Path, place: str) -> None:
    config = tmp_path / "config.toml"
    for secret in (TOKEN.text(), PASSWORD.text()):
        escaped = secret if place == "no TOML" else json.dumps(secret, ensure_ascii=False)[1:-1]
        config.write_text(WRONG_PLACES[place].format(escaped) + "\n", "utf-8")
        for arguments in (["config", "show"], ["config", "show", "--json"], ["status", "1"]):
            done = run(*arguments, "--config", config, WXAUDIT_BASE_URL=None)
            assert list(find([done.stdout, done.stderr])) == []
            assert "Traceback" not in done.stderr


def test_a_token_among_the_arguments_is_not_repeated(world: World) -> None:
    token = TOKEN.text()
    for arguments in (
        ["status", "1", "--profile", token],
        ["status", "1", "--config", token],
        ["status", "1", "--request-timeout", token],
        ["status", "1", "--max-retries", token],
        ["status", "1", "--lang", token],
        ["status", "1", "--base-url", token],
        ["config", token],
        ["config", "show", token],
        ["config", "show", "--json", f"--token={token}"],
        [token],
    ):
        done = run(*arguments, WXAUDIT_BASE_URL=world.servers.fake, WXAUDIT_TOKEN=token)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert list(find([done.stderr])) == [], arguments
