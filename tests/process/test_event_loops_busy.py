"""A runtime that always has something to do: nobody's results wait for it to rest."""

from __future__ import annotations

import asyncio
import itertools
import threading
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.servers.nginx_server import Nginx

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "a token that nginx does not look at"

CALLS = 50
# Of the batch's, while one call is in flight: some hundreds where results are told in time.
MOST_RESULTS_A_CALL = 2000

ANSWERS = """
    server {
        listen 127.0.0.1:{port};
        access_log off;
        keepalive_requests 1000000000;
        location = /wxa/get_auditstatus { return 200 $answer; }
        set $answer '{"errcode":0,"errmsg":"ok","status":2}';
    }
"""


@pytest.fixture
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("nginx"), ANSWERS) as nginx:
        yield nginx


def test_a_call_does_not_wait_for_the_end_of_a_large_batch(nginx: Nginx) -> None:
    over, counted = threading.Event(), itertools.count()
    failures: list[BaseException] = []

    def batch() -> None:
        numbers = itertools.takewhile(lambda _: not over.is_set(), itertools.count(1))
        try:
            with wxaudit.Client(base_url=nginx.base_url, max_concurrency=256) as client:
                for result in client.iter_audit_statuses((TOKEN, number) for number in numbers):
                    result.unwrap()
                    next(counted)
        except BaseException as error:
            failures.append(error)

    async def calls() -> int:
        async with wxaudit.AsyncClient(base_url=nginx.base_url) as client:
            await client.get_audit_status(TOKEN, 1)
            before = next(counted)
            for _ in range(CALLS):
                await client.get_audit_status(TOKEN, 1)
            return next(counted) - before

    thread = threading.Thread(target=batch)
    thread.start()
    try:
        results = asyncio.run(calls())
    finally:
        over.set()
        thread.join()
    print(f"{results / CALLS:.0f} results of a batch came while one call was in flight")
    assert not failures
    assert 0 < results < CALLS * MOST_RESULTS_A_CALL
