"""`GET /wxa/get_latest_auditstatus`: the state of what a mini program submitted last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._operation import Operation

if TYPE_CHECKING:
    from .._log import ReceivedRequest
    from .._tokens import IssuedToken
    from .._world import World


def _answer(world: World, token: IssuedToken, request: ReceivedRequest) -> dict[str, object]:  # noqa: ARG001  # of the table
    return world.audits.latest(token.appid)._latest_answer()


OPERATION = Operation(path="/wxa/get_latest_auditstatus", method="GET", permission=18, answer=_answer)
