"""Scenarios by arguments of a batch: malformed queries, the token in a wrong place."""

from __future__ import annotations

from collections import namedtuple
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas

import wxaudit
from secrecy.canary import TOKEN
from secrecy.scenario import Scenario
from secrecy.scenarios.batches import BATCH_METHODS, both_ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secrecy.scenario import Act
    from secrecy.stage import Stage

_Row = namedtuple("_Row", ("token", "auditid", "appid", "note"))

# Objects passed as a query. No request is sent for them.
_SHAPES: dict[str, Callable[[int], object]] = {
    "the token alone": lambda _: TOKEN.text(),
    "the token's bytes alone": lambda _: TOKEN.text().encode(),
    "a dict": lambda auditid: {"token": TOKEN.text(), "auditid": auditid},
    "a dict of tokens": lambda auditid: {TOKEN.text(): auditid},
    "a set": lambda _: {TOKEN.text()},
    "an object": lambda auditid: SimpleNamespace(token=TOKEN.text(), auditid=auditid),
    "a tuple of one": lambda _: (TOKEN.text(),),
    "a tuple of four": lambda auditid: (TOKEN.text(), auditid, "wx1", TOKEN.text()),
    "a named tuple of four": lambda auditid: _Row(TOKEN.text(), auditid, "wx1", "note"),
    "a tuple in a tuple": lambda auditid: ((TOKEN.text(), auditid),),
    "swapped": lambda auditid: (auditid, TOKEN.text()),
    "swapped, in a list": lambda auditid: [auditid, TOKEN.text()],
    "the token as auditid too": lambda _: (TOKEN.text(), TOKEN.text()),
    "the token's bytes as auditid": lambda _: (TOKEN.text(), TOKEN.text().encode()),
    "the token in a list as auditid": lambda _: (TOKEN.text(), [TOKEN.text()]),
    "an auditid with a fraction": lambda _: (TOKEN.text(), 1.5),
    "no auditid": lambda _: (TOKEN.text(), float("nan")),
    "the token in a list": lambda auditid: ([TOKEN.text()], auditid),
    "the token's bytes": lambda auditid: (TOKEN.text().encode(), auditid),
    "the token with a line break": lambda auditid: (TOKEN.text() + "\n", auditid),
    "the token twenty times": lambda auditid: (TOKEN.text() * 20, auditid),
    "the token with a lone surrogate": lambda auditid: (TOKEN.text() + "\ud800", auditid),
    "the answer that a token came in": lambda auditid: ({"authorizer_access_token": TOKEN.text()}, auditid),
    "the token's bytes as appid": lambda auditid: (TOKEN.text(), auditid, TOKEN.text().encode()),
    "the token in a list as appid": lambda auditid: (TOKEN.text(), auditid, [TOKEN.text()]),
}


def _each_shape() -> Iterator[Scenario]:
    for name, shape in _SHAPES.items():
        yield Scenario(
            f"a query: {name}",
            _asking(shape),
            sends=0,
            counts={"ArgumentError": 1},
            client_kinds=("blocking",),
        )
    # All at once, since both clients read them with the same function.
    yield from both_ways(
        "all wrong shapes",
        lambda it: (shape(it.auditid) for shape in _SHAPES.values()),
        {"ArgumentError": len(_SHAPES)},
        sends=0,
    )


def _asking(shape: Callable[[int], object]) -> Act:
    return lambda stage: stage.collect(lambda: (shape(stage.auditid) for _ in range(1)))


# Objects passed as all queries. They are refused before the batch begins.
_NO_QUERIES: dict[str, Callable[[int], object]] = {
    "one query": lambda auditid: (TOKEN.text(), auditid),
    "the token": lambda _: TOKEN.text(),
    "the token's bytes": lambda _: TOKEN.text().encode(),
    "a bytearray of the token": lambda _: bytearray(TOKEN.text().encode()),
    "a dict": lambda auditid: {TOKEN.text(): auditid},
    "one AuditQuery": lambda auditid: wxaudit.AuditQuery(TOKEN.text(), auditid),
    "an object": lambda auditid: SimpleNamespace(token=TOKEN.text(), auditid=auditid),
    "a frame": lambda auditid: pandas.DataFrame({"token": [TOKEN.text()], "auditid": [auditid]}),
}


def _each_wrong_input() -> Iterator[Scenario]:
    for name, make in _NO_QUERIES.items():
        for method, act in BATCH_METHODS.items():
            yield Scenario(f"instead of queries: {name}, {method}", _passing(act, make), _WRONG, sends=0)


def _passing(act: Callable[..., Any], make: Callable[[int], object]) -> Act:
    return lambda stage: act(stage, lambda: make(stage.auditid))


def _each_wrong_option() -> Iterator[Scenario]:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("the token as max_concurrency", {"max_concurrency": TOKEN.text}),
        ("the token as timeout", {"timeout": TOKEN.text}),
        ("the token in bytes as timeout", {"timeout": lambda: TOKEN.text().encode()}),
        ("max_concurrency out of range", {"max_concurrency": 0}),
        ("a timeout below zero", {"timeout": -1}),
    ]
    for name, options in wrong:
        for method, act in BATCH_METHODS.items():
            yield Scenario(f"a batch: {name}, {method}", _with_options(act, options), _WRONG, sends=0)
    yield Scenario(
        "a batch: the token as progress",
        _with_options(BATCH_METHODS["collected"], {"progress": TOKEN.text}),
        _WRONG,
        sends=0,
    )
    for method, act in BATCH_METHODS.items():
        unknown = _with_options(act, {"access_token": TOKEN.text})
        yield Scenario(f"a batch: the token by an unknown keyword, {method}", unknown, TypeError, sends=0)


def _with_options(act: Callable[..., Any], options: dict[str, Any]) -> Act:
    return lambda stage: act(stage, lambda: _listed(stage), **options)


def _listed(stage: Stage) -> object:
    """In a list, which a report of a frame with its locals would show completely."""
    return [(TOKEN.text(), stage.auditid)]


async def _never(stage: Stage) -> Any:
    yield TOKEN.text(), stage.auditid


def _after_close(act: Callable[..., Any]) -> Act:
    def play(stage: Stage) -> object:
        client = stage.client()
        stage.run(client.close()) if stage.client_kind == "asyncio" else client.close()
        return act(stage, lambda: _listed(stage), client=client)

    return play


_WRONG = wxaudit.ArgumentError

SCENARIOS = (
    *_each_shape(),
    *_each_wrong_input(),
    *_each_wrong_option(),
    *both_ways(
        "the token as appid",
        lambda it: ((TOKEN.text(), it.auditid, TOKEN.text()) for _ in range(1)),
        {"ArgumentError": 1},
        sends=0,
    ),
    *both_ways(
        "token and appid swapped",
        lambda it: (("wx5b97b03f7e2c4d18", it.auditid, TOKEN.text()) for _ in range(1)),
        {"ArgumentError": 1},
        sends=0,
    ),
    *(
        Scenario(f"a batch: a closed client, {method}", _after_close(act), RuntimeError, sends=0)
        for method, act in BATCH_METHODS.items()
    ),
    Scenario(
        "a batch: an async generator for the blocking client",
        lambda stage: stage.collect(lambda: _never(stage)),
        _WRONG,
        sends=0,
        client_kinds=("blocking",),
    ),
)
