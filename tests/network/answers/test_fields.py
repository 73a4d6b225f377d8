"""The fields of an answer: absent, of another type, of another spelling."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.call_harness import CallHarness
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind

OK = {"errcode": 0, "errmsg": "ok"}


def ask(client_kind: ClientKind, fake: FakeWeChat, body: dict[str, Any] | str) -> wxaudit.AuditStatus:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body=body if isinstance(body, str) else json.dumps(body)))
    status = harness.ask()
    assert fake.requests_received == 1
    return status


def refuse(client_kind: ClientKind, fake: FakeWeChat, body: str) -> wxaudit.DecodeError:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body=body))
    error = harness.once(wxaudit.DecodeError)
    assert not error.retryable
    return error


@pytest.mark.parametrize(
    "body",
    [
        '{"errcode":"0","errmsg":"ok","status":0}',
        '{"errcode":0,"status":0}',
        '{"errcode":0,"errmsg":"","status":0}',
        '{"errcode":0,"errmsg":null,"status":0}',
        '{"errcode":0,"errmsg":"ok rid: 637accc2-7d67c301-4ae3af4b","status":0}',
        '{"errmsg":"ok","status":0}',
        '{"status":0,"errmsg":"ok","errcode":0}',
        '{"errcode":0,"errmsg":"ok","status":"0"}',
    ],
)
def test_approved(client_kind: ClientKind, fake: FakeWeChat, body: str) -> None:
    assert ask(client_kind, fake, body).is_approved


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"status":0}',
        '{"status":0,"errmsg":""}',
        '{"status":0,"errmsg":"OK"}',
        '{"status":0,"errmsg":"ok "}',
        '{"status":0,"errmsg":["ok"]}',
        '{"status":0,"Errcode":0}',
        '{"errcode":null,"errmsg":"ok","status":0}',
        '{"errcode":true,"errmsg":"ok","status":0}',
        '{"errcode":false,"errmsg":"ok","status":0}',
        '{"errcode":0.5,"errmsg":"ok","status":0}',
        '{"errcode":0.0,"errmsg":"ok","status":0}',
        '{"errcode":1e3,"errmsg":"ok","status":0}',
        '{"errcode":"","errmsg":"ok","status":0}',
        '{"errcode":"ok","errmsg":"ok","status":0}',
        '{"errcode":" 0","errmsg":"ok","status":0}',
        '{"errcode":"0x0","errmsg":"ok","status":0}',
        '{"errcode":[0],"errmsg":"ok","status":0}',
        '{"errcode":{},"errmsg":"ok","status":0}',
        '{"errcode":18446744073709551616,"errmsg":"ok","status":0}',
        '{"errcode":0,"errmsg":"ok"}',
        '{"errcode":0,"errmsg":"ok","status":null}',
        '{"errcode":0,"errmsg":"ok","status":1.5}',
        '{"errcode":0,"errmsg":"ok","status":0.0}',
        '{"errcode":0,"errmsg":"ok","status":true}',
        '{"errcode":0,"errmsg":"ok","status":false}',
        '{"errcode":0,"errmsg":"ok","status":"x"}',
        '{"errcode":0,"errmsg":"ok","status":""}',
        '{"errcode":0,"errmsg":"ok","status":" 0"}',
        '{"errcode":0,"errmsg":"ok","status":"+0"}',
        '{"errcode":0,"errmsg":"ok","status":"٠"}',
        '{"errcode":0,"errmsg":"ok","status":[0]}',
        '{"errcode":0,"errmsg":"ok","status":{"status":0}}',
        '{"errcode":0,"errmsg":"ok","status":9223372036854775808}',
        '{"errcode":0,"errmsg":"ok","Status":0}',
        '{"errcode":0,"errmsg":"ok","data":{"status":0}}',
        '{"errcode":0,"errmsg":"ok","status":1,"reason":5}',
        '{"errcode":0,"errmsg":"ok","status":1,"reason":["x"]}',
        '{"errcode":0,"errmsg":"ok","status":1,"screenshot":5}',
        '{"errcode":0,"errmsg":"ok","status":1,"screenshot":true}',
        '{"errcode":0,"errmsg":"ok","status":1,"screenshot":["a","b"]}',
    ],
)
def test_no_answer(client_kind: ClientKind, fake: FakeWeChat, body: str) -> None:
    error = refuse(client_kind, fake, body)
    assert error.excerpt == body


@pytest.mark.parametrize("status", [5, 99, -1, 2**31, 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("as_text", [False, True], ids=["a number", "a text"])
def test_a_state_unknown_today_keeps_its_number(
    client_kind: ClientKind, fake: FakeWeChat, status: int, as_text: bool
) -> None:
    audit = ask(client_kind, fake, {**OK, "status": str(status) if as_text else status})
    assert audit.status == status
    assert isinstance(audit.status, wxaudit.AuditState)
    assert (audit.is_final, audit.is_pending, audit.is_approved, audit.is_rejected) == (False,) * 4
    assert not audit.status.is_final
    assert not audit.status.is_pending
    assert pickle.loads(pickle.dumps(audit)) == audit


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("as_text", [False, True], ids=["a number", "a text"])
def test_each_state(client_kind: ClientKind, fake: FakeWeChat, status: int, as_text: bool) -> None:
    audit = ask(client_kind, fake, {**OK, "status": str(status) if as_text else status})
    assert audit.status is wxaudit.AuditState(status)
    assert audit.is_final is (status in (0, 1, 3))
    assert audit.is_pending is (status in (2, 4))


@pytest.mark.parametrize("reason", [{}, {"reason": None}, {"reason": ""}], ids=["absent", "null", "empty"])
def test_a_rejection_without_a_reason(
    client_kind: ClientKind, fake: FakeWeChat, reason: dict[str, Any]
) -> None:
    audit = ask(client_kind, fake, {**OK, "status": 1, **reason})
    assert audit.is_rejected
    assert (audit.reason, audit.reasons) == (None, ())


IDS = tuple(f"media-{number:05}" for number in range(10_000))
SCREENSHOTS = {
    "absent": ({}, ()),
    "null": ({"screenshot": None}, ()),
    "empty": ({"screenshot": ""}, ()),
    "one": ({"screenshot": "a"}, ("a",)),
    "several": ({"screenshot": "a|b|c"}, ("a", "b", "c")),
    "gaps": ({"screenshot": "a||b|"}, ("a", "b")),
    "bars alone": ({"screenshot": "|||"}, ()),
    "10 000": ({"screenshot": "|".join(IDS)}, IDS),
    "another spelling": ({"ScreenShot": "a|b"}, ("a", "b")),
    "a third spelling": ({"screen_shot": "a|b"}, ("a", "b")),
}


@pytest.mark.parametrize(("sent", "read"), SCREENSHOTS.values(), ids=SCREENSHOTS.keys())
def test_screenshots(
    client_kind: ClientKind, fake: FakeWeChat, sent: dict[str, Any], read: tuple[str, ...]
) -> None:
    audit = ask(client_kind, fake, {**OK, "status": 1, "reason": "1:x:<br>", **sent})
    assert audit.screenshots == read


@pytest.mark.parametrize("errcode", ["61003", 61003], ids=["a text", "a number"])
def test_an_errcode_in_each_form(client_kind: ClientKind, fake: FakeWeChat, errcode: str | int) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=errcode, errmsg="refused rid: 637accc2-7d67c301-4ae3af4b"))
    error = harness.once(wxaudit.AuthorizationLostError)
    assert (error.errcode, error.rid) == (61003, "637accc2-7d67c301-4ae3af4b")


@pytest.mark.parametrize("errmsg", [None, "", 5, ["x"]])
def test_an_error_without_a_text_is_that_error_all_the_same(
    client_kind: ClientKind, fake: FakeWeChat, errmsg: object
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body=json.dumps({"errcode": 85012, "errmsg": errmsg, "status": 0})))
    error = harness.once(wxaudit.AuditNotFoundError)
    assert (error.errcode, error.errmsg, error.rid) == (85012, "", None)


def test_an_error_beside_a_status_is_an_error(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body='{"errcode":48001,"errmsg":"api unauthorized","status":0}'))
    harness.once(wxaudit.PermissionDeniedError)


def test_the_fields_of_the_latest_call_do_no_harm(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    latest = {
        "auditid": str(harness.auditid),
        "user_version": "1.2",
        "user_desc": "x",
        "submit_audit_time": 1669000000,
    }
    fake.fail_next(Fault(fields=latest))
    status = harness.ask()
    assert status.raw["user_version"] == "1.2"
    assert status.auditid == harness.auditid
