"""`POST /cgi-bin/openapi/quota/get`: how often an interface may be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._refusal import RefusalError
from ._operation import Operation

if TYPE_CHECKING:
    from .._log import ReceivedRequest
    from .._tokens import IssuedToken
    from .._world import World

# Made up: WeChat does not publish the limits of its interfaces.
_DAILY_LIMIT = 100_000
_MINUTE_LIMIT = 5000


def _answer(world: World, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:
    body = request.json
    path = body.get("cgi_path") if isinstance(body, dict) else None
    if path != "/wxa/get_auditstatus":
        raise RefusalError(76021)
    used = world.polls[token.appid]
    return {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": _DAILY_LIMIT, "used": used, "remain": max(0, _DAILY_LIMIT - used)},
        "rate_limit": {"call_count": _MINUTE_LIMIT, "refresh_second": 60},
    }


OPERATION = Operation(path="/cgi-bin/openapi/quota/get", method="POST", permission=18, answer=_answer)
