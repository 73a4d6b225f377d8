"""A hint: what to do about an error, in English and in Chinese."""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    class Hint(NamedTuple):
        english: str
        chinese: str
else:
    Hint = namedtuple("Hint", ("english", "chinese"))
