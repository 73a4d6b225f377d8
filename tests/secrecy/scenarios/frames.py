"""Scenarios with tables: their queries, their tokens by `token_for`, and an extra column of tokens.

A column of tokens belongs to the caller, and `audit_frame` returns it. Nothing else may show a token, so
scenarios with such a column return only the added columns, or raise.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas
import polars
import pyarrow

import wxaudit
from secrecy.canary import TOKEN
from secrecy.scenario import Scenario
from secrecy.scenarios.answers import always, refusing
from secrecy.scenarios.batches import BATCH_METHODS
from secrecy.scenarios.sources import EXPIRED, AsyncSource, Source, failing_at_refresh, two_tokens
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secrecy.scenario import Act
    from secrecy.stage import Stage

# Constructors of a table for each library.
LIBRARIES: dict[str, Callable[..., Any]] = {
    "pandas": pandas.DataFrame,
    "polars": polars.DataFrame,
    "pyarrow": pyarrow.table,
}


def _columns(stage: Stage) -> dict[str, list[Any]]:
    return {"auditid": [stage.auditid] * 3, "appid": ["wx1", "wx2", None]}


def with_tokens(stage: Stage) -> dict[str, list[Any]]:
    return {**_columns(stage), "token": [TOKEN.text()] * 3}


# Sources and tokens by appid. Only the partial stores a token, which the caller put there.
_TOKENS_FOR: dict[str, tuple[Callable[[], Any], str]] = {
    "a text": (lambda: lambda _: TOKEN.text(), "IN_REVIEW"),
    "a source": (lambda: lambda _: Source(two_tokens), "IN_REVIEW"),
    "a partial with a token": (lambda: partial(_given, TOKEN.text()), "IN_REVIEW"),
    "the method of a dict": (
        lambda: dict.fromkeys(("wx1", "wx2", None), TOKEN.text()).__getitem__,
        "IN_REVIEW",
    ),
    "one that raises": (lambda: _away, "TokenError"),
    "one that gives a dict": (lambda: lambda _: {"token": TOKEN.text()}, "ArgumentError"),
    "one that gives a list": (lambda: lambda _: [TOKEN.text()], "ArgumentError"),
    "one that gives bytes": (lambda: lambda _: TOKEN.text().encode(), "ArgumentError"),
    "one that gives a line break": (lambda: lambda _: TOKEN.text() + "\n", "ArgumentError"),
    "one that gives twenty": (lambda: lambda _: TOKEN.text() * 20, "ArgumentError"),
}


def _given(token: str, _appid: object) -> str:
    return token


def _away(_appid: object) -> str:
    raise OSError("the table is away")


def _each_token_for() -> Iterator[Scenario]:
    for name, (token_for, outcome) in _TOKENS_FOR.items():
        sends = 3 if outcome == "IN_REVIEW" else 0
        for method, act in BATCH_METHODS.items():
            yield Scenario(
                f"a frame, token_for: {name}, {method}",
                _asking(act, token_for),
                sends=sends,
                counts={outcome: 3},
            )
        yield Scenario(
            f"audit_frame, token_for: {name}",
            _auditing("pandas", token_for, outcome),
            sends=sends,
            client_kinds=_BLOCKING,
        )
    yield Scenario(
        "a frame, token_for: an async source",
        _asking(BATCH_METHODS["collected"], lambda: lambda _: AsyncSource(two_tokens)),
        sends=3,
        counts={"IN_REVIEW": 3},
        client_kinds=("asyncio",),
    )


def _asking(act: Callable[..., Any], token_for: Callable[[], Any], library: str = "pandas") -> Act:
    def play(stage: Stage) -> object:
        stage.watcher.at_request = stage.walk_in_flight if token_for is source else None
        frame = LIBRARIES[library](_columns(stage))
        return act(stage, lambda: wxaudit.queries_from_frame(frame, token_for()))

    return play


def source() -> Callable[[Any], Any]:
    return lambda _: Source(two_tokens)


def _auditing(library: str, token_for: Callable[[], Any], outcome: str) -> Act:
    """A table without tokens: the whole result is shown."""

    def play(stage: Stage) -> object:
        frame = LIBRARIES[library](_columns(stage))
        audited = wxaudit.audit_frame(frame, token_for(), client=stage.client())
        return _checked(audited, outcome)

    return play


def _auditing_tokens(library: str, outcome: str) -> Act:
    """A table of tokens: the added columns are shown."""

    def play(stage: Stage) -> object:
        made = LIBRARIES[library]
        audited = wxaudit.audit_frame(made(with_tokens(stage)), lambda _: TOKEN.text(), client=stage.client())
        return _checked(_added(audited), outcome)

    return play


def _added(audited: Any) -> Any:
    names = ["auditid", "appid", "state", "reason", "errcode", "error", "rid", "attempts"]
    return audited.select(names) if hasattr(audited, "select") else audited[names]


def _checked(audited: Any, outcome: str) -> Any:
    """The table, if its rows have these outcomes."""
    for error, state in zip(audited["error"], audited["state"], strict=True):
        if outcome not in f"{state} {error}":
            raise AssertionError(f"a row did not end as {outcome}")
    return audited


def _tokens_as_auditids(stage: Stage) -> dict[str, list[Any]]:
    return {"auditid": [TOKEN.text()] * 3, "appid": [None] * 3, "other": [stage.auditid] * 3}


def _tokens_as_appids(stage: Stage) -> dict[str, list[Any]]:
    return {"auditid": [stage.auditid] * 3, "appid": [TOKEN.text()] * 3}


def _in_columns(columns: Callable[[Stage], dict[str, Any]], library: str, act: Callable[..., Any]) -> Act:
    def play(stage: Stage) -> object:
        made = LIBRARIES[library]
        return act(stage, lambda: wxaudit.queries_from_frame(made(columns(stage)), source()))

    return play


def _each_library() -> Iterator[Scenario]:
    for library in LIBRARIES:
        for name, outcome, answers in (
            ("a good one", "IN_REVIEW", always(Fault(body=b'{"errcode":0,"errmsg":"ok","status":2}'))),
            ("refused", "TokenError", refusing(40001)),
        ):
            yield Scenario(
                f"audit_frame of {library}, a column of tokens: {name}",
                _auditing_tokens(library, outcome),
                answers=answers,
                sends=3,
                client_kinds=_BLOCKING,
            )
        yield Scenario(
            f"audit_frame of {library}: a refresh that fails",
            _auditing(library, lambda: lambda _: Source(failing_at_refresh), "TokenError"),
            answers=always(EXPIRED),
            sends=3,
            client_kinds=_BLOCKING,
        )
        for method, act in BATCH_METHODS.items():
            yield Scenario(
                f"a frame of {library}, objects walked in flight, {method}",
                _asking(act, source, library),
                sends=3,
                counts={"IN_REVIEW": 3},
            )
        yield Scenario(
            f"a frame of {library}: tokens as auditids",
            _in_columns(_tokens_as_auditids, library, BATCH_METHODS["collected"]),
            sends=0,
            counts={"ArgumentError": 3},
        )
        yield Scenario(
            f"a frame of {library}: tokens as appids",
            _in_columns(_tokens_as_appids, library, BATCH_METHODS["collected"]),
            sends=0,
            counts={"ArgumentError": 3},
        )


_BLOCKING = ("blocking",)

SCENARIOS = (
    *_each_token_for(),
    *_each_library(),
)
