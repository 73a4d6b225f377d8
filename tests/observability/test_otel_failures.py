"""The spans of requests that failed: what they call it, when they end, and what they never say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import wxaudit
from secrecy.canary import find
from secrecy.refusals import ECHOES, ask_and_fail
from support.servers.raw_server import RawServer, Reply, Script, answer
from support.traces import Traces, attributes, error_type, instrumented, seconds
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client_kind import ClientKind


@pytest.fixture
def traces() -> Iterator[Traces]:
    with instrumented() as traces:
        yield traces


def refused(client_kind: ClientKind) -> None:
    client_kind.client("http://127.0.0.1:9", max_retries=0).get_audit_status("token", 5)


def cut(client_kind: ClientKind) -> None:
    with RawServer(Script(Reply(answer()[:-3], "close"))) as server:
        client_kind.client(server.base_url, max_retries=0).get_audit_status("token", 5)


def no_tls(client_kind: ClientKind) -> None:
    with RawServer(Script(Reply(b"no TLS", "close"))) as server:
        url = server.base_url.replace("http://", "https://")
        client_kind.client(url, max_retries=0).get_audit_status("token", 5)


def unknown_host(client_kind: ClientKind) -> None:
    url = "https://nowhere.invalid"
    client_kind.client(url, max_retries=0, trust_env=False).get_audit_status("token", 5)


def unreachable_proxy(client_kind: ClientKind) -> None:
    client = client_kind.client("https://nowhere.invalid", max_retries=0, proxy="http://127.0.0.1:9")
    client.get_audit_status("token", 5)


def read_limit(client_kind: ClientKind) -> None:
    with RawServer(Script(Reply(b"", "stay"))) as server:
        timeout = wxaudit.Timeout(total=5, read=0.1)
        client_kind.client(server.base_url, max_retries=0, timeout=timeout).get_audit_status("token", 5)


def total_limit(client_kind: ClientKind) -> None:
    with RawServer(Script(Reply(b"", "stay"))) as server:
        client_kind.client(server.base_url, timeout=0.3).get_audit_status("token", 5)


def no_json(client_kind: ClientKind) -> None:
    with RawServer(Script(answer(b"<html>"))) as server:
        client_kind.client(server.base_url, max_retries=0).get_audit_status("token", 5)


def endless_head(client_kind: ClientKind) -> None:
    with RawServer(Script(Reply(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, "close"))) as server:
        client_kind.client(server.base_url, max_retries=0).get_audit_status("token", 5)


FAILURES = [
    refused,
    cut,
    no_tls,
    unknown_host,
    unreachable_proxy,
    read_limit,
    total_limit,
    no_json,
    endless_head,
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
def test_a_failure_without_an_answer_has_the_name_of_its_exception(
    client_kind: ClientKind, traces: Traces, failure: Any
) -> None:
    with pytest.raises(wxaudit.WxAuditError) as caught:
        failure(client_kind)
    (span,) = traces.take()
    assert error_type(span) == type(caught.value).__name__
    assert span.status.status_code is trace.StatusCode.ERROR
    status = 200 if failure in (cut, no_json) else None
    assert attributes(span).get("http.response.status_code") == status
    if failure is total_limit:
        assert 0.25 < seconds(span) < 2


def test_an_answer_of_wechat_that_is_a_refusal_is_an_error(
    client_kind: ClientKind, fake: FakeWeChat, traces: Traces
) -> None:
    fake.fail_next(Fault(errcode=45009))
    with pytest.raises(wxaudit.DayQuotaError):
        client_kind.client(fake).get_audit_status(fake.token(), 5)
    (span,) = traces.take()
    assert error_type(span) == "wechat.45009"
    assert attributes(span)["wechat.errcode"] == 45009
    assert attributes(span)["http.response.status_code"] == 200


def test_a_task_that_is_cancelled_ends_its_span(fake: FakeWeChat, traces: Traces) -> None:
    async def main() -> None:
        fake.fail_next(Fault(hold=True))
        task = asyncio.ensure_future(fake.async_client().get_audit_status(fake.token(), 5))
        await asyncio.to_thread(fake.wait_for_held, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    (span,) = traces.take()
    assert error_type(span) == "CancelledError"


def test_a_tracer_that_raises_ends_nothing(
    client_kind: ClientKind, fake: FakeWeChat, traces: Traces, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(SimpleSpanProcessor):
        def on_start(self, *_: Any, **__: Any) -> None:
            raise ValueError("no room for a span")

    traces.provider.add_span_processor(Broken(InMemorySpanExporter()))
    assert client_kind.client(fake).get_audit_status(fake.token(), fake.submit().auditid).is_pending
    assert "wxaudit.otel raised; the call goes on" in [record.message for record in caplog.records]


@pytest.mark.parametrize("echo", ECHOES, ids=range(len(ECHOES)))
def test_no_span_holds_a_token(client_kind: ClientKind, fake: FakeWeChat, traces: Traces, echo: Any) -> None:
    ask_and_fail(client_kind, fake, echo)
    spans = traces.take()
    assert len(spans) >= 2
    for span in spans:
        texts = [span.to_json(), repr(span.attributes), repr(span.status.description), repr(span.events)]
        assert list(find(texts)) == []
        assert not {"url.full", "url.query"} & set(attributes(span))
