"""What people see on terminals of 80, 60 and 20 columns, in both languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.command_line.run import ask
from wxaudit._display.terminal import width
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from support.command_line.terminal_captures import Captures
    from wxaudit.testing import FakeWeChat

LANGUAGES = ("en", "zh")
STATES = {
    "en": ("rejected", "approved", "under review", "delayed", "withdrawn", "unknown (7)", "audit not found"),
    "zh": ("审核被拒绝", "审核成功", "审核中", "审核延后", "已撤回", "未知状态（7）", "审核单不存在"),
}
SENTENCE = "小程序服务类目与你提供的服务不一致，请补充“社交-社区/论坛”类目后重新提交代码审核"
REASON = (
    f"1:账号信息不符合规范:<br>(1):包含色情因素\x1b[31m<br>(2):{SENTENCE}<br>"
    "2:服务内容涉及未开放类目:<br>(1):Please open the settings page, then choose another category<br>"
)


class Scene(NamedTuple):
    """Audits in every state, and one that does not exist."""

    token: str
    auditids: list[int]


@pytest.fixture
def scene(fake: FakeWeChat) -> Scene:
    audits = [
        fake.submit(
            auditid=441617760, state=1, reason=REASON, screenshots=[fake.media_id(), fake.media_id()]
        ),
        *(fake.submit(auditid=441617761 + n, state=state) for n, state in enumerate((0, 2))),
        fake.submit(auditid=441617763, state=4, reason="审核排队中，请耐心等待"),
        fake.submit(auditid=441617764, state=3),
        fake.submit(auditid=441617765),
    ]
    fake.fail_next(Fault(fields={"status": 7}), times=None, auditid=441617765)
    return Scene(fake.token(), [*(audit.auditid for audit in audits), 441617766])


def _check(shown: str, columns: int) -> None:
    """No line is too long for the terminal, and no control character of WeChat is on it."""
    assert max(map(width, shown.split("\n"))) <= columns
    assert "\x1b" not in shown


def _joined(shown: str) -> str:
    return re.sub(r"\s+", "", shown)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [80, 60, 20])
def test_status_reads_well(
    captures: Captures, fake: FakeWeChat, scene: Scene, columns: int, language: str
) -> None:
    name = f"status-{columns}-{language}"
    code, shown = captures.run(
        name, "status", *scene.auditids, fake=fake, token=scene.token, columns=columns, rows=120
    )
    assert code == 4
    _check(shown, columns)
    told = _joined(shown)
    # Nothing is cut off: each label, and each sentence with its escapes.
    for expected in (*STATES[language], SENTENCE, r"包含色情因素\x1b[31m", "choose another category"):
        assert _joined(expected) in told
    hint = "Check the auditid and the token together" if language == "en" else "请同时核对审核单"
    assert told.count(_joined(hint)) == 1
    if columns >= 60:
        # The reasons are a list beside the label, and each column begins where its head does.
        lines = shown.split("\n")
        head, first = lines[0], lines[1]
        place = width(head[: head.index("DETAILS" if language == "en" else "说明")])
        assert width(first[: first.index("1. ")]) == place
        assert lines[2] == " " * place + r"   - 包含色情因素\x1b[31m"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [80, 20])
def test_watch_redraws_in_place(
    captures: Captures, fake: FakeWeChat, scene: Scene, columns: int, language: str
) -> None:
    changing = fake.submit(auditid=441617767)
    auditids = [scene.auditids[0], changing.auditid]
    pending, approved = ("under review", "approved") if language == "en" else ("审核中", "审核成功")
    name = f"status-watch-{columns}-{language}"
    arguments = ("status", "--watch", "--interval", "1s", *auditids)
    with captures.terminal(
        name, *arguments, fake=fake, token=scene.token, columns=columns, rows=20
    ) as terminal:
        terminal.wait_for(lambda shown: pending in shown)
        shown = captures.keep(name, terminal)
        _check(shown, columns)
        # A round later it is the same screen, not a second one below.
        fake.wait_for_requests(len(fake.requests) + 2, timeout=30)
        again = terminal.screen()
        assert again.count(pending) == again.count(str(changing.auditid)) == 1
        terminal.resize(columns + 10, 30)
        changing.approve()
        assert terminal.end() == 1
        # What stays is the last table, with all its text.
        left = terminal.history()
    assert (approved in left, pending in left) == (True, False)
    assert _joined(SENTENCE) in _joined(left)


def test_watch_of_more_audits_than_lines_shows_the_states_and_then_the_rest(
    captures: Captures, fake: FakeWeChat, scene: Scene
) -> None:
    audits = [fake.submit(state=2).auditid for _ in range(30)]
    name = "status-watch-low-80-en"
    with captures.terminal(
        name, "status", "--watch", scene.auditids[0], *audits, fake=fake, token=scene.token, rows=12
    ) as terminal:
        shown = terminal.wait_for("more lines")
        captures.keep(name, terminal)
        assert re.search(rf"^{scene.auditids[0]}  rejected$", shown, re.MULTILINE)
        terminal.press("C-c")
        assert terminal.end() == 130
        left = terminal.history()
    assert all(str(auditid) in left for auditid in audits)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [80, 60, 20])
def test_wait_has_a_bar_and_tells_what_is_known(
    captures: Captures, fake: FakeWeChat, scene: Scene, columns: int, language: str
) -> None:
    rejected, _, pending, delayed, *_ = scene.auditids
    name = f"wait-{columns}-{language}"
    arguments = ("wait", "--timeout", "3d", pending, rejected, delayed)
    with captures.terminal(
        name, *arguments, fake=fake, token=scene.token, columns=columns, rows=40
    ) as terminal:
        fake.wait_for_requests(3, timeout=30)
        left = "2d 23h" if language == "en" else "2天23小时"
        shown = terminal.wait_for(
            lambda shown: "1/3" in shown and left in shown and (columns < 60 or STATES[language][3] in shown)
        )
        captures.keep(name, terminal)
        _check(shown, columns)
        # The time matters more than the bar.
        if columns != 60:
            assert ("━" in shown) == (columns == 80)
        terminal.press("C-c")
        assert terminal.end() == 130
        history = terminal.history()
        captures.keep(f"wait-interrupted-{columns}-{language}", terminal)
    # The bar is gone, and the results and what is pending are whole.
    assert "━" not in history
    assert "1/3" not in history
    told = _joined(history)
    assert _joined(SENTENCE) in told
    assert told.endswith(f"{pending},{delayed}")
    assert told.count(_joined(STATES[language][2])) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [80, 20])
def test_answers_of_one_thing_read_well(
    captures: Captures, fake: FakeWeChat, scene: Scene, tmp_path: Path, columns: int, language: str
) -> None:
    fake.fail_next(Fault(errcode=61007))
    refused = ask(fake, scene.token, "status", "1", "--json").stdout
    latest = fake.submit(state=1, reason=REASON, user_version="2.1.0", user_desc="首页改版\x1b[31m")
    shown = {}
    for command in (
        ("latest",),
        ("quota", "--appid", "wx1234567890abcdef"),
        ("explain", re.findall(r"rid: ([0-9a-f-]+)", refused)[0]),
        ("screenshots", scene.auditids[0], "--to", tmp_path),
    ):
        name = f"{command[0]}-{columns}-{language}"
        code, shown[command[0]] = captures.run(
            name, *command, fake=fake, token=scene.token, columns=columns, rows=60
        )
        assert code == (1 if command[0] == "latest" else 0)
        _check(shown[command[0]], columns)
    assert _joined(SENTENCE) in _joined(shown["latest"])
    assert str(latest.auditid) in shown["latest"]
    assert re.search(r"100,000", shown["quota"])
    assert _joined(f"{scene.auditids[0]}-2.png") in _joined(shown["screenshots"])
    assert '{"auditid":1}' in _joined(shown["explain"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [80, 20])
def test_other_commands_are_kept_too(
    captures: Captures, fake: FakeWeChat, scene: Scene, tmp_path: Path, columns: int, language: str
) -> None:
    table = tmp_path / "audits.csv"
    table.write_text("auditid\n" + "".join(f"{auditid}\n" for auditid in scene.auditids))
    size, ends = {"columns": columns, "rows": 120}, f"{columns}-{language}"
    on_fake: dict[str, Any] = {"fake": fake, "token": scene.token, **size}
    _, batch = captures.run(f"batch-{ends}", "batch", table, **on_fake)
    _, doctor = captures.run(f"doctor-{ends}", "doctor", **on_fake)
    code, codes = captures.run(f"codes-{ends}", "codes", 61007, columns=columns, rows=120)
    for shown in (batch, doctor, codes):
        _check(shown, columns)
    assert _joined(SENTENCE) in _joined(batch)
    assert _joined(fake.base_url.removeprefix("http://")) in _joined(doctor)
    assert (code, "61007" in codes) == (0, True)


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_colours_can_be_refused(
    captures: Captures, fake: FakeWeChat, scene: Scene, variables: dict[str, Any]
) -> None:
    name = "status-plain-80-en"
    arguments = ("status", *scene.auditids)
    with captures.terminal(name, *arguments, fake=fake, token=scene.token, rows=60, **variables) as terminal:
        terminal.end()
        coloured = terminal.screen(colours=True)
    assert "\x1b[31m" not in coloured
    assert r"\x1b[31m" in coloured


def test_a_dumb_terminal_is_not_redrawn(captures: Captures, fake: FakeWeChat, scene: Scene) -> None:
    changing = fake.submit(auditid=441617767)
    arguments = ("status", "--watch", "--interval", "1s", changing.auditid)
    with captures.terminal("-en", *arguments, fake=fake, token=scene.token, TERM="dumb") as terminal:
        terminal.wait_for("under review")
        changing.approve()
        assert terminal.end() == 0
        assert re.findall(r"under review|approved", terminal.screen()) == ["under review", "approved"]
    wait = ("wait", "--timeout", "1h", changing.auditid)
    with captures.terminal("-en", *wait, fake=fake, token=scene.token, TERM="dumb") as terminal:
        assert terminal.end() == 0
        assert terminal.screen().startswith(f"{changing.auditid}  approved  ")
