"""Convert the objects of the fake to JSON, and JSON to objects of the fake."""

from __future__ import annotations

import base64
from dataclasses import fields
from typing import TYPE_CHECKING

from .._faults import Fault
from .._life import Step, state_name, state_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._audits import FakeAudit
    from .._fault_queue import ScriptedFault
    from .._log import ClosedConnection, ReceivedRequest

_STATE_NAMES = {state_name(number): number for number in range(5)}
_FAULT_NAMES = frozenset(attribute.name for attribute in fields(Fault))


def check_names(body: Mapping[str, object], *names: str) -> None:
    """Raise `ValueError` for an unknown name, so that a misspelt name is not ignored."""
    if unknown := sorted(set(body) - set(names)):
        raise ValueError(f"unknown names: {', '.join(unknown)}; known: {', '.join(names) or 'none'}")


def read_state(value: object) -> int:
    """Read a state, a number (1) or a name ("rejected")."""
    if isinstance(value, str):
        number = _STATE_NAMES.get(value.upper())
        if number is None:
            raise ValueError(f"unknown state {value!r}; known: {', '.join(_STATE_NAMES).lower()}")
        return number
    if not isinstance(value, int):
        raise TypeError(f"state must be a number or a name, not {value!r}")
    return state_number(value)


def read_step(value: object) -> Step:
    """Read a step: `{"state": …, "after_polls": …, "after": seconds, "reason": …, "screenshots": […]}`."""
    if not isinstance(value, dict):
        raise TypeError(f"a step must be a JSON object, not {type(value).__name__}")
    check_names(value, "state", "after_polls", "after", "reason", "screenshots")
    if "state" not in value:
        raise ValueError("a step needs a state")
    return Step(**{**value, "state": read_state(value["state"])})


def read_life(value: object) -> list[Step]:
    """Read a list of steps."""
    if not isinstance(value, list):
        raise TypeError(f"life must be a list of steps, not {type(value).__name__}")
    return [read_step(step) for step in value]


def read_fault(value: object) -> Fault:
    """Read a fault: the attributes of `Fault`, and bytes as `body_base64` and `raw_base64`."""
    if not isinstance(value, dict):
        raise TypeError(f"fault must be a JSON object, not {type(value).__name__}")
    check_names(value, *sorted(_FAULT_NAMES), "body_base64", "raw_base64")
    given = dict(value)
    if isinstance(given.get("raw"), str):
        given["raw"] = given["raw"].encode()
    for name in ("body", "raw"):
        if f"{name}_base64" in given:
            given[name] = read_base64(given.pop(f"{name}_base64"))
    return Fault(**given)


def read_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def write_fault(fault: Fault) -> dict[str, object]:
    """Write the attributes of a fault that differ from their defaults, with bytes as base64."""
    written: dict[str, object] = {}
    for name, value in fault._given().items():
        if isinstance(value, bytes):
            written[f"{name}_base64"] = _base64(value)
        elif isinstance(value, (set, frozenset, tuple)):
            written[name] = list(value)
        else:
            written[name] = value
    return written


def write_scripted(scripted: ScriptedFault) -> dict[str, object]:
    return {
        "fault": write_fault(scripted.fault),
        "auditid": scripted.auditid,
        "appid": scripted.appid,
        "reused": scripted.reused,
        "used": scripted.used,
        "remaining": scripted.remaining,
    }


def write_audit(audit: FakeAudit) -> dict[str, object]:
    state = int(audit.state)
    return {
        "auditid": audit.auditid,
        "appid": audit.appid,
        "state": state,
        "state_name": state_name(state).lower(),
        "reason": audit.reason,
        "screenshots": list(audit.screenshots),
        "polls": audit.polls,
        "steps_left": len(audit.life),
        "user_version": audit.user_version,
        "user_desc": audit.user_desc,
        "submitted_at": audit.submitted_at.isoformat(),
        "changed_at": audit.changed_at.isoformat(),
    }


def write_request(request: ReceivedRequest) -> dict[str, object]:
    return {
        "number": request.number,
        "connection": request.connection,
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "headers": dict(request.headers),
        "body_base64": _base64(request.body),
        "json": request.json,
        "token": request.token,
        "appid": request.appid,
        "auditid": request.auditid,
        "clock_at": request.clock_at.isoformat(),
        "received_at": request.received_at,
        "answered_at": request.answered_at,
        "http_status": request.http_status,
        "errcode": request.errcode,
        "fault": None if request.fault is None else write_fault(request.fault),
        "dropped": request.dropped,
    }


def write_closed(connection: ClosedConnection) -> dict[str, object]:
    unanswered = connection.unanswered
    return {
        "number": connection.number,
        "closed_by": connection.closed_by,
        "requests": connection.requests,
        "unanswered": None if unanswered is None else unanswered.number,
        "opened_at": connection.opened_at,
        "closed_at": connection.closed_at,
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
