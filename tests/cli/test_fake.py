"""`wxaudit fake`: the commands that drive a running fake, over its control plane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.command_line.run import ask, run
from support.push_platform import APPID, KEY, TOKEN
from support.servers.raw_server import Connection, RawServer, answer
from wxaudit.events import EventReceiver
from wxaudit.testing._control.server import ControlPlane

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from wxaudit.testing import FakeWeChat

    Drive = Callable[..., subprocess.CompletedProcess[str]]

PLATFORM = {
    "WXAUDIT_PUSH_TOKEN": TOKEN,
    "WXAUDIT_ENCODING_AES_KEY": KEY,
    "WXAUDIT_COMPONENT_APPID": APPID,
}


@pytest.fixture
def control_url(fake: FakeWeChat) -> Iterator[str]:
    with ControlPlane(fake) as control:
        yield control.url


@pytest.fixture
def drive(control_url: str) -> Drive:
    """Runs a command against the fake of the test."""

    def drive(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        return run("fake", *arguments, **{"WXAUDIT_FAKE_URL": control_url, **variables})

    return drive


def test_an_audit_lives_as_the_shell_says(fake: FakeWeChat, drive: Drive) -> None:
    done = drive("submit", "--auditid", 1234567, "--appid", "wx1234567890abcdef", "--user-version", "2.0")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1234567\twx1234567890abcdef\tunder review\n"
    assert fake.audit(1234567).user_version == "2.0"
    done = drive("delay", 1234567, "--reason", "排队", "--lang", "zh")
    assert done.stdout.split("\t")[2] == "审核延后\n"
    done = drive("reject", 1234567, "--reason", "1:标题:<br>(1):甲<br>", "--screenshots", 2)
    assert (done.returncode, done.stdout.split("\t")[2]) == (0, "rejected\n")
    shown = ask(fake, fake.token("wx1234567890abcdef"), "status", 1234567)
    assert shown.returncode == 1
    assert "1. 标题; - 甲" in shown.stdout
    assert shown.stdout.count("screenshot ") == 2


@pytest.mark.parametrize(("action", "state"), [("approve", 0), ("withdraw", 3)])
def test_several_audits_are_decided_at_once(fake: FakeWeChat, drive: Drive, action: str, state: int) -> None:
    audits = [fake.submit(), fake.submit()]
    done = drive(action, *(audit.auditid for audit in audits))
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    assert [audit.state for audit in audits] == [state, state]


def test_json_has_what_the_control_plane_says(fake: FakeWeChat, drive: Drive) -> None:
    life = '[{"state": "rejected", "after_polls": 2, "reason": "1:…"}]'
    values = json.loads(drive("submit", "--life", life, "--json").stdout)
    assert (values["state_name"], values["steps_left"]) == ("in_review", 1)
    assert fake.audit(values["auditid"]).appid == values["appid"]


def test_a_change_that_wechat_never_makes_is_refused(fake: FakeWeChat, drive: Drive) -> None:
    audit = fake.submit(state=1, reason="1:…")
    done = drive("approve", audit.auditid)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "wxaudit fake: REJECTED is final: the audit cannot become APPROVED\n"
    done = drive("approve", audit.auditid, "--lang", "zh")
    assert done.stderr.startswith("wxaudit fake：模拟微信拒绝了这次操作：")


def test_an_unknown_audit_is_named(drive: Drive) -> None:
    done = drive("approve", 99)
    assert (done.returncode, done.stderr) == (4, "wxaudit fake: no audit 99: submit it first\n")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--errcode", 45009], {"errcode": 45009}),
        (["--delay", "2s"], {"delay": 2.0}),
        (["--cut", "body", "--cut-at", 10, "--reset"], {"cut": "body", "cut_at": 10, "reset": True}),
        (["--errcode", -1, "--http-status", 500], {"errcode": -1, "http_status": 500}),
        (["--fault", '{"drip": 1, "drip_interval": 0.5}'], {"drip": 1, "drip_interval": 0.5}),
    ],
)
def test_faults_reach_the_fake(
    fake: FakeWeChat, drive: Drive, options: list[object], expected: dict[str, Any]
) -> None:
    done = drive("fault", *options, "--times", 3, "--auditid", 1234567, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    values = json.loads(done.stdout)
    assert (values["fault"], values["remaining"], values["auditid"]) == (expected, 3, 1234567)
    (pending,) = fake.pending_faults
    assert pending.fault._given() == expected
    assert drive("fault", "--clear").returncode == 0
    assert fake.pending_faults == []


def test_an_http_status_alone_is_the_page_of_a_gateway(fake: FakeWeChat, drive: Drive) -> None:
    assert drive("fault", "--http-status", 502, "--always").stdout.endswith("all requests\n")
    (pending,) = fake.pending_faults
    assert b"502 Bad Gateway" in (pending.fault.body or b"")
    assert pending.remaining is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "a command is missing"),
        (["nope"], "there is no command nope"),
        (["fault"], "say what shall go wrong"),
        (["fault", "--errmsg", "x"], "errmsg needs errcode"),
        (["fault", "--fault", "{"], "--fault must be a JSON object"),
        (["fault", "--fault", '{"drp": 1}'], "unknown names: drp"),
        (["fault", "--delay", "soon"], "--delay: 'soon' is not a duration"),
        (["fault", "--cut", "middle"], "middle"),
        (["submit", "--life", "{"], "--life: not valid JSON"),
        (["submit", "--life", '[{"state": "rejcted"}]'], "unknown state 'rejcted'"),
        (["submit", "--state", "lost"], "lost"),
        (["approve"], "AUDITID"),
        (["approve", "12x"], "AUDITID..."),
        (["push", "1", "--url", "http://127.0.0.1:1/"], "set WXAUDIT_PUSH_TOKEN, WXAUDIT_ENCODING_AES_KEY"),
    ],
)
def test_bad_input_is_told_before_anything_is_sent(arguments: list[str], told: str) -> None:
    # At this address nothing listens: a call would end with 75.
    done = run("fake", *arguments, WXAUDIT_FAKE_URL="http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_of_the_fake_works(fake: FakeWeChat, drive: Drive) -> None:
    audit = fake.submit()
    token = drive("token").stdout.strip()
    assert ask(fake, token, "status", audit.auditid).returncode == 8
    own = drive("token", "--kind", "own", "--expires-in", "1h").stdout.strip()
    assert "86000" in ask(fake, own, "status", audit.auditid).stdout
    lacking = json.loads(drive("token", "--without-permission", "--json").stdout)["token"]
    assert "61007" in ask(fake, lacking, "status", audit.auditid).stdout


def test_a_push_arrives_as_wechat_sends_it(fake: FakeWeChat, drive: Drive) -> None:
    audit = fake.submit(state=1, reason="1:标题")

    def accept(connection: Connection) -> None:
        if connection.read_request() is not None:
            connection.send(answer(b"success"))

    with RawServer(accept) as receiver:
        done = drive("push", audit.auditid, "--url", f"{receiver.base_url}/$APPID$", **PLATFORM)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{audit.auditid}\taccepted\tHTTP 200\n"
    (request,) = receiver.requests
    path, _, query = request.head.split(b" ")[1].decode().partition("?")
    assert path == f"/{audit.appid}"
    event = EventReceiver(TOKEN, KEY, APPID).receive(query, request.body)
    assert event is not None
    assert (event.status, event.reason) == (1, "1:标题")


def test_a_push_that_is_refused_or_not_answered_has_exit_codes(fake: FakeWeChat, drive: Drive) -> None:
    audit = fake.submit(state=0)

    def refuse(connection: Connection) -> None:
        if connection.read_request() is not None:
            connection.send(answer(b"no", status="403 Forbidden"))

    with RawServer(refuse) as receiver:
        done = drive("push", audit.auditid, "--url", receiver.base_url, **PLATFORM)
    assert (done.returncode, done.stdout) == (4, f"{audit.auditid}\trefused\tHTTP 403\n")
    done = drive("push", audit.auditid, "--url", receiver.base_url, **PLATFORM)
    assert done.returncode == 75
    assert "no answer" in done.stdout


def test_secrets_of_the_platform_are_in_no_output(fake: FakeWeChat, drive: Drive) -> None:
    audit = fake.submit(state=0)
    for changed in ({}, {"WXAUDIT_ENCODING_AES_KEY": KEY[:-1]}, {"WXAUDIT_COMPONENT_APPID": KEY}):
        for options in (["--json"], ["--lang", "zh"]):
            done = drive(
                "push", audit.auditid, "--url", "http://127.0.0.1:1", *options, **{**PLATFORM, **changed}
            )
            assert done.returncode in (4, 75)
            for secret in (TOKEN, KEY, KEY[:-1]):
                assert secret not in done.stdout + done.stderr


def test_without_a_fake_it_says_how_to_start_one() -> None:
    done = run("fake", "submit", "--control-url", "http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (75, "")
    assert "no fake runs at http://127.0.0.1:1; start one with: wxaudit fake serve" in done.stderr
    assert (
        "请先运行 wxaudit fake serve"
        in run("fake", "submit", "--lang", "zh", WXAUDIT_FAKE_URL="http://127.0.0.1:1").stderr
    )


def test_the_address_of_the_fake_itself_is_told_from_its_control_plane(fake: FakeWeChat) -> None:
    done = run("fake", "submit", "--control-url", fake.base_url)
    assert done.returncode == 75
    assert "not its base_url" in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:18081",
        "https://127.0.0.1:18081",
        "http://127.0.0.1",
        "http://127.0.0.1:x",
        "http://[::1",
        "http://127.0.0.1:18081/other",
        "http://192.0.2.1:18081",
        "http://fake.example:18081",
        "http://user:CANARYPASSWORD@127.0.0.1:18081",
        "http://127.0.0.1:18081/__fake__?access_token=CANARYPASSWORD",
    ],
)
def test_what_is_not_a_control_url_is_a_usage_error(url: str) -> None:
    done = run("fake", "submit", WXAUDIT_FAKE_URL=url)
    assert (done.returncode, done.stdout) == (2, "")
    assert "must be the control_url that the fake printed" in done.stderr
    assert "CANARYPASSWORD" not in done.stderr
