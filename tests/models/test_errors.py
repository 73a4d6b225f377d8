"""The exceptions as a program meets them: what catches them, what they carry, what survives a journey."""

from __future__ import annotations

import copy
import pickle
import traceback
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from celery import Celery

import wxaudit
from wxaudit._errors import tree

RID = "637accc2-7d67c301-4ae3af4b"
BEIJING = timezone(timedelta(hours=8))
AUDIT = wxaudit.AuditStatus(
    441617767,
    1,
    "1:账号信息不符合规范:<br>(1):包含色情因素<br>",
    ("xxx", "yyy"),
    appid="wx0123456789abcdef",
    observed_at=datetime(2026, 11, 24, 12, 30, 15, tzinfo=timezone.utc),
)
COMMON: dict[str, Any] = {"auditid": 441617767, "appid": "wx0123456789abcdef", "attempts": 3}
API: dict[str, Any] = {**COMMON, "errmsg": f"\x1b[31m拒绝\u202e rid: {RID}", "rid": RID}
QUOTA: dict[str, Any] = {**API, "retry_at": datetime(2026, 11, 25, tzinfo=BEIJING)}

# Every class of the tree, the built-in it is as well, and all of its attributes.
TREE: list[tuple[type[wxaudit.WxAuditError], type[BaseException], dict[str, Any]]] = [
    (wxaudit.WxAuditError, Exception, COMMON),
    (wxaudit.ArgumentError, ValueError, COMMON),
    (wxaudit.TransportError, ConnectionError, COMMON),
    (wxaudit.RequestTimeout, TimeoutError, COMMON),
    (wxaudit.HTTPStatusError, Exception, {**COMMON, "http_status": 412}),
    (wxaudit.DecodeError, ValueError, {**COMMON, "excerpt": "<html>502"}),
    (wxaudit.APIError, Exception, {**API, "errcode": 99999}),
    (wxaudit.ServerBusyError, wxaudit.APIError, {**API, "errcode": -1}),
    (wxaudit.TokenError, wxaudit.APIError, {**API, "errcode": 40001}),
    (wxaudit.AuditNotFoundError, LookupError, {**API, "errcode": 85012}),
    (wxaudit.PermissionDeniedError, wxaudit.APIError, {**API, "errcode": 61007}),
    (wxaudit.AuthorizationLostError, wxaudit.APIError, {**API, "errcode": 61003}),
    (wxaudit.QuotaError, wxaudit.APIError, QUOTA),
    (wxaudit.DayQuotaError, wxaudit.QuotaError, {**QUOTA, "errcode": 45009}),
    (wxaudit.MinuteQuotaError, wxaudit.QuotaError, {**QUOTA, "errcode": 45011}),
    (wxaudit.AccountBlockedError, wxaudit.APIError, {**API, "errcode": 48004}),
    (wxaudit.NetworkConfigError, wxaudit.APIError, {**API, "errcode": 61004}),
    (wxaudit.WaitTimeout, TimeoutError, {**COMMON, "last": AUDIT}),
    (wxaudit.ReviewRejected, wxaudit.WxAuditError, {**COMMON, "audit": AUDIT}),
]
every_class = pytest.mark.parametrize(
    ("kind", "base", "attributes"), TREE, ids=lambda value: getattr(value, "__name__", "")
)


def pickled(protocol: int) -> Any:
    return lambda error: pickle.loads(pickle.dumps(error, protocol))


def through_celery(error: BaseException) -> Any:
    """As a task of one process hands it to the caller in another: JSON in the result store."""
    app = Celery(backend="cache+memory://", set_as_current=False)
    app.conf.update(result_serializer="json", accept_content=["json"])
    stored = app.backend.decode(app.backend.encode(app.backend.prepare_exception(error)))
    return app.backend.exception_to_python(stored)


# The public names, also those that are imported on first access.
NAMES = {"datetime": __import__("datetime"), **{name: getattr(wxaudit, name) for name in wxaudit.__all__}}

