"""Fixtures of the command line's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.command_line.terminal_captures import Captures

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def captures() -> Iterator[Captures]:
    """Keeps screens as text and as pictures."""
    with Captures() as captures:
        yield captures
