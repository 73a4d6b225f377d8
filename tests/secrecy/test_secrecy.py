"""Test that no token and no proxy password is exposed, by both clients and the command."""

from __future__ import annotations

import base64
import html
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import pytest

from secrecy.canary import CANARIES, FRAGMENT, TOKEN, find
from secrecy.channels import CHANNELS
from secrecy.scenario import FIRST_AUDITID
from secrecy.scenarios import SCENARIOS
from secrecy.world import World
from support.programs import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from typing_extensions import Self

CLIENT_KINDS = ("blocking", "asyncio")


class Report(NamedTuple):
    """The report of a driver."""

    scenarios: list[Any]
    came: Any
    """The report of the servers."""


class Driver:
    """A running `secrecy.driver`."""

    def __init__(self, *arguments: str) -> None:
        path = os.pathsep.join([str(Path(__file__).parents[1]), environment()["PYTHONPATH"]])
        # Makes Rust libraries log, if any of them obeys the environment.
        self._process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-m", "secrecy.driver", *arguments],
            stdout=subprocess.PIPE,
            env=environment(PYTHONPATH=path, RUST_LOG="trace", RUST_BACKTRACE="full"),
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._process:
            self._process.kill()

    def report(self) -> Report:
        written, _ = self._process.communicate(timeout=500)
        assert self._process.returncode == 0
        *scenarios, came = (json.loads(line) for line in written.splitlines() if line)
        return Report(scenarios, came)


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """All scenarios with both clients, and the deliberate leaks, in parallel."""
    arguments = {
        **{client_kind: [client_kind] for client_kind in CLIENT_KINDS},
        "planted": ["blocking", TOKEN.text()],
    }
    with ExitStack() as stack:
        drivers = {name: stack.enter_context(Driver(*given)) for name, given in arguments.items()}
        return {name: driver.report() for name, driver in drivers.items()}


def test_no_channel_shows_a_secret_in_any_scenario(reports: dict[str, Report]) -> None:
    played = [(client_kind, line) for client_kind in CLIENT_KINDS for line in reports[client_kind].scenarios]
    cells = len(played) * len(CHANNELS)
    hits = [
        f"{client_kind}, {line['scenario']}, {channel}: {found[0]}"
        for client_kind, line in played
        for channel, found in line["hits"].items()
    ]
    searched = sum(line["searched"] for _, line in played) / 1e6
    scenarios = " + ".join(
        f"{len(reports[client_kind].scenarios)} {client_kind}" for client_kind in CLIENT_KINDS
    )
    print(
        f"\nsecrecy: {scenarios} scenarios × {len(CHANNELS)} channels = {cells} cells, {len(hits)} hits "
        f"({searched:.0f} million characters searched)"
    )
    assert hits == []


@pytest.mark.parametrize("client_kind", CLIENT_KINDS)
def test_every_scenario_ends_as_expected(reports: dict[str, Report], client_kind: str) -> None:
    played = reports[client_kind].scenarios
    assert [line["scenario"] for line in played] == [
        it.name for it in SCENARIOS if client_kind in it.client_kinds
    ]
    assert [(line["scenario"], line["ended"]) for line in played if not line["as_meant"]] == []


@pytest.mark.parametrize("client_kind", CLIENT_KINDS)
def test_every_channel_works_in_every_scenario(reports: dict[str, Report], client_kind: str) -> None:
    played = reports[client_kind].scenarios
    failed = {line["scenario"]: line["failed_channels"] for line in played if line["failed_channels"]}
    assert failed == {}


@pytest.mark.parametrize("client_kind", CLIENT_KINDS)
def test_the_token_is_sent_in_every_scenario(reports: dict[str, Report], client_kind: str) -> None:
    came = reports[client_kind].came
    meant = {
        str(FIRST_AUDITID + number): scenario.sends
        for number, scenario in enumerate(SCENARIOS)
        if client_kind in scenario.client_kinds and scenario.sends
    }
    assert came["sends"] == meant
    assert came["with_secret"] == sum(meant.values())
    assert [name for name, connections in came["connections"].items() if connections == 0] == []


@pytest.mark.parametrize("client_kind", CLIENT_KINDS)
def test_nothing_reaches_the_target_of_a_redirect(reports: dict[str, Report], client_kind: str) -> None:
    came = reports[client_kind].came
    assert (came["elsewhere"], came["other_paths"], came["with_referer"]) == (0, [], 0)


@pytest.mark.parametrize("client_kind", CLIENT_KINDS)
def test_the_stacks_of_calls_in_flight_are_searched(reports: dict[str, Report], client_kind: str) -> None:
    frames = {line["scenario"]: line["frames_in_flight"] for line in reports[client_kind].scenarios}
    assert frames["success"] > 0
    assert frames["errcode 40001"] > 0
    assert frames["a batch: tuples, collected"] > 0
    # Without a callback, the thread waits in native code.
    assert client_kind == "asyncio" or frames["success without a listener"] > 0
    assert client_kind == "asyncio" or frames["a batch: nobody listens"] > 0
    assert client_kind == "asyncio" or frames["a batch: cut off by its limit"] > 0


def test_a_crash_is_reported_on_the_real_standard_error() -> None:
    program = """
import faulthandler
from secrecy.streams import Streams
with Streams():
    faulthandler._sigsegv()
"""
    path = os.pathsep.join([str(Path(__file__).parents[1]), environment()["PYTHONPATH"]])
    crashed = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program],
        capture_output=True,
        env=environment(PYTHONPATH=path),
        text=True,
        timeout=60,
        check=False,
    )
    assert crashed.returncode == -signal.SIGSEGV
    assert crashed.stderr.startswith("Fatal Python error: Segmentation fault")


