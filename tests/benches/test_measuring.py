"""The benchmark measures for real: nginx, workers in processes of their own, delay, instructions."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from benches import instructions, processes
from benches.cores import server_and_client
from benches.processes import run_worker
from benches.server import ROUND_TRIP_SECONDS, Server
from benches.workloads import Meter, Task

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server"), server_and_client()[0]) as server:
        assert server.missing == []
        yield server


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the tests in place of one for each peer."""
    monkeypatch.setattr(processes, "interpreter", lambda _: Path(sys.executable))


def task(place: Any, peer: str, workload: str, client_kind: str = "blocking", **more: Any) -> Task:
    options: dict[str, Any] = {"uvloop": False, "concurrency": 1, "seconds": 0.02} | more
    return Task(
        peer, client_kind, workload=workload, base_url=place.base_url, ca_file=place.ca_file, **options
    )


@pytest.mark.parametrize("place", ["plain", "tls"])
@pytest.mark.parametrize("peer", ["requests", "httpx", "wechatpy", "wxaudit"])
@pytest.mark.usefixtures("_here")
def test_peers_do_the_whole_job(server: Server, peer: str, place: str) -> None:
    result = run_worker(task(server.places[place], peer, "calls"), server_and_client()[1])
    assert result["exit_code"] == 0, result
    assert result["calls"] >= 1
    assert result["cpu_seconds"] > 0
    assert result["peak_kib"] > 1024


@pytest.mark.parametrize(
    ("workload", "client_kind", "more", "calls"),
    [
        ("threads", "blocking", {"concurrency": 3, "most_calls": 30, "exact": True}, 30),
        ("batch", "blocking", {"concurrency": 8, "most_calls": 200, "exact": True, "batch_size": 50}, 200),
        ("iterate", "blocking", {"concurrency": 8, "most_calls": 200, "exact": True}, 200),
        ("batch", "asyncio", {"concurrency": 8, "most_calls": 200, "exact": True}, 200),
        ("calls", "asyncio", {"concurrency": 8, "most_calls": 200, "exact": True}, 200),
        ("calls", "asyncio", {"concurrency": 8, "most_calls": 200, "exact": True, "uvloop": True}, 200),
    ],
    ids=["threads", "batch", "iterator", "asyncio batch", "asyncio", "uvloop"],
)
@pytest.mark.usefixtures("_here")
def test_every_way_of_calling_makes_the_calls_that_it_counts(
    server: Server, workload: str, client_kind: str, more: dict[str, Any], calls: int
) -> None:
    result = run_worker(
        task(server.places["plain"], "wxaudit", workload, client_kind, **more), server_and_client()[1]
    )
    assert result["exit_code"] == 0, result
    assert result["calls"] == calls
    assert result["threads"] >= more["concurrency"] if workload == "threads" else result["threads"] >= 1


@pytest.mark.usefixtures("_here")
def test_a_peer_that_is_not_there_fails_with_its_own_words(server: Server) -> None:
    result = run_worker(task(server.places["plain"], "no_such_peer", "calls"), server_and_client()[1])
    assert result["exit_code"] == 1
    assert "No module named 'benches.peers.no_such_peer'" in result["stderr"]
    assert "calls" not in result


def test_no_answer_comes_sooner_than_the_distance_allows(server: Server) -> None:
    with wxaudit.Client(base_url=server.places["far"].base_url) as client:
        for _ in range(3):
            began = time.perf_counter()
            assert client.get_audit_status("a-token", 1234567).is_pending
            assert time.perf_counter() - began >= ROUND_TRIP_SECONDS


def test_runs_are_repeated_until_one_is_long_enough_to_be_measured() -> None:
    place = type("Place", (), {"base_url": "", "ca_file": None})
    meter = Meter(task(place, "wxaudit", "calls", concurrency=10, seconds=1.0))
    # Opening the connections took its time, so the guess that follows from it is too low.
    seconds_of_a_call = iter([0.01, 0.01, 0.001, 0.001])
    made: list[int] = []
    while (calls := meter.next_calls()) is not None:
        made.append(calls)
        meter._runs.append({"calls": calls, "wall_seconds": calls * next(seconds_of_a_call)})
    assert made == [14, 50, 100, 1000]
    assert meter.result["wall_seconds"] == pytest.approx(1.0)


CHECKED_IN = {"counted_with": {"rustc": "1.95.0"}, "instructions": {"decode": 1000, "call": 100_000}}


@pytest.mark.parametrize(
    ("rustc", "decode", "passed", "said"),
    [
        ("1.95.0", 1010, True, "+1.0%"),
        ("1.95.0", 1030, False, "decode: more than 2% above instructions.json"),
        ("1.95.0", 900, True, "decode: fewer than before"),
        ("1.96.0", 1100, True, "rustc 1.96.0, not 1.95.0: a margin of 15% instead of 2%"),
        ("1.96.0", 1200, False, "decode: more than 15% above"),
    ],
)
def test_more_instructions_than_checked_in_fail_beyond_the_margin(
    rustc: str, decode: int, passed: bool, said: str
) -> None:
    counts = {"decode": decode, "call": 100_000}
    lines, outcome = instructions.compare(CHECKED_IN, {"rustc": rustc}, counts)
    assert outcome is passed
    assert said in "\n".join(lines)
    if not passed:
        assert "make instructions-renew" in lines[-1]


def test_work_that_nothing_is_checked_in_for_fails() -> None:
    lines, passed = instructions.compare(CHECKED_IN, {"rustc": "1.95.0"}, {"a new kind": 5})
    assert not passed
    assert "a new kind" in lines[-1]


def test_without_valgrind_counting_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert instructions.main(["no-program"]) == 1
    assert "valgrind is not installed: bash tests/install_servers.sh valgrind" in capsys.readouterr().err
