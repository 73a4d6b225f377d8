"""Many audits at once: order, laziness, limits, progress and events, with both clients."""

from __future__ import annotations

import itertools
import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.submitted import submitted
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat


def test_results_come_in_the_order_of_the_input(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 500)
    # The first ones are the last to be answered.
    for _, auditid in queries[:5]:
        fake.fail_next(Fault(delay=0.2), auditid=auditid)
    batch = client_kind.client(fake).get_audit_statuses(queries)
    assert [result.auditid for result in batch] == [auditid for _, auditid in queries]
    assert [result.index for result in batch] == list(range(500))
    assert [result.unwrap().reason for result in batch] == [
        f"number {number}" if number % 2 else None for number in range(500)
    ]
    assert {result.attempts for result in batch} == {1}
    assert fake.requests_received == 500


def test_results_come_as_they_complete(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 100)
    fake.fail_next(Fault(hold=True), auditid=queries[0][1])
    results = client_kind.client(fake).iter_audit_statuses(queries)
    others = list(itertools.islice(results, 99))
    assert sorted(result.index for result in others) == list(range(1, 100))
    fake.release()
    assert [result.index for result in results] == [0]


def test_a_single_query_is_a_batch_too(client_kind: ClientKind, fake: FakeWeChat) -> None:
    batch = client_kind.client(fake).get_audit_statuses(submitted(fake, 1))
    assert batch.counts() == {"IN_REVIEW": 1}


@pytest.mark.parametrize("queries", [[], (), iter(()), {}.keys()], ids=lambda it: type(it).__name__)
def test_no_query_is_not_a_result(client_kind: ClientKind, fake: FakeWeChat, queries: Any) -> None:
    client = client_kind.client(fake)
    reports: list[Any] = []
    assert len(client.get_audit_statuses(queries, progress=lambda *it: reports.append(it))) == 0
    assert list(client.iter_audit_statuses(queries)) == []
    assert fake.connections_accepted == 0


def test_the_same_query_twice_has_two_results(client_kind: ClientKind, fake: FakeWeChat) -> None:
    query = submitted(fake, 1)[0]
    batch = client_kind.client(fake).get_audit_statuses([query, query, query])
    assert [result.auditid for result in batch] == [query[1]] * 3
    assert fake.requests_received == 3


def test_one_failure_ends_nothing(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 50)
    fake.fail_next(Fault(errcode=61007), auditid=queries[7][1])
    fake.fail_next(Fault.http(404), auditid=queries[8][1])
    fake.fail_next(Fault(body=b"<html>"), auditid=queries[9][1])
    batch = client_kind.client(fake).get_audit_statuses(queries)
    assert {result.index: type(result.error) for result in batch if not result.ok} == {
        7: wxaudit.PermissionDeniedError,
        8: wxaudit.HTTPStatusError,
        9: wxaudit.DecodeError,
    }
    errors = {error.auditid: error for error in batch.errors}
    assert errors[queries[7][1]].attempts == 1


def test_transient_failures_are_retried(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 20)
    for _, auditid in queries[::5]:
        fake.fail_next(Fault.http(503), times=2, auditid=auditid)
    batch = client_kind.client(fake).get_audit_statuses(queries)
    assert len(batch.statuses) == 20
    assert [result.attempts for result in batch] == [3, 1, 1, 1, 1] * 4


def test_an_endless_input_is_taken_as_results_are(client_kind: ClientKind, fake: FakeWeChat) -> None:
    query = submitted(fake, 1)[0]
    taken = 0

    def endless() -> Iterator[Any]:
        nonlocal taken
        while True:
            taken += 1
            yield query

    results = client_kind.client(fake).iter_audit_statuses(endless(), max_concurrency=4)
    ahead = 0
    for done, _ in enumerate(itertools.islice(results, 200), start=1):
        ahead = max(ahead, taken - done)
    # At most twice what is in flight, before and after the results that were handed over together.
    assert ahead <= 4 * 4


