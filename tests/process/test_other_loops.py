"""Kinds of event loops other than asyncio's: anyio on asyncio works, and trio is told what to use."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import trio

import wxaudit
from support.token_sources import AsyncSource
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

QUERIES = 40


def test_anyio_on_asyncio_works(fake: FakeWeChat) -> None:
    token, auditids = fake.token(), [fake.submit().auditid for _ in range(4)]
    client = fake.async_client()
    source = AsyncSource(lambda _: token)
    answers: list[int] = []

    async def ask(auditid: int) -> None:
        answers.append((await client.get_audit_status(source, auditid)).auditid)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for auditid in auditids:
                group.start_soon(ask, auditid)
        batch = await client.get_audit_statuses([(source, auditids[0])] * QUERIES)
        assert all(result.ok for result in batch)
        async for result in client.iter_audit_statuses((token, it) for it in auditids):
            assert result.ok
        waited = await client.wait_for_decision(
            token, fake.submit(state=0).auditid, timeout=60, clock=fake.clock
        )
        assert waited.is_approved

    anyio.run(main, backend="asyncio")
    assert sorted(answers) == sorted(auditids)


def test_a_scope_of_anyio_cancels_a_call(fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    client = fake.async_client(timeout=60)
    fake.fail_next(Fault(hold=True), times=2)

    async def main() -> None:
        with anyio.move_on_after(0.1) as scope:
            await client.get_audit_status(token, auditid)
        assert scope.cancelled_caught
        with anyio.move_on_after(0.1) as scope:
            await client.get_audit_statuses([(token, auditid)])
        assert scope.cancelled_caught
        assert (await client.get_audit_status(token, auditid)).auditid == auditid

    anyio.run(main, backend="asyncio")


def test_a_thread_of_anyio_runs_the_blocking_client(fake: FakeWeChat) -> None:
    token, auditid, client = fake.token(), fake.submit().auditid, fake.client()

    async def main() -> wxaudit.AuditStatus:
        return await anyio.to_thread.run_sync(client.get_audit_status, token, auditid)

    for backend in ("asyncio", "trio"):
        assert anyio.run(main, backend=backend).auditid == auditid


async def call(client: wxaudit.AsyncClient, token: str) -> None:
    await client.get_audit_status(token, 1)


async def batch(client: wxaudit.AsyncClient, token: str) -> None:
    await client.get_audit_statuses([(token, 1)])


async def iteration(client: wxaudit.AsyncClient, token: str) -> None:
    await anext(client.iter_audit_statuses([(token, 1)]))


async def wait(client: wxaudit.AsyncClient, token: str) -> None:
    await client.wait_for_decision(token, 1, timeout=60)


async def waits(client: wxaudit.AsyncClient, token: str) -> None:
    await anext(client.wait_for_decisions([(token, 1)], timeout=60))


async def screenshots(client: wxaudit.AsyncClient, token: str) -> None:
    await client.get_screenshots(token, ["media"])


async def function(_: wxaudit.AsyncClient, token: str) -> None:
    await wxaudit.aget_audit_status(token, 1)


FORMS = [call, batch, iteration, wait, waits, screenshots, function]


def name_of(form: Any) -> str:
    return str(form.__name__)


@pytest.mark.parametrize("run", [trio.run, partial(anyio.run, backend="trio")], ids=["trio", "anyio"])
@pytest.mark.parametrize("form", FORMS, ids=name_of)
def test_trio_is_told_what_to_use(
    fake: FakeWeChat, form: Callable[..., Any], run: Callable[..., Any]
) -> None:
    token, client = fake.token(), fake.async_client()
    with pytest.raises(RuntimeError) as raised:
        run(form, client, token)
    assert "trio" in str(raised.value)
    assert "await trio.to_thread.run_sync(client.get_audit_status, token, auditid)" in str(raised.value)
    assert token not in str(raised.value)
    assert fake.requests_received == 0


def test_what_trio_is_told_works(fake: FakeWeChat) -> None:
    token, auditid, client = fake.token(), fake.submit().auditid, fake.client()

    async def main() -> wxaudit.AuditStatus:
        return await trio.to_thread.run_sync(client.get_audit_status, token, auditid)

    assert trio.run(main).auditid == auditid


@pytest.mark.parametrize("form", FORMS, ids=name_of)
def test_without_any_loop_the_error_says_so(fake: FakeWeChat, form: Callable[..., Any]) -> None:
    assert "trio" in sys.modules
    coroutine = form(fake.async_client(), fake.token())
    with pytest.raises(RuntimeError, match=r"no running event loop: .*asyncio\.run\(main\(\)\)"):
        coroutine.send(None)
