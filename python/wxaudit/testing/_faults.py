"""Faults: errors, delays and broken connections that a test requests."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from typing import Literal

from ._wire import reason_phrase

_IS_NUMBER = re.compile(r"-?[0-9]{1,9}").fullmatch

_NONE = type(None)
# Types are checked early: otherwise an error would show only later, in the server thread.
_TYPES: dict[str, tuple[type, ...]] = {
    "errcode": (int, str, _NONE),
    "errmsg": (str, _NONE),
    "fields": (Mapping,),
    "without": (Collection,),
    "body": (bytes, str, _NONE),
    "raw": (bytes, _NONE),
    "http_status": (int, _NONE),
    "headers": (Mapping,),
    "delay": (int, float),
    "hold": (bool,),
    "cut_at": (int,),
    "drip": (int, _NONE),
    "drip_interval": (int, float),
    "chunk": (int, _NONE),
}

Cut = Literal["accept", "head", "body", "end"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One or more things that go wrong with a request. Pass it to `FakeWeChat.fail_next`.

    The content of the answer. Give at most one of `errcode`, `body`, `raw`, and the pair `fields`/`without`.
    With none of them the regular answer is sent:

    - `errcode`, `errmsg`: answer with this error. The default `errmsg` is WeChat's text for the code.
    - `fields`, `without`: set and remove JSON fields of the regular answer.
    - `body`: send these bytes as the body. Text is encoded as UTF-8.
    - `raw`: send these bytes instead of status line, headers and body. The connection stays open.
    - `http_status`, `headers`: change the status; add headers, or remove those with the value None. They
      cannot be combined with `raw`.

    The time of the answer, in real seconds. Both waits end when the client disconnects:

    - `delay`: wait for this many seconds.
    - `hold`: wait for `FakeWeChat.release`.

    The transfer of the answer:

    - `cut`: close the connection. `"accept"`: right after it is accepted, before any request (only `reset`
      can be combined with it). `"head"`: after `cut_at` bytes of the head; the default 0 sends nothing.
      `"body"`: after `cut_at` bytes of the body. `"end"`: after the complete answer, without
      `Connection: close`.
    - `reset`: close with a TCP reset.
    - `drip`: send this many bytes at a time, `drip_interval` seconds apart.
    - `chunk`: use `Transfer-Encoding: chunked` with this many bytes per chunk.
    - `endless`: repeat the body until the client disconnects, chunked unless `headers` has a Content-Length.

    `fault & other` combines two faults. Contradictions raise `ValueError`.
    """

    errcode: int | str | None = None
    errmsg: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    without: Collection[str] = ()
    body: bytes | str | None = None
    raw: bytes | None = None
    http_status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    delay: float = 0
    hold: bool = False
    cut: Cut | None = None
    cut_at: int = 0
    reset: bool = False
    drip: int | None = None
    drip_interval: float = 0
    chunk: int | None = None
    endless: bool = False

    def __post_init__(self) -> None:
        for name, types in _TYPES.items():
            value = getattr(self, name)
            if not isinstance(value, types) or (isinstance(value, bool) and name != "hold"):
                raise TypeError(f"{name} has the wrong type: {value!r}")
        if isinstance(self.body, str):
            object.__setattr__(self, "body", self.body.encode())
        _check_answer(self)
        _check_sending(self)

    @classmethod
    def http(
        cls, status: int, body: bytes | str | None = None, headers: Mapping[str, str | None] | None = None
    ) -> Fault:
        """An HTTP error with the HTML page of a proxy in front of WeChat, or without a body for 412."""
        if body is not None:
            return cls(http_status=status, body=body, headers=headers or {})
        if status == HTTPStatus.PRECONDITION_FAILED:
            return cls(http_status=status, body=b"", headers={"Content-Type": None, **(headers or {})})
        title = f"{status} {reason_phrase(status)}"
        page = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
            "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        )
        return cls(http_status=status, body=page, headers={"Content-Type": "text/html", **(headers or {})})

    @classmethod
    def redirect(cls, location: str, status: int = 302) -> Fault:
        """A redirect. WeChat does not document any, and clients must not follow it: the URL has the token."""
        return cls(http_status=status, body=b"", headers={"Location": location})

    @classmethod
    def garbage(cls) -> Fault:
        """Bytes that are not HTTP, followed by the end of the connection."""
        return cls(raw=bytes(range(255, -1, -1)) * 2, cut="end")

    def __and__(self, other: Fault) -> Fault:
        merged = self._given()
        for name, value in other._given().items():
            before = merged.get(name, value)
            if isinstance(before, Mapping) and isinstance(value, Mapping):
                merged[name] = {**before, **value}
            elif before != value:
                raise ValueError(f"the two faults differ in {name}: {before!r} and {value!r}")
            else:
                merged[name] = value
        return Fault(**merged)  # type: ignore[arg-type]  # names and values are those of two faults

    def _given(self) -> dict[str, object]:
        """Return the attributes that differ from their defaults."""
        given: dict[str, object] = {}
        for attribute in fields(self):
            value = getattr(self, attribute.name)
            default = {} if attribute.name in ("fields", "headers") else attribute.default
            if value != default:
                given[attribute.name] = value
        return given

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._given().items())
        return f"Fault({given})"


def _check_answer(fault: Fault) -> None:
    answers = {
        "errcode": fault.errcode is not None,
        "fields or without": bool(fault.fields or fault.without),
        "body": fault.body is not None,
        "raw": fault.raw is not None,
    }
    given = [name for name, is_given in answers.items() if is_given]
    if len(given) > 1:
        raise ValueError(f"a fault has one answer: give only one of {', '.join(given)}")
    if isinstance(fault.errcode, str) and fault.errmsg is None and not _IS_NUMBER(fault.errcode):
        raise ValueError(f"errcode {fault.errcode!r} has no known text: give an errmsg")
    if fault.errmsg is not None and fault.errcode is None:
        raise ValueError("errmsg needs errcode")
    json.dumps(dict(fault.fields))  # raises TypeError for values that JSON does not support
    if isinstance(fault.without, str):
        raise TypeError("without must be a collection of names, not one string")
    if fault.raw is not None and (
        fault.http_status is not None or fault.headers or fault.chunk or fault.endless
    ):
        raise ValueError("raw replaces the complete answer: remove http_status, headers, chunk and endless")


def _check_sending(fault: Fault) -> None:
    for name in ("delay", "drip_interval"):
        seconds = getattr(fault, name)
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError(f"{name} must be a finite number of seconds, not {seconds}")
    for name in ("drip", "chunk"):
        size = getattr(fault, name)
        if size is not None and size < 1:
            raise ValueError(f"{name} must be at least 1 byte, not {size}")
    if fault.cut not in (None, "accept", "head", "body", "end"):
        raise ValueError(f"cut must be 'accept', 'head', 'body' or 'end', not {fault.cut!r}")
    if fault.cut_at and fault.cut not in ("head", "body"):
        raise ValueError("cut_at needs cut='head' or cut='body'")
    if fault.cut_at < 0:
        raise ValueError(f"cut_at must not be negative: {fault.cut_at}")
    if fault.reset and fault.cut is None:
        raise ValueError("reset needs cut: say where to close the connection")
    if fault.drip_interval and fault.drip is None:
        raise ValueError("drip_interval needs drip")
    if fault.endless and (fault.cut is not None or fault.chunk is not None):
        raise ValueError("endless cannot be combined with cut or chunk")
    if fault.cut == "accept" and set(fault._given()) - {"cut", "reset"}:
        raise ValueError("cut='accept' closes before any request: only reset can be combined with it")
