"""Traces of failed requests, by rid."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ._log import ReceivedRequest

_MAX_TRACES = 1000


class Trace(NamedTuple):
    appid: str | None
    fields: dict[str, object]


class Traces(OrderedDict[str, Trace]):
    """The traces of the newest failed requests."""

    def add(self, rid: str, request: ReceivedRequest, response_body: str, now: int) -> None:
        fields: dict[str, object] = {
            "invoke_time": now,
            "cost_in_ms": 30,
            "request_url": request.target.partition("?")[2],
            "request_body": request.body.decode("utf-8", "replace"),
            "response_body": response_body,
            "client_ip": "203.0.113.7",
        }
        self[rid] = Trace(request.appid, fields)
        if len(self) > _MAX_TRACES:
            self.popitem(last=False)
