"""Troubleshooting: each message that the page quotes is provoked here, and is what the code says."""

from __future__ import annotations

import ast
import asyncio
import gc
import os
import re
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import redis.asyncio

import wxaudit
from docs.builder.languages import CHINESE, ENGLISH, LANGUAGES
from docs.builder.pages import ROOT
from support.programs import environment, report
from support.servers.connect_proxy import Proxy, WeChat
from support.servers.dead_port import DeadPort
from support.servers.raw_server import Connection, RawServer, answer
from support.servers.socks_proxy import SocksProxy
from wxaudit._native_problem import explained
from wxaudit.testing import FakeWeChat

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.servers.redis_server import RedisServer

TOKEN = "76_" + "Canary-troubles_7Zk2" * 6
AUDITID = 1234567
# No resolver looks a label of more than 63 characters up.
NO_HOST = "n" * 64 + ".invalid"


class Quoted(NamedTuple):
    """A message of the page, and the advice below it if there is one."""

    text: str
    advice: str

    def is_that_of(self, message: str) -> bool:
        pattern = ".*".join(re.escape(part) for part in self.text.split("…"))
        return re.match(pattern, message, re.DOTALL) is not None


def quoted(suffix: str) -> list[Quoted]:
    """Several messages may share the advice below the last of them."""
    text = (ROOT / "docs" / f"troubleshooting{suffix}").read_text(encoding="utf-8")
    found: list[Quoted] = []
    for part in re.findall(r"(?:^```text\n.*?^```\n\n?)+(?:^> [^\n]*\n)?", text, re.MULTILINE | re.DOTALL):
        blocks = re.findall(r"^```text\n(.*?)\n```$", part, re.MULTILINE | re.DOTALL)
        advice = re.search(r"^> (.*)$", part, re.MULTILINE)
        found += [Quoted(block, advice[1] if advice else "") for block in blocks]
    return found


def told(error: BaseException) -> str:
    """As Python prints it at the end of a traceback."""
    return f"{type(error).__name__}: {error}"


def failure(act: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # of many classes
        act()
    return caught.value


def ask(token: Any = TOKEN, **options: Any) -> wxaudit.AuditStatus:
    """A call that leads to a server of this file, or nowhere."""
    assert options.keys() & {"proxy", "base_url"}
    options = {"base_url": "https://api.weixin.qq.com", "timeout": 5, "trust_env": False, **options}
    return wxaudit.Client(**options).get_audit_status(token, AUDITID)


# What pip says, which no other place here sees.


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An index that lists a wheel for glibc and the source, which need Python 3.10."""
    folder = tmp_path_factory.mktemp("index") / "wxaudit"
    folder.mkdir()
    names = ("wxaudit-0.1.0-cp310-abi3-manylinux2014_x86_64.whl", "wxaudit-0.1.0.tar.gz")
    links = [f'<a href="{name}" data-requires-python="&gt;=3.10">{name}</a>' for name in names]
    (folder / "index.html").write_text("\n".join(links), encoding="utf-8")
    return folder.parent.as_uri()


def pip(index: str, *options: str) -> list[str]:
    """The errors of `pip download`."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    done = subprocess.run(
        [*command, "--index-url", index, *options, "wxaudit"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(),
    )
    assert done.returncode == 1
    return [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]


def of_pip(index: str) -> list[str]:
    old = pip(index, "--python-version", "3.9")
    alpine = pip(index, "--platform", "musllinux_1_2_x86_64", "--only-binary=:all:")
    return ["\n".join([old[0], old[-1]]), "\n".join(alpine)]


def of_imports() -> list[str]:
    """The copy that is not for this system is in `test_interpreters.py`."""
    script = "import sys; sys.version_info = (3, 9, 18); sys.version = '3.9.18 (main)'; import wxaudit"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
    )
    missing = told(explained(ImportError("No module named 'wxaudit._native'")))
    isolated = "module wxaudit._native does not support loading in subinterpreters"
    return [
        done.stderr.splitlines()[-1],
        missing,
        f"ImportError: {report('sub_interpreters', flags=())[0]}",
        told(explained(ImportError(isolated))),
    ]


# The network.


def portal(connection: Connection) -> None:
    if connection.read_request() is not None:
        connection.send(answer(b"<html><title>Login</title></html>", "Content-Type: text/html"))


def redirect(connection: Connection) -> None:
    if connection.read_request() is not None:
        connection.send(answer(b"", "Location: http://portal.example/", status="302 Found"))


def refusal(status: str) -> Callable[[Connection], None]:
    return lambda connection: connection.send(answer(b"", status=status))


