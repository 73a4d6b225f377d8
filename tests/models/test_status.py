"""AuditStatus: a native class that is at home wherever Python objects go."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import sys
import weakref
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from kombu.utils.json import dumps as kombu_dumps
from pydantic import BaseModel, ValidationError

import wxaudit
from wxaudit import ArgumentError, AuditState, AuditStatus, LatestAuditStatus, Reason
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

REASON = "1:账号信息不符合规范:<br>(1):包含色情因素<br>2:内容:<br>(1):甲<br>(2):乙<br>"
MOMENT = datetime(2026, 11, 24, 8, 30, 15, 123456, tzinfo=timezone.utc)


def rejected(**changes: Any) -> AuditStatus:
    values: dict[str, Any] = {"appid": "wx1", "observed_at": MOMENT, **changes}
    return AuditStatus(441617767, AuditState.REJECTED, REASON, ("a", "b"), **values)


def test_it_is_made_in_python_as_tests_need_it() -> None:
    before = datetime.now(timezone.utc)
    audit = AuditStatus("441617767", 2)
    assert audit.auditid == 441617767
    assert audit.status is AuditState.IN_REVIEW
    assert audit.reason is None
    assert audit.screenshots == ()
    assert audit.appid is None
    assert audit.reasons == ()
    assert audit.raw == {}
    assert audit.lossy is False
    assert before - timedelta(milliseconds=1) <= audit.observed_at <= datetime.now(timezone.utc)


@pytest.mark.parametrize(
    ("status", "final", "pending", "approved", "is_rejected"),
    [
        (0, True, False, True, False),
        (1, True, False, False, True),
        (2, False, True, False, False),
        (3, True, False, False, False),
        (4, False, True, False, False),
        (5, False, False, False, False),
        (-1, False, False, False, False),
    ],
)
def test_its_flags_follow_the_state(
    status: int, final: bool, pending: bool, approved: bool, is_rejected: bool
) -> None:
    audit = AuditStatus(1, status)
    assert audit.status == status
    assert (audit.is_final, audit.is_pending) == (final, pending)
    assert (audit.is_approved, audit.is_rejected) == (approved, is_rejected)
    assert (audit.status.is_final, audit.status.is_pending) == (final, pending)


def test_reasons_are_parsed_from_the_text_which_stays_exact() -> None:
    audit = rejected()
    assert audit.reason == REASON
    assert audit.reasons == (Reason("账号信息不符合规范", ("包含色情因素",)), Reason("内容", ("甲", "乙")))


def test_observed_at_is_aware_utc_to_the_microsecond() -> None:
    assert rejected().observed_at == MOMENT
    assert rejected().observed_at.tzinfo is timezone.utc
    beijing = MOMENT.astimezone(timezone(timedelta(hours=8)))
    assert rejected(observed_at=beijing).observed_at.isoformat() == MOMENT.isoformat()
    last = datetime.max.replace(tzinfo=timezone.utc)
    assert rejected(observed_at=last).observed_at == last


def test_equality_and_hash_are_what_was_said_of_which_audit_not_when() -> None:
    assert rejected() == rejected(observed_at=MOMENT + timedelta(hours=1))
    assert hash(rejected()) == hash(rejected(observed_at=MOMENT + timedelta(hours=1)))
    others = [
        rejected(appid="wx2"),
        AuditStatus(441617768, 1, REASON, ("a", "b"), appid="wx1"),
        AuditStatus(441617767, 4, REASON, ("a", "b"), appid="wx1"),
        AuditStatus(441617767, 1, REASON + "x", ("a", "b"), appid="wx1"),
        AuditStatus(441617767, 1, REASON, ("b", "a"), appid="wx1"),
    ]
    assert all(rejected() != other for other in others)
    assert len({rejected(), rejected(), *others}) == 6
    assert rejected() != "something else"
    with pytest.raises(TypeError):
        rejected() < rejected()  # type: ignore[operator]  # noqa: B015  # states of review have no order


@pytest.mark.parametrize(
    "audit",
    [
        rejected(),
        AuditStatus(1, 0, observed_at=MOMENT),
        AuditStatus(1, 1, screenshots=["only"], observed_at=MOMENT),
        AuditStatus(1, 7, 'it\'s "quoted"\n\x1b[31m\u202e', observed_at=MOMENT),
        AuditStatus(1, -1, appid="x'y", observed_at=MOMENT),
    ],
)
def test_its_repr_evaluates_to_the_same(audit: AuditStatus) -> None:
    shown = repr(audit)
    again = eval(shown, {"AuditStatus": AuditStatus, "AuditState": AuditState})  # noqa: S307  # our own repr
    assert again == audit
    assert again.observed_at == audit.observed_at
    assert shown.isprintable()


def test_match_reads_its_main_attributes_by_position() -> None:
    match rejected():
        case AuditStatus(auditid, AuditState.REJECTED, str(reason), (first, *_)):
            assert (auditid, reason, first) == (441617767, REASON, "a")
        case _:
            pytest.fail("the pattern should have matched")


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_keeps_everything(client_kind: ClientKind, fake: FakeWeChat, protocol: int) -> None:
    fake.fail_next(Fault(body=b'{"errcode":0,"errmsg":"ok","status":1,"reason":"a\tb","new":[1,{"k":null}]}'))
    audit = client_kind.client(fake).get_audit_status(fake.token(), fake.submit().auditid, appid="wx1")
    again = pickle.loads(pickle.dumps(audit, protocol))
    assert again == audit
    assert again.observed_at == audit.observed_at
    assert (
        again.raw
        == audit.raw
        == {"errcode": 0, "errmsg": "ok", "status": 1, "reason": "a\tb", "new": [1, {"k": None}]}
    )
    assert again.lossy is audit.lossy is True


def test_copies_are_the_same_object_since_nothing_can_change() -> None:
    audit = rejected()
    assert copy.copy(audit) is audit
    assert copy.deepcopy([audit])[0] is audit
    with pytest.raises(AttributeError):
        audit.reason = "other"  # type: ignore[misc]  # what is refused
    with pytest.raises(AttributeError):
        audit.other = 1  # type: ignore[attr-defined]  # what is refused


def test_replace_changes_what_it_is_told_and_nothing_else() -> None:
    replace = vars(copy)["replace"] if sys.version_info >= (3, 13) else AuditStatus.__replace__
    changed = replace(rejected(), status=AuditState.APPROVED, reason=None)
    assert changed.status is AuditState.APPROVED
    assert changed.reason is None
    assert (changed.screenshots, changed.appid, changed.observed_at) == (("a", "b"), "wx1", MOMENT)
    with pytest.raises(TypeError, match="'colour'"):
        replace(rejected(), colour="red")
    with pytest.raises(ArgumentError, match="auditid"):
        replace(rejected(), auditid=True)


def test_to_dict_is_safe_for_json_and_from_dict_reads_it_back() -> None:
    data = json.loads(json.dumps(rejected().to_dict()))
    assert data["status"] == 1
    assert data["observed_at"] == "2026-11-24T08:30:15.123456+00:00"
    again = AuditStatus.from_dict(data)
    assert again == rejected()
    assert again.observed_at == MOMENT
    assert AuditStatus.from_dict({**data, "from_a_later_release": 1}) == again


def test_to_dict_tells_the_reasons_and_the_label_to_readers_without_this_library() -> None:
    status = AuditStatus(5, 1, "1:账号信息不符合规范:<br>(1):头像不符<br>", observed_at=MOMENT)
    data = status.to_dict()
    assert data["label"] == "审核被拒绝"
    assert data["reasons"] == [reason.to_dict() for reason in status.reasons]
    assert data["reasons"] == [{"title": "账号信息不符合规范", "details": ["头像不符"]}]
    approved = LatestAuditStatus(5, 0).to_dict()
    assert (approved["label"], approved["reasons"]) == ("审核成功", [])
    # They follow from the others: `from_dict` does not read them, and nobody sets them.
    assert AuditStatus.from_dict({**data, "label": "other", "reasons": 5}) == status
    other = status.__replace__(reason="another")
    assert other.to_dict()["reasons"] == [{"title": "another", "details": []}]
    for derived in ("label", "reasons"):
        with pytest.raises(TypeError, match=derived):
            status.__replace__(**{derived: data[derived]})


@pytest.mark.parametrize("kind", [AuditStatus, LatestAuditStatus])
def test_to_dict_without_the_raw_answer(kind: type[AuditStatus]) -> None:
    status = kind.from_dict(
        {"auditid": 5, "status": 2, "observed_at": MOMENT, "raw": {"a": 1}, "lossy": True}
    )
    data = status.to_dict(raw=False)
    assert {**data, "raw": {"a": 1}} == status.to_dict() == status.to_dict(raw=True)
    again = kind.from_dict(data)
    assert again == status
    assert (again.lossy, again.raw, again.observed_at) == (True, {}, MOMENT)
    with pytest.raises(TypeError):
        status.to_dict(False)  # type: ignore[call-arg]  # by keyword only


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"auditid": 1},
        {"auditid": 1, "status": True},
        {"auditid": 1, "status": 1, "observed_at": "soon"},
        [],
        None,
    ],
)
def test_from_dict_refuses_what_to_dict_never_made(data: Any) -> None:
    with pytest.raises(ArgumentError):
        AuditStatus.from_dict(data)


def test_kombu_writes_it_as_json_by_itself() -> None:
    written = kombu_dumps({"audit": rejected()})  # type: ignore[no-untyped-call]  # kombu's, not ours
    assert json.loads(written)["audit"] == rejected().to_dict()


def test_pydantic_takes_it_as_a_field() -> None:
    class Review(BaseModel):
        audit: AuditStatus

    review = Review(audit=rejected())
    assert review.audit == rejected()
    again = Review.model_validate_json(review.model_dump_json())
    assert again.audit == rejected()
    assert again.audit.observed_at == MOMENT
    assert Review.model_json_schema()["properties"]["audit"]
    with pytest.raises(ValidationError):
        Review.model_validate({"audit": {"auditid": 0, "status": 1}})


def test_notebooks_show_it_with_everything_from_the_wire_escaped() -> None:
    audit = AuditStatus(
        1, 1, "1:<img src=x onerror=alert(1)>:<br>(1):<script>x</script>", ["<b>"], appid="<i>"
    )
    html = audit._repr_html_()
    assert "审核被拒绝" in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    for tag in ("<img", "<script", "<b>", "<i>"):
        assert tag not in html


def test_raise_for_rejection_raises_for_a_rejection_only() -> None:
    for status in (0, 2, 3, 4, 9):
        audit = AuditStatus(1, status)
        assert audit.raise_for_rejection() is audit
    with pytest.raises(wxaudit.ReviewRejected, match="账号信息不符合规范") as caught:
        rejected().raise_for_rejection()
    assert caught.value.audit == rejected()
    assert pickle.loads(pickle.dumps(caught.value)).audit == rejected()


@pytest.mark.parametrize(
    ("arguments", "keywords", "field"),
    [
        ((True, 1), {}, "auditid"),
        ((0, 1), {}, "auditid"),
        ((2**63, 1), {}, "auditid"),
        ((1, "1"), {}, "status"),
        ((1, True), {}, "status"),
        ((1, 1.0), {}, "status"),
        ((1, None), {}, "status"),
        ((1, 1, b"x"), {}, "reason"),
        ((1, 1, None, "one|two"), {}, "screenshots"),
        ((1, 1, None, [1]), {}, "screenshots"),
        ((1, 1, None, 5), {}, "screenshots"),
        ((1, 1), {"appid": 5}, "appid"),
        ((1, 1), {"observed_at": datetime(2026, 1, 1)}, "observed_at"),  # noqa: DTZ001  # a naive one, on purpose
        ((1, 1), {"observed_at": 5}, "observed_at"),
    ],
)
def test_wrong_values_are_refused_by_name(arguments: Any, keywords: Any, field: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{field}: "):
        AuditStatus(*arguments, **keywords)


def test_a_subclass_keeps_its_class_through_replace_and_pickle() -> None:
    audit = Labelled(1, 1, "reason", ["a"], appid="wx1", observed_at=MOMENT)
    for again in (pickle.loads(pickle.dumps(audit)), audit.__replace__(reason="reason")):
        assert type(again) is Labelled
        assert again == audit
        assert again.observed_at == MOMENT


class Labelled(AuditStatus):
    """A user's subclass."""


def test_it_can_be_weakly_referenced_and_is_freed() -> None:
    audit = rejected()
    reference = weakref.ref(audit)
    assert reference() is audit
    del audit
    gc.collect()
    assert reference() is None
