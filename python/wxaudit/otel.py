"""Spans of OpenTelemetry for the requests to WeChat: `pip install 'wxaudit[otel]'`.

Nothing of OpenTelemetry is imported before `instrument` is called.
"""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ._events import Listener
from ._extra import needed
from ._listeners import instruments
from ._native import __version__
from ._visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from opentelemetry.trace import TracerProvider

    from ._configured import Configured
    from ._errors import WxAuditError
    from ._events import Event

    Attempt: TypeAlias = tuple[int | None, str | None, int]

# All attributes that are set mean the same in every version since HTTP's became stable, and in this one.
_SCHEMA = "https://opentelemetry.io/schemas/1.44.0"

# How the texts of core errors begin, which tells their class.
_TIME_OVER = "no answer within "
_PHASES = (
    "starting the client: ",
    "looking up the host name: ",
    "connecting: ",
    "asking the proxy: ",
    "TLS: ",
    "waiting for the answer: ",
    "reading the answer: ",
)


def instrument(tracer_provider: TracerProvider | None = None) -> None:
    """From now on each request to WeChat is a span, of all clients in this process.

    - `tracer_provider`: where spans go; the global one by default, also where that is set later.

    Calls that begin after this are traced, with the span that is current where a call begins as their
    parent. Doing it twice is harmless: the last `tracer_provider` counts.

    `ModuleNotFoundError`, which is an `ImportError`, where `opentelemetry-api` is not installed.
    """
    trace = needed("opentelemetry.trace", "wxaudit.otel")
    context = needed("opentelemetry.context", "wxaudit.otel")
    tracer = trace.get_tracer("wxaudit", __version__, tracer_provider, schema_url=_SCHEMA)

    def make(client: Configured, several: bool) -> Listener:
        return _Spans(trace, tracer, context.get_current(), client, None if several else time_ns())

    instruments["otel"] = make


def uninstrument() -> None:
    """Calls that begin after this make no spans. Harmless where nothing was instrumented."""
    instruments.pop("otel", None)


class _Sent(NamedTuple):
    """A request that was not answered yet."""

    event: Event
    begun: int
    """When its call began, in nanoseconds."""

    @property
    def at(self) -> int:
        return self.begun + _nanoseconds(self.event)


class _Spans(Listener):
    """Makes the spans of one call, or of one batch.

    A span is made when the request is answered, with the times of then: so none can be left unended.
    """

    __slots__ = ("_begun", "_client", "_parent", "_sent", "_trace", "_tracer")

    name = "wxaudit.otel"

    def __init__(self, trace: Any, tracer: Any, parent: Any, client: Configured, begun: int | None) -> None:
        self._trace = trace
        self._tracer = tracer
        self._parent = parent
        self._client = client
        # When the call began; the calls of a batch begin one by one.
        self._begun = begun
        # By which attempt it is; twins in a batch (one audit asked for twice, pictures) stand together.
        self._sent: dict[Attempt, list[_Sent]] = {}

    def hear(self, event: Event) -> None:
        if event.kind == "request":
            self._sent.setdefault(_attempt(event), []).append(_Sent(event, self._begin_of(event)))
        elif event.kind == "response":
            self._answered(event)

    def _begin_of(self, event: Event) -> int:
        """When the call of an event began; in a batch, at the latest: the event took a while to come."""
        return time_ns() - _nanoseconds(event) if self._begun is None else self._begun

    def _answered(self, event: Event) -> None:
        begun = self._begin_of(event)
        # Twins are told apart by when they began.
        sent = self._take(_attempt(event), lambda sent: abs(sent.begun - begun))
        if sent is not None:
            # Of two that may be late the earlier one is less so.
            sent = sent._replace(begun=min(sent.begun, begun))
            self._span(sent, event, _error_type(event), sent.begun + _nanoseconds(event))

    def _take(self, attempt: Attempt, distance: Callable[[_Sent], int]) -> _Sent | None:
        twins = self._sent.get(attempt)
        if not twins:
            return None
        sent = min(twins, key=distance)
        twins.remove(sent)
        if not twins:
            del self._sent[attempt]
        return sent

    def failed(self, error: WxAuditError) -> None:
        """A request that the time limit of its call has cut off has no answer."""
        sent = self._take((error.auditid, error.appid, error.attempts), lambda sent: sent.begun)
        if sent is not None:
            self._cut_off(sent, error)

    def over(self, error: BaseException | None) -> None:
        for twins in self._sent.values():
            for sent in twins:
                self._cut_off(sent, error)
        self._sent.clear()

    def _cut_off(self, sent: _Sent, error: BaseException | None) -> None:
        self._span(sent, sent.event, "_OTHER" if error is None else type(error).__qualname__, time_ns())

    def _span(self, sent: _Sent, event: Event, error_type: str | None, end: int) -> None:
        span = self._tracer.start_span(
            f"{event.method} {event.url_path}",
            context=self._parent,
            kind=self._trace.SpanKind.CLIENT,
            attributes=dict(self._attributes(event, error_type)),
            start_time=sent.at,
        )
        if error_type is not None:
            # Where the status of HTTP says it all, a description would only repeat it.
            described = None if error_type == str(event.http_status) else event.error
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, described))
        span.end(end_time=max(end, sent.at))

    def _attributes(self, event: Event, error_type: str | None) -> Iterator[tuple[str, str | int]]:
        """Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ (HTTP client span).

        `url.full`, which is required there, is left out: the URL holds the token.
        """
        host, port = self._server(event)
        attributes = {
            "http.request.method": event.method,
            "server.address": host,
            "server.port": port,
            "url.path": event.url_path,
            # WeChat's paths hold no variables: each is its own template.
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
                yield name, visible(value) if isinstance(value, str) else value

    def _server(self, event: Event) -> tuple[str, int | None]:
        """Host and port of a request: events have the host alone, the client's URLs have both."""
        host = (event.host or "").strip("[]")
        engine = self._client._engine
        for url in (engine.base_url, *engine.fallback_urls):
            parts = urlsplit(url)
            if parts.hostname == host:
                return host, parts.port or (443 if parts.scheme == "https" else 80)
        return host, None


def _nanoseconds(event: Event) -> int:
    return round((event.elapsed or 0.0) * 1e9)


def _attempt(event: Event) -> Attempt:
    return event.auditid, event.appid, event.attempt or 0


def _error_type(event: Event) -> str | None:
    """A name for what went wrong, None where nothing did: there are few, so that one can group by them."""
    if event.error is None:
        return None
    if event.errcode is not None:
        return f"wechat.{event.errcode}"
    if event.http_status is not None:
        return str(event.http_status)
    if event.error.startswith(_TIME_OVER):
        return "RequestTimeout"
    return "TransportError" if event.error.startswith(_PHASES) else "DecodeError"
