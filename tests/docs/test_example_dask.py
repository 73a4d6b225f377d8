"""The example on a cluster of Dask: it ends well, asks for each audit once, and Dask carries no token."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import psutil
import pytest

import wxaudit
from secrecy.canary import CANARIES, find
from support.ended_example import EndedExample
from support.programs import environment, run
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat

TESTS = Path(__file__).parents[1]
EXAMPLE = TESTS.parent / "examples" / "dask"

WORKERS, PARTITIONS, CONCURRENCY = 2, 16, 32


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> EndedExample:
    return EndedExample("dask/audit_on_dask.py", tmp_path_factory.mktemp("temporary"))


def test_it_ends_well_and_leaves_nothing(ended: EndedExample) -> None:
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert ended.processes_left == []
    assert ended.files_left == []
    workers = ended.numbers(r"workers:    process (\d+), process (\d+)")
    assert len(set(workers)) == WORKERS
    assert [pid for pid in workers if psutil.pid_exists(pid)] == []


def test_each_of_twenty_thousand_is_asked_for_exactly_once(ended: EndedExample) -> None:
    assert ended.numbers(r"queries:    (\d+), of (\d+) mini programs") == [20_000, 200]
    assert ended.numbers(r"partitions: (\d+), each mini program in one") == [PARTITIONS]
    answered, rate, errors = ended.numbers(r"answered:   (\d+) in \d+\.\d s, (\d+) a second; (\d+) errors")
    assert (answered, errors) == (20_000, 0)
    states = {"APPROVED": 6000, "DELAYED": 2000, "IN_REVIEW": 6000, "REJECTED": 4000, "WITHDRAWN": 2000}
    assert {name: ended.numbers(rf"    {name} +(\d+)") for name in states} == {
        name: [count] for name, count in states.items()
    }
    requests, connections, once = ended.numbers(
        r"WeChat's log: (\d+) requests on (\d+) connections; (\d+) audits were queried exactly once"
    )
    assert (requests, once) == (20_000, 20_000)
    # One pool a worker, which never holds more than may be in flight there.
    assert connections <= 2 * CONCURRENCY
    print(f"\n{rate} calls a second on {connections} connections; {ended.seconds:.1f} s with its cluster")


def test_rows_show_what_was_answered(ended: EndedExample) -> None:
    rows = re.findall(r"^ +\d+ (wx[0-9a-f]{16}) \d+ +([A-Z_]+) +(\S.*)$", ended.stdout, re.MULTILINE)
    assert len(rows) == 5
    assert ("REJECTED", "1:账号信息不符合规范:<br>(1):包含色情因素<br>") in [row[1:] for row in rows]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    import audit_on_dask

    return audit_on_dask


def test_each_mini_program_is_in_one_partition_and_alternates_there(example: Any) -> None:
    appids = [f"wx{number}" for number in range(10)]
    tickets = pd.DataFrame({"appid": appids * 7, "auditid": range(1, 71), "ticket": range(70)})
    planned = example.plan(tickets, 4, 8, token_for=appids.index)  # no tokens: nothing is sent
    partitions = [part.compute(scheduler="synchronous") for part in planned.partitions]
    held = [set(part["appid"]) for part in partitions]
    assert sorted(map(len, held)) == [2, 2, 3, 3]
    assert set.union(*held) == set(appids)
    for part, appids_held in zip(partitions, held, strict=True):
        assert set(part["appid"].head(len(appids_held))) == appids_held
        assert part["ticket"].is_monotonic_increasing


def test_a_plan_sends_nothing_and_asks_for_no_token(example: Any, fake: FakeWeChat) -> None:
    asked: list[Any] = []
    tickets = pd.DataFrame({"appid": ["wx1"], "auditid": [fake.submit("wx1").auditid]})
    planned = example.plan(tickets, 1, 8, token_for=asked.append)
    assert planned.dtypes["state"] == "string"
    assert (asked, fake.requests_received) == ([], 0)


def test_without_meta_dask_would_ask_about_made_up_rows(example: Any, fake: FakeWeChat) -> None:
    tickets = pd.DataFrame({"appid": ["wx1"], "auditid": [fake.submit("wx1", auditid=1234567).auditid]})
    from_pandas: Any = example.dask.dataframe.from_pandas  # without types
    token = fake.token("wx1")
    ask = functools.partial(wxaudit.audit_frame, token_for=lambda _: token, client=fake.client())
    planned = from_pandas(tickets, npartitions=1).map_partitions(ask)
    assert "state" in planned.columns
    assert fake.requests_received > 0
    assert {request.auditid for request in fake.requests}.isdisjoint(tickets["auditid"])


class Traffic:
    """What Dask's sockets sent, and what Dask shows, of a run with canaries for tokens."""

    def __init__(self, fake: FakeWeChat, directory: Path, plant: str) -> None:
        tokens, shown, sent = (directory / name for name in ("tokens", "shown", "sent"))
        for folder in (tokens, shown, sent):
            folder.mkdir()
        for number, canary in enumerate(CANARIES):
            (tokens / f"wx{number}").write_text(canary.text(), "utf-8")
        fake.fail_next(Fault(body=b'{"errcode":0,"errmsg":"ok","status":0}'), times=None)
        path = [str(EXAMPLE), str(TESTS / "socket_tap"), str(environment()["PYTHONPATH"])]
        ended = run(
            "dask_traffic", fake.base_url, tokens, shown, plant,
            env=environment(
                PYTHONPATH=os.pathsep.join(path),
                SOCKET_TAP=str(sent),
                DASK_LOGGING__DISTRIBUTED="debug",
                # As it is by default: what is searched is what was meant.
                DASK_DISTRIBUTED__COMM__COMPRESSION="false",
            ),
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        self.channels = {file.name: [file.read_bytes()] for file in shown.iterdir()}
        self.channels["sent"] = [file.read_bytes() for file in sent.iterdir()]
        self.channels["names of files"] = [str(path).encode() for path in directory.rglob("*")]
        self.channels["standard error"] = [ended.stderr.encode()]
        self.processes = {file.name.partition("-")[0] for file in sent.iterdir()}

    def found(self) -> dict[str, list[str]]:
        hits = {name: list(find(texts)) for name, texts in self.channels.items()}
        return {name: hit for name, hit in hits.items() if hit}


def test_dask_never_carries_or_shows_a_token(fake: FakeWeChat, tmp_path: Path) -> None:
    traffic = Traffic(fake, tmp_path, "nothing")
    used = {request.query["access_token"] for request in fake.requests}
    assert used == {canary.text() for canary in CANARIES}
    assert len(traffic.processes) >= 1 + WORKERS
    assert b"Compute Failed" in traffic.channels["worker logs"][0]
    assert b"frame has no column auditid" in traffic.channels["failure"][0]
    assert traffic.found() == {}
    sizes = {name: sum(map(len, texts)) for name, texts in traffic.channels.items()}
    print(*(f"\n{name:<22} {size:>9} bytes" for name, size in sorted(sizes.items())))


@pytest.mark.parametrize("plant", ["graph", "table"])
def test_a_token_that_it_carried_would_be_found(fake: FakeWeChat, tmp_path: Path, plant: str) -> None:
    found = Traffic(fake, tmp_path, plant).found()
    print(*(f"\n{name}: {len(hits)} found" for name, hits in found.items()))
    assert "sent" in found
