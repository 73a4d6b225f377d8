"""Quotas in a batch: nothing is sent for who has used his up, and nobody else waits for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support import preload
from support.subprocess_runner import run_child
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

MERCHANTS = 100
CODES = {45009: wxaudit.DayQuotaError, 45011: wxaudit.MinuteQuotaError}


def of_merchants(fake: FakeWeChat, rounds: int) -> list[tuple[str, int, str]]:
    """Queries of a hundred merchants in turn; the first one's audit meets each fault that is scripted."""
    appids = [f"wx{number:016}" for number in range(MERCHANTS)]
    merchants = [(fake.token(appid), fake.submit(appid).auditid, appid) for appid in appids]
    return merchants * rounds


@pytest.mark.parametrize("errcode", CODES)
def test_one_merchants_quota_stops_that_merchant_alone(
    client_kind: ClientKind, fake: FakeWeChat, errcode: int
) -> None:
    queries = of_merchants(fake, 20)
    fake.fail_next(Fault(errcode=errcode), times=None, auditid=queries[0][1])
    batch = client_kind.client(fake).get_audit_statuses(queries)
    refused = [result for result in batch if not result.ok]
    assert [result.index for result in refused] == list(range(0, len(queries), MERCHANTS))
    assert {type(result.error) for result in refused} == {CODES[errcode]}
    # Once, when it was found out: both of its queries may have been in flight.
    asked = sum(request.auditid == queries[0][1] for request in fake.requests)
    assert asked == sum(result.attempts for result in refused) <= 2
    assert fake.requests_received == 19 * MERCHANTS + 80 + asked
    moments = {error.retry_at for error in batch.errors if isinstance(error, wxaudit.QuotaError)}
    assert None not in moments
    assert len(moments) <= 2


def test_without_an_appid_the_quota_is_the_tokens(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries = [(token, auditid) for token, auditid, _ in of_merchants(fake, 3)]
    fake.fail_next(Fault(errcode=45009), times=None, auditid=queries[0][1])
    batch = client_kind.client(fake).get_audit_statuses(queries, max_concurrency=10)
    assert [result.index for result in batch if not result.ok] == [0, MERCHANTS, 2 * MERCHANTS]
    assert sum(request.auditid == queries[0][1] for request in fake.requests) == 1


CHILD = """
import json, os, sys, time, wxaudit
from pathlib import Path
from support.client_kind import ClientKind

kind, base_url, merchants = sys.argv[1:]
merchants = [tuple(merchant) for merchant in json.loads(merchants)]
clock = Path(os.environ["WALL_CLOCK"])
client = ClientKind(kind).client(base_url, timeout=30, trust_env=False)
try:
    client.get_audit_status(*merchants[0][:2], appid=merchants[0][2], timeout=5)
    raise SystemExit("the quota was not used up")
except wxaudit.MinuteQuotaError as error:
    opens_at = error.retry_at.timestamp()
    clock.write_text(str(opens_at - time.time() - 2))  # two seconds before it opens

# Of the one merchant more than may be in flight at once.
queries = merchants[:1] * 40 + merchants[1:] * 3
results = [(result.index, result.ok, time.time() - opens_at)
    for result in client.iter_audit_statuses(queries, max_concurrency=8)]
print(json.dumps(results))
"""


def test_who_waits_for_the_minute_holds_up_nobody(
    client_kind: ClientKind, fake: FakeWeChat, tmp_path: Path
) -> None:
    merchants = of_merchants(fake, 1)
    fake.fail_next(Fault(errcode=45011), auditid=merchants[0][1])
    clock = tmp_path / "seconds"
    clock.write_text("0")
    environment = {"LD_PRELOAD": preload.build("wall_clock.c", tmp_path), "WALL_CLOCK": str(clock)}
    printed = run_child(
        CHILD, client_kind.kind, fake.base_url, json.dumps(merchants), environment=environment
    )
    results = json.loads(printed)
    assert all(ok for _, ok, _ in results)
    assert sorted(index for index, _, _ in results) == list(range(40 + 3 * (MERCHANTS - 1)))
    waited = [moment for index, _, moment in results if index < 40]
    others = [moment for index, _, moment in results if index >= 40]
    # Nothing of the merchant before the gate opened, everything of the others before that.
    assert min(waited) >= 0
    assert max(others) < 0
    gated = [number for number, it in enumerate(fake.requests) if it.auditid == merchants[0][1]]
    assert gated[0] == 0
    assert gated[1:] == list(range(1 + 3 * (MERCHANTS - 1), len(fake.requests)))
    print(
        f"\n40 queries waited for their minute; {len(others)} others were answered "
        f"{-max(others):.2f} s or more before it was over"
    )
