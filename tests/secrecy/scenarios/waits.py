"""Scenarios of waits and of the other operations, with the token in a wrong place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import wxaudit
from secrecy.canary import TOKEN
from secrecy.scenario import IN_REVIEW, Scenario
from secrecy.scenarios.answers import always, refusing
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from secrecy.scenario import Act
    from secrecy.stage import Stage

_REJECTED = Fault(body='{"errcode":0,"errmsg":"ok","status":1,"reason":"1:账号信息:<br>","screenshot":"a|b"}')


def _waiting(token: Callable[[], object] = TOKEN.text, auditid: Any = None, **options: Any) -> Act:
    """One wait. Arguments that must exist only during the call are callables."""
    options = {"timeout": 0.1, **options}

    # No variable of ours holds an argument.
    return lambda stage: stage.run(
        stage.client().wait_for_decision(
            token(),
            stage.auditid if auditid is None else auditid(),
            **{name: value() if value == TOKEN.text else value for name, value in options.items()},
        )
    )


def _waiting_for_many(stage: Stage) -> object:
    results = stage.client().wait_for_decisions([(TOKEN.text(), stage.auditid)], timeout=0.1)
    return wxaudit.AuditBatch(results if stage.client_kind == "blocking" else stage.run(_all(results)))


async def _all(results: AsyncIterator[wxaudit.AuditResult]) -> list[wxaudit.AuditResult]:
    return [result async for result in results]


def _raising(_: object) -> None:
    raise OSError("the display is gone")


def _calling(method: str, *arguments: Callable[[], object], **options: Callable[[], object]) -> Act:
    """Another operation, whose arguments exist only during the call."""

    return lambda stage: stage.run(
        getattr(stage.client(), method)(
            *(value() for value in arguments), **{name: value() for name, value in options.items()}
        )
    )


_WRONG = wxaudit.ArgumentError

SCENARIOS = (
    Scenario("a wait that is decided", _waiting(), answers=always(_REJECTED)),
    Scenario("a wait that is over", _waiting(), wxaudit.WaitTimeout, always(IN_REVIEW)),
    Scenario("a wait that is refused", _waiting(), wxaudit.TokenError, refusing(40001)),
    Scenario("a wait whose callback raises", _waiting(on_poll=_raising), answers=always(_REJECTED)),
    Scenario("a wait, the token as timeout", _waiting(timeout=TOKEN.text), _WRONG, sends=0),
    Scenario("a wait, the token as auditid", _waiting(auditid=TOKEN.text), _WRONG, sends=0),
    Scenario("a wait, the token as appid", _waiting(appid=TOKEN.text), _WRONG, sends=0),
    Scenario("a wait, the token as polling", _waiting(polling=TOKEN.text), _WRONG, sends=0),
    Scenario("a wait for many", _waiting_for_many, answers=always(_REJECTED), counts={"REJECTED": 1}),
    Scenario(
        "a wait for many that is refused",
        _waiting_for_many,
        answers=refusing(40001),
        counts={"TokenError": 1},
    ),
    Scenario(
        "the latest audit, the token as appid",
        _calling("get_latest_audit_status", TOKEN.text, appid=TOKEN.text),
        _WRONG,
        sends=0,
    ),
    Scenario("the token as media_id", _calling("get_screenshot", TOKEN.text, TOKEN.text), _WRONG, sends=0),
    Scenario(
        "the token among media_ids",
        _calling("get_screenshots", TOKEN.text, lambda: [TOKEN.text()]),
        _WRONG,
        sends=0,
    ),
    Scenario(
        "the token instead of media_ids", _calling("get_screenshots", TOKEN.text, TOKEN.text), _WRONG, sends=0
    ),
    Scenario("the token as rid", _calling("explain", TOKEN.text, TOKEN.text), _WRONG, sends=0),
    Scenario(
        "quotas, the token as timeout", _calling("quota", TOKEN.text, timeout=TOKEN.text), _WRONG, sends=0
    ),
)
