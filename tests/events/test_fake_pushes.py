"""Pushes of the fake, received over HTTP with this package and with wechatpy."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from support.fake_program import exchange
from support.push_platform import APPID, KEY, TOKEN, signature, wechatpy_crypto
from wxaudit import AuditState
from wxaudit.events import SUCCESS, AuditEvent, EventReceiver, EventRejected
from wxaudit.testing import FakePush, FakeWeChat, PushAnswer, Step
from wxaudit.testing._control.server import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

SETTINGS: Any = {"token": TOKEN, "encoding_aes_key": KEY, "component_appid": APPID}
REASON = "1:账号信息不符合规范:<br>(1):包含]]>色情因素<br>"


class Platform:
    """A real HTTP server with one handler."""

    def __init__(self, receiver: EventReceiver) -> None:
        self.events: list[tuple[str, AuditEvent | None]] = []
        self.errors: list[EventRejected] = []
        self.headers: list[dict[str, str]] = []
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                url = urlsplit(self.path)
                platform.headers.append(dict(self.headers))
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    platform.events.append((url.path, receiver.receive(url.query, body)))
                except EventRejected as error:
                    platform.errors.append(error)
                self._answer(
                    403 if platform.errors and not platform.errors[-1].replayed else 200, SUCCESS.encode()
                )

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def platform(fake: FakeWeChat) -> Iterator[Platform]:
    platform = Platform(EventReceiver(TOKEN, KEY, APPID, clock=fake.clock.timestamp))
    thread = threading.Thread(target=platform.server.serve_forever, args=(0.01,))
    thread.start()
    yield platform
    platform.server.shutdown()
    thread.join()
    platform.server.server_close()


def test_a_decision_arrives_over_http(fake: FakeWeChat, platform: Platform) -> None:
    audit = fake.submit("wx0123456789abcdef")
    decided_at = fake.clock.now().replace(microsecond=0)
    audit.reject(REASON, ["shot_1", "shot_2"])
    fake.clock.advance(60)
    answer = fake.push(audit, platform.url + "/wechat/$APPID$?tenant=7", **SETTINGS)
    assert (answer, answer.accepted) == (PushAnswer(200, b"success"), True)
    ((path, event),) = platform.events
    assert path == "/wechat/wx0123456789abcdef"
    assert event == AuditEvent(
        "weapp_audit_fail",
        fake.original_id("wx0123456789abcdef"),
        decided_at,
        REASON,
        ("shot_1", "shot_2"),
    )
    assert platform.headers[0]["Content-Type"] == "text/xml"


@pytest.mark.parametrize(
    ("state", "kind"), [(0, "weapp_audit_success"), (1, "weapp_audit_fail"), (4, "weapp_audit_delay")]
)
def test_a_scripted_audit_is_pushed_in_its_current_state(
    fake: FakeWeChat, platform: Platform, state: int, kind: str
) -> None:
    audit = fake.submit(life=[Step(state, after=60)])
    with pytest.raises(ValueError, match="WeChat sends no push for an audit that is IN_REVIEW"):
        fake.push(audit, platform.url, **SETTINGS)
    fake.clock.advance(60)
    assert fake.push(audit, platform.url, **SETTINGS).accepted
    ((_, event),) = platform.events
    assert event is not None
    assert (event.kind, event.status) == (kind, AuditState(state))
    assert event.original_id == fake.original_id()


def test_an_event_can_be_pushed_by_name(fake: FakeWeChat, platform: Platform) -> None:
    fake.push(
        "weapp_audit_fail", platform.url, "wx1", **SETTINGS, reason="x\ny", screenshots=iter(["a", "b"])
    )
    fake.push("weapp_audit_success", platform.url, **SETTINGS)
    fake.push("wxa_nickname_audit", platform.url, **SETTINGS)
    (_, failed), (_, passed), (_, other) = platform.events
    assert failed is not None
    assert passed is not None
    assert (failed.reason, failed.screenshots) == ("x\ny", ("a", "b"))
    assert failed.original_id == fake.original_id("wx1") != fake.original_id()
    assert (passed.reason, passed.screenshots, other) == (None, (), None)


def test_invalid_pushes_are_refused_over_http(fake: FakeWeChat, platform: Platform) -> None:
    for changed in ({"token": "other"}, {"encoding_aes_key": "x" * 43}, {"component_appid": "wxother"}):
        answer = fake.push("weapp_audit_success", platform.url, **{**SETTINGS, **changed})
        assert (answer.http_status, answer.accepted) == (403, False)
    assert len({error.message for error in platform.errors}) == 1
    old = fake.clock.timestamp() - 301
    assert not fake.push("weapp_audit_success", platform.url, **SETTINGS, timestamp=old).accepted
    assert platform.events == []


def test_a_push_that_is_sent_twice_is_accepted_once(fake: FakeWeChat, platform: Platform) -> None:
    push = fake.make_push("weapp_audit_success", **SETTINGS)
    assert push.send(platform.url).accepted
    assert push.send(platform.url).accepted
    assert (len(platform.events), [error.replayed for error in platform.errors]) == (1, [True])


def test_wechatpy_reads_pushes_of_the_fake(fake: FakeWeChat) -> None:
    push = fake.make_push("weapp_audit_delay", **SETTINGS, reason="审核排队中", nonce="8")
    query = {name: value for name, (value,) in parse_qs(push.query).items()}
    assert query["timestamp"] == str(fake.clock.timestamp())
    assert query["signature"] == signature(query["timestamp"], "8")
    assert (query["encrypt_type"], query["nonce"]) == ("aes", "8")
    crypto = wechatpy_crypto()
    message = crypto.decrypt_message(push.body, query["msg_signature"], query["timestamp"], "8")
    assert message == push.message
    assert "<Reason><![CDATA[审核排队中]]></Reason>" in message
    assert query["openid"] in message


def test_a_push_can_be_received_without_http(fake: FakeWeChat) -> None:
    push = fake.make_push("weapp_audit_success", **SETTINGS)
    assert isinstance(push, FakePush)
    assert EventReceiver(TOKEN, KEY, APPID).receive(push.query, push.body) is not None
    assert repr(push) == f"<FakePush for {fake.default_appid}: {len(push.body)} bytes>"


def test_an_audit_is_pushed_only_with_its_own_details(fake: FakeWeChat) -> None:
    audit = fake.submit("wx5b97b03f7e2c4d18", state=AuditState.REJECTED, reason=REASON)
    for options in ({"reason": "another"}, {"screenshots": ["another"]}):
        with pytest.raises(ValueError, match="an audit has its own"):
            fake.make_push(audit, **SETTINGS, **options)
    with pytest.raises(ValueError, match="the audit belongs to wx5b97b03f7e2c4d18"):
        fake.make_push(audit, "wx00000000000000aa", **SETTINGS)
    assert fake.make_push(audit, audit.appid, **SETTINGS).appid == audit.appid


def test_the_arguments_of_a_push_are_checked(fake: FakeWeChat) -> None:
    wrong: tuple[tuple[Any, dict[str, Any]], ...] = (
        (5, {}),
        ("weapp_audit_fail", {"screenshots": "abc"}),
        ("weapp_audit_fail", {"screenshots": [5]}),
        ("weapp_audit_fail", {"reason": 5}),
        ("weapp_audit_fail", {"nonce": 5}),
        ("weapp_audit_fail", {"timestamp": True}),
    )
    for audit, options in wrong:
        with pytest.raises(TypeError, match=" must be "):
            fake.make_push(audit, **SETTINGS, **options)


def test_a_push_without_an_answer_is_a_connection_error(fake: FakeWeChat) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            fake.push("weapp_audit_success", f"http://127.0.0.1:{taken.getsockname()[1]}", **SETTINGS)
    with pytest.raises(ValueError, match="must begin with http:// or https://, not 'ftp'"):
        fake.push("weapp_audit_success", "ftp://127.0.0.1/", **SETTINGS)


@pytest.mark.parametrize(("body", "accepted"), [(b"success", True), (b"", True), (b"ok", False)])
def test_wechat_accepts_success_or_an_empty_body(body: bytes, accepted: bool) -> None:
    assert PushAnswer(200, body).accepted is accepted
    assert not PushAnswer(500, body).accepted


@pytest.fixture
def control(fake: FakeWeChat) -> Iterator[str]:
    with ControlPlane(fake) as plane:
        yield plane.url


def test_the_control_plane_sends_pushes(fake: FakeWeChat, platform: Platform, control: str) -> None:
    audit = fake.submit("wx0123456789abcdef")
    audit.reject(REASON, ["shot_1"])
    told = {"url": platform.url, "auditid": audit.auditid, **SETTINGS}
    done = {"http_status": 200, "body": "success", "accepted": True, "error": None}
    assert exchange("POST", f"{control}/push", told) == (200, done)
    named = {"url": platform.url, "event": "weapp_audit_delay", "appid": "wx1", "reason": "忙", **SETTINGS}
    assert exchange("POST", f"{control}/push", named) == (200, done)
    (_, failed), (_, delayed) = platform.events
    assert failed is not None
    assert delayed is not None
    assert (failed.status, failed.reason, failed.screenshots) == (AuditState.REJECTED, REASON, ("shot_1",))
    assert (delayed.status, delayed.original_id) == (AuditState.DELAYED, fake.original_id("wx1"))


def test_the_control_plane_explains_why_a_push_failed(fake: FakeWeChat, control: str) -> None:
    audit = fake.submit()
    told = {"url": "http://127.0.0.1:9/", "auditid": audit.auditid, **SETTINGS}
    status, answer = exchange("POST", f"{control}/push", told)
    assert (status, answer["error"]) == (
        400,
        "WeChat sends no push for an audit that is IN_REVIEW: change its state first",
    )
    audit.approve()
    status, answer = exchange("POST", f"{control}/push", told)
    assert (status, answer["accepted"], answer["http_status"]) == (200, False, None)
    assert "refused" in answer["error"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"url": None}, "required strings are missing: url"),
        ({"encoding_aes_key": "short"}, "43 letters and digits, got a text of 5 characters"),
        ({"auditid": None, "event": None}, "give either auditid or event"),
        ({"event": "weapp_audit_fail"}, "give either auditid or event"),
        ({"colour": "red"}, "unknown names: colour"),
        ({"url": "ftp://127.0.0.1/"}, "must begin with http:// or https://"),
    ],
)
def test_the_control_plane_refuses_an_invalid_push(
    fake: FakeWeChat, control: str, changed: dict[str, Any], problem: str
) -> None:
    audit = fake.submit()
    audit.approve()
    told = {"url": "http://127.0.0.1:9/", "auditid": audit.auditid, **SETTINGS, **changed}
    told = {name: value for name, value in told.items() if value is not None}
    status, answer = exchange("POST", f"{control}/push", told)
    assert status == 400
    assert problem in answer["error"]
    assert KEY not in answer["error"]
