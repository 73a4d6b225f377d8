"""Made-up secrets, and the search for them in texts."""

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

# A shorter piece of a secret than this does not count as the secret.
FRAGMENT = 16

# Characters that some encoding writes in another way; between each two of them stand eleven that none does.
_SPECIAL = "+/=%&#?\"'\\<>é"

# It stands in the middle of each eleven. A fragment holds at least eight in a row of some eleven, and so the
# whole mark: which is all that needs to be searched at first.
_MARK = "zQx7J"


class Canary:
    """A secret that is made anew whenever it is asked for, so that nobody needs to keep it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def text(self) -> str:
        """About 170 characters, as long as WeChat's tokens, and harder to mask than they are."""
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
    """Where a fragment of a secret stands in one of the texts: in which form, and what stands around it."""
    written = [text if isinstance(text, str) else bytes(text).decode("latin-1") for text in texts]
    needles = _marks()
    # One search through everything is a hundred times faster than one through each; most find nothing.
    together = "\n".join(written)
    suspected = [form for form, needle in needles.items() if needle in together]
    for form in suspected:
        for text in written:
            if needles[form] in text and (form in _CONCLUSIVE or _holds_fragment(text)):
                yield f"{form}: {_around(text, needles[form])}"


def _around(text: str, needle: str) -> str:
    """The place of a hit, the needle left out: who reports a secret must not become another leak of it."""
    position = text.index(needle)
    return f"{text[max(0, position - 80) : position]!r} … {text[position + len(needle) :][:40]!r}"


# Nothing but the mark itself can be seen in these forms, but by chance none of them occurs.
_CONCLUSIVE = frozenset({"base64", "base64, 1 off", "base64, 2 off", "hexadecimal", "list of numbers"})


def _marks() -> dict[str, str]:
    """The mark in all forms in which a program may write a text, its plainest letters included."""
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


# The doubled ones are what `repr` makes of the others.
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
    """The text as it is, and as whoever undoes its escapes reads it, up to three of them one in another."""
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
    """Bytes were read as Latin-1: what they are as UTF-8."""
    return text.encode("latin-1", "replace").decode(errors="replace")


def _without_zeros(text: str) -> str:
    return text.replace("\0", "")


_DECODERS: tuple[Callable[[str], str], ...] = (unquote, html.unescape, _unescaped, _as_utf8, _without_zeros)
