"""`wxaudit decrypt`: pushes on standard input."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support.command_line.run import clean_environment, run
from support.push_platform import APPID, FAIL, KEY, PREVIOUS_KEY, TOKEN, now_push, push

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = {
    "WXAUDIT_PUSH_TOKEN": TOKEN,
    "WXAUDIT_ENCODING_AES_KEY": KEY,
    "WXAUDIT_COMPONENT_APPID": APPID,
}
OTHER = FAIL.replace("weapp_audit_fail", "user_enter_tempsession").replace("FailTime", "Time")


def decrypt(
    given: tuple[str, bytes], *options: object, **variables: str | None
) -> subprocess.CompletedProcess[str]:
    query, body = given
    return run("decrypt", "--query", query, *options, stdin=body, **{**PLATFORM, **variables})


def test_an_event_is_shown() -> None:
    done = decrypt(now_push())
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("\t") for line in done.stdout.splitlines()] == [
        ["EVENT", "weapp_audit_fail"],
        ["STATE", "rejected"],
        ["MINI PROGRAM", "gh_fb9688c2a4b2"],
        ["DECIDED AT", "2017-03-07T03:16:30+00:00"],
        ["REASON", "1. 账号信息不符合规范; - 包含色情因素"],
        ["REASON", '2. 服务类目"金融业-保险_"不一致; - 标签不属于所选的服务类目范围。'],
        *(["SCREENSHOT", media_id] for media_id in ("xxx", "yyy", "zzz")),
    ]


def test_json_has_the_event_and_its_state() -> None:
    values = json.loads(decrypt(now_push(), "--json").stdout)
    assert (values["kind"], values["state"], values["status"]) == ("weapp_audit_fail", "REJECTED", 1)
    assert values["screenshots"] == ["xxx", "yyy", "zzz"]


def test_a_push_from_a_log_is_opened_at_any_age() -> None:
    old, body = push(FAIL)
    done = decrypt((old, body))
    assert (done.returncode, done.stdout) == (4, "")
    assert "add --any-age" in done.stderr
    assert "--any-age" in decrypt((old, body), "--lang", "zh").stderr
    line = f"POST /wechat/wx5b97b03f7e2c4d18/events?{old} HTTP/1.1"
    done = decrypt((line, body), "--any-age", "--lang", "zh")
    assert (done.returncode, done.stderr) == (0, "")
    assert "审核被拒绝" in done.stdout


def test_a_push_about_something_else_is_an_answer() -> None:
    done = decrypt(now_push(OTHER))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The push is genuine, and not about an audit.\n"
    assert json.loads(decrypt(now_push(OTHER), "--json").stdout) == {"kind": None}


@pytest.mark.parametrize(
    ("changed", "told", "chinese"),
    [
        ({"WXAUDIT_PUSH_TOKEN": "guess"}, "Token, EncodingAESKey or appid", "签名、密钥或 AppID 不符"),
        (
            {"WXAUDIT_ENCODING_AES_KEY": PREVIOUS_KEY},
            "Token, EncodingAESKey or appid",
            "签名、密钥或 AppID 不符",
        ),
        ({"WXAUDIT_COMPONENT_APPID": "wx1"}, "Token, EncodingAESKey or appid", "签名、密钥或 AppID 不符"),
    ],
)
def test_what_cannot_be_opened_is_refused_without_a_secret(
    changed: dict[str, str], told: str, chinese: str
) -> None:
    for language, expected in (("en", told), ("zh", chinese)):
        done = decrypt(now_push(), "--lang", language, **changed)
        assert (done.returncode, done.stdout) == (4, "")
        assert expected in done.stderr
        for secret in (TOKEN, KEY, PREVIOUS_KEY, "guess"):
            assert secret not in done.stderr


def test_the_previous_key_opens_what_it_sealed() -> None:
    given = now_push(key=PREVIOUS_KEY)
    assert decrypt(given).returncode == 4
    assert decrypt(given, WXAUDIT_PREVIOUS_ENCODING_AES_KEY=PREVIOUS_KEY).returncode == 0


def test_a_message_that_is_not_wechats_is_told() -> None:
    done = decrypt(
        now_push(FAIL.replace("<FailTime>1488856590</FailTime>", "").replace("CreateTime", "Time"))
    )
    assert done.returncode == 4
    assert "weapp_audit_fail has no time" in done.stderr
    query, body = now_push()
    done = decrypt((query, body.replace(b"Encrypt", b"Plain")), "--lang", "zh")
    assert "缺少 msg_signature、timestamp、nonce 或 <Encrypt>" in done.stderr


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"WXAUDIT_PUSH_TOKEN": None, "WXAUDIT_COMPONENT_APPID": None},
            "set WXAUDIT_PUSH_TOKEN, WXAUDIT_COMPONENT_APPID to the settings",
        ),
        ({"WXAUDIT_ENCODING_AES_KEY": KEY[:-1]}, "43 letters and digits, got a text of 42 characters"),
    ],
)
def test_wrong_settings_are_usage_errors(variables: dict[str, Any], told: str) -> None:
    done = decrypt(now_push(), **variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert KEY[:-1] not in done.stderr


def test_the_secrets_may_be_in_files(tmp_path: Path) -> None:
    token, key = tmp_path / "token", tmp_path / "key"
    token.write_text(f"{TOKEN}\n")
    key.write_text(f"{KEY}\n")
    options = ("--push-token-file", token, "--aes-key-file", key, "--component-appid", APPID)
    none: dict[str, Any] = dict.fromkeys(PLATFORM)
    token.chmod(0o600)
    key.chmod(0o644)
    done = decrypt(now_push(), *options, **none)
    assert (done.returncode, done.stdout) == (2, "")
    assert "can be read by other users" in done.stderr
    key.chmod(0o600)
    assert decrypt(now_push(), *options, **none).returncode == 0


def test_an_empty_standard_input_is_told() -> None:
    done = decrypt((now_push()[0], b""))
    assert done.returncode == 2
    assert "standard input has no push" in done.stderr


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_missing_extra_is_told_in_one_line(language: str) -> None:
    program = (
        "import sys; sys.modules['cryptography'] = None; from wxaudit._cli import main; "
        f"sys.exit(main(['decrypt', '--query', 'x', '--lang', '{language}']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(**PLATFORM),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'wxaudit[events]'" in done.stderr
    assert ("尚未安装" in done.stderr) is (language == "zh")
