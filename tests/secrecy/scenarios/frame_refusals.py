"""Scenarios with invalid tables, and with invalid arguments next to a table of tokens.

Frames of the library then hold the table, and a reporter shows their locals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy
import pandas

import wxaudit
from secrecy.canary import TOKEN
from secrecy.scenario import Scenario
from secrecy.scenarios.frames import LIBRARIES, with_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secrecy.scenario import Act
    from secrecy.stage import Stage


def _failing_beside_tokens(library: str, columns: Callable[[Stage], dict[str, Any]], act: Any) -> Act:
    """The table is refused. Frames of the library hold it, and a reporter shows their locals."""
    return lambda stage: act(stage, lambda: LIBRARIES[library](columns(stage)))


def _audit(stage: Stage, make: Callable[[], Any]) -> object:
    return wxaudit.audit_frame(make(), lambda _: TOKEN.text(), client=stage.client())


def _query(_stage: Stage, make: Callable[[], Any]) -> object:
    return list(wxaudit.queries_from_frame(make(), lambda _: TOKEN.text()))


def _without_auditid(_stage: Stage) -> dict[str, Any]:
    return {"id": [1], "token": [TOKEN.text()]}


def _inexact(_stage: Stage) -> dict[str, Any]:
    return {"auditid": numpy.array([1.0], dtype="float32"), "token": [TOKEN.text()]}


def _first_row_as_names(_stage: Stage) -> dict[str, Any]:
    """A file without a header row, read as if it had one."""
    return {"wx5b97b03f7e2c4d18": ["wx2"], "1234567": [7], TOKEN.text(): ["another"]}


def _each_wrong_table() -> Iterator[Scenario]:
    wrong = {
        "no auditid": _without_auditid,
        "float32": _inexact,
        "the token as a column's name": _first_row_as_names,
    }
    for library in LIBRARIES:
        for name, columns in wrong.items():
            for method, act in (("queries_from_frame", _query), ("audit_frame", _audit)):
                yield Scenario(
                    f"{method} of {library}: {name}",
                    _failing_beside_tokens(library, columns, act),
                    _WRONG,
                    sends=0,
                    client_kinds=_BLOCKING,
                )


def _audit_with(client: Callable[[], Any], max_concurrency: Callable[[], Any] = lambda: None) -> Act:
    def play(stage: Stage) -> object:
        return wxaudit.audit_frame(
            pandas.DataFrame(with_tokens(stage)),
            lambda _: TOKEN.text(),
            client=client(),
            max_concurrency=max_concurrency(),
        )

    return play


def _interrupted(stage: Stage) -> object:
    """Ctrl-C at the first row, next to a column of tokens."""

    def interrupt(_appid: object) -> str:
        raise KeyboardInterrupt

    return wxaudit.audit_frame(pandas.DataFrame(with_tokens(stage)), interrupt, client=stage.client())


def _wrong_frame(make: Callable[[], Any], token_for: Callable[[], Any]) -> Act:
    return lambda _stage: list(wxaudit.queries_from_frame(make(), token_for()))


_WRONG = wxaudit.ArgumentError
_BLOCKING = ("blocking",)

SCENARIOS = (
    *_each_wrong_table(),
    Scenario(
        "audit_frame: the token as client", _audit_with(TOKEN.text), _WRONG, sends=0, client_kinds=_BLOCKING
    ),
    Scenario(
        "audit_frame: the token as max_concurrency",
        _audit_with(lambda: None, max_concurrency=TOKEN.text),
        _WRONG,
        sends=0,
        client_kinds=_BLOCKING,
    ),
    Scenario("audit_frame: interrupted", _interrupted, KeyboardInterrupt, sends=0, client_kinds=_BLOCKING),
    Scenario(
        "queries_from_frame: the token as frame",
        _wrong_frame(TOKEN.text, lambda: TOKEN.text),
        _WRONG,
        sends=0,
        client_kinds=_BLOCKING,
    ),
    Scenario(
        "queries_from_frame: the token as token_for",
        _wrong_frame(lambda: pandas.DataFrame({"auditid": [7]}), TOKEN.text),
        _WRONG,
        sends=0,
        client_kinds=_BLOCKING,
    ),
    Scenario(
        "queries_from_frame: a dict of tokens as token_for",
        _wrong_frame(lambda: pandas.DataFrame({"auditid": [7]}), lambda: {"wx1": TOKEN.text()}),
        _WRONG,
        sends=0,
        client_kinds=_BLOCKING,
    ),
)
