"""The spans that `wxaudit.otel` makes of requests: their names, attributes, times and parents."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace

import wxaudit
from support.traces import Traces, attributes, error_type, instrumented, parent_of, seconds
from wxaudit import otel
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client_kind import ClientKind


@pytest.fixture
def traces() -> Iterator[Traces]:
    with instrumented() as traces:
        yield traces


def test_a_request_is_a_client_span(client_kind: ClientKind, fake: FakeWeChat, traces: Traces) -> None:
    audit = fake.submit()
    client_kind.client(fake).get_audit_status(fake.token(), audit.auditid, appid="wx1")
    (span,) = traces.take()
    assert span.name == "POST /wxa/get_auditstatus"
    assert span.kind is trace.SpanKind.CLIENT
    assert span.status.status_code is trace.StatusCode.UNSET
    assert attributes(span) == {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "server.port": fake.port,
        "url.path": "/wxa/get_auditstatus",
        "url.template": "/wxa/get_auditstatus",
        "http.response.status_code": 200,
        "wechat.errcode": 0,
        "wechat.auditid": audit.auditid,
        "wechat.appid": "wx1",
    }
    assert span.parent is None
    scope = span.instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version) == ("wxaudit", wxaudit.__version__)
    assert scope.schema_url is not None


def test_each_attempt_is_a_span_and_says_which(
    client_kind: ClientKind, fake: FakeWeChat, traces: Traces
) -> None:
    client, source, audit = client_kind.client(fake), fake.token_source(), fake.submit()
    client.get_audit_status(source, audit.auditid)
    traces.take()
    fake.clock.advance(7200)
    fake.fail_next(Fault.http(503))
    with traces.tracer.start_as_current_span("shop") as around:
        client.get_audit_status(source, audit.auditid)
    spans = traces.take()
    told = [
        (
            attributes(span).get("http.request.resend_count"),
            error_type(span),
            span.status.status_code.name,
            (span.status.description or "")[:5],
        )
        for span in spans
    ]
    assert told == [
        (None, "503", "ERROR", ""),
        (1, "wechat.42001", "ERROR", "42001"),
        (2, None, "UNSET", ""),
    ]
    assert {parent_of(span) for span in spans} == {around.get_span_context().span_id}
    assert len(attributes(spans[1])["wechat.rid"]) > 10


def test_the_times_are_those_of_the_request(
    client_kind: ClientKind, fake: FakeWeChat, traces: Traces
) -> None:
    events: list[wxaudit.Event] = []
    client = client_kind.client(fake, on_event=events.append)
    token, auditid = fake.token(), fake.submit().auditid
    fake.fail_next(Fault(errcode=-1) & Fault(delay=0.2))
    begun = time.time_ns()
    client.get_audit_status(token, auditid)
    ended = time.time_ns()
    first, second = traces.take()
    assert None not in (first.start_time, first.end_time, second.start_time, second.end_time)
    moments: Any = [begun, first.start_time, first.end_time, second.start_time, second.end_time, ended]
    assert moments == sorted(moments)
    assert 0.2 <= seconds(first) < 2
    assert moments[1] - begun < 0.1e9
    (wait,) = [event.delay for event in events if event.delay is not None]
    assert (moments[3] - moments[2]) / 1e9 > 0.95 * wait, "the wait between them belongs to neither"


def test_all_operations_are_traced(client_kind: ClientKind, fake: FakeWeChat, traces: Traces) -> None:
    client, token = client_kind.client(fake), fake.token("wx1")
    inner: Any = client.inner
    media_ids = [fake.media_id() for _ in range(5)]
    fake.submit("wx1", state=1, reason="1:…", screenshots=media_ids)
    client_kind.run(inner.get_latest_audit_status(token))
    client_kind.run(inner.quota(token))
    client_kind.run(inner.get_screenshots(token, media_ids))
    assert [span.name for span in traces.take()] == [
        "GET /wxa/get_latest_auditstatus",
        "POST /cgi-bin/openapi/quota/get",
        *["POST /cgi-bin/material/get_material"] * 5,
    ]


def test_each_thread_and_each_task_has_its_own_parent(fake: FakeWeChat, traces: Traces) -> None:
    token, auditids = fake.token(), [fake.submit().auditid for _ in range(8)]
    parents: dict[int, int] = {}
    blocking, asynchronous = fake.client(), fake.async_client()

    def in_thread(auditid: int) -> None:
        with traces.tracer.start_as_current_span("shop") as around:
            parents[auditid] = around.get_span_context().span_id
            blocking.get_audit_status(token, auditid)

    async def in_task(auditid: int) -> None:
        with traces.tracer.start_as_current_span("shop") as around:
            parents[auditid] = around.get_span_context().span_id
            await asynchronous.get_audit_status(token, auditid)

    async def in_tasks() -> None:
        await asyncio.gather(*map(in_task, auditids[4:]))

    threads = [threading.Thread(target=in_thread, args=(auditid,)) for auditid in auditids[:4]]
    for thread in threads:
        thread.start()
    asyncio.run(in_tasks())
    for thread in threads:
        thread.join()
    found = {attributes(span)["wechat.auditid"]: parent_of(span) for span in traces.take()}
    assert found == parents


def test_on_event_hears_the_same_as_without(
    client_kind: ClientKind, fake: FakeWeChat, traces: Traces
) -> None:
    events: list[wxaudit.Event] = []
    client_kind.client(fake, on_event=events.append).get_audit_status(fake.token(), fake.submit().auditid)
    assert [event.kind for event in events] == ["request", "response"]
    assert len(traces.take()) == 1


def test_traceparent_is_not_sent(client_kind: ClientKind, fake: FakeWeChat, traces: Traces) -> None:
    with traces.tracer.start_as_current_span("shop"):
        client_kind.client(fake).get_audit_status(fake.token(), fake.submit().auditid)
    assert [name for name in fake.requests[-1].headers if "trace" in name.lower()] == []


def test_instrumenting_twice_is_harmless_and_can_be_undone(client_kind: ClientKind, fake: FakeWeChat) -> None:
    first, second = Traces(), Traces()
    client, token, auditid = client_kind.client(fake), fake.token(), fake.submit().auditid
    try:
        otel.instrument(first.provider)
        otel.instrument(second.provider)
        client.get_audit_status(token, auditid)
        assert (len(first.take()), len(second.take())) == (0, 1)
        otel.uninstrument()
        assert not client.inner._session.dispatcher()
        client.get_audit_status(token, auditid)
        assert (first.take(), second.take()) == ([], [])
        otel.uninstrument()
    finally:
        otel.uninstrument()


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.trace"])
def test_without_opentelemetry_it_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError) as caught:
        otel.instrument()
    english, chinese = str(caught.value).splitlines()
    assert english == (
        "wxaudit.otel needs opentelemetry-api, which is not installed; run: pip install 'wxaudit[otel]'"
    )
    assert chinese.endswith("pip install 'wxaudit[otel]'")
