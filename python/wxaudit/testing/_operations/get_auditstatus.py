"""`POST /wxa/get_auditstatus`: the state of one audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._log import ReceivedRequest, auditid_of
from .._refusal import RefusalError
from ._operation import Operation

if TYPE_CHECKING:
    from .._tokens import IssuedToken
    from .._world import World


def _answer(world: World, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:
    body = request.json
    auditid = auditid_of(body.get("auditid")) if isinstance(body, dict) else None
    if auditid is None:
        raise RefusalError(40097)
    world.polls[token.appid] += 1
    return world.audits.find(auditid, token.appid)._answer()


OPERATION = Operation(path="/wxa/get_auditstatus", method="POST", permission=18, answer=_answer)
