"""No token is in any output of the commands that ask: not of successes, errors, interrupts, files or `ps`."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import ask, run
from support.command_line.running_command import RunningCommand
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from support.command_line.terminal_captures import Captures
    from wxaudit.testing import FakeWeChat

# A fragment of this length is a token too.
FRAGMENT = 16

COMMANDS = (
    ("status", "{auditid}"),
    ("status", "{auditid}", "--watch", "--interval", "1s"),
    ("wait", "{auditid}", "--timeout", "3d", "--initial", "1s"),
    ("latest",),
    ("screenshots", "{auditid}", "--to", "{folder}", "--overwrite"),
    ("explain", "{rid}"),
    ("quota",),
)


def _holds(text: str, token: str) -> bool:
    return any(token[start : start + FRAGMENT] in text for start in range(len(token) - FRAGMENT + 1))


def _written(done: subprocess.CompletedProcess[str], folder: Path) -> str:
    files = [file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file()]
    return "\n".join([done.stdout, done.stderr, *files])


@pytest.fixture
def token(fake: FakeWeChat) -> str:
    """A token with odd characters, but for the blank, which the command line refuses."""
    issued = fake.token(url_safe=False)
    token = issued.replace(" ", "~")
    by_text = fake._state.tokens._by_text
    by_text[token] = by_text[issued]
    return token


@pytest.fixture
def names(fake: FakeWeChat, token: str, tmp_path: Path) -> dict[str, str]:
    """What stands in the commands: a rejected audit with a screenshot, and the rid of an error."""
    audit = fake.submit(state=1, reason="1:标题", screenshots=[fake.media_id()])
    fake.fail_next(Fault(errcode=61007))
    refused = ask(fake, token, "status", "1")
    rid = refused.stdout.partition("rid: ")[2].partition(")")[0]
    return {"auditid": str(audit.auditid), "rid": rid, "folder": str(tmp_path / "pictures")}


def _arguments(command: tuple[str, ...], names: dict[str, str]) -> list[str]:
    return [part.format(**names) for part in command]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_output_holds_the_token(
    fake: FakeWeChat, token: str, names: dict[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    arguments = [*_arguments(command, names), "--max-retries", "0"]
    written = [_written(ask(fake, token, *arguments, "--json"), tmp_path)]
    # WeChat, and a page of something else, repeat the token.
    for fault, form in (
        (Fault(errcode=99999, errmsg=f"{token} access_token={token} rid: x"), "--lang=zh"),
        (Fault(http_status=403, body=f"<p>{token}</p>".encode()), "--json"),
        (Fault(body=f'{{"errcode":0,"access_token":"{token}"'.encode()), "--lang=en"),
    ):
        fake.fail_next(fault)
        written.append(_written(ask(fake, token, *arguments, form), tmp_path))
    assert all(written)
    assert not any(_holds(text, token) for text in written)


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "{token}"),
        ("status", "1", "--watch", "--interval", "{token}"),
        ("wait", "1", "--timeout", "{token}"),
        ("wait", "1", "--timeout", "1h", "--maximum", "{token}"),
        ("latest", "{token}"),
        ("screenshots", "{token}"),
        ("explain", "{token}"),
        ("quota", "{token}"),
    ],
    ids=" ".join,
)
def test_a_token_in_the_place_of_an_argument_is_not_repeated(
    fake: FakeWeChat, token: str, arguments: tuple[str, ...]
) -> None:
    done = ask(fake, token, *(part.format(token=token) for part in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert not _holds(done.stderr, token)
    assert fake.requests == []


def test_no_token_is_seen_while_a_wait_runs_and_is_interrupted(fake: FakeWeChat, tmp_path: Path) -> None:
    token = fake.token()  # without blanks, as in a file
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text(token)
    pending = fake.submit()
    for options in (("--token-file", file), ("--token-command", f"cat {file}")):
        sent = len(fake.requests)
        with RunningCommand(fake, "", "wait", pending.auditid, "--timeout", "1h", *options) as running:
            fake.wait_for_requests(sent + 1, timeout=30)
            seen = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True).stdout
            running.interrupt()
            code, out, err = running.end()
        assert "--timeout 1h" in seen
        assert code == 130
        assert not _holds(seen + out + err, token)


def test_no_token_is_on_a_terminal(captures: Captures, fake: FakeWeChat, token: str) -> None:
    audit = fake.submit(state=4, reason="1:标题")
    fake.fail_next(Fault(errcode=-1, errmsg=f"system error {token}"), times=None)
    arguments = ("status", audit.auditid, "--watch", "--max-retries", "0")
    with captures.terminal("-en", *arguments, fake=fake, token=token) as terminal:
        shown = terminal.wait_for("WeChat busy")
        terminal.press("C-c")
        assert terminal.end() == 130
        assert not _holds("".join((shown + terminal.history()).split()), token)


def test_a_token_from_standard_input_is_not_written(fake: FakeWeChat) -> None:
    audit, token = fake.submit(state=0), fake.token()
    variables = {"WXAUDIT_BASE_URL": fake.base_url}
    done = run("wait", audit.auditid, "--timeout", "none", "--token-file", "-", stdin=token, **variables)
    assert done.returncode == 0
    assert not _holds(done.stdout + done.stderr, token)
