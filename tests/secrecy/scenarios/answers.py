"""Scenarios by answer of the server: success, and each class of error, with the token in its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import wxaudit
from secrecy.scenario import IN_REVIEW, Answers, Scenario
from secrecy.stage import Stage
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

_REJECTED = '{"errcode":0,"errmsg":"ok","status":1,"reason":"1:账号信息不符合规范:<br>","screenshot":"a|b"}'


def always(*faults: Fault) -> Answers:
    """These faults in turn, the last one repeatedly. None of them echoes the token."""
    return lambda _servers, _token: faults


def refusing(errcode: int) -> Answers:
    """An errcode, and an errmsg with the token."""
    return lambda _servers, token: [
        Fault(errcode=errcode, errmsg=f"refused: {token} rid: 637accc2-7d67c301-4ae3af4b")
    ]


def _ask_unobserved(stage: Stage) -> object:
    client = stage.client(observed=False)
    with stage.watcher.dumping_stacks():
        return stage.ask(client=client)


def _raise_for_rejection(stage: Stage) -> object:
    return stage.ask().raise_for_rejection()


def _ask_twice(stage: Stage) -> object:
    """The second call is refused by the client itself, since the quota is blocked."""
    client = stage.client()
    try:
        return stage.ask(client=client)
    except wxaudit.QuotaError:
        return stage.ask(client=client, timeout=0.5)


def _ask_with_retries(stage: Stage) -> object:
    return stage.ask(max_retries=2)


_CODES = {
    -1: wxaudit.ServerBusyError,
    40001: wxaudit.TokenError,
    40014: wxaudit.TokenError,
    41001: wxaudit.TokenError,
    42001: wxaudit.TokenError,
    45009: wxaudit.DayQuotaError,
    45011: wxaudit.MinuteQuotaError,
    48004: wxaudit.AccountBlockedError,
    61003: wxaudit.AuthorizationLostError,
    61004: wxaudit.NetworkConfigError,
    61007: wxaudit.PermissionDeniedError,
    85012: wxaudit.AuditNotFoundError,
    99999: wxaudit.APIError,
}


def _each_code() -> Iterator[Scenario]:
    for errcode, error in _CODES.items():
        yield Scenario(f"errcode {errcode}", Stage.ask, error, refusing(errcode))


SCENARIOS = (
    Scenario("success", Stage.ask),
    Scenario("success without a listener", _ask_unobserved, answers=always(Fault(delay=0.05) & IN_REVIEW)),
    Scenario(
        "a rejection, raised", _raise_for_rejection, wxaudit.ReviewRejected, always(Fault(body=_REJECTED))
    ),
    *_each_code(),
    Scenario("a blocked quota", _ask_twice, wxaudit.DayQuotaError, refusing(45009)),
    Scenario(
        "success at the third attempt",
        _ask_with_retries,
        answers=always(Fault.http(503), Fault(cut="head"), IN_REVIEW),
        sends=3,
    ),
    Scenario(
        "HTTP 503 for ever", _ask_with_retries, wxaudit.HTTPStatusError, always(Fault.http(503)), sends=3
    ),
    Scenario("HTTP 412 without a body", Stage.ask, wxaudit.HTTPStatusError, always(Fault.http(412))),
    Scenario("an empty body", Stage.ask, wxaudit.DecodeError, always(Fault(body=b""))),
    Scenario(
        "a compressed body",
        Stage.ask,
        wxaudit.DecodeError,
        always(Fault(headers={"Content-Encoding": "gzip"})),
    ),
    Scenario("an oversized body", Stage.ask, wxaudit.DecodeError, always(Fault(body=b" " * 300_000))),
    Scenario(
        "an audit with another number",
        Stage.ask,
        wxaudit.DecodeError,
        always(Fault(body=b'{"errcode":0,"errmsg":"ok","status":0,"auditid":7}')),
    ),
)
