"""The WeChat interfaces that the fake implements, by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ._errcode import ErrcodeError
from ._log import auditid_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._log import ReceivedRequest
    from ._server_state import ServerState
    from ._tokens import IssuedToken

# Invented: WeChat does not publish the limits of its interfaces.
_DAILY_LIMIT = 100_000
_MINUTE_LIMIT = 5000


class Operation(NamedTuple):
    """One interface of WeChat.

    `answer` receives a request that passed the request checks. It returns the fields of the JSON answer, or
    raw bytes, or raises `ErrcodeError`.
    """

    method: str
    permission: int
    """The permission set that the merchant must have granted to the platform."""
    answer: Callable[[ServerState, IssuedToken, ReceivedRequest], dict[str, object] | bytes]


def _get_auditstatus(state: ServerState, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:
    auditid = auditid_of(_parameter(request, "auditid"))
    if auditid is None:
        raise ErrcodeError(40097)
    state.polls[token.appid] += 1
    return state.audits.find(auditid, token.appid)._answer()


def _get_latest_auditstatus(state: ServerState, token: IssuedToken, _: ReceivedRequest) -> dict[str, object]:
    return state.audits.latest(token.appid)._latest_answer()


def _get_material(state: ServerState, token: IssuedToken, request: ReceivedRequest) -> bytes:
    media_id = _parameter(request, "media_id")
    if not isinstance(media_id, str):
        raise ErrcodeError(40007)
    return state.media.find(media_id, token.appid, state.audits.has_screenshot(media_id, token.appid))


def _get_quota(state: ServerState, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:
    if _parameter(request, "cgi_path") != "/wxa/get_auditstatus":
        raise ErrcodeError(76021)
    used = state.polls[token.appid]
    return {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": _DAILY_LIMIT, "used": used, "remain": max(0, _DAILY_LIMIT - used)},
        "rate_limit": {"call_count": _MINUTE_LIMIT, "refresh_second": 60},
    }


def _get_rid(state: ServerState, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:
    """Return the failed request of a rid. Like WeChat, show its token unmasked."""
    rid = _parameter(request, "rid")
    trace = state.traces.get(rid) if isinstance(rid, str) else None
    if trace is None:
        raise ErrcodeError(76001)
    if trace.appid != token.appid:
        raise ErrcodeError(76003)
    return {"errcode": 0, "errmsg": "ok", "request": trace.fields}


def _parameter(request: ReceivedRequest, name: str) -> object:
    return request.json.get(name) if isinstance(request.json, dict) else None


OPERATIONS = {
    "/wxa/get_auditstatus": Operation("POST", 18, _get_auditstatus),
    "/wxa/get_latest_auditstatus": Operation("GET", 18, _get_latest_auditstatus),
    "/cgi-bin/material/get_material": Operation("POST", 18, _get_material),
    "/cgi-bin/openapi/quota/get": Operation("POST", 18, _get_quota),
    "/cgi-bin/openapi/rid/get": Operation("POST", 18, _get_rid),
}
