"""Create made-up secrets, and search for them in texts."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Text: TypeAlias = str | bytes | bytearray

# Shorter fragments of a secret do not count as the secret.
FRAGMENT = 16

# Characters that some encodings escape, with eleven characters between them that no encoding escapes.
_SPECIAL = "+/=%&#?\"'\\<>é"

# It is in the middle of each eleven. A fragment contains at least eight consecutive ones of some eleven, and
# so the whole mark. The first search only looks for the mark.
_MARK = "zQx7J"


class Canary:
    """A secret that is created on each access, so that nothing needs to store it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def text(self) -> str:
        """About 170 characters, as long as WeChat's tokens, and harder to mask."""
        digest = hashlib.shake_256(self.name.encode()).digest(12 * (len(_SPECIAL) + 1))
        letters = iter(digest.hex())
        pieces = ["".join([*_take(letters, 3), _MARK, *_take(letters, 3)]) for _ in range(len(_SPECIAL) + 1)]
        return "92" + "".join(piece + special for piece, special in zip(pieces, (*_SPECIAL, ""), strict=True))

    def __repr__(self) -> str:
        return f"<canary {self.name}>"


TOKEN = Canary("token")
FRESH_TOKEN = Canary("fresh token")
PASSWORD = Canary("proxy password")
CANARIES = (TOKEN, FRESH_TOKEN, PASSWORD)


def _take(letters: Iterator[str], count: int) -> Iterator[str]:
    return (next(letters) for _ in range(count))


def find(texts: Iterable[Text]) -> Iterator[str]:
    """The fragments of secrets in the texts: their form and the text around them."""
    written = [text if isinstance(text, str) else bytes(text).decode("latin-1") for text in texts]
    needles = _marks()
    # One search through everything is a hundred times faster than one for each; most find nothing.
    together = "\n".join(written)
    suspected = [form for form, needle in needles.items() if needle in together]
    for form in suspected:
        for text in written:
            if needles[form] in text and (form in _CONCLUSIVE or _holds_fragment(text)):
                yield f"{form}: {_around(text, needles[form])}"


def _around(text: str, needle: str) -> str:
    """The text around a hit without the secret, so that the report does not leak it."""
    position = text.index(needle)
    return f"{text[max(0, position - 80) : position]!r} … {text[position + len(needle) :][:40]!r}"


# These forms show only the mark, but none of them occurs by chance.
_CONCLUSIVE = frozenset({"base64", "base64, 1 off", "base64, 2 off", "hexadecimal", "list of numbers"})


def _marks() -> dict[str, str]:
    """The mark in all forms in which a program may write a text, including escapes of plain letters."""
    raw = _MARK.encode()
    forms = {
        "text": _MARK,
        "UTF-16": "\0".join(_MARK),
        "UTF-32": "\0\0\0".join(_MARK),
        "hexadecimal": raw.hex(),
        "list of numbers": ", ".join(map(str, raw)),
        "base64": base64.b64encode(raw).decode()[:6],
        "base64, 1 off": base64.b64encode(b"-" + raw).decode()[2:8],
        "base64, 2 off": base64.b64encode(b"--" + raw).decode()[3:9],
        "&#…;": "".join(f"&#{byte};" for byte in raw),
    }
    for begin, width, end in _ESCAPES:
        for digits in "xX":
            escaped = (f"{begin}{byte:0{width}{digits}}{end}" for byte in raw)
            forms[f"{begin}…{digits}{end}"] = "".join(escaped)
    return forms


# `repr` doubles the backslashes of the others.
_ESCAPES = (
    ("%", 2, ""),
    (r"\u", 4, ""),
    (r"\\u", 4, ""),
    (r"\x", 2, ""),
    (r"\\x", 2, ""),
    (r"\u{", 1, "}"),
    ("&#x", 1, ";"),
)


def _holds_fragment(text: str) -> bool:
    secrets = [canary.text() for canary in CANARIES]
    return any(
        view[start : start + FRAGMENT] in secret
        for view in _views(text)
        for mark in re.finditer(_MARK, view)
        for start in range(max(0, mark.end() - FRAGMENT), min(mark.start(), len(view) - FRAGMENT) + 1)
        for secret in secrets
    )


def _views(text: str) -> set[str]:
    """The text, and the text with up to three nested levels of escapes undone."""
    views = {text}
    for _ in range(3):
        views |= {decode(view) for view in views for decode in _DECODERS}
    return views


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        return chr(int(code, 16)) if code else match[4]

    return _ESCAPE.sub(character, text)


def _as_utf8(text: str) -> str:
    """Decodes as UTF-8 bytes that were read as Latin-1."""
    return text.encode("latin-1", "replace").decode(errors="replace")


def _without_zeros(text: str) -> str:
    return text.replace("\0", "")


_DECODERS: tuple[Callable[[str], str], ...] = (unquote, html.unescape, _unescaped, _as_utf8, _without_zeros)
