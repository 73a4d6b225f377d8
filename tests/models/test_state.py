"""The states of an audit, known and unknown, and the reasons that come with them."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from fractions import Fraction
from typing import Any

import numpy
import pydantic
import pytest

from wxaudit import ArgumentError, AuditState, Reason

KNOWN = [
    # number, name, English, Chinese, final, pending
    (0, "APPROVED", "approved", "审核成功", True, False),
    (1, "REJECTED", "rejected", "审核被拒绝", True, False),
    (2, "IN_REVIEW", "under review", "审核中", False, True),
    (3, "WITHDRAWN", "withdrawn", "已撤回", True, False),
    (4, "DELAYED", "delayed", "审核延后", False, True),
]
UNKNOWN = [(5, "UNKNOWN_5"), (7, "UNKNOWN_7"), (-1, "UNKNOWN_MINUS_1"), (2**63, f"UNKNOWN_{2**63}")]


@pytest.mark.parametrize(("number", "name", "english", "chinese", "final", "pending"), KNOWN)
def test_known_state(number: int, name: str, english: str, chinese: str, final: bool, pending: bool) -> None:
    state = AuditState(number)
    assert state is AuditState[name]
    assert (state.name, state.value) == (name, number)
    assert (state.label(), state.label("en"), state.label("zh")) == (english, english, chinese)
    assert (state.is_final, state.is_pending) == (final, pending)
    assert repr(state) == f"<AuditState.{name}: {number}>"


def test_there_are_five_known_states() -> None:
    AuditState(7)
    assert [int(state) for state in AuditState] == [0, 1, 2, 3, 4]
    assert len(AuditState) == 5


@pytest.mark.parametrize(("number", "name"), UNKNOWN)
def test_unknown_number_is_kept_and_decides_nothing(number: int, name: str) -> None:
    state = AuditState(number)
    assert isinstance(state, AuditState)
    assert (state.name, state.value, int(state)) == (name, number, number)
    assert type(state.value) is int
    assert (state.is_final, state.is_pending) == (False, False)
    assert repr(state) == f"<AuditState.{name}: {number}>"
    assert (state.label("en"), state.label("zh")) == (f"unknown ({number})", f"未知状态（{number}）")


@pytest.mark.parametrize("number", [*range(5), 7, -1, 2**63])
def test_is_its_integer_for_every_use(number: int) -> None:
    state = AuditState(number)
    assert state == number
    assert state == AuditState(number)
    assert state != number + 1
    assert hash(state) == hash(number)
    assert {state: "value"}[number] == "value"  # type: ignore[index]  # equal and of equal hash, for all that mypy knows
    assert (str(state), f"{state}", f"{state:>4d}") == (str(number), str(number), f"{number:>4d}")
    assert json.dumps({"status": state}) == json.dumps({"status": number})


@pytest.mark.parametrize("number", [*range(5), 7, -1, 2**63])
def test_survives_pickle_and_copy(number: int) -> None:
    state = AuditState(number)
    journeys = [
        pickle.loads(pickle.dumps(state, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ]
    for arrived in (*journeys, copy.copy(state), copy.deepcopy([state])[0], AuditState(state)):
        assert type(arrived) is AuditState
        assert (arrived, arrived.name) == (number, state.name)


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        0.0,
        1.0,
        1.5,
        "1",
        "APPROVED",
        b"1",
        None,
        (),
        Fraction(1),
        numpy.bool_(True),
        numpy.float64(0),
    ],
    ids=lambda value: f"{type(value).__name__} {value!r}",
)
def test_only_integers_name_a_state(value: Any) -> None:
    with pytest.raises(ValueError, match="an audit state must be an int, got"):
        AuditState(value)


def test_integers_of_other_kinds_name_a_state() -> None:
    one: Any = numpy.int64(1)
    seven: Any = numpy.uint8(7)
    assert AuditState(one) is AuditState.REJECTED
    assert AuditState(seven).name == "UNKNOWN_7"


def test_unknown_numbers_are_not_remembered() -> None:
    AuditState(100)
    before = sum(sys.getsizeof(value) for value in vars(AuditState).values())
    for number in range(100, 2000):
        AuditState(number)
    assert sum(sys.getsizeof(value) for value in vars(AuditState).values()) == before


def test_match_works_by_state_and_by_number() -> None:
    match AuditState(1):
        case AuditState.APPROVED:
            found = "approved"
        case AuditState.REJECTED:
            found = "rejected"
        case _:
            found = "other"
    assert found == "rejected"


@pytest.mark.parametrize("lang", ["fr", "fr-CN", "english", "zhuang", "-", "C.UTF-8", "", None, 0])
def test_label_of_another_language_is_refused(lang: Any) -> None:
    for state in (AuditState.APPROVED, AuditState(7)):
        with pytest.raises(ArgumentError, match='lang must be "en" or "zh"'):
            state.label(lang)


@pytest.mark.parametrize(
    ("lang", "label"),
    [
        ("zh-CN", "审核中"),
        ("zh_CN", "审核中"),
        ("zh_CN.UTF-8", "审核中"),
        ("zh-Hans", "审核中"),
        ("en-US", "under review"),
        ("EN", "under review"),
    ],
)
def test_label_of_a_language_tag(lang: str, label: str) -> None:
    assert AuditState.IN_REVIEW.label(lang) == label


def test_is_a_field_of_a_pydantic_model() -> None:
    class Row(pydantic.BaseModel):
        state: AuditState

    assert Row(state=7).state.name == "UNKNOWN_7"  # type: ignore[arg-type]  # pydantic converts
    assert Row(state=AuditState.DELAYED).model_dump_json() == '{"state":4}'


REASON = Reason('服务类目"金融业-保险_"不一致', ("功能页面的标签不属于所选范围。", "标签与页面不相关。"))


def test_reason_holds_title_and_details() -> None:
    assert REASON.title == '服务类目"金融业-保险_"不一致'
    assert REASON.details == ("功能页面的标签不属于所选范围。", "标签与页面不相关。")
    assert Reason("全文").details == ()
    assert Reason("a", ["b", "c"]) == Reason("a", ("b", "c"))


def test_reason_is_a_value() -> None:
    twin = Reason(REASON.title, REASON.details)
    assert twin == REASON
    assert hash(REASON) == hash(twin)
    assert Reason("a", ("b",)) != Reason("a")
    assert Reason("a") != ("a", ())
    assert eval(repr(REASON)) == REASON  # noqa: S307  # our own repr
    match REASON:
        case Reason(title, (first, *_)):
            assert (title, first) == (REASON.title, REASON.details[0])
        case _:
            pytest.fail("a Reason matches by position")


def test_reason_survives_pickle_copy_and_dict() -> None:
    journeys = [
        pickle.loads(pickle.dumps(REASON, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ]
    as_json = json.loads(json.dumps(REASON.to_dict()))
    for arrived in (*journeys, copy.copy(REASON), copy.deepcopy([REASON])[0], Reason.from_dict(as_json)):
        assert arrived == REASON
        assert isinstance(arrived.details, tuple)
    assert REASON.to_dict() == {"title": REASON.title, "details": list(REASON.details)}
    assert REASON.__replace__(details=()) == Reason(REASON.title)


def test_reason_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="Reason is immutable: title cannot be set"):
        REASON.title = "other"
    with pytest.raises(AttributeError, match="immutable"):
        del REASON.details
    with pytest.raises(AttributeError, match="immutable"):
        REASON.extra = 1


@pytest.mark.parametrize(
    ("title", "details"),
    [(None, ()), (b"a", ()), (1, ()), ("a", "bc"), ("a", (1,)), ("a", (None,)), ("a", [b"b"])],
)
def test_reason_of_another_shape_is_refused(title: Any, details: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^(title|details) "):
        Reason(title, details)


def test_reason_from_a_dict_without_title_is_refused() -> None:
    with pytest.raises(ArgumentError, match="title must be a str, got None"):
        Reason.from_dict({"details": ["a"]})
