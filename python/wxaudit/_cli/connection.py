"""Make the client and the token source of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._client import Client
from .._errors.tree import ArgumentError
from .settings import resolve
from .tokens import TokenCommand, token_for

if TYPE_CHECKING:
    from typing_extensions import Self

    from .options import ConnectionOptions
    from .settings import Settings


class Connection:
    """A client, and the tokens to call it with."""

    def __init__(self, options: ConnectionOptions) -> None:
        self.options = options
        self.settings = resolve(options)
        self.client = _client(self.settings)
        self._tokens: dict[str | None, Any] = {}

    def token(self, appid: str | None = None) -> Any:
        """The token or token source of a mini program, by default that of `--appid`.

        The token command of that one is run now, before anything is asked: `TokenError` if it fails.
        """
        if appid is None:
            source = self._source(self.options.appid)
            if isinstance(source, TokenCommand):
                source.get_token()
            return source
        return self._source(appid)

    def _source(self, appid: str | None) -> Any:
        if appid not in self._tokens:
            self._tokens[appid] = token_for(self.settings, appid)
        return self._tokens[appid]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()


def _client(settings: Settings) -> Client:
    try:
        return Client(**settings.client_options())
    except ArgumentError as error:
        # A setting may have another name where it was given, such as an option or a variable.
        name = error.message.partition(" ")[0].rstrip(":")
        given = settings.values.get(name)
        if given is None or given.origin == "default":
            raise
        raise ArgumentError(f"{given.origin}: {error.message}") from None
