"""The clients of the setting `WXAUDIT["CLIENT"]`, one of each kind in a process, and the tokens of its
audits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from .._async_client import AsyncClient
from .._base_client import BaseClient, sharing_engine
from .._client import Client
from .._errors.base import WxAuditError
from .._native import Token, as_token
from . import _settings
from ._settings import Problem

if TYPE_CHECKING:
    from .._token_sources import TokenSource

_PLACE = f"{_settings.NAME}['CLIENT']"

# Filled with `setdefault`: threads that come first at the same time get the same client, and a forked child
# inherits no lock that another thread of its parent holds.
_clients: dict[type[BaseClient], Any] = {}


def get_client() -> Client:
    """The client of this process, made at the first call from `WXAUDIT["CLIENT"]`. A wrong option raises
    `ImproperlyConfigured`. It works in forked workers too, also after the master has used it."""
    client = _clients.get(Client)
    if client is None:
        made = make_client()
        if isinstance(made, Problem):
            raise made.error()
        client = _clients.setdefault(Client, made)
    found: Client = client
    return found


def get_async_client() -> AsyncClient:
    """As `get_client`, for asyncio. It shares connections with it."""
    client = _clients.get(AsyncClient)
    if client is None:
        client = _clients.setdefault(AsyncClient, sharing_engine(AsyncClient, get_client()))
    found: AsyncClient = client
    return found


def token_source(appid: str) -> Token | TokenSource | Any:
    """What `WXAUDIT["TOKEN_SOURCE"]` returns for this mini program: a token, as a `Token`, or a token source.

    Raises what that function raises; `ArgumentError` for a text that cannot be a token;
    `ImproperlyConfigured` without the setting.
    """
    source = _settings.read().token_source
    if source is None:
        raise ImproperlyConfigured(
            f"{_settings.NAME}['TOKEN_SOURCE'] is not set; set it to a function that returns the "
            "authorizer_access_token of an appid, or to the dotted path of one"
        )
    # Without a variable: an error reporter would show it.
    return as_token(source(appid))


def make_client() -> Client | Problem:
    """A new client, or what is wrong with its options."""
    options = dict(_settings.section("CLIENT"))
    problems = _settings.unknown_options(_PLACE, options, BaseClient.__init__.__kwdefaults__ or {})
    if problems:
        return problems[0]
    # A proxy whose URL holds a password may be a `Token`, which error pages do not show.
    if isinstance(options.get("proxy"), Token):
        options["proxy"] = options["proxy"].reveal()
    try:
        return Client(**options)
    except WxAuditError as error:
        # Without the exception, whose frames hold the password.
        if _sends_plain_text(options):
            return Problem("E006", f"{_PLACE}: {error}", "Write https://, or leave it out to ask WeChat.")
        return Problem("E005", f"{_PLACE}: {error}")


def _sends_plain_text(options: dict[str, Any]) -> bool:
    fallback_urls = options.get("fallback_urls", ())
    urls = [options.get("base_url"), *(fallback_urls if isinstance(fallback_urls, list | tuple) else ())]
    return any(isinstance(url, str) and url.lower().startswith("http://") for url in urls)


def _forget(*, setting: str, **_: Any) -> None:
    if setting == _settings.NAME:
        _clients.clear()


setting_changed.connect(_forget, dispatch_uid="wxaudit.clients")
