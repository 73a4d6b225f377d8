"""Find the token of each row of a batch."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .._errors.tree import ArgumentError
from .._escape import truncate
from .._native import Token
from .language import text
from .tokens import TokenCommand, TokenFile

if TYPE_CHECKING:
    from .connection import Connection
    from .input.rows import Row

# The referenced tokens that are kept at a time.
_KEPT = 1024


class RowTokens:
    """The token or token source of each row: what its reference names, or else that of the connection.

    A token command is a source for each appid; any other token is the same for all rows.
    """

    def __init__(self, connection: Connection, folder: str) -> None:
        """`folder`: what the paths of `file:PATH` are relative to."""
        self._connection = connection
        self._folder = folder
        self._shared: Any = None
        self._referenced = lru_cache(_KEPT)(self._of_reference)

    def check(self, row: Row) -> None:
        """`ArgumentError` if the reference of a row leads to no token, or if there is no token at all."""
        if row.reference is None:
            self._of_connection(row.appid)
        else:
            self._referenced(row.reference)

    def of(self, row: Row) -> Any:
        return self._of_connection(row.appid) if row.reference is None else self._referenced(row.reference)

    def _of_connection(self, appid: str | None) -> Any:
        if self._shared is None:
            self._shared = self._connection.token()
        if isinstance(self._shared, TokenCommand) and appid is not None:
            return replace(self._shared, appid=appid)
        return self._shared

    def _of_reference(self, reference: str) -> Any:
        kind, _, named = reference.partition(":")
        if kind == "file":
            source = TokenFile(
                os.path.join(self._folder, os.path.expanduser(named)),
                self._connection.options.allow_readable_token_file,
            )
            source.get_token()
            return source
        value = os.environ.get(named)
        if not value:
            # The name may be a token in the wrong place.
            shown = truncate(named, 12)
            raise ArgumentError(
                text(f"the environment variable {shown} is not set", f"未设置环境变量 {shown}")
            )
        return Token(value)
