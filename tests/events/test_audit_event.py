"""`AuditEvent` and `EventRejected` as values, and the cost of the import."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest

from wxaudit import ArgumentError, AuditState, WxAuditError
from wxaudit.events import AuditEvent, EventRejected

MOMENT = datetime(2017, 3, 7, 3, 16, 31, tzinfo=timezone.utc)
EVENT = AuditEvent("weapp_audit_fail", "gh_fb9688c2a4b2", MOMENT, "1:原因:<br>(1):细节<br>", ("xxx", "yyy"))


def test_events_are_equal_by_value() -> None:
    beijing = MOMENT.astimezone(timezone(timedelta(hours=8)))
    same = AuditEvent("weapp_audit_fail", "gh_fb9688c2a4b2", beijing, EVENT.reason, ["xxx", "yyy"])
    assert (same, hash(same)) == (EVENT, hash(EVENT))
    assert same.decided_at.tzinfo is timezone.utc
    assert AuditEvent("weapp_audit_delay", "gh_fb9688c2a4b2", MOMENT) != EVENT
    assert EVENT.to_dict() != EVENT


def test_events_support_match() -> None:
    match EVENT:
        case AuditEvent("weapp_audit_fail", original_id, reason=str(reason), screenshots=(first, *_)):
            assert (original_id, reason, first) == ("gh_fb9688c2a4b2", EVENT.reason, "xxx")
        case _:
            pytest.fail("it matches nothing")


def test_events_are_immutable() -> None:
    with pytest.raises(AttributeError, match="AuditEvent is immutable"):
        EVENT.kind = "weapp_audit_success"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_events_survive_pickle_and_copy(protocol: int) -> None:
    assert pickle.loads(pickle.dumps(EVENT, protocol)) == EVENT
    assert copy.copy(EVENT) == copy.deepcopy(EVENT) == EVENT


def test_events_survive_json() -> None:
    data = json.loads(json.dumps(EVENT.to_dict()))
    assert data == {
        "kind": "weapp_audit_fail",
        "original_id": "gh_fb9688c2a4b2",
        "decided_at": "2017-03-07T03:16:31+00:00",
        "reason": "1:原因:<br>(1):细节<br>",
        "screenshots": ["xxx", "yyy"],
    }
    assert AuditEvent.from_dict({**data, "newer": 1}) == EVENT
    short = AuditEvent("weapp_audit_success", "gh_1", MOMENT)
    assert AuditEvent.from_dict(short.to_dict()) == short
    assert AuditEvent.from_dict({**short.to_dict(), "screenshots": None}) == short
    assert AuditEvent("weapp_audit_success", "gh_1", MOMENT, None, None) == short


def test_the_repr_escapes_control_characters() -> None:
    text = repr(AuditEvent("weapp_audit_delay", "gh_1", MOMENT, "\x1b[31m\u202e"))
    assert text.startswith("AuditEvent(kind='weapp_audit_delay', original_id='gh_1', decided_at=datetime.")
    assert text.isprintable()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "weapp_audit_gone"}, "kind must be one of weapp_audit_success, weapp_audit_fail,"),
        ({"kind": None}, "kind must be one of"),
        ({"kind": ["weapp_audit_fail"]}, "kind must be one of"),
        ({"original_id": ""}, "original_id must be a string such as gh_fb9688c2a4b2, got ''"),
        ({"original_id": 5}, "original_id must be"),
        ({"decided_at": "2017-03-07T03:16:31"}, "decided_at must be a datetime with a time zone"),
        ({"decided_at": "soon"}, "decided_at must be"),
        ({"decided_at": 1488856591}, "decided_at must be"),
        ({"decided_at": None}, "decided_at must be"),
        ({"reason": 5}, "reason must be a str or None, got 5"),
        ({"screenshots": "xxx"}, "screenshots must be a sequence of media_ids, got str"),
        ({"decided_at": "9999-12-31T23:59:59-08:00"}, "decided_at must be"),
        ({"decided_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-8)))}, "decided_at must be"),
        ({"screenshots": [5]}, "screenshots must be"),
        ({"screenshots": 5}, "screenshots must be a sequence of media_ids, got 5"),
        ({"screenshots": b"xxx"}, "screenshots must be"),
    ],
    ids=range(16),
)
def test_invalid_values_are_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        AuditEvent.from_dict({**EVENT.to_dict(), **changed})
    assert caught.value.message.startswith(said)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("weapp_audit_success", AuditState.APPROVED),
        ("weapp_audit_fail", AuditState.REJECTED),
        ("weapp_audit_delay", AuditState.DELAYED),
    ],
)
def test_an_event_has_the_state_that_a_query_would_return(kind: str, state: AuditState) -> None:
    assert AuditEvent(kind, "gh_1", MOMENT).status is state


@pytest.mark.parametrize("replayed", [False, True])
def test_a_rejection_survives_pickle_copy_and_json(replayed: bool) -> None:
    error = EventRejected("the same push was accepted before", replayed=replayed)
    revived = EventRejected(*json.loads(json.dumps(error.args)))
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error), revived):
        assert type(other) is EventRejected
        assert (other.message, other.replayed, other.retryable) == (error.message, replayed, False)
    assert isinstance(error, WxAuditError)
    assert EventRejected.__module__ == AuditEvent.__module__ == "wxaudit.events"
    assert (error.hint != EventRejected("x").hint) is replayed
    assert error.hint_zh != error.hint


def test_importing_the_package_does_not_import_events() -> None:
    program = (
        "import sys, wxaudit, wxaudit.testing\n"
        "found = [name for name in sys.modules if name.startswith(('wxaudit.events', 'cryptography', "
        "'defusedxml', 'xml', 'hmac'))]\n"
        "print(found)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("missing", ["cryptography", "defusedxml"])
def test_a_missing_library_is_named(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; import wxaudit.events"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"wxaudit.events needs {missing}, which is not installed; run: pip install" in done.stderr
