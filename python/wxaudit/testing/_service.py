"""Turn a request into the bytes of its reply: log it, apply a fault, run the operation."""

from __future__ import annotations

import itertools
import json
from email.utils import formatdate
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from ._errcode import ErrcodeError
from ._errmsg_templates import errmsg_for
from ._operations import answer_request
from ._wire import RawRequest, Reply, reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._fault_queue import FaultQueue
    from ._faults import Fault
    from ._log import Log, ReceivedRequest
    from ._server_state import ServerState

# WeChat's interfaces often send JSON as text/plain, so one reply in five does so here.
CONTENT_TYPES = (*["application/json; encoding=utf-8"] * 4, "text/plain")


class Service:
    """The fake without its sockets."""

    def __init__(
        self, state: ServerState, faults: FaultQueue, log: Log, content_types: Sequence[str]
    ) -> None:
        self._state = state
        self.faults = faults
        self.log = log
        self._content_types = itertools.cycle(content_types)
        self._http_date = lru_cache(maxsize=1)(partial(formatdate, usegmt=True))

    def receive(self, raw: RawRequest, connection: int, *, reused: bool) -> ReceivedRequest:
        """Log a request and find the fault that applies to it."""
        with self._state.lock:
            request = self.log.request(raw, connection, self._state.clock.now())
            request.appid = self._state.tokens.owner(request.token)
            request.fault = self.faults.take(request, reused)
            return request

    def answer(self, request: ReceivedRequest, raw: RawRequest, fault: Fault | None) -> Reply:
        """Return the reply to a request and log its outcome."""
        if fault is not None and fault.raw is not None:
            return self._raw_answer(request, fault.raw)
        fields: dict[str, object] | bytes | None = None
        status = 200
        body = b""
        content_type: str | None = next(self._content_types)
        if fault is not None and fault.body is not None:
            body = fault.body if isinstance(fault.body, bytes) else fault.body.encode()
        elif raw.chunked and (fault is None or fault.errcode is None):
            status, content_type = 412, None
        else:
            fields = self._fields(request, fault)
            body = fields if isinstance(fields, bytes) else render(fields)
            self._store_trace(request, fields, body)
        date = self._http_date(self._state.clock.timestamp())
        headers: dict[str, str | None] = {"Date": date, "Content-Type": content_type}
        if fault is not None:
            headers.update(fault.headers)
            status = status if fault.http_status is None else fault.http_status
        request._answered(status, fields.get("errcode") if isinstance(fields, dict) else None)
        close = not raw.keep_alive or raw.chunked
        return reply(status, body, headers, close=close, without_body=raw.method == "HEAD")

    def _store_trace(self, request: ReceivedRequest, fields: dict[str, object] | bytes, body: bytes) -> None:
        """Store an error, so that openapi/rid/get can return it."""
        errmsg = fields.get("errmsg") if isinstance(fields, dict) else None
        if isinstance(errmsg, str) and "rid: " in errmsg:
            rid = errmsg.rpartition("rid: ")[2]
            text = body.decode("utf-8", "replace")
            with self._state.lock:
                self._state.traces.add(rid, request, text, self._state.clock.timestamp())

    def _fields(self, request: ReceivedRequest, fault: Fault | None) -> dict[str, object] | bytes:
        now = self._state.clock.timestamp()
        if fault is not None and fault.errcode is not None:
            errmsg = errmsg_for(int(fault.errcode), now) if fault.errmsg is None else fault.errmsg
            return {"errcode": fault.errcode, "errmsg": errmsg}
        fields: dict[str, object] | bytes
        try:
            with self._state.lock:
                fields = answer_request(self._state, request)
        except ErrcodeError as error:
            fields = {"errcode": error.errcode, "errmsg": errmsg_for(error.errcode, now)}
        if fault is not None and isinstance(fields, dict):
            fields |= fault.fields
            fields = {name: value for name, value in fields.items() if name not in fault.without}
        return fields

    def _raw_answer(self, request: ReceivedRequest, data: bytes) -> Reply:
        request._answered(None, None)
        head, separator, body = data.partition(b"\r\n\r\n")
        return Reply(head + separator, body, close=False)


def render(fields: dict[str, object]) -> bytes:
    """Serialize JSON as WeChat does: no spaces, UTF-8, `\\/` for a slash. Escape lone surrogates."""
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(fields, separators=(",", ":")).replace("/", "\\/").encode("ascii")
