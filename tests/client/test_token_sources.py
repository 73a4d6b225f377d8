"""Token sources: what they may give, where they are asked, and that they hold no call beyond its limit."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from stopwatch import Stopwatch

import wxaudit
from support.client_kind import ClientKind
from support.token_sources import (
    AsyncSource,
    BlockingSource,
    SourceSetup,
    StrangeError,
    StrangeExit,
    released_source,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from wxaudit.testing import FakeWeChat

# How long a call may go on behind its time limit.
GRACE = 0.05


# What a source may give


def test_a_source_that_raises(source_setup: SourceSetup, fake: FakeWeChat) -> None:
    client, cause = (
        source_setup.client_kind.client(fake),
        StrangeError("the text of a foreign exception, secret-canary"),
    )

    def get_token(_: bool) -> str:
        raise cause

    with pytest.raises(wxaudit.TokenError) as caught:
        client.get_audit_status(source_setup.source(get_token), 1)
    assert caught.value.__cause__ is cause
    assert "get_token raised StrangeError" in str(caught.value)
    assert "secret-canary" not in str(caught.value)
    assert (caught.value.errcode, caught.value.attempts, fake.requests_received) == (None, 0, 0)


def test_a_source_says_why_by_a_token_error(source_setup: SourceSetup, fake: FakeWeChat) -> None:
    client, cause = source_setup.client_kind.client(fake), wxaudit.TokenError("the vault is sealed")

    def get_token(_: bool) -> str:
        raise cause

    with pytest.raises(wxaudit.TokenError, match="the token source failed: the vault is sealed") as caught:
        client.get_audit_status(source_setup.source(get_token), 1)
    assert caught.value.__cause__ is cause
    assert (caught.value.errcode, fake.requests_received) == (None, 0)


def test_a_source_that_raises_at_refresh(source_setup: SourceSetup, fake: FakeWeChat) -> None:
    client, cause = source_setup.client_kind.client(fake), StrangeError()

    def get_token(refresh: bool) -> str:
        if refresh:
            raise cause
        return stale

    stale = fake.token()
    fake.expire(stale)
    with pytest.raises(wxaudit.TokenError) as caught:
        client.get_audit_status(source_setup.source(get_token), 1)
    assert caught.value.__cause__ is cause
    assert (caught.value.attempts, fake.requests_received) == (1, 1)


def test_a_source_in_another_thread_may_raise_anything(fake: FakeWeChat) -> None:
    """What `except Exception` lets through has nobody to go to in that thread: it is the cause, too."""

    def get_token(_: bool) -> str:
        raise StrangeExit

    for kind in ("blocking", "asyncio"):
        client_kind = ClientKind(kind)
        client = client_kind.client(fake, timeout=5)
        begun = time.monotonic()
        with pytest.raises(wxaudit.TokenError) as caught:
            client.get_audit_status(BlockingSource(get_token), 1)
        assert isinstance(caught.value.__cause__, StrangeExit)
        assert time.monotonic() - begun < 2
        client_kind.close()


@pytest.mark.parametrize(
    "given",
    ["", "a\nb", " a", "a" * 4096, b"a token", bytearray(b"a token"), None, 7, ["a token"], object()],
    ids=["empty", "line break", "blank", "4 KiB", "bytes", "bytearray", "None", "int", "list", "object"],
)
def test_what_is_not_a_token_is_not_sent(source_setup: SourceSetup, fake: FakeWeChat, given: object) -> None:
    client = source_setup.client_kind.client(fake)
    with pytest.raises(wxaudit.TokenError, match="the token source failed") as caught:
        client.get_audit_status(source_setup.source(lambda _: given), 1, appid="wx1")
    error = caught.value
    assert (error.errcode, error.attempts, error.auditid, error.appid) == (None, 0, 1, "wx1")
    assert not error.retryable
    assert fake.requests_received == 0


def test_a_subclass_of_str_is_a_token(source_setup: SourceSetup, fake: FakeWeChat) -> None:
    class Text(str):
        __slots__ = ()

    audit, client = fake.submit(), source_setup.client_kind.client(fake)
    token = Text(fake.token())
    assert (
        client.get_audit_status(source_setup.source(lambda _: token), audit.auditid).auditid == audit.auditid
    )


def test_a_source_that_knows_no_refresh(client_kind: ClientKind, fake: FakeWeChat) -> None:
    class Source:
        def get_token(self) -> str:
            return fake.token()

    source: Any = Source()
    with pytest.raises(wxaudit.TokenError) as caught:
        client_kind.client(fake).get_audit_status(source, 1)
    assert isinstance(caught.value.__cause__, TypeError)


def test_an_async_source_is_not_for_the_blocking_client(fake: FakeWeChat) -> None:
    source: Any = AsyncSource(lambda _: fake.token())
    # Its coroutine is closed: that it was never awaited would be a warning, and so an error here.
    with pytest.raises(wxaudit.TokenError, match="only AsyncClient can await it"):
        fake.client().get_audit_status(source, 1)
    assert fake.requests_received == 0


def test_an_async_source_may_be_wrapped(fake: FakeWeChat) -> None:
    """A decorator that is a plain function hides that the function behind it is a coroutine function."""
    audit, threads = fake.submit(), []

    class Source:
        def get_token(self, *, refresh: bool = False) -> Awaitable[str]:
            return self._get_token(refresh)

        async def _get_token(self, refresh: bool) -> str:
            assert not refresh
            threads.append(threading.current_thread())
            return fake.token()

    source: Any = Source()
    status = asyncio.run(fake.async_client().get_audit_status(source, audit.auditid))
    assert status.auditid == audit.auditid
    assert threads == [threading.current_thread()]


# Time


@pytest.mark.parametrize("hang_at_refresh", [False, True])
def test_a_blocking_source_that_hangs(
    client_kind: ClientKind, fake: FakeWeChat, hang_at_refresh: bool
) -> None:
    audit, token, client = fake.submit(), fake.token(), client_kind.client(fake)
    if hang_at_refresh:
        fake.expire(token)
    release = threading.Event()
    source, asked = released_source(release, hang_at_refresh, token)
    stopwatch = Stopwatch()
    with pytest.raises(wxaudit.TokenError, match="did not return within the time limit") as caught:
        client.get_audit_status(source, audit.auditid, timeout=0.3)
    took = stopwatch.seconds()
    release.set()
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert 0.25 <= took <= 0.3 + GRACE
    assert fake.requests_received == caught.value.attempts == int(hang_at_refresh)
    assert asked == [False, True][: 1 + hang_at_refresh]


@pytest.mark.parametrize("hang_at_refresh", [False, True])
def test_an_async_source_that_hangs_is_cancelled(fake: FakeWeChat, hang_at_refresh: bool) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    if hang_at_refresh:
        fake.expire(token)
    cancelled: list[bool] = []

    class Source:
        async def get_token(self, *, refresh: bool = False) -> str:
            if refresh == hang_at_refresh:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled.append(refresh)
                    raise
            return token

    async def main() -> float:
        stopwatch = Stopwatch()
        with pytest.raises(wxaudit.TokenError, match="did not return within the time limit") as caught:
            await client.get_audit_status(Source(), audit.auditid, timeout=0.3)
        assert isinstance(caught.value.__cause__, TimeoutError)
        return stopwatch.seconds()

    assert 0.25 <= asyncio.run(main()) <= 0.3 + GRACE
    assert cancelled == [hang_at_refresh]
    assert fake.requests_received == int(hang_at_refresh)


def test_a_blocking_source_does_not_hold_up_the_event_loop(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    release = threading.Event()
    source, _ = released_source(release, False, token)

    async def main() -> None:
        waiting = asyncio.create_task(client.get_audit_status(source, audit.auditid))
        # Other calls go on; the last of them lets the source go on, too.
        for _ in range(3):
            assert (await client.get_audit_status(token, audit.auditid)).auditid == audit.auditid
        assert not waiting.done()
        release.set()
        assert (await waiting).auditid == audit.auditid

    asyncio.run(main())


# Where a source is asked


def test_the_thread_in_which_a_source_is_asked(source_setup: SourceSetup, fake: FakeWeChat) -> None:
    audit, client = fake.submit(), source_setup.client_kind.client(fake)
    threads: list[threading.Thread] = []

    def get_token(_: bool) -> str:
        threads.append(threading.current_thread())
        return fake.token()

    client.get_audit_status(source_setup.source(get_token), audit.auditid)
    assert (threads == [threading.current_thread()]) == source_setup.in_calling_thread
    assert threads[0].name == "wxaudit-token" or source_setup.in_calling_thread


def test_a_source_sees_the_callers_context(source_setup: SourceSetup, fake: FakeWeChat) -> None:
    audit, client = fake.submit(), source_setup.client_kind.client(fake)
    tenant = contextvars.ContextVar[str]("tenant")
    seen: list[str] = []

    def get_token(_: bool) -> str:
        seen.append(tenant.get())
        return fake.token()

    source = source_setup.source(get_token)
    context = contextvars.copy_context()
    context.run(tenant.set, "shop 7")
    context.run(client.get_audit_status, source, audit.auditid)
    assert seen == ["shop 7"]


def test_a_source_may_itself_call(source_setup: SourceSetup, fake: FakeWeChat) -> None:
    audit, client, token = fake.submit(), source_setup.client_kind.client(fake), fake.token()
    other = fake.client()

    def get_token(_: bool) -> str:
        assert other.get_audit_status(token, audit.auditid).auditid == audit.auditid
        return token

    assert client.get_audit_status(source_setup.source(get_token), audit.auditid).auditid == audit.auditid
