"""Text that strangers wrote, made safe to print.

WeChat's `errmsg` and `reason` are untrusted: colour codes of a terminal, line breaks that forge a log line,
and marks that turn the direction of writing may stand in them.
"""

from __future__ import annotations

from ._native import escape_controls as _escape


def escape_controls(text: str) -> str:
    r"""The same text with every control, direction and invisible character written as its escape.

    `"\x1b[31m"` becomes the characters `\x1b[31m`. Printable text comes back as it is, and what came back
    once comes back the same a second time.
    """
    if text.isprintable():
        return text
    # No stream can encode a lone surrogate, and no text of Rust can hold one.
    return _escape(text.encode("utf-8", "backslashreplace").decode())


def truncate(text: str, limit: int) -> str:
    """`escape_controls(text)`, cut to `limit` characters with an ellipsis where it was longer."""
    # Cut first: an answer may be long, and escaping makes it longer.
    safe = escape_controls(text[: limit + 1])
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"
