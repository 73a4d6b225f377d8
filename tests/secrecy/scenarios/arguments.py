"""Scenarios by arguments: the token in a wrong form or place, or next to an invalid argument."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import wxaudit
from secrecy.canary import TOKEN
from secrecy.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrecy.scenario import Act
    from secrecy.stage import Stage


class _Text(str):
    """A subclass of str, as frameworks use to mark strings."""

    __slots__ = ()


def _asking(token: object = TOKEN.text, auditid: object = None, **options: object) -> Act:
    return lambda stage: stage.ask(token, auditid, **options)


def _function(stage: Stage) -> Callable[..., Any]:
    return wxaudit.get_audit_status if stage.client_kind == "blocking" else wxaudit.aget_audit_status


def _by_function(stage: Stage) -> object:
    return stage.run(_function(stage)(TOKEN.text(), stage.auditid))


def _by_function_swapped(stage: Stage) -> object:
    return stage.run(_function(stage)(stage.auditid, TOKEN.text()))


def _by_function_as_timeout(stage: Stage) -> object:
    return stage.run(_function(stage)(TOKEN.text(), stage.auditid, timeout=TOKEN.text()))


def _after_close(stage: Stage) -> object:
    client = stage.client()
    stage.run(client.close()) if stage.client_kind == "asyncio" else client.close()
    return stage.ask(client=client)


def _in_base_url(stage: Stage) -> object:
    return stage.client(lambda: f"{stage.servers.fake}/wxa/get_auditstatus?access_token={TOKEN.text()}")


def _proxy_as_base_url(stage: Stage) -> object:
    return stage.client(lambda: stage.proxy(stage.servers.tunnel))


def _pickle_client_with_password(stage: Stage) -> object:
    return pickle.dumps(stage.client(proxy=lambda: stage.proxy(stage.servers.tunnel)))


def _pickle_client(stage: Stage) -> object:
    client = stage.client(observed=False)
    stage.ask(client=client)
    return [pickle.loads(pickle.dumps(client, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]


def _wrapped() -> wxaudit.Token:
    return wxaudit.Token(TOKEN.text())


def _pickle_token(_stage: Stage) -> object:
    return pickle.dumps(_wrapped())


def _token(_stage: Stage) -> object:
    """A `Token`, with everything that a debugger can query."""
    token: Any = _wrapped()
    shown = [
        f"{token} {token!r}",
        dir(token),
        hash(token),
        getattr(token, "__dict__", None),
        token.__doc__,
    ]
    return [
        token,
        *shown,
        token.__sizeof__(),
        token.__getstate__() if hasattr(token, "__getstate__") else None,
    ]


def _client_of_token(stage: Stage) -> object:
    kind: Any = wxaudit.Client if stage.client_kind == "blocking" else wxaudit.AsyncClient
    return kind(TOKEN.text())


def _in_unknown_keyword(stage: Stage) -> object:
    return stage.client(access_token=TOKEN.text)


class _NoNumber:
    def __index__(self) -> int:
        raise OverflowError("not a number")


_WRONG = wxaudit.ArgumentError

SCENARIOS = (
    Scenario("a token with a line break", _asking(lambda: TOKEN.text() + "\n"), _WRONG, sends=0),
    Scenario("a token with a blank before it", _asking(lambda: " " + TOKEN.text()), _WRONG, sends=0),
    Scenario("a token twenty times", _asking(lambda: TOKEN.text() * 20), _WRONG, sends=0),
    Scenario("a token with a lone surrogate", _asking(lambda: TOKEN.text() + "\ud800"), _WRONG, sends=0),
    Scenario("a token in bytes", _asking(lambda: TOKEN.text().encode()), _WRONG, sends=0),
    Scenario("a token in a bytearray", _asking(lambda: bytearray(TOKEN.text().encode())), _WRONG, sends=0),
    Scenario("a token of a subclass of str", _asking(lambda: _Text(TOKEN.text()))),
    Scenario(
        "the answer that a token came in, instead of the token",
        _asking(lambda: {"authorizer_access_token": TOKEN.text(), "expires_in": 7200}),
        _WRONG,
        sends=0,
    ),
    Scenario("a token as a header", _asking(lambda: f"Bearer {TOKEN.text()}"), _WRONG, sends=0),
    Scenario("a token in quotation marks", _asking(lambda: f'"{TOKEN.text()}"'), _WRONG, sends=0),
    Scenario("a token behind a BOM", _asking(lambda: f"\ufeff{TOKEN.text()}"), _WRONG, sends=0),
    Scenario("a token in JSON", _asking(lambda: f'{{"token": "{TOKEN.text()}"}}'), _WRONG, sends=0),
    Scenario("the repr of a token's bytes", _asking(lambda: f"b'{TOKEN.text()}'"), _WRONG, sends=0),
    Scenario("a token in a query", _asking(lambda: f"?access_token={TOKEN.text()}"), _WRONG, sends=0),
    Scenario("a function instead of a source", _asking(lambda: TOKEN.text), _WRONG, sends=0),
    Scenario("a list with the token", _asking(lambda: [TOKEN.text()]), _WRONG, sends=0),
    Scenario("token and auditid swapped", _asking(lambda: 1234567, TOKEN.text), _WRONG, sends=0),
    Scenario("the token as auditid too", _asking(auditid=TOKEN.text), _WRONG, sends=0),
    Scenario("the token's bytes as auditid", _asking(auditid=lambda: TOKEN.text().encode()), _WRONG, sends=0),
    Scenario("the token as timeout", _asking(timeout=TOKEN.text), _WRONG, sends=0),
    Scenario("the token as max_retries", _asking(max_retries=TOKEN.text), _WRONG, sends=0),
    Scenario("an auditid of a wrong type", _asking(auditid=lambda: True), _WRONG, sends=0),
    Scenario("a timeout below zero", _asking(timeout=-1), _WRONG, sends=0),
    Scenario("max_retries out of range", _asking(max_retries=99), _WRONG, sends=0),
    Scenario("an appid that is not a string", _asking(appid=lambda: 7), _WRONG, sends=0),
    Scenario("the token as appid too", _asking(appid=TOKEN.text), _WRONG, sends=0),
    Scenario("an auditid that fails to be a number", _asking(auditid=_NoNumber), OverflowError, sends=0),
    Scenario("the token for a client", _client_of_token, TypeError, sends=0),
    Scenario("the token for a client, by keyword", _in_unknown_keyword, TypeError, sends=0),
    Scenario("a client that is closed", _after_close, RuntimeError, sends=0),
    Scenario("the token in base_url", _in_base_url, _WRONG, sends=0),
    Scenario("the proxy's URL as base_url", _proxy_as_base_url, _WRONG, sends=0),
    Scenario("a client pickled", _pickle_client),
    Scenario("a client with the proxy's password, pickled", _pickle_client_with_password, TypeError, sends=0),
    Scenario("a Token pickled", _pickle_token, TypeError, sends=0),
    Scenario("a Token shown", _token, sends=0),
    Scenario("a Token", _asking(_wrapped)),
    Scenario("a Token beside a timeout below zero", _asking(_wrapped, timeout=-1), _WRONG, sends=0),
    Scenario("a Token as auditid", _asking(auditid=_wrapped), _WRONG, sends=0),
    Scenario("the default client", _by_function),
    Scenario("the default client, arguments swapped", _by_function_swapped, _WRONG, sends=0),
    Scenario("the default client, the token as timeout", _by_function_as_timeout, _WRONG, sends=0),
)
