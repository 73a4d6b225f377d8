"""Where tokens come from: files, pipes, commands and the environment, and what is wrong with them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import clean_environment, command, run
from support.processes import has_ended

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

APPID = "wx5b97b03f7e2c4d18"


def ask(
    fake: FakeWeChat, *arguments: object, stdin: str | bytes | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """`wxaudit status` of a submitted audit, with no token in the environment."""
    auditid = fake.submit(state=0).auditid
    return run("status", auditid, *arguments, stdin=stdin, WXAUDIT_BASE_URL=fake.base_url, **variables)


@pytest.fixture
def token_file(tmp_path: Path, fake: FakeWeChat) -> Path:
    file = tmp_path / "token"
    file.write_text(fake.token() + "\n", "utf-8")
    file.chmod(0o600)
    return file


# Files


def test_a_token_file(fake: FakeWeChat, token_file: Path) -> None:
    assert ask(fake, "--token-file", token_file).returncode == 0
    assert ask(fake, WXAUDIT_TOKEN_FILE=str(token_file)).returncode == 0
    # With the mark of Windows' Notepad.
    token_file.write_bytes(b"\xef\xbb\xbf" + token_file.read_bytes().replace(b"\n", b"\r\n"))
    assert ask(fake, "--token-file", token_file).returncode == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_token_file_that_others_can_read_is_refused_unless_allowed(
    fake: FakeWeChat, token_file: Path, mode: int
) -> None:
    token_file.chmod(mode)
    done = ask(fake, "--token-file", token_file)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"(mode {mode:04o}); run: chmod 600 {token_file}" in done.stderr
    assert fake.requests == []
    assert ask(fake, "--token-file", token_file, "--allow-readable-token-file").returncode == 0


CONTENTS = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "two lines": (b"secret-one\nsecret-two\n", "has more than one word or line"),
    "two words": (b"token: secret-one", "has more than one word or line"),
    "Chinese": ("令牌-secret".encode(), "has characters other than ASCII"),
    "UTF-16": ("secret-one".encode("utf-16"), "has characters other than ASCII"),
    "zero bytes": (b"secret\0one", "has control characters"),
    "too long": (b"secret" * 1000, "has more than 4096 bytes"),
}


@pytest.mark.parametrize(("content", "problem"), CONTENTS.values(), ids=CONTENTS)
def test_a_file_that_holds_no_token(fake: FakeWeChat, token_file: Path, content: bytes, problem: str) -> None:
    token_file.write_bytes(content)
    runs = {
        f"the token file {token_file}": ask(fake, "--token-file", token_file),
        "standard input": ask(fake, "--token-file", "-", stdin=content),
    }
    for name, done in runs.items():
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"wxaudit: {name} {problem}")
        assert "secret" not in done.stderr
        assert done.stderr.count("\n") == 1
    assert fake.requests == []


def test_a_file_that_cannot_be_read(fake: FakeWeChat, tmp_path: Path) -> None:
    for path, problem, chinese in (
        (tmp_path / "none", "it does not exist", "文件不存在"),
        (tmp_path, "it is a directory", "它是一个目录"),
    ):
        done = ask(fake, "--token-file", path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"wxaudit: the token file {path} cannot be read: {problem}\n"
        done = ask(fake, "--token-file", path, "--lang", "zh")
        assert done.stderr.startswith(f"wxaudit: 无法读取令牌文件 {path}：{chinese}\n")
    assert fake.requests == []


def test_the_token_from_standard_input_and_from_a_pipe(fake: FakeWeChat) -> None:
    token = fake.token()
    assert ask(fake, "--token-file", "-", stdin=token + "\n").returncode == 0
    # As shells write `--token-file <(command)`. It can be read once.
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        pipe.write(token)
    done = subprocess.run(
        command("status", fake.submit(state=0).auditid, "--token-file", f"/dev/fd/{reading}"),
        env=clean_environment(WXAUDIT_BASE_URL=fake.base_url),
        pass_fds=(reading,),
        capture_output=True,
        timeout=60,
        check=False,
    )
    os.close(reading)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_file_is_read_again_after_a_refusal(fake: FakeWeChat, token_file: Path) -> None:
    stale = token_file.read_text("utf-8").strip()
    fake.expire(stale)
    fresh = fake.token()
    # The command replaces the file as the central service would, once WeChat has refused the old token.
    done = ask(fake, "--token-file", token_file)
    assert done.returncode == 4
    token_file.write_text(fresh, "utf-8")
    assert ask(fake, "--token-file", token_file).returncode == 0


# Commands


def prints(file: Path) -> str:
    return f"cat {shlex.quote(str(file))}"


def test_a_token_command_is_run_once_for_several_audits(
    fake: FakeWeChat, token_file: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    script = f'echo "$WXAUDIT_APPID/$WXAUDIT_REFRESH" >> {log}; {prints(token_file)}'
    audits = [fake.submit(APPID, state=0).auditid for _ in range(20)]
    token_file.write_text(fake.token(APPID), "utf-8")
    done = ask(fake, *audits, "--token-command", script, "--appid", APPID, WXAUDIT_REFRESH="1")
    assert len(done.stdout.splitlines()) == 21
    assert log.read_text().splitlines() == [f"{APPID}/"]


def test_a_token_command_is_told_of_a_refusal(fake: FakeWeChat, tmp_path: Path) -> None:
    stale, fresh, log = fake.token(), fake.token(), tmp_path / "log"
    fake.expire(stale)
    script = f'echo "$WXAUDIT_REFRESH" >> {log}; test "$WXAUDIT_REFRESH" && echo {fresh} || echo {stale}'
    audits = [fake.submit(state=0).auditid for _ in range(10)]
    done = ask(fake, *audits, "--token-command", script)
    assert (done.returncode, done.stderr) == (0, "")
    # All that were refused share one refresh.
    assert log.read_text().splitlines() == ["", "1"]


FAILURES = {
    "exit code": ("exit 3", "the token command failed with exit code 3"),
    "not found": (
        "no-such-program",
        "the token command failed with exit code 127: the shell cannot run it",
    ),
    "signal": ("kill -9 $$", "the token command was ended by signal 9"),
    "nothing": ("true", "the output of the token command is empty"),
    "two lines": (
        "printf 'secret-one\\nsecret-two\\n'",
        "the output of the token command has more than one word or line",
    ),
    "not ASCII": ("printf '令牌'", "the output of the token command has characters other than ASCII"),
    "endless": ("yes secret", "the output of the token command has more than 4096 bytes"),
}


@pytest.mark.parametrize(("script", "problem"), FAILURES.values(), ids=FAILURES)
def test_a_token_command_that_fails(fake: FakeWeChat, script: str, problem: str) -> None:
    done = ask(fake, "--token-command", script)
    assert (done.returncode, done.stdout) == (4, "")
    assert f"wxaudit: {problem}" in done.stderr
    assert "get_token" not in done.stderr
    assert "secret" not in done.stderr
    assert fake.requests == []
    chinese = ask(fake, "--token-command", script, "--lang", "zh").stderr
    assert re.search(r"^wxaudit: 令牌命令", chinese, re.MULTILINE)


def test_what_a_token_command_says_is_shown(fake: FakeWeChat) -> None:
    done = ask(fake, "--token-command", "echo the vault is sealed >&2; exit 1")
    assert done.stderr.startswith("the vault is sealed\nwxaudit: the token command failed")


def test_a_refresh_that_fails_is_told_for_the_audit(fake: FakeWeChat) -> None:
    stale = fake.token()
    fake.expire(stale)
    script = f"test -z $WXAUDIT_REFRESH && echo {stale} || exit 3"
    done = ask(fake, "--token-command", script)
    assert done.returncode == 4
    assert "the token command failed with exit code 3" in done.stdout
    values = json.loads(ask(fake, "--token-command", script, "--json").stdout)
    assert "the token source failed: the token command failed with exit code 3" in values["error"]


@pytest.mark.parametrize("place", ["option", "variable", "file"])
def test_a_token_command_that_hangs_is_stopped(fake: FakeWeChat, tmp_path: Path, place: str) -> None:
    pid = tmp_path / "pid"
    # The shell's child holds the pipe too.
    script = f"sleep 600 & echo $! > {pid}; wait"
    config = tmp_path / "config.toml"
    config.write_text('token_command_timeout = "0.5s"\n')
    given: dict[str, tuple[list[object], dict[str, str]]] = {
        "option": (["--token-command-timeout", "0.5s"], {}),
        "variable": ([], {"WXAUDIT_TOKEN_COMMAND_TIMEOUT": "0.5"}),
        "file": (["--config", config], {}),
    }
    arguments, variables = given[place]
    done = ask(fake, "--token-command", script, *arguments, **variables)
    assert done.returncode == 4
    assert "wxaudit: the token command has not ended after 0.5 s and was stopped" in done.stderr
    assert has_ended(int(pid.read_text()))
    assert fake.requests == []


def test_a_child_that_lives_on_is_left_alone(fake: FakeWeChat, tmp_path: Path, token_file: Path) -> None:
    """Such as an agent that the command starts."""
    pid = tmp_path / "pid"
    script = f"{sys.executable} -c 'import time; time.sleep(600)' >/dev/null 2>&1 & echo $! > {pid}; "
    done = ask(fake, "--token-command", script + prints(token_file))
    assert (done.returncode, done.stderr) == (0, "")
    assert not has_ended(int(pid.read_text()))
    os.kill(int(pid.read_text()), 9)


# Which of them counts


def test_two_sources_of_one_rank_exclude_each_other(
    fake: FakeWeChat, tmp_path: Path, token_file: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'token_file = "{token_file}"\ntoken_command = "echo x"\n')
    runs = {
        "--token-file and --token-command exclude each other": ask(
            fake, "--token-file", token_file, "--token-command", "echo x"
        ),
        "WXAUDIT_TOKEN and WXAUDIT_TOKEN_FILE exclude each other": ask(
            fake, WXAUDIT_TOKEN="secret", WXAUDIT_TOKEN_FILE=str(token_file)
        ),
        f"token_file ({config}) and token_command ({config}) exclude each other": ask(
            fake, "--config", config
        ),
    }
    for problem, done in runs.items():
        assert (done.returncode, done.stdout) == (2, "")
        assert problem in done.stderr
    assert fake.requests == []


def test_an_option_counts_before_the_environment_before_the_profile_before_the_file(
    fake: FakeWeChat, tmp_path: Path, token_file: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'token_command = "exit 5"\n[profiles.good]\ntoken_file = "{token_file.name}"\n')
    assert ask(fake, "--config", config).returncode == 4
    assert ask(fake, "--config", config, "--profile", "good").returncode == 0
    assert ask(fake, "--config", config, WXAUDIT_TOKEN=fake.token()).returncode == 0
    assert ask(fake, "--config", config, WXAUDIT_TOKEN_COMMAND=prints(token_file)).returncode == 0
    assert ask(fake, "--token-command", "exit 5", WXAUDIT_TOKEN=fake.token()).returncode == 4


@pytest.mark.parametrize("given", [["--token", "secret"], ["--token=secret"]])
def test_a_token_is_not_an_argument(fake: FakeWeChat, given: list[str]) -> None:
    done = ask(fake, *given)
    assert (done.returncode, done.stdout) == (2, "")
    assert "tokens are not accepted as arguments" in done.stderr
    assert "WXAUDIT_TOKEN, or use --token-file or --token-command" in done.stderr
    assert "secret" not in done.stderr
