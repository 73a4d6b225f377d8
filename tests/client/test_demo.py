"""The demo as a person runs it, and the columns of its terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from wxaudit._display.terminal import padded, width, wrapped

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {k: v for k, v in os.environ.items() if not k.startswith("WXAUDIT_")} | environment
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)


def test_the_demo_runs_plain_and_quick_where_there_is_no_terminal() -> None:
    done = run(str(DEMO))
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    for words in ("审核中 under review", "审核延后 delayed", "审核被拒绝 rejected", "审核成功 approved"):
        assert words in done.stdout
    for code in ("45009", "61007", "85012", "TransportError", "RequestTimeout", "DecodeError"):
        assert code in done.stdout


def test_columns_are_counted_as_a_terminal_counts_them() -> None:
    assert width("审核ok") == 6
    assert padded("审核", 6) == "审核  "
    lines = list(wrapped("令牌不合法：请确认令牌完整，然后重试。 Then ask again", 12))
    assert all(width(line) <= 14 for line in lines)
    assert "".join(lines).replace(" ", "") == "令牌不合法：请确认令牌完整，然后重试。Thenaskagain"
    assert not any(line.startswith(("。", "，", "：")) for line in lines)
    # A word that is longer than a line is broken, a blank does not begin a line, and marks add no column.
    assert list(wrapped("见 https://a.b/cdefgh", 8)) == ["见", "https://", "a.b/cdef", "gh"]
    assert list(wrapped("请使用 --option 或“类目-甲”", 8)) == ["请使用", "--option", "或“类目-", "甲”"]
    assert width("e\u0301") == 1
