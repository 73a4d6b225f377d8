"""Scenarios with token sources that keep the token in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import wxaudit
from secrecy.canary import FRESH_TOKEN, TOKEN
from secrecy.scenario import IN_REVIEW, Scenario
from secrecy.scenarios.answers import always
from secrecy.scenarios.sources import EXPIRED

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrecy.scenario import Act


class Store:
    """A cache that keeps nothing: it makes the token when it is read. With `fails`, it cannot be written."""

    def __init__(self, fails: bool = False) -> None:
        self._fails = fails

    def get(self, key: str) -> str | None:
        return None if key.endswith(":lock") else TOKEN.text()

    def set(self, _key: str, _value: str, timeout: float) -> None:
        if self._fails:
            raise OSError(f"the store is away, for {timeout} s")

    def add(self, _key: str, _value: str, timeout: float) -> bool:
        return timeout > 0

    def delete(self, _key: str) -> None:
        pass


class AsyncStore(Store):
    async def aget(self, key: str) -> str | None:
        return self.get(key)

    async def aset(self, key: str, value: str, timeout: float) -> None:
        self.set(key, value, timeout)

    async def aadd(self, key: str, value: str, timeout: float) -> bool:
        return self.add(key, value, timeout)

    async def adelete(self, key: str) -> None:
        self.delete(key)


def fresh(_name: str) -> str:
    return FRESH_TOKEN.text()


def failing(name: str) -> str:
    raise OSError(f"no token for {name}")


def no_token(_name: str) -> str:
    return FRESH_TOKEN.text() + "\n"


def _asking(refresh: Callable[[str], str], fails: bool = False) -> Act:
    return lambda stage: stage.ask(wxaudit.CachedTokenSource(Store(fails), refresh, name="wx1"))


def _asking_async(refresh: Callable[[str], str], fails: bool = False) -> Act:
    return lambda stage: stage.ask(wxaudit.AsyncCachedTokenSource(AsyncStore(fails), refresh, name="wx1"))


def _of(kind: str, asking: Callable[..., Act], client_kinds: tuple[str, ...]) -> tuple[Scenario, ...]:
    return (
        Scenario(f"{kind}", asking(fresh), client_kinds=client_kinds),
        Scenario(
            f"{kind}, a refresh",
            asking(fresh),
            answers=always(EXPIRED, IN_REVIEW),
            sends=2,
            client_kinds=client_kinds,
        ),
        *(
            Scenario(
                f"{kind}, {what}",
                asking(refresh, fails),
                wxaudit.TokenError,
                always(EXPIRED),
                client_kinds=client_kinds,
            )
            for what, refresh, fails in (
                ("a refresh that fails", failing, False),
                ("a refresh that gives no token", no_token, False),
                ("a store that cannot be written", fresh, True),
            )
        ),
    )


SCENARIOS = (
    *_of("a cached token source", _asking, ("blocking", "asyncio")),
    *_of("an async cached token source", _asking_async, ("asyncio",)),
)
