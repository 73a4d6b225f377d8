"""The exception that makes the fake answer with an error code."""

from __future__ import annotations


class ErrcodeError(Exception):
    """Answer the request with this error code and, like WeChat, with HTTP 200."""

    def __init__(self, errcode: int) -> None:
        super().__init__(errcode)
        self.errcode = errcode
