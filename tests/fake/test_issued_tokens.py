"""The fake's tokens: owner, kind and lifetime."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support.plain_http import ask, connect, send
from wxaudit.testing import FakeWeChat

if TYPE_CHECKING:
    from collections.abc import Iterator

URL_SAFE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
OTHER = "wx00000000000000ff"


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with FakeWeChat() as fake:
        fake.submit(auditid=1234567)
        yield fake


def errcode(fake: FakeWeChat, token: str) -> Any:
    return ask(fake, token, 1234567).errcode


def test_a_token_is_long_and_safe_in_a_url() -> None:
    fake = FakeWeChat()
    token = fake.token()
    assert len(token) == 138
    assert set(token) <= URL_SAFE
    assert token != fake.token()
    assert len(fake.token(length=600)) == 600


def test_a_token_may_need_percent_encoding(fake: FakeWeChat) -> None:
    token = fake.token(url_safe=False)
    assert {"+", "/", "=", "&", "%", "#", " ", "?"} <= set(token)
    assert errcode(fake, token) == 0
    # Without percent-encoding, the token arrives as a different one.
    connection = connect(fake)
    connection.request("POST", f"/wxa/get_auditstatus?access_token={token.replace(' ', '+')}", b"{}")
    assert connection.getresponse().read().startswith(b'{"errcode":40014')
    connection.close()


def test_a_token_expires_after_its_lifetime(fake: FakeWeChat) -> None:
    token = fake.token()
    fake.clock.advance(7199)
    assert errcode(fake, token) == 0
    fake.clock.advance(1)
    assert errcode(fake, token) == 42001


def test_a_token_can_be_expired(fake: FakeWeChat) -> None:
    token, short = fake.token(), fake.token(OTHER, expires_in=timedelta(0))
    fake.expire(token)
    assert errcode(fake, token) == 42001
    assert errcode(fake, short) == 42001
    with pytest.raises(LookupError, match="was not issued") as caught:
        fake.expire("an-unknown-token")
    assert "an-unknown-token" not in str(caught.value)


def test_the_previous_token_works_for_five_more_minutes(fake: FakeWeChat) -> None:
    older = fake.token()
    fake.clock.advance(100)
    newer = fake.token()
    fake.clock.advance(299)
    assert (errcode(fake, older), errcode(fake, newer)) == (0, 0)
    fake.clock.advance(1)
    assert (errcode(fake, older), errcode(fake, newer)) == (40001, 0)


def test_a_superseded_token_is_invalid_immediately(fake: FakeWeChat) -> None:
    mine, other = fake.token(), fake.token(OTHER)
    fake.supersede()
    assert errcode(fake, mine) == 40001
    assert errcode(fake, other) == 85012
    assert errcode(fake, fake.token()) == 0


def test_an_unknown_token_is_an_invalid_credential_and_a_malformed_one_an_invalid_token(
    fake: FakeWeChat,
) -> None:
    with FakeWeChat() as another:
        assert errcode(fake, another.token()) == 40001
    assert errcode(fake, "short") == 40014
    assert errcode(fake, "!" * 138) == 40014


def test_a_token_of_another_kind_is_refused(fake: FakeWeChat) -> None:
    assert errcode(fake, fake.token(kind="own")) == 86000
    assert errcode(fake, fake.token(kind="component")) == 61015
    with pytest.raises(ValueError, match="kind must be"):
        fake.token(kind="user")  # type: ignore[arg-type]  # invalid on purpose


def test_permission_set_18_must_be_granted(fake: FakeWeChat) -> None:
    assert errcode(fake, fake.token(permissions={17, 19})) == 61007
    assert errcode(fake, fake.token(permissions=[17, 18])) == 0


def test_a_merchant_can_withdraw_and_restore_the_authorization(fake: FakeWeChat) -> None:
    token = fake.token()
    fake.deauthorize()
    assert errcode(fake, token) == 61003
    assert errcode(fake, fake.token()) == 61003
    assert errcode(fake, fake.token(OTHER)) == 85012
    fake.authorize()
    assert errcode(fake, token) == 0


def test_a_token_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="length must be at least 64"):
        FakeWeChat().token(length=10)


def test_the_default_mini_program_can_be_chosen() -> None:
    with FakeWeChat(default_appid=OTHER) as fake:
        assert fake.default_appid == OTHER
        audit = fake.submit()
        assert audit.appid == OTHER
        assert ask(fake, fake.token(OTHER), audit.auditid).errcode == 0


def test_a_source_keeps_its_token_until_a_refresh(fake: FakeWeChat) -> None:
    source = fake.token_source()
    first = source.get_token()
    assert source.get_token() == first
    fake.clock.advance(7200)
    assert source.get_token() == first, "a cache does not know that a token has expired"
    assert errcode(fake, first) == 42001
    second = source.get_token(refresh=True)
    assert second != first
    assert errcode(fake, second) == 0
    assert (source.lookups, source.refreshes) == (3, 1)


def test_a_source_counts_calls_from_many_threads() -> None:
    source = FakeWeChat().token_source(OTHER)
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda number: source.get_token(refresh=number % 10 == 0), range(1000)))
    assert (source.lookups, source.refreshes) == (900, 100)
    assert 100 <= len(set(tokens)) <= 101
    assert source.appid == OTHER


def test_an_async_source_does_the_same(fake: FakeWeChat) -> None:
    source = fake.async_token_source(expires_in=60)

    async def use() -> tuple[str, str, str]:
        return await source.get_token(), await source.get_token(), await source.get_token(refresh=True)

    first, again, refreshed = asyncio.run(use())
    assert first == again != refreshed
    assert (source.lookups, source.refreshes) == (2, 1)
    fake.clock.advance(60)
    assert errcode(fake, refreshed) == 42001


def test_a_source_may_lack_the_permission(fake: FakeWeChat) -> None:
    assert errcode(fake, fake.token_source(permissions=()).get_token()) == 61007


def test_no_repr_holds_a_token(fake: FakeWeChat) -> None:
    source = fake.token_source()
    token = source.get_token()
    connection = connect(fake)
    send(connection, token, {"auditid": 1234567})
    connection.close()
    fake.wait_for_connections_open(0)
    issued = fake._state.tokens.get(token)
    texts = [repr(thing) for thing in (fake, source, issued, *fake.requests, *fake.closed_connections)]
    assert len(texts) == 5
    assert not [text for text in texts if token in text or token[:12] in text]
