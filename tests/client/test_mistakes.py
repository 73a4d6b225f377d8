"""The mistakes that newcomers make: each is seen before anything is sent, and has its own sentence.

No message shows what was passed: it may be a token, or next to one.
"""

from __future__ import annotations

import asyncio
import gc
import json
import pickle
import re
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from wxaudit._errors.hints import KIND_HINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

TOKEN = "57_" + "Canary-mistaken_4Qx9" * 6
AUDITID = 441617767
APPID = "wx5b97b03f7e2c4d18"


class Source:
    def get_token(self, *, refresh: bool = False) -> str:
        return TOKEN + str(refresh)


class Awaitable:
    def __await__(self) -> Any:
        yield


PLACEHOLDER = (
    "this is the placeholder of an example; pass the authorizer_access_token of the mini program, from "
    "api_authorizer_token"
)

# The kinds of text, and what is said of each.
TOKEN_TEXTS: dict[str, tuple[str, str]] = {
    "an appid": (
        APPID,
        "this is an appid; pass the authorizer_access_token of that mini program, from api_authorizer_token",
    ),
    "a header": (
        f"Bearer {TOKEN}",
        'the token begins with "Bearer "; pass only what follows, since WeChat takes it in the URL',
    ),
    "a header in lower case": (
        f"bearer {TOKEN}",
        'the token begins with "Bearer "; pass only what follows, since WeChat takes it in the URL',
    ),
    "quoted": (
        f'"{TOKEN}"',
        "the token is in quotation marks; pass only what is between them, such as by json.loads",
    ),
    "quoted once": (
        f"'{TOKEN}'",
        "the token is in quotation marks; pass only what is between them, such as by json.loads",
    ),
    "a file of Windows": (
        "\ufeff" + TOKEN,
        'the token begins with a byte order mark (BOM); read its file with encoding="utf-8-sig"',
    ),
    "JSON": (
        json.dumps({"authorizer_access_token": TOKEN}),
        "this is JSON; read it with json.loads and pass its authorizer_access_token",
    ),
    "a list in JSON": (
        json.dumps([TOKEN]),
        "this is JSON; read it with json.loads and pass its authorizer_access_token",
    ),
    "the text of bytes": (
        str(TOKEN.encode()),
        "this is the repr of bytes (b'…'); turn bytes into text with .decode(), not with str()",
    ),
    "the text of a Token": (
        str(wxaudit.Token(TOKEN)),
        "this is the mask that str() of a Token gives; pass the Token itself, or what its reveal() returns",
    ),
    "a query": (
        f"?access_token={TOKEN}",
        "this is a URL or a query; pass only the value of access_token",
    ),
    "the text of None": (
        str(None),
        "this is the text of a missing value, not a token; look where it was turned into text",
    ),
    "the dots of an example": ("...", PLACEHOLDER),
    "an ellipsis": ("…", PLACEHOLDER),
    "a beginning with an ellipsis": ("76_…", PLACEHOLDER),
    "a name in brackets": ("<authorizer_access_token>", PLACEHOLDER),
    "empty": ("", "the access token is empty; look at the variable, cache or file that it is from"),
    "a name in capitals": ("YOUR_ACCESS_TOKEN", PLACEHOLDER),
    "a row of x": ("xxxxxx", PLACEHOLDER),
    "a variable of a shell": ("$WXAUDIT_TOKEN", PLACEHOLDER),
    "a refresh token": (
        f"refreshtoken@@@{TOKEN}",
        (
            "this is an authorizer_refresh_token; exchange it for the authorizer_access_token with "
            "api_authorizer_token"
        ),
    ),
    "a ticket": (
        f"ticket@@@{TOKEN}",
        (
            "this is a component_verify_ticket; pass the authorizer_access_token of the mini program, from "
            "api_authorizer_token"
        ),
    ),
    "a line break behind": (
        TOKEN + "\n",
        (
            "the access token contains a control character or line break, or has spaces around it; "
            "strip it first"
        ),
    ),
}

# What is not text, by its name in the message.
TOKEN_TYPES: dict[str, tuple[Any, str]] = {
    "from Redis": (
        TOKEN.encode(),
        "bytes; pass token.decode(), or create the Redis client with decode_responses=True",
    ),
    "from an empty cache": (
        None,
        "NoneType; an unset environment variable and a cache without the token give None: fetch a token then",
    ),
    "the auditid": (AUDITID, "int; the order is (token, auditid)"),
    "the answer": ({"authorizer_access_token": TOKEN}, "dict; pass its authorizer_access_token"),
    "what was not awaited": (Awaitable(), "Awaitable; await it first"),
    "another object": ([TOKEN], "list; a token source has the method get_token(*, refresh=False)"),
}

