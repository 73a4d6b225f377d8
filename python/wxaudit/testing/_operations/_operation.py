"""What the table of operations holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._log import ReceivedRequest
    from .._server_state import ServerState
    from .._tokens import IssuedToken


class Operation(NamedTuple):
    """One interface of WeChat: where it is, what it demands, and how it answers.

    `answer` gets a request that has passed the gate and gives the fields of the answer, or its bytes, or
    raises `ErrcodeError`.
    """

    path: str
    method: str
    permission: int
    """The permission set that the merchant must have granted to the platform."""
    answer: Callable[[ServerState, IssuedToken, ReceivedRequest], dict[str, object] | bytes]
