"""The fake's other WeChat interfaces, called over plain HTTP and with wechatpy."""

from __future__ import annotations

import base64
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from wechatpy.client import WeChatComponentClient
from wechatpy.client.api import WeChatWxa
from wechatpy.exceptions import WeChatClientException

from support.fake_program import exchange, read_urls, start
from support.plain_http import Answer, connect, send
from wxaudit.testing import FakeWeChat, Fault, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

LATEST = "/wxa/get_latest_auditstatus"
MATERIAL = "/cgi-bin/material/get_material"
EXPLAIN = "/cgi-bin/openapi/rid/get"
QUOTA = "/cgi-bin/openapi/quota/get"
OTHER = "wx00000000000000aa"


def ask(
    fake: FakeWeChat, path: str, body: object = b"", *, token: str | None = None, method: str = "POST"
) -> Answer:
    """One request, with a token of the default mini program unless one is given."""
    connection = connect(fake)
    try:
        return send(connection, token or fake.token(), body, method=method, path=path)
    finally:
        connection.close()


def latest(fake: FakeWeChat, token: str | None = None) -> Answer:
    return ask(fake, LATEST, token=token, method="GET")


@pytest.fixture
def peer(fake: FakeWeChat, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(WeChatWxa, "API_BASE_URL", f"{fake.base_url}/")
    peer = WeChatComponentClient(fake.default_appid, None, access_token=fake.token(), timeout=10)
    peer.API_BASE_URL = f"{fake.base_url}/cgi-bin/"
    peer.auto_retry = False
    peer._http.trust_env = False
    yield peer
    peer._http.close()


def test_the_latest_audit_is_the_last_one_of_that_mini_program(fake: FakeWeChat) -> None:
    fake.submit(auditid=900)
    submitted = fake.clock.timestamp()
    fake.submit(
        auditid=500, state=1, reason="a/b", screenshots=["xxx", "yyy"], user_version="2", user_desc="第"
    )
    fake.submit(OTHER)
    fake.clock.advance(timedelta(hours=1))
    assert latest(fake).json == {
        "errcode": 0,
        "errmsg": "ok",
        "status": 1,
        "reason": "a/b",
        "ScreenShot": "xxx|yyy",
        "auditid": 500,
        "user_version": "2",
        "user_desc": "第",
        "submit_audit_time": submitted,
    }
    assert latest(fake, fake.token("wx00000000000000bb")).errcode == 85058


def test_a_request_for_the_latest_audit_counts_as_a_poll(fake: FakeWeChat) -> None:
    audit = fake.submit(life=[Step(0, after_polls=2)])
    assert [latest(fake).json["status"] for _ in range(3)] == [2, 2, 0]
    assert audit.polls == 3


def test_wechatpy_reads_the_latest_audit(fake: FakeWeChat, peer: Any) -> None:
    with pytest.raises(WeChatClientException) as caught:
        peer.wxa.get_latest_audit_status()
    assert caught.value.errcode == 85058
    audit = fake.submit(state=4, reason="排队", user_version="1.2")
    found = peer.wxa.get_latest_audit_status()
    assert (found["auditid"], found["status"], found["reason"]) == (audit.auditid, 4, "排队")
    assert found["user_version"] == "1.2"


def test_each_screenshot_has_its_own_picture(fake: FakeWeChat) -> None:
    one, other = fake.media_id(), fake.media_id()
    fake.submit(state=1, screenshots=[one, other])
    pictures = [ask(fake, MATERIAL, {"media_id": media_id}) for media_id in (one, other, one)]
    assert pictures[0].body == pictures[2].body != pictures[1].body
    for picture in pictures:
        with Image.open(io.BytesIO(picture.body)) as image:
            image.load()
            assert image.format == "PNG"
    assert fake.requests[-1].errcode is None
    # These do not belong to the current state of an audit.
    assert ask(fake, MATERIAL, {"media_id": fake.media_id()}).errcode == 40007


def test_media_belong_to_one_mini_program(fake: FakeWeChat) -> None:
    kept = fake.keep_media(b"\xff\xd8\xff any bytes")
    named = fake.keep_media(None, OTHER, media_id="named")
    shown = fake.media_id()
    fake.submit(OTHER, state=1, screenshots=[shown])
    token, others = fake.token(), fake.token(OTHER)
    assert named == "named"
    assert ask(fake, MATERIAL, {"media_id": kept}, token=token).body == b"\xff\xd8\xff any bytes"
    for media_id, owner in ((kept, others), ("named", token), (shown, token)):
        assert ask(fake, MATERIAL, {"media_id": media_id}, token=owner).errcode == 40007
    assert ask(fake, MATERIAL, {"media_id": "named"}, token=others).body.startswith(b"\x89PNG")
    fake.reset()
    assert ask(fake, MATERIAL, {"media_id": kept}).errcode == 40007
    with pytest.raises(TypeError, match="content must be bytes, not str"):
        fake.keep_media("text")  # type: ignore[arg-type]  # invalid on purpose


def test_wechatpy_gets_the_picture(fake: FakeWeChat, peer: Any) -> None:
    media_id = fake.keep_media()
    response = peer.material.get(media_id)
    assert response.content.startswith(b"\x89PNG")
    with pytest.raises(WeChatClientException) as caught:
        peer.material.get("unknown")
    assert caught.value.errcode == 40007


def test_a_rid_returns_the_failed_request_with_its_unmasked_token(fake: FakeWeChat) -> None:
    token = fake.token()
    body = {"auditid": 5}
    refusal = ask(fake, "/wxa/get_auditstatus", body, token=token)
    rid = refusal.json["errmsg"].rpartition("rid: ")[2]
    assert ask(fake, EXPLAIN, {"rid": rid}).json == {
        "errcode": 0,
        "errmsg": "ok",
        "request": {
            "invoke_time": fake.clock.timestamp(),
            "cost_in_ms": 30,
            "request_url": f"access_token={token}",
            "request_body": '{"auditid": 5}',
            "response_body": refusal.body.decode(),
            "client_ip": "203.0.113.7",
        },
    }
    assert ask(fake, EXPLAIN, {"rid": rid}, token=fake.token(OTHER)).errcode == 76003
    unknowns: tuple[Any, ...] = ("637accc2-7d67c301-4ae3af4b", "", 5, None, [])
    for unknown in unknowns:
        assert ask(fake, EXPLAIN, {"rid": unknown}).errcode == 76001
    fake.reset()
    assert ask(fake, EXPLAIN, {"rid": rid}).errcode == 76001


def test_errors_of_faults_have_a_rid_and_old_traces_are_forgotten(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode=45009), times=1001)
    token = fake.token()
    connection = connect(fake)
    answers = [send(connection, token, {"auditid": 5}) for _ in range(1001)]
    connection.close()
    rids = [answer.json["errmsg"].rpartition("rid: ")[2] for answer in answers]
    assert len(set(rids)) == 1001
    asked = [ask(fake, EXPLAIN, {"rid": rid}).errcode for rid in (rids[-1], rids[1], rids[0])]
    assert asked == [0, 0, 76001]


