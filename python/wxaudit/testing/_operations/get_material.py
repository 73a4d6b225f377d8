"""`POST /cgi-bin/material/get_material`: the bytes of a picture, whatever the answer calls itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errcode import ErrcodeError
from ._operation import Operation

if TYPE_CHECKING:
    from .._log import ReceivedRequest
    from .._server_state import ServerState
    from .._tokens import IssuedToken


def _answer(state: ServerState, token: IssuedToken, request: ReceivedRequest) -> bytes:
    body = request.json
    media_id = body.get("media_id") if isinstance(body, dict) else None
    if not isinstance(media_id, str):
        raise ErrcodeError(40007)
    return state.media.find(media_id, token.appid, state.audits.shows(media_id, token.appid))


OPERATION = Operation(path="/cgi-bin/material/get_material", method="POST", permission=18, answer=_answer)