def test_nothing_happens_before_the_first_result_is_asked_for(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    taken: list[int] = []

    def lazy() -> Iterator[Any]:
        taken.append(1)
        yield from submitted(fake, 1)

    results = client_kind.client(fake).iter_audit_statuses(lazy())
    assert (taken, fake.connections_accepted) == ([], 0)
    assert len(list(results)) == 1


def test_no_more_requests_are_under_way_than_allowed(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 20)
    fake.fail_next(Fault(hold=True), times=3)

    def release() -> None:
        fake.wait_for_held(3)
        seen.extend([fake.requests_received, fake.connections_open])
        fake.release()

    seen: list[int] = []
    releasing = threading.Thread(target=release)
    releasing.start()
    batch = client_kind.client(fake).get_audit_statuses(queries, max_concurrency=3)
    releasing.join()
    assert seen == [3, 3]
    assert len(batch.statuses) == 20
    assert fake.connections_accepted == 3


@pytest.mark.parametrize("limit", [0.3, timedelta(milliseconds=300), wxaudit.Timeout(0.3)], ids=str)
def test_a_batch_ends_with_its_time(client_kind: ClientKind, fake: FakeWeChat, limit: Any) -> None:
    queries = submitted(fake, 40)
    fake.fail_next(Fault(hold=True), times=None, auditid=queries[0][1])
    fake.fail_next(Fault(hold=True), times=None, auditid=queries[20][1])
    client = client_kind.client(fake)
    batch = client.get_audit_statuses(iter(queries), max_concurrency=2, timeout=limit)
    assert len(batch) == 40
    cut = [result for result in batch if not result.ok]
    assert {type(result.error) for result in cut} == {wxaudit.RequestTimeout}
    assert cut[0].index == 0
    assert all("batch limit" in str(result.error) for result in cut)
    assert [result.attempts for result in cut if result.index in (0, 20)] == [1, 1]
    assert all(result.attempts == 0 for result in cut if result.index > 22)
    assert 0 < len(batch.statuses) < 39
    # What was in flight is gone, and the client goes on.
    fake.wait_for_connections_open(0)
    assert client.get_audit_status(*queries[1]).is_rejected


def test_an_iterated_batch_takes_no_more_input_when_its_time_is_over(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    query = submitted(fake, 1)[0]
    results = list(client_kind.client(fake).iter_audit_statuses(itertools.repeat(query), timeout=0.2))
    answered = [result for result in results if result.ok]
    assert answered
    assert sorted(result.index for result in results) == list(range(len(results)))
    assert {type(result.error) for result in results} <= {type(None), wxaudit.RequestTimeout}


def test_the_clients_limits_hold_for_each_query(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 5)
    fake.fail_next(Fault(hold=True), times=None, auditid=queries[2][1])
    batch = client_kind.client(fake, timeout=0.2).get_audit_statuses(queries)
    assert [result.ok for result in batch] == [True, True, False, True, True]
    assert "total limit" in str(batch[2].error)


def test_progress_is_told_to_a_callable(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 200)
    reports: list[Any] = []
    client = client_kind.client(fake)
    client.get_audit_statuses(queries, progress=lambda done, total: reports.append((done, total)))
    assert [done for done, _ in reports] == sorted({done for done, _ in reports})
    assert reports[-1] == (200, 200)
    reports.clear()
    client.get_audit_statuses(iter(queries), progress=lambda done, total: reports.append((done, total)))
    assert reports[-1] == (200, None)


def test_progress_true_draws_a_bar(
    client_kind: ClientKind, fake: FakeWeChat, capsys: pytest.CaptureFixture[str]
) -> None:
    client_kind.client(fake).get_audit_statuses(submitted(fake, 30), progress=True)
    assert "30/30" in capsys.readouterr().err


def test_a_progress_callable_that_raises_is_logged_once(
    client_kind: ClientKind, fake: FakeWeChat, caplog: pytest.LogCaptureFixture
) -> None:
    def progress(*_: object) -> None:
        raise OSError("no terminal")

    with caplog.at_level(logging.ERROR, "wxaudit"):
        batch = client_kind.client(fake).get_audit_statuses(submitted(fake, 300), progress=progress)
    assert len(batch.statuses) == 300
    assert [record.message for record in caplog.records] == ["progress raised; the batch goes on without it"]


def test_a_progress_callable_may_end_the_batch(client_kind: ClientKind, fake: FakeWeChat) -> None:
    def progress(*_: object) -> None:
        raise KeyboardInterrupt

    client = client_kind.client(fake)
    with pytest.raises(KeyboardInterrupt):
        client.get_audit_statuses(submitted(fake, 300), progress=progress)
    assert client.get_audit_statuses(submitted(fake, 3)).counts() == {"IN_REVIEW": 2, "REJECTED": 1}


def test_events_of_all_queries_are_told(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = [(token, auditid, f"wx{auditid}") for token, auditid in submitted(fake, 50)]
    events: list[wxaudit.Event] = []
    client_kind.client(fake, on_event=events.append).get_audit_statuses(queries)
    for _, auditid, appid in queries:
        kinds = [event.kind for event in events if event.auditid == auditid and event.appid == appid]
        assert kinds == ["request", "response"]


def test_breaking_off_drops_what_is_under_way(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 50)
    client = client_kind.client(fake)
    fake.fail_next(Fault(hold=True), auditid=queries[3][1])
    results = client.iter_audit_statuses(queries, max_concurrency=2)
    next(results)
    fake.wait_for_held(1)
    results.close()
    closed = fake.wait_for_connections_closed(1)
    assert closed
    assert client.get_audit_status(*queries[0]).is_pending


def test_a_closed_client_begins_no_batch(client_kind: ClientKind, fake: FakeWeChat) -> None:
    client = client_kind.client(fake)
    queries = submitted(fake, 1)
    client.close()
    with pytest.raises(RuntimeError, match="is closed"):
        client.get_audit_statuses(queries)
    with pytest.raises(RuntimeError, match="is closed"):
        list(client.iter_audit_statuses(queries))


def test_two_batches_of_one_client_run_at_once(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 60)
    client = client_kind.client(fake)
    both = zip(client.iter_audit_statuses(queries), client.iter_audit_statuses(queries), strict=True)
    pairs = list(both)
    assert sorted(one.index for one, _ in pairs) == sorted(other.index for _, other in pairs)
    assert len(pairs) == 60
