"""Audits, reasons, results and batches in FastAPI: as responses, as request bodies, and in OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from wxaudit import AuditBatch, AuditResult, AuditStatus, LatestAuditStatus, Reason, TokenError
from wxaudit.testing import FakeWeChat

AUDIT = AuditStatus(441617767, 1, "1:账号信息不符合规范:<br>(1):包含色情因素<br>", ["media"], appid="wx01")
LATEST = LatestAuditStatus(441617767, 0, user_version="1.2", submitted_at="2026-01-01T00:00:00Z")
REASON = AUDIT.reasons[0]
FAILED = AuditResult(7, "wx02", error=TokenError("refused", {"errcode": 40001}), index=1)
BATCH = AuditBatch([AuditResult(441617767, "wx01", AUDIT, attempts=1), FAILED])


class Order(BaseModel):
    audit: AuditStatus
    reasons: list[Reason]
    result: AuditResult
    batch: AuditBatch


ORDER = Order(audit=AUDIT, reasons=[REASON], result=FAILED, batch=BATCH)
# A type of responses, a value of it, and keys of its JSON.
RESPONSES: dict[str, tuple[Any, Any, set[str]]] = {
    "status": (AuditStatus, AUDIT, {"auditid", "status", "label", "reason", "reasons", "raw"}),
    "latest": (LatestAuditStatus, LATEST, {"auditid", "user_version", "submitted_at"}),
    "reason": (Reason, REASON, {"title", "details"}),
    "result": (AuditResult, FAILED, {"auditid", "status", "error", "index", "attempts"}),
    "batch": (AuditBatch, BATCH, {"auditid", "status", "error", "index", "attempts"}),
    "statuses": (list[AuditStatus], [AUDIT], {"auditid", "status", "raw"}),
    "order": (Order, ORDER, {"audit", "reasons", "result", "batch"}),
}


@pytest.fixture(scope="module")
def browser() -> TestClient:
    app = FastAPI()
    for name, (kind, value, _) in RESPONSES.items():
        _add_routes(app, name, kind, value)
    return TestClient(app)


def _add_routes(app: FastAPI, name: str, kind: Any, value: Any) -> None:
    @app.get(f"/{name}/short", response_model=kind, response_model_exclude={"raw"})
    @app.get(f"/{name}", response_model=kind)
    def answer() -> Any:
        return value

    def answer_body(body: Any) -> Any:
        return body

    answer_body.__annotations__["body"] = Annotated[kind, Body()]
    app.post(f"/{name}", response_model=kind)(answer_body)


def _items(answer: Any) -> list[dict[str, Any]]:
    return answer if isinstance(answer, list) else [answer]


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_read_as_a_request(browser: TestClient, name: str) -> None:
    answer = browser.get(f"/{name}").json()
    for item in _items(answer):
        assert item.keys() >= RESPONSES[name][2]
    posted = browser.post(f"/{name}", json=answer)
    assert posted.status_code == 200
    assert posted.json() == answer


@pytest.mark.parametrize("name", RESPONSES)
def test_openapi_describes_the_json(browser: TestClient, name: str) -> None:
    document = browser.get("/openapi.json").json()
    operations = document["paths"][f"/{name}"]
    answered = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    posted = operations["post"]["requestBody"]["content"]["application/json"]["schema"]
    for schema in (answered, posted):
        described = document["components"]["schemas"]["Order"] if name == "order" else schema
        described = described.get("items", described)
        assert described["properties"].keys() >= RESPONSES[name][2]


def test_a_body_of_another_form_is_refused_with_what_is_wrong(browser: TestClient) -> None:
    refused = browser.post("/status", json={"auditid": 5})
    assert refused.status_code == 422
    assert "status: is missing" in refused.json()["detail"][0]["msg"]


def test_a_response_leaves_out_what_it_excludes(browser: TestClient) -> None:
    assert "raw" not in browser.get("/status/short").json()
    assert "raw" not in browser.get("/latest/short").json()
    assert browser.get("/status/short").json()["reasons"] == [REASON.to_dict()]


def test_models_leave_out_what_they_exclude_at_any_depth() -> None:
    excluded: Any = {"audit": {"raw", "label"}, "batch": {"__all__": {"status": {"raw"}}}}
    dumped = ORDER.model_dump(mode="json", exclude=excluded)
    assert dumped["audit"].keys().isdisjoint({"raw", "label"})
    assert "raw" not in dumped["batch"][0]["status"]
    assert dumped["batch"][0]["status"]["label"] == "审核被拒绝"
    included = ORDER.model_dump(mode="json", include={"audit": {"auditid"}})
    assert included == {"audit": {"auditid": AUDIT.auditid}}


def test_a_batch_of_wechats_answers_is_a_response() -> None:
    app = FastAPI()
    with FakeWeChat() as fake:
        client = fake.async_client()
        submitted = fake.submit("wx1", state=1, reason="reason")

        @app.get("/audits")
        async def audits() -> AuditBatch:
            token = fake.token("wx1")
            return await client.get_audit_statuses([(token, submitted.auditid), (token, 1)])

        with TestClient(app) as browser:
            known, unknown = browser.get("/audits").json()
            browser.portal.call(client.close)
    assert known["status"]["reasons"] == [{"title": "reason", "details": []}]
    assert unknown["error"]["type"] == "AuditNotFoundError"
