"""Lay out the help of commands, for terminals and for the reference that is made of it.

Typer's own help has no Chinese, does not group options without Rich, and takes a Chinese character for one
column.
"""

from __future__ import annotations

import re
from inspect import cleandoc
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, NamedTuple

from typer.core import TyperCommand, TyperGroup

from .._display.terminal import padded, width, wrapped
from .language import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer

# Long lines are hard to read, and in a narrow window texts stand below the names.
_WIDEST = 100
_NARROW = 50

_OF_TYPER = {
    "Install completion for the current shell.": text(
        "Install completion for the current shell: bash, zsh or fish.",
        "为当前 shell（bash、zsh、fish）安装命令补全。",
    ),
    "Show completion for the current shell, to copy it or customize the installation.": text(
        "Print the completion script of the current shell.", "输出当前 shell 的补全脚本。"
    ),
    "Show this message and exit.": text("Show this help.", "显示本帮助。"),
}


class Section(NamedTuple):
    title: str
    rows: list[tuple[str, str]]
    """The name of an argument, option or command, and what it is for."""


class Page(NamedTuple):
    usage: str
    description: str
    sections: list[Section]
    epilog: str


class Command(TyperCommand):
    """A command with our help."""

    def get_help(self, ctx: Any) -> str:
        return _text_of(page(ctx))


class Group(TyperGroup):
    """A group of commands with our help."""

    def get_help(self, ctx: Any) -> str:
        return _text_of(page(ctx))


def use_for(app: typer.Typer) -> typer.Typer:
    """The same application, whose commands all have our help."""
    app.info.cls = Group
    for command in app.registered_commands:
        command.cls = Command
    for group in app.registered_groups:
        group.cls = Group
        if group.typer_instance is not None:
            use_for(group.typer_instance)
    return app


def page(context: typer.Context) -> Page:
    command = context.command
    arguments: list[tuple[str, str]] = []
    options: dict[str, list[tuple[str, str]]] = {text("Options", "选项"): []}
    usage = [context.command_path, text("[OPTIONS]", "[选项]")]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None:
            continue
        explanation = _explanation(record[1])
        if parameter.param_type_name == "argument":
            metavar = parameter.metavar or parameter.name.upper()
            arguments.append((metavar, explanation))
            usage.append(metavar if parameter.required else f"[{metavar}]")
        else:
            title = getattr(parameter, "rich_help_panel", None) or next(iter(options))
            options.setdefault(title, []).append((_names(parameter), explanation))
    sections = [Section(text("Arguments", "参数"), arguments)]
    subcommands = getattr(command, "commands", {})
    if subcommands:
        usage.append(text("COMMAND …", "命令 …"))
        rows = [(name, _first_sentence(each)) for name, each in subcommands.items() if not each.hidden]
        sections.append(Section(text("Commands", "命令"), rows))
    sections += (Section(title, rows) for title, rows in options.items())
    return Page(
        " ".join(usage),
        cleandoc(command.help or ""),
        [section for section in sections if section.rows],
        cleandoc(command.epilog or ""),
    )


def _names(parameter: Any) -> str:
    """`-h, --help`, or `--proxy URL`."""
    names = ", ".join(sorted([*parameter.opts, *parameter.secondary_opts], key=len))
    if parameter.is_flag or parameter.count:
        return names
    return f"{names} {parameter.metavar or parameter.name.upper()}"


def _explanation(given: str) -> str:
    """The help of a parameter; Typer adds in English what is required, and defaults."""
    explanation, _, extra = given.partition("  [")
    default = re.search(r"default: (.*?)[;\]]", extra)
    if default is not None:
        explanation += text(f" (default: {default[1]})", f"（默认 {default[1]}）")
    return _OF_TYPER.get(explanation, explanation)


def _first_sentence(command: Any) -> str:
    return cleandoc(command.help or "").partition("\n\n")[0].replace("\n", " ")


def _text_of(page: Page) -> str:
    columns = min(get_terminal_size().columns, _WIDEST)
    lines = [text("Usage: ", "用法：") + page.usage, "", *paragraphs(page.description, columns)]
    for section in page.sections:
        lines += ["", f"{section.title}{text(':', '：')}", *_table(section.rows, columns)]
    if page.epilog:
        lines += ["", *paragraphs(page.epilog, columns)]
    return "\n".join(lines)


def _table(rows: list[tuple[str, str]], columns: int) -> Iterator[str]:
    beside = min(max(width(name) for name, _ in rows) + 4, 32)
    if columns < _NARROW:
        beside = columns
    for name, explanation in rows:
        indent = 6 if beside == columns else beside
        lines = list(wrapped(explanation, max(columns - indent - 1, 10)))
        head = f"  {name}"
        if width(head) + 2 <= beside < columns:
            head = padded(head, beside) + lines.pop(0)
        yield head.rstrip()
        yield from (" " * indent + line for line in lines if line)


def paragraphs(given: str, columns: int) -> Iterator[str]:
    """The paragraphs of a text, wrapped. An indented one keeps its lines."""
    for number, paragraph in enumerate(re.split(r"\n\s*\n", given)):
        if number:
            yield ""
        if paragraph.startswith(" "):
            yield from paragraph.splitlines()
        else:
            yield from wrapped(joined(paragraph), columns - 1)


def joined(paragraph: str) -> str:
    """The lines of a paragraph in one; no blank after Chinese."""
    without = r"(?<=[^\x00-\x7f])\n(?=[^\x00-\x7f])|(?<=[，。；：、）])\n"
    return re.sub(without, "", paragraph).replace("\n", " ")
