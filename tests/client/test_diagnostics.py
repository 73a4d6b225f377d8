"""What WeChat tells of requests and limits, and what it is told of errors."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.servers.raw_server import RawServer, Script, answer
from wxaudit import ArgumentError, Quota, RateLimit, RequestTrace
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from support.client_kind import Caller, ClientKind
    from wxaudit.testing import FakeWeChat

TOKEN = "86_a-token-of-nobody-in-particular"
RID = "637accc2-7d67c301-4ae3af4b"


def refused(fake: FakeWeChat, caller: Caller, token: str, **fault: Any) -> wxaudit.APIError:
    """The error of a call that met a fault."""
    audit = fake.submit()
    fake.fail_next(Fault(**{"errcode": 85012, **fault}))
    with pytest.raises(wxaudit.APIError) as caught:
        caller.get_audit_status(token, audit.auditid, appid="wx1")
    return caught.value


def test_an_error_and_its_rid_are_explained_alike(client_kind: ClientKind, fake: FakeWeChat) -> None:
    caller, token = client_kind.client(fake), fake.token(url_safe=False)
    error = refused(fake, caller, token)
    trace = caller.call("explain", token, error)
    assert trace == caller.call("explain", token, error.rid)
    assert type(trace) is RequestTrace
    assert trace.rid == error.rid
    assert trace.invoked_at == fake.clock.now().replace(microsecond=0)
    assert (trace.cost_in_ms, trace.client_ip) == (30, "203.0.113.7")
    assert trace.request_url == "access_token=***"
    assert json.loads(trace.request_body or "") == {"auditid": error.auditid}
    assert json.loads(trace.response_body or "")["errcode"] == 85012
    request = fake.requests[-1]
    assert (request.method, request.path) == ("POST", "/cgi-bin/openapi/rid/get")
    assert request.json == {"rid": error.rid}


def test_a_request_with_a_former_token_is_told_without_it(client_kind: ClientKind, fake: FakeWeChat) -> None:
    former = fake.token(url_safe=False)
    error = refused(fake, client_kind.client(fake), former, errmsg=f'"refresh_token":"abc/def" rid: {RID}')
    token = fake.token()
    assert error.rid == RID
    trace = client_kind.client(fake).call("explain", token, error)
    shown = [repr(trace), repr(pickle.dumps(trace)), str(trace.request_url), str(trace.response_body)]
    for secret in (former, former[10:30], "abc", token):
        assert not [text for text in shown if secret in text]
    assert "***" in trace.response_body


FOREIGN = "50_foreign/token+of==somebody"


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("request_url", f"access_token={FOREIGN}&a=1", "access_token=***&a=1"),
        ("request_url", f"https://api.weixin.qq.com/x?a=1&access_token={FOREIGN}", None),
        ("request_body", json.dumps({"component_access_token": FOREIGN, "a": 1}), None),
        ("response_body", json.dumps({"authorizer_refresh_token": FOREIGN}).replace("/", "\\/"), None),
        ("response_body", json.dumps(json.dumps({"access_token": FOREIGN})), None),
        ("response_body", {"access_token": FOREIGN, "expires_in": 7200}, None),
        ("request_body", [f"access_token={FOREIGN}"], None),
    ],
)
def test_no_token_of_anybody_gets_through(
    client_kind: ClientKind, name: str, written: Any, expected: str | None
) -> None:
    body = json.dumps({"errcode": 0, "errmsg": "ok", "request": {name: written}}).encode()
    with RawServer(Script(answer(body))) as server:
        trace = client_kind.client(server.base_url).call("explain", TOKEN, RID)
    shown = getattr(trace, name)
    assert "***" in shown
    assert expected is None or shown == expected
    for secret in (FOREIGN, "foreign", "somebody"):
        assert secret not in repr(trace)


@pytest.mark.parametrize(
    "body",
    [
        {"errcode": None, "request": {"request_url": f"access_token={FOREIGN}"}},
        {"errcode": 0, "request": f"access_token={FOREIGN}"},
        {"request": {"response_body": json.dumps({"access_token": FOREIGN})}},
    ],
)
def test_an_answer_that_cannot_be_read_shows_no_token_either(client_kind: ClientKind, body: object) -> None:
    script = Script(answer(json.dumps(body).encode()))
    with RawServer(script) as server, pytest.raises(wxaudit.DecodeError) as caught:
        client_kind.client(server.base_url).call("explain", TOKEN, RID)
    for text in (str(caught.value), caught.value.excerpt, repr(pickle.dumps(caught.value))):
        assert "foreign" not in text
        assert "***" in text


@pytest.mark.parametrize(
    ("request_fields", "expected"),
    [
        ({}, (None, None, None)),
        ({"invoke_time": None, "cost_in_ms": "soon"}, (None, None, None)),
        ({"invoke_time": "1635156704", "cost_in_ms": "30"}, (1635156704, 30, None)),
        ({"invoke_time": 10**17, "cost_in_ms": 10**17}, (None, 10**17, None)),
        ({"invoke_time": -5, "cost_in_ms": True, "client_ip": 5}, (None, None, "5")),
        ({"invoke_time": "9" * 30}, (None, None, None)),
    ],
)
def test_what_wechat_does_not_tell_is_none(
    client_kind: ClientKind, request_fields: object, expected: Any
) -> None:
    body = json.dumps({"errcode": 0, "errmsg": "ok", "request": request_fields}).encode()
    with RawServer(Script(answer(body))) as server:
        trace = client_kind.client(server.base_url).call("explain", TOKEN, RID)
    moment = None if expected[0] is None else datetime.fromtimestamp(expected[0], timezone.utc)
    assert (trace.invoked_at, trace.cost_in_ms, trace.client_ip) == (moment, *expected[1:])
    assert trace.rid == RID


def test_errors_of_other_accounts_and_unknown_ones_say_what_to_do(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    caller = client_kind.client(fake)
    error = refused(fake, caller, fake.token())
    for errcode, token, rid, hint, hint_zh in (
        (76003, fake.token("wx00000000000000aa"), error, "another account", "其他账号"),
        (76001, fake.token(), RID, "within 7 days", "7 天"),
    ):
        with pytest.raises(wxaudit.APIError) as caught:
            caller.call("explain", token, rid)
        assert caught.value.errcode == errcode
        assert hint in caught.value.hint
        assert hint_zh in caught.value.hint_zh


@pytest.mark.parametrize(
    "given",
    [
        "",
        "637accc2",
        f"{RID}\n",
        f'{RID}","x":"',
        f"rid: {RID}",
        5,
        None,
        b"bytes",
        ValueError("x"),
        wxaudit.TransportError("x"),
        wxaudit.APIError("x", errcode=5),
    ],
    ids=repr,
)
def test_what_names_no_request_is_refused_before_anything_is_sent(
    client_kind: ClientKind, fake: FakeWeChat, given: Any
) -> None:
    with pytest.raises(ArgumentError, match=r"^rid_or_error\b"):
        client_kind.client(fake).call("explain", fake.token(), given)
    assert fake.requests_received == 0


def test_the_quota_counts_the_calls_of_today(client_kind: ClientKind, fake: FakeWeChat) -> None:
    caller, token, audit = client_kind.client(fake), fake.token(), fake.submit()
    for _ in range(3):
        caller.get_audit_status(token, audit.auditid)
    quota = caller.call("quota", token)
    assert quota == Quota(100_000, 3, 99_997, RateLimit(5000, 60))
    assert quota.component_rate_limit is None
    assert fake.requests[-1].json == {"cgi_path": "/wxa/get_auditstatus"}


def test_it_can_be_asked_for_when_it_is_used_up(client_kind: ClientKind, fake: FakeWeChat) -> None:
    caller, token = client_kind.client(fake), fake.token()
    error = refused(fake, caller, token, errcode=45009)
    assert isinstance(error, wxaudit.DayQuotaError)
    used_up = {"errcode": 0, "errmsg": "ok", "quota": {"daily_limit": 100_000, "used": 100_000, "remain": 0}}
    fake.fail_next(Fault(body=json.dumps(used_up).encode()))
    assert caller.call("quota", token, appid="wx1").daily_limit == 100_000
    assert caller.call("explain", token, error, appid="wx1").rid == error.rid
    with pytest.raises(wxaudit.DayQuotaError, match="nothing was sent"):
        caller.get_audit_status(token, 5, appid="wx1")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Quota()),
        ({"quota": None, "rate_limit": [], "component_rate_limit": "x"}, Quota()),
        ({"quota": {"daily_limit": "100", "used": 7, "remain": "93"}}, Quota(100, 7, 93)),
        ({"quota": {"daily_limit": True, "used": 1.5, "remain": "x"}}, Quota()),
        ({"quota": {"used": "9" * 30, "remain": "-1", "daily_limit": "٣"}}, Quota()),
        ({"rate_limit": {"call_count": 5}}, Quota()),
        (
            {
                "rate_limit": {"call_count": "5", "refresh_second": "60"},
                "component_rate_limit": {"call_count": 9, "refresh_second": 1},
            },
            Quota(None, None, None, RateLimit(5, 60), RateLimit(9, 1)),
        ),
    ],
)
def test_a_quota_is_read_as_far_as_it_is_told(
    client_kind: ClientKind, fields: dict[str, object], expected: Quota
) -> None:
    body = json.dumps({"errcode": 0, "errmsg": "ok", **fields}).encode()
    with RawServer(Script(answer(body))) as server:
        assert client_kind.client(server.base_url).call("quota", TOKEN) == expected


def test_they_are_values_like_any_other() -> None:
    trace = RequestTrace(RID, invoked_at=datetime(2026, 1, 1, tzinfo=timezone.utc), cost_in_ms=5)
    for value in (trace, Quota(1, 2, 3, RateLimit(4, 5)), RateLimit(4, 5)):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(value, protocol)) == value
        assert copy.deepcopy(value) is value
        names = {name: getattr(wxaudit, name) for name in ("RequestTrace", "Quota", "RateLimit")}
        assert eval(repr(value), {**names, "datetime": __import__("datetime")}) == value  # noqa: S307  # our own repr


def test_a_report_holds_what_support_asks_for(client_kind: ClientKind, fake: FakeWeChat) -> None:
    fake.clock.advance(timedelta(days=30))
    token = fake.token()
    error = refused(fake, client_kind.client(fake), token, errcode=61007)
    moment = fake.clock.now().astimezone(timezone(timedelta(hours=8))).replace(microsecond=0)
    assert error.report().splitlines() == [
        "errcode / 错误码: 61007",
        f"errmsg / 错误信息: {error.errmsg}",
        f"rid / 请求编号: {error.rid}",
        "interface / 接口: /wxa/get_auditstatus",
        f"auditid / 审核单 id: {error.auditid}",
        "appid / 小程序: wx1",
        f"time / 时间: {moment.isoformat(' ', 'seconds')}",
        f"library / 调用库: wxaudit {wxaudit.__version__}",
    ]
    assert pickle.loads(pickle.dumps(error)).report() == error.report()
    assert token not in error.report()


def test_a_report_is_one_line_a_thing_whatever_was_written() -> None:
    hostile = wxaudit.APIError(
        "x", errcode=5, errmsg="a\nerrcode: 0\x1b[31m\u202e" + "b" * 9999, appid="\r\n"
    )
    lines = hostile.report().splitlines()
    assert [line.partition(" / ")[0] for line in lines] == ["errcode", "errmsg", "appid", "library"]
    assert all(line.isprintable() and len(line) < 500 for line in lines)
    for rid in ("", "x", "-", "zzzzzzzz-1-2", "+1234567-0-0", "ffffffff-00000000-00000000"):
        assert wxaudit.APIError("x", rid=rid).report().endswith(f"wxaudit {wxaudit.__version__}")
    source_failed = wxaudit.TokenError("the token source failed")
    assert source_failed.report() == f"library / 调用库: wxaudit {wxaudit.__version__}"
