"""`POST /cgi-bin/openapi/rid/get`: what was seen of a request that got an error, its token in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errcode import ErrcodeError
from ._operation import Operation

if TYPE_CHECKING:
    from .._log import ReceivedRequest
    from .._server_state import ServerState
    from .._tokens import IssuedToken


def _answer(state: ServerState, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:
    body = request.json
    rid = body.get("rid") if isinstance(body, dict) else None
    seen = state.traces.get(rid) if isinstance(rid, str) else None
    if seen is None:
        raise ErrcodeError(76001)
    if seen.appid != token.appid:
        raise ErrcodeError(76003)
    return {"errcode": 0, "errmsg": "ok", "request": seen.fields}


OPERATION = Operation(path="/cgi-bin/openapi/rid/get", method="POST", permission=18, answer=_answer)
