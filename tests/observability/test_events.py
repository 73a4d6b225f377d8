"""What on_event gets to see, and what it never does."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from wxaudit import Event
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from support.client_kind import ClientKind

EVERYTHING: dict[str, Any] = {
    "kind": "response",
    "time": 1_795_000_000.25,
    "call": 7,
    "auditid": 441617767,
    "appid": "wx01",
    "attempt": 2,
    "method": "POST",
    "host": "api.weixin.qq.com",
    "port": 443,
    "url_path": "/wxa/get_auditstatus",
    "http_status": 200,
    "errcode": 45009,
    "rid": "637accc2-7d67c301-4ae3af4b",
    "delay": 0.25,
    "elapsed": 1.5,
    "error": "45009 reach max api daily quota limit",
    "error_type": "APIError",
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
    with pytest.raises(AttributeError, match=r"'error' of .* is not writable"):
        event.error = None  # type: ignore[misc]  # what is refused


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


def test_the_events_of_a_call_say_which_when_and_where(client_kind: ClientKind, fake: FakeWeChat) -> None:
    events: list[Event] = []
    client, token, auditid = (
        client_kind.client(fake, on_event=events.append),
        fake.token(),
        fake.submit().auditid,
    )
    fake.fail_next(Fault.http(503))
    begun = time.time()
    client.get_audit_status(token, auditid)
    client.get_audit_status(token, auditid)
    ended = time.time()
    kinds = ["request", "response", "retry", "request", "response", "request", "response"]
    assert [event.kind for event in events] == kinds
    first, second = {event.call for event in events[:5]}, {event.call for event in events[5:]}
    assert (len(first), len(second), first & second) == (1, 1, set())
    assert {(event.host, event.port) for event in events} == {("127.0.0.1", fake.port)}
    times: list[Any] = [begun, *(event.time for event in events), ended]
    assert times == sorted(times)
    assert [event.error_type for event in events[:3]] == [None, "HTTPStatusError", "HTTPStatusError"]


def test_a_request_that_the_deadline_cuts_off_is_answered_by_that(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    events: list[Event] = []
    client, token, auditid = (
        client_kind.client(fake, on_event=events.append),
        fake.token(),
        fake.submit().auditid,
    )
    fake.fail_next(Fault(hold=True), times=2)
    with pytest.raises(wxaudit.RequestTimeout):
        client.get_audit_status(token, auditid, timeout=0.2)
    client.get_audit_statuses([(token, auditid)], timeout=0.2)
    told = [(event.kind, event.error_type, event.http_status) for event in events]
    assert told == [("request", None, None), ("response", "RequestTimeout", None)] * 2
    assert [event.error.partition(";")[0] for event in events if event.error] == [
        "no answer within 0.2 s (total limit",
        "no answer within 0.2 s (batch limit",
    ]


async def asynchronous(*_: object) -> None:
    """What nothing would await."""


async def asynchronous_generator(*_: object) -> AsyncGenerator[None, None]:
    yield


class Asynchronous:
    async def __call__(self, *_: object) -> None:
        """The same, as an object."""

    async def method(self, *_: object) -> None:
        """The same, as a method."""


@pytest.mark.parametrize(
    "callback",
    [
        asynchronous,
        asynchronous_generator,
        Asynchronous(),
        Asynchronous().method,
        partial(asynchronous, 1),
        partial(partial(Asynchronous(), 1), 2),
    ],
    ids=["function", "generator", "object", "method", "partial", "partial of an object"],
)
def test_a_callback_that_nothing_awaits_is_refused(
    client_kind: ClientKind, fake: FakeWeChat, callback: Any
) -> None:
    with pytest.raises(wxaudit.ArgumentError, match=r"^on_event is a coroutine function, which nothing"):
        client_kind.client(fake, on_event=callback)
    client = client_kind.client(fake)
    with pytest.raises(wxaudit.ArgumentError, match=r"^progress is a coroutine function, which nothing"):
        client.get_audit_statuses([], progress=callback)
    with pytest.raises(wxaudit.ArgumentError, match=r"^progress is a coroutine function, which nothing"):
        client.call("get_screenshots", "a-token", [], progress=callback)


def test_a_class_that_makes_what_it_is_called_with_is_not_a_coroutine_function(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    made: list[object] = []

    class Told:
        def __init__(self, event: Event) -> None:
            made.append(event)

        async def __call__(self) -> None:
            """Not what is called."""

    client_kind.client(fake, on_event=Told).get_audit_status(fake.token(), fake.submit().auditid)
    assert len(made) == 2


def test_a_call_that_is_cancelled_tells_of_its_request(fake: FakeWeChat) -> None:
    seen: list[Event] = []

    async def main() -> None:
        fake.fail_next(Fault(hold=True))
        client = fake.async_client(on_event=seen.append)
        task = asyncio.ensure_future(client.get_audit_status(fake.token(), 5))
        await asyncio.to_thread(fake.wait_for_held, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert [event.kind for event in seen] == ["request"]


def test_a_batch_that_is_closed_tells_of_all_requests(client_kind: ClientKind, fake: FakeWeChat) -> None:
    seen: list[Event] = []
    token, audits = fake.token(), [fake.submit() for _ in range(2)]
    fake.fail_next(Fault(hold=True), auditid=audits[1].auditid)
    client = client_kind.client(fake, on_event=seen.append)
    results = client.iter_audit_statuses([(token, audit.auditid) for audit in audits])
    assert next(results).auditid == audits[0].auditid
    fake.wait_for_held(1)
    results.close()
    requests = [event.auditid or 0 for event in seen if event.kind == "request"]
    assert sorted(requests) == sorted(audit.auditid for audit in audits)
