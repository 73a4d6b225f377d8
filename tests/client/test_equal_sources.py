"""Token sources that are equal share their lookups and refreshes; those that are not share nothing."""

from __future__ import annotations

import asyncio
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.token_sources import wait_for_token_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

APPIDS = ["wx0000000000000001", "wx0000000000000002", "wx0000000000000003"]


class Shop:
    """The tokens of a platform: one for each mini program, with the refreshes counted."""

    def __init__(self, fake: FakeWeChat) -> None:
        self._fake = fake
        self.tokens = {appid: fake.token(appid) for appid in APPIDS}
        self.refreshes: list[str] = []

    def get_token(self, appid: str, refresh: bool) -> str:
        if refresh:
            self.refreshes.append(appid)
            self.expire(appid)
            self.tokens[appid] = self._fake.token(appid)
        return self.tokens[appid]

    def expire(self, appid: str) -> None:
        """A new token supersedes the one before."""
        self._fake.expire(self.tokens[appid])


@dataclass(frozen=True)
class Frozen:
    """As the README shows it."""

    shop: Shop
    appid: str

    def get_token(self, *, refresh: bool = False) -> str:
        return self.shop.get_token(self.appid, refresh)


@dataclass(frozen=True)
class AsyncFrozen:
    shop: Shop
    appid: str

    async def get_token(self, *, refresh: bool = False) -> str:
        await asyncio.sleep(0)
        return self.shop.get_token(self.appid, refresh)


@dataclass(frozen=True)
class FrozenInThread(Frozen):
    same_thread: bool = field(default=True, init=False)


KINDS = [Frozen, FrozenInThread, AsyncFrozen]


@pytest.mark.parametrize("make", KINDS)
def test_a_source_for_each_query_is_one_refresh_for_each_mini_program(
    client_kind: ClientKind, fake: FakeWeChat, make: Any
) -> None:
    """The example of the README: 300 queries, each with a source of its own, once made 64 refreshes."""
    if make is AsyncFrozen and client_kind.kind == "blocking":
        make = Frozen
    shop = Shop(fake)
    audits = {appid: fake.submit(appid).auditid for appid in APPIDS}
    for appid in APPIDS:
        shop.expire(appid)
    queries = [wxaudit.AuditQuery(make(shop, appid), audits[appid], appid) for appid in APPIDS * 100]
    batch = client_kind.client(fake, timeout=60).get_audit_statuses(queries)
    assert batch.counts() == {"IN_REVIEW": 300}
    print(f"\n300 queries with a source each, 3 mini programs: {len(shop.refreshes)} refreshes")
    assert sorted(shop.refreshes) == APPIDS


def test_a_source_for_each_call_in_threads_is_one_refresh(fake: FakeWeChat) -> None:
    shop, auditid = Shop(fake), fake.submit(APPIDS[0]).auditid
    shop.expire(APPIDS[0])
    client = fake.client(timeout=60)
    with ThreadPoolExecutor(32) as pool:
        calls = [pool.submit(client.get_audit_status, Frozen(shop, APPIDS[0]), auditid) for _ in range(200)]
        assert {call.result().auditid for call in calls} == {auditid}
    assert shop.refreshes == [APPIDS[0]]


def test_a_source_for_each_asyncio_call_is_one_refresh(fake: FakeWeChat) -> None:
    shop, auditid = Shop(fake), fake.submit(APPIDS[0]).auditid
    shop.expire(APPIDS[0])
    client = fake.async_client(timeout=60)

    async def main() -> None:
        calls = [client.get_audit_status(AsyncFrozen(shop, APPIDS[0]), auditid) for _ in range(200)]
        assert {status.auditid for status in await asyncio.gather(*calls)} == {auditid}

    asyncio.run(main())
    assert shop.refreshes == [APPIDS[0]]


def test_the_appid_alone_shares_nothing(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """It is a label: with a wrong one, a token would be sent for another mini program's audit."""
    asked: list[int] = []

    def source_of(number: int) -> Any:
        def get_token(_: bool) -> str:
            asked.append(number)
            return fake.token()

        return client_kind.token_source(get_token)

    auditid = fake.submit().auditid
    queries = [(source_of(number), auditid, "wx1") for number in range(20)]
    assert client_kind.client(fake).get_audit_statuses(queries).counts() == {"IN_REVIEW": 20}
    assert sorted(asked) == list(range(20))


@dataclass
class Mutable:
    """Equal, and without a hash: it may become another one."""

    token: str
    asked: list[int] = field(default_factory=list, compare=False)

    def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        self.asked.append(1)
        return self.token


def test_sources_without_a_hash_go_by_identity(client_kind: ClientKind, fake: FakeWeChat) -> None:
    one, other = Mutable(fake.token()), Mutable("")
    other.token = one.token
    assert one == other
    auditid = fake.submit().auditid
    batch = client_kind.client(fake).get_audit_statuses([(one, auditid), (other, auditid)] * 10)
    assert batch.counts() == {"IN_REVIEW": 20}
    assert (one.asked, other.asked) == ([1], [1])


class Colliding:
    """All have one hash, and each is equal to those of its number."""

    def __init__(self, fake: FakeWeChat, number: int, asked: list[int]) -> None:
        self._fake, self._number, self._asked = fake, number, asked

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Colliding) and other._number == self._number

    def __hash__(self) -> int:
        return 7

    def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        self._asked.append(self._number)
        return self._fake.token()


