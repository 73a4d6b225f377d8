"""What is said of wrong arguments, in both languages."""

from __future__ import annotations

import pytest
import typer

from support.command_line.run import run
from wxaudit._cli import language, usage_errors
from wxaudit._cli.commands.register import application

WRONG = {
    "status": ("AUDITID... is missing", "缺少 AUDITID..."),
    "1234567": (
        "there is no command 1234567; did you mean wxaudit status 1234567?",
        "没有命令 1234567；是否指 wxaudit status 1234567？",
    ),
    "sttus": ("there is no command sttus; did you mean status?", "没有命令 sttus；是否指 status？"),
    "nothing-like-it": ("there is no command nothing-like-it", "没有命令 nothing-like-it"),
    "config": ("a command is missing", "缺少命令"),
    "config shw": ("there is no command shw; did you mean show?", "没有命令 shw；是否指 show？"),
    "status --zzz 1": ("there is no option --zzz", "没有选项 --zzz"),
    "status --jsn 1": ("there is no option --jsn; did you mean --json?", "没有选项 --jsn；是否指 --json？"),
    "status -x 1": ("there is no option -x", "没有选项 -x"),
    "status 1 --proxy": ("--proxy needs a value", "--proxy 需要一个值"),
    "status 1 --json=yes": ("--json takes no value", "--json 不接受值"),
    "status 1 --max-retries many": ("--max-retries must be a number", "--max-retries 必须是数字"),
    "config show a b": ("too many arguments: a b", "多余的参数：a b"),
    "status 1 --lang fr": ("--lang: write en or zh", "--lang：请写 en 或 zh"),
    "--lang fr status 1": ("--lang: write en or zh", "--lang：请写 en 或 zh"),
}


def usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    command = typer.main.get_command(application())
    with (
        pytest.raises(typer.TyperException) as caught,
        command.make_context("wxaudit", list(arguments)) as context,
    ):
        command.invoke(context)
    usage_errors.say(caught.value, arguments)
    return capsys.readouterr().err


@pytest.mark.parametrize(("given", "told"), WRONG.items())
def test_what_is_said(
    given: str,
    told: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    english = usage_error(given.split(), capsys)
    assert english.partition(": ")[2].splitlines()[0] == told[0]
    assert "--help for its usage." in english
    if "--lang" in given:
        # Options are declared in one language when the module is imported.
        return
    monkeypatch.setattr(language, "_chosen", "zh")
    chinese = usage_error(given.split(), capsys)
    assert chinese.partition(": ")[2].splitlines()[0] == told[1]
    assert chinese.splitlines()[1].startswith("用法见 wxaudit")


def test_from_outside_it_is_exit_code_2() -> None:
    for variables, first, second in (
        ({}, "wxaudit: --lang: write en or zh", "Run wxaudit --help for its usage."),
        ({"WXAUDIT_LANG": "fr"}, "wxaudit: WXAUDIT_LANG must be en or zh", None),
    ):
        done = run("config", "show", *([] if variables else ["--lang", "fr"]), **variables)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines()[0].replace("wxaudit config show", "wxaudit") == first
        assert second is None or "--help for its usage." in done.stderr
    done = run("status", LC_ALL="zh_CN.UTF-8")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "wxaudit status: 缺少 AUDITID...\n用法见 wxaudit status --help。\n"


def test_long_texts_are_not_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "92_" + "abcdefghij" * 12
    for arguments in (
        [secret],
        ["config", secret],
        ["config", "show", secret],
        ["status", "1", f"--json={secret}"],
        ["status", "1", "--max-retries", secret],
        ["status", "1", f"--what={secret}"],
        ["status", "1", f"-{secret}"],
        ["--lang", secret, "status", "1"],
    ):
        told = usage_error(arguments, capsys)
        assert "abcdefghij" not in told, arguments
        assert told.count("\n") == 2


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_is_printed_to_standard_output(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: wxaudit [OPTIONS] COMMAND …\n")
    assert "130" in done.stdout


def test_the_usage_names_arguments_as_they_are_written() -> None:
    assert run("status", "-h").stdout.startswith("Usage: wxaudit status [OPTIONS] AUDITID...\n")


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_help_keeps_to_the_width_of_the_terminal(columns: int, lang: str) -> None:
    from wxaudit._display.terminal import width

    done = run("status", "--help", COLUMNS=str(columns), WXAUDIT_LANG=lang)
    lines = done.stdout.splitlines()[1:]
    # A name or a word that is longer than a line is not broken.
    names = [line for line in lines if " --" in line or (line.strip().isascii() and " " not in line.strip())]
    assert [line for line in lines if line not in names and width(line) > min(columns, 100)] == []