AUDIT_IDS: dict[str, tuple[Any, str]] = {
    "from Excel": (
        "4.41618E+08",
        "is in scientific notation: Excel has rounded this id; export its column as text",
    ),
    "from Excel without a point": (
        "4e8",
        "is in scientific notation: Excel has rounded this id; export its column as text",
    ),
    "a float as text": (
        f"{AUDITID}.0",
        "has a decimal point: floats round large ids; read its column as text or integers (pandas: Int64)",
    ),
    "blanks around it": (
        f" {AUDITID}\n",
        "has spaces or a line break around its digits; pass auditid.strip()",
    ),
    "separators": ("441,617,767", "has separators between its digits; pass only the digits"),
    "empty": (" ", "is empty; pass the number that submit_audit returned"),
    "an appid": (APPID, "is an appid; pass the number that submit_audit returned"),
    "the token": (TOKEN, "looks like an access token; the token comes first: (token, auditid)"),
    "a word": ("latest", "must be a whole number or a string of decimal digits"),
    "a Token": (
        wxaudit.Token(TOKEN),
        "expected a whole number or its digits, got Token; the token comes first: (token, auditid)",
    ),
    "several": (
        [AUDITID],
        "expected a whole number or its digits, got list; for many audits, call get_audit_statuses",
    ),
    "bytes": (b"441617767", "expected a whole number or its digits, got bytes; pass auditid.decode()"),
    "None": (
        None,
        "expected a whole number or its digits, got NoneType; pass the number that submit_audit returned",
    ),
    "a float": (
        4.41618e8,
        (
            "expected a whole number or its digits, got float; pass the digits as an int or text: floats, "
            "Excel and CSV files round ids"
        ),
    ),
}


def refusal(act: Callable[[], object], fake: FakeWeChat) -> str:
    """The message of the `ArgumentError` that `act` raises before anything is sent."""
    with pytest.raises(wxaudit.ArgumentError) as caught:
        act()
    assert fake.requests_received == 0
    return str(said(caught.value))


def said(error: wxaudit.WxAuditError | None) -> wxaudit.WxAuditError:
    """The error, whose texts show no token."""
    assert error is not None
    assert "Canary" not in str(error) + repr(error) + json.dumps(error.args)
    assert APPID not in str(error)
    return error


@pytest.mark.parametrize(("given", "sentence"), TOKEN_TEXTS.values(), ids=TOKEN_TEXTS.keys())
def test_a_text_that_is_not_a_token(
    client_kind: ClientKind, fake: FakeWeChat, given: str, sentence: str
) -> None:
    caller = client_kind.client(fake)
    assert refusal(lambda: caller.get_audit_status(given, AUDITID), fake) == f"token: {sentence}"
    assert refusal(lambda: wxaudit.Token(given), fake) == f"token: {sentence}"
    result = caller.get_audit_statuses([(given, AUDITID)])[0]
    assert str(said(result.error)) == f"token: {sentence}"
    # The same from a source.
    source = client_kind.token_source(lambda _: given)
    with pytest.raises(wxaudit.TokenError) as caught:
        caller.get_audit_status(source, AUDITID)
    assert str(said(caught.value)).startswith(
        f"the token source failed: {sentence.rstrip('.')} (audit {AUDITID}). "
    )
    assert fake.requests_received == 0


@pytest.mark.parametrize(("given", "sentence"), TOKEN_TYPES.values(), ids=TOKEN_TYPES.keys())
def test_what_is_not_text(client_kind: ClientKind, fake: FakeWeChat, given: Any, sentence: str) -> None:
    caller = client_kind.client(fake)
    expected = f"token: expected text or a token source, got {sentence}"
    assert refusal(lambda: caller.get_audit_status(given, AUDITID), fake) == expected
    result = caller.get_audit_statuses([(given, AUDITID)])[0]
    assert str(said(result.error)) == expected
    if not isinstance(given, Awaitable):  # from a source, it would be awaited
        source = client_kind.token_source(lambda _: given)
        with pytest.raises(wxaudit.TokenError) as caught:
            caller.get_audit_status(source, AUDITID)
        assert f"the token source failed: expected text, got {sentence} (" in str(said(caught.value))
    assert fake.requests_received == 0


@pytest.mark.parametrize("given", [lambda: TOKEN, Source().get_token, str.upper], ids=["def", "method", "C"])
def test_a_plain_function_as_token(client_kind: ClientKind, fake: FakeWeChat, given: Any) -> None:
    message = refusal(lambda: client_kind.client(fake).get_audit_status(given, AUDITID), fake)
    assert message.startswith("token: expected text or a token source, got ")
    assert message.endswith("; wrap it in an object with get_token(*, refresh=False)")


