"""The pages of the site: both languages have the same, each errcode has its own, and what is shown works."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import wxaudit
import wxaudit.django
import wxaudit.events
import wxaudit.testing
from docs.builder import call_path, errcodes, layout, reference
from docs.builder.errcode_meanings import MEANINGS
from docs.builder.languages import CHINESE, ENGLISH, LANGUAGES
from docs.builder.pages import PAGES, ROOT, Page
from support.programs import environment
from wxaudit._errors.errcode_hints import ERRCODE_HINTS
from wxaudit._errors.tree import error_class
from wxaudit.testing import FakeWeChat

if TYPE_CHECKING:
    from pathlib import Path

# Those with a Chinese file of their own.
PAIRS = [page for page in PAGES if page.source and page.file(ENGLISH) != page.file(CHINESE)]
# Whose programs this file runs. The other pages have tests of their own.
PROGRAMS = [
    page
    for page in PAGES
    if re.match(r"(index|tutorial|how-to/.*|explanations/.*)\.md$", page.path) and page.source
]


class Block(NamedTuple):
    language: str
    text: str


def blocks(text: str) -> list[Block]:
    return [Block(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def without_comments(block: Block) -> Block:
    """Comments, docstrings and what a script says are in the language of the page."""
    text = re.sub(r"\s*(#|//) .*", "", block.text) if block.language != "text" else block.text
    text = re.sub(r'echo "[^"$]*"', "echo", text)
    return Block(block.language, re.sub(r'"""[^"]*"""', "", text))


def read(page: Page, language: Any) -> str:
    return page.file(language).read_text(encoding="utf-8")


def named(page: Page) -> str:
    return page.path.removesuffix(".md")


def test_every_file_is_a_page_in_both_languages() -> None:
    files = {file.relative_to(ROOT).as_posix() for file in (ROOT / "docs").rglob("*.md")}
    sources = {
        page.file(language).relative_to(ROOT).as_posix()
        for page in PAGES
        if page.source
        for language in LANGUAGES
    }
    assert files - sources == set()
    assert {source for source in sources if source.startswith("docs/")} - files == set()
    assert len({page.path for page in PAGES}) == len(PAGES)


@pytest.mark.parametrize("page", PAIRS, ids=named)
def test_both_languages_show_the_same(page: Page) -> None:
    english, chinese = (read(page, language) for language in LANGUAGES)
    assert [without_comments(block) for block in blocks(english)] == [
        without_comments(block) for block in blocks(chinese)
    ]
    for mark in (r"^(#+) ", r"^\|", r"^(- |\d\. )"):
        counts = [re.findall(mark, text, re.MULTILINE) for text in (english, chinese)]
        assert counts[0] == counts[1], mark
    assert re.search("[一-鿿]{10}", re.sub(r"^```.*?^```$", "", chinese, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("page", [page for page in PROGRAMS if "```python" in read(page, ENGLISH)], ids=named)
def test_the_programs_print_what_the_page_says(page: Page, tmp_path: Path) -> None:
    shown = blocks(read(page, ENGLISH))
    assert [block.language for block in shown if block.language in ("python", "text")] == [
        "python",
        "text",
    ] * sum(block.language == "text" for block in shown)
    script = tmp_path / "page.py"
    script.write_text(
        "\n".join(block.text for block in shown if block.language == "python"), encoding="utf-8"
    )
    # Newer Pythons warn of any fork beside a thread.
    warnings = ("-W", "error", "-W", "ignore:This process:DeprecationWarning")
    done = subprocess.run(
        [sys.executable, "-X", "dev", *warnings, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
        env=environment(PYTHONIOENCODING="utf-8"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed = [line.rstrip() for line in done.stdout.splitlines()]
    assert printed == [
        line for block in shown if block.language == "text" for line in block.text.splitlines()
    ]


def test_every_errcode_has_a_page() -> None:
    assert set(errcodes.CODES) == set(ERRCODE_HINTS) == set(MEANINGS)
    # In the table of how-to/errors.md too.
    known = {code for kind in vars(wxaudit).values() for code in getattr(kind, "_errcodes", ())}
    assert known <= set(errcodes.CODES)
    for code in errcodes.CODES:
        for language in LANGUAGES:
            page = errcodes.page(code, language)
            heading = next(line for line in page.splitlines() if line.startswith("# "))
            hint = ERRCODE_HINTS[code]
            assert str(code) in heading
            for told in (errcodes.errmsg(code), MEANINGS[code].chinese_name, error_class(code).__name__):
                assert told in page
            assert (hint.english if language is ENGLISH else hint.chinese) in page


@pytest.fixture
def only_fake(monkeypatch: pytest.MonkeyPatch) -> list[FakeWeChat]:
    """The fakes that a program of a page makes."""
    made: list[FakeWeChat] = []
    start = FakeWeChat.start

    def started(fake: FakeWeChat) -> FakeWeChat:
        made.append(fake)
        return start(fake)

    monkeypatch.setattr(FakeWeChat, "start", started)
    return made


@pytest.mark.parametrize("code", errcodes.CODES)
def test_an_errcode_is_raised_and_sent_again_as_its_page_says(
    code: int, only_fake: list[FakeWeChat], capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = blocks(errcodes.page(code, ENGLISH))
    exec(block.text, {"__name__": "page"})  # noqa: S102  # our own page
    (fake,) = only_fake
    sent = len(fake.requests)
    assert capsys.readouterr().out == f"{code} {ERRCODE_HINTS[code].english}\n{sent} sent\n"
    # A minute or a day may end within the time limit of the call, which then waits for that.
    allowed = {"busy": (3,), "token": (2,), "never": (1,), "minute": (1, 2), "day": (1, 2)}
    assert sent in allowed[errcodes.sent_again(code)]


def test_the_reference_has_every_public_name() -> None:
    for module in (wxaudit, wxaudit.django, wxaudit.events, wxaudit.testing):
        names = {
            name for topic in reference.TOPICS if topic.module == module.__name__ for name in topic.names
        }
        assert names == set(module.__all__), module.__name__


def test_the_reference_is_the_same_each_time() -> None:
    for topic in reference.TOPICS:
        page = reference.page(topic, ENGLISH)
        assert " at 0x" not in page
        assert page.count("\n## ") == len(topic.names)
        assert [block.language for block in blocks(page)] == [
            block.language for block in blocks(reference.page(topic, CHINESE))
        ]


def test_a_link_that_leads_nowhere_ends_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.md").write_text("# A page\n\nSee [this](nowhere.md).\n", encoding="utf-8")
    page = Page("page.md", PAGES[0].title, "page.md", only_english=True)
    monkeypatch.setattr("docs.builder.pages.ROOT", tmp_path)
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"^page.md: nowhere.md is not there$"):
        layout.text_of(page, ENGLISH, tmp_path)


def test_chinese_sentences_have_no_blanks_from_line_breaks() -> None:
    for page in PAGES:
        if page.path in ("index.md", "tutorial.md", "testing.md"):
            text = layout.text_of(page, CHINESE, ROOT)
            outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
            assert re.findall(r"[一-鿿，。]\n *[一-鿿]", outside) == []


def test_a_file_of_both_languages_shows_each_its_own() -> None:
    (page,) = [page for page in PAGES if page.path == "performance.md"]
    english, chinese = (layout.text_of(page, language, ROOT) for language in LANGUAGES)
    assert "根据测量结果" not in english
    assert "Design decisions" not in chinese
    assert "## Results" in english
    assert "## Results" in chinese


def test_the_drawing_of_a_call_is_as_the_builder_draws_it() -> None:
    for language in LANGUAGES:
        file = ROOT / "docs" / call_path.file_name(language)
        assert file.read_text(encoding="utf-8") == call_path.drawing(language), (
            "python -m docs.builder.call_path"
        )
    # Each file and folder that it names is there.
    places = ("src", "src/python", "python/wxaudit")
    for box in call_path.BOXES:
        names = re.findall(r"[\w/]+(?:\.rs|\.py|/)", f"{box.name} {box.does.english if box.does else ''}")
        for name in names:
            assert any((ROOT / place / name).exists() for place in places), name
