"""What on_event gets to see, and what it never does."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from wxaudit import Event

EVERYTHING: dict[str, Any] = {
    "kind": "response",
    "auditid": 441617767,
    "appid": "wx01",
    "attempt": 2,
    "method": "POST",
    "host": "api.weixin.qq.com",
    "url_path": "/wxa/get_auditstatus",
    "http_status": 200,
    "errcode": 45009,
    "rid": "637accc2-7d67c301-4ae3af4b",
    "delay": 0.25,
    "elapsed": 1.5,
    "error": "45009 reach max api daily quota limit",
}


def test_holds_what_it_was_given() -> None:
    event = Event(**EVERYTHING)
    assert {name: getattr(event, name) for name in EVERYTHING} == EVERYTHING
    assert event.to_dict() == EVERYTHING
    assert Event(**json.loads(json.dumps(event.to_dict()))) == event


def test_what_does_not_apply_is_none_and_not_shown() -> None:
    event = Event(kind="refresh", auditid=5)
    assert {getattr(event, name) for name in EVERYTHING if name not in ("kind", "auditid")} == {None}
    assert repr(event) == "Event(kind='refresh', auditid=5)"
    assert event.to_dict() == {"kind": "refresh", "auditid": 5}


def test_zero_applies() -> None:
    assert Event(kind="response", errcode=0, delay=0.0).to_dict() == {
        "kind": "response",
        "errcode": 0,
        "delay": 0.0,
    }


def test_takes_keywords_only_and_knows_them() -> None:
    with pytest.raises(TypeError):
        Event("request")  # type: ignore[call-arg]  # what is refused
    with pytest.raises(TypeError):
        Event(kind="request", token="canary")  # type: ignore[call-arg]  # what is refused
    with pytest.raises(TypeError):
        Event()  # type: ignore[call-arg]  # what is refused


def test_is_a_value() -> None:
    event, twin = Event(**EVERYTHING), Event(**EVERYTHING)
    assert event == twin
    assert hash(event) == hash(twin)
    assert eval(repr(event)) == event  # noqa: S307  # our own repr
    for name, value in EVERYTHING.items():
        other = f"{value}x" if isinstance(value, str) else value + 1
        assert Event(**{**EVERYTHING, name: other}) != event
    with pytest.raises(AttributeError, match="Event is immutable: error cannot be set"):
        event.error = None


def test_survives_pickle_and_copy() -> None:
    for event in (Event(**EVERYTHING), Event(kind="request")):
        journeys = [
            pickle.loads(pickle.dumps(event, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ]
        for arrived in (*journeys, copy.copy(event), copy.deepcopy([event])[0]):
            assert type(arrived) is Event
            assert arrived == event


@pytest.mark.parametrize("mark", ["?", "#"])
def test_no_token_gets_in_by_the_url(mark: str) -> None:
    event = Event(
        kind="request",
        host="user:canary-7c1e@proxy.example:3128",
        url_path=f"/wxa/get_auditstatus{mark}access_token=canary-7c1e",
    )
    assert event.url_path == "/wxa/get_auditstatus"
    assert event.host == "proxy.example:3128"
    for text in (repr(event), str(event), json.dumps(event.to_dict()), repr(pickle.dumps(event))):
        assert "canary-7c1e" not in text


def test_error_is_safe_to_print() -> None:
    event = Event(kind="response", error="\x1b[31mred\n\u202e")
    assert event.error == "\\x1b[31mred\\n\\u202e"
