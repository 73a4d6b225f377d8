"""What the databases do: plans, queries, deadlocks, restarts, character sets, migrations."""

from __future__ import annotations

import gc
import io
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections, transaction
from django.test.utils import CaptureQueriesContext

from wxaudit.django import PollReport, _clock, watch
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.django.watched_fake import WatchedFake
    from support.servers.mariadb_server import MariadbServer
    from support.servers.postgresql_server import PostgresqlServer

MINUTE = timedelta(minutes=1)
_TRANSACTION_COMMANDS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def _queries(database: str, work: Callable[[], object]) -> list[str]:
    """The queries of some work, without what begins and ends transactions."""
    with CaptureQueriesContext(connections[database]) as captured:
        work()
    return [
        query["sql"]
        for query in captured.captured_queries
        if not query["sql"].removeprefix("-- ").startswith(_TRANSACTION_COMMANDS)
    ]


def _poll_queries(watched: WatchedFake, database: str) -> list[str]:
    return _queries(database, watched.poll)


def test_a_chunk_takes_six_queries_at_most(watched: WatchedFake, database: str) -> None:
    """Three chunks take as many more than one as two chunks take."""
    watched.configure(BATCH_SIZE=5, LEASE=3600)
    audits = [watched.submit(f"wx{number % 3}")[0] for number in range(20)]
    watched.poll()

    def count(chunks: int) -> int:
        numbers = [audit.auditid for audit in audits[: 5 * chunks]]
        assert AuditWatch.objects.filter(auditid__in=numbers).check_now() == 5 * chunks
        queries = _poll_queries(watched, database)
        # Receivers are told with queries of their own.
        return sum("auditchange" not in query or query.startswith("INSERT") for query in queries)

    unchanged = [count(1), count(3)]
    for audit in audits:
        audit.delay("later")
    changed = [count(1), count(4)]
    # The first of those four has not changed again.
    assert unchanged[1] - unchanged[0] <= 2 * 5
    assert changed[1] - changed[0] <= 3 * 6


def test_a_poll_without_anything_due_takes_four_queries_at_most(watched: WatchedFake, database: str) -> None:
    watched.poll()
    assert len(_poll_queries(watched, database)) <= 4


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_claim_scans_the_index_of_what_is_due(watched: WatchedFake, database: str) -> None:
    now = watched.fake.clock.now()
    AuditWatch.objects.bulk_create(
        AuditWatch(appid=f"wx{number}", auditid=number + 1, next_check_at=now + timedelta(hours=number / 50))
        for number in range(10_000)
    )
    row = AuditWatch.objects.earliest("pk")
    AuditChange.objects.bulk_create(
        AuditChange(
            watch=row,
            sequence=number,
            old_state=2,
            new_state=4,
            observed_at=now,
            next_delivery_at=now + timedelta(hours=number),
        )
        for number in range(2_000)
    )
    tables = "wxaudit_auditwatch, wxaudit_auditchange"
    _execute(database, f"ANALYZE {tables}" if database == "postgresql" else f"ANALYZE TABLE {tables}")
    claims = [query for query in _poll_queries(watched, database) if query.endswith("FOR UPDATE SKIP LOCKED")]
    assert claims
    for claim in claims:
        with connections[database].cursor() as cursor:
            cursor.execute(f"EXPLAIN {claim}")
            plan = "\n".join(str(line) for line in cursor.fetchall())
        print(plan)
        name = "wxaudit_change_due" if "auditchange" in claim else "wxaudit_watch_due"
        assert name in plan
        if database == "postgresql":
            assert "Seq Scan" not in plan


def test_the_time_is_the_databases_own_in_utc(database: str) -> None:
    """MariaDB's session has another time zone, as a server in China does."""
    before = time.time()
    told = _clock.now(database)
    # The servers run on this host; SQLite tells milliseconds.
    assert before - 0.01 <= told.timestamp() <= time.time() + 0.01
    timer = _clock.timer(database)
    assert timer() <= timer()


def _execute(database: str, statement: str) -> None:
    with connections[database].cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _in_thread(database: str, work: Callable[[], None]) -> Iterator[None]:
    problems: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connections[database].close()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(120)
    assert not thread.is_alive()
    assert problems == []


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        # MariaDB shows its transactions as they were, to those who look more often than each 0.1 seconds.
        time.sleep(0.2)


