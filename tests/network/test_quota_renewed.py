"""What happens when a quota is renewed: in a process whose clock on the wall the test sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import preload
from support.subprocess_runner import run_child
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind

CHILD = """
import json, os, sys, time, wxaudit
from pathlib import Path
from support.client_kind import ClientKind

kind, base_url, token, auditid = sys.argv[1:]
clock = Path(os.environ["WALL_CLOCK"])
events = []
client = ClientKind(kind).client(base_url, timeout=5, trust_env=False, on_event=events.append)

def ask(**options):
    try:
        return client.get_audit_status(token, auditid, **options).status.name
    except wxaudit.QuotaError as error:
        return [error.attempts, error.retry_at.timestamp() - time.time()]

first = ask()
at_once = ask()
clock.write_text(str(at_once[1] - 1))  # a second before the gate opens
events.clear()
begun = time.monotonic()
later = ask()
print(json.dumps([first, at_once, later, time.monotonic() - begun, [event.kind for event in events]]))
"""


@pytest.fixture(scope="module")
def wall_clock(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process whose wall clock goes ahead by the seconds in its file."""
    directory = tmp_path_factory.mktemp("wall-clock")
    file = directory / "seconds"
    return {"LD_PRELOAD": preload.build("wall_clock.c", directory), "WALL_CLOCK": str(file)}


@pytest.mark.parametrize("errcode", [45009, 45011])
def test_a_call_just_before_waits_and_is_then_sent(
    client_kind: ClientKind, fake: FakeWeChat, wall_clock: dict[str, str], errcode: int
) -> None:
    Path(wall_clock["WALL_CLOCK"]).write_text("0")
    fake.fail_next(Fault(errcode=errcode))
    token, auditid = fake.token(), fake.submit().auditid
    printed = run_child(CHILD, client_kind.kind, fake.base_url, token, auditid, environment=wall_clock)
    first, at_once, later, took, kinds = json.loads(printed)
    assert first[0] == 1
    assert at_once[0] == 0
    assert 0 < at_once[1] <= (24 * 3600 if errcode == 45009 else 60)
    assert later == "IN_REVIEW"
    assert kinds == ["retry", "request", "response"]
    assert 0.5 < took <= 2
    assert fake.requests_received == 2
