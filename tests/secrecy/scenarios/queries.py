"""Scenarios with the objects of a batch: invalid, shown, compared, pickled."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import wxaudit
from secrecy.canary import FRESH_TOKEN, TOKEN
from secrecy.scenario import Scenario
from secrecy.scenarios.answers import refusing
from secrecy.scenarios.batches import tuples
from secrecy.scenarios.sources import Source, two_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrecy.scenario import Act
    from secrecy.stage import Stage


def _query(stage: Stage) -> wxaudit.AuditQuery:
    return wxaudit.AuditQuery(TOKEN.text(), stage.auditid, "wx5b97b03f7e2c4d18")


def _shown(stage: Stage) -> object:
    """A query, with everything that a debugger can query."""
    query: Any = _query(stage)
    match query:
        case wxaudit.AuditQuery(token, auditid, appid):
            matched = [token, auditid, appid, f"{token} {token!r}"]
        case _:
            matched = []
    shown = [f"{query} {query!r}", dir(query), hash(query), query.__doc__, query.__sizeof__()]
    return [query, *matched, *shown, getattr(query, "__dict__", None), query == query.token]


def _compared(stage: Stage) -> object:
    query = _query(stage)
    other = wxaudit.AuditQuery(FRESH_TOKEN.text(), stage.auditid, "wx5b97b03f7e2c4d18")
    copies = [copy.copy(query), copy.deepcopy(query), _query(stage)]
    equal = [query == another for another in (*copies, other)]
    if equal != [True, True, True, False]:
        raise AssertionError(equal)
    return [query, other, {query: 1, other: 2}, {query, *copies}]


def _pickled(stage: Stage) -> object:
    return pickle.dumps(_query(stage))


def _pickled_in_list(stage: Stage) -> object:
    return pickle.dumps([_query(stage)], 2)


def _of_source(stage: Stage) -> object:
    return repr(wxaudit.AuditQuery(Source(two_tokens), stage.auditid))


def _query_of(*arguments: Callable[[], object]) -> Act:
    kind: Any = wxaudit.AuditQuery
    return lambda _stage: kind(*(make() for make in arguments))


def _result_of(**arguments: Callable[[], object]) -> Act:
    kind: Any = wxaudit.AuditResult
    return lambda _stage: kind(7, **{name: make() for name, make in arguments.items()})


def _raise_for_errors(stage: Stage) -> object:
    return stage.collect(lambda: tuples(stage)).raise_for_errors()


def _unwrap(stage: Stage) -> object:
    return stage.collect(lambda: tuples(stage))[0].unwrap()


def _carried(stage: Stage) -> object:
    """A batch, pickled and unpickled with each protocol."""
    batch = stage.collect(lambda: tuples(stage))
    return [pickle.loads(pickle.dumps(batch, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]


_WRONG = wxaudit.ArgumentError

SCENARIOS = (
    Scenario("an AuditQuery shown", _shown, sends=0),
    Scenario("an AuditQuery copied and compared", _compared, sends=0),
    Scenario("an AuditQuery pickled", _pickled, TypeError, sends=0),
    Scenario("an AuditQuery pickled in a list", _pickled_in_list, TypeError, sends=0),
    Scenario("an AuditQuery of a source shown", _of_source, sends=0),
    Scenario("an AuditQuery, swapped", _query_of(lambda: 1234567, TOKEN.text), _WRONG, sends=0),
    Scenario("an AuditQuery, the token as auditid too", _query_of(TOKEN.text, TOKEN.text), _WRONG, sends=0),
    Scenario(
        "an AuditQuery, the token in a list", _query_of(lambda: [TOKEN.text()], lambda: 7), _WRONG, sends=0
    ),
    Scenario(
        "an AuditQuery, the token with a line break",
        _query_of(lambda: TOKEN.text() + "\n", lambda: 7),
        _WRONG,
        sends=0,
    ),
    Scenario(
        "an AuditQuery, the token as appid too",
        _query_of(TOKEN.text, lambda: 7, TOKEN.text),
        _WRONG,
        sends=0,
    ),
    Scenario("an AuditQuery of four", _query_of(*(TOKEN.text,) * 4), TypeError, sends=0),
    Scenario("an AuditResult, the token as its error", _result_of(error=TOKEN.text), _WRONG, sends=0),
    Scenario("an AuditResult, the token as its status", _result_of(status=TOKEN.text), _WRONG, sends=0),
    Scenario("errors of a batch, raised", _raise_for_errors, Exception, refusing(40001), sends=3),
    Scenario("an error of a result, raised", _unwrap, wxaudit.TokenError, refusing(40001), sends=3),
    Scenario("a batch carried to another process", _carried, None, refusing(40001), sends=3),
)