def test_the_class_of_a_source(client_kind: ClientKind, fake: FakeWeChat) -> None:
    given: Any = Source
    assert refusal(lambda: client_kind.client(fake).get_audit_status(given, AUDITID), fake) == (
        "token: expected text or a token source, got the class of a source; pass an instance of it"
    )


@pytest.mark.parametrize(("given", "sentence"), AUDIT_IDS.values(), ids=AUDIT_IDS.keys())
def test_what_is_not_an_auditid(client_kind: ClientKind, fake: FakeWeChat, given: Any, sentence: str) -> None:
    caller = client_kind.client(fake)
    assert refusal(lambda: caller.get_audit_status(TOKEN, given), fake) == f"auditid: {sentence}"
    if not isinstance(given, float):  # whole floats are good in tables
        assert str(said(caller.get_audit_statuses([(TOKEN, given)])[0].error)) == f"auditid: {sentence}"
    assert fake.requests_received == 0


# Of any type: what mypy would see is what the tests pass.
ASK: Callable[..., object] = wxaudit.get_audit_status
ASK_MANY: Callable[..., object] = wxaudit.Client().get_audit_statuses


@pytest.mark.parametrize(
    "act",
    [
        *(partial(wxaudit.Token, text) for text, _ in TOKEN_TEXTS.values()),
        *(partial(ASK, given, AUDITID) for given, _ in TOKEN_TYPES.values()),
        *(partial(ASK, TOKEN, given) for given, _ in AUDIT_IDS.values()),
        partial(ASK, TOKEN, -1),
        *(partial(ASK, given, AUDITID) for given in (Source, TOKEN.upper)),
        *(partial(ASK_MANY, given) for given in ((TOKEN, AUDITID), AUDITID)),
    ],
)
def test_each_mistake_is_told_in_chinese_too(
    act: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(wxaudit.ArgumentError) as caught:
        act()
    english, chinese = str(caught.value), caught.value.hint_zh
    assert chinese != KIND_HINTS["ArgumentError"].chinese
    assert not re.search(r"[\u4e00-\u9fff]", english)
    monkeypatch.setenv("WXAUDIT_LANG", "zh_CN")
    with pytest.raises(wxaudit.ArgumentError) as caught:
        act()
    assert str(said(caught.value)) == f"{english}. {chinese}"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert caught.value.hint_zh == chinese


def test_arguments_in_the_wrong_order(client_kind: ClientKind, fake: FakeWeChat) -> None:
    caller = client_kind.client(fake)
    assert "the order is (token, auditid)" in refusal(lambda: caller.get_audit_status(AUDITID, TOKEN), fake)
    # Both are texts.
    message = refusal(lambda: caller.get_audit_status(str(AUDITID), TOKEN), fake)
    assert message == "auditid: looks like an access token; the token comes first: (token, auditid)"


class NoRefresh:
    def get_token(self) -> str:
        return TOKEN


class AsyncNoRefresh:
    async def get_token(self) -> str:
        return TOKEN


class OtherFailure(Source):
    def get_token(self, *, refresh: bool = False) -> str:
        raise TypeError(f"the caller's own, refresh={refresh}, {TOKEN}")


def test_a_source_without_refresh(client_kind: ClientKind, fake: FakeWeChat) -> None:
    sources: list[Any] = [NoRefresh()]
    if client_kind.kind == "asyncio":
        sources.append(AsyncNoRefresh())
    caller = client_kind.client(fake)
    expected = (
        "the token source failed: its get_token must accept the keyword refresh: "
        "def get_token(self, *, refresh=False)"
    )
    for source in sources:
        with pytest.raises(wxaudit.TokenError) as caught:
            caller.get_audit_status(source, AUDITID)
        assert str(said(caught.value)).startswith(f"{expected} (audit {AUDITID}). ")
        assert type(caught.value.__cause__) is TypeError
        error = caller.get_audit_statuses([(source, AUDITID)])[0].error
        assert str(said(error)).startswith(expected)
    with pytest.raises(wxaudit.TokenError, match="get_token raised TypeError") as caught:
        caller.get_audit_status(OtherFailure(), AUDITID)
    said(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"Task <Task {TOKEN}> got Future <Future pending> attached to a different loop",
        "<asyncio.locks.Lock object at 0x7f [locked]> is bound to a different event loop",
        "Event loop is closed",
    ],
)
def test_a_source_with_an_object_of_another_event_loop(
    client_kind: ClientKind, fake: FakeWeChat, text: str
) -> None:
    def get_token(_: bool) -> str:
        raise RuntimeError(text)

    with pytest.raises(wxaudit.TokenError) as caught:
        client_kind.client(fake).get_audit_status(client_kind.token_source(get_token), AUDITID)
    assert str(said(caught.value)).startswith(
        "the token source failed: get_token raised RuntimeError: it uses an object of another event loop, "
        "such as a lock or a connection of redis.asyncio; create that object, or the source, anew in each "
        f"event loop (audit {AUDITID}). "
    )


