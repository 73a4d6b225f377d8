"""What docs/testing.md shows, works."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import clean_environment, command

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"), ids=range(len(blocks("python"))))
def test_the_python_examples_run(code: str, tmp_path: Path) -> None:
    script = tmp_path / "test_example.py"
    script.write_text(code, encoding="utf-8")
    runner = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in code else []
    done = subprocess.run(
        [sys.executable, *runner, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_for_other_languages_run() -> None:
    (shell,) = blocks("sh")
    with subprocess.Popen(
        [sys.executable, "-m", "wxaudit.testing", "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        urls = json.loads(process.stdout.readline())
        shell = shell.replace("http://127.0.0.1:8080", urls["base_url"])
        shell = shell.replace("http://127.0.0.1:8081/__fake__", urls["control_url"])
        # WeChat's answers end without a line break; one behind every call keeps them apart.
        shell = shell.replace("curl -fsS", 'curl -w "\\n" -fsS')
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", shell], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert process.stdin is not None
        process.stdin.close()
    printed = done.stdout.splitlines()
    for promised in re.findall(r"^# (\{.*\})$", shell, re.MULTILINE):
        assert promised in printed
        del printed[: printed.index(promised) + 1]


@pytest.fixture
def served() -> Iterator[dict[str, str]]:
    """The variables that `wxaudit fake serve` says, for a fake on free ports."""
    process = subprocess.Popen(
        command("fake", "serve", "--port", 0, "--control-port", 0, "--until-stdin-closes"),
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    urls = json.loads(process.stdout.readline())
    yield {"WXAUDIT_BASE_URL": urls["base_url"], "WXAUDIT_FAKE_URL": urls["control_url"]}
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_example_for_shells_runs(served: dict[str, str]) -> None:
    (shell,) = blocks("bash")
    shell = shell.replace("http://127.0.0.1:18080", served["WXAUDIT_BASE_URL"])
    program = f'wxaudit() {{ "{sys.executable}" -m wxaudit "$@"; }}\n{shell}'
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", program],
        env=clean_environment(**served),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    printed = done.stdout.splitlines()
    for promised in re.findall(r"^# (.*)$", shell, re.MULTILINE):
        assert promised in printed
        del printed[: printed.index(promised) + 1]
    assert not any(line.startswith(("failed", "warning")) for line in printed)


def test_the_example_for_node_js_runs(served: dict[str, str]) -> None:
    (script,) = blocks("js")
    node = shutil.which("node")
    assert node is not None, "Node.js is missing: bash tests/install_servers.sh nodejs"
    done = subprocess.run(
        [node, "-e", script],
        env=clean_environment(**served),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.splitlines()
    assert "status: 2" in first
    assert "status: 1, reason: '1:…'" in second
    assert third == "45009"


def test_every_route_is_documented() -> None:
    from wxaudit.testing._control.routes import ROUTES

    changes = {f"/audits/{{auditid}}/{change}" for change in ("reject", "delay", "withdraw", "next")}
    for route in ROUTES:
        shown = (
            f"…/{route.path.rpartition('/')[2]}" if route.path in changes else f"{route.method} {route.path}"
        )
        assert f"`{shown}`" in DOCUMENT
