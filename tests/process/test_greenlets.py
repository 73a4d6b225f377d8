"""gevent and eventlet: a blocking call lets other greenlets run, also the one of its own token source."""

from __future__ import annotations

import pytest

from support.fake_process import HELD_AUDITID, FakeProcess
from support.programs import run

MOMENTS = [
    "many_on_one_source",
    "a_batch",
    "two_batches_on_one_source",
    "a_wait",
    "a_timeout_of_the_library",
    "a_kill",
    "limits_of_the_client",
    "ctrl_c",
    "a_signal_in_a_source",
    "a_native_thread",
    "nothing_is_left",
]


@pytest.mark.parametrize(
    ("library", "moment"),
    # eventlet does not support forks.
    [*((library, moment) for library in ("gevent", "eventlet") for moment in MOMENTS), ("gevent", "a_fork")],
)
def test_a_greenlet_waits(fake_process: FakeProcess, library: str, moment: str) -> None:
    ended = run(
        "greenlets",
        fake_process.base_url,
        fake_process.token(),
        library,
        moment,
        HELD_AUDITID,
        flags=("-X", "dev"),
    )
    assert (ended.stderr, ended.stdout, ended.returncode) == ("", "", 0)
