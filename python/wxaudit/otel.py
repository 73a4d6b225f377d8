"""Trace the requests to WeChat with OpenTelemetry: `pip install 'wxaudit[otel]'`.

OpenTelemetry is not imported before `instrument` is called.
"""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING

from ._escape import escape_controls
from ._native import __version__
from ._observability.dispatch import instruments
from ._observability.listener import Listener
from ._optional import import_optional

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from opentelemetry.trace import TracerProvider

    from ._native import Event

__all__ = ["instrument", "uninstrument"]

# The attributes that are set have had the same meaning since those of HTTP became stable.
_SCHEMA = "https://opentelemetry.io/schemas/1.44.0"


def instrument(tracer_provider: TracerProvider | None = None) -> None:
    """Traces each request to WeChat as a span, for all clients in this process.

    - `tracer_provider`: where spans go. By default the global one, even if that is set later.

    Calls that begin after this are traced. The parent is the span that is current when the call begins. A
    second call replaces the `tracer_provider`.

    `ModuleNotFoundError`, which is an `ImportError`, if `opentelemetry-api` is not installed.
    """
    trace = import_optional("opentelemetry.trace", "wxaudit.otel")
    context = import_optional("opentelemetry.context", "wxaudit.otel")
    tracer = trace.get_tracer("wxaudit", __version__, tracer_provider, schema_url=_SCHEMA)

    def make() -> Listener:
        return _Spans(trace, tracer, context.get_current())

    instruments["otel"] = make


def uninstrument() -> None:
    """Stops tracing: calls that begin after this make no spans. Does nothing if nothing is traced."""
    instruments.pop("otel", None)


class _Spans(Listener):
    """Makes the spans of one call or batch.

    A span is made when the request has ended, with the times that it had, so that every span ends.
    """

    __slots__ = ("_parent", "_sent", "_trace", "_tracer")

    name = "wxaudit.otel"

    def __init__(self, trace: Any, tracer: Any, parent: Any) -> None:
        self._trace = trace
        self._tracer = tracer
        self._parent = parent
        # The requests in flight, by their call. A call sends one at a time.
        self._sent: dict[int | None, Event] = {}

    def on_event(self, event: Event) -> None:
        if event.kind == "request":
            self._sent[event.call] = event
        elif event.kind == "response" and (sent := self._sent.pop(event.call, None)) is not None:
            # By the monotonic clock.
            lasted = (event.elapsed or 0.0) - (sent.elapsed or 0.0)
            self._span(sent, event, _error_type(event), _nanoseconds(sent) + round(lasted * 1e9))

    def on_end(self, error: BaseException | None) -> None:
        """Ends the spans of requests that were cancelled, with their task or with the rest of their batch."""
        for sent in self._sent.values():
            self._span(sent, sent, "_OTHER" if error is None else type(error).__qualname__, time_ns())
        self._sent.clear()

    def _span(self, sent: Event, event: Event, error_type: str | None, end: int) -> None:
        begun = _nanoseconds(sent)
        span = self._tracer.start_span(
            f"{event.method} {event.url_path}",
            context=self._parent,
            kind=self._trace.SpanKind.CLIENT,
            attributes=dict(self._attributes(event, error_type)),
            start_time=begun,
        )
        if error_type is not None:
            # A description would only repeat the HTTP status.
            described = None if error_type == str(event.http_status) else event.error
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, described))
        span.end(end_time=max(end, begun))

    def _attributes(self, event: Event, error_type: str | None) -> Iterator[tuple[str, str | int]]:
        """Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ (HTTP client span).

        `url.full`, which is required there, is not set, since the URL contains the token.
        """
        attributes = {
            "http.request.method": event.method,
            "server.address": (event.host or "").strip("[]") or None,
            "server.port": event.port,
            "url.path": event.url_path,
            # WeChat's paths have no variables, so each is its own template.
            "url.template": event.url_path,
            "http.response.status_code": event.http_status,
            "http.request.resend_count": (event.attempt or 1) - 1 or None,
            "error.type": error_type,
            "wechat.errcode": event.errcode,
            "wechat.rid": event.rid,
            "wechat.auditid": event.auditid,
            "wechat.appid": event.appid,
        }
        for name, value in attributes.items():
            if value is not None:
                yield name, escape_controls(value) if isinstance(value, str) else value


def _nanoseconds(event: Event) -> int:
    """When it happened, in nanoseconds."""
    return time_ns() if event.time is None else round(event.time * 1e9)


def _error_type(event: Event) -> str | None:
    """A name for the failure, or None. There are few, so that traces can be grouped by them."""
    if event.error is None:
        return None
    if event.errcode is not None:
        return f"wechat.{event.errcode}"
    return str(event.http_status) if event.error_type == "HTTPStatusError" else event.error_type


def __dir__() -> list[str]:
    return sorted(__all__)  # for completion
