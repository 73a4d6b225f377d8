"""Scenarios of batches with token sources, and of walks over objects while calls are in flight."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import wxaudit
from secrecy.canary import TOKEN
from secrecy.scenario import IN_REVIEW, Scenario
from secrecy.scenarios.answers import always
from secrecy.scenarios.batches import BATCH_METHODS, asynchronous, both_ways, tuples
from secrecy.scenarios.sources import (
    EXPIRED,
    AsyncSource,
    SameThreadSource,
    Source,
    failing,
    failing_at_refresh,
    failing_with_token,
    refusing_both,
    two_tokens,
)
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secrecy.scenario import Act
    from secrecy.scenarios.batches import Queries
    from secrecy.stage import Stage


def of_source(give: Callable[[bool], object], kind: type[Source] = Source, count: int = 3) -> Queries:
    def make(stage: Stage) -> object:
        source = kind(give)
        return ((source, stage.auditid, "wx5b97b03f7e2c4d18") for _ in range(count))

    return make


def _told_by_source(act: Callable[..., Any]) -> Act:
    """The source's own exception contains the token. Only its text belongs to the caller."""

    def play(stage: Stage) -> object:
        batch = act(stage, lambda: of_source(failing_with_token)(stage))
        # As texts, since the cause contains the text of the caller.
        shown = [repr(batch), repr(batch.to_records()), batch._repr_html_(), batch.plot().to_json()]
        shown += [f"{error} {error!r} {error.args!r}" for error in batch.errors]
        return [*shown, pickle.dumps(batch), pickle.dumps(batch.errors), repr(list(batch))]

    return play


def _walked_in_flight(queries: Queries) -> Act:
    """Walks over all objects while only the library has the tokens."""

    def act(stage: Stage) -> object:
        stage.watcher.at_request = stage.walk_in_flight
        return stage.collect(lambda: queries(stage))

    return act


def _each_walk() -> Iterator[Scenario]:
    walked: dict[str, tuple[Queries, tuple[str, ...]]] = {
        "tuples": (tuples, _BOTH),
        "AuditQuery": (_queries, _BOTH),
        "a source": (of_source(two_tokens), _BOTH),
        "a source in the same thread": (of_source(two_tokens, SameThreadSource), _BOTH),
        "an async generator": (asynchronous, _ASYNCIO),
        "an async source": (of_source(two_tokens, AsyncSource), _ASYNCIO),
    }
    for name, (queries, client_kinds) in walked.items():
        yield Scenario(
            f"a batch, objects walked in flight: {name}",
            _walked_in_flight(queries),
            answers=always(Fault(delay=0.03) & IN_REVIEW),
            sends=3,
            client_kinds=client_kinds,
            counts=_FINE,
        )


def _queries(stage: Stage) -> object:
    return [wxaudit.AuditQuery(TOKEN.text(), stage.auditid) for _ in range(3)]


_ASYNCIO = ("asyncio",)
_BOTH = ("blocking", "asyncio")
_FINE = {"IN_REVIEW": 3}
_NO_TOKEN = {"TokenError": 3}
_ONE_BY_ONE = {"max_concurrency": 1}

SCENARIOS = (
    *both_ways("a source", of_source(two_tokens), _FINE),
    *both_ways("a source in the same thread", of_source(two_tokens, SameThreadSource), _FINE),
    *both_ways("an async source", of_source(two_tokens, AsyncSource), _FINE, client_kinds=_ASYNCIO),
    *both_ways(
        "an async source where none can be awaited",
        of_source(two_tokens, AsyncSource),
        _NO_TOKEN,
        sends=0,
        client_kinds=("blocking",),
    ),
    *both_ways("a source that raises", of_source(failing), _NO_TOKEN, sends=0),
    *both_ways("a source with a line break", of_source(lambda _: TOKEN.text() + "\n"), _NO_TOKEN, sends=0),
    *both_ways("a source that gives bytes", of_source(lambda _: TOKEN.text().encode()), _NO_TOKEN, sends=0),
    *both_ways(
        "a source that gives a dict", of_source(lambda _: {"token": TOKEN.text()}), _NO_TOKEN, sends=0
    ),
    *both_ways(
        "a source that gives a list, async",
        of_source(lambda _: [TOKEN.text()], AsyncSource),
        _NO_TOKEN,
        sends=0,
        client_kinds=_ASYNCIO,
    ),
    *(
        Scenario(f"a batch: a source that raises with the token, {method}", _told_by_source(act), sends=0)
        for method, act in BATCH_METHODS.items()
    ),
    *both_ways(
        "a refresh",
        of_source(two_tokens),
        _FINE,
        answers=always(EXPIRED, IN_REVIEW),
        sends=4,
        options=_ONE_BY_ONE,
    ),
    *both_ways(
        "an async refresh",
        of_source(two_tokens, AsyncSource),
        _FINE,
        answers=always(EXPIRED, IN_REVIEW),
        sends=4,
        client_kinds=_ASYNCIO,
        options=_ONE_BY_ONE,
    ),
    *both_ways(
        "a refresh in vain",
        of_source(two_tokens, count=1),
        {"TokenError": 1},
        answers=refusing_both,
        sends=2,
    ),
    *both_ways(
        "a refresh that fails",
        of_source(failing_at_refresh, count=1),
        {"TokenError": 1},
        answers=always(EXPIRED),
        sends=1,
    ),
    *_each_walk(),
)
