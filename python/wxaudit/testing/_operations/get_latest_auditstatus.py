"""`GET /wxa/get_latest_auditstatus`: the state of what a mini program submitted last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._operation import Operation

if TYPE_CHECKING:
    from .._log import ReceivedRequest
    from .._server_state import ServerState
    from .._tokens import IssuedToken


def _answer(state: ServerState, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:  # noqa: ARG001  # of the table
    return state.audits.latest(token.appid)._latest_answer()


OPERATION = Operation(path="/wxa/get_latest_auditstatus", method="GET", permission=18, answer=_answer)
