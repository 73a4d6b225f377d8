"""`wxaudit doctor`: settings, hosts, clock, token and permission, on the fake."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.command_line.doctor import doctor
from support.command_line.run import clean_environment, command, run
from support.name_lookup import NameLookup
from support.servers.dead_port import DeadPort
from support.servers.raw_server import RawServer, Script, answer
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from pathlib import Path

# A token that must not be in any output.
CANARY = "81_CANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARY"


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_all_is_well(fake: FakeWeChat) -> None:
    report = doctor(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token())
    assert report.code == 0
    assert report.statuses() == {
        "versions": "ok",
        "settings": "ok",
        "proxy": "ok",
        "name": "ok",
        "connection": "ok",
        "tls": "skipped",
        "clock": "ok",
        "ip_whitelist": "ok",
        "token": "ok",
        "permission": "ok",
    }
    assert report.row("token")["origin"] == "WXAUDIT_TOKEN"
    assert 0 < report.row("connection")["seconds"] < report.row("connection")["first_seconds"] + 5
    assert f"base_url {fake.base_url} (WXAUDIT_BASE_URL)" in report.row("settings")["found"]


def test_people_read_a_line_for_each_check(fake: FakeWeChat) -> None:
    variables = {"WXAUDIT_BASE_URL": fake.base_url, "WXAUDIT_TOKEN": fake.token(permissions=())}
    done = run("doctor", **variables)
    assert (done.returncode, done.stderr) == (4, "")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert all(len(line) == 5 for line in lines)
    assert lines[-1][:2] == ["failed", "permission"]
    assert "permission set 18" in lines[-1][4]
    chinese = run("doctor", "--lang", "zh", **variables).stdout.splitlines()[-1].split("\t")
    assert chinese[:2] == ["失败", "权限"]
    assert chinese[3].startswith("权限不足：61007")
    assert "权限集 18" in chinese[4]


def test_without_a_token_it_checks_the_rest(fake: FakeWeChat) -> None:
    report = doctor(WXAUDIT_BASE_URL=fake.base_url)
    assert report.code == 0
    assert report.row("token")["status"] == "skipped"
    assert "WXAUDIT_TOKEN" in report.row("token")["found"]


@pytest.mark.parametrize(
    ("errcode", "check", "code"),
    [
        (85012, "permission", 0),
        (40001, "token", 4),
        (40014, "token", 4),
        (42001, "token", 4),
        (41001, "token", 4),
        (42007, "token", 4),
        (86000, "token", 4),
        (61015, "token", 4),
        (61007, "permission", 4),
        (48001, "permission", 4),
        (61003, "permission", 4),
        (61004, "ip_whitelist", 4),
        (40164, "ip_whitelist", 4),
        (45009, "quota", 75),
        (48004, "wechat", 4),
        (-1, "wechat", 75),
        (99999, "wechat", 4),
    ],
)
def test_each_errcode_names_what_is_wrong(fake: FakeWeChat, errcode: int, check: str, code: int) -> None:
    token = fake.token()
    fake.fail_next(Fault(errcode=errcode), times=None, appid=fake.default_appid)
    report = doctor("--max-retries", 0, WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=token)
    assert report.code == code
    failed = {row["check"] for row in report.rows if row["status"] == "failed"}
    assert failed == (set() if code == 0 else {check})
    assert report.row("connection")["status"] == "ok"
    row = report.row(check)
    if code:
        assert (row["errcode"], bool(row["todo"])) == (errcode, True)
        assert str(errcode) in row["found"]
    if check == "ip_whitelist":
        assert row["ip"] == "203.0.113.7"
        assert "Add 203.0.113.7 to the platform's IP whitelist" in row["todo"]
    assert token not in report.output


@pytest.mark.parametrize("kind", ["own", "component"])
def test_a_token_of_the_wrong_kind_is_told(fake: FakeWeChat, kind: Any) -> None:
    report = doctor(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token(kind=kind))
    assert report.code == 4
    assert "authorizer_access_token" in report.row("token")["todo"]


def test_no_output_has_the_token_even_if_wechat_repeats_it(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode=99999, errmsg=f"bad {CANARY} here"), times=None)
    for language in ("en", "zh"):
        variables = {"WXAUDIT_BASE_URL": fake.base_url, "WXAUDIT_TOKEN": CANARY}
        done = run("doctor", "--lang", language, **variables)
        assert "CANARY" not in done.stdout + done.stderr
        assert "CANARY" not in doctor("--lang", language, **variables).output


def test_a_token_command_that_fails_is_told(fake: FakeWeChat) -> None:
    report = doctor("--token-command", "exit 3", WXAUDIT_BASE_URL=fake.base_url)
    assert report.code == 4
    assert report.row("token")["origin"] == "--token-command"
    assert "--token-command" in report.row("token")["found"]


def test_a_token_file_that_others_can_read_is_told(fake: FakeWeChat, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(CANARY)
    file.chmod(0o644)
    report = doctor("--token-file", file, WXAUDIT_BASE_URL=fake.base_url)
    assert (report.code, report.row("token")["status"]) == (2, "failed")
    assert "chmod 600" in report.row("token")["found"]
    assert "CANARY" not in report.output


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"WXAUDIT_TIMEOUT": "soon"}, "WXAUDIT_TIMEOUT"),
        ({"WXAUDIT_BASE_URL": "http://api.weixin.qq.com"}, "base_url"),
        ({"WXAUDIT_BASE_URL": "https://someone:CANARY@wechat.example"}, "WXAUDIT_BASE_URL"),
        ({"HTTPS_PROXY": "ftp://someone:CANARY@proxy.example"}, "HTTPS_PROXY"),
    ],
)
def test_wrong_settings_are_told_and_nothing_is_sent(variables: dict[str, str], told: str) -> None:
    report = doctor(**variables)
    assert (report.code, report.row("settings")["status"]) == (2, "failed")
    assert told in report.row("settings")["found"]
    assert [row["check"] for row in report.rows] == ["versions", "settings"]
    assert "CANARY" not in report.output


@pytest.mark.parametrize("ahead", [3600, 0])
def test_a_clock_that_differs_is_a_warning(fake: FakeWeChat, ahead: int) -> None:
    fake.clock.advance(ahead)
    report = doctor(WXAUDIT_BASE_URL=fake.base_url)
    assert report.code == 0
    row = report.row("clock")
    assert row["status"] == ("warning" if ahead else "ok")
    # The clock of the fake stands still, while the command starts.
    assert ahead - 60 < row["host_ahead_seconds"] <= ahead + 1
    if ahead:
        assert "behind the host" in row["found"]
        assert "NTP" in row["todo"]


def test_a_host_that_is_down_is_a_network_error() -> None:
    port = closed_port()
    report = doctor(WXAUDIT_BASE_URL=f"http://127.0.0.1:{port}", WXAUDIT_TOKEN=CANARY)
    assert report.code == 75
    row = report.row("connection")
    assert (row["status"], row["host"]) == ("failed", f"127.0.0.1:{port}")
    assert row["found"] == f"cannot connect to 127.0.0.1:{port}: connection refused"
    assert report.row("token")["found"] == "not checked: no host answers"
    report = doctor(WXAUDIT_BASE_URL=f"http://127.0.0.1:{port}")
    assert report.row("token")["found"].startswith("there is no token; with WXAUDIT_TOKEN")


def test_each_host_is_checked_and_the_token_at_one_that_answers(fake: FakeWeChat, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'base_url = "http://127.0.0.1:{closed_port()}"\nfallback_urls = ["{fake.base_url}"]\n')
    report = doctor("--config", config, WXAUDIT_TOKEN=fake.token())
    assert report.code == 75
    assert report.row("connection", 0)["status"] == "failed"
    assert report.row("connection", 1)["status"] == "ok"
    assert report.row("permission")["status"] == "ok"


def test_a_host_that_does_not_answer_ends_at_the_time_limit() -> None:
    dead = DeadPort(socket.AF_INET, "127.0.0.1")
    try:
        begun_at = time.monotonic()
        report = doctor("--request-timeout", "1s", WXAUDIT_BASE_URL=f"http://127.0.0.1:{dead.port}")
        assert time.monotonic() - begun_at < 60
    finally:
        dead.close()
    assert report.code == 75
    assert "no answer within 1 s" in report.row("connection")["found"]


def test_a_name_that_does_not_resolve_is_told(tmp_path: Path) -> None:
    names = NameLookup(tmp_path)
    report = doctor(WXAUDIT_BASE_URL="https://wechat.example", **names.environment)
    assert report.code == 75
    assert report.row("name")["status"] == "failed"
    assert report.row("name")["found"].startswith("not found: ")
    assert "spelling of the host" in report.row("name")["todo"]
    assert report.row("connection")["todo"] == "See the name above."


def test_a_lookup_that_hangs_ends_at_its_limit(tmp_path: Path, fake: FakeWeChat) -> None:
    names = NameLookup(tmp_path)
    names.answer("wechat.example", "+1000")
    config = tmp_path / "config.toml"
    config.write_text(f'base_url = "{fake.base_url}"\nfallback_urls = ["https://wechat.example"]\n')
    options = ("--config", config, "--request-timeout", "2s")
    report = doctor(*options, WXAUDIT_TOKEN=fake.token(), **names.environment)
    assert report.code == 75
    assert report.row("name", 1)["found"] == "no answer within 5 s"
    assert "looking up the host name wechat.example" in report.row("connection", 1)["found"]
    assert report.row("token")["status"] == "ok"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_can_be_interrupted_while_a_host_hangs(
    fake: FakeWeChat, number: signal.Signals, code: int
) -> None:
    fake.fail_next(Fault(hold=True), times=None)
    with subprocess.Popen(
        command("doctor", "--request-timeout", "1h"),
        env=clean_environment(WXAUDIT_BASE_URL=fake.base_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        fake.wait_for_held(1, timeout=60)
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == code


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (answer(b"<html>Log in</html>", "Content-Type: text/html"), "Log in"),
        (answer(b"", "Location: http://login.example/", status="302 Found"), "HTTP status 302"),
    ],
)
def test_a_page_in_place_of_wechat_is_told(page: bytes, told: str) -> None:
    with RawServer(Script(*[page] * 9)) as server:
        report = doctor(WXAUDIT_BASE_URL=server.base_url, WXAUDIT_TOKEN=CANARY)
    assert report.code == 75
    row = report.row("connection")
    assert (row["status"], told in row["found"]) == ("failed", True)
    assert "proxy" in row["todo"]
    # A host that is not WeChat's never gets the token.
    assert not any(b"CANARY" in request.head for request in server.requests)


def test_a_host_of_ipv6_is_checked() -> None:
    with FakeWeChat(host="::1") as fake:
        report = doctor(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=fake.token())
    assert (report.code, report.row("clock")["status"]) == (0, "ok")
    assert report.row("connection")["host"] == f"[::1]:{fake.port}"
