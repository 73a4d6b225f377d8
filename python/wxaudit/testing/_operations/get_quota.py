"""`POST /cgi-bin/openapi/quota/get`: how often an interface may be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errcode import ErrcodeError
from ._operation import Operation

if TYPE_CHECKING:
    from .._log import ReceivedRequest
    from .._server_state import ServerState
    from .._tokens import IssuedToken

# Made up: WeChat does not publish the limits of its interfaces.
_DAILY_LIMIT = 100_000
_MINUTE_LIMIT = 5000


def _answer(state: ServerState, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:
    body = request.json
    path = body.get("cgi_path") if isinstance(body, dict) else None
    if path != "/wxa/get_auditstatus":
        raise ErrcodeError(76021)
    used = state.polls[token.appid]
    return {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": _DAILY_LIMIT, "used": used, "remain": max(0, _DAILY_LIMIT - used)},
        "rate_limit": {"call_count": _MINUTE_LIMIT, "refresh_second": 60},
    }


OPERATION = Operation(path="/cgi-bin/openapi/quota/get", method="POST", permission=18, answer=_answer)
