"""Text that strangers wrote, made safe to print.

WeChat's `errmsg` and `reason` are untrusted: colour codes of a terminal, line breaks that forge a log line,
and marks that turn the direction of writing may stand in them.
"""

from __future__ import annotations

# Not printable by Python's word, but harmless and common in Chinese text and in emoji: non-breaking space,
# the joiner of emoji, the ideographic space.
_KEPT = frozenset("\u00a0\u200d\u3000")


def escape_controls(text: str) -> str:
    r"""The same text with every control, direction and invisible character written as its escape.

    `"\x1b[31m"` becomes the characters `\x1b[31m`. Printable text comes back as it is, and what came back
    once comes back the same a second time.
    """
    if text.isprintable():
        return text
    # repr() of one unprintable character is its escape between quotes; a lone surrogate, which no stream
    # can encode, is among them.
    return "".join(
        character if character.isprintable() or character in _KEPT else repr(character)[1:-1]
        for character in text
    )


def truncate(text: str, limit: int) -> str:
    """`escape_controls(text)`, cut to `limit` characters with an ellipsis where it was longer."""
    # Cut first: an answer may be long, and escaping makes it longer.
    safe = escape_controls(text[: limit + 1])
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"
