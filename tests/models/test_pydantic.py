"""Audits, reasons, results and batches as fields of pydantic models."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pydantic
import pytest

from wxaudit import (
    AuditBatch,
    AuditResult,
    AuditState,
    AuditStatus,
    DayQuotaError,
    LatestAuditStatus,
    Reason,
    WxAuditError,
)
from wxaudit._errors.tree import api_error

MOMENT = datetime(2026, 11, 24, 16, tzinfo=timezone.utc)

AUDIT = AuditStatus(
    441617767,
    1,
    "1:账号信息不符合规范:<br>",
    ("xxx", "yyy"),
    appid="wx01",
    observed_at=datetime(2026, 11, 24, 12, 30, 15, tzinfo=timezone.utc),
)


class Row(pydantic.BaseModel):
    shop: int
    audit: AuditStatus
    former: AuditStatus | None = None


def test_an_instance_is_taken_as_it_is() -> None:
    row = Row(shop=1, audit=AUDIT)
    assert row.audit is AUDIT
    assert row.model_dump()["audit"] is AUDIT


def test_goes_through_json_and_back() -> None:
    row = Row(shop=1, audit=AUDIT, former=AuditStatus(5, 7, observed_at=AUDIT.observed_at))
    assert json.loads(row.model_dump_json()) == row.model_dump(mode="json")
    assert row.model_dump(mode="json")["audit"] == AUDIT.to_dict()
    assert Row.model_validate_json(row.model_dump_json()) == row
    assert Row.model_validate(row.model_dump(mode="json")) == row
    assert Row.model_validate(row.model_dump()) == row


def test_a_dict_of_the_least_is_enough() -> None:
    row = Row.model_validate({"shop": 1, "audit": {"auditid": 5, "status": 2}})
    assert (row.audit.auditid, row.audit.status, row.audit.reason) == (5, AuditState.IN_REVIEW, None)


@pytest.mark.parametrize(
    "value", [5, "audit", None, [], {}, {"auditid": 5}, {"status": 0}, {"auditid": True, "status": 0}]
)
def test_anything_else_is_a_validation_error_at_the_field(value: Any) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Row.model_validate({"shop": 1, "audit": value})
    assert [error["loc"] for error in caught.value.errors()] == [("audit",)]


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_json_schema_describes_the_dict(mode: Any) -> None:
    schema = Row.model_json_schema(mode=mode)["properties"]["audit"]
    assert schema["type"] == "object"
    assert {"auditid", "status"} <= set(schema["required"])
    assert set(AUDIT.to_dict()) == set(schema["properties"])
    assert schema["properties"]["auditid"]["type"] == "integer"
    assert schema["properties"]["observed_at"] == {"type": "string", "format": "date-time"}


def test_a_type_adapter_reads_lists() -> None:
    adapter = pydantic.TypeAdapter(list[AuditStatus])
    assert adapter.validate_json(adapter.dump_json([AUDIT, AUDIT])) == [AUDIT, AUDIT]


REASON = Reason("账号信息不符合规范", ("头像不符", "名称不符"))
FAILED = AuditResult(
    5,
    "wx01",
    error=api_error(45009, "reach max api daily quota limit", None, auditid=5, appid="wx01", retry_at=MOMENT),
    index=1,
    attempts=1,
)
BATCH = AuditBatch([AuditResult(441617767, "wx01", AUDIT, attempts=1), FAILED])


class Report(pydantic.BaseModel):
    """What a web framework such as FastAPI sends: it builds on pydantic's models and schemas alone."""

    reason: Reason
    result: AuditResult
    batch: AuditBatch


REPORT = Report(reason=REASON, result=FAILED, batch=BATCH)


def test_results_batches_and_reasons_are_taken_as_they_are() -> None:
    assert REPORT.reason is REASON
    assert REPORT.result is FAILED
    assert REPORT.batch is BATCH
    assert REPORT.model_dump() == {"reason": REASON, "result": FAILED, "batch": BATCH}


def test_results_batches_and_reasons_go_through_json_and_back() -> None:
    written = REPORT.model_dump_json()
    assert json.loads(written) == REPORT.model_dump(mode="json")
    again = Report.model_validate_json(written)
    assert again == REPORT
    assert Report.model_validate(REPORT.model_dump(mode="json")) == REPORT
    error = again.result.error
    assert isinstance(error, DayQuotaError)
    assert (error.errcode, error.retry_at, error.message) == (45009, MOMENT, str(FAILED.error))
    adapter = pydantic.TypeAdapter(list[AuditResult])
    assert adapter.validate_json(adapter.dump_json(list(BATCH))) == list(BATCH)


def test_the_json_of_a_result_tells_what_to_do() -> None:
    data = REPORT.model_dump(mode="json")
    assert data["batch"] == [
        {
            "auditid": 441617767,
            "appid": "wx01",
            "status": AUDIT.to_dict(),
            "error": None,
            "index": 0,
            "attempts": 1,
        },
        data["result"],
    ]
    assert FAILED.error is not None
    assert data["result"]["error"] == {
        "type": "DayQuotaError",
        "message": FAILED.error.message,
        "hint": FAILED.error.hint,
        "hint_zh": FAILED.error.hint_zh,
        "details": FAILED.error.args[1],
    }


def test_an_error_of_a_later_release_is_read_as_the_base() -> None:
    data = {"auditid": 5, "error": {"type": "LaterError", "message": "later", "details": {"later": 1}}}
    error = pydantic.TypeAdapter(AuditResult).validate_python(data).error
    assert type(error) is WxAuditError
    assert str(error) == "later"


def test_a_latest_status_stays_one() -> None:
    result = AuditResult(5, status=LatestAuditStatus(5, 2, user_version="1.0"))
    adapter = pydantic.TypeAdapter(AuditResult)
    assert adapter.validate_json(adapter.dump_json(result)).status == result.status
    assert isinstance(adapter.validate_json(adapter.dump_json(result)).status, LatestAuditStatus)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Reason, 5),
        (Reason, {}),
        (Reason, {"title": 5}),
        (Reason, {"title": "a", "details": "text"}),
        (AuditResult, 5),
        (AuditResult, {}),
        (AuditResult, {"auditid": 5}),
        (AuditResult, {"auditid": "5", "status": AUDIT.to_dict()}),
        (AuditResult, {"auditid": 5, "status": {}}),
        (AuditResult, {"auditid": 5, "status": AUDIT.to_dict(), "index": -1}),
        (AuditResult, {"auditid": 5, "status": AUDIT.to_dict(), "attempts": "many"}),
        (AuditResult, {"auditid": 5, "error": {"type": "ReviewRejected"}}),
        (AuditResult, {"auditid": 5, "error": "text"}),
        (AuditBatch, 5),
        (AuditBatch, {}),
        (AuditBatch, [5]),
        (AuditBatch, [{}]),
    ],
)
def test_anything_else_is_a_validation_error(kind: Any, value: Any) -> None:
    with pytest.raises(pydantic.ValidationError):
        pydantic.TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_json_schemas_describe_the_json(mode: Any) -> None:
    data = REPORT.model_dump(mode="json")
    properties = Report.model_json_schema(mode=mode)["properties"]
    assert properties["batch"]["type"] == "array"
    assert set(properties["reason"]["properties"]) == set(data["reason"])
    for schema in (properties["result"], properties["batch"]["items"]):
        assert set(schema["properties"]) == set(data["result"])
        status, error = (schema["properties"][name]["anyOf"][0] for name in ("status", "error"))
        assert set(status["properties"]) == set(AUDIT.to_dict())
        assert set(error["properties"]) == set(data["result"]["error"])
