"""`wxaudit config show`, and what is wrong with a configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.command_line.run import run
from wxaudit import ArgumentError
from wxaudit._cli.configuration_file import default_path
from wxaudit._cli.options import ConnectionOptions
from wxaudit._cli.settings import Settings, resolve

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
proxy = "http://operator:secret-word@127.0.0.1:3128"
timeout = "20s"
token_command = "pass wechat/token"

[profiles.prod]
base_url = "https://api2.weixin.qq.com"
fallback_urls = ["https://sh.api.weixin.qq.com"]
max_retries = 5

[profiles.test]
base_url = "http://127.0.0.1:8080"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG, "utf-8")
    return file


def resolved(config: Path | None = None, **options: Any) -> Settings:
    environment = options.pop("environment", {})
    given = None if config is None else str(config)
    return resolve(ConnectionOptions(config=given, **options), {"XDG_CONFIG_HOME": "/none", **environment})


def shown(*arguments: object, **variables: str) -> dict[str, tuple[str | None, str | None]]:
    done = run("config", "show", "--json", *arguments, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["setting"]: (line["value"], line["from"]) for line in lines}


def test_it_shows_each_value_and_where_it_comes_from(config: Path) -> None:
    rows = shown(
        *("--config", config, "--profile", "prod", "--max-retries", "0"),
        WXAUDIT_TIMEOUT="7",
        WXAUDIT_TOKEN="secret-token",
    )
    assert rows["config_file"] == (str(config), None)
    assert rows["profile"] == ("prod", None)
    assert rows["base_url"] == ("https://api2.weixin.qq.com", f"profile prod of {config}")
    assert rows["fallback_urls"] == ("https://sh.api.weixin.qq.com", f"profile prod of {config}")
    assert rows["proxy"] == ("http://***@127.0.0.1:3128", str(config))
    assert rows["timeout"] == ("7 s", "WXAUDIT_TIMEOUT")
    assert rows["max_retries"] == ("0", "--max-retries")
    assert rows["max_concurrency"] == ("64", "default")
    assert rows["token"] == ("***", "WXAUDIT_TOKEN")
    # The variable counts before the file.
    assert rows["token_command"] == (None, None)


def test_piped_it_is_a_line_for_each_setting_and_in_chinese_too(config: Path) -> None:
    done = run("config", "show", "--config", config, "--profile", "test", "--lang", "zh")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert ["base_url", "http://127.0.0.1:8080", f"{config} 的 profile test"] in rows
    assert ["token_command", "pass wechat/token", str(config)] in rows
    assert {len(row) for row in rows} == {3}


@pytest.mark.parametrize(
    "proxy",
    [
        "http://operator:p@ss/wor?d@127.0.0.1:1",
        "socks5://secret@127.0.0.1:1",
    ],
)
def test_no_part_of_a_password_is_shown(proxy: str) -> None:
    done = run("config", "show", "--proxy", proxy)
    for part in ("operator", "secret", "p@ss", "wor?d"):
        assert part not in done.stdout + done.stderr


def test_the_file_is_where_the_system_has_such_files(tmp_path: Path) -> None:
    folder = tmp_path / "wxaudit"
    folder.mkdir()
    (folder / "config.toml").write_text("max_retries = 7\n")
    assert shown(XDG_CONFIG_HOME=str(tmp_path))["max_retries"][0] == "7"
    (tmp_path / ".config").mkdir()
    folder.rename(tmp_path / ".config" / "wxaudit")
    assert shown(XDG_CONFIG_HOME="", HOME=str(tmp_path))["max_retries"][0] == "7"
    assert default_path({"XDG_CONFIG_HOME": str(tmp_path)}) is None


def test_the_default_profile_and_paths_beside_the_file(config: Path) -> None:
    config.write_text('default_profile = "a"\nca_file = "ca.pem"\n[profiles.a]\ntoken_file = "~/token"\n')
    settings = resolved(config)
    assert settings.profile == "a"
    assert settings.get("ca_file") == str(config.parent / "ca.pem")
    assert settings.get("token_file").startswith("/")
    assert resolved(config, ca_file="ca.pem").get("ca_file") == "ca.pem"
    # With the mark of Windows' Notepad.
    config.write_bytes(b"\xef\xbb\xbfmax_retries = 1\n")
    assert resolved(config).get("max_retries") == 1


WRONG = {
    'bas_url = "x"': "bas_url is not a setting; did you mean base_url?",
    'colour = "red"': "colour is not a setting; the settings are base_url, fallback_urls, proxy,",
    'token = "secret-word"': "tokens are not accepted in the configuration file, so token is not a setting; "
    "write token_command or token_file",
    '[profiles.a]\nauthorizer_access_token = "secret-word"': "so authorizer_… is not a setting",
    'token_comand = "x"': "did you mean token_command?",
    "92_abcdefghijklmnopqrstuvwxyz = 1": "92_abcdefgh… is not a setting",
    "base_url = 3": "must be a text in quotes",
    'base_url = ""': "must be a text in quotes",
    'fallback_urls = "https://a"': 'must be a list of texts, such as ["a", "b"]',
    "fallback_urls = [1]": "must be a list of texts",
    "timeout = true": "must be a duration, such as 90 or 90s",
    'timeout = "soon"': "'soon' is not a duration",
    "timeout = inf": "'inf' is not a duration",
    "max_retries = 1.5": "must be a whole number",
    'max_retries = "many"': "must be a whole number",
    "max_retries = -1": "must be a whole number",
    'allow_readable_token_file = "yes"': "must be true or false",
    "profiles = 3": "profiles must be tables; write [profiles.NAME]",
    "[profiles]\nprod = 3": "profiles must be tables",
    "default_profile = 3": "the profile 3 is not in",
    "this is no TOML": "is not valid TOML: ",
    'proxy = "a\nb"': "is not valid TOML: ",
    "a = 1\na = 2": "is not valid TOML: ",
}


@pytest.mark.parametrize(("content", "problem"), WRONG.items())
def test_what_is_wrong_in_the_file(config: Path, content: str, problem: str) -> None:
    config.write_text(content + "\n")
    with pytest.raises(ArgumentError) as caught:
        resolved(config)
    assert str(config) in caught.value.message
    assert problem in caught.value.message
    assert "secret" not in caught.value.message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "gbk.toml").write_bytes('proxy = "代理"'.encode("gbk"))
    for name, problem in {
        "none.toml": "cannot be read: it does not exist",
        ".": "cannot be read: it is a directory",
        "gbk.toml": "is not UTF-8; save it as UTF-8",
    }.items():
        path = tmp_path / name
        done = run("config", "show", "--config", path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"wxaudit: the configuration file {path} {problem}\n"
    done = run("config", "show", WXAUDIT_CONFIG=str(tmp_path / "none.toml"), WXAUDIT_LANG="zh")
    assert done.stderr.startswith(f"wxaudit: 无法读取配置文件 {tmp_path / 'none.toml'}：文件不存在\n")


def test_a_profile_that_is_not_there(config: Path) -> None:
    for name, problem in {
        "prd": f"the profile prd is not in {config}; did you mean prod?",
        "secret-abcdefghijklmnop": f"the profile secret-abcd… is not in {config}; its profiles: prod, test",
    }.items():
        with pytest.raises(ArgumentError) as caught:
            resolved(config, profile=name)
        assert caught.value.message == problem
        with pytest.raises(ArgumentError):
            resolved(config, environment={"WXAUDIT_PROFILE": name})
    with pytest.raises(ArgumentError, match="there is no configuration file"):
        resolved(profile="prod")


VARIABLES = {
    "WXAUDIT_MAX_RETRIES": ("many", "WXAUDIT_MAX_RETRIES must be a whole number"),
    "WXAUDIT_TIMEOUT": ("abcdefghijklmnopqrst", "WXAUDIT_TIMEOUT: 'abcdefghijk…' is not a duration"),
    "WXAUDIT_TOKEN": ("two words", "WXAUDIT_TOKEN has blanks or line breaks"),
}


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_cannot_be_read(name: str) -> None:
    value, problem = VARIABLES[name]
    with pytest.raises(ArgumentError) as caught:
        resolved(environment={name: value})
    assert caught.value.message.startswith(problem)


def test_what_the_client_refuses_is_named_as_it_was_given(config: Path) -> None:
    config.write_text("max_concurrency = 0\n")
    for arguments, name in (
        (["--request-timeout", "0"], "--request-timeout: timeout must be"),
        (["--config", config], f"{config}: max_concurrency: must be 1 or more"),
    ):
        done = run("config", "show", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"wxaudit: {name}")
