"""Batches take memory for what is in flight and for what is kept, not for the length of their input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.programs import report
from support.servers.nginx_server import Nginx

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "a token that nginx does not look at"
KINDS = ["blocking", "asyncio", "async_input"]

ANSWERS = """
    default_type text/plain;
    server {
        listen 127.0.0.1:{port};
        access_log off;
        keepalive_requests 1000000000;
        location = /wxa/get_auditstatus { return 200 $answer; }
        set $answer '{"errcode":0,"errmsg":"ok","status":1,"reason":"1:…","screenshot":"a|b"}';
    }
"""


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("nginx"), ANSWERS) as nginx:
        yield nginx


def measured(nginx: Nginx, kind: str, work: str, count: int) -> Any:
    # Without the checks of `-X dev`: they pad each piece of memory.
    return report("batch_memory", nginx.base_url, TOKEN, kind, work, count, flags=(), timeout=600)


@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_results_take_less_than_30_mb(nginx: Nginx, kind: str) -> None:
    seen = measured(nginx, kind, "collect", 10_000)
    print(
        f"{kind}: 10 000 queries in one call: at most {seen['growth']:.1f} MB (VmHWM, set back before) "
        f"above the {seen['before']:.1f} MB (VmRSS) after a batch of 1000, {seen['seconds']:.2f} s"
    )
    assert 0 < seen["growth"] < 30


@pytest.mark.parametrize(
    ("kind", "count"), [("blocking", 1_000_000), ("asyncio", 100_000), ("async_input", 100_000)]
)
def test_memory_stays_flat_over_an_input_of_any_length(nginx: Nginx, kind: str, count: int) -> None:
    seen = measured(nginx, kind, "iterate", count)
    samples = seen["samples"]
    print(
        f"{kind}: {count} queries from a generator in {seen['seconds']:.1f} s, "
        f"{1e6 * seen['seconds'] / count:.0f} µs each: at most {seen['growth']:.1f} MB (VmHWM) above the "
        f"{seen['before']:.1f} MB (VmRSS) after a batch of 1000; "
        f"VmRSS after each tenth: {' '.join(f'{sample:.1f}' for sample in samples)} MB"
    )
    assert len(samples) == 10
    assert seen["growth"] < 40
    assert samples[-1] - samples[len(samples) // 2 - 1] < 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_endless_input_is_taken_in_only_as_results_are_consumed(nginx: Nginx, kind: str) -> None:
    seen = measured(nginx, kind, "slowly", 500)
    ahead, concurrency = seen["ahead"], seen["max_concurrency"]
    print(f"{kind}: at most {ahead} queries taken in and not yet consumed, {concurrency} at once")
    # Twice as many as run at once, and a bunch of results that the consumer has not come to.
    assert concurrency <= ahead <= 4 * concurrency


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_source_that_never_answers_bounds_what_is_taken_in(nginx: Nginx, kind: str) -> None:
    seen = measured(nginx, kind, "unanswered", 1000)
    ahead, concurrency = seen["ahead"], seen["max_concurrency"]
    print(
        f"{kind}: at most {ahead} of 1000 queries waited for a token, {concurrency} at once; "
        f"the source was asked {seen['asked']} times"
    )
    # Those that wait for a source make room for others, sixteen times as many as run at once.
    assert concurrency <= ahead <= (2 + 16 + 18) * concurrency
    # A question that hangs costs a thread: those that shared it do not repeat it one after the other.
    assert seen["asked"] <= 100
