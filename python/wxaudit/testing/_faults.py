"""What can go wrong with an answer, on demand."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from typing import Literal

_NUMBER = re.compile(r"-?[0-9]{1,9}").fullmatch

_NONE = type(None)
# Checked as they come, since a mistake would show only when a request is struck, in another thread.
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
    """One thing, or several at once, that goes wrong with a request. Give it to `FakeWeChat.fail_next`.

    What is answered (at most one of `errcode`, `body`, `raw`, and the pair `fields`/`without`; the genuine
    answer where none is given, so that a fault may change nothing but the pace):

    - `errcode`, `errmsg`: this error instead of the answer. Without `errmsg` WeChat's text for the code,
      with a rid.
    - `fields`, `without`: the genuine answer with these JSON fields set, and those left out.
    - `body`: these bytes (text is encoded as UTF-8) as the body.
    - `raw`: these bytes as everything, status line and headers included. The connection stays open behind
      them.
    - `http_status`, `headers`: another status; headers added or, with None as value, left out. Both go with
      all but `raw`.

    When, in real seconds:

    - `delay`: wait this long first.
    - `hold`: wait for `FakeWeChat.release` first. Both waits end at once when the client goes away.

    How it is sent:

    - `cut`: where the connection is closed. `"accept"`: as soon as it is accepted, before any request (goes
      with nothing but `reset`). `"head"`: after `cut_at` bytes of the head; 0, the default, is an empty
      answer. `"body"`: after `cut_at` bytes of the body. `"end"`: after the whole answer, which does not
      say so (no `Connection: close`).
    - `reset`: cut with a TCP reset instead of an orderly close.
    - `drip`: send this many bytes at a time, `drip_interval` seconds apart.
    - `chunk`: `Transfer-Encoding: chunked`, this many bytes a chunk.
    - `endless`: send the body over and over until the client goes away; chunked unless `headers` has a
      Content-Length.

    `fault & other` is both at once. Contradictions are a `ValueError`, here or there.
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
                raise TypeError(f"{name} cannot be {value!r}")
        if isinstance(self.body, str):
            object.__setattr__(self, "body", self.body.encode())
        _check_answer(self)
        _check_sending(self)

    @classmethod
    def http(
        cls, status: int, body: bytes | str | None = None, headers: Mapping[str, str | None] | None = None
    ) -> Fault:
        """An HTTP error with the page that a proxy in front of WeChat sends: HTML, or nothing with 412."""
        if body is not None:
            return cls(http_status=status, body=body, headers=headers or {})
        if status == HTTPStatus.PRECONDITION_FAILED:
            return cls(http_status=status, body=b"", headers={"Content-Type": None, **(headers or {})})
        title = f"{status} {_phrase(status)}"
        page = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
            "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        )
        return cls(http_status=status, body=page, headers={"Content-Type": "text/html", **(headers or {})})

    @classmethod
    def redirect(cls, location: str, status: int = 302) -> Fault:
        """A redirect, which WeChat does not document and no client should follow: the token is in the URL."""
        return cls(http_status=status, body=b"", headers={"Location": location})

    @classmethod
    def garbage(cls) -> Fault:
        """Bytes that are no HTTP at all, then the end of the connection."""
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
        """What was given: the attributes that are not their defaults."""
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
    answers = [
        name
        for name, given in (
            ("errcode", fault.errcode is not None),
            ("fields or without", bool(fault.fields) or bool(fault.without)),
            ("body", fault.body is not None),
            ("raw", fault.raw is not None),
        )
        if given
    ]
    if len(answers) > 1:
        raise ValueError(f"a fault answers one thing: {' or '.join(answers)}")
    if isinstance(fault.errcode, str) and fault.errmsg is None and not _NUMBER(fault.errcode):
        raise ValueError(f"no text is known for errcode {fault.errcode!r}: give an errmsg")
    if fault.errmsg is not None and fault.errcode is None:
        raise ValueError("errmsg goes with errcode")
    json.dumps(dict(fault.fields))  # raises TypeError for what JSON does not know
    if isinstance(fault.without, str):
        raise TypeError("without is a collection of names, not one string")
    if fault.raw is not None and (
        fault.http_status is not None or fault.headers or fault.chunk or fault.endless
    ):
        raise ValueError(
            "raw is everything that is sent: no http_status, headers, chunk or endless beside it"
        )


def _check_sending(fault: Fault) -> None:
    for name in ("delay", "drip_interval"):
        seconds = getattr(fault, name)
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError(f"{name} must be a number of seconds, not {seconds}")
    for name in ("drip", "chunk"):
        size = getattr(fault, name)
        if size is not None and size < 1:
            raise ValueError(f"{name} must be at least 1 byte, not {size}")
    if fault.cut not in (None, "accept", "head", "body", "end"):
        raise ValueError(f"cut must be 'accept', 'head', 'body' or 'end', not {fault.cut!r}")
    if fault.cut_at and fault.cut not in ("head", "body"):
        raise ValueError("cut_at goes with cut='head' and cut='body'")
    if fault.cut_at < 0:
        raise ValueError(f"cut_at must not be negative: {fault.cut_at}")
    if fault.reset and fault.cut is None:
        raise ValueError("reset goes with cut: say where")
    if fault.drip_interval and fault.drip is None:
        raise ValueError("drip_interval goes with drip")
    if fault.endless and (fault.cut is not None or fault.chunk is not None):
        raise ValueError("an endless body has no cut and chunks of its own")
    if fault.cut == "accept" and set(fault._given()) - {"cut", "reset"}:
        raise ValueError("cut='accept' closes before any request: nothing but reset goes with it")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
