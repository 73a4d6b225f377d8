"""Invalid faults are refused when they are created."""

from __future__ import annotations

from typing import Any

import pytest

from wxaudit.testing import FakeWeChat, Fault


def test_contradicting_faults_cannot_be_combined() -> None:
    with pytest.raises(ValueError, match="differ in errcode: -1 and 45009"):
        Fault(errcode=-1) & Fault(errcode=45009)
    with pytest.raises(ValueError, match="give only one of errcode, body"):
        Fault(errcode=-1) & Fault(body="")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"errcode": 1, "body": b""}, "only one of errcode, body"),
        ({"raw": b"", "fields": {"a": 1}}, "only one of fields or without, raw"),
        ({"errmsg": "x"}, "errmsg needs errcode"),
        ({"errcode": "many"}, "give an errmsg"),
        ({"raw": b"x", "http_status": 500}, "raw replaces the complete answer"),
        ({"raw": b"x", "headers": {"A": "1"}}, "raw replaces the complete answer"),
        ({"raw": b"x", "chunk": 5}, "raw replaces the complete answer"),
        ({"delay": -1}, "delay must be"),
        ({"delay": float("inf")}, "delay must be"),
        ({"drip": 0}, "drip must be"),
        ({"chunk": 0}, "chunk must be"),
        ({"drip_interval": 1}, "drip_interval needs drip"),
        ({"cut": "tail"}, "cut must be"),
        ({"cut_at": 5}, "cut_at needs"),
        ({"cut": "end", "cut_at": 5}, "cut_at needs"),
        ({"cut": "head", "cut_at": -5}, "negative"),
        ({"reset": True}, "say where"),
        ({"cut": "accept", "delay": 1}, "only reset"),
        ({"endless": True, "cut": "body"}, "endless"),
    ],
    ids=str,
)
def test_an_invalid_fault_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fault(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"errcode": 0.5},
        {"errcode": True},
        {"errcode": 1, "errmsg": 5},
        {"fields": [1]},
        {"fields": {"a": ...}},
        {"without": 5},
        {"body": 5},
        {"raw": "text"},
        {"http_status": "500"},
        {"headers": "A: 1"},
        {"delay": "1"},
        {"hold": 1},
        {"cut": "head", "cut_at": 1.5},
        {"drip": 1.5},
        {"chunk": True},
    ],
    ids=str,
)
def test_a_fault_with_wrong_types_is_refused_on_creation(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Fault(**arguments)


def test_a_misspelt_attribute_is_refused() -> None:
    with pytest.raises(TypeError, match="error_code"):
        Fault(error_code=5)  # type: ignore[call-arg]  # invalid on purpose
    with pytest.raises(TypeError, match="not one string"):
        Fault(without="errmsg")


def test_the_repr_of_a_fault_shows_what_was_given() -> None:
    fake = FakeWeChat()
    scripted = fake.fail_next(Fault(errcode=-1, delay=2), times=3)
    assert repr(scripted) == "<ScriptedFault Fault(errcode=-1, delay=2): 0 used, 3 remaining>"
    assert fake.pending_faults == [scripted]
    assert eval(repr(scripted.fault), {"Fault": Fault}) == scripted.fault  # noqa: S307  # our own repr


def test_a_fault_that_can_never_apply_is_refused() -> None:
    fake = FakeWeChat()
    with pytest.raises(ValueError, match="times must be"):
        fake.fail_next(Fault(errcode=-1), times=0)
    with pytest.raises(ValueError, match="before any request"):
        fake.fail_next(Fault(cut="accept"), auditid=1)
