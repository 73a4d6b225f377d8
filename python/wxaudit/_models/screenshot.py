"""Define a screenshot of a rejection, and find those that were fetched before."""

from __future__ import annotations

from .._errors.tree import ArgumentError
from .._escape import escape_controls
from .._validation import choice
from .value import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from pathlib import Path
    from typing import Any
    from weakref import WeakValueDictionary

SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
}


class Screenshot(Frozen):
    """A picture that WeChat keeps. Notebooks show it.

    `media_id`; `content`: the bytes as WeChat keeps them; `media_type`: what their first bytes say, such as
    `image/png`. `ArgumentError` for values of the wrong kind.
    """

    __module__ = "wxaudit"
    __match_args__ = _fields = ("media_id", "content", "media_type")
    __slots__ = ("__weakref__", *_fields)

    def __init__(self, media_id: str, content: bytes, media_type: str) -> None:
        if not isinstance(media_id, str):
            raise ArgumentError(f"media_id must be a text, got {type(media_id).__name__}")
        if not isinstance(content, bytes):
            raise ArgumentError(f"content must be bytes, got {type(content).__name__}")
        if not isinstance(media_type, str) or media_type not in SUFFIXES:
            raise ArgumentError(f"media_type must be one of {', '.join(SUFFIXES)}, got {choice(media_type)}")
        self.media_id = media_id
        self.content = content
        self.media_type = media_type

    def save(self, path_or_dir: str | os.PathLike[str]) -> Path:
        """Writes the picture to that path, or to a file in that folder, and returns the path of the file.

        In a folder the file is named after the `media_id`, with only letters, digits, `-` and `_`, and the
        suffix of the media type.
        """
        from pathlib import Path

        path = Path(path_or_dir)
        if path.is_dir():
            plain = [it if it.isascii() and (it.isalnum() or it in "-_") else "_" for it in self.media_id]
            path /= ("".join(plain[:100]) or "screenshot") + SUFFIXES[self.media_type]
        path.write_bytes(self.content)
        return path

    def __repr__(self) -> str:
        # A debugger may show an instance whose constructor raised.
        if not self._values():
            return "<Screenshot>"
        return f"<Screenshot {escape_controls(self.media_id)}: {self.media_type}, {len(self.content)} bytes>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        # As HTML: all front ends show it, but not every type of picture.
        return {"text/html": self._image("max-width:100%;max-height:40em"), "text/plain": repr(self)}

    def _image(self, style: str) -> str:
        """The picture as an HTML element of the size that `style` sets."""
        from base64 import b64encode

        data = b64encode(self.content).decode()
        return f'<img src="data:{self.media_type};base64,{data}" style="{style}" alt="">'


# The pictures that were fetched and are still referenced, for the cards of audits.
_fetched: WeakValueDictionary[str, Screenshot] | None = None


def fetched(media_id: str, content: bytes, media_type: str) -> Screenshot:
    """The picture of an answer, remembered for `find_fetched`."""
    global _fetched
    if _fetched is None:
        from weakref import WeakValueDictionary

        _fetched = WeakValueDictionary()
    picture = _fetched[media_id] = Screenshot(media_id, content, media_type)
    return picture


def find_fetched(media_id: str) -> Screenshot | None:
    """The picture of a `media_id`, if it was fetched and is still referenced."""
    return None if _fetched is None else _fetched.get(media_id)
