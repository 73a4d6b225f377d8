"""Check a request in the order in which WeChat does, then run its operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._errcode import ErrcodeError
from ._operations import OPERATIONS

if TYPE_CHECKING:
    from ._log import ReceivedRequest
    from ._operations import Operation
    from ._server_state import ServerState
    from ._tokens import IssuedToken


def answer_request(state: ServerState, request: ReceivedRequest) -> dict[str, object] | bytes:
    """Return the fields of WeChat's answer, or its raw bytes. Raise `ErrcodeError` for an error code."""
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
