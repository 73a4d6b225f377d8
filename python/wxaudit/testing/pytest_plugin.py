"""The pytest fixtures `fake_wechat` and `wxaudit_django`. The import of this module loads only pytest."""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import FakeWeChat
    from .django import DjangoFakeWeChat


@pytest.fixture
def fake_wechat() -> Iterator[FakeWeChat]:
    """A `wxaudit.testing.FakeWeChat` that runs during the test."""
    from . import FakeWeChat

    with FakeWeChat() as fake:
        yield fake


@pytest.fixture
def wxaudit_django(request: pytest.FixtureRequest) -> Iterator[DjangoFakeWeChat]:
    """A `wxaudit.testing.django.DjangoFakeWeChat` behind the setting WXAUDIT during the test."""
    if not request.config.pluginmanager.hasplugin("django"):
        pytest.fail(
            "the fixture wxaudit_django needs pytest-django: pip install pytest-django", pytrace=False
        )
    # Of pytest-django. A mark `django_db` of the test says more, such as `transaction=True`.
    request.getfixturevalue("db")
    from .django import fake_behind_settings

    with fake_behind_settings() as fake:
        yield fake
