"""`POST /cgi-bin/material/get_material`: the bytes of a picture, whatever the answer calls itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._refusal import RefusalError
from ._operation import Operation

if TYPE_CHECKING:
    from .._log import ReceivedRequest
    from .._tokens import IssuedToken
    from .._world import World


def _answer(world: World, token: IssuedToken, request: ReceivedRequest) -> bytes:
    body = request.json
    media_id = body.get("media_id") if isinstance(body, dict) else None
    if not isinstance(media_id, str):
        raise RefusalError(40007)
    return world.media.find(media_id, token.appid, world.audits.shows(media_id, token.appid))


OPERATION = Operation(path="/cgi-bin/material/get_material", method="POST", permission=18, answer=_answer)
