"""Scenarios of batches: each form of a query, each outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import wxaudit
from secrecy.canary import FRESH_TOKEN, TOKEN
from secrecy.scenario import IN_REVIEW, Scenario
from secrecy.scenarios.answers import always, refusing
from secrecy.stage import Stage
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrecy.scenario import Act, Servers

# Makes queries at the last moment. A generator makes each token when it is taken.
Queries: TypeAlias = Callable[[Stage], object]

BATCH_METHODS: dict[str, Callable[..., Any]] = {"collected": Stage.collect, "iterated": Stage.iterate}


def both_ways(name: str, queries: Queries, counts: dict[str, int], **rest: Any) -> Iterator[Scenario]:
    """The same batch as a whole and result by result. `options` are those of the method."""
    options = rest.pop("options", {})
    sends = rest.pop("sends", sum(counts.values()))
    for method, act in BATCH_METHODS.items():
        yield Scenario(
            f"a batch: {name}, {method}", _acting(act, queries, options), sends=sends, counts=counts, **rest
        )


def _acting(act: Callable[..., Any], queries: Queries, options: dict[str, Any]) -> Act:
    return lambda stage: act(stage, lambda: queries(stage), **options)


def tuples(stage: Stage) -> object:
    return ((TOKEN.text(), stage.auditid) for _ in range(3))


def _labelled(stage: Stage) -> object:
    """Each of a different mini program, so that no refusal blocks the quota of the next."""
    return ((TOKEN.text(), stage.auditid, f"wx{number}") for number in range(len(_OUTCOMES)))


def _each_code(_servers: Servers, token: str) -> list[Fault]:
    """One answer for each query, each with the token."""
    bad_json = f'{{"errcode":0,"status":"{token}"'
    return [
        *(Fault(errcode=code, errmsg=f"no: {token} rid: 637accc2-7d67c301") for code in _CODES),
        Fault.http(502, body=f"<html>{token}</html>"),
        Fault(body=bad_json),
        Fault(body=f"<html>{token}</html>"),
        Fault(cut="body", cut_at=9, reset=True),
        Fault(headers={"Content-Encoding": "gzip"}),
        Fault.redirect(f"/moved?access_token={token.replace('é', '%C3%A9')}", 302),
        IN_REVIEW,
    ]


_CODES = {
    -1: "ServerBusyError",
    40001: "TokenError",
    40013: "APIError",
    42001: "TokenError",
    45009: "DayQuotaError",
    45011: "MinuteQuotaError",
    48004: "AccountBlockedError",
    61003: "AuthorizationLostError",
    61004: "NetworkConfigError",
    61007: "PermissionDeniedError",
    85012: "AuditNotFoundError",
}
_OUTCOMES = (
    *_CODES.values(),
    *("HTTPStatusError",) * 2,
    *("DecodeError",) * 3,
    "TransportError",
    "IN_REVIEW",
)


def _rejected(_servers: Servers, token: str) -> list[Fault]:
    """An answer with the token, which is masked."""
    reason = f"1:标题 {token}:<br>(1):{token}<br>"
    return [
        Fault(
            body=json.dumps({"errcode": 0, "errmsg": "ok", "status": 1, "reason": reason, "debug": [token]})
        )
    ]


def _unobserved(stage: Stage) -> object:
    client = stage.client(observed=False)
    with stage.watcher.dumping_stacks():
        return stage.collect(lambda: tuples(stage), client=client)


def _cut_off(stage: Stage) -> object:
    """The time limit of the batch ends calls in flight."""
    with stage.watcher.dumping_stacks():
        return stage.collect(lambda: tuples(stage), timeout=0.2)


def _retried(stage: Stage) -> object:
    return stage.collect(lambda: tuples(stage), client=stage.client(max_retries=2), max_concurrency=1)


def _through_proxy(stage: Stage) -> object:
    port = stage.servers.forward_407
    client = stage.client(stage.servers.fake, proxy=lambda: stage.proxy(port))
    return stage.collect(lambda: tuples(stage), client=client)


def _refused_connection(stage: Stage) -> object:
    client = stage.client(f"http://127.0.0.1:{stage.servers.refusing}")
    return stage.collect(lambda: tuples(stage), client=client)


async def asynchronous(stage: Stage) -> Any:
    for _ in range(3):
        yield TOKEN.text(), stage.auditid


def _counted(outcomes: tuple[str, ...]) -> dict[str, int]:
    return {name: outcomes.count(name) for name in outcomes}


_ASYNCIO = ("asyncio",)
_FINE = {"IN_REVIEW": 3}
_NO_TOKEN = {"TokenError": 3}
_ONE_BY_ONE = {"max_concurrency": 1}

SCENARIOS = (
    *both_ways("tuples", tuples, _FINE),
    *both_ways("lists", lambda it: ([TOKEN.text(), it.auditid] for _ in range(3)), _FINE),
    *both_ways("tuples in a list", lambda it: [(TOKEN.text(), it.auditid)] * 3, _FINE),
    *both_ways("AuditQuery", lambda it: [wxaudit.AuditQuery(TOKEN.text(), it.auditid)] * 3, _FINE),
    *both_ways(
        "the token of an AuditQuery, passed on",
        lambda it: [(wxaudit.AuditQuery(TOKEN.text(), 7).token, it.auditid)] * 3,
        _FINE,
    ),
    *both_ways("an async generator", asynchronous, _FINE, client_kinds=_ASYNCIO),
    *both_ways("a refused token", tuples, _NO_TOKEN, answers=refusing(40001)),
    *both_ways("each outcome", _labelled, _counted(_OUTCOMES), answers=_each_code, options=_ONE_BY_ONE),
    *both_ways("a rejection", tuples, {"REJECTED": 3}, answers=_rejected),
    *both_ways(
        "a blocked quota", tuples, {"DayQuotaError": 3}, answers=refusing(45009), sends=1, options=_ONE_BY_ONE
    ),
    Scenario(
        "a batch: nobody listens",
        _unobserved,
        answers=always(Fault(delay=0.05) & IN_REVIEW),
        sends=3,
        counts=_FINE,
    ),
    Scenario(
        "a batch: cut off by its limit",
        _cut_off,
        answers=always(Fault(hold=True)),
        sends=3,
        counts={"RequestTimeout": 3},
    ),
    *both_ways(
        "no answer in time",
        tuples,
        {"RequestTimeout": 3},
        answers=always(Fault(hold=True)),
        options={"timeout": 0.2},
    ),
    Scenario(
        "a batch: retries",
        _retried,
        answers=always(Fault.http(503), Fault(cut="head"), IN_REVIEW),
        sends=5,
        counts=_FINE,
    ),
    Scenario("a batch: refused", _refused_connection, sends=0, counts={"TransportError": 3}),
    Scenario("a batch: a plain proxy, 407", _through_proxy, sends=0, counts={"HTTPStatusError": 3}),
    *both_ways(
        "two tokens",
        lambda it: ((token.text(), it.auditid) for token in (TOKEN, FRESH_TOKEN)),
        {"IN_REVIEW": 2},
    ),
)
