"""No token reaches the database, its log, a dump of the data, or the log of the application."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext

from wxaudit import Token
from wxaudit.django.models import AuditChange, AuditWatch
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.django.watched_fake import WatchedFake
    from support.servers.postgresql_server import PostgresqlServer

MARK = "planted-in-the-log"


class LeakyError(Exception):
    """An error of a careless application, with the token in its text."""


@pytest.fixture
def tokens(watched: WatchedFake) -> list[str]:
    """The tokens of three mini programs: text, `Token`, and a source that raises with it in the text."""
    tokens = {appid: watched.fake.token(appid) for appid in ("wx1", "wx2", "wx3")}

    def source(appid: str) -> Any:
        if appid == "wx1":
            return tokens[appid]
        if appid == "wx2":
            return Token(tokens[appid])
        raise LeakyError(f"refused: {tokens[appid]}")

    watched.configure(token_source=source)
    return list(tokens.values())


def live(watched: WatchedFake, tokens: list[str]) -> None:
    """Answers of all kinds, among them one that repeats the token."""
    audits = [watched.submit(appid)[0] for appid in ("wx1", "wx2", "wx3")]
    watched.poll()
    echo = Fault(errcode=48001, errmsg=f"token {tokens[0]} has no permission, /x?access_token={tokens[0]}")
    watched.fake.fail_next(echo, appid="wx1")
    watched.fake.fail_next(Fault(body=f'{{"access_token": "{tokens[1]}"'.encode()), appid="wx2")
    watched.advance(3600)
    watched.poll()
    audits[0].reject(f"1:see {tokens[0]}")
    audits[1].approve()

    def fail(*_: object) -> None:
        raise ValueError

    # What a receiver raises is its own, and Django logs it.
    watched.on_signal = fail
    watched.advance(7200 - 3700)
    watched.poll()
    # The states that were recorded, so that the rows were written at all.
    assert sorted(AuditWatch.objects.values_list("state", flat=True)) == [0, 1, 2]
    assert AuditChange.objects.filter(attempts__gt=0).count() == 2


def leaked(text: str, tokens: list[str]) -> list[str]:
    return [token for token in tokens if token in text]


@pytest.fixture
def reads_everything(database: str, request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """All that the database has seen: its own log where it is a server, else the statements of Django."""
    if database == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        with connections[database].cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET log_statement = 'all'")
            cursor.execute("SELECT pg_reload_conf()")
        before = len(server.log)
        yield lambda: server.log[before:]
        with connections[database].cursor() as cursor:
            cursor.execute("ALTER SYSTEM RESET log_statement")
            cursor.execute("SELECT pg_reload_conf()")
    else:
        with CaptureQueriesContext(connections[database]) as captured:
            yield lambda: "\n".join(query["sql"] for query in captured.captured_queries)


def test_no_token_is_shown(
    watched: WatchedFake,
    tokens: list[str],
    database: str,
    reads_everything: Callable[[], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    live(watched, tokens)
    AuditWatch.objects.using(database).update(note=MARK)
    dump = io.StringIO()
    call_command("dumpdata", "wxaudit", database=database, stdout=dump)

    everything = reads_everything()
    assert MARK in everything
    assert "wx1" in dump.getvalue()
    assert leaked(everything, tokens) == []
    assert leaked(dump.getvalue(), tokens) == []
    logs = "\n".join(f"{record.getMessage()} {record.exc_text} {record.args}" for record in caplog.records)
    assert "LeakyError" in dump.getvalue()
    assert "48001" in logs
    assert leaked(logs, tokens) == []
