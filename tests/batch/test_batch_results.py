"""AuditQuery, AuditResult and AuditBatch: what they show, keep and refuse."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import weakref
from datetime import datetime, timezone
from typing import Any

import pytest

import wxaudit
from wxaudit import AuditBatch, AuditQuery, AuditResult, AuditState, AuditStatus

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

TOKEN = "a-token-that-is-long-enough-to-be-masked-0123456789"
MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=timezone.utc)


class Source:
    def get_token(self, *, refresh: bool = False) -> str:  # noqa: ARG002  # as a source has it
        return TOKEN


def rejected(auditid: int = 5, appid: str | None = "wx5") -> AuditResult:
    reason = "1:账号信息:<br>(1):头像<br>"
    status = AuditStatus(auditid, AuditState.REJECTED, reason, ["media"], appid=appid, observed_at=MOMENT)
    return AuditResult(auditid, appid, status, attempts=2)


def failed(auditid: int = 6) -> AuditResult:
    error = wxaudit.AuditNotFoundError("85012 no", errcode=85012, rid="abc", auditid=auditid, attempts=1)
    return AuditResult(auditid, None, None, error, 1, 1)


BATCH = AuditBatch([rejected(), failed()])


def test_a_query_hides_its_token() -> None:
    query = AuditQuery(TOKEN, 5, "wx5")
    assert repr(query) == "AuditQuery(***, 5, appid='wx5')"
    for shown in (str(query), repr(query.token), repr([query])):
        assert TOKEN not in shown
    assert repr(AuditQuery(Source(), 5)) == "AuditQuery(<Source>, 5)"


def test_a_query_that_cannot_be_used_is_refused() -> None:
    wrong: list[tuple[Any, ...]] = [
        ("", 5),
        (None, 5),
        (5, TOKEN),
        (TOKEN, 0),
        (TOKEN, 1.5),
        (TOKEN, float("nan")),
        (TOKEN, True),
        (TOKEN, 5, 7),
    ]
    for arguments in wrong:
        with pytest.raises(wxaudit.ArgumentError) as caught:
            AuditQuery(*arguments)
        assert TOKEN not in str(caught.value)


def test_queries_are_compared_by_what_they_ask() -> None:
    source = Source()
    assert AuditQuery(TOKEN, 5) == AuditQuery(TOKEN, "5") == AuditQuery(TOKEN, 5.0)
    assert hash(AuditQuery(TOKEN, 5)) == hash(AuditQuery(TOKEN, "5"))
    assert AuditQuery(TOKEN, 5) != AuditQuery(TOKEN + "x", 5)
    assert AuditQuery(TOKEN, 5, "wx5") != AuditQuery(TOKEN, 5)
    assert AuditQuery(source, 5) == AuditQuery(source, 5) != AuditQuery(Source(), 5)
    assert AuditQuery(TOKEN, 5) != 5
    match AuditQuery(source, 5, "wx5"):
        case AuditQuery(token, auditid, appid):
            assert (token, auditid, appid) == (source, 5, "wx5")
        case _:
            pytest.fail("no match")


def test_a_query_is_pickled_without_a_token_alone() -> None:
    query = AuditQuery(TOKEN, 5)
    assert copy.copy(query) is copy.deepcopy(query) is query
    with pytest.raises(TypeError, match="token source"):
        pickle.dumps(query)
    again = pickle.loads(pickle.dumps(AuditQuery(Source(), 5, "wx5")))
    assert (type(again.token), again.auditid, again.appid) == (Source, 5, "wx5")


def test_a_result_has_a_status_or_an_error() -> None:
    result = rejected()
    assert (result.ok, result.auditid, result.appid, result.error, result.attempts) == (
        True,
        5,
        "wx5",
        None,
        2,
    )
    assert result.unwrap() is result.status
    other = failed()
    assert (other.ok, other.status, other.index) == (False, None, 1)
    with pytest.raises(wxaudit.AuditNotFoundError) as caught:
        other.unwrap()
    assert caught.value is other.error
    arguments: list[dict[str, Any]] = [
        {},
        {"status": result.status, "error": other.error},
        {"error": ValueError("no error of ours")},
    ]
    for keywords in arguments:
        with pytest.raises(wxaudit.ArgumentError):
            AuditResult(5, **keywords)


@pytest.mark.parametrize("result", BATCH, ids=["answered", "failed"])
def test_a_result_survives_pickle_and_copy(result: AuditResult) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(result, protocol))
        assert again == result
        assert hash(again) == hash(result)
        assert (again.index, again.attempts) == (result.index, result.attempts)
    assert copy.copy(result) is copy.deepcopy(result) is result


def test_results_are_compared_by_what_they_say() -> None:
    assert rejected() == rejected()
    assert failed() == failed()
    assert len({rejected(), rejected(), failed()}) == 2
    assert rejected(5) != rejected(7)
    assert rejected(5, None) != rejected(5)
    assert failed() != AuditResult(6, None, None, wxaudit.TokenError("no"))
    assert failed() != 6


def test_the_repr_of_a_result_escapes_what_comes_from_outside() -> None:
    shown = repr(AuditResult(5, "wx\x1b[31m\u202e", rejected(5, None).status))
    assert shown.startswith(r"AuditResult(5, 'wx\x1b[31m\u202e', status=AuditStatus(5, ")


def test_a_result_whose_error_was_raised_is_collected() -> None:
    def raise_and_keep() -> weakref.ref[Any]:
        error = wxaudit.TokenError("no")
        result = AuditResult(6, None, None, error)
        with pytest.raises(wxaudit.TokenError):
            result.unwrap()
        # Its traceback knows this frame, which knows the result.
        assert error.__traceback__ is not None
        return weakref.ref(error)

    seen = raise_and_keep()
    gc.collect()
    assert seen() is None


def test_a_batch_is_a_sequence() -> None:
    assert (len(BATCH), BATCH[0], BATCH[-1]) == (2, rejected(), failed())
    assert list(BATCH) == [rejected(), failed()]
    assert BATCH.index(failed()) == 1
    assert rejected() in BATCH
    assert isinstance(BATCH[:1], AuditBatch)
    assert BATCH[:1] == AuditBatch([rejected()])
    assert list(reversed(BATCH)) == [failed(), rejected()]
    assert not AuditBatch()
    with pytest.raises(IndexError):
        BATCH[2]
    with pytest.raises(wxaudit.ArgumentError):
        AuditBatch([rejected().status])  # type: ignore[list-item]  # what is refused
    with pytest.raises(wxaudit.ArgumentError, match=r"got str$"):
        AuditBatch(["a-token"])  # type: ignore[list-item]  # what is refused


def test_a_batch_counts_its_outcomes() -> None:
    states = [AuditState(number) for number in (4, 0, 1, 0, 9)]
    statuses = [AuditStatus(number, state) for number, state in enumerate(states, 1)]
    results = [AuditResult(status.auditid, None, status) for status in statuses]
    batch = AuditBatch([failed(), *results, AuditResult(8, None, None, wxaudit.TokenError("no"))])
    assert list(batch.counts().items()) == [
        ("APPROVED", 2),
        ("REJECTED", 1),
        ("DELAYED", 1),
        ("UNKNOWN_9", 1),
        ("AuditNotFoundError", 1),
        ("TokenError", 1),
    ]
    assert sum(batch.counts().values()) == len(batch)
    assert [type(error) for error in batch.errors] == [wxaudit.AuditNotFoundError, wxaudit.TokenError]
    assert [status.auditid for status in batch.statuses] == [1, 2, 3, 4, 5]
    kinds = (batch.approved, batch.rejected, batch.pending)
    assert [[status.auditid for status in statuses] for statuses in kinds] == [[2, 4], [3], [1]]
    assert repr(BATCH) == "<AuditBatch of 2: 1 REJECTED, 1 AuditNotFoundError>"
    assert (repr(AuditBatch()), AuditBatch().counts()) == ("<AuditBatch of 0>", {})


def test_all_errors_are_raised_as_a_group() -> None:
    good = AuditBatch([rejected()])
    assert good.raise_for_errors() is good
    with pytest.raises(ExceptionGroup) as caught:
        BATCH.raise_for_errors()
    assert caught.value.message == "1 of 2 queries failed"
    assert caught.value.exceptions == BATCH.errors


def test_a_batch_survives_pickle_and_copy() -> None:
    assert pickle.loads(pickle.dumps(BATCH)) == BATCH == copy.deepcopy(BATCH)
    assert hash(copy.copy(BATCH)) == hash(BATCH)
    assert list(BATCH) != BATCH


def test_records_hold_plain_values() -> None:
    assert BATCH.to_records() == [
        {
            "appid": "wx5",
            "auditid": 5,
            "status": 1,
            "state": "REJECTED",
            "label": "审核被拒绝",
            "reason": "1:账号信息:<br>(1):头像<br>",
            "reasons": [{"title": "账号信息", "details": ["头像"]}],
            "screenshots": ["media"],
            "observed_at": MOMENT,
            "errcode": None,
            "error": None,
            "rid": None,
            "attempts": 2,
        },
        {
            "appid": None,
            "auditid": 6,
            "status": None,
            "state": None,
            "label": None,
            "reason": None,
            "reasons": None,
            "screenshots": None,
            "observed_at": None,
            "errcode": 85012,
            "error": "AuditNotFoundError: 85012 no",
            "rid": "abc",
            "attempts": 1,
        },
    ]
