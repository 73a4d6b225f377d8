"""Standard output of all kinds: closed pipes, full disks, encodings, terminals and colours."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.command_line.pseudo_terminal import run_on_terminal
from support.command_line.run import ask, clean_environment, command
from wxaudit._display.terminal import width

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat

REASON = "1:账号信息不符合规范😀:<br>(1):包含色情因素，请修改后重新提交<br>(2):乙<br>"
CSI = "\x1b["


@pytest.fixture
def rejected(fake: FakeWeChat) -> int:
    return fake.submit(state=1, reason=REASON).auditid


def variables(fake: FakeWeChat, **others: str) -> dict[str, str]:
    return clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token(), **others)


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_a_closed_pipe_prints_no_traceback(fake: FakeWeChat, rejected: int, arguments: list[str]) -> None:
    # More than a pipe holds.
    auditids = [rejected] * 2000
    with subprocess.Popen(
        command("status", *auditids, *arguments),
        env=variables(fake),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.parametrize("what", [["status"], ["--help"], ["config", "show"]])
def test_a_full_disk_is_said(fake: FakeWeChat, rejected: int, what: list[str]) -> None:
    arguments = [*what, rejected] if what == ["status"] else what
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*arguments),
            env=variables(fake),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 75
    assert done.stderr == b"wxaudit: standard output: no space left on the device\n"


def test_closed_streams_are_not_an_error(fake: FakeWeChat, rejected: int) -> None:
    script = " ".join(command("status", rejected)) + " <&- >&- 2>&-"
    done = subprocess.run(["sh", "-c", script], env=variables(fake), timeout=60, check=False)
    assert done.returncode == 1


ENCODINGS: dict[str, tuple[dict[str, str | None], str, str]] = {
    "LANG=C": ({"LC_ALL": None, "LANG": "C"}, "utf-8", "账号信息不符合规范😀"),
    "ASCII": (
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        "ascii",
        r"\u8d26\u53f7\u4fe1\u606f\u4e0d\u7b26\u5408\u89c4\u8303\U0001f600",
    ),
    "GBK": ({"PYTHONIOENCODING": "gbk"}, "gbk", r"账号信息不符合规范\U0001f600"),
}


@pytest.mark.parametrize(("changes", "encoding", "shown"), ENCODINGS.values(), ids=ENCODINGS)
def test_what_an_encoding_lacks_is_escaped(
    fake: FakeWeChat, rejected: int, changes: dict[str, str | None], encoding: str, shown: str
) -> None:
    env = {name: value for name, value in variables(fake).items() if changes.get(name, "") is not None}
    env.update({name: value for name, value in changes.items() if value is not None})
    done = subprocess.run(
        command("status", rejected, "--lang", "zh"), env=env, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert shown in done.stdout.decode(encoding)


@pytest.mark.parametrize("columns", [20, 40, 80])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_table_keeps_to_the_width_of_the_terminal(
    fake: FakeWeChat, rejected: int, columns: int, lang: str
) -> None:
    code, shown = run_on_terminal(
        command("status", rejected, "--lang", lang), variables(fake, NO_COLOR="1", TERM="xterm"), columns
    )
    assert code == 1
    shown = re.sub(r"\x1b\[[01]m", "", shown)  # bold
    assert CSI not in shown
    lines = shown.splitlines()
    assert [line for line in lines if width(line) > columns] == []
    text = "".join(line.strip() for line in lines)
    assert "账号信息不符合规范" in text
    assert "请修改后重新提交" in text
    assert ("审核被拒绝" if lang == "zh" else "rejected") in text


COLOURS: dict[str, tuple[dict[str, str], bool]] = {
    "terminal": ({"TERM": "xterm-256color"}, True),
    "NO_COLOR": ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
    "NO_COLOR, empty": ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
    "TERM=dumb": ({"TERM": "dumb"}, False),
}


@pytest.mark.parametrize(("changes", "coloured"), COLOURS.values(), ids=COLOURS)
def test_colours_on_a_terminal(
    fake: FakeWeChat, rejected: int, changes: dict[str, str], coloured: bool
) -> None:
    env = {name: value for name, value in variables(fake).items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    code, shown = run_on_terminal(command("status", rejected), {**env, **changes})
    assert code == 1
    assert (f"{CSI}31mrejected" in shown) == coloured
    assert (CSI in shown) == coloured or not coloured


def test_a_pipe_has_colours_only_if_they_are_forced(fake: FakeWeChat, rejected: int) -> None:
    plain = ask(fake, fake.token(), "status", rejected, TERM="xterm-256color").stdout
    assert CSI not in plain
    forced = ask(fake, fake.token(), "status", rejected, FORCE_COLOR="1").stdout
    assert forced == plain.replace("rejected", f"{CSI}31mrejected{CSI}0m")
    both = ask(fake, fake.token(), "status", rejected, FORCE_COLOR="1", NO_COLOR="1").stdout
    assert both == plain
