"""What callers pass as queries: each that cannot be used is an outcome of its own, and nothing is lost."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy
import pytest

import wxaudit
from secrecy.passed import shown_locals
from support.submitted import submitted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

TOKEN = "a-token-that-is-long-enough-to-be-masked-0123456789"


class Strange:
    """Fails to be a number."""

    def __index__(self) -> int:
        raise OverflowError("no number after all")


def refused(client_kind: ClientKind, fake: FakeWeChat, *queries: Any) -> list[str]:
    """The messages of these queries' errors, between two good ones that are answered."""
    good = submitted(fake, 2)
    batch = client_kind.client(fake).get_audit_statuses([good[0], *queries, good[1]])
    assert [result.ok for result in batch] == [True, *[False] * len(queries), True]
    assert {type(error) for error in batch.errors} == {wxaudit.ArgumentError}
    assert {result.attempts for result in batch if not result.ok} == {0}
    assert fake.requests_received == 2
    assert TOKEN not in repr(batch.to_records())
    return [str(error) for error in batch.errors]


def test_a_query_of_the_wrong_shape_is_an_outcome(client_kind: ClientKind, fake: FakeWeChat) -> None:
    shapes: list[Any] = [TOKEN, 7, None, (), (TOKEN,), (TOKEN, 1, "wx", 4), {TOKEN: 1}, [TOKEN]]
    messages = refused(client_kind, fake, *shapes)
    expected = "query: expected AuditQuery(token, auditid) or (token, auditid), got "
    of_pairs = "; write [(token, auditid), …], a token with each auditid"
    assert [message.removeprefix(expected) for message in messages] == [
        "str" + of_pairs,
        "int" + of_pairs,
        "NoneType",
        "a tuple of 0",
        "a tuple of 1",
        "a tuple of 4",
        'dict; write (item["token"], item["auditid"])',
        "a list of 1",
    ]


def test_an_auditid_that_is_none_is_an_outcome(client_kind: ClientKind, fake: FakeWeChat) -> None:
    ids: list[Any] = [True, 0, -1, 2**63, 10**400, " 1", "", None, "1.0", Decimal(5), [], Strange(), TOKEN]
    messages = refused(client_kind, fake, *((TOKEN, auditid) for auditid in ids))
    assert all(message.startswith("auditid: ") for message in messages if "OverflowError" not in message)
    assert [message for message in messages if "OverflowError" in message] == [
        "query: reading it raised OverflowError"
    ]


def test_a_float_without_a_whole_number_is_an_outcome(client_kind: ClientKind, fake: FakeWeChat) -> None:
    floats: list[Any] = [
        float("nan"),
        0.5,
        0.0,
        -1.0,
        float("inf"),
        2.0**53,
        2.0**60,
        1e300,
        numpy.float64("nan"),
    ]
    messages = refused(client_kind, fake, *((TOKEN, number) for number in floats))
    assert messages[0] == messages[-1] == "auditid: is missing (NaN)"
    assert "fraction" in messages[1]


def test_an_auditid_that_a_table_has_made_a_float_is_taken(client_kind: ClientKind, fake: FakeWeChat) -> None:
    audit = fake.submit(auditid=441617767)
    token = fake.token()
    ids: list[Any] = [441617767.0, numpy.float64(441617767), numpy.int64(441617767), "441617767"]
    batch = client_kind.client(fake).get_audit_statuses([(token, auditid) for auditid in ids])
    assert [status.auditid for status in batch.statuses] == [audit.auditid] * 4


def test_a_token_that_is_none_is_an_outcome(client_kind: ClientKind, fake: FakeWeChat) -> None:
    tokens: list[Any] = ["", None, 5, b"bytes", TOKEN + "\n", "x" * 5000, object()]
    messages = refused(client_kind, fake, *((token, 1234567) for token in tokens))
    assert all(message.startswith("token: ") for message in messages)


def test_an_appid_comes_back_on_each_outcome(client_kind: ClientKind, fake: FakeWeChat) -> None:
    token, auditid = submitted(fake, 1)[0]
    queries: list[Any] = [
        (token, auditid, "wx1"),
        (token, float("nan"), "wx2"),
        (token, 1, "wx3"),
        (token, auditid, 7),
        (token, auditid, None),
        wxaudit.AuditQuery(token, auditid, "wx4"),
    ]
    batch = client_kind.client(fake).get_audit_statuses(queries)
    assert [result.appid for result in batch] == ["wx1", "wx2", "wx3", None, None, "wx4"]
    assert [result.auditid for result in batch] == [auditid, None, 1, None, auditid, auditid]
    assert [error.appid for error in batch.errors] == ["wx2", "wx3", None]


