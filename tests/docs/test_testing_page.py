"""What docs/testing.md shows, works."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_every_route_is_documented() -> None:
    from wxaudit.testing._control.routes import ROUTES

    changes = {f"/audits/{{auditid}}/{change}" for change in ("reject", "delay", "withdraw", "next")}
    for route in ROUTES:
        shown = (
            f"…/{route.path.rpartition('/')[2]}" if route.path in changes else f"{route.method} {route.path}"
        )
        assert f"`{shown}`" in DOCUMENT
