"""Make the client and the token source of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._client import Client
from .settings import resolve
from .tokens import token_for

if TYPE_CHECKING:
    from typing_extensions import Self

    from .options import ConnectionOptions


class Connection:
    """A client, and the tokens to call it with."""

    def __init__(self, options: ConnectionOptions) -> None:
        self.options = options
        self.settings = resolve(options)
        self.client = Client(**self.settings.client_options())
        self._tokens: dict[str | None, Any] = {}

    def token(self, appid: str | None = None) -> Any:
        """The token or token source of a mini program, by default that of `--appid`."""
        appid = self.options.appid if appid is None else appid
        if appid not in self._tokens:
            self._tokens[appid] = token_for(self.settings, self.options, appid)
        return self._tokens[appid]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