def test_the_quota_counts_the_polls_of_each_mini_program(fake: FakeWeChat) -> None:
    body = {"cgi_path": "/wxa/get_auditstatus"}
    for _ in range(3):
        ask(fake, "/wxa/get_auditstatus", {"auditid": 5})
    assert ask(fake, QUOTA, body).json == {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": 100_000, "used": 3, "remain": 99_997},
        "rate_limit": {"call_count": 5000, "refresh_second": 60},
    }
    assert ask(fake, QUOTA, body, token=fake.token(OTHER)).json["quota"]["used"] == 0
    for unknown in ("/wxa/nothing", "", 5, None):
        assert ask(fake, QUOTA, {"cgi_path": unknown}).errcode == 76021
    fake.reset()
    assert ask(fake, QUOTA, body).json["quota"]["used"] == 0


def test_wechatpy_can_post_to_interfaces_that_it_does_not_implement(fake: FakeWeChat, peer: Any) -> None:
    found = peer.post(f"{fake.base_url}{QUOTA}", data={"cgi_path": "/wxa/get_auditstatus"})
    assert found["quota"]["used"] == 0
    with pytest.raises(WeChatClientException) as caught:
        peer.post(f"{fake.base_url}{EXPLAIN}", data={"rid": "637accc2-7d67c301-4ae3af4b"})
    assert caught.value.errcode == 76001


@pytest.mark.parametrize("path", [LATEST, MATERIAL, EXPLAIN, QUOTA])
def test_each_interface_checks_method_token_and_permission(fake: FakeWeChat, path: str) -> None:
    method, wrong, errcode = ("GET", "POST", 43001) if path == LATEST else ("POST", "GET", 43002)
    assert ask(fake, path, {}, method=wrong).errcode == errcode
    for token, expected in (
        ("malformed", 40014),
        (fake.token(expires_in=0), 42001),
        (fake.token(kind="own"), 86000),
        (fake.token(kind="component"), 61015),
        (fake.token(permissions=()), 61007),
    ):
        assert ask(fake, path, {"rid": "x"}, method=method, token=token).errcode == expected


@pytest.mark.parametrize("path", [MATERIAL, EXPLAIN, QUOTA])
@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        (b"", 44002),
        (b"media_id=xxx", 47001),
        (b"[]", 47001),
        (b"{", 47001),
        (b'"text"', 47001),
        (b"5", 47001),
    ],
)
def test_a_body_that_is_not_an_object_is_refused(
    fake: FakeWeChat, path: str, body: bytes, errcode: int
) -> None:
    assert ask(fake, path, body).errcode == errcode


def test_other_languages_can_submit_versions_and_store_media() -> None:
    with start("--until-stdin-closes") as process:
        urls = read_urls(process)
        control, base_url = urls["control_url"], urls["base_url"]
        submitted = exchange("POST", f"{control}/audits", {"user_version": "2", "user_desc": "第"})[1]
        assert (submitted["user_version"], submitted["user_desc"]) == ("2", "第")
        picture = base64.b64encode(b'{"any":"bytes"}').decode()
        kept = exchange("POST", f"{control}/media", {"content_base64": picture, "media_id": "named"})
        assert kept == (200, {"media_id": "named"})
        assert len(exchange("POST", f"{control}/media", {})[1]["media_id"]) == 64
        token = exchange("POST", f"{control}/tokens", {})[1]["token"]
        found = exchange("POST", f"{base_url}{MATERIAL}?access_token={token}", {"media_id": "named"})
        assert found == (200, {"any": "bytes"})
        assert exchange("GET", f"{base_url}{LATEST}?access_token={token}", None)[1]["user_version"] == "2"
        for wrong in ({"content_base64": "?"}, {"content": "x"}, {"content_base64": 5}, {"appid": 5}):
            assert exchange("POST", f"{control}/media", wrong)[0] == 400
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()