def of_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    wechat = WeChat(tmp_path)
    # A port that was free a moment ago.
    closed = RawServer(portal)
    closed.stop()
    dead = DeadPort(*ADDRESS)
    servers = [RawServer(portal), RawServer(redirect)]
    refusing = Proxy(wechat, refusal("403 Forbidden"), times=9)
    login = Proxy(wechat, refusal("407 Proxy Authentication Required"), times=9)
    decrypting = Proxy(wechat)
    socks = SocksProxy(wechat.server.port, login=("someone", "secret"))
    # As one does that does not understand CONNECT.
    hasty = SocksProxy(wechat.server.port, instead=lambda _: None, times=9)
    monkeypatch.setenv("HTTPS_PROXY", "socks://127.0.0.1:7890")
    failures = [
        failure(lambda: ask(base_url=f"https://{NO_HOST}")),
        failure(lambda: ask(base_url=f"https://127.0.0.1:{closed.port}")),
        failure(lambda: ask(base_url=f"https://127.0.0.1:{dead.port}", timeout=0.3)),
        failure(lambda: ask(base_url=servers[0].base_url)),
        failure(lambda: ask(base_url=servers[1].base_url)),
        failure(lambda: ask(proxy=f"http://127.0.0.1:{closed.port}")),
        failure(lambda: ask(proxy=f"http://{NO_HOST}:3128")),
        failure(lambda: ask(proxy=f"http://127.0.0.1:{refusing.server.port}")),
        failure(lambda: ask(proxy=f"http://127.0.0.1:{login.server.port}")),
        failure(lambda: ask(proxy=hasty.url("http"))),
        failure(lambda: ask(proxy=socks.url("socks5h"))),
        failure(wxaudit.Client),
        failure(lambda: ask(proxy=f"http://127.0.0.1:{decrypting.server.port}")),
    ]
    dead.close()
    servers.extend(each.server for each in (refusing, login, decrypting, socks, hasty, wechat))
    for server in servers:
        server.stop()
    return failures


# Tokens and event loops.


def of_tokens() -> list[Exception]:
    missing: dict[str, str] = {}
    with FakeWeChat() as fake:
        fake.submit("wx5b97b03f7e2c4d18", auditid=AUDITID)
        other = fake.submit("wx5b97b03f7e2c4d19")
        return [
            failure(lambda: missing["WXAUDIT_TOKEN"]),
            failure(lambda: ask(os.environ.get("WXAUDIT_TOKEN_OF_NOBODY"), base_url=fake.base_url)),
            failure(lambda: ask("...", base_url=fake.base_url)),
            failure(lambda: fake.client().get_audit_status(fake.token(other.appid), AUDITID)),
        ]


def of_event_loops(redis_server: RedisServer) -> list[BaseException | Warning]:
    with FakeWeChat() as fake:
        fake.submit(auditid=AUDITID)
        token, client = fake.token(), fake.async_client()
        store = redis.asyncio.Redis(unix_socket_path=redis_server.path)
        source = wxaudit.AsyncCachedTokenSource(store, lambda _: token, name="wx1")

        async def call(given: Any = token) -> Any:
            return await client.get_audit_status(given, AUDITID)

        async def nested(run: Callable[[Any], Any]) -> Any:
            coroutine = call()
            try:
                return run(coroutine)
            finally:
                coroutine.close()

        async def running() -> Any:
            return await nested(asyncio.get_running_loop().run_until_complete)

        failures: list[BaseException | Warning] = [
            failure(lambda: asyncio.run(nested(asyncio.run))),
            failure(lambda: asyncio.run(running())),
        ]
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            client.get_audit_status(token, AUDITID)  # type: ignore[unused-coroutine]  # the mistake
            gc.collect()
        message = seen[0].message
        assert isinstance(message, Warning)
        failures += [message, failure(lambda: client.get_audit_status(token, AUDITID).send(None))]
        # The client goes on in a second loop; the connection of its source does not.
        first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
        assert first.run_until_complete(call(source)).auditid == AUDITID
        assert second.run_until_complete(call()).auditid == AUDITID
        failures.append(failure(lambda: second.run_until_complete(call(source))))
        first.run_until_complete(store.aclose())
        for loop in (first, second):
            loop.close()
        return failures


ADDRESS: Any = (2, "127.0.0.1")  # AF_INET


def advice_of(error: object, language: Any) -> str:
    if isinstance(error, wxaudit.WxAuditError) and not isinstance(error, wxaudit.ArgumentError):
        return error.hint if language is ENGLISH else error.hint_zh
    return ""


def test_each_message_is_what_the_code_says(
    index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer
) -> None:
    for name in ("WXAUDIT_LANG", "WXAUDIT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    old, alpine = of_pip(index)
    old_python, *imports = of_imports()
    provoked: list[Any] = [
        old,
        old_python,
        alpine,
        *imports,
        *of_tokens(),
        *of_the_network(tmp_path, monkeypatch),
        *of_event_loops(redis_server),
    ]
    for language in LANGUAGES:
        shown = quoted(language.suffix)
        assert len(shown) == len(provoked)
        for quotation, error in zip(shown, provoked, strict=True):
            said = error if isinstance(error, str) else told(error)
            assert "Canary" not in said
            said = said.replace(NO_HOST, "api.weixin.qq.com" if "the proxy" not in said else "proxy.example")
            assert quotation.is_that_of(said), (quotation.text, said)
            if advice := advice_of(error, language):
                assert quotation.advice == advice


def test_the_advice_of_an_import_is_that_of_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for language in LANGUAGES:
        monkeypatch.setenv("WXAUDIT_LANG", language.code)
        for reason in ("No module named 'wxaudit._native'", "another interpreter of this process"):
            said = told(explained(ImportError(reason)))
            assert any(
                quotation.advice and said.endswith(quotation.advice) for quotation in quoted(language.suffix)
            )


def test_the_programs_are_python() -> None:
    for language in (ENGLISH, CHINESE):
        text = (ROOT / "docs" / f"troubleshooting{language.suffix}").read_text(encoding="utf-8")
        for block in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            compile(block, "page", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
