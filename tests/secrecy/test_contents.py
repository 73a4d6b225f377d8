"""No message shows the content of a variable or setting, or what the caller's code returned or raised."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.subprocess_runner import run_child
from wxaudit import ArgumentError, Polling
from wxaudit.events import AuditEvent, EventReceiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

CANARY = "canary-86_content-of-something-that-is-nobodys-business"


class Shown:
    """An object whose repr and text are the canary."""

    def __repr__(self) -> str:
        return CANARY


def shows_nothing(error: BaseException) -> None:
    """Only what the caller's own code raised, which is the cause, may hold the canary."""
    shown = [str(error), repr(error), repr(error.args), repr(vars(error))]
    shown += traceback.format_exception_only(type(error), error)
    if isinstance(error, wxaudit.WxAuditError):
        shown += [error.hint, error.hint_zh]
    if error.__cause__ is None:
        # tblib, once it is installed by a library such as Dask, pickles the cause as well.
        shown.append(pickle.dumps(error).decode("latin-1"))
    for text in shown:
        assert CANARY not in text
        assert ", ".join(str(byte) for byte in CANARY.encode()[:8]) not in text


RETURNED: dict[str, Any] = {
    "a line break": CANARY + "\n",
    "a lone surrogate": CANARY + "\ud800",
    "a long text": CANARY * 100,
    "bytes": CANARY.encode(),
    "a list": [CANARY],
    "a dict": {CANARY: CANARY},
    "an object": Shown(),
    "an exception": ValueError(CANARY),
}


@pytest.mark.parametrize("returned", RETURNED.values(), ids=RETURNED)
def test_what_a_token_source_returns(client_kind: ClientKind, fake: FakeWeChat, returned: Any) -> None:
    source = client_kind.token_source(lambda _: returned)
    audit = fake.submit()
    with pytest.raises(wxaudit.TokenError) as caught:
        client_kind.client(fake).get_audit_status(source, audit.auditid)
    shows_nothing(caught.value)
    [result] = client_kind.client(fake).get_audit_statuses([(source, audit.auditid)])
    assert result.error is not None
    shows_nothing(result.error)


@pytest.mark.parametrize("returned", RETURNED.values(), ids=RETURNED)
def test_what_token_for_returns(client_kind: ClientKind, fake: FakeWeChat, returned: Any) -> None:
    import pandas as pd

    frame = pd.DataFrame({"auditid": [1], "appid": ["wx1"]})
    queries = wxaudit.queries_from_frame(frame, lambda _: returned)
    [result] = client_kind.client(fake).get_audit_statuses(list(queries))
    assert result.error is not None
    shows_nothing(result.error)


def test_what_a_token_source_and_token_for_raise(client_kind: ClientKind, fake: FakeWeChat) -> None:
    def fail(_: object) -> Any:
        raise LookupError(CANARY)

    caller = client_kind.client(fake)
    [result] = caller.get_audit_statuses([(client_kind.token_source(fail), 1)])
    assert result.error is not None
    shows_nothing(result.error)
    with pytest.raises(wxaudit.TokenError) as caught:
        caller.get_audit_status(client_kind.token_source(fail), 1)
    shows_nothing(caught.value)
    assert CANARY in str(caught.value.__cause__)


SETTINGS: list[dict[str, Any]] = [
    {name: value}
    for name in ("base_url", "proxy", "user_agent", "ca_file", "timeout", "max_retries", "fallback_urls")
    for value in (f"{CANARY}://\n-----", CANARY.encode(), [CANARY + " "], Shown())
]


@pytest.mark.parametrize("setting", SETTINGS, ids=range(len(SETTINGS)))
def test_a_setting_of_the_wrong_kind(setting: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError) as caught:
        wxaudit.Client(**setting)
    shows_nothing(caught.value)


def receiver(**changed: Any) -> EventReceiver:
    platform = {"token": "spamtest", "encoding_aes_key": "a" * 43, "component_appid": "wx2c2769f8efd9abc2"}
    return EventReceiver(**{**platform, **changed})


WRONG: dict[str, Callable[[Any], object]] = {
    "the Token": lambda value: receiver(token=value),
    "the EncodingAESKey": lambda value: receiver(encoding_aes_key=value),
    "the previous key": lambda value: receiver(previous_encoding_aes_key=value),
    "the appid": lambda value: receiver(component_appid=value),
    "the age": lambda value: receiver(max_age=value),
    "a state": lambda value: wxaudit.AuditStatus(1, value),
    "an AuditState": lambda value: wxaudit.AuditState(value),
    "a moment": lambda value: wxaudit.AuditStatus(1, 1, observed_at=value),
    "a title": lambda value: wxaudit.Reason(value if not isinstance(value, str) else 5, value),  # type: ignore[arg-type]
    "a detail": lambda value: wxaudit.Reason("x", [value, 5]),  # type: ignore[list-item]
    "screenshots": lambda value: AuditEvent(
        "weapp_audit_fail", "gh_1", "2026-01-01T00:00:00+00:00", "", value
    ),
    "an interval": lambda value: Polling(initial=value),
    "a total": lambda value: wxaudit.Timeout(value),
    "an auditid": lambda value: wxaudit.AuditQuery("token", value),
    "a label": lambda value: wxaudit.AuditQuery("token", 1, value * 2 if isinstance(value, str) else value),
    "a field of an event": lambda value: wxaudit.Event(kind="poll", auditid=value),
    "a raw answer": lambda value: wxaudit.AuditStatus.from_dict({"auditid": 1, "status": 1, "raw": value}),
}


@pytest.mark.parametrize("given", [CANARY + "\n", CANARY.encode(), Shown()], ids=range(3))
@pytest.mark.parametrize("wrong", WRONG)
def test_a_value_of_the_wrong_kind(wrong: str, given: Any) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # ArgumentError, but for AuditState
        WRONG[wrong](given)
    shows_nothing(caught.value)


VARIABLES = """
import asyncio, json, os, sys
import wxaudit
said = []
for name in ("WXAUDIT_BASE_URL", "WXAUDIT_TIMEOUT", "WXAUDIT_MAX_RETRIES", "WXAUDIT_CA_FILE",
             "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
    value = sys.argv[1] + ("-----" if name.endswith("FILE") else "://" if "proxy" in name.lower() else "")
    os.environ[name] = value
    for ask in (wxaudit.get_audit_status, lambda *a: asyncio.run(wxaudit.aget_audit_status(*a))):
        try:
            ask("a-token-of-nobody", 1)
        except wxaudit.WxAuditError as error:
            said.append(f"{name}: {error!r}")
    del os.environ[name]
print(json.dumps(said))
"""


def test_the_value_of_a_variable() -> None:
    said = json.loads(run_child(VARIABLES, CANARY))
    assert len(said) == 16
    for text in said:
        assert CANARY not in text


def test_what_a_clock_returns(caplog: pytest.LogCaptureFixture, fake: FakeWeChat) -> None:
    class Clock:
        def now(self) -> Any:
            return CANARY

        def sleep(self, _: float) -> None:
            """Never called."""

    with caplog.at_level(logging.DEBUG), pytest.raises(ArgumentError) as caught:
        fake.client().wait_for_decision(fake.token(), fake.submit().auditid, timeout=5, clock=Clock())
    shows_nothing(caught.value)
    assert CANARY not in caplog.text
