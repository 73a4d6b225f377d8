"""What a mini program submitted last: asked for, and at home wherever Python objects go."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import sys
import weakref
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pydantic
import pytest
from kombu.utils.json import dumps as kombu_dumps

import wxaudit
from support.browser.html_page import HOSTILE, HOSTILE_SHOWN, Page
from wxaudit import ArgumentError, AuditState, AuditStatus, LatestAuditStatus
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

MOMENT = datetime(2026, 11, 24, 8, 30, 15, 123456, tzinfo=timezone.utc)
SUBMITTED = datetime(2026, 11, 23, 20, 0, 1, tzinfo=timezone.utc)
NAMES = {"AuditState": AuditState, "LatestAuditStatus": LatestAuditStatus}


def latest(**changes: Any) -> LatestAuditStatus:
    values: dict[str, Any] = {
        "appid": "wx1",
        "observed_at": MOMENT,
        "user_version": "2.1.0",
        "user_desc": "第二版",
        "submitted_at": SUBMITTED,
        **changes,
    }
    return LatestAuditStatus(441617767, AuditState.REJECTED, "1:标题:<br>", ("a", "b"), **values)


def test_it_tells_what_was_submitted_last(client_kind: ClientKind, fake: FakeWeChat) -> None:
    fake.submit(state=1, reason="1:旧:<br>")
    fake.clock.advance(timedelta(hours=1))
    media_id = fake.media_id()
    audit = fake.submit(
        state=1,
        reason="1:新:<br>",
        screenshots=[media_id],
        user_version="2.1.0",
        user_desc="第二版 <beta>",
    )
    fake.submit("wx00000000000000aa")
    found = client_kind.client(fake).call("get_latest_audit_status", fake.token(), appid="wx1")
    assert type(found) is LatestAuditStatus
    assert (found.auditid, found.status, found.reason) == (audit.auditid, 1, "1:新:<br>")
    assert (found.screenshots, found.appid) == ((media_id,), "wx1")
    assert (found.user_version, found.user_desc) == ("2.1.0", "第二版 <beta>")
    assert found.submitted_at == audit.submitted_at.replace(microsecond=0)
    assert found.submitted_at.tzinfo is timezone.utc
    assert found.raw["ScreenShot"] == media_id
    (request,) = fake.requests
    assert (request.method, request.path, request.body) == ("GET", "/wxa/get_latest_auditstatus", b"")


def test_what_wechat_does_not_tell_is_none(client_kind: ClientKind, fake: FakeWeChat) -> None:
    audit = fake.submit()
    without = ["user_version", "user_desc", "submit_audit_time"]
    fake.fail_next(Fault(fields={"auditid": str(audit.auditid)}, without=without))
    found = client_kind.client(fake).call("get_latest_audit_status", fake.token())
    assert found.auditid == audit.auditid
    assert (found.user_version, found.user_desc, found.submitted_at) == (None, None, None)


def test_nothing_submitted_is_an_error_that_says_what_to_do(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    with pytest.raises(wxaudit.AuditNotFoundError) as caught:
        client_kind.client(fake).call("get_latest_audit_status", fake.token(), appid="wx1")
    error = caught.value
    assert (error.errcode, error.auditid, error.appid, error.attempts) == (85058, None, "wx1", 1)
    assert error.url_path == "/wxa/get_latest_auditstatus"
    assert "submit one first" in error.hint
    assert "提交代码审核" in error.hint_zh
    assert str(error).startswith("85058 no valid audit_id exist (rid: ")


def test_it_retries_refreshes_and_reports_as_every_call(client_kind: ClientKind, fake: FakeWeChat) -> None:
    events: list[wxaudit.Event] = []
    audit = fake.submit()
    expired, fresh = fake.token(expires_in=0), fake.token()
    source = client_kind.token_source(lambda refresh: fresh if refresh else expired)
    fake.fail_next(Fault(errcode=-1))
    client = client_kind.client(fake, on_event=events.append)
    assert client.call("get_latest_audit_status", source).auditid == audit.auditid
    assert [event.kind for event in events if event.kind in ("retry", "refresh")] == ["retry", "refresh"]
    assert {(event.method, event.url_path) for event in events} == {("GET", "/wxa/get_latest_auditstatus")}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"auditid": None}, "no valid auditid"),
        ({"status": None}, "no status"),
        ({"ScreenShot": 5}, "screenshot"),
    ],
)
def test_an_answer_that_cannot_be_trusted_is_refused(
    client_kind: ClientKind, fake: FakeWeChat, fields: dict[str, object], named: str
) -> None:
    fake.submit()
    fake.fail_next(Fault(fields=fields))
    with pytest.raises(wxaudit.DecodeError, match=named):
        client_kind.client(fake).call("get_latest_audit_status", fake.token())


def test_it_is_made_in_python_as_tests_need_it() -> None:
    found = LatestAuditStatus("441617767", 2, submitted_at="2026-11-23T20:00:01+00:00")
    assert (found.auditid, found.status, found.submitted_at) == (441617767, AuditState.IN_REVIEW, SUBMITTED)
    assert (found.user_version, found.user_desc, found.raw) == (None, None, {})
    assert isinstance(found, AuditStatus)
    for name, wrong in (("user_version", 5), ("user_desc", b"x"), ("submitted_at", "soon")):
        with pytest.raises(ArgumentError, match=f"^{name}: "):
            latest(**{name: wrong})


def test_it_equals_an_audit_that_says_the_same() -> None:
    plain = AuditStatus(441617767, 1, "1:标题:<br>", ("a", "b"), appid="wx1")
    assert latest() == plain
    assert plain == latest()
    assert hash(latest()) == hash(plain)
    assert latest(user_version="3") == latest()
    assert latest(appid="wx2") != plain
    assert len({latest(), plain, latest(appid="wx2")}) == 2
    assert latest() != "something else"


@pytest.mark.parametrize(
    "found",
    [
        latest(),
        LatestAuditStatus(1, 0, observed_at=MOMENT),
        latest(user_version='it\'s "quoted"\n\x1b[31m\u202e', user_desc="'", submitted_at=None),
    ],
)
def test_its_repr_evaluates_to_the_same(found: LatestAuditStatus) -> None:
    shown = repr(found)
    again = eval(shown, NAMES)  # noqa: S307  # our own repr
    assert again.to_dict() == found.to_dict()
    assert shown.isprintable()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_keeps_everything(client_kind: ClientKind, fake: FakeWeChat, protocol: int) -> None:
    fake.submit(state=1, reason="a", user_version="1", user_desc="第")
    fake.fail_next(Fault(fields={"more": [1, {"k": None}]}))
    found = client_kind.client(fake).call("get_latest_audit_status", fake.token(), appid="wx1")
    again = pickle.loads(pickle.dumps(found, protocol))
    assert type(again) is LatestAuditStatus
    assert again.to_dict() == found.to_dict()
    assert again.raw["more"] == [1, {"k": None}]


def test_copies_are_the_same_object_since_nothing_can_change() -> None:
    found = latest()
    assert copy.copy(found) is found
    assert copy.deepcopy([found])[0] is found
    with pytest.raises(AttributeError):
        found.user_version = "3"  # type: ignore[misc]  # what is refused
    reference = weakref.ref(found)
    del found
    gc.collect()
    assert reference() is None


def test_replace_changes_what_it_is_told_and_nothing_else() -> None:
    replace = vars(copy)["replace"] if sys.version_info >= (3, 13) else LatestAuditStatus.__replace__
    changed = replace(latest(), status=AuditState.APPROVED, user_version=None)
    assert type(changed) is LatestAuditStatus
    assert (changed.status, changed.user_version) == (0, None)
    assert (changed.user_desc, changed.submitted_at, changed.observed_at) == ("第二版", SUBMITTED, MOMENT)
    with pytest.raises(TypeError, match="'colour'"):
        replace(latest(), colour="red")


def test_to_dict_is_safe_for_json_and_from_dict_reads_it_back() -> None:
    data = json.loads(json.dumps(latest().to_dict()))
    assert (data["user_version"], data["submitted_at"]) == ("2.1.0", "2026-11-23T20:00:01+00:00")
    assert LatestAuditStatus.from_dict({**data, "from_a_later_release": 1}).to_dict() == data
    assert AuditStatus.from_dict(data) == latest()
    assert LatestAuditStatus.from_dict({"auditid": 5, "status": 2}).user_version is None
    assert json.loads(kombu_dumps({"audit": latest()}))["audit"] == data  # type: ignore[no-untyped-call]  # kombu's
    for wrong in ({}, {"auditid": 5}, None, {**data, "user_desc": 5}, {**data, "submitted_at": 5}):
        with pytest.raises(ArgumentError):
            LatestAuditStatus.from_dict(wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_match_reads_it_as_an_audit() -> None:
    match latest():
        case LatestAuditStatus(441617767, AuditState.REJECTED, str(), (first, *_), user_version="2.1.0"):
            assert first == "a"
        case _:
            pytest.fail("the pattern should have matched")


def test_pydantic_takes_it_as_a_field_and_describes_it() -> None:
    class Review(pydantic.BaseModel):
        audit: LatestAuditStatus

    class Row(pydantic.BaseModel):
        audit: AuditStatus

    again = Review.model_validate_json(Review(audit=latest()).model_dump_json())
    assert again.audit.to_dict() == latest().to_dict()
    for mode in ("validation", "serialization"):
        schema = Review.model_json_schema(mode=mode)["properties"]["audit"]
        assert set(schema["properties"]) == set(latest().to_dict())
        assert "user_version" not in Row.model_json_schema()["properties"]["audit"]["properties"]
    assert Row(audit=latest()).audit.to_dict() == latest().to_dict()
    with pytest.raises(pydantic.ValidationError):
        Review.model_validate({"audit": AuditStatus(5, 1)})


class Labelled(LatestAuditStatus):
    """A user's subclass."""