ONE_QUERY = "queries: got one query; write a list of it: [(token, auditid)]"
NO_QUERIES = (
    "queries must be an iterable of AuditQuery or (token, auditid), got {}; "
    "write a list: [(token, auditid), …]"
)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((TOKEN, AUDITID), ONE_QUERY),
        ([TOKEN, AUDITID], ONE_QUERY),
        ((TOKEN, str(AUDITID), "wx01"), ONE_QUERY),
        ((wxaudit.Token(TOKEN), AUDITID), ONE_QUERY),
        ((Source(), AUDITID), ONE_QUERY),
        (wxaudit.AuditQuery(TOKEN, AUDITID), NO_QUERIES.format("AuditQuery")),
        ({TOKEN: AUDITID}, NO_QUERIES.format("dict")),
        (AUDITID, NO_QUERIES.format("int")),
    ],
)
def test_one_query_in_place_of_many(
    client_kind: ClientKind, fake: FakeWeChat, given: Any, message: str
) -> None:
    caller = client_kind.client(fake)
    assert refusal(lambda: caller.get_audit_statuses(given), fake) == message
    assert refusal(lambda: list(caller.iter_audit_statuses(given)), fake) == message
    assert refusal(lambda: caller.inner.wait_for_decisions(given, timeout=None), fake) == message


def test_batches_without_tokens(client_kind: ClientKind, fake: FakeWeChat) -> None:
    queries: list[Any] = [AUDITID, {"token": TOKEN, "auditid": AUDITID}, str(AUDITID)]
    batch = client_kind.client(fake).get_audit_statuses(queries)
    expected = "query: expected AuditQuery(token, auditid) or (token, auditid), got "
    assert [str(said(error)).removeprefix(expected) for error in batch.errors] == [
        "int; write [(token, auditid), …], a token with each auditid",
        'dict; write (item["token"], item["auditid"])',
        "str; write [(token, auditid), …], a token with each auditid",
    ]


def test_usual_tokens_are_not_taken_for_mistakes(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """Also those that look a little like one."""
    fake.submit(auditid=AUDITID)
    others = [APPID + "0", APPID[:-1], "wx" + "g" * 16, "Bearer", "b-token", "[token", "token}", "nullx"]
    for token in others:
        with pytest.raises(wxaudit.TokenError) as caught:
            client_kind.client(fake).get_audit_status(token, AUDITID)
        assert caught.value.errcode == 40014
    assert fake.requests_received == len(others)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get_audit_status", (TOKEN, AUDITID)),
        ("get_audit_statuses", ([],)),
        ("get_latest_audit_status", (TOKEN,)),
        ("wait_for_decision", (TOKEN, AUDITID)),
        ("get_screenshot", (TOKEN, "media-id")),
        ("get_screenshots", (TOKEN, ["media-id"])),
        ("explain", (TOKEN, "637accc2-7d67c301-4ae3af4b")),
        ("quota", (TOKEN,)),
        ("unblock_quota", ()),
        ("close", ()),
    ],
)
def test_a_forgotten_await_names_the_public_method(
    fake: FakeWeChat, method: str, arguments: tuple[Any, ...]
) -> None:
    keywords = {"timeout": 5} if method == "wait_for_decision" else {}
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        coroutine = getattr(fake.async_client(), method)(*arguments, **keywords)
        assert f"AsyncClient.{method}" in repr(coroutine)
        with pytest.raises(AttributeError):
            _ = coroutine.status
        del coroutine
        gc.collect()
    assert [str(warning.message) for warning in seen] == [
        f"coroutine 'AsyncClient.{method}' was never awaited"
    ]


def test_a_forgotten_async_names_the_public_method(fake: FakeWeChat) -> None:
    """The iterators of the asyncio client, and the function."""

    async def main() -> None:
        client = fake.async_client()
        for results in (client.iter_audit_statuses([]), client.wait_for_decisions([], timeout=5)):
            with pytest.raises(TypeError, match="'async_generator' object is not iterable"):
                iter(results)  # type: ignore[call-overload]  # the mistake
            await results.aclose()

    asyncio.run(main())
    with pytest.warns(RuntimeWarning, match="coroutine 'aget_audit_status' was never awaited"):
        wxaudit.aget_audit_status(TOKEN, AUDITID)  # type: ignore[unused-coroutine]  # the mistake
