"""The pytest fixture `fake_wechat`. Importing this module brings in nothing but pytest, which is there."""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import FakeWeChat


@pytest.fixture
def fake_wechat() -> Iterator[FakeWeChat]:
    """A `wxaudit.testing.FakeWeChat` that serves while the test runs."""
    from . import FakeWeChat

    with FakeWeChat() as fake:
        yield fake
