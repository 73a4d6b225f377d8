"""Batches and what surrounds them: event loops that end early, and forks."""

from __future__ import annotations

import sys

import pytest

from support.fake_process import HELD_AUDITID, FakeProcess
from support.programs import report


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "moment",
    [
        "collecting_a_list",
        "collecting_from_a_generator",
        "collecting_from_an_async_generator",
        "iterating_over_a_generator",
        "iterating_over_an_async_generator",
        "by_wait_for",
        *(["by_timeout"] if sys.version_info >= (3, 11) else []),
        "by_aclose",
        "by_a_break",
        "by_an_error_in_the_loop_body",
        "at_random_moments",
        "while_token_sources_hang",
        "as_the_loop_ends",
        "as_the_loop_is_closed",
        "in_one_loop_after_the_other",
    ],
)
def test_a_batch_that_is_cancelled_leaves_nothing_behind(
    fake_process: FakeProcess, moment: str, kind: str
) -> None:
    arguments = (kind, moment, fake_process._control.geturl(), HELD_AUDITID, fake_process.pid)
    seen = report("batch_cancel", fake_process.base_url, fake_process.token(), *arguments, timeout=60)
    print(
        f"{kind}, {moment}: nothing was left {1000 * seen['seconds']:.0f} ms later, "
        f"{seen['threads']} threads in the end"
    )
    assert seen["seconds"] <= 0.1
    assert seen["threads"] <= 4


@pytest.mark.parametrize(
    "moment",
    [
        "under_load",
        "iterate_on_in_the_child",
        "drop_it_in_the_child",
        "out_of_the_input",
        "out_of_progress",
        "in_a_token_source",
        "with_a_batch_in_the_loop",
        "in_a_pool",
    ],
)
def test_a_fork_in_the_middle_of_a_batch(fake_process: FakeProcess, moment: str) -> None:
    seen = report("batch_fork", fake_process.base_url, fake_process.token(), moment, timeout=60)
    print(f"{moment}: {seen or 'right'}")


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_two_hundred_batches_leave_nothing_behind(fake_process: FakeProcess, kind: str) -> None:
    fake_process.fail_next(None, auditid=1010, cut="head", cut_at=0)
    fake_process.fail_next(None, auditid=1011, cut="body", cut_at=10)
    expired = fake_process.token()
    fake_process.expire(expired)
    seen = report("batch_leaks", fake_process.base_url, fake_process.token(), kind, expired, flags=())
    before, after, outcomes = seen["before"], seen["after"], seen["outcomes"]
    print(f"{kind}: 200 batches of 50, {outcomes}")
    for what, count in before.items():
        print(f"  {what:<12} {count:.1f} → {after[what]:.1f}".replace(".0", ""))
    assert after["megabytes"] - before["megabytes"] < 3
    assert after["objects"] - before["objects"] < 50
    assert after["blocks"] - before["blocks"] < 1000
    assert after["threads"] <= before["threads"] <= 3
    assert after["descriptors"] <= before["descriptors"] + 64
    assert outcomes["ExceptionGroup"] == 50
    assert outcomes.keys() >= {
        "AuditStatus",
        "AuditResult",
        "ArgumentError",
        "AuditNotFoundError",
        "TokenError",
        "TransportError",
    }
