"""The pytest fixtures `fake_wechat`, `default_fake_wechat` and `wxaudit_django`.

The import of this module loads only pytest.
"""

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
def default_fake_wechat(fake_wechat: FakeWeChat) -> Iterator[FakeWeChat]:
    """The fixture `fake_wechat`, which `wxaudit.get_audit_status` and `wxaudit.aget_audit_status` ask too."""
    with fake_wechat.as_default():
        yield fake_wechat


# Named here, `db` is seen when pytest-django decides which databases to make. The mark `django_db` of a test
# says more, such as `transaction=True`.
@pytest.fixture
def wxaudit_django(db: None) -> Iterator[DjangoFakeWeChat]:
    """A `wxaudit.testing.django.DjangoFakeWeChat` behind the setting WXAUDIT during the test."""
    del db
    from .django import fake_behind_settings

    with fake_behind_settings() as fake:
        yield fake
