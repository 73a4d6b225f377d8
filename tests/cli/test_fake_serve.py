"""`wxaudit fake serve`, and the fake driven by curl and by Node.js as users of other languages do."""

from __future__ import annotations

import inspect
import json
import os
import pty
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from support.command_line.run import clean_environment, command, run
from wxaudit._cli.commands import fake as fake_command
from wxaudit._cli.fake.options import DEFAULT_URL, FakeOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

FREE = ("--port", 0, "--control-port", 0)


def start(*arguments: object, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("fake", "serve", *arguments),
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def read_urls(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    urls: dict[str, str] = json.loads(process.stdout.readline())
    return urls


@pytest.fixture
def urls() -> Iterator[dict[str, str]]:
    """A fake that `wxaudit fake serve` runs."""
    process = start(*FREE, "--until-stdin-closes")
    yield read_urls(process)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_silently(number: signal.Signals) -> None:
    process = start(*FREE)
    urls = read_urls(process)
    assert len(run("fake", "token", WXAUDIT_FAKE_URL=urls["control_url"]).stdout) == 139
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_other_commands_find_it_without_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WXAUDIT_FAKE_URL", raising=False)
    defaults = inspect.signature(fake_command.serve).parameters
    parts = urlsplit(FakeOptions().url)
    assert FakeOptions().url == DEFAULT_URL
    assert (parts.hostname, parts.port) == (defaults["host"].default, defaults["control_port"].default)
    assert (parts.port, defaults["port"].default) == (18081, 18080)


def test_a_port_in_use_is_told(urls: dict[str, str]) -> None:
    port = urlsplit(urls["base_url"]).port
    done = run("fake", "serve", "--port", port, "--control-port", 0)
    assert (done.returncode, done.stdout) == (75, "")
    assert f"port {port} or 0 of 127.0.0.1 cannot be used (Address already in use)" in done.stderr
    assert "choose --port and --control-port" in done.stderr


def test_it_serves_only_on_loopback() -> None:
    done = run("fake", "serve", *FREE, "--host", "192.0.2.1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "loopback addresses only" in done.stderr


def test_on_a_terminal_it_says_what_to_set_and_what_to_try() -> None:
    reader, writer = pty.openpty()
    process = start(*FREE, stderr=writer)
    os.close(writer)
    try:
        urls = read_urls(process)
        with os.fdopen(reader, encoding="utf-8", newline="\r\n") as terminal:
            told = [terminal.readline() for _ in range(7)]
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert f"  export WXAUDIT_BASE_URL={urls['base_url']}\r\n" in told
    assert f"  export WXAUDIT_FAKE_URL={urls['control_url']}\r\n" in told
    assert told[-1] == "  wxaudit status 1234567\r\n"


def test_curl_drives_it(urls: dict[str, str]) -> None:
    def curl(url: str, body: dict[str, Any]) -> dict[str, Any]:
        options = ["--noproxy", "*", "-fsS", url, "-d", json.dumps(body)]
        done = subprocess.run(["curl", *options], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    control = urls["control_url"]
    auditid = curl(f"{control}/audits", {})["auditid"]
    token = curl(f"{control}/tokens", {})["token"]
    asked = f"{urls['base_url']}/wxa/get_auditstatus?access_token={token}"
    assert curl(asked, {"auditid": auditid})["status"] == 2
    assert run("fake", "reject", auditid, "--reason", "1:…", WXAUDIT_FAKE_URL=control).returncode == 0
    rejected = curl(asked, {"auditid": auditid})
    assert (rejected["status"], rejected["reason"]) == (1, "1:…")


NODE = """
const base = process.env.WXAUDIT_BASE_URL, control = process.env.WXAUDIT_FAKE_URL;
const post = async (url, body) =>
  (await fetch(url, { method: "POST", body: JSON.stringify(body) })).json();
(async () => {
  const { auditid } = await post(`${control}/audits`, {
    life: [{ state: "rejected", after_polls: 1, reason: "1:缺少头像" }],
  });
  const { token } = await post(`${control}/tokens`, {});
  const ask = () => post(`${base}/wxa/get_auditstatus?access_token=${token}`, { auditid });
  const seen = [await ask(), await ask()];
  await post(`${control}/faults`, { fault: { errcode: 45009 } });
  seen.push(await ask());
  console.log(JSON.stringify(seen));
})();
"""


def test_a_node_js_script_drives_it(urls: dict[str, str]) -> None:
    node = shutil.which("node")
    assert node is not None, "Node.js is missing: bash tests/install_servers.sh nodejs"
    environment = clean_environment(WXAUDIT_BASE_URL=urls["base_url"], WXAUDIT_FAKE_URL=urls["control_url"])
    done = subprocess.run(
        [node, "-e", NODE], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second, third = json.loads(done.stdout)
    assert (first["status"], second["status"], second["reason"]) == (2, 1, "1:缺少头像")
    assert third["errcode"] == 45009
