"""Find the token of each row of a batch."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .._errors.tree import ArgumentError, TokenError
from .._native import Token
from .errors import short
from .language import text
from .tokens import TokenCommand, TokenFile, token_for

if TYPE_CHECKING:
    from .connection import Connection
    from .input.rows import Row

# How many sources of references, and of appids, are kept at a time.
_KEPT = 4096


class RowTokens:
    """The token or token source of each row: what its reference names, or else that of the connection.

    A token command is a source for each appid; any other token is the same for all rows.
    """

    def __init__(self, connection: Connection, folder: str) -> None:
        """`folder`: what the paths of `file:PATH` are relative to."""
        self._settings = connection.settings
        self._appid = connection.options.appid
        self._folder = folder
        self._shared: Any = None
        self._of_appid = lru_cache(_KEPT)(self._make_command)
        self._of_reference = lru_cache(_KEPT)(self._make_referenced)

    @property
    def reads_standard_input(self) -> bool:
        """Whether the token stands there, where the table cannot be then."""
        return self._settings.get("token") is None and self._settings.get("token_file") == "-"

    def check(self, row: Row) -> None:
        """Raises `ArgumentError` if the reference of a row leads to no token, or if there is no token at all.

        Runs the token command for the first row: `TokenError` if it fails.
        """
        is_first = self._shared is None and row.reference is None
        source = self.of(row)
        if is_first and isinstance(source, TokenCommand):
            source.get_token()

    def of(self, row: Row) -> Any:
        if row.reference is not None:
            return self._of_reference(row.reference)
        if self._shared is None:
            self._shared = token_for(self._settings, self._appid)
        return self._of_appid(row.appid) if isinstance(self._shared, TokenCommand) else self._shared

    def _make_command(self, appid: str | None) -> Any:
        return token_for(self._settings, appid)

    def _make_referenced(self, reference: str) -> Any:
        kind, _, named = reference.partition(":")
        if kind == "file":
            return self._in_file(os.path.join(self._folder, os.path.expanduser(named)))
        value = os.environ.get(named)
        if not value:
            # The name may be a token in the wrong place.
            shown = short(named)
            raise ArgumentError(
                text(f"the environment variable {shown} is not set", f"未设置环境变量 {shown}")
            )
        return Token(value)

    def _in_file(self, path: str) -> Any:
        source = TokenFile(path, bool(self._settings.get("allow_readable_token_file")))
        try:
            token, is_file = source.read()
        except TokenError as error:
            raise ArgumentError(error.message) from None
        return source if is_file else token
