"""Check the setting `WXAUDIT`, the tables, and that something polls, as `manage.py check` does.

`--deploy` adds what matters in production only, `--database default` what a look at the database shows.

| id | what is wrong |
|---|---|
| wxaudit.E001 | the setting or a part of it is not a dict |
| wxaudit.E002 | an unknown option |
| wxaudit.E003 | a path that does not import, or what cannot be called |
| wxaudit.E004 | a literal token in the settings |
| wxaudit.E005 | a value that an option cannot have, or a missing one |
| wxaudit.E006 | http in a base URL |
| wxaudit.E007 | a package that a part of the setting needs is not installed |
| wxaudit.W001 | no token source |
| wxaudit.W002 | the tables are missing, or not up to date |
| wxaudit.W003 | nothing polls |
| wxaudit.W004 | SQLite with several workers |
| wxaudit.W005 | a password in the URL of the proxy, which Django's error pages show |
| wxaudit.W006 | a base URL on this machine in production |
| wxaudit.W007 | no receiver: nobody is told |
"""

from __future__ import annotations

import os
import pkgutil
import re
import sys
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import DatabaseError, connections, router
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from . import _clock, _settings, signals
from ._cache_token_source import CacheTokenSource
from ._clients import make_client
from ._events import make_receiver
from ._settings import NAME, Problem
from .models import AuditWatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_HOW_TO_POLL = (
    "Run manage.py wxaudit_poll --loop as a service, or let Celery's beat send the task wxaudit.poll_due "
    "every "
    "10 seconds."
)
# A driver that asks at least once in this time is not missed.
_LATE = timedelta(minutes=15)


@register("wxaudit")
def check_settings(**_: Any) -> list[CheckMessage]:
    """What can be said without a look at the database."""
    settings, problems = _settings.read_with_problems()
    if isinstance(settings.token_source, CacheTokenSource):
        problem = settings.token_source.problem()
        problems += [] if problem is None else [problem]
    client = make_client()
    if isinstance(client, Problem):
        problems.append(client)
    if _settings.section("EVENTS"):
        problems += _problems_of_events()
    found: list[CheckMessage] = [_error(problem) for problem in problems]
    if settings.token_source is None and not found:
        found.append(
            Caution(
                f"{NAME}['TOKEN_SOURCE'] is not set, so that no audit can be asked about",
                hint=(
                    "Set it to a function that returns the token of an appid, its dotted path, or "
                    "CacheTokenSource()."
                ),
                id="wxaudit.W001",
            )
        )
    # `ready()` of all apps has run by now.
    if not (signals.audit_decided.receivers or signals.audit_changed.receivers):
        found.append(
            Caution(
                "no receiver of audit_decided or audit_changed is connected: nobody is told of decisions",
                hint=(
                    "Import the module with your receivers in ready() of your AppConfig. If you only look at "
                    "the tables or the admin, put wxaudit.W007 into SILENCED_SYSTEM_CHECKS."
                ),
                id="wxaudit.W007",
            )
        )
    proxy = _settings.section("CLIENT").get("proxy")
    if isinstance(proxy, str) and "@" in proxy:
        found.append(
            Caution(
                f"{NAME}['CLIENT']['proxy'] holds a password, which Django's error pages show",
                hint=(
                    'Write "proxy": wxaudit.Token(…) around the URL, or let the proxy admit this server by '
                    "its address."
                ),
                id="wxaudit.W005",
            )
        )
    if _is_sqlite(router.db_for_write(AuditWatch)) and _has_several_workers():
        found.append(_sqlite())
    return found


