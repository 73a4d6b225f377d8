"""HTTP statuses other than 200, and what counts beside a status of 200."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import CallHarness
from support.servers.raw_server import APPROVED, RawServer, Script
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client_kind import ClientKind


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["same host", "other host", "same path"])
def test_a_redirect_is_not_followed(
    client_kind: ClientKind, fake: FakeWeChat, status: int, where: str
) -> None:
    harness = CallHarness(client_kind, fake)
    with RawServer(Script()) as elsewhere:
        target = {
            "same host": f"{fake.base_url}/elsewhere",
            "other host": f"{elsewhere.base_url}/wxa/get_auditstatus",
            "same path": "/wxa/get_auditstatus",
        }
        fake.fail_next(Fault.redirect(target[where], status))
        error = harness.once(wxaudit.HTTPStatusError)
        assert error.http_status == status
        assert not error.retryable
        assert elsewhere.connections_accepted == 0
    assert {request.path for request in fake.requests} == {"/wxa/get_auditstatus"}


PASSED_ON = [201, 202, 203, 204, 205, 206, 226, 300, 304]
REFUSED = [400, 401, 403, 404, 405, 409, 410, 411, 413, 414, 421, 451, 600, 999]


@pytest.mark.parametrize("with_answer", [True, False], ids=["with an answer", "with a page"])
@pytest.mark.parametrize("status", PASSED_ON + REFUSED)
def test_every_other_status_is_final(
    client_kind: ClientKind, fake: FakeWeChat, status: int, with_answer: bool
) -> None:
    harness = CallHarness(client_kind, fake)
    bodyless = status in (204, 304)
    fault = Fault.http(status, APPROVED if with_answer else None)
    fake.fail_next(Fault(http_status=status, cut="head", cut_at=10**6) if bodyless else fault)
    error = harness.once(wxaudit.HTTPStatusError)
    assert error.http_status == status
    assert not error.retryable
    assert str(status) in str(error)


def test_412_with_an_empty_body_is_final(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault.http(412))
    error = harness.once(wxaudit.HTTPStatusError)
    assert error.http_status == 412
    assert "chunked" in error.hint


@pytest.mark.parametrize("status", [408, 429, 500, 501, 502, 503, 504, 520, 599])
@pytest.mark.parametrize("body", [None, APPROVED, b""], ids=["a page", "a success", "nothing"])
def test_what_may_pass_is_tried_three_times(
    client_kind: ClientKind, fake: FakeWeChat, status: int, body: bytes | None
) -> None:
    """The HTTP status wins, even over the answer of an approved audit."""
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault.http(status, body), times=3)
    error = harness.retried(wxaudit.HTTPStatusError)
    assert error.http_status == status


def test_a_status_that_passes_is_not_an_error(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault.http(503), times=2)
    assert harness.ask().status == wxaudit.AuditState.IN_REVIEW
    assert fake.requests_received == 3


def http_date(*, in_seconds: float) -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=in_seconds), usegmt=True)


LONG_WAITS = {
    "one second": lambda: "1",
    "two minutes": lambda: "120",
    "years": lambda: "1000000000",
    "beyond 64 bits": lambda: "99999999999999999999999",
    "a date in an hour": lambda: http_date(in_seconds=3600),
}


@pytest.mark.parametrize("hint", LONG_WAITS.values(), ids=LONG_WAITS.keys())
def test_the_wait_that_a_server_asks_for_is_cut_to_the_deadline(
    client_kind: ClientKind, fake: FakeWeChat, hint: Callable[[], str]
) -> None:
    """Half of what is left, and half of that: all three attempts still fit."""
    total = 0.8
    harness = CallHarness(client_kind, fake, total=total)
    for status in (408, 429, 503):
        fake.fail_next(Fault.http(status, headers={"Retry-After": hint()}))
    harness.retried(wxaudit.HTTPStatusError)
    first, second, third = (request.received_at for request in fake.requests[:3])
    assert second - first >= 0.35
    assert third - second >= 0.15
    assert third - first < total


@pytest.mark.parametrize("hint", ["-1", "NaN", "1e9", "1.5", "", "soon", "0x10", "+5", "0", "١"])
def test_a_wait_that_makes_no_sense_is_passed_over(
    client_kind: ClientKind, fake: FakeWeChat, hint: str
) -> None:
    """Two waits of the library's own come instead, at most 50 and 100 ms."""
    harness = CallHarness(client_kind, fake)
    headers = {"Retry-After": hint.encode().decode("latin-1")}
    fake.fail_next(Fault.http(429, headers=headers), times=2)
    harness.ask()
    assert fake.requests_received == 3
    assert harness.took < 1


def test_a_date_that_is_over_asks_for_no_wait(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault.http(429, headers={"Retry-After": http_date(in_seconds=-3600)}), times=2)
    harness.ask()
    assert harness.took < 1


def test_a_wait_in_seconds_that_fits_is_kept(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault.http(503, headers={"Retry-After": "1"}))
    harness.ask()
    assert fake.requests_received == 2
    assert harness.took >= 1


def test_a_wait_until_a_date_that_fits_is_kept(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    date = http_date(in_seconds=2)
    fake.fail_next(Fault.http(429, headers={"Retry-After": date}))
    harness.ask()
    assert fake.requests_received == 2
    assert datetime.now(timezone.utc) >= parsedate_to_datetime(date)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/html; charset=utf-8",
        "image/png",
        "application/octet-stream",
        "text/plain; charset=gbk",
        "application/json; charset=utf-16",
        "no type at all",
    ],
)
def test_the_content_type_does_not_count(
    client_kind: ClientKind, fake: FakeWeChat, content_type: str | None
) -> None:
    audit = fake.submit(state=1, reason="1:帐号信息不合规范:<br>")
    fake.fail_next(Fault(headers={"Content-Type": content_type}))
    status = client_kind.client(fake).get_audit_status(fake.token(), audit.auditid)
    assert (status.is_rejected, status.reason, status.lossy) == (True, "1:帐号信息不合规范:<br>", False)