def test_an_argument_error_in_the_place_of_a_query_is_its_outcome(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    good, error = submitted(fake, 2), wxaudit.ArgumentError("no such row")
    error.appid = "wx2"
    queries = [good[0], error, good[1]]
    batch = client_kind.client(fake).get_audit_statuses(queries)
    assert [result.ok for result in batch] == [True, False, True]
    assert (batch[1].error, batch[1].appid, batch[1].attempts) == (error, "wx2", 0)
    waited: Any = client_kind.client(fake).inner.wait_for_decisions([error], timeout=1)
    (result,) = waited if client_kind.kind == "blocking" else client_kind.each(waited)
    assert (result.error, result.appid, result.index) == (error, "wx2", 0)


@pytest.mark.parametrize(
    "queries",
    [TOKEN, TOKEN.encode(), 7, None, {TOKEN: 1}, object()],
    ids=lambda queries: type(queries).__name__,
)
def test_what_holds_no_queries_is_refused_at_once(
    client_kind: ClientKind, fake: FakeWeChat, queries: Any
) -> None:
    client = client_kind.client(fake)
    for begin in (client.get_audit_statuses, client.iter_audit_statuses):
        with pytest.raises(wxaudit.ArgumentError, match="queries must be an iterable") as caught:
            begin(queries)
        shown = list(shown_locals(caught.value))
        assert shown
        assert TOKEN not in repr(shown)


def test_a_frame_is_refused_with_what_to_write(client_kind: ClientKind, fake: FakeWeChat) -> None:
    client = client_kind.client(fake)
    with pytest.raises(wxaudit.ArgumentError, match="queries_from_frame"):
        client.get_audit_statuses(wxaudit.AuditBatch())


@pytest.mark.parametrize("value", [0, -1, 65, 1.5, "8", True, TOKEN], ids=str)
def test_max_concurrency_is_checked_at_once(client_kind: ClientKind, fake: FakeWeChat, value: Any) -> None:
    client = client_kind.client(fake)
    for begin in (client.get_audit_statuses, client.iter_audit_statuses):
        with pytest.raises(wxaudit.ArgumentError, match="max_concurrency") as caught:
            begin([], max_concurrency=value)
        assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("value", [0, -1, float("nan"), "1", True, TOKEN], ids=str)
def test_timeout_is_checked_at_once(client_kind: ClientKind, fake: FakeWeChat, value: Any) -> None:
    client = client_kind.client(fake)
    for begin in (client.get_audit_statuses, client.iter_audit_statuses):
        with pytest.raises(wxaudit.ArgumentError, match="timeout"):
            begin([], timeout=value)


@pytest.mark.parametrize("value", [1, "yes", []], ids=str)
def test_progress_is_checked_at_once(client_kind: ClientKind, fake: FakeWeChat, value: Any) -> None:
    with pytest.raises(wxaudit.ArgumentError, match="progress must be True or a callable"):
        client_kind.client(fake).get_audit_statuses([], progress=value)


def test_an_input_that_raises_ends_a_collected_batch(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 10)

    def broken() -> Iterator[Any]:
        yield from queries
        raise LookupError("no more rows")

    client = client_kind.client(fake)
    with pytest.raises(LookupError, match="no more rows"):
        client.get_audit_statuses(broken())
    assert len(client.get_audit_statuses(queries).statuses) == 10


def test_an_input_that_raises_still_gives_what_was_taken_from_it(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    queries = submitted(fake, 300)

    def broken() -> Iterator[Any]:
        yield from queries
        raise LookupError("no more rows")

    seen: list[int] = []
    with pytest.raises(LookupError, match="no more rows"):
        seen.extend(result.index for result in client_kind.client(fake).iter_audit_statuses(broken()))
    assert sorted(seen) == list(range(300))


def test_an_input_that_is_interrupted_ends_the_batch(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 10)

    def interrupted() -> Iterator[Any]:
        yield from queries
        raise KeyboardInterrupt

    client = client_kind.client(fake)
    with pytest.raises(KeyboardInterrupt):
        list(client.iter_audit_statuses(interrupted()))
    assert len(client.get_audit_statuses(queries).statuses) == 10


def test_an_async_input_is_for_the_async_client_alone(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = submitted(fake, 200)

    async def asynchronous(broken: bool = False) -> AsyncIterator[Any]:
        for query in queries:
            yield query
        if broken:
            raise LookupError("no more rows")

    client = client_kind.client(fake)
    if client_kind.kind == "blocking":
        with pytest.raises(wxaudit.ArgumentError, match="only AsyncClient takes an async iterable"):
            client.get_audit_statuses(asynchronous())
        return
    batch = client.get_audit_statuses(asynchronous())
    assert [result.auditid for result in batch] == [auditid for _, auditid in queries]
    assert len(list(client.iter_audit_statuses(asynchronous(), max_concurrency=3))) == 200
    with pytest.raises(LookupError, match="no more rows"):
        client.get_audit_statuses(asynchronous(broken=True))
    seen: list[int] = []
    with pytest.raises(LookupError, match="no more rows"):
        seen.extend(it.index for it in client.iter_audit_statuses(asynchronous(broken=True)))
    assert sorted(seen) == list(range(200))


def test_refused_queries_of_an_async_input_do_not_pile_up(fake: FakeWeChat) -> None:
    taken = 0

    async def wrong() -> AsyncIterator[Any]:
        nonlocal taken
        while True:
            taken += 1
            yield "no query"

    async def main() -> int:
        ahead = done = 0
        async for result in fake.async_client().iter_audit_statuses(wrong(), max_concurrency=4):
            assert not result.ok
            done += 1
            ahead = max(ahead, taken - done)
            if done == 1000:
                break
        return ahead

    assert asyncio.run(main()) <= 4 * 4