JOURNEYS = {
    **{f"pickle protocol {protocol}": pickled(protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "args": lambda error: type(error)(*error.args),
    "repr": lambda error: eval(repr(error), NAMES),  # noqa: S307  # our own repr
    "celery": through_celery,
}


@every_class
def test_is_caught_by_the_built_in_that_its_kind_has(
    kind: type[wxaudit.WxAuditError], base: type[BaseException], attributes: dict[str, Any]
) -> None:
    assert issubclass(kind, base)
    assert issubclass(kind, wxaudit.WxAuditError)
    with pytest.raises(base) as caught:
        raise kind("what happened", **attributes)
    assert traceback.format_exception_only(caught.value) == [f"wxaudit.{kind.__name__}: what happened\n"]


@every_class
@pytest.mark.parametrize("journey", JOURNEYS.values(), ids=JOURNEYS.keys())
def test_keeps_every_attribute(
    kind: type[wxaudit.WxAuditError], base: type[BaseException], attributes: dict[str, Any], journey: Any
) -> None:
    error = kind("审核 \x1b[31mwhat happened", **attributes)
    for arrived in (journey(error), journey(journey(error))):
        assert type(arrived) is kind
        assert isinstance(arrived, base)
        assert str(arrived) == arrived.message == "审核 \\x1b[31mwhat happened"
        assert {name: getattr(arrived, name) for name in attributes} == attributes
        assert (arrived.retryable, arrived.hint, arrived.hint_zh) == (
            error.retryable,
            error.hint,
            error.hint_zh,
        )
        assert arrived.args == error.args
        assert repr(arrived) == repr(error)


@pytest.mark.parametrize("kind", [kind for kind, _, _ in TREE if kind is not wxaudit.ReviewRejected])
def test_of_nothing_has_defaults(kind: type[wxaudit.WxAuditError]) -> None:
    error = kind()
    assert (str(error), error.auditid, error.appid, error.attempts) == ("", None, None, 0)
    assert error.args[0] == ""
    assert type(pickle.loads(pickle.dumps(error))) is kind


def test_args_are_the_message_and_what_is_set_as_json() -> None:
    error = wxaudit.DayQuotaError("no more", errcode=45009, rid=None, retry_at=QUOTA["retry_at"])
    assert error.args == ("no more", {"errcode": 45009, "retry_at": "2026-11-25T00:00:00+08:00"})
    assert wxaudit.WaitTimeout("late", last=AUDIT).args == ("late", {"last": AUDIT.to_dict()})
    assert wxaudit.ArgumentError("wrong").args == ("wrong", {})


def test_a_whole_failed_task_of_celery_raises_the_same_error() -> None:
    app = Celery(backend="cache+memory://", set_as_current=False)
    app.conf.update(result_serializer="json", accept_content=["json"])
    app.backend.mark_as_failure("task-1", wxaudit.MinuteQuotaError("slow down", **QUOTA), traceback="")
    with pytest.raises(wxaudit.MinuteQuotaError, match="slow down") as caught:
        app.AsyncResult("task-1").get(timeout=5)
    assert {name: getattr(caught.value, name) for name in QUOTA} == QUOTA


@pytest.mark.parametrize("journey", JOURNEYS.values(), ids=JOURNEYS)
@pytest.mark.parametrize("submitted_at", [None, "2026-11-23T20:00:01+00:00"])
def test_an_audit_in_an_error_keeps_its_kind(journey: Any, submitted_at: str | None) -> None:
    audit = wxaudit.LatestAuditStatus(5, 1, "1:…", submitted_at=submitted_at, user_version="2.1.0")
    with pytest.raises(wxaudit.ReviewRejected) as caught:
        audit.raise_for_rejection()
    again = journey(caught.value).audit
    assert type(again) is wxaudit.LatestAuditStatus
    assert again.to_dict() == audit.to_dict()
    assert type(journey(wxaudit.WaitTimeout("late", last=AUDIT)).last) is wxaudit.AuditStatus


def test_repr_names_what_is_set() -> None:
    assert repr(wxaudit.APIError("no", errcode=85012)) == "APIError('no', errcode=85012)"
    assert repr(wxaudit.TransportError("no")) == "TransportError('no')"


def test_an_attribute_set_later_travels_too() -> None:
    error = wxaudit.AuditNotFoundError("none", errcode=85012)
    error.appid = "wx1"
    error.message = "none at all\n"
    for journey in JOURNEYS.values():
        assert journey(error).appid == "wx1"
        assert str(journey(error)) == "none at all\\n"


def test_notes_and_foreign_attributes_survive_pickle_and_copy() -> None:
    error: Any = wxaudit.TransportError("cut", attempts=3)
    error.__notes__ = ["seen at noon"]  # what add_note of Python 3.11 does
    error.shop = 17  # as a program may attach it
    for journey in (pickled(2), pickled(5), copy.copy, copy.deepcopy):
        arrived = journey(error)
        assert arrived.__notes__ == ["seen at noon"]
        assert arrived.shop == 17
        assert arrived.args == ("cut", {"attempts": 3})


def test_a_subclass_of_a_program_survives_as_itself() -> None:
    assert type(copy.copy(ShopError("no", errcode=1))) is ShopError
    assert pickle.loads(pickle.dumps(ShopError("no", errcode=1))).errcode == 1
    assert ShopError("no", errcode=85012).hint == wxaudit.AuditNotFoundError("no", errcode=85012).hint
    assert ShopError.__module__ == __name__


class ShopError(wxaudit.APIError):
    """At module level, where pickle finds it."""


def test_an_unknown_attribute_is_refused_without_its_value() -> None:
    with pytest.raises(
        TypeError, match=r"TransportError has no attribute 'token'; it has auditid, "
    ) as caught:
        wxaudit.TransportError("cut", token="canary-1f9d")
    assert "canary-1f9d" not in str(caught.value)
    with pytest.raises(TypeError, match="has no attribute 'hint'"):
        wxaudit.APIError("no", hint="derived, never stored")


def test_an_attribute_of_a_newer_release_does_not_break_an_older_one() -> None:
    error = wxaudit.APIError("no", {"errcode": 5, "from_the_future": 1})
    assert error.args == ("no", {"errcode": 5})
    assert not hasattr(error, "from_the_future")


def test_a_rejection_without_its_audit_is_refused() -> None:
    with pytest.raises(TypeError, match="audit=…"):
        wxaudit.ReviewRejected("no")


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        wxaudit.DayQuotaError("no", retry_at=datetime(2026, 11, 25))  # noqa: DTZ001  # that is the point


def test_transport_errors_are_os_errors_without_number() -> None:
    error = wxaudit.RequestTimeout("15 s were over", **COMMON)
    assert isinstance(error, OSError)
    assert isinstance(error, wxaudit.TransportError)
    assert (error.errno, error.strerror, error.filename) == (None, None, None)


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (wxaudit.TransportError("x"), True),
        (wxaudit.TransportError("certificate expired", retryable=False), False),
        (wxaudit.RequestTimeout("x"), True),
        (wxaudit.ServerBusyError("x", errcode=-1), True),
        *(
            (wxaudit.HTTPStatusError("x", http_status=status), True)
            for status in (408, 429, 500, 502, 503, 504, 599)
        ),
        *(
            (wxaudit.HTTPStatusError("x", http_status=status), False)
            for status in (0, 302, 401, 404, 412, 499, 600)
        ),
        (wxaudit.HTTPStatusError("x", http_status=502, retryable=False), False),
        (wxaudit.APIError("x", errcode=99999), False),
        (wxaudit.APIError("x", errcode=99999, retryable=True), True),
        (wxaudit.TokenError("x", errcode=40001), False),
        (wxaudit.DayQuotaError("x", errcode=45009), False),
        (wxaudit.ArgumentError("x"), False),
        (wxaudit.DecodeError("x"), False),
        (wxaudit.WaitTimeout("x"), True),
    ],
    ids=repr,
)
def test_says_whether_the_same_call_may_succeed_later(error: wxaudit.WxAuditError, retryable: bool) -> None:
    assert error.retryable is retryable
    for journey in JOURNEYS.values():
        assert journey(error).retryable is retryable


def test_each_errcode_has_the_class_of_the_interface() -> None:
    expected = {
        wxaudit.ServerBusyError: [-1],
        wxaudit.TokenError: [40001, 40014, 42001, 41001],
        wxaudit.AuditNotFoundError: [85012, 86001, 85058],
        wxaudit.PermissionDeniedError: [86000, 48001, 61007, 61014, 61015, 61016, 61024],
        wxaudit.AuthorizationLostError: [61003, 61023, 42002, 42007],
        wxaudit.DayQuotaError: [45009],
        wxaudit.MinuteQuotaError: [45011],
        wxaudit.AccountBlockedError: [48004, 50002],
        wxaudit.NetworkConfigError: [61004, 40164, 45035, 48017],
        wxaudit.APIError: [40013, 40066, 40097, 43001, 43002, 43003, 44002, 47001, 1, 99999, -2, 10**12],
    }
    for kind, errcodes in expected.items():
        for errcode in errcodes:
            assert tree.error_class(errcode) is kind, errcode
