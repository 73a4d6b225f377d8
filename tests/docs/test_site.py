"""The site builds without warnings, is complete in both languages, and is readable in a browser."""

from __future__ import annotations

import functools
import http.server
import posixpath
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from docs.builder import errcodes
from docs.builder.errcode_meanings import MEANINGS
from docs.builder.languages import CHINESE, ENGLISH, LANGUAGES, Language
from docs.builder.pages import PAGES, ROOT, Page
from support.browser.chromium import Chromium
from support.programs import environment
from wxaudit._errors.errcode_hints import ERRCODE_HINTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page as PlaywrightPage


# Where the site will be. Nothing is there.
URL = "https://docs.example/wxaudit/"


class Document(HTMLParser):
    """The title of a page, what it loads, where it leads, and where links can lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title = ""
        self.description = ""
        self.language = ""
        self.other_languages: dict[str, str] = {}
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self._in_title = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self._in_title = tag == "title" and not self.title
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "meta" and values.get("name") == "description":
            self.description = values["content"]
        if tag == "html":
            self.language = values["lang"]
        if tag == "a" and "hreflang" in values:
            self.other_languages[values["hreflang"]] = values["href"]
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag in ("script", "img") and "src" in values:
            self.loaded.append(values["src"])
        elif tag == "link" and values.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.append(values["href"])

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
            self._in_title = False


def path_of(page: Page, language: Language) -> str:
    """The folder of a page below the root of the site."""
    name = re.sub(r"(index)?\.md$", "", page.path).strip("/")
    return "/".join([*filter(None, (language.folder, name)), ""])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "docs"
    built = subprocess.run(
        [sys.executable, "-m", "docs.builder", str(folder), URL],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        cwd=ROOT,
        env=environment(PYTHONIOENCODING="utf-8"),
    )
    assert built.returncode == 0, built.stdout + built.stderr
    assert built.stderr.count("No issues found") == len(LANGUAGES)
    return folder


@pytest.fixture(scope="module")
def documents(site: Path) -> dict[str, Document]:
    return {
        file.parent.relative_to(site).as_posix().removeprefix("."): Document(file.read_text(encoding="utf-8"))
        for file in site.rglob("index.html")
    }


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_page_is_there_as_html_and_as_markdown(
    site: Path, documents: dict[str, Document], language: Language
) -> None:
    for page in PAGES:
        assert path_of(page, language).rstrip("/") in documents
        assert (site / language.folder / page.path).read_text(encoding="utf-8").strip()
    other = [page for page in documents if page.startswith(CHINESE.folder) == (language is CHINESE)]
    assert len(other) == len(PAGES)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_a_search_engine_finds_an_errcode_by_its_number(
    documents: dict[str, Document], language: Language
) -> None:
    prefix = f"{language.folder}/" if language.folder else ""
    for code in errcodes.CODES:
        document = documents[f"{prefix}errcodes/{code}"]
        assert document.title.startswith("微信错误码" if language is CHINESE else "WeChat errcode")
        for text in (document.title, document.description):
            assert re.search(rf"(?<!\d){code}(?!\d)", text)
            assert errcodes.short(code) in text
        assert MEANINGS[code].chinese_name in document.title or language is ENGLISH
        hint = ERRCODE_HINTS[code]
        assert (hint.chinese if language is CHINESE else hint.english) in document.description


def test_links_and_anchors_lead_somewhere_and_nothing_is_loaded_from_elsewhere(
    site: Path, documents: dict[str, Document]
) -> None:
    broken = []
    for path, document in documents.items():
        for link in [*document.links, *document.loaded]:
            if re.match(r"(https?|mailto):", link):
                assert link not in document.loaded
                continue
            target, _, anchor = link.partition("#")
            place = (site / path / unquote(target)).resolve()
            page = place.relative_to(site.resolve()).as_posix().removeprefix(".")
            there = place.exists() and (page in documents or place.is_file())
            if not there or (anchor and page in documents and unquote(anchor) not in documents[page].anchors):
                broken.append((path, link))
    assert broken == []


def test_llms_txt_lists_all_pages_of_both_languages(site: Path) -> None:
    text = (site / "llms.txt").read_text(encoding="utf-8")
    assert text.startswith("# wxaudit\n\n> ")
    listed = re.findall(r"^- \[.+\]\(([^)]+)\)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(
        f"{language.folder}/{page.path}".lstrip("/") for page in PAGES for language in LANGUAGES
    )
    assert all((site / path).is_file() for path in listed)


def test_the_sitemap_has_the_address_of_each_page_in_both_languages(site: Path) -> None:
    text = (site / "sitemap.xml").read_text(encoding="utf-8")
    addresses = re.findall(r"<loc>(.*?)</loc>", text)
    assert addresses == [URL + path_of(page, language) for page in PAGES for language in LANGUAGES]
    assert text.count('hreflang="zh"') == len(addresses)
    for address in addresses:
        html = (site / address.removeprefix(URL) / "index.html").read_text(encoding="utf-8")
        assert f'<link rel="canonical" href="{address}">' in html
    assert not (site / CHINESE.folder / "sitemap.xml").exists()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Of the site, below a folder as on many hosts."""
    handler = functools.partial(QuietHandler, directory=str(site.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{site.name}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """One for all tests: to start it takes longer than what they do in it."""
    with Chromium() as browser:
        yield browser
        assert (browser.outside_requests, browser.complaints) == ([], [])


@pytest.fixture(scope="module")
def shown(browser: Chromium) -> PlaywrightPage:
    return browser.new_page()


@pytest.mark.parametrize(("width", "height", "device"), [(1280, 900, "desktop"), (390, 844, "phone")])
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_pages_are_readable_in_a_browser(
    browser: Chromium,
    shown: PlaywrightPage,
    address: str,
    language: Language,
    width: int,
    height: int,
    device: str,
) -> None:
    start = address + path_of(PAGES[0], language)
    shown.set_viewport_size({"width": width, "height": height})
    for name in ("", "errcodes/85012/", "explanations/retries/", "reference/client/", "architecture/"):
        shown.goto(start + name)
        expect(shown.locator("h1")).to_be_visible()
        # Tables and code scroll inside of the page, which does not.
        assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        browser.picture(
            shown, f"docs-{language.code}-{device}-{name.strip('/').replace('/', '-') or 'start'}"
        )
    # The last one has a drawing, with its text for those who do not see it.
    drawing = shown.get_by_role("img", name="get_audit_status")
    assert drawing.evaluate("image => image.complete && image.naturalWidth > 0")


def test_the_menu_of_languages_leads_to_the_same_page(
    shown: PlaywrightPage, address: str, documents: dict[str, Document]
) -> None:
    for page in PAGES:
        for language in LANGUAGES:
            path = path_of(page, language)
            document = documents[path.rstrip("/")]
            assert document.language == language.code
            assert {
                code: posixpath.normpath(f"/{path}{link}") for code, link in document.other_languages.items()
            } == {other.code: f"/{path_of(page, other)}".rstrip("/") or "/" for other in LANGUAGES}
    shown.set_viewport_size({"width": 1280, "height": 900})
    shown.goto(f"{address}tutorial/")
    shown.get_by_role("button", name="language").hover()
    shown.get_by_role("link", name=CHINESE.name).click()
    shown.wait_for_url(f"{address}zh/tutorial/")


@pytest.mark.parametrize(
    ("language", "words", "path"),
    [
        (ENGLISH, "85012", "errcodes/85012/"),
        (CHINESE, "85012", "errcodes/85012/"),
        (CHINESE, "审核延后", "explanations/delayed/"),
    ],
    ids=["number", "number in Chinese", "Chinese words"],
)
def test_the_search_of_the_site_finds(
    browser: Chromium, shown: PlaywrightPage, address: str, language: Language, words: str, path: str
) -> None:
    # The page listens for keys only when its scripts have run.
    shown.goto(address + path_of(PAGES[0], language), wait_until="networkidle")
    shown.keyboard.press("Control+k")
    shown.keyboard.type(words)
    expect(shown.get_by_text(re.compile(r"^\d+ results?$"))).to_be_visible()
    browser.picture(shown, f"docs-search-{language.code}-{'number' if words.isdecimal() else 'words'}")
    shown.keyboard.press("Enter")
    shown.wait_for_url(lambda url: url.startswith(address + path_of(PAGES[0], language) + path))
