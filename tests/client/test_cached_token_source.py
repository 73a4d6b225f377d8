"""`CachedTokenSource`: what it stores, locks and refreshes, and what it takes."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

import pytest
import redis.asyncio

import wxaudit
from wxaudit import AsyncCachedTokenSource, CachedTokenSource

if TYPE_CHECKING:
    from support.servers.redis_server import RedisServer
    from wxaudit.testing import FakeWeChat

NAME = "wx0000000000000001"
KEY = f"wxaudit:token:{NAME}"


class Shop:
    """Gives tokens, each of which supersedes the one before."""

    def __init__(self, fake: FakeWeChat) -> None:
        self._fake = fake
        self.token = fake.token(NAME)
        self.refreshes: list[str] = []

    def refresh(self, name: str) -> str:
        self.refreshes.append(name)
        self._fake.expire(self.token)
        self.token = self._fake.token(NAME)
        return self.token

    async def arefresh(self, name: str) -> str:
        await asyncio.sleep(0)
        return self.refresh(name)


def test_a_stored_token_is_used_and_a_refused_one_replaced(
    fake: FakeWeChat, redis_client: redis.Redis
) -> None:
    shop, auditid = Shop(fake), fake.submit(NAME).auditid
    client = fake.client()
    source = CachedTokenSource(redis_client, shop.refresh, name=NAME)
    assert client.get_audit_status(source, auditid).auditid == auditid
    assert shop.refreshes == [NAME]
    assert redis_client.get(KEY) == shop.token.encode()
    assert client.get_audit_status(source, auditid).auditid == auditid
    assert shop.refreshes == [NAME]
    fake.expire(shop.token)
    assert client.get_audit_status(source, auditid).auditid == auditid
    assert shop.refreshes == [NAME, NAME]
    assert redis_client.get(KEY) == shop.token.encode()


def test_a_token_that_another_process_has_refreshed_is_taken_over(
    fake: FakeWeChat, redis_client: redis.Redis
) -> None:
    """Even if it was there before WeChat refused the old one: the refused token is compared."""
    shop, auditid = Shop(fake), fake.submit(NAME).auditid
    refused = fake.token(NAME)
    fake.expire(refused)
    redis_client.set(KEY, refused)

    class Late(CachedTokenSource):
        def get_token(self, *, refresh: bool = False) -> wxaudit.Token:
            token = super().get_token(refresh=refresh)
            redis_client.set(KEY, shop.token)
            return token

    source = Late(redis_client, shop.refresh, name=NAME)
    assert fake.client().get_audit_status(source, auditid).auditid == auditid
    assert shop.refreshes == []


def test_the_token_is_kept_for_its_age(fake: FakeWeChat, redis_client: redis.Redis) -> None:
    shop = Shop(fake)
    CachedTokenSource(redis_client, shop.refresh, name=NAME, max_age=100).get_token()
    assert 90 <= int(redis_client.ttl(KEY)) <= 100
    redis_client.delete(KEY)
    CachedTokenSource(redis_client, shop.refresh, name=NAME).get_token(refresh=True)
    assert 6900 <= int(redis_client.ttl(KEY)) <= 7000


@pytest.mark.parametrize("junk", [b"", b"\xff\xfe", b"a\nb"])
def test_what_is_not_a_token_is_replaced(fake: FakeWeChat, redis_client: redis.Redis, junk: bytes) -> None:
    shop = Shop(fake)
    redis_client.set(KEY, junk)
    assert CachedTokenSource(redis_client, shop.refresh, name=NAME).get_token().reveal() == shop.token


def test_an_asyncio_source(fake: FakeWeChat, redis_server: RedisServer, redis_client: redis.Redis) -> None:
    shop, auditid = Shop(fake), fake.submit(NAME).auditid

    async def main(refresh: Any) -> None:
        async with redis.asyncio.Redis(unix_socket_path=redis_server.path) as client:
            source = AsyncCachedTokenSource(client, refresh, name=NAME)
            audit = await fake.async_client().get_audit_status(source, auditid)
            assert audit.auditid == auditid
            fake.expire(shop.token)
            assert (await fake.async_client().get_audit_status(source, auditid)).auditid == auditid

    for refresh in (shop.refresh, shop.arefresh):
        redis_client.flushall()
        shop.refreshes.clear()
        asyncio.run(main(refresh))
        assert shop.refreshes == [NAME, NAME]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_lock_is_free_after_a_refresh_that_fails(
    fake: FakeWeChat, redis_server: RedisServer, redis_client: redis.Redis, asynchronous: bool
) -> None:
    def fail(name: str) -> str:
        raise LookupError(name)

    async def main() -> None:
        async with redis.asyncio.Redis(unix_socket_path=redis_server.path) as client:
            source = AsyncCachedTokenSource(client, fail, name=NAME)
            await fake.async_client().get_audit_status(source, 1234567)

    def ask() -> None:
        if asynchronous:
            asyncio.run(main())
        else:
            fake.client().get_audit_status(CachedTokenSource(redis_client, fail, name=NAME), 1234567)

    with pytest.raises(wxaudit.TokenError, match="get_token raised LookupError") as caught:
        ask()
    assert isinstance(caught.value.__cause__, LookupError)
    assert redis_client.keys() == []


def test_a_cancelled_refresh_frees_the_lock(
    fake: FakeWeChat, redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    async def main() -> None:
        refreshing = asyncio.Event()

        async def hang(_: str) -> str:
            refreshing.set()
            await asyncio.Event().wait()
            raise AssertionError

        async with redis.asyncio.Redis(unix_socket_path=redis_server.path) as client:
            source = AsyncCachedTokenSource(client, hang, name=NAME)
            call = asyncio.create_task(fake.async_client().get_audit_status(source, 1234567))
            await asyncio.wait_for(refreshing.wait(), 20)
            assert redis_client.keys() == [f"{KEY}:lock".encode()]
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert redis_client.keys() == []

    asyncio.run(main())


def test_a_lock_that_never_becomes_free_ends_with_an_error(
    fake: FakeWeChat, redis_client: redis.Redis
) -> None:
    redis_client.set(f"{KEY}:lock", "of nobody")
    source = CachedTokenSource(redis_client, Shop(fake).refresh, name=NAME, lease=1)
    with pytest.raises(
        TimeoutError, match=r"was not free for 2 s; check that refresh returns within the lease"
    ):
        source.get_token()


@pytest.mark.parametrize("given", ["a function", "a lock"])
def test_another_lock_may_be_used(fake: FakeWeChat, redis_client: redis.Redis, given: str) -> None:
    shop, made = Shop(fake), list[tuple[str, float]]()

    class Lock:
        held: list[bool] = []  # noqa: RUF012  # what all of them have seen

        def acquire(self, *, blocking: bool) -> bool:
            self.held.append(True)
            return not blocking

        def release(self) -> None:
            self.held.append(False)

    def make(key: str, lease: float) -> Lock:
        made.append((key, lease))
        return Lock()

    lock = make if given == "a function" else Lock()
    Lock.held.clear()
    CachedTokenSource(redis_client, shop.refresh, lock, name=NAME, lease=9).get_token()
    assert Lock.held == [True, False]
    assert made == ([(f"{KEY}:lock", 9.0)] if given == "a function" else [])


# What a source is


def test_sources_of_one_store_and_name_are_equal(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    def refresh(_: str) -> str:
        raise AssertionError

    source = CachedTokenSource(redis_client, refresh, name=NAME)
    assert source == CachedTokenSource(redis_client, refresh, name=NAME)
    assert hash(source) == hash(CachedTokenSource(redis_client, refresh, name=NAME))
    assert source != CachedTokenSource(redis_client, refresh, name="wx2")
    assert source != object()
    with redis_server.client() as other:
        assert source != CachedTokenSource(other, refresh, name=NAME)
    assert copy.copy(source) == source
    assert repr(source) == f"<CachedTokenSource of '{NAME}'>"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"store": {}}, "store must be a client of redis-py or a cache of Django, got dict"),
        ({"store": redis.asyncio.Redis()}, "takes a client of redis, not of redis.asyncio"),
        ({"refresh": "a text"}, "refresh must be callable"),
        ({"name": ""}, "name must be a text of 1 to 64 characters, such as an appid, got 0 characters"),
        ({"name": "x" * 65}, "got 65 characters"),
        ({"name": 7}, "name must be a text"),
        ({"lock": 7}, "lock must be a function that makes the lock of a key, or a lock, got 7"),
        ({"max_age": 0}, "max_age must be at least 1 second"),
        ({"lease": "x"}, "lease must be a number of seconds"),
    ],
)
def test_invalid_arguments(redis_client: redis.Redis, changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"store": redis_client, "refresh": str, "name": NAME, **changes}
    with pytest.raises(wxaudit.ArgumentError, match=message):
        CachedTokenSource(**arguments)


def test_invalid_arguments_of_an_asyncio_source(redis_client: redis.Redis) -> None:
    with pytest.raises(wxaudit.ArgumentError, match=r"takes a client of redis\.asyncio, not of redis"):
        AsyncCachedTokenSource(redis_client, str, name=NAME)

    async def refresh(name: str) -> str:
        return name

    with pytest.raises(wxaudit.ArgumentError, match="refresh is a coroutine function"):
        CachedTokenSource(redis_client, refresh, name=NAME)  # type: ignore[arg-type]  # refused


def test_no_key_message_or_repr_shows_a_token(fake: FakeWeChat, redis_client: redis.Redis) -> None:
    shop, auditid = Shop(fake), fake.submit(NAME).auditid
    events: list[wxaudit.Event] = []
    source = CachedTokenSource(redis_client, shop.refresh, name=NAME)
    fake.client(on_event=events.append).get_audit_status(source, auditid)
    shown = [repr(source), repr(events), repr(redis_client.keys()), repr(source.get_token())]
    assert not [text for text in shown if shop.token in text]
    assert redis_client.keys() == [KEY.encode()]
