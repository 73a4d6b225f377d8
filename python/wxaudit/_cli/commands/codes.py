"""`wxaudit codes`: what an errcode means and what to do about it, without a network."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

import typer

from ..._display import labels
from ..._errors.errcode_hints import ERRCODE_HINTS
from ..._errors.tree import APIError, ArgumentError, QuotaError, ServerBusyError, api_error
from .. import language
from ..exit_codes import ExitCode, of_error
from ..language import text
from ..options import OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import json_lines, streams

HELP = text("Explain errcodes, offline.", "离线解释错误码（errcode）。")

# A negative errcode is not an option.
CONTEXT_SETTINGS = {"ignore_unknown_options": True}

LIST_OF_WECHAT = "https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html"

# Below this width a table would break every word.
_NARROW = 60


class Code(NamedTuple):
    """What is known of an errcode."""

    errcode: int
    error: APIError
    errmsg: str | None
    """WeChat's text, with … for what differs between answers."""

    @property
    def name(self) -> str:
        """The name of the error's class."""
        return labels.of_error(self.error).english

    @property
    def label(self) -> str:
        outcome = labels.of_error(self.error)
        return outcome.chinese if language.chosen() == "zh" else outcome.english

    @property
    def hint(self) -> str:
        return self.error.hint_zh if language.chosen() == "zh" else self.error.hint

    def has(self, word: str) -> bool:
        outcome = labels.of_error(self.error)
        known = (str(self.errcode), *outcome[:2], self.errmsg or "", self.error.hint, self.error.hint_zh)
        return any(word.casefold() in value.casefold() for value in known)

    def values(self) -> dict[str, object]:
        """The columns of `--json`."""
        return {
            "errcode": self.errcode,
            "error": self.name,
            "label_zh": labels.of_error(self.error).chinese,
            "errmsg": self.errmsg,
            "exit_code": int(of_error(self.error)),
            "hint": self.error.hint,
            "hint_zh": self.error.hint_zh,
        }


def codes(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ERRCODE|WORD...",
            help=text(
                "Errcodes, or words to search for; none lists all.", "错误码或搜索词；不填则列出全部。"
            ),
            show_default=False,
        ),
    ] = None,
    *,
    output: OutputOptions,
) -> ExitCode:
    known = _known()
    if not wanted:
        _show(list(known.values()), output.json, brief=True)
        return ExitCode.OK
    if any(word.startswith("--") for word in wanted):
        raise ArgumentError(
            text("this command has no such option; see --help", "没有这样的选项；用法见 --help")
        )
    numbers = [int(word) for word in wanted if _is_number(word)]
    words = [word for word in wanted if not _is_number(word)]
    found = [known[number] for number in numbers if number in known]
    if words:
        found += [code for code in known.values() if all(code.has(word) for word in words)]
    _show(found, output.json, brief=False)
    missing = [number for number in numbers if number not in known]
    for number in missing:
        _say_unknown(number, known)
    if words and len(found) == len(numbers) - len(missing):
        streams.say(
            text(
                "wxaudit codes: no errcode has these words; without an argument all are listed",
                "wxaudit codes：没有匹配的错误码；不带参数可列出全部",
            )
        )
        return ExitCode.USAGE
    return ExitCode.USAGE if missing else ExitCode.OK


def _known() -> dict[int, Code]:
    from ...testing._errmsg_templates import documented_text

    return {
        errcode: Code(errcode, api_error(errcode, "", None), documented_text(errcode))
        for errcode in sorted(ERRCODE_HINTS)
    }


def _is_number(word: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,9}", word) is not None


def _say_unknown(number: int, known: dict[int, Code]) -> None:
    # WeChat numbers related errors in a row.
    nearest = ", ".join(str(code) for code in sorted(known, key=lambda code: abs(code - number))[:3])
    streams.say(
        text(
            f"wxaudit codes: {number} is not an errcode that wxaudit knows; the nearest are {nearest}. "
            f"WeChat's list: {LIST_OF_WECHAT}",
            f"wxaudit codes：未收录错误码 {number}，相近的有 {nearest}。"
            f"微信的全局错误码文档：{LIST_OF_WECHAT}",
        )
    )


def _show(found: list[Code], as_json: bool, *, brief: bool) -> None:
    if as_json:
        for code in found:
            json_lines.write(code.values())
    elif not streams.is_terminal():
        for code in found:
            print("\t".join((str(code.errcode), code.label, code.errmsg or "", code.hint)))
    elif brief:
        _show_table(found)
    else:
        _show_paragraphs(found)


def _show_table(found: list[Code]) -> None:
    """A line for each code: the whole hints would fill several screens."""
    from rich.table import Table

    out = streams.console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("ERRCODE", justify="right", no_wrap=True)
    table.add_column(text("ERROR", "类别"), no_wrap=True)
    table.add_column("ERRMSG", overflow="fold")
    for code in found:
        if out.width < _NARROW:
            out.print(f"{code.errcode}  {code.label}")
        else:
            table.add_row(str(code.errcode), code.label, code.errmsg or "")
    if table.rows:
        out.print(table)
    out.print(text("What to do: wxaudit codes ERRCODE", "处理办法：wxaudit codes 错误码"))


def _show_paragraphs(found: list[Code]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out = streams.console()
    for code in found:
        # What passes by itself is not an error of the caller.
        passes = isinstance(code.error, (QuotaError, ServerBusyError))
        out.print(
            Text.assemble((str(code.errcode), "bold"), "  ", (code.label, "yellow" if passes else "red"))
        )
        if code.errmsg:
            out.print(Padding(Text(code.errmsg, style="bright_black"), (0, 0, 0, 2)))
        out.print(Padding(Text(code.hint), (0, 0, 0, 2)))