@register("wxaudit", deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """What only matters in production."""
    found: list[CheckMessage] = []
    base_url = _settings.section("CLIENT").get("base_url")
    if isinstance(base_url, str) and re.match(r"http://", base_url, re.IGNORECASE):
        found.append(
            Caution(
                f"{NAME}['CLIENT']['base_url'] is on this machine: not WeChat, but perhaps the fake of a "
                "test",
                hint="Leave base_url out in production.",
                id="wxaudit.W006",
            )
        )
    if _is_sqlite(router.db_for_write(AuditWatch)) and not _has_several_workers():
        found.append(_sqlite())
    if _is_missing_in_beat():
        found.append(
            Caution("Celery's schedule has no wxaudit.poll_due", hint=_HOW_TO_POLL, id="wxaudit.W003")
        )
    return found


@register(Tags.database, "wxaudit")
def check_database(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Whether the tables are there, and whether something polls."""
    alias = router.db_for_write(AuditWatch)
    # `migrate` makes the tables, and checks the database before.
    if alias not in (databases or ()) or sys.argv[1:2] == ["migrate"]:
        return []
    try:
        if not _is_migrated(alias):
            return [
                Caution(
                    f"the tables of wxaudit.django in the database {alias!r} are missing or not up to date",
                    hint="Run manage.py migrate wxaudit.",
                    id="wxaudit.W002",
                )
            ]
        late = AuditWatch.objects.using(alias).filter(next_check_at__lt=_clock.now(alias) - _LATE)
        waiting = late.order_by("next_check_at").first()
    except DatabaseError:
        # Not reachable, as Django's own checks say.
        return []
    if waiting is None:
        return []
    return [
        Caution(
            f"nothing polls: the audit {waiting} should have been asked about {_LATE.seconds // 60} minutes "
            "ago or more",
            hint=_HOW_TO_POLL,
            id="wxaudit.W003",
        )
    ]


def _error(problem: Problem) -> CheckMessage:
    return Error(problem.text, hint=problem.hint or None, id=f"wxaudit.{problem.number}")


def _problems_of_events() -> Iterator[Problem]:
    try:
        made = make_receiver()
    except ImportError as error:
        yield Problem(
            "E007", f"{NAME}['EVENTS'] needs a package: {error}", "Run pip install 'wxaudit[events]'."
        )
    else:
        if isinstance(made, Problem):
            yield made


def _is_migrated(alias: str) -> bool:
    """Reads no migration, as an executor would those of all apps: Django 6.1 checks at each command."""
    name, _ = MigrationLoader.migrations_module("wxaudit")
    if name is None:
        # The project's MIGRATION_MODULES says so; its tables are made in another way.
        return True
    migrations = {found.name for found in pkgutil.iter_modules(import_module(name).__path__)}
    applied = MigrationRecorder(connections[alias]).applied_migrations()
    return all(("wxaudit", migration) in applied for migration in migrations)


def _sqlite() -> CheckMessage:
    return Caution(
        "the watches are in SQLite, where workers wait for each other at each write",
        hint="Use PostgreSQL or MySQL for several workers, or run one wxaudit_poll and one web worker.",
        id="wxaudit.W004",
    )


def _is_sqlite(alias: str) -> bool:
    return connections[alias].vendor == "sqlite" and not connections[alias].is_in_memory_db()  # type: ignore[attr-defined]


def _has_several_workers() -> bool:
    """Whether the environment says so, as gunicorn and uvicorn read it, or Celery's configuration."""
    counts: Iterable[object] = [
        os.environ.get("WEB_CONCURRENCY"),
        getattr(_celery_configuration(), "worker_concurrency", None),
    ]
    return any(str(count).isdecimal() and int(str(count)) > 1 for count in counts)


def _celery_configuration() -> Any:
    """That of the project's Celery application, not of the one that Celery makes itself; None without one."""
    state = sys.modules.get("celery._state")
    application = getattr(state, "default_app", None)
    return None if application is None or application.main in (None, "default") else application.conf


def _is_missing_in_beat() -> bool:
    configuration = _celery_configuration()
    # django-celery-beat keeps its schedule in the database.
    if configuration is None or "django_celery_beat" in django_settings.INSTALLED_APPS:
        return False
    return not any(entry.get("task") == "wxaudit.poll_due" for entry in configuration.beat_schedule.values())
