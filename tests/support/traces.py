"""Where the spans of a test arrive."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from wxaudit import otel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Traces:
    """All that one tracer provider has finished."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("shop")

    def take(self) -> list[ReadableSpan]:
        """Those of requests that have come since the last time, by when they began."""
        spans = [span for span in self._exporter.get_finished_spans() if span.name != "shop"]
        self._exporter.clear()
        return sorted(spans, key=lambda span: span.start_time or 0)


@contextmanager
def instrumented() -> Iterator[Traces]:
    """Traces of all clients, for a while."""
    traces = Traces()
    otel.instrument(traces.provider)
    try:
        yield traces
    finally:
        otel.uninstrument()
        traces.provider.shutdown()


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    assert span.attributes is not None
    return span.attributes


def seconds(span: ReadableSpan) -> float:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e9


def error_type(span: ReadableSpan) -> Any:
    return attributes(span).get("error.type")


def parent_of(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id
