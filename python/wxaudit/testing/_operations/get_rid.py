"""`POST /cgi-bin/openapi/rid/get`: what was seen of a request that got an error, its token in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._refusal import RefusalError
from ._operation import Operation

if TYPE_CHECKING:
    from .._log import ReceivedRequest
    from .._tokens import IssuedToken
    from .._world import World


def _answer(world: World, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:
    body = request.json
    rid = body.get("rid") if isinstance(body, dict) else None
    seen = world.traces.get(rid) if isinstance(rid, str) else None
    if seen is None:
        raise RefusalError(76001)
    if seen.appid != token.appid:
        raise RefusalError(76003)
    return {"errcode": 0, "errmsg": "ok", "request": seen.fields}


OPERATION = Operation(path="/cgi-bin/openapi/rid/get", method="POST", permission=18, answer=_answer)
