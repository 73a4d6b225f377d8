"""Permanent media of the fake, and generated pictures for screenshots."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256

from ._errcode import ErrcodeError


class Media(dict[str, tuple[str, bytes]]):
    """The appid and content of permanent media, by media_id."""

    def find(self, media_id: str, appid: str, is_screenshot: bool) -> bytes:
        """Return the stored content, or a generated picture for a screenshot without stored content."""
        owner, content = self.get(media_id, (None, b""))
        if owner == appid:
            return content
        if owner is None and is_screenshot:
            return picture(media_id)
        raise ErrcodeError(40007)


def picture(name: str, width: int = 180, height: int = 320) -> bytes:
    """Return a PNG of one color with a darker bar. The color depends on `name`."""
    digest = sha256(name.encode()).digest()
    light = bytes(128 + value // 2 for value in digest[:3])
    dark = bytes(value // 2 for value in light)
    bar = height // 8
    rows = [b"\0" + (dark if row < bar else light) * width for row in range(height)]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
