"""Define what WeChat tells about a past request and about quotas."""

from __future__ import annotations

from .._errors.tree import APIError, ArgumentError
from .value import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any


# The end of the year 9999.
_LAST_SECOND = 253_402_300_800


class RequestTrace(Frozen):
    """What WeChat saw of one request, with tokens masked. `Client.explain` returns it.

    `rid`; `invoked_at` (aware, UTC); `cost_in_ms`; `request_url`, `request_body`, `response_body` and
    `client_ip` as WeChat gives them. What it does not give is `None`.
    """

    __module__ = "wxaudit"
    _fields = ("rid", "invoked_at", "cost_in_ms", "request_url", "request_body", "response_body", "client_ip")
    __slots__ = _fields

    rid: str
    invoked_at: datetime | None
    cost_in_ms: int | None
    request_url: str | None
    request_body: str | None
    response_body: str | None
    client_ip: str | None

    def __init__(
        self,
        rid: str,
        *,
        invoked_at: datetime | None = None,
        cost_in_ms: int | None = None,
        request_url: str | None = None,
        request_body: str | None = None,
        response_body: str | None = None,
        client_ip: str | None = None,
    ) -> None:
        self.rid = rid
        self.invoked_at = invoked_at
        self.cost_in_ms = cost_in_ms
        self.request_url = request_url
        self.request_body = request_body
        self.response_body = response_body
        self.client_ip = client_ip


def trace_from(answer: Mapping[str, Any]) -> RequestTrace:
    """The answer of `rid/get`."""
    request = answer["request"]
    texts = ("request_url", "request_body", "response_body", "client_ip")
    return RequestTrace(
        answer["rid"],
        invoked_at=_moment(_number(request.get("invoke_time"))),
        cost_in_ms=_number(request.get("cost_in_ms")),
        **{name: _text(request.get(name)) for name in texts},
    )


class RateLimit(Frozen):
    """`call_count` calls in each `refresh_second` seconds."""

    __module__ = "wxaudit"
    __slots__ = _fields = ("call_count", "refresh_second")

    call_count: int
    refresh_second: int

    def __init__(self, call_count: int, refresh_second: int) -> None:
        self.call_count = call_count
        self.refresh_second = refresh_second


class Quota(Frozen):
    """How often `get_audit_status` may be called. `Client.quota` returns it.

    `daily_limit`, `used` and `remain` count today's calls of the mini program. `rate_limit` is that of the
    mini program, `component_rate_limit` that of the platform. What WeChat does not give is `None`.
    """

    __module__ = "wxaudit"
    __slots__ = _fields = ("daily_limit", "used", "remain", "rate_limit", "component_rate_limit")

    daily_limit: int | None
    used: int | None
    remain: int | None
    rate_limit: RateLimit | None
    component_rate_limit: RateLimit | None

    def __init__(
        self,
        daily_limit: int | None = None,
        used: int | None = None,
        remain: int | None = None,
        rate_limit: RateLimit | None = None,
        component_rate_limit: RateLimit | None = None,
    ) -> None:
        self.daily_limit = daily_limit
        self.used = used
        self.remain = remain
        self.rate_limit = rate_limit
        self.component_rate_limit = component_rate_limit


def quota_from(answer: Mapping[str, Any]) -> Quota:
    """The answer of `quota/get`."""
    counted = answer.get("quota")
    counts = counted if isinstance(counted, dict) else {}
    return Quota(
        daily_limit=_number(counts.get("daily_limit")),
        used=_number(counts.get("used")),
        remain=_number(counts.get("remain")),
        rate_limit=_rate(answer.get("rate_limit")),
        component_rate_limit=_rate(answer.get("component_rate_limit")),
    )


def _rate(limit: Any) -> RateLimit | None:
    if not isinstance(limit, dict):
        return None
    count, seconds = _number(limit.get("call_count")), _number(limit.get("refresh_second"))
    return None if count is None or seconds is None else RateLimit(count, seconds)


def _number(value: Any) -> int | None:
    """A whole number. WeChat also writes it as a text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(seconds: int | None) -> datetime | None:
    """The moment of a Unix time; `None` if no calendar has it."""
    from datetime import datetime, timedelta, timezone

    if seconds is None or not 0 <= seconds < _LAST_SECOND:
        return None
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)


def _text(value: Any) -> str | None:
    """A text as it is; any other JSON value as its JSON text."""
    if value is None or isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False)


def rid_of(given: Any) -> Any:
    """The rid itself, or that of an error."""
    if not isinstance(given, BaseException):
        return given
    if isinstance(given, APIError) and given.rid:
        return given.rid
    kind = type(given).__name__
    raise ArgumentError(f"rid_or_error must be a rid, or an APIError with a rid, got {kind} without one")
