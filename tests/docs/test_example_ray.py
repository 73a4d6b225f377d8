"""The example on a cluster of Ray: it ends well, asks for each audit once, and leaves nothing."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from support.ended_example import EndedExample

QUERIES, MERCHANTS, CONCURRENCY = 2000, 40, 32


@pytest.fixture(scope="module")
def ended() -> EndedExample:
    """Few queries: nearly all of the time is that of Ray's processes, which start."""
    # The paths of Ray's sockets are long, and the system limits them: a short name.
    with tempfile.TemporaryDirectory(prefix="r-", dir="/tmp") as directory:
        return EndedExample(
            "ray/audit_on_ray.py",
            Path(directory),
            *(
                "--queries",
                str(QUERIES),
                "--merchants",
                str(MERCHANTS),
                "--max-concurrency",
                str(CONCURRENCY),
            ),
            HOME=directory,
        )


def test_it_ends_well_and_leaves_nothing(ended: EndedExample) -> None:
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert ended.processes_left == []
    assert ended.files_left == []


def test_each_query_is_answered_once(ended: EndedExample) -> None:
    assert ended.numbers(r"queries:    (\d+), of (\d+) mini programs") == [QUERIES, MERCHANTS]
    answered, errors = ended.numbers(r"answered:   (\d+) in \d+\.\d s, \d+ a second; (\d+) errors")
    assert (answered, errors) == (QUERIES, 0)
    states = {"APPROVED": 600, "DELAYED": 200, "IN_REVIEW": 600, "REJECTED": 400, "WITHDRAWN": 200}
    assert {name: ended.numbers(rf"    {name} +(\d+)") for name in states} == {
        name: [count] for name, count in states.items()
    }
    requests, connections, once = ended.numbers(
        r"WeChat's log: (\d+) requests on (\d+) connections; (\d+) audits were queried exactly once"
    )
    assert (requests, once) == (QUERIES, QUERIES)
    # Two tasks run at a time. A worker that Ray replaces opens connections of its own.
    assert connections <= 4 * CONCURRENCY
    rows = re.findall(r"^ +\d+ (wx[0-9a-f]{16}) \d+ +([A-Z_]+) +(\S.*)$", ended.stdout, re.MULTILINE)
    assert ("REJECTED", "1:账号信息不符合规范:<br>(1):包含色情因素<br>") in [row[1:] for row in rows]
    print(f"\n{ended.stdout}\n{ended.seconds:.1f} s with its cluster")
