"""AuditStatus as the field of a pydantic model."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pydantic
import pytest

from wxaudit import AuditState, AuditStatus

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
