"""A screenshot of a rejection."""

from __future__ import annotations

from .._errors.tree import ArgumentError
from .._escape import escape_controls
from .value import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from pathlib import Path
    from typing import Any, ClassVar
    from weakref import WeakValueDictionary


_SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
}


class Screenshot(Frozen):
    """A picture that WeChat keeps. It shows itself in notebooks.

    `media_id`; `content`: the bytes as WeChat keeps them; `media_type`: what they say that they are, such as
    `image/png`. `ArgumentError` for values of the wrong kind.
    """

    __module__ = "wxaudit"
    __match_args__ = ("media_id", "content", "media_type")
    __slots__ = ("__weakref__", *__match_args__)
    _fields: ClassVar[tuple[str, ...]] = __match_args__

    media_id: str
    content: bytes
    media_type: str

    def __init__(self, media_id: str, content: bytes, media_type: str) -> None:
        if not isinstance(media_id, str):
            raise ArgumentError(f"media_id must be a text, got {type(media_id).__name__}")
        if not isinstance(content, bytes):
            raise ArgumentError(f"content must be bytes, got {type(content).__name__}")
        if not isinstance(media_type, str) or media_type not in _SUFFIXES:
            raise ArgumentError(f"media_type must be one of {', '.join(_SUFFIXES)}, got {media_type!r}")
        self._fill(media_id=media_id, content=content, media_type=media_type)

    def save(self, path_or_dir: str | os.PathLike[str]) -> Path:
        """Writes the picture and returns where: that path, or in that folder a file named by the `media_id`.

        The name holds nothing but letters, digits, `-` and `_`, and the suffix of the media type.
        """
        from pathlib import Path

        path = Path(path_or_dir)
        if path.is_dir():
            plain = [it if it.isascii() and (it.isalnum() or it in "-_") else "_" for it in self.media_id]
            path /= ("".join(plain[:100]) or "screenshot") + _SUFFIXES[self.media_type]
        path.write_bytes(self.content)
        return path

    def __repr__(self) -> str:
        # One that its constructor refused may still be shown, by whoever reports the error.
        if not self._values():
            return "<Screenshot>"
        return f"<Screenshot {escape_controls(self.media_id)}: {self.media_type}, {len(self.content)} bytes>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        # As HTML: front ends know that everywhere, and not each picture's own type.
        return {"text/html": self._image("max-width:100%;max-height:40em"), "text/plain": repr(self)}

    def _image(self, style: str) -> str:
        """The picture within HTML; it is as large as `style` lets it be."""
        from base64 import b64encode

        data = b64encode(self.content).decode()
        return f'<img src="data:{self.media_type};base64,{data}" style="{style}" alt="">'


# What was fetched and somebody still holds: audits that show themselves show it too.
_fetched: WeakValueDictionary[str, Screenshot] | None = None


def fetched(media_id: str, content: bytes, media_type: str) -> Screenshot:
    """A picture that came just now."""
    global _fetched
    if _fetched is None:
        from weakref import WeakValueDictionary

        _fetched = WeakValueDictionary()
    picture = _fetched[media_id] = Screenshot(media_id, content, media_type)
    return picture


def find_fetched(media_id: str) -> Screenshot | None:
    """The picture behind a `media_id`, where it was fetched and somebody still holds it."""
    return None if _fetched is None else _fetched.get(media_id)
