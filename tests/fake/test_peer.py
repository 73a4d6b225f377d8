"""The client wechatpy works with the fake as it does with WeChat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from wechatpy.client import WeChatComponentClient
from wechatpy.client.api import WeChatWxa
from wechatpy.exceptions import APILimitedException, WeChatClientException

from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

REASON = (
    "1:账号信息不符合规范:<br>(1):包含色情因素<br>"
    '2:服务类目"金融业-保险_"与你提交代码审核时设置的功能页面内容不一致:<br>(1):功能页面设置的部分标签不属于所选的服务类目范围。<br>'
)

DOCUMENTED = [
    *(-1, 40001, 40013, 40014, 40066, 40097, 40164, 41001, 42001, 42002, 42007, 43001, 43002, 43003, 44002),
    *(45009, 45011, 45035, 47001, 48001, 48004, 48017, 50002, 61003, 61004, 61007, 61014, 61015, 61016),
    *(61023, 85012, 85058, 86000, 86001),
]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWeChat]:
    with FakeWeChat() as fake:
        monkeypatch.setattr(WeChatWxa, "API_BASE_URL", f"{fake.base_url}/")
        yield fake


@pytest.fixture
def peers() -> Iterator[list[Any]]:
    """The clients of a test. Their connections are closed after the test."""
    peers: list[Any] = []
    yield peers
    for peer in peers:
        peer._http.close()


def peer_with(peers: list[Any], token: str) -> Any:
    peer = WeChatComponentClient("wx5b97b03f7e2c4d18", component=None, access_token=token, timeout=10)
    # wechatpy would fetch new tokens forever. Here it must raise the error.
    peer.auto_retry = False
    peer._http.trust_env = False
    peers.append(peer)
    return peer


@pytest.mark.parametrize(
    ("submission", "expected"),
    [
        ({"state": 0}, {"status": 0}),
        ({"state": 1}, {"status": 1}),
        (
            {"state": 1, "reason": REASON, "screenshots": ["xxx", "yyy", "zzz"]},
            {"status": 1, "reason": REASON, "screenshot": "xxx|yyy|zzz"},
        ),
        ({"state": 2}, {"status": 2}),
        ({"state": 3}, {"status": 3}),
        ({"state": 4, "reason": "排队/4G"}, {"status": 4, "reason": "排队/4G"}),
    ],
    ids=["approved", "rejected", "rejected with details", "in review", "withdrawn", "delayed"],
)
def test_wechatpy_reads_every_state(
    fake: FakeWeChat, peers: list[Any], submission: dict[str, Any], expected: dict[str, Any]
) -> None:
    audit = fake.submit(**submission)
    peer = peer_with(peers, fake.token(url_safe=False))
    for auditid in (audit.auditid, str(audit.auditid)):
        assert peer.wxa.get_audit_status(auditid) == {"errcode": 0, "errmsg": "ok", **expected}
    assert [request.errcode for request in fake.requests] == [0, 0]


@pytest.mark.parametrize("errcode", DOCUMENTED)
def test_wechatpy_raises_its_error_for_every_code(fake: FakeWeChat, peers: list[Any], errcode: int) -> None:
    fake.fail_next(Fault(errcode=errcode))
    with pytest.raises(WeChatClientException) as caught:
        peer_with(peers, fake.token()).wxa.get_audit_status(1234567)
    assert caught.value.errcode == errcode
    assert " rid: " in caught.value.errmsg
    assert isinstance(caught.value, APILimitedException) == (errcode == 45009)


def test_wechatpy_raises_the_errors_of_the_fakes_own_checks(fake: FakeWeChat, peers: list[Any]) -> None:
    appid = fake.default_appid
    expired = fake.token(expires_in=0)
    cases = {
        42001: expired,
        40014: "malformed",
        86000: fake.token(kind="own"),
        61007: fake.token(permissions=[]),
        85012: fake.token("wx00000000000000aa"),
    }
    audit = fake.submit(appid)
    for errcode, token in cases.items():
        with pytest.raises(WeChatClientException) as caught:
            peer_with(peers, token).wxa.get_audit_status(audit.auditid)
        assert caught.value.errcode == errcode


@pytest.mark.parametrize("status", [412, 502, 504])
def test_wechatpy_reports_http_errors(fake: FakeWeChat, peers: list[Any], status: int) -> None:
    fake.fail_next(Fault.http(status))
    with pytest.raises(WeChatClientException) as caught:
        peer_with(peers, fake.token()).wxa.get_audit_status(1234567)
    assert caught.value.response.status_code == status