def test_a_subclass_keeps_its_class_through_replace_and_pickle() -> None:
    found = Labelled(5, 1, user_version="1", submitted_at=SUBMITTED, observed_at=MOMENT)
    for again in (pickle.loads(pickle.dumps(found)), found.__replace__(user_version="1")):
        assert type(again) is Labelled
        assert again.to_dict() == found.to_dict()
    assert repr(found).startswith("Labelled(5, ")


def test_a_rejection_raises_with_it() -> None:
    with pytest.raises(wxaudit.ReviewRejected) as caught:
        latest().raise_for_rejection()
    assert pickle.loads(pickle.dumps(caught.value)).audit.user_version == "2.1.0"


@pytest.mark.usefixtures("beijing")
def test_notebooks_show_what_was_submitted_and_when_with_everything_escaped() -> None:
    page = Page(latest(user_version=HOSTILE, user_desc=HOSTILE)._repr_html_())
    assert page.text.count(HOSTILE_SHOWN) == 2
    assert {"script", "img"}.isdisjoint(page.tags)
    for shown in ("version", "版本", "提交时间", "2026-11-24 04:00:01 +0800"):
        assert shown in page.text
    assert ("datetime", SUBMITTED.isoformat()) in page.attributes
    plain = Page(AuditStatus(5, 1)._repr_html_())
    assert not {"version", "提交时间"} & set(plain.texts)
    assert "submitted" not in Page(latest(submitted_at=None)._repr_html_()).text


def test_no_echo_of_the_token_gets_into_it(client_kind: ClientKind, fake: FakeWeChat) -> None:
    fake.submit()
    token = fake.token()
    fake.fail_next(Fault(fields={"user_version": token, "user_desc": f"x {token}", "echo": {token: token}}))
    found = client_kind.client(fake).call("get_latest_audit_status", token)
    shown = [repr(found), found._repr_html_(), json.dumps(found.to_dict()), repr(pickle.dumps(found))]
    assert not [text for text in shown if token[10:30] in text]
    assert found.user_version == "***"
