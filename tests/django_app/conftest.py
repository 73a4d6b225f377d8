"""The databases of the tests of `wxaudit.django`, and the fake behind its settings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from support.django.router import Router
from support.django.settings import SERVERS
from support.django.watched_fake import WatchedFake
from support.servers.mariadb_server import MariadbServer
from support.servers.postgresql_server import PostgresqlServer
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.plugin import DjangoDbBlocker

    from wxaudit.testing import FakeWeChat


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:  # noqa: ARG001
    """Only SQLite: the servers are started for the tests that ask for them."""
    folder = Path(SERVERS)
    folder.mkdir(exist_ok=True)
    _migrate("default", django_db_blocker)
    yield
    _close("default", django_db_blocker)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[PostgresqlServer]:  # noqa: ARG001
    with PostgresqlServer(SERVERS) as server:
        _migrate("postgresql", django_db_blocker)
        yield server
        _close("postgresql", django_db_blocker)


@pytest.fixture(scope="session")
def mariadb(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[MariadbServer]:  # noqa: ARG001
    with MariadbServer(SERVERS) as server:
        _migrate("mariadb", django_db_blocker)
        yield server
        _close("mariadb", django_db_blocker)


def _migrate(alias: str, blocker: DjangoDbBlocker) -> None:
    with blocker.unblock():
        connections[alias].creation.create_test_db(verbosity=0, autoclobber=True)


def _close(alias: str, blocker: DjangoDbBlocker) -> None:
    with blocker.unblock():
        connections[alias].close()


@pytest.fixture(params=["default", "postgresql", "mariadb"])
def database(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    django_db_setup: None,  # noqa: ARG001
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[str]:
    """The alias of the database that holds the watches: SQLite, PostgreSQL and MariaDB in turn.

    No transaction is open, since the app commits its own; the watches are deleted afterwards.
    """
    alias: str = request.param
    if alias != "default":
        request.getfixturevalue(alias)
    monkeypatch.setattr(Router, "alias", alias)
    with django_db_blocker.unblock():
        yield alias
        AuditChange.objects.using(alias).all().delete()
        AuditWatch.objects.using(alias).all().delete()


@pytest.fixture
def watched(fake: FakeWeChat, settings: Any) -> Iterator[WatchedFake]:
    """The fake behind the setting `WXAUDIT`, its clock in the place of the database's, and what is told."""
    with WatchedFake(fake, settings) as watched:
        yield watched
