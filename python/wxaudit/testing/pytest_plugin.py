"""The pytest fixture `fake_wechat`. The import of this module loads nothing but pytest."""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import FakeWeChat


@pytest.fixture
def fake_wechat() -> Iterator[FakeWeChat]:
    """A `wxaudit.testing.FakeWeChat` that runs during the test."""
    from . import FakeWeChat

    with FakeWeChat() as fake:
        yield fake
