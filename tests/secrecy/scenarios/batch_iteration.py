"""Scenarios by end of an iteration: never started, abandoned, closed, thrown into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secrecy.canary import TOKEN
from secrecy.scenario import IN_REVIEW, Scenario
from secrecy.scenarios.answers import always
from secrecy.scenarios.batch_running import ShopError
from secrecy.scenarios.batches import tuples
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from secrecy.stage import Stage

# One request is answered after the other has arrived, which is not answered.
_PARTLY = always(Fault(delay=0.1) & IN_REVIEW, Fault(hold=True))


def _broken_off(stage: Stage) -> object:
    """The caller stops at the first result and drops the iterator."""
    results = _begun(stage)
    return [_first_of(stage, results), repr(results)]


def _begun(stage: Stage) -> Any:
    return stage.client().iter_audit_statuses((TOKEN.text(), stage.auditid) for _ in range(2))


def _first_of(stage: Stage, results: Any) -> Any:
    """The first result, while the other request is in flight."""
    first = next(results) if stage.client_kind == "blocking" else stage.run(anext(results))
    stage.walk_in_flight()
    return first


def _closed_midway(stage: Stage) -> object:
    results = _begun(stage)
    first = _first_of(stage, results)
    stage.run(results.aclose()) if stage.client_kind == "asyncio" else results.close()
    return [first, results]


def _raised_into(stage: Stage) -> object:
    """The caller's own loop fails. Reporters then show the iterator with its frames."""
    results = _begun(stage)
    first = _first_of(stage, results)
    failing = ShopError(f"cannot store {first.auditid}")
    if stage.client_kind == "blocking":
        return results.throw(failing)
    return stage.run(results.athrow(failing))


def _never_begun(stage: Stage) -> object:
    results: Any = stage.client().iter_audit_statuses(tuples(stage))
    frame = results.gi_frame if stage.client_kind == "blocking" else results.ag_frame
    return [repr(results), dict(frame.f_locals)]


SCENARIOS = (
    Scenario("a batch: broken off", _broken_off, answers=_PARTLY, sends=2),
    Scenario("a batch: closed midway", _closed_midway, answers=_PARTLY, sends=2),
    Scenario("a batch: an exception thrown into it", _raised_into, ShopError, _PARTLY, sends=2),
    Scenario("a batch: never begun", _never_begun, sends=0),
)
