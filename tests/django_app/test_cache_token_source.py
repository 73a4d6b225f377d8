"""`CacheTokenSource`: tokens of Django's cache, with one refresh for all."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache, caches
from django.core.exceptions import ImproperlyConfigured

import wxaudit
from wxaudit import ArgumentError, TokenError
from wxaudit.django import CacheTokenSource, _clients, get_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.django.watched_fake import WatchedFake
    from support.servers.redis_server import RedisServer
    from wxaudit.testing import FakeWeChat

APPID = "wx1"


@pytest.fixture(params=["redis", "database"])
def kind(request: pytest.FixtureRequest, settings: Any) -> Iterator[str]:
    """Django's cache in Redis, and in the database."""
    backends = {
        "redis": ("redis.RedisCache", ""),
        "database": ("db.DatabaseCache", "django_cache"),
    }
    name, location = backends[request.param]
    if request.param == "redis":
        location = f"unix://{request.getfixturevalue('redis_server').path}"
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{name}", "LOCATION": location}}
    if request.param == "database":
        from django.core.management import call_command

        request.getfixturevalue("django_db_setup")
        with request.getfixturevalue("django_db_blocker").unblock():
            call_command("createcachetable", verbosity=0)
            yield request.param
            cache.clear()
        return
    yield request.param
    cache.clear()
    caches["default"].close()


def never(key: str, lease: float) -> Any:
    """The lock of a source that refreshes nothing."""
    raise AssertionError(key, lease)


def configure(settings: Any, fake: FakeWeChat, source: CacheTokenSource) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": source, "CLIENT": {"base_url": fake.base_url}}


def asked(fake: FakeWeChat) -> str | None:
    audit = fake.submit(APPID)
    source = _clients.token_source(APPID)
    return get_client().get_audit_status(source, audit.auditid, appid=APPID).appid


def test_a_token_that_another_program_keeps_needs_no_code(settings: Any, fake: FakeWeChat, kind: str) -> None:
    del kind
    cache.set("wechat:wx1:token", fake.token(APPID), timeout=None)
    configure(settings, fake, CacheTokenSource("wechat:{appid}:token"))
    assert asked(fake) == APPID


@pytest.mark.parametrize("state", ["missing", "expired", "not a token"])
def test_what_nothing_refreshes_fails_the_call(
    settings: Any, fake: FakeWeChat, kind: str, state: str
) -> None:
    del kind
    if state == "expired":
        expired = fake.token(APPID)
        fake.expire(expired)
        cache.set("wxaudit:token:wx1", expired)
    elif state != "missing":
        cache.set("wxaudit:token:wx1", {"access_token": 1})
    configure(settings, fake, CacheTokenSource())
    with pytest.raises(TokenError) as caught:
        asked(fake)
    assert "nothing refreshes it" in str(caught.value.__cause__)


def test_a_refused_token_is_refreshed_once_for_all_threads(
    settings: Any, fake: FakeWeChat, kind: str
) -> None:
    refreshed: list[str] = []

    def refresh(appid: str) -> str:
        refreshed.append(appid)
        return fake.token(appid)

    expired = fake.token(APPID)
    fake.expire(expired)
    cache.set("token-of-wx1", expired)
    # Each thread has a connection of its own to the database, which its end must close.
    threads = 1 if kind == "database" else 8
    configure(settings, fake, CacheTokenSource("token-of-{appid}", refresh))
    answers: list[str | None] = []
    working = [threading.Thread(target=lambda: answers.append(asked(fake))) for _ in range(threads - 1)]
    for thread in working:
        thread.start()
    answers.append(asked(fake))
    for thread in working:
        thread.join()
    assert answers == [APPID] * threads
    assert refreshed == [APPID]
    assert cache.get("token-of-wx1") not in (None, expired)


def test_a_watch_asks_with_it(
    database: str, watched: WatchedFake, settings: Any, redis_server: RedisServer
) -> None:
    del database
    location = f"unix://{redis_server.path}"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": location}
    }
    watched.configure(token_source=CacheTokenSource(refresh=watched.fake.token))
    watched.submit("wx1")
    watched.submit("wx2")
    assert watched.poll().answered == 2
    assert {cache.get("wxaudit:token:wx1"), cache.get("wxaudit:token:wx2")}.isdisjoint({None})


def test_sources_of_one_mini_program_are_equal() -> None:
    of = CacheTokenSource(lock=never)
    assert of("wx1") == of("wx1")
    assert hash(of("wx1")) == hash(of("wx1"))
    assert of("wx1") != of("wx2")
    assert of("wx1") != CacheTokenSource("other:{appid}", lock=never)("wx1")
    assert of("wx1").same_thread
    assert not CacheTokenSource(same_thread=False, lock=never)("wx1").same_thread


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"key": "token"}, r"key must be a text with \{appid\} in it"),
        ({"key": 5}, r"key must be a text with \{appid\} in it, .* got 5"),
        ({"refresh": "not-a-path"}, "refresh must be a function, or the dotted path of one"),
        ({"refresh": 5}, "refresh must be callable, got 5"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        CacheTokenSource(**arguments)


def test_a_refresh_that_does_not_import() -> None:
    with pytest.raises(ImproperlyConfigured, match="refresh of CacheTokenSource does not import"):
        CacheTokenSource(refresh="no_such_module.refresh")("wx1")


def test_a_key_of_a_cached_token_source() -> None:
    with pytest.raises(ArgumentError, match="key must be a text that is not empty"):
        wxaudit.CachedTokenSource(cache, str, name="wx1", key="")


def test_a_cache_that_processes_do_not_share_is_refused() -> None:
    with pytest.raises(ArgumentError, match="processes do not share Django's local-memory cache"):
        CacheTokenSource()("wx1")
