"""Values that no JSON has, such as a structure that refers to itself: refused, and never a crash."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any

import pytest

from support.programs import run
from wxaudit import ArgumentError, AuditResult, AuditStatus, DecodeError, Event, LatestAuditStatus, Reason
from wxaudit.events import AuditEvent
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

GOOD: dict[str, Any] = {"auditid": 7, "status": 1}
HUGE = 10**400


class Broken:
    """Python code that must not run while a structure is read."""

    def fail(self, *_: object) -> Any:
        raise ZeroDivisionError

    __iter__ = __len__ = __getitem__ = __contains__ = __bool__ = __str__ = __repr__ = fail


class BrokenDict(Broken, dict[Any, Any]):
    keys = values = items = get = Broken.fail


class BrokenList(Broken, list[Any]):
    pass


class BrokenStr(Broken, str):
    encode = Broken.fail  # type: ignore[assignment]  # odd on purpose


class BrokenInt(int):
    def __float__(self) -> float:
        return float("nan")

    def __int__(self) -> Any:
        raise ZeroDivisionError

    __index__ = __int__


class NoName(type):
    __name__ = 5  # type: ignore[assignment]  # odd on purpose


class Nameless(metaclass=NoName):
    pass


def nested(depth: int, leaf: Any = None) -> Any:
    value: Any = leaf
    for _ in range(depth):
        value = {"more": value}
    return value


def test_no_structure_ends_the_process() -> None:
    ended = run("hostile_values")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "alive\n", "")


def test_a_structure_of_the_depth_and_size_of_an_answer_is_read_back() -> None:
    # The raw dict itself is the first of 128 levels.
    raw = {"deep": nested(126), "many": [*range(9_000)], "text": "文" * 100_000}
    again = AuditStatus.from_dict({**GOOD, "raw": raw})
    assert again.raw == raw
    assert pickle.loads(pickle.dumps(again)).raw == raw
    assert json.loads(json.dumps(again.to_dict()))["raw"] == raw


def test_the_deepest_answer_is_read_back(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """The parser allows one level less than `from_dict`."""
    caller, token, audit = client_kind.client(fake), fake.token(), fake.submit()
    answer = '{"errcode":0,"errmsg":"ok","status":0,"deep":%s}'
    for depth in (126, 127):
        fake.fail_next(Fault(body=(answer % ("[" * depth + "]" * depth)).encode()))
        try:
            status = caller.get_audit_status(token, audit.auditid)
        except DecodeError:
            assert depth == 127
        else:
            assert depth == 126
            again = AuditStatus.from_dict(json.loads(json.dumps(status.to_dict())))
            assert again.raw == pickle.loads(pickle.dumps(status)).raw == status.raw


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"deep": nested(128)}, "nested more than 128 levels deep, or refers to itself"),
        ({"many": [None] * 10_000}, "more than 10 000 values"),
        ({"many": dict.fromkeys(map(str, range(10_000)))}, "more than 10 000 values"),
        ({"text": "x" * (1024 * 1024)}, "more than 1 MiB of text"),
        ({"text": {"x" * (1024 * 1024): 1}}, "more than 1 MiB of text"),
        ({"text": "a\ud800"}, "lone surrogate"),
        ({"a\udc80": 1}, "lone surrogate"),
        ({BrokenStr("\ud800"): 1}, "lone surrogate"),
        ({"number": HUGE}, "an integer of more than 308 digits"),
        ({"number": -HUGE}, "an integer of more than 308 digits"),
        ({"number": float("nan")}, "NaN or an infinity"),
        ({"number": float("-inf")}, "NaN or an infinity"),
        ({5: 1}, "a key that is not a string"),
        ({"bytes": b"x"}, "a value of the type bytes"),
        ({"set": {1}}, "a value of the type set"),
        ({"object": Broken()}, "a value of the type Broken"),
        ({"object": Nameless()}, "a value of the type"),
        ([], "expected a dict"),
        ("{}", "expected a dict"),
        (5, "expected a dict"),
    ],
    ids=range(20),
)
def test_a_raw_answer_that_is_not_json_is_refused(raw: Any, said: str) -> None:
    for kind in (AuditStatus, LatestAuditStatus):
        with pytest.raises(ArgumentError, match=r"^raw: ") as caught:
            kind.from_dict({**GOOD, "raw": raw})
        assert said in str(caught.value)


def test_subclasses_are_read_as_what_they_hold() -> None:
    """Their methods are not called: they could change the structure while it is read."""
    raw = BrokenDict({BrokenStr("a"): BrokenList([BrokenStr("b"), BrokenInt(5)]), "c": (1, 2)})
    assert AuditStatus.from_dict({**GOOD, "raw": raw}).raw == {"a": ["b", 5], "c": [1, 2]}
    assert AuditStatus.from_dict(BrokenDict(GOOD)).auditid == 7


def test_integers_are_read_as_an_answer_is() -> None:
    raw = {"numbers": [2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1]}
    assert AuditStatus.from_dict({**GOOD, "raw": raw}).raw == {
        "numbers": [2**63, 2**64 - 1, 2.0**64, -(2**63), -(2.0**63)]
    }


class OddZone(tzinfo):
    """A time zone that answers with any value."""

    def __init__(self, offset: Any) -> None:
        self.offset = offset

    def utcoffset(self, _: datetime | None) -> Any:
        return self.offset

    dst = utcoffset

    def tzname(self, _: datetime | None) -> str:
        return "odd"


ODD_MOMENTS = [
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
    datetime(1969, 12, 31, tzinfo=timezone.utc),
    datetime(2026, 1, 1, tzinfo=OddZone(5)),
    datetime(2026, 1, 1, tzinfo=OddZone(timedelta(days=2))),
    datetime(2026, 1, 1, tzinfo=OddZone(None)),
    "9999-12-31T23:59:59-00:01",
    "2026-01-01T00:00:00+25:00",
    "\ud800",
    HUGE,
    b"2026-01-01T00:00:00+00:00",
    float("nan"),
    timedelta(1),
    datetime,
]


@pytest.mark.parametrize("moment", ODD_MOMENTS, ids=range(len(ODD_MOMENTS)))
def test_an_odd_moment_is_refused(moment: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^observed_at: "):
        AuditStatus(1, 1, observed_at=moment)
    with pytest.raises(ArgumentError, match=r"^submitted_at: "):
        LatestAuditStatus.from_dict({**GOOD, "submitted_at": moment})
    with pytest.raises(ArgumentError, match=r"^decided_at "):
        AuditEvent("weapp_audit_fail", "gh_1", "" if moment is ODD_MOMENTS[2] else moment)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"auditid": HUGE}, "auditid"),
        ({"auditid": "１"}, "auditid"),
        ({"auditid": "\ud800"}, "auditid"),
        ({"auditid": b"1"}, "auditid"),
        ({"auditid": 7.0}, "auditid"),
        ({"status": HUGE}, "status"),
        ({"status": float("nan")}, "status"),
        ({"status": b"1"}, "status"),
        ({"reason": "\ud800"}, "reason"),
        ({"reason": b"x"}, "reason"),
        ({"screenshots": ["\ud800"]}, "screenshots"),
        ({"screenshots": b"x"}, "screenshots"),
        ({"screenshots": {"a": 1}.values()}, "screenshots"),
        ({"screenshots": iter(lambda: "endless", None)}, "screenshots"),
        ({"appid": "\ud800"}, "appid"),
        ({"appid": b"x"}, "appid"),
        ({"lossy": "no"}, "lossy"),
        ({"lossy": 1}, "lossy"),
        ({"lossy": Broken()}, "lossy"),
    ],
    ids=range(19),
)
def test_an_odd_attribute_is_refused_by_its_name(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ArgumentError, match=rf"^{field}: "):
        AuditStatus.from_dict({**GOOD, **changed})


@pytest.mark.parametrize("value", [HUGE, "\ud800", b"x", float("nan"), [], Broken()], ids=range(6))
def test_odd_values_of_events_and_results_are_argument_errors(value: Any) -> None:
    for field in ("call", "auditid", "attempt", "port", "http_status", "errcode"):
        with pytest.raises(ArgumentError, match=rf"^{field}: "):
            Event(kind="poll", **{field: value})
    for field in ("appid", "method", "error", "rid"):
        with pytest.raises(ArgumentError, match=rf"^{field}: "):
            Event(kind="poll", **{field: value})
    with pytest.raises(ArgumentError, match=r"^kind: "):
        Event(kind=value)
    with pytest.raises(ArgumentError, match=r"^auditid: "):
        AuditResult(value)
    with pytest.raises(ArgumentError, match=r"^appid: "):
        AuditResult(1, value)
    with pytest.raises(ArgumentError, match=r"^status: "):
        AuditResult(1, None, value)


def test_what_is_not_a_dict_is_refused() -> None:
    given: list[Any] = [None, 5, "text", [("auditid", 1)]]
    for kind in (AuditStatus, LatestAuditStatus, Reason, AuditEvent):
        for data in given:
            with pytest.raises(ArgumentError):
                kind.from_dict(data)


def test_messages_hold_no_long_value() -> None:
    for make in (
        lambda v: Reason(v, v),
        lambda v: AuditEvent(v, "gh_1", "now"),
        lambda v: AuditEvent(kind="weapp_audit_fail", original_id="gh_1", decided_at=v),
    ):
        with pytest.raises(ArgumentError) as caught:
            make("canary-" * 1000)
        assert len(str(caught.value)) < 300


class Raising:
    """Values whose own code raises: it is the caller's, and reaches the caller."""

    def __index__(self) -> int:
        raise KeyboardInterrupt

    def __iter__(self) -> Any:
        raise KeyboardInterrupt


def test_what_the_callers_own_code_raises_is_not_taken_for_a_wrong_value() -> None:
    for changed in ({"status": Raising()}, {"auditid": Raising()}, {"screenshots": Raising()}):
        with pytest.raises(KeyboardInterrupt):
            AuditStatus.from_dict({**GOOD, **changed})
    with pytest.raises(KeyboardInterrupt):
        Event(kind="poll", auditid=Raising())  # type: ignore[arg-type]  # odd on purpose
