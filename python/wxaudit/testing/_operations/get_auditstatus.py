"""`POST /wxa/get_auditstatus`: the state of one audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errcode import ErrcodeError
from .._log import ReceivedRequest, auditid_of
from ._operation import Operation

if TYPE_CHECKING:
    from .._server_state import ServerState
    from .._tokens import IssuedToken


def _answer(state: ServerState, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:
    body = request.json
    auditid = auditid_of(body.get("auditid")) if isinstance(body, dict) else None
    if auditid is None:
        raise ErrcodeError(40097)
    state.polls[token.appid] += 1
    return state.audits.find(auditid, token.appid)._answer()


OPERATION = Operation(path="/wxa/get_auditstatus", method="POST", permission=18, answer=_answer)
