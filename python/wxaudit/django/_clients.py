"""The clients of the setting `WXAUDIT["CLIENT"]`, one of each kind in a process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from .._async_client import AsyncClient
from .._client import Client
from .._errors.tree import ArgumentError
from . import _settings

if TYPE_CHECKING:
    from .._token_sources import TokenSource


@cache
def get_client() -> Client:
    """The client of this process, made at the first call from `WXAUDIT["CLIENT"]`. A wrong option raises
    `ImproperlyConfigured`. It works in forked workers too, also after the master has used it."""
    return _made(Client)


@cache
def get_async_client() -> AsyncClient:
    """As `get_client`, for asyncio. It shares connections with it."""
    return AsyncClient.sharing_engine(get_client())


def token_source(appid: str) -> str | TokenSource | Any:
    """What `WXAUDIT["TOKEN_SOURCE"]` returns for this mini program: a token or a token source."""
    source = _settings.read().token_source
    if source is None:
        raise ImproperlyConfigured(
            f"{_settings.NAME}['TOKEN_SOURCE'] is not set; set it to a function that returns the "
            "authorizer_access_token of an appid, or to the dotted path of one"
        )
    return source(appid)


def _made(kind: type[Client]) -> Client:
    try:
        return kind(**_settings.read().client)
    except (ArgumentError, TypeError) as error:
        raise ImproperlyConfigured(f"{_settings.NAME}['CLIENT']: {error}") from error


def _forget(*, setting: str, **_: Any) -> None:
    if setting == _settings.NAME:
        get_client.cache_clear()
        get_async_client.cache_clear()


setting_changed.connect(_forget, dispatch_uid="wxaudit.clients")
