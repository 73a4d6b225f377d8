"""What docs/cli.md and docs/cli.zh.md show, works; their tables and man pages are those of the commands."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cli_reference
from support.command_line.run import ask, clean_environment
from wxaudit._cli.exit_codes import ExitCode
from wxaudit._frames.columns import COLUMNS

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat

PAGES = list(cli_reference.DOCUMENTS.values())
APPID = "wx5b97b03f7e2c4d18"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_run(page: Path, fake: FakeWeChat, tmp_path: Path) -> None:
    fake.submit(APPID, auditid=1234567, state=1, reason="1:账号信息不符合规范:<br>(1):甲<br>")
    fake.submit(APPID, auditid=1234568, state=0)
    program = tmp_path / "bin" / "wxaudit"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -W error -m wxaudit "$@"\n')
    program.chmod(stat.S_IRWXU)
    (configuration,) = blocks(page, "toml")
    (tmp_path / "wxaudit").mkdir()
    (tmp_path / "wxaudit" / "config.toml").write_text(configuration, "utf-8")
    env = clean_environment(
        WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token(APPID), XDG_CONFIG_HOME=str(tmp_path)
    )
    env["PATH"] = f"{program.parent}:{Path(sys.executable).parent}:{env['PATH']}"
    # What both pages have runs once.
    seen = blocks(PAGES[0], "sh") if page != PAGES[0] else []
    for block in [block for block in blocks(page, "sh") if block not in seen]:
        done = subprocess.run(
            ["bash", "-uc", block], env=env, capture_output=True, timeout=120, check=False, cwd=tmp_path
        )
        assert done.stderr.decode() == ""
        promised = re.findall(r"^# (.*)$", block, re.MULTILINE)
        assert not promised or done.stdout.decode().splitlines() == promised


def test_both_languages_show_the_same_commands() -> None:
    def commands(page: Path) -> list[str]:
        return [re.sub(r'echo ".*"|#.*', "", block) for block in blocks(page, "(?:sh|console|toml)")]

    assert commands(PAGES[0]) == commands(PAGES[1])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_column_and_exit_code_is_on_the_page(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [column for column in COLUMNS if f"\n| `{column}` |" not in text] == []
    rows = "".join(re.findall(r"^\| [0-9].*\|", text, re.MULTILINE))
    assert [code.value for code in ExitCode if not re.search(rf"\b{code.value}\b", rows)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    headings = {cli_reference.anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    for link in re.findall(r"\]\((?!https?://)([^)]+)\)", text):
        path, _, anchor = link.partition("#")
        assert not path or (page.parent / path).exists(), link
        assert path or anchor in headings, link


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_reference_is_up_to_date(lang: str) -> None:
    """If this fails: make cli-reference."""
    done = subprocess.run(
        [sys.executable, cli_reference.__file__, "--print", lang],
        env=clean_environment(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    written: dict[str, Any] = json.loads(done.stdout)
    assert len(written) == 2
    for path, text in written.items():
        assert (cli_reference.ROOT / path).read_text("utf-8") == text, path


@pytest.mark.parametrize("page", cli_reference.MAN_PAGES.values(), ids=cli_reference.MAN_PAGES)
def test_the_man_page_is_without_faults(page: Path) -> None:
    for program in ("mandoc", "groff"):
        assert shutil.which(program), f"{program} is missing: bash tests/install_servers.sh {program}"
    env = clean_environment(LC_ALL="C.UTF-8")
    for command in (
        ["mandoc", "-Tlint", "-Wwarning", str(page)],
        # With the rules for breaking lines of Chinese, as `man` has them.
        ["groff", "-man", "-mzh", "-Tutf8", "-ww", "-z", "-K", "utf8", "-rLL=78n", str(page)],
    ):
        done = subprocess.run(command, env=env, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, b"")
    shown = subprocess.run(
        ["mandoc", "-Tutf8", "-O", "width=80", str(page)], capture_output=True, timeout=60, check=True
    )
    text = re.sub(r".\x08", "", shown.stdout.decode())
    for words in ("wxaudit status", "--token-command COMMAND", "WXAUDIT_TOKEN", "'pass show wechat/token'"):
        assert words in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_columns_of_single_answers_are_those_that_commands_write(
    page: Path, fake: FakeWeChat, tmp_path: Path
) -> None:
    audit = fake.submit(APPID, state=1, reason="1:…", screenshots=[fake.media_id()])
    token = fake.token(APPID)
    rows = {row[1]: row[2] for row in re.finditer(r"^\| `(\w+)` \| (.*) \|$", page.read_text("utf-8"), re.M)}
    for command in (("latest",), ("quota",), ("screenshots", audit.auditid, "--to", tmp_path)):
        written = ask(fake, token, *command, "--json").stdout
        told = set(re.findall(r"`([a-z_]+)`", rows[str(command[0])]))
        # The table names the first columns of `latest` by the first and the last of them.
        expected = set(json.loads(written))
        if command[0] == "latest":
            expected -= set(COLUMNS) - {"appid", "observed_at"}
        assert expected <= told, command[0]