def test_an_equal_hash_is_not_enough(fake: FakeWeChat) -> None:
    auditid, asked = fake.submit().auditid, list[int]()
    queries = [(Colliding(fake, number % 10, asked), auditid) for number in range(100)]
    assert fake.client().get_audit_statuses(queries).counts() == {"IN_REVIEW": 100}
    assert sorted(asked) == list(range(10))


class Broken:
    """Cannot be compared, or not even hashed."""

    def __init__(self, raising: str) -> None:
        self._raising = raising

    def __eq__(self, other: object) -> bool:
        if self._raising == "__eq__":
            raise LookupError("secret-canary")
        return NotImplemented

    def __hash__(self) -> int:
        if self._raising == "__hash__":
            raise LookupError("secret-canary")
        # Not that of another test, whose sources may still be in use.
        return hash(type(self))

    def get_token(self, *, refresh: bool = False) -> str:
        raise AssertionError(refresh)


def test_a_source_that_cannot_be_hashed_is_an_argument_error(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    client = client_kind.client(fake)
    with pytest.raises(
        wxaudit.ArgumentError, match="__hash__ of the token source Broken raised LookupError"
    ) as caught:
        client.get_audit_status(Broken("__hash__"), 1234567)
    assert isinstance(caught.value.__cause__, LookupError)
    assert "secret-canary" not in str(caught.value)
    token, auditid = fake.token(), fake.submit().auditid
    batch = client.get_audit_statuses(
        [(token, auditid), (Broken("__hash__"), 1234567, "wx1"), (token, auditid)]
    )
    assert [result.ok for result in batch] == [True, False, True]
    error = batch.errors[0]
    assert isinstance(error, wxaudit.ArgumentError)
    assert (error.appid, error.auditid, error.attempts) == ("wx1", 1234567, 0)
    assert isinstance(error.__cause__, LookupError)


def test_a_source_that_cannot_be_compared_is_an_argument_error(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    class Held(Broken):
        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            return token

    token, auditid = fake.token(), fake.submit().auditid
    queries = [(Held("__eq__"), auditid), (Held("__eq__"), auditid)]
    batch = client_kind.client(fake).get_audit_statuses(queries)
    assert [result.ok for result in batch] == [True, False]
    assert "__eq__ of the token source Held raised LookupError" in str(batch.errors[0])


def test_an_interrupt_in_a_hash_stays_what_it_is(client_kind: ClientKind, fake: FakeWeChat) -> None:
    class Interrupted(Broken):
        def __hash__(self) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client_kind.client(fake).get_audit_status(Interrupted(""), 1234567)
    with pytest.raises(KeyboardInterrupt):
        client_kind.client(fake).get_audit_statuses([(Interrupted(""), 1234567)])


def test_a_failure_has_its_cause_in_all_calls_that_share_it(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    @dataclass(frozen=True)
    class Failing:
        appid: str

        def get_token(self, *, refresh: bool = False) -> str:
            raise LookupError(refresh)

    batch = client_kind.client(fake).get_audit_statuses([(Failing("wx1"), 1234567) for _ in range(20)])
    assert [type(error.__cause__) for error in batch.errors] == [LookupError] * 20


def test_equal_sources_are_let_go(client_kind: ClientKind, fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    seen: list[weakref.ref[Any]] = []
    alive: list[int] = []

    @dataclass(frozen=True)
    class Equal:
        appid: str

        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            return token

    def queries() -> Iterator[Any]:
        for number in range(3000):
            source = Equal(f"wx{number % 5}")
            seen.append(weakref.ref(source))
            yield source, auditid
            del source

    for result in client_kind.client(fake).iter_audit_statuses(queries(), max_concurrency=4):
        assert result.ok
        alive.append(sum(it() is not None for it in seen[-200:]))
    wait_for_token_threads()
    gc.collect()
    print(f"\n3000 sources of 5 mini programs: {max(alive)} were alive at once")
    # One for each mini program, and those of the queries in flight: 16 for each permit may wait.
    assert max(alive) <= 5 + 4 * (16 + 4)
    assert [it() for it in seen] == [None] * 3000


def test_queries_with_equal_sources_are_equal(fake: FakeWeChat) -> None:
    shop = Shop(fake)
    query = wxaudit.AuditQuery(Frozen(shop, "wx1"), 1234567)
    assert query == wxaudit.AuditQuery(Frozen(shop, "wx1"), 1234567)
    assert hash(query) == hash(wxaudit.AuditQuery(Frozen(shop, "wx1"), 1234567))
    assert query != wxaudit.AuditQuery(Frozen(shop, "wx2"), 1234567)
    assert query != wxaudit.AuditQuery(fake.token(), 1234567)
