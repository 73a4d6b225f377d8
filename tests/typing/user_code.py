"""What a user's program sees of the types. Only type checkers read it: mypy with `make lint`, and pyright.

Both check it as strictly as they can. `assert_type` fails where a type is another; so does a comment that
ignores no error.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from typing_extensions import assert_type

import wxaudit
from wxaudit.events import AuditEvent, EventReceiver
from wxaudit.testing import FakeAudit, FakeWeChat, Fault

if TYPE_CHECKING:
    from decimal import Decimal


class Source:
    """A token source needs no base class."""

    def get_token(self, *, refresh: bool = False) -> str:
        return "fresh" if refresh else "token"


class AsyncSource:
    async def get_token(self, *, refresh: bool = False) -> wxaudit.Token:
        return wxaudit.Token("fresh" if refresh else "token")


class NoSource:
    def get_token(self) -> str:
        return "token"


def blocking(token: str, auditid: int) -> None:
    with wxaudit.Client(timeout=timedelta(seconds=5), on_event=print) as client:
        assert_type(client, wxaudit.Client)
        assert_type(client.get_audit_status(token, auditid), wxaudit.AuditStatus)
        assert_type(client.get_audit_status(Source(), str(auditid), appid="wx01"), wxaudit.AuditStatus)
        assert_type(client.get_audit_status(wxaudit.Token(token), auditid, timeout=5), wxaudit.AuditStatus)
        assert_type(client.get_audit_statuses([(token, auditid)]), wxaudit.AuditBatch)
        assert_type(client.get_audit_statuses([(Source(), auditid, "wx01")]), wxaudit.AuditBatch)
        assert_type(client.get_audit_statuses([wxaudit.AuditQuery(token, auditid)]), wxaudit.AuditBatch)
        assert_type(client.iter_audit_statuses([]), Generator[wxaudit.AuditResult, None, None])
        assert_type(client.get_latest_audit_status(token), wxaudit.LatestAuditStatus)
        assert_type(client.wait_for_decision(token, auditid, timeout=None), wxaudit.AuditStatus)
        waiting = client.wait_for_decisions([], timeout=5, polling=wxaudit.Polling(initial=60))
        assert_type(waiting, Generator[wxaudit.AuditResult, None, None])
        assert_type(client.get_screenshot(token, "media-id"), wxaudit.Screenshot)
        assert_type(client.get_screenshots(token, ["media-id"]), list[wxaudit.Screenshot])
        assert_type(client.explain(token, "rid"), wxaudit.RequestTrace)
        assert_type(client.quota(token).remain, int | None)
        client.unblock_quota(appid="wx01")


async def asynchronous(token: str, auditid: int) -> None:
    async with wxaudit.AsyncClient(timeout=wxaudit.Timeout(total=5, connect=None)) as client:
        assert_type(client, wxaudit.AsyncClient)
        assert_type(await client.get_audit_status(token, auditid), wxaudit.AuditStatus)
        assert_type(await client.get_audit_status(Source(), auditid), wxaudit.AuditStatus)
        assert_type(await client.get_audit_status(AsyncSource(), auditid), wxaudit.AuditStatus)
        assert_type(await client.get_audit_statuses([(AsyncSource(), auditid)]), wxaudit.AuditBatch)
        assert_type(client.iter_audit_statuses([]), AsyncGenerator[wxaudit.AuditResult, None])
        assert_type(await client.get_latest_audit_status(token), wxaudit.LatestAuditStatus)
        assert_type(await client.wait_for_decision(token, auditid, timeout=5), wxaudit.AuditStatus)
        assert_type(client.wait_for_decisions([], timeout=5), AsyncGenerator[wxaudit.AuditResult, None])
        assert_type(await client.get_screenshot(token, "media-id"), wxaudit.Screenshot)
        assert_type(await client.get_screenshots(token, ["media-id"]), list[wxaudit.Screenshot])
        assert_type(await client.explain(token, "rid"), wxaudit.RequestTrace)
        assert_type(await client.quota(token), wxaudit.Quota)


async def functions(token: str, auditid: int) -> None:
    assert_type(wxaudit.get_audit_status(token, auditid), wxaudit.AuditStatus)
    assert_type(wxaudit.get_audit_status(Source(), auditid, appid="wx01", timeout=5), wxaudit.AuditStatus)
    assert_type(await wxaudit.aget_audit_status(token, auditid), wxaudit.AuditStatus)
    assert_type(await wxaudit.aget_audit_status(AsyncSource(), str(auditid)), wxaudit.AuditStatus)


def statuses(audit: wxaudit.AuditStatus, latest: wxaudit.LatestAuditStatus) -> None:
    assert_type(audit.auditid, int)
    assert_type(audit.status, wxaudit.AuditState)
    assert_type(audit.status.label("zh-CN"), str)
    assert_type(audit.reason, str | None)
    assert_type(audit.reasons, tuple[wxaudit.Reason, ...])
    assert_type(audit.screenshots, tuple[str, ...])
    assert_type(audit.observed_at, datetime)
    assert_type(audit.is_approved, bool)
    assert_type(audit.raise_for_rejection(), wxaudit.AuditStatus)
    assert_type(audit.to_dict(raw=False), dict[str, Any])
    assert_type(wxaudit.AuditStatus.from_dict(audit.to_dict()), wxaudit.AuditStatus)
    assert_type(latest.submitted_at, datetime | None)
    assert_type(latest.raise_for_rejection(), wxaudit.LatestAuditStatus)
    match audit:
        case wxaudit.AuditStatus(auditid, wxaudit.AuditState.REJECTED):
            assert_type(auditid, int)
        case _:
            pass


def by_position(
    result: wxaudit.AuditResult,
    query: wxaudit.AuditQuery,
    reason: wxaudit.Reason,
    timeout: wxaudit.Timeout,
) -> None:
    match result:
        case wxaudit.AuditResult(_, appid, status):
            assert_type(appid, str | None)
            assert_type(status, wxaudit.AuditStatus | None)
    match query:
        case wxaudit.AuditQuery(_, auditid):
            assert_type(auditid, int)
    match reason:
        case wxaudit.Reason(title, details):
            assert_type(title, str)
            assert_type(details, tuple[str, ...])
    match timeout:
        case wxaudit.Timeout(total, connect):
            assert_type(total, float)
            assert_type(connect, float | None)


def results(batch: wxaudit.AuditBatch) -> None:
    assert_type(batch[0], wxaudit.AuditResult)
    assert_type(batch[:2], wxaudit.AuditBatch)
    assert_type(batch.statuses, tuple[wxaudit.AuditStatus, ...])
    assert_type(batch.errors, tuple[wxaudit.WxAuditError, ...])
    assert_type(batch.counts(), dict[str, int])
    assert_type(batch.raise_for_errors(), wxaudit.AuditBatch)
    assert_type(batch.rejected, tuple[wxaudit.AuditStatus, ...])
    assert_type(batch.to_excel("audits.xlsx", submitted_at=[None]), None)
    for result in batch:
        assert_type(result.status, wxaudit.AuditStatus | None)
        if result.status is not None:
            assert_type(result.status, wxaudit.AuditStatus)
        elif result.error is not None:
            assert_type(result.error, wxaudit.WxAuditError)
            assert_type(result.error.hint, str)
        assert_type(result.unwrap(), wxaudit.AuditStatus)
        assert_type(result.ok, bool)
        match result:
            case wxaudit.AuditResult(status=wxaudit.AuditStatus() as audit):
                assert_type(audit, wxaudit.AuditStatus)
            case wxaudit.AuditResult(error=wxaudit.TokenError() as error):
                assert_type(error, wxaudit.TokenError)
            case _:
                pass


def errors(token: str) -> None:
    try:
        wxaudit.get_audit_status(token, 5, max_retries=0)
    except wxaudit.QuotaError as error:
        assert_type(error.retry_at, datetime | None)
    except wxaudit.APIError as error:
        assert_type(error.errcode, int | None)
        assert_type(error.rid, str | None)
        assert_type(error.report(), str)
    except wxaudit.HTTPStatusError as error:
        assert_type(error.http_status, int)
    except wxaudit.WaitTimeout as error:
        assert_type(error.last, wxaudit.AuditStatus | None)
    except wxaudit.ReviewRejected as error:
        assert_type(error.audit, wxaudit.AuditStatus)
    except wxaudit.WxAuditError as error:
        assert_type(error.retryable, bool)
        assert_type(error.attempts, int)
        assert_type(error.args, tuple[Any, ...])


def values(event: wxaudit.Event, timeout: wxaudit.Timeout, polling: wxaudit.Polling) -> None:
    assert_type(event.kind, str)
    assert_type(event.elapsed, float | None)
    assert_type(timeout.total, float)
    assert_type(timeout.read, float | None)
    assert_type(polling.maximum, float)
    assert_type(wxaudit.Token("token").reveal(), str)
    assert_type(wxaudit.WECHAT_HOSTS, tuple[str, ...])
    wxaudit.set_default_client(None)


def pushes(receiver: EventReceiver, query: str, body: bytes) -> None:
    event = receiver.receive(query, body)
    assert_type(event, AuditEvent | None)
    if event is not None:
        assert_type(event.decided_at, datetime)
        assert_type(event.status, wxaudit.AuditState)


def in_tests() -> None:
    with FakeWeChat() as fake:
        fake.fail_next(Fault(http_status=503), times=2)
        assert_type(fake.submit(), FakeAudit)
        assert_type(fake.client(), wxaudit.Client)
        assert_type(fake.async_client(), wxaudit.AsyncClient)
        assert_type(fake.token(), str)


def mistakes(client: wxaudit.Client, token: str, number: Decimal) -> None:
    """Each comment is needed: without an error below it, mypy and pyright report the comment itself."""
    client.get_audit_status(None, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.get_audit_status(b"token", 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.get_audit_status(5, token)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.get_audit_status(token, [5])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.get_audit_status(token, number)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.get_audit_status(NoSource(), 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.get_audit_status(AsyncSource(), 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.get_audit_status(lambda: token, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.get_audit_statuses([5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    client.get_audit_statuses((token, 5))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _ = wxaudit.Cleint  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
