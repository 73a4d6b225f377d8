"""Write an audit or an error as lines for a terminal, aligned with Chinese characters of two columns."""

from __future__ import annotations

import os
import sys
from unicodedata import category, east_asian_width

from .._errors.tree import APIError
from .._escape import escape_controls
from . import labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._errors.tree import WxAuditError
    from .._native import AuditStatus

_COLOURS = {"green": 32, "red": 31, "yellow": 33, "blue": 34, "grey": 90, "bold": 1}


# At the beginning and at the end of a line, between Chinese characters.
_NEVER_FIRST = "。，；：、）”！？》】-/"
_NEVER_LAST = "（“《【"


def colour(text: str, name: str) -> str:
    """`text` in a colour, if standard output is a terminal and `NO_COLOR` is not set."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_COLOURS[name]}m{text}\x1b[0m"


def width(text: str) -> int:
    """The number of columns that a text takes."""
    return sum(map(_width, text))


def _width(character: str) -> int:
    if category(character) in ("Mn", "Me"):  # drawn over the character before it
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def padded(text: str, columns: int) -> str:
    """`text`, filled with blanks up to a number of columns."""
    return text + " " * max(0, columns - width(text))


def wrapped(text: str, columns: int) -> Iterator[str]:
    """`text` in lines of at most that many columns, broken at blanks and between Chinese characters.

    A word that is longer than a line is broken where the line ends.
    """
    line = ""
    for piece in _pieces(text):
        if line and width(line + piece.rstrip()) > columns:
            yield line.rstrip()
            line = ""
        line += piece
        while width(line.rstrip()) > columns:
            end = _fitting(line, columns)
            yield line[:end]
            line = line[end:]
    yield line.rstrip()


def _fitting(text: str, columns: int) -> int:
    """The number of characters that fit, at least one."""
    used = 0
    for position, character in enumerate(text):
        used += _width(character)
        if used > columns and position:
            return position
    return len(text)


def _pieces(text: str) -> Iterator[str]:
    """The parts that stay on one line: a word, or a Chinese character with its punctuation."""
    piece = ""
    for character in text:
        ends = piece.endswith(" ") or (piece and width(piece[-1]) == 2) or width(character) == 2
        stays = character in _NEVER_FIRST and not piece.endswith(" ")
        if piece and ends and not stays and piece[-1] not in _NEVER_LAST:
            yield piece
            piece = ""
        piece += character
    yield piece


def audit_lines(audit: AuditStatus, stamp: str) -> Iterator[str]:
    """The status of an audit, then its reasons and screenshots."""
    state = audit.status
    outcome = labels.of_state(state)
    label = padded(f"{outcome.chinese} {outcome.english}", 24)
    kind = "final" if audit.is_final else "pending" if audit.is_pending else "unknown"
    yield f"  {stamp}  {int(state):>2}  {colour(label, outcome.on_terminal)}{kind}"
    indent = " " * (width(stamp) + 8)
    for number, reason in enumerate(audit.reasons, start=1):
        yield f"{indent}{number}. {escape_controls(reason.title)}"
        for detail in reason.details:
            yield f"{indent}   - {escape_controls(detail)}"
    for media_id in audit.screenshots:
        yield f"{indent}{colour(f'screenshot {escape_controls(media_id)}', 'grey')}"


def error_lines(error: WxAuditError) -> Iterator[str]:
    """The kind of an error, and in both languages what to do about it."""
    code = str(error.errcode) if isinstance(error, APIError) and error.errcode is not None else ""
    name = colour(padded(type(error).__name__, 24), "red")
    yield f"  {padded(code, 6)} {name}{'may be tried again' if error.retryable else ''}".rstrip()
    for hint in (error.hint_zh, error.hint):
        for line in wrapped(hint, 96):
            yield f"{'':9}{colour(line, 'grey')}"
