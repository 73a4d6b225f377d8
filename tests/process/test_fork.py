"""Forks: parent and child both go on, whenever and however it happens."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support.fake_process import FakeProcess
from support.programs import PROGRAMS, environment, report, run

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDITIDS = range(1001, 1009)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeProcess]:
    with FakeProcess() as fake:
        fake.submit_numbered(AUDITIDS)
        yield fake


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
def test_a_thousand_children_answer_while_the_parent_calls(fake: FakeProcess, kind: str) -> None:
    seen = report("fork_under_load", fake.base_url, fake.token(), kind, 1000, flags=(), timeout=300)
    before, after = seen["before"], seen["after"][-1]
    kept = seen["kept"]
    print(
        f"{kind}: 1000 forks with 8 calls in flight, {seen['right']} children with right answers, "
        f"{len(seen['failures'])} failures in the parent; "
        f"parent {before['own']:.0f} → {after['own']:.0f} calls a second of CPU, "
        f"a process that never forked {before['control']:.0f} → {after['control']:.0f}: {kept:.2f} "
        f"(measured {len(seen['after'])} times)"
    )
    assert seen["right"] == 1000
    assert seen["failures"] == []
    assert kept >= 0.9


@pytest.mark.parametrize(
    "moment",
    [
        "before_any_call",
        "after_calls",
        "after_calls_by_the_default_client",
        "in_another_thread",
        "in_children_of_children",
        "between_threads_that_begin",
        "with_calls_pending_in_the_loop",
        "by_another_hand_than_os_fork",
        "in_an_argument",
        "and_close_the_client_in_the_child",
        "and_leave_by_sys_exit",
        "and_leave_by_sys_exit_after_asyncio",
        "and_leave_by_sys_exit_without_a_call",
        "in_a_token_source",
        "in_an_async_token_source",
        "in_on_event",
        "and_go_on_with_the_call_in_the_child",
        "by_another_hand_and_go_on_with_the_call_in_the_child",
        "while_the_same_token_source_is_asked",
    ],
)
def test_fork(fake: FakeProcess, moment: str) -> None:
    env = environment(WXAUDIT_BASE_URL=fake.base_url)
    ended = run("fork_at", fake.base_url, fake.token(), moment, env=env)
    assert (ended.stderr, ended.stdout, ended.returncode) == ("", "", 0)


@pytest.mark.parametrize("kind", ["pool", "executor", "processes"])
def test_pools_of_forked_workers_answer(fake: FakeProcess, kind: str) -> None:
    seen = report("fork_pools", fake.base_url, fake.token(), kind)
    print(f"multiprocessing, {kind}: {seen['answers']} answers by {seen['workers']} forked workers")
    assert seen["answers"] == 40
    assert seen["workers"] >= 2
    assert not seen["in_parent"]


@pytest.mark.parametrize("worker", ["sync", "gthread", "gevent"])
def test_gunicorn_workers_answer_after_the_master_made_calls(fake: FakeProcess, worker: str) -> None:
    # The socket listens before gunicorn is there: a request waits for the first worker to take it.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gunicorn = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "preloaded_application:application", "--preload"),
                *("--workers", "3", "--worker-class", worker, "--max-requests", "20"),
                *("--bind", f"fd://{listener.fileno()}", "--chdir", str(PROGRAMS), "--log-level", "warning"),
            ],
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(BASE_URL=fake.base_url, TOKEN=fake.token()),
        )
        try:
            # A gevent worker looks only once a second whether it has had its 20 requests.
            answers: list[tuple[str, str, str]] = []
            rounds = 0
            latest = time.monotonic() + 60
            while rounds < 15 or (len({pid for pid, _, _ in answers}) < 3 and time.monotonic() < latest):
                answers += [ask_web(listener.getsockname()[1], auditid) for auditid in AUDITIDS]
                rounds += 1
        finally:
            gunicorn.send_signal(signal.SIGTERM)
            _, err = gunicorn.communicate(timeout=60)
    workers = {pid for pid, _, _ in answers}
    print(f"gunicorn --preload, {worker}: {len(answers)} answers by {len(workers)} workers of one master")
    assert [answer for _, _, answer in answers] == [f"{n} audit {n}" for n in AUDITIDS] * rounds
    assert {int(master) for _, master, _ in answers} == {gunicorn.pid}
    assert len(workers) >= 3, "a worker ends after 20 requests, so others take its place"
    assert (gunicorn.returncode, err) == (0, "")


def ask_web(port: int, auditid: int) -> tuple[str, str, str]:
    """The pids of the worker that answered and of its master, and the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", f"/?{auditid}")
        response = connection.getresponse()
        body = response.read().decode()
        assert response.status == 200, body
        worker, master, answer = body.split(" ", 2)
        return worker, master, answer
    finally:
        connection.close()
