"""42001 in the midst of very many calls on few token sources: one refresh for each source."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from wxaudit.testing import FakeWeChat

SOURCES = 50
QUERIES = 10_000


def expired(fake: FakeWeChat, make: Callable[[str], Any]) -> list[tuple[Any, int]]:
    """Sources whose token has expired by the time that it is used; each with an audit."""
    appids = [f"wx{number:016}" for number in range(SOURCES)]
    pairs = [(make(appid), fake.submit(appid).auditid) for appid in appids]
    for source, _ in pairs:
        fake.expire(source._get_token(refresh=False))
    return pairs


def check(fake: FakeWeChat, pairs: list[tuple[Any, int]], states: list[int], took: float) -> None:
    assert states == [2] * QUERIES
    assert [source.refreshes for source, _ in pairs] == [1] * SOURCES
    # A call in flight with the old token may be refused too, and takes the new one over.
    refused = fake.requests_received - QUERIES
    assert SOURCES <= refused <= 10 * SOURCES
    print(
        f"\n{QUERIES} calls, {SOURCES} expired sources: {SOURCES} refreshes, {refused} refusals, {took:.1f} s"
    )


def test_asyncio_calls_on_expired_sources(fake: FakeWeChat) -> None:
    pairs = expired(fake, fake.async_token_source)

    async def ask_all() -> list[int]:
        async with fake.async_client(timeout=60) as client:
            calls = [client.get_audit_status(*pairs[number % SOURCES]) for number in range(QUERIES)]
            return [status.status for status in await asyncio.gather(*calls)]

    begun = time.monotonic()
    states = asyncio.run(ask_all(), debug=False)
    check(fake, pairs, states, time.monotonic() - begun)


def test_blocking_calls_on_expired_sources(fake: FakeWeChat) -> None:
    pairs = expired(fake, fake.token_source)
    begun = time.monotonic()
    with fake.client(timeout=60) as client, ThreadPoolExecutor(32) as pool:
        calls = [pool.submit(client.get_audit_status, *pairs[number % SOURCES]) for number in range(QUERIES)]
        states = [int(call.result().status) for call in calls]
    check(fake, pairs, states, time.monotonic() - begun)
