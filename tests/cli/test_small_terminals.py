"""`wxaudit doctor`, `codes` and `decrypt` on terminals of several widths, with and without colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support.command_line.pseudo_terminal import run_on_terminal
from support.command_line.run import clean_environment, command
from support.push_platform import APPID, KEY, TOKEN, now_push
from wxaudit._display.terminal import width

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

PLATFORM = {
    "WXAUDIT_PUSH_TOKEN": TOKEN,
    "WXAUDIT_ENCODING_AES_KEY": KEY,
    "WXAUDIT_COMPONENT_APPID": APPID,
}
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def shown(*arguments: object, columns: int, **variables: str) -> str:
    """What a command leaves on a terminal, without what it shows while it waits."""
    environment = clean_environment(TERM="xterm-256color", **variables)
    _, text = run_on_terminal(command(*arguments), environment, columns=columns)
    return text.rpartition("\x1b[2K")[2]


def lines_of(text: str, columns: int) -> list[str]:
    """The lines without colours; none is wider than the terminal."""
    lines = _CONTROLS.sub("", text).split("\n")
    assert max(map(width, lines)) <= columns, text
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize("columns", [80, 20])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_doctor_fits(fake: FakeWeChat, columns: int, language: str) -> None:
    token = fake.token(permissions=())
    variables = {"WXAUDIT_BASE_URL": fake.base_url, "WXAUDIT_TOKEN": token}
    text = shown("doctor", "--lang", language, columns=columns, **variables)
    assert "\x1b[31m" in text
    lines = lines_of(text, columns)
    failed = "failed" if language == "en" else "失败"
    (row,) = [number for number, line in enumerate(lines) if line.startswith(failed)]
    told = "".join(line.strip() for line in lines[row:])
    assert ("What to do:" if language == "en" else "处理办法：") in told
    assert [line.strip() for line in lines].count(fake.base_url.removeprefix("http://")) == 1


@pytest.mark.parametrize("columns", [80, 20])
def test_codes_fit(columns: int) -> None:
    lines = lines_of(shown("codes", columns=columns), columns)
    assert any(line.strip().startswith("61007") for line in lines)
    lines = lines_of(shown("codes", 61007, "--lang", "zh", columns=columns), columns)
    assert lines[0] == "61007  权限不足"
    assert "权限集" in "".join(line.strip() for line in lines)


@pytest.mark.parametrize("columns", [80, 20])
def test_an_event_fits(columns: int, tmp_path: Path) -> None:
    query, body = now_push()
    push = tmp_path / "push.xml"
    push.write_bytes(body)
    program = ["sh", "-c", 'exec "$@" <"$0"', str(push), *command("decrypt", "--query", query)]
    _, text = run_on_terminal(program, clean_environment(TERM="xterm-256color", **PLATFORM), columns=columns)
    lines = lines_of(text, columns)
    assert lines[0].startswith("EVENT")
    assert "rejected" in text


def test_colours_can_be_turned_off(fake: FakeWeChat) -> None:
    text = shown("doctor", columns=80, WXAUDIT_BASE_URL=fake.base_url, NO_COLOR="1")
    assert re.findall(r"\x1b\[[0-9;]*m", text.replace("\x1b[1m", "").replace("\x1b[0m", "")) == []
    assert lines_of(text, 80)[0].startswith("ok")
