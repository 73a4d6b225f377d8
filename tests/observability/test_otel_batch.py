"""The spans of batches: whose they are, and when each began and ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support.traces import Traces, attributes, error_type, instrumented, parent_of, seconds
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client_kind import ClientKind


@pytest.fixture
def traces() -> Iterator[Traces]:
    with instrumented() as traces:
        yield traces


def test_the_spans_of_a_batch_stand_beneath_its_callers(
    client_kind: ClientKind, fake: FakeWeChat, traces: Traces
) -> None:
    client, token = client_kind.client(fake), fake.token("wx1")
    audits = [fake.submit("wx1").auditid for _ in range(20)]
    fake.fail_next(Fault.http(503), times=5)
    begun = time.time_ns()
    with traces.tracer.start_as_current_span("shop") as around:
        batch = client.get_audit_statuses([(token, auditid, "wx1") for auditid in [*audits, audits[0], 7]])
    ended = time.time_ns()
    spans = traces.take()
    assert len(spans) == sum(result.attempts for result in batch) == 27
    assert {parent_of(span) for span in spans} == {around.get_span_context().span_id}
    counted = [error_type(span) for span in spans]
    assert (counted.count("503"), counted.count("wechat.85012"), counted.count(None)) == (5, 1, 21)
    assert sum(attributes(span).get("http.request.resend_count") == 1 for span in spans) == 5
    for span in spans:
        assert span.start_time is not None
        assert span.end_time is not None
        assert begun <= span.start_time <= span.end_time <= ended
    for result in client.iter_audit_statuses([(token, audits[0])]):
        assert result.ok
    assert len(traces.take()) == 1


def test_twins_in_a_batch_keep_their_own_times(
    client_kind: ClientKind, fake: FakeWeChat, traces: Traces
) -> None:
    client, token, auditid = client_kind.client(fake, max_concurrency=3), fake.token(), fake.submit().auditid
    fake.fail_next(Fault(delay=0.4))
    batch = client.get_audit_statuses([(token, auditid)] * 8)
    batch.raise_for_errors()
    durations = sorted(seconds(span) for span in traces.take())
    assert durations[-1] >= 0.4
    assert durations[-2] < 0.4


def test_what_a_batch_cuts_off_has_a_span_that_ends_with_it(
    client_kind: ClientKind, fake: FakeWeChat, traces: Traces
) -> None:
    client, token = client_kind.client(fake), fake.token()
    auditids = [fake.submit().auditid for _ in range(3)]
    fake.fail_next(Fault(hold=True), auditid=auditids[1])
    client.get_audit_statuses([(token, auditid) for auditid in auditids], timeout=0.4)
    spans = {attributes(span)["wechat.auditid"]: span for span in traces.take()}
    assert [attributes(spans[auditid]).get("error.type") for auditid in auditids] == [
        None,
        "RequestTimeout",
        None,
    ]
    assert 0.3 < seconds(spans[auditids[1]]) < 2


def test_a_batch_that_is_dropped_leaves_no_span_behind(
    client_kind: ClientKind, fake: FakeWeChat, traces: Traces
) -> None:
    token, auditids = fake.token(), [fake.submit().auditid for _ in range(2)]
    fake.fail_next(Fault(hold=True), auditid=auditids[1])
    results = client_kind.client(fake).iter_audit_statuses([(token, auditid) for auditid in auditids])
    assert next(results).ok
    results.close()
    told = sorted(str(error_type(span)) for span in traces.take())
    assert told == ["GeneratorExit", "None"]
