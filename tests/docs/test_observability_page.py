"""What docs/observability.md shows, works, and shows what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from wxaudit import Event, otel

DOCUMENT = (Path(__file__).parents[2] / "docs" / "observability.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def promised(code: str) -> list[str]:
    """The pieces of the lines that an example says it prints; what differs from run to run is left out."""
    comments = re.findall(r"^# (.*)$", code, re.MULTILINE)
    return [piece.strip() for line in comments for piece in re.split(r"\d+\.\d+ s|…", line)]


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_run_and_print_what_they_promise(code: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed = " ".join((done.stdout + done.stderr).split())
    for piece in promised(code):
        assert piece in printed


def test_what_is_documented_exists() -> None:
    shown = re.findall(r"`wxaudit_(\w+)`", DOCUMENT)
    assert set(shown) <= set(dir(Event))
    attributes = set(re.findall(r"`((?:http|url|server|wechat|error)\.[a-z_.]+)`", DOCUMENT))
    source = Path(otel.__file__).read_text(encoding="utf-8")
    assert {name for name in attributes if f'"{name}"' not in source} == {"url.full", "url.query"}
