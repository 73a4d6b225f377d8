"""Tell the encoding of a text file: UTF-8, UTF-16 as Excel writes it, or GB 18030, which includes GBK."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

from ..._errors.tree import ArgumentError
from ..language import text

_CHUNK = 1 << 20

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_of(file: BinaryIO, where: str) -> io.TextIOWrapper:
    """The file as text, with its line ends as they are."""
    encoding = _encoding_of(file, where)
    file.seek(0)
    return io.TextIOWrapper(file, encoding, newline="")


def _encoding_of(file: BinaryIO, where: str) -> str:
    file.seek(0)
    start = file.read(512)
    candidates = [encoding for mark, encoding in _MARKS if start.startswith(mark)]
    if not candidates and b"\0" in start:
        # Without a mark: the names of the columns are ASCII, whose first or second bytes are zeros.
        bytes_at = start[::2], start[1::2]
        candidates = ["utf-16-be" if bytes_at[0].count(0) > bytes_at[1].count(0) else "utf-16-le"]
    for encoding in candidates or ["utf-8", "gb18030"]:
        if _decodes(file, encoding):
            return encoding
    raise ArgumentError(
        text(
            f"{where} is not text in UTF-8, UTF-16 or GB 18030; save it as UTF-8",
            f"{where} 不是 UTF-8、UTF-16 或 GB 18030（GBK）编码的文本，请另存为 UTF-8",
        )
    )


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
