"""Write files that appear complete or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file beside `path`, which takes its place at the end. If anything fails, the old one stays."""
    # A link stays one.
    place = os.path.realpath(path)
    unfinished = f"{place}.unfinished"
    try:
        with open(unfinished, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, place)
    except BaseException:
        if os.path.exists(unfinished):
            os.unlink(unfinished)
        raise