def _is_someone_waiting(database: str) -> bool:
    """Whether a transaction waits for a lock."""
    queries = {
        "postgresql": "SELECT COUNT(*) FROM pg_locks WHERE NOT granted",
        "mariadb": "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
    }
    with connections[database].cursor() as cursor:
        cursor.execute(queries[database])
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_deadlock_is_tried_again(watched: WatchedFake, database: str) -> None:
    audits = [watched.submit(state=0) for _ in range(2)]
    first, second = sorted(row.pk for _, row in audits)
    locked = threading.Event()

    def cross() -> None:
        rows = AuditWatch.objects.using(database)
        with transaction.atomic(using=database):
            if database == "postgresql":
                # The other transaction notices the deadlock first.
                _execute(database, "SET LOCAL deadlock_timeout = '30s'")
            # MariaDB ends the transaction that has changed less.
            rows.filter(pk=second).update(note="locked")
            for number in range(50):
                rows.create(appid="wx9", auditid=number + 1, next_check_at=None)
            locked.set()
            _wait_until(lambda: _is_someone_waiting(database))
            rows.filter(pk=first).update(note="locked")

    def token_source(appid: str) -> Any:
        # After the claim, before the writing.
        if not locked.is_set():
            thread.__enter__()
            assert locked.wait(60)
        return watched.token_source(appid)

    watched.configure(token_source=token_source)
    thread = _in_thread(database, cross)
    report = watched.poll()
    thread.__exit__(None, None, None)
    assert (report.decided, report.delivered) == (2, 2)
    assert list(AuditWatch.objects.filter(pk__in=[first, second]).values_list("note", flat=True)) == [
        "locked",
        "locked",
    ]
    assert AuditChange.objects.count() == 2


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_statement_timeout_is_tried_again(
    watched: WatchedFake, postgresql: PostgresqlServer, database: str
) -> None:
    _, row = watched.submit(state=0)
    locked = threading.Event()
    seen = postgresql.log.count("canceling statement due to statement timeout")

    def hold() -> None:
        with transaction.atomic(using=database):
            AuditWatch.objects.using(database).select_for_update().get(pk=row.pk)
            locked.set()
            _wait_until(lambda: postgresql.log.count("due to statement timeout") > seen)

    def token_source(appid: str) -> Any:
        thread.__enter__()
        assert locked.wait(60)
        return watched.token_source(appid)

    watched.configure(token_source=token_source)
    thread = _in_thread(database, hold)
    _execute(database, "ALTER DATABASE wxaudit SET statement_timeout = '200ms'")
    try:
        assert watched.poll().decided == 1
    finally:
        _execute(database, "ALTER DATABASE wxaudit RESET statement_timeout")
        connections[database].close()
        thread.__exit__(None, None, None)


# PyMySQL leaves the socket of a lost connection to the garbage collector.
leaves_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@leaves_sockets
@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_database_that_restarts_between_the_question_and_the_answer_gets_the_answer(
    watched: WatchedFake, database: str, request: pytest.FixtureRequest
) -> None:
    server: PostgresqlServer | MariadbServer = request.getfixturevalue(database)
    watched.submit(state=0)

    def token_source(appid: str) -> Any:
        server.stop(crash=True)
        # It is away for as long as it takes to start.
        starting.start()
        return watched.token_source(appid)

    starting = threading.Thread(target=server.start)
    watched.configure(token_source=token_source)
    report = watched.poll()
    starting.join(60)
    assert (report.decided, report.delivered) == (1, 1)
    # Between two polls too.
    watched.configure()
    audit, _ = watched.submit(state=0)
    server.stop(crash=True)
    server.start()
    assert watched.poll().decided == 1
    assert audit.polls == 1
    gc.collect()


@leaves_sockets
@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_database_that_is_gone_is_said_and_loses_nothing(
    watched: WatchedFake, database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wxaudit.django._polling import poll

    monkeypatch.setattr(poll, "_PATIENCE", 0.1)
    server: PostgresqlServer | MariadbServer = request.getfixturevalue(database)
    watched.submit(state=0)
    server.stop(crash=True)
    try:
        with pytest.raises(OperationalError):
            watched.poll()
    finally:
        server.start()
    assert watched.poll().decided == 1
    gc.collect()


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
@pytest.mark.parametrize("character_set", ["utf8mb3", "latin1"])
def test_a_text_that_the_database_does_not_store_holds_up_no_decision(
    watched: WatchedFake, database: str, character_set: str
) -> None:
    plain, _ = watched.submit(state=1, reason="plain")
    rich, row = watched.submit(state=1, reason="审核 😀")
    tables = ("wxaudit_auditwatch", "wxaudit_auditchange")

    def convert(name: str) -> None:
        for table in tables:
            _execute(database, f"ALTER TABLE {table} CONVERT TO CHARACTER SET {name}")

    convert(character_set)
    try:
        report = watched.poll()
    finally:
        convert("utf8mb4")
    assert (report.decided, report.delivered) == (2, 2)
    row.refresh_from_db()
    assert row.reason == {"utf8mb3": "审核 ?", "latin1": "?? ?"}[character_set]
    assert AuditChange.objects.get(watch=row).reason == row.reason
    assert AuditWatch.objects.get(auditid=plain.auditid).reason == "plain"
    assert rich.polls == plain.polls == 1


def test_the_migrations_are_complete(database: str, postgresql: object, mariadb: object) -> None:
    del database, postgresql, mariadb
    said = io.StringIO()
    call_command("makemigrations", "wxaudit", check_changes=True, dry_run=True, stdout=said)
    assert "No changes" in said.getvalue()


def test_the_tables_can_be_removed_and_made_again(watched: WatchedFake, database: str) -> None:
    """With a worker that has claimed rows meanwhile."""
    watched.submit(state=0)

    def token_source(appid: str) -> Any:
        call_command("migrate", "wxaudit", "zero", database=database, verbosity=0)
        call_command("migrate", "wxaudit", database=database, verbosity=0)
        return watched.token_source(appid)

    watched.configure(token_source=token_source)
    assert watched.poll() == PollReport(claimed=1, skipped=1)
    assert not AuditWatch.objects.exists()
    watched.configure()
    watch("wx1", watched.fake.submit("wx1", state=0).auditid)
    assert watched.poll().decided == 1
