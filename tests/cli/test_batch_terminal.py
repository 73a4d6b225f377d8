"""What people see of `wxaudit batch` on a terminal, kept in `test-artefacts/terminal`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.command_line.journaled_batch import numbered_table
from wxaudit._display.terminal import width
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from support.command_line.terminal_captures import Captures
    from wxaudit.testing import FakeWeChat


def table_with_a_last_row_held(fake: FakeWeChat, tmp_path: Path) -> Path:
    """Rejected, approved, under review, an error; the answer to the last row is held."""
    reason = (
        "1:账号信息不符合规范:<br>(1):包含色情因素\x1b[31m<br>(2):请补充“社交-社区/论坛”类目后重新提交<br>"
    )
    auditids = [
        fake.submit(state=state, reason=reason if state == 1 else None).auditid for state in (1, 0, 2)
    ]
    fake.fail_next(Fault(errcode=85012, errmsg="invalid audit id"), auditid=1)
    last = fake.submit(state=0).auditid
    fake.fail_next(Fault(hold=True), auditid=last)
    return numbered_table(tmp_path / "x.csv", [*auditids, 1, last])


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("columns", [80, 20])
def test_lines_above_a_bar(
    captures: Captures, fake: FakeWeChat, tmp_path: Path, columns: int, language: str
) -> None:
    table = table_with_a_last_row_held(fake, tmp_path)
    name = f"batch-lines-{columns}-{language}"
    with captures.terminal(
        name, "batch", table, fake=fake, token=fake.token(), columns=columns, rows=60
    ) as terminal:
        terminal.wait_for("4/5")
        fake.release()
        assert terminal.end() == 4
        shown = captures.keep(name, terminal)
    assert max(map(width, shown.split("\n"))) <= columns
    assert "\x1b" not in shown
    told = "".join(shown.split())
    for row in range(1, 6):
        assert f"wx{row}" in told
    for words in ("包含色情因素\\x1b[31m", "85012", "rejected" if language == "en" else "审核被拒绝"):
        assert words in told
    # The bar is erased, and the summary stays.
    assert "5/5" not in told
    assert ("5rowsin" if language == "en" else "共5条") in told


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_bar_and_a_summary_for_a_file(
    captures: Captures, fake: FakeWeChat, tmp_path: Path, language: str
) -> None:
    table = table_with_a_last_row_held(fake, tmp_path)
    name = f"batch-file-80-{language}"
    with captures.terminal(
        f"{name}", "batch", table, "--output", tmp_path / "y.csv", fake=fake, token=fake.token()
    ) as terminal:
        terminal.wait_for("4/5")
        captures.keep(f"batch-bar-80-{language}", terminal)
        fake.release()
        assert terminal.end() == 4
        shown = captures.keep(name, terminal)
    assert ("2 approved" if language == "en" else "审核成功 2") in shown
    assert len(shown.strip().splitlines()) <= 3
