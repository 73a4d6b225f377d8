"""What WeChat checks before it carries anything out, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._operations import OPERATIONS
from ._refusal import RefusalError

if TYPE_CHECKING:
    from ._log import ReceivedRequest
    from ._operations._operation import Operation
    from ._tokens import IssuedToken
    from ._world import World


def carry_out(world: World, request: ReceivedRequest) -> dict[str, object] | bytes:
    """The fields of WeChat's answer to `request`, or its bytes. Raises `RefusalError` for an error code."""
    operation = OPERATIONS.get(request.path)
    if operation is None:
        raise RefusalError(40066)
    if request.method != operation.method:
        raise RefusalError(43002 if operation.method == "POST" else 43001)
    token = _check_token(world, operation, request)
    if operation.method == "POST":
        if not request.body:
            raise RefusalError(44002)
        if not isinstance(request.json, dict):
            raise RefusalError(47001)
    return operation.answer(world, token, request)


def _check_token(world: World, operation: Operation, request: ReceivedRequest) -> IssuedToken:
    if request.token is None:
        # A token in the body alone is not taken for one; WeChat calls the body wrong then.
        raise RefusalError(47001 if b"access_token" in request.body else 41001)
    token = world.tokens.check(request.token)
    if token.kind == "own":
        raise RefusalError(86000)
    if token.kind == "component":
        raise RefusalError(61015)
    if operation.permission not in token.permissions:
        raise RefusalError(61007)
    return token