def test_each_channel_shows_its_deliberate_leak(reports: dict[str, Report]) -> None:
    planted = reports["planted"].scenarios
    assert [line["scenario"] for line in planted] == list(CHANNELS)
    assert [line["scenario"] for line in planted if line["scenario"] not in line["hits"]] == []


FORMS: dict[str, Callable[[str], str | bytes]] = {
    "plain": str,
    "bytes": lambda text: text.encode(),
    "percent": lambda text: quote(text, safe=""),
    "percent, the slash left": quote,
    "percent, lower case": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "repr": lambda text: repr({"token": text}),
    "repr of repr": lambda text: repr(repr(text)),
    "repr of bytes": lambda text: repr(text.encode()),
    "ASCII": ascii,
    "JSON": json.dumps,
    r"JSON with \/": lambda text: json.dumps(text).replace("/", "\\/"),
    r"all \u": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    r"all \u in capitals": lambda text: "".join(f"\\u{ord(character):04X}" for character in text),
    r"all \u, repr": lambda text: repr("".join(f"\\u{ord(character):04x}" for character in text)),
    "HTML": html.escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, 1 off": lambda text: base64.b64encode(b"-" + text.encode()),
    "base64, 2 off": lambda text: base64.b64encode(b"--" + text.encode()),
    "hexadecimal": lambda text: text.encode().hex(),
    "numbers": lambda text: str(list(text.encode())),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-32": lambda text: text.encode("utf-32"),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_search_finds_a_secret_in_each_form(form: str) -> None:
    for canary in CANARIES:
        written = FORMS[form](canary.text())
        assert list(find(["harmless", f"… {written} …" if isinstance(written, str) else b"... " + written]))


@pytest.mark.parametrize("form", ["plain", "percent", "repr", "JSON", "HTML", r"all \u", "numbers", "UTF-16"])
def test_the_search_finds_each_fragment(form: str) -> None:
    for fragment in fragments(FRAGMENT):
        assert list(find([FORMS[form](fragment)])), fragment


@pytest.mark.parametrize("form", ["plain", "percent", "HTML", r"all \u"])
def test_the_search_ignores_texts_shorter_than_a_fragment(form: str) -> None:
    for piece in fragments(FRAGMENT - 1):
        assert not list(find([FORMS[form](piece)])), piece


def fragments(length: int) -> list[str]:
    secret = TOKEN.text()
    return [secret[start : start + length] for start in range(len(secret) - length + 1)]


def test_the_search_finds_nothing_in_harmless_texts() -> None:
    assert list(find(["", "zQx7J", "access_token=***", "zQx7J" * 20, b"\x00zQx7J\xff"])) == []


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as world:
        yield world


class Ran(NamedTuple):
    returncode: int
    output: list[str]
    """Standard output and error."""


class Command:
    """A running `python -m wxaudit` with the token in its environment."""

    def __init__(self, base_url: str, *arguments: str, token: str | None = None, **variables: str) -> None:
        variables |= {"WXAUDIT_BASE_URL": base_url, "WXAUDIT_TOKEN": token or TOKEN.text()}
        self.process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-m", "wxaudit", "status", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(WXAUDIT_MAX_RETRIES="0", **variables),
            text=True,
        )

    def end(self) -> Ran:
        output = self.process.communicate(timeout=60)
        return Ran(self.process.returncode, list(output))


def auditid_of(name: str) -> str:
    """The audit of a scenario, for which the fake sends its answers."""
    names = [scenario.name for scenario in SCENARIOS]
    return str(FIRST_AUDITID + names.index(name))


def test_the_command_shows_no_token(world: World) -> None:
    fake, refusing = world.servers.fake, f"http://127.0.0.1:{world.servers.refusing}"
    success = auditid_of("success")
    token = TOKEN.text()
    runs = {
        "success": (8, Command(fake, success)),
        "echo in the reason": (1, Command(fake, auditid_of("echo in the reason"))),
        "echo in the errmsg": (4, Command(fake, auditid_of("echo in the errmsg"))),
        "echo on a page": (75, Command(fake, auditid_of("echo on a page with 200"))),
        "refused": (75, Command(refusing, success)),
        "a token with a line break": (2, Command(fake, success, token=f"{token}\n")),
        "the token in the base URL": (
            2,
            Command(f"{fake}/wxa/get_auditstatus?access_token={token}", success),
        ),
        "the token in WXAUDIT_TIMEOUT": (2, Command(fake, success, WXAUDIT_TIMEOUT=token)),
        "the token as auditid": (2, Command(fake, token)),
        "the token as second argument": (2, Command(fake, success, token)),
        "the token for an option": (2, Command(fake, success, f"--version={token}")),
        "the token as an option": (2, Command(fake, success, f"--token={token}")),
    }
    ended = {name: (meant, command.end()) for name, (meant, command) in runs.items()}
    hits = {name: found for name, (_, ran) in ended.items() if (found := list(find(ran.output)))}
    print(f"\nsecrecy of the command: {len(ended)} runs × 2 streams, {len(hits)} hits")
    assert {name: ran for name, (meant, ran) in ended.items() if ran.returncode != meant} == {}
    assert hits == {}


def test_the_command_shows_no_token_while_it_waits_or_when_interrupted(world: World) -> None:
    command = Command(world.servers.fake, auditid_of("no answer in time"))
    world.fake.wait_for_held(1, 30)
    command_line = Path(f"/proc/{command.process.pid}/cmdline").read_bytes()
    command.process.send_signal(signal.SIGINT)
    ran = command.end()
    assert ran.returncode == 130
    assert list(find([command_line, *ran.output])) == []
