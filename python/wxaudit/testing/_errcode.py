"""What an operation raises to answer with an error code."""

from __future__ import annotations


class ErrcodeError(Exception):
    """The request is answered with this error code (HTTP 200, as WeChat does)."""

    def __init__(self, errcode: int) -> None:
        super().__init__(errcode)
        self.errcode = errcode
