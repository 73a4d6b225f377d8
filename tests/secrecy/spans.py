"""Collect the spans of all calls in memory, as an application does."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import wxaudit.otel

PROVIDER = TracerProvider()
_EXPORTER = InMemorySpanExporter()
PROVIDER.add_span_processor(SimpleSpanProcessor(_EXPORTER))
wxaudit.otel.instrument(PROVIDER)


def taken() -> list[str]:
    """The spans since the last call, as text."""
    spans = _EXPORTER.get_finished_spans()
    _EXPORTER.clear()
    texts = []
    for span in spans:
        texts += [span.to_json(), repr(span.attributes), repr(span.events), repr(span.status.description)]
    return texts
