"""Some examples of every property of pushes, the same at each run; `make fuzz` goes on with ever new ones."""

from __future__ import annotations

import pytest
from hypothesis import settings

from support.push_properties import PROPERTIES


@pytest.mark.parametrize("name", PROPERTIES)
def test_pushes(name: str) -> None:
    PROPERTIES[name](settings(max_examples=40, derandomize=True, deadline=None, database=None))
