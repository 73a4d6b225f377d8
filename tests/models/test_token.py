"""`Token`: it never shows its text, and it is taken wherever a token is."""

from __future__ import annotations

import asyncio
import copy
import copyreg
import inspect
import json
import logging
import pickle
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock, create_autospec

import pandas
import pytest

import wxaudit
from wxaudit import ArgumentError, AsyncClient, Client, Token
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

TEXT = "86_a-token-of-nobody-in-particular"
SHOWN = "Token(***)"
RID = "637accc2-7d67c301-4ae3af4b"


SHOWS: dict[str, Callable[[Token], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": format,
    "an f-string": lambda token: f"{token!r} {token!s} {token}",
    "percent": lambda token: "%s %r" % (token, token),  # noqa: UP031  # as logging does it
    "str.format": lambda token: "{} {!r}".format(token, token),  # noqa: UP032  # as templates do it
    "in containers": lambda token: repr([token, {"token": token}]),
    "JSON by repr": lambda token: json.dumps({"token": token}, default=repr),
    "its class": lambda token: repr(vars(type(token))),
    "its attributes": lambda token: repr([getattr(token, name) for name in dir(token)]),
}


@pytest.mark.parametrize("show", SHOWS)
def test_it_does_not_show_its_text(show: str) -> None:
    assert TEXT not in SHOWS[show](Token(TEXT))


def test_it_shows_that_it_is_a_token() -> None:
    assert repr(Token(TEXT)) == SHOWN
    assert repr(Token(TEXT)) == repr(Token("another-token-of-nobody"))


def test_the_log_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("shop").info("asking with %s, %r", Token(TEXT), Token(TEXT))
    assert caplog.messages == [f"asking with {Token(TEXT)}, {SHOWN}"]
    assert TEXT not in caplog.text


def test_json_does_not_take_it() -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps({"token": Token(TEXT)})
    assert TEXT not in str(caught.value)


def test_it_cannot_be_formatted_with_a_width() -> None:
    with pytest.raises(TypeError):
        format(Token(TEXT), ">100")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_cannot_be_pickled(protocol: int) -> None:
    for held in (Token(TEXT), [Token(TEXT)], {1: Token(TEXT)}):
        with pytest.raises(TypeError, match=r"a Token is a secret and cannot be pickled; .* a token source"):
            pickle.dumps(held, protocol)
    with pytest.raises(TypeError, match="cannot be pickled"):
        Token(TEXT).__reduce_ex__(protocol)


def test_it_cannot_be_reduced() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        Token(TEXT).__reduce__()


@pytest.mark.parametrize("protocol", [0, 1])
def test_copyreg_gets_no_text_of_it(protocol: int) -> None:
    with pytest.raises(TypeError) as caught:
        copyreg._reduce_ex(Token(TEXT), protocol)  # type: ignore[attr-defined]  # what old protocols do
    assert TEXT not in str(caught.value)


def test_a_copy_is_the_token_itself() -> None:
    token = Token(TEXT)
    assert copy.copy(token) is token
    assert copy.deepcopy(token) is token
    assert copy.deepcopy([token])[0] is token


def test_two_are_equal_by_their_texts() -> None:
    token, same, other = Token(TEXT), Token(TEXT), Token(TEXT + "x")
    assert token == same
    assert hash(token) == hash(same)
    assert token != other
    assert {token, same, other} == {token, other}
    assert {token: 1}[same] == 1


@pytest.mark.parametrize("other", [TEXT, TEXT.encode(), None, 5, SHOWN], ids=repr)
def test_it_equals_nothing_but_a_token(other: Any) -> None:
    assert Token(TEXT) != other
    assert other != Token(TEXT)
    assert TEXT not in {Token(TEXT)}


@pytest.mark.parametrize("name", ["text", "reveal", "__class__"])
def test_it_does_not_change(name: str) -> None:
    token: Any = Token(TEXT)
    with pytest.raises((AttributeError, TypeError)):
        setattr(token, name, "another")
    with pytest.raises((AttributeError, TypeError)):
        delattr(token, name)
    assert not hasattr(token, "__dict__")
    assert token.reveal() == TEXT


def test_it_has_no_subclasses() -> None:
    with pytest.raises(TypeError):
        type("Sub", (Token,), {})


def test_it_has_no_order() -> None:
    tokens: list[Any] = [Token("b"), Token("a")]
    with pytest.raises(TypeError):
        sorted(tokens)


@pytest.mark.parametrize("text", [TEXT, "x", "+/=%&#?\"'\\<>é中", "x" * 2048])
def test_it_reveals_its_text(text: str) -> None:
    assert Token(text).reveal() == text
    assert len(Token(text).reveal()) == len(text)


def test_a_token_of_a_token_is_an_equal_one() -> None:
    token = Token(Token(TEXT))
    assert token == Token(TEXT)
    assert token.reveal() == TEXT


class Text(str):
    """As frameworks mark their strings."""

    __slots__ = ()


def test_a_subclass_of_str_becomes_a_plain_text() -> None:
    assert type(Token(Text(TEXT)).reveal()) is str


WRONG: dict[str, Any] = {
    "empty": "",
    "empty bytes": b"",
    "None": None,
    "a number": 5,
    "bytes": TEXT.encode(),
    "a list": [TEXT],
    "a source": object(),
    "too long": TEXT * 200,
    "a line break": TEXT + "\n",
    "a line break within": TEXT + "\r\nHost: x",
    "a NUL": TEXT + "\0",
    "a blank before it": " " + TEXT,
    "a lone surrogate": TEXT + "\ud800",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_a_token_is_refused_without_being_shown(wrong: str) -> None:
    with pytest.raises(ArgumentError, match=r"^token: ") as caught:
        Token(WRONG[wrong])
    told = f"{caught.value} {caught.value!r} {caught.value.args} {vars(caught.value)}"
    assert TEXT not in told
    assert "nobody" not in told
    assert caught.value.__cause__ is None


METHODS: dict[str, tuple[object, ...]] = {
    "get_audit_status": (5,),
    "get_latest_audit_status": (),
    "wait_for_decision": (5,),
    "get_screenshot": ("media",),
    "get_screenshots": (["media"],),
    "explain": (RID,),
    "quota": (),
}


def call(client_kind: ClientKind, fake: FakeWeChat, method: str, token: Any) -> Any:
    """One call of a method about what the fake knows; its answer does not matter, but the token sent does."""
    caller = client_kind.client(fake, max_retries=0)
    options = {"timeout": 60} if method == "wait_for_decision" else {}
    return caller.call(method, token, *METHODS[method], **options)


def test_all_methods_with_a_token_are_here() -> None:
    takes = [
        name
        for name, method in inspect.getmembers(Client, inspect.isfunction)
        if name[0] != "_" and "token" in inspect.signature(method).parameters
    ]
    assert sorted(takes) == sorted(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_takes_it(client_kind: ClientKind, fake: FakeWeChat, method: str) -> None:
    token = fake.token()
    # A refusal that says that the token arrived, whatever the operation.
    fake.fail_next(Fault(errcode=48001, errmsg="no"))
    with pytest.raises(wxaudit.APIError):
        call(client_kind, fake, method, Token(token))
    assert [request.token for request in fake.requests] == [token]


@pytest.mark.parametrize("wrong", ["empty", "bytes", "too long", "a line break", "a lone surrogate"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_refuses_what_cannot_be_one(
    client_kind: ClientKind, fake: FakeWeChat, method: str, wrong: str
) -> None:
    with pytest.raises(ArgumentError, match=r"^token: ") as caught:
        call(client_kind, fake, method, WRONG[wrong])
    assert "nobody" not in str(caught.value)
    assert fake.requests_received == 0


@pytest.fixture
def default_client(fake: FakeWeChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WXAUDIT_BASE_URL", fake.base_url)
    monkeypatch.setattr("wxaudit._default._default_clients", {})


@pytest.mark.usefixtures("default_client")
def test_both_functions_take_it(client_kind: ClientKind, fake: FakeWeChat) -> None:
    auditid = fake.submit().auditid
    function: Any = wxaudit.get_audit_status if client_kind.kind == "blocking" else wxaudit.aget_audit_status
    assert client_kind.run(function(Token(fake.token()), auditid)).auditid == auditid


def test_a_query_takes_it_and_gives_it_back() -> None:
    token = Token(TEXT)
    assert wxaudit.AuditQuery(token, 5).token is token
    assert wxaudit.AuditQuery(TEXT, 5).token == token
    assert wxaudit.AuditQuery(TEXT, 5) == wxaudit.AuditQuery(token, 5)


def test_a_batch_takes_it_in_tuples_lists_and_queries(client_kind: ClientKind, fake: FakeWeChat) -> None:
    token, auditids = Token(fake.token()), [fake.submit().auditid for _ in range(4)]
    queries: list[Any] = [
        (token, auditids[0]),
        (token, auditids[1], "wx5b97b03f7e2c4d18"),
        [token, auditids[2]],
        wxaudit.AuditQuery(token, auditids[3]),
    ]
    batch = client_kind.client(fake).get_audit_statuses(queries)
    assert [result.unwrap().auditid for result in batch] == auditids
    iterated = client_kind.client(fake).iter_audit_statuses(queries)
    assert sorted(result.unwrap().auditid for result in iterated) == sorted(auditids)


def test_a_table_takes_it_by_token_for(client_kind: ClientKind, fake: FakeWeChat) -> None:
    frame = pandas.DataFrame({"auditid": [fake.submit().auditid]})
    queries = list(wxaudit.queries_from_frame(frame, lambda _: Token(fake.token())))
    assert [type(query) for query in queries] == [wxaudit.AuditQuery]
    batch = client_kind.client(fake).get_audit_statuses(queries)
    assert [result.ok for result in batch] == [True]


class Source:
    """Gives one token, and another one on refresh."""

    def __init__(self, first: str, fresh: str) -> None:
        self.asked: list[bool] = []
        self._tokens = (Token(first), Token(fresh))

    def get_token(self, *, refresh: bool = False) -> Token:
        self.asked.append(refresh)
        return self._tokens[refresh]


class SameThreadSource(Source):
    same_thread = True


class AsyncSource(Source):
    async def get_token(self, *, refresh: bool = False) -> Token:  # type: ignore[override]  # as it may be
        return super().get_token(refresh=refresh)


@pytest.mark.parametrize("in_batch", [False, True], ids=["call", "batch"])
def test_a_token_source_may_return_it_on_refresh_too(
    client_kind: ClientKind, fake: FakeWeChat, in_batch: bool
) -> None:
    caller, auditid = client_kind.client(fake), fake.submit().auditid
    for kind in (Source, SameThreadSource, *([AsyncSource] if client_kind.kind == "asyncio" else [])):
        first, fresh = fake.token(), fake.token()
        source = kind(first, fresh)
        fake.fail_next(Fault(errcode=40001))
        if in_batch:
            (audit,) = (result.unwrap() for result in caller.get_audit_statuses([(source, auditid)]))
        else:
            audit = caller.get_audit_status(source, auditid)
        assert audit.auditid == auditid
        assert source.asked == [False, True]
        assert [request.token for request in fake.requests[-2:]] == [first, fresh]


COROUTINES = [*METHODS, "get_audit_statuses", "close"]


@pytest.mark.parametrize("name", COROUTINES)
def test_methods_of_the_asyncio_client_are_coroutine_functions(name: str) -> None:
    assert inspect.iscoroutinefunction(getattr(AsyncClient, name))
    assert inspect.iscoroutinefunction(getattr(AsyncClient(), name))


def test_the_function_for_asyncio_is_a_coroutine_function() -> None:
    assert inspect.iscoroutinefunction(wxaudit.aget_audit_status)


def test_a_mock_of_the_asyncio_client_can_be_awaited() -> None:
    mock = create_autospec(AsyncClient, instance=True)
    for name, arguments in METHODS.items():
        method = getattr(mock, name)
        assert isinstance(method, AsyncMock)
        method.return_value = name
        options = {"timeout": 60} if name == "wait_for_decision" else {}
        assert asyncio.run(method(Token(TEXT), *arguments, **options)) == name


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_argument_raises_when_awaited(method: str) -> None:
    options: dict[str, Any] = {"timeout": 60} if method == "wait_for_decision" else {}
    coroutine = getattr(AsyncClient(), method)("", *METHODS[method], **options)
    with pytest.raises(ArgumentError, match=r"^token: "):
        asyncio.run(coroutine)


def test_a_wrong_argument_of_the_function_raises_when_awaited() -> None:
    coroutine = wxaudit.aget_audit_status("", 5)
    with pytest.raises(ArgumentError, match=r"^token: "):
        asyncio.run(coroutine)
