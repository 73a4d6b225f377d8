"""The WeChat interfaces that the fake implements, and the checks of a request to them."""

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


def answer_request(state: ServerState, request: ReceivedRequest) -> dict[str, object] | bytes:
    """Check a request in the order in which WeChat does, then run its operation.

    Return the fields of WeChat's answer, or its raw bytes. Raise `ErrcodeError` for an error code.
    """
    operation = OPERATIONS.get(request.path)
    if operation is None:
        raise ErrcodeError(40066)
    if request.method != operation.method:
        raise ErrcodeError(43002 if operation.method == "POST" else 43001)
    token = _check_token(state, operation, request)
    if operation.method == "POST":
        if not request.body:
            raise ErrcodeError(44002)
        if not isinstance(request.json, dict):
            raise ErrcodeError(47001)
    return operation.answer(state, token, request)


def _check_token(state: ServerState, operation: Operation, request: ReceivedRequest) -> IssuedToken:
    if request.token is None:
        # WeChat ignores a token in the body and reports a malformed body instead of a missing token.
        raise ErrcodeError(47001 if b"access_token" in request.body else 41001)
    token = state.tokens.check(request.token)
    if token.kind == "own":
        raise ErrcodeError(86000)
    if token.kind == "component":
        raise ErrcodeError(61015)
    if operation.permission not in token.permissions:
        raise ErrcodeError(61007)
    return token
