"""`manage.py check`: ids and hints for what is wrong, and silence about what is right."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import celery
import celery._state
import pytest
from django.core.checks import run_checks
from django.db import OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

import wxaudit
from wxaudit.django import CacheTokenSource, audit_changed, audit_decided, checks, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.django.watched_fake import WatchedFake

PLATFORM = {"token": "spamtest", "encoding_aes_key": "a" * 43, "component_appid": "wx2c2769f8efd9abc2"}


def found(**options: Any) -> dict[str, str]:
    """The messages of the app, and their hints, by id."""
    # Django 6.1 takes all databases if none is named.
    messages = run_checks(tags=["wxaudit"], **{"databases": [], **options})
    assert all(message.hint is not None or message.id == "wxaudit.E005" for message in messages)
    return {str(message.id): f"{message.msg} {message.hint}" for message in messages}


def find_token(appid: str) -> str:
    return appid


def told(**_: object) -> None:
    pass


@pytest.fixture(autouse=True)
def no_celery(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests make applications of Celery."""
    monkeypatch.setattr(celery._state, "default_app", None)


@pytest.fixture(autouse=True)
def receiver() -> Iterator[None]:
    """Somebody is told."""
    audit_decided.connect(told)
    yield
    audit_decided.disconnect(told)


def test_that_nobody_is_told_is_said(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": find_token}
    monkeypatch.setattr(audit_decided, "receivers", [])
    assert "in ready() of your AppConfig" in found()["wxaudit.W007"]
    audit_changed.connect(told)
    try:
        assert found() == {}
    finally:
        audit_changed.disconnect(told)


@pytest.mark.parametrize(
    "right",
    [
        {"TOKEN_SOURCE": find_token},
        {"TOKEN_SOURCE": CacheTokenSource(cache="shared"), "CLIENT": {"timeout": 10}, "EVENTS": PLATFORM},
        {
            "TOKEN_SOURCE": CacheTokenSource(refresh=f"{__name__}.find_token", cache="shared"),
            "CLIENT": {"proxy": wxaudit.Token("http://user:password@proxy.example:3128")},
        },
    ],
)
def test_nothing_is_said_about_what_is_right(settings: Any, right: dict[str, Any]) -> None:
    settings.WXAUDIT = right
    # Nothing connects to it.
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9"}
    settings.CACHES = {**settings.CACHES, "shared": redis}
    assert found() == {}
    assert found(include_deployment_checks=True).keys() == {"wxaudit.W004"}  # the tests use SQLite


WRONG: list[tuple[str, Any, str]] = [
    ("E001", [], "must be a dict"),
    ("E002", {"TOKENSOURCE": 1}, "Did you mean 'TOKEN_SOURCE'?"),
    ("E002", {"TOKEN_SOURCE": find_token, "CLIENT": {"time_out": 1}}, "Did you mean 'timeout'?"),
    ("E002", {"TOKEN_SOURCE": find_token, "WATCH": {"RETENSION": 1}}, "Did you mean 'RETENTION'?"),
    ("E002", {"TOKEN_SOURCE": find_token, "EVENTS": {**PLATFORM, "appid": 1}}, "It knows token, encoding"),
    ("E003", {"TOKEN_SOURCE": "shop.no_such.find"}, "No module named 'shop'"),
    ("E003", {"TOKEN_SOURCE": CacheTokenSource(refresh="shop.no_such.find")}, "refresh of CacheTokenSource"),
    ("E004", {"TOKEN_SOURCE": "92_dGhpcyBpcyBhIHRva2Vu"}, "a function that returns the authorizer_access"),
    ("E005", {"TOKEN_SOURCE": CacheTokenSource()}, "processes do not share Django's local-memory cache"),
    ("E005", {"TOKEN_SOURCE": CacheTokenSource(cache="none")}, "The connection 'none' doesn't exist"),
    ("E005", {"TOKEN_SOURCE": find_token, "WATCH": {"LEASE": 0}}, "LEASE must be at least 1 second"),
    ("E005", {"TOKEN_SOURCE": find_token, "CLIENT": {"proxy": "ftp://x"}}, "is not the URL of a proxy"),
    ("E005", {"TOKEN_SOURCE": find_token, "EVENTS": {"token": "x"}}, "开发配置"),
    (
        "E006",
        {"TOKEN_SOURCE": find_token, "CLIENT": {"base_url": "HTTP://api.weixin.qq.com"}},
        "must be https",
    ),
    ("W001", {}, "TOKEN_SOURCE'] is not set"),
    ("W005", {"TOKEN_SOURCE": find_token, "CLIENT": {"proxy": "http://u:p@h:1"}}, "wxaudit.Token"),
]


@pytest.mark.parametrize(("number", "given", "text"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_has_an_id_and_says_what_to_do(
    settings: Any, number: str, given: Any, text: str
) -> None:
    settings.WXAUDIT = given
    messages = found()
    assert messages.keys() == {f"wxaudit.{number}"}
    assert text in messages[f"wxaudit.{number}"]


def test_a_missing_package_is_named(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": find_token, "EVENTS": PLATFORM}
    for name in [name for name in sys.modules if name.startswith("wxaudit.events")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    monkeypatch.setitem(sys.modules, "defusedxml", None)
    [text] = found().values()
    assert "pip install 'wxaudit[events]'" in text


def test_a_base_url_on_this_machine_is_for_tests(settings: Any) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": find_token, "CLIENT": {"base_url": "http://127.0.0.1:8000"}}
    assert found() == {}
    assert "Leave base_url out" in found(include_deployment_checks=True)["wxaudit.W006"]


def test_several_workers_on_sqlite(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": find_token}
    monkeypatch.setenv("WEB_CONCURRENCY", "1")
    assert found() == {}
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    assert "Use PostgreSQL or MySQL" in found()["wxaudit.W004"]
    assert found(include_deployment_checks=True).keys() == {"wxaudit.W004"}
    monkeypatch.delenv("WEB_CONCURRENCY")
    application = celery.Celery("shop", set_as_current=False)
    monkeypatch.setattr(celery._state, "default_app", application)
    assert found() == {}
    application.conf.worker_concurrency = 2
    assert found().keys() == {"wxaudit.W004"}


def test_a_schedule_of_celery_without_the_task(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": find_token}
    application = celery.Celery("shop", set_as_current=False)
    monkeypatch.setattr(celery._state, "default_app", application)
    application.conf.beat_schedule = {"clean": {"task": "shop.clean", "schedule": 60}}
    assert "wxaudit.poll_due" in found(include_deployment_checks=True)["wxaudit.W003"]
    application.conf.beat_schedule["audits"] = {"task": "wxaudit.poll_due", "schedule": 10}
    assert "wxaudit.W003" not in found(include_deployment_checks=True)


def test_watches_that_nothing_asks_about(database: str, watched: WatchedFake) -> None:
    _, row = watched.submit()
    assert found(databases=[database]) == {}
    watched.advance(timedelta(minutes=16))
    assert found() == {}
    text = found(databases=[database])["wxaudit.W003"]
    assert str(row) in text
    assert "wxaudit_poll --loop" in text
    watched.poll()
    assert found(databases=[database]) == {}


@pytest.fixture
def unmigrated(database: str) -> Iterator[str]:
    executor = MigrationExecutor(connections[database])
    executor.migrate([("wxaudit", None)])
    yield database
    executor = MigrationExecutor(connections[database])
    executor.migrate(executor.loader.graph.leaf_nodes("wxaudit"))


def test_missing_tables(settings: Any, unmigrated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": find_token}
    assert "Run manage.py migrate wxaudit." in found(databases=[unmigrated])["wxaudit.W002"]
    monkeypatch.setattr(sys, "argv", ["manage.py", "migrate"])
    assert found(databases=[unmigrated]) == {}


def test_a_database_that_is_away_is_the_matter_of_other_checks(
    settings: Any, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": find_token}
    watch("wx1", 1)

    def away(*_: object) -> None:
        raise OperationalError("gone")

    connection = connections[database]
    connection.close()
    monkeypatch.setattr(connection, "get_new_connection", away)
    assert found(databases=[database]) == {}
    monkeypatch.undo()


def test_the_ids_stand_in_the_documentation() -> None:
    for number, _, _ in WRONG:
        assert f"| wxaudit.{number} |" in str(checks.__doc__)
