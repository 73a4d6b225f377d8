"""Untrusted text on its way to a terminal, a log or a page."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from wxaudit._escape import escape_controls, truncate


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("审核 ok，100%", "审核 ok，100%"),
        ("back\\slash 'quotes' \"too\"", "back\\slash 'quotes' \"too\""),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202e\u2066\u200e\u061c\ufeff\u2028", "\\u202e\\u2066\\u200e\\u061c\\ufeff\\u2028"),
        ("\x85\x9b\x7f\x00", "\\x85\\x9b\\x7f\\x00"),
        ("lone \ud800", "lone \\ud800"),
        ("tag \U000e0041", "tag \\U000e0041"),
        (
            "ideographic\u3000space, non-breaking\u00a0space",
            "ideographic\u3000space, non-breaking\u00a0space",
        ),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_only_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert escape_controls(text) == shown
    assert escape_controls(shown) == shown


def test_every_character_is_shown_as_python_shows_it() -> None:
    # What the Unicode of this Python does not know, that of Rust may.
    known = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) != "Cn"]
    # A control character in front, so that Rust looks at the text.
    printable = "\0" + "".join(c for c in known if c.isprintable())
    assert escape_controls(printable) == printable.replace("\0", "\\x00")
    hidden = [c for c in known if not c.isprintable() and c not in "\u00a0\u200d\u3000"]
    assert escape_controls("".join(hidden)) == "".join(repr(c)[1:-1] for c in hidden)


def test_long_text_is_cut_to_the_limit() -> None:
    assert truncate("审核被拒绝", 5) == "审核被拒绝"
    assert truncate("审核被拒绝了", 5) == "审核被拒…"
    assert truncate("\x1b" * 5, 5) == "\\x1b…"
    assert len(truncate("x" * 10**6, 300)) == 300
