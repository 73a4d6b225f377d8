"""Write the pages of one language as plain Markdown, whose links lead to pages of the site."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from posixpath import dirname, relpath
from typing import TYPE_CHECKING

from .languages import ENGLISH, LANGUAGES, Language, Text
from .pages import PAGES, REPOSITORY, ROOT, Page

if TYPE_CHECKING:
    from re import Match

# The languages of a file that GitHub shows: the site has a menu for that.
_SWITCH = re.compile(r"^(English \| \[|\[English\]\().*\n\n?", re.MULTILINE)
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[([^\]\n]*(?:\n[^\]\n]*)?)\]\((?![a-z]+:)([^)#\s]*)(#[^)\s]*)?\)")
# A Chinese part at the end of an English page, and what follows it.
_CHINESE_PART = re.compile(r"^## 中文\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)

# A line break inside of Chinese text, which a browser would show as a blank.
_CHINESE = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”…]"
_WRAPPED = re.compile(rf"(?<={_CHINESE})\n *(?={_CHINESE})")

_ONLY_ENGLISH = Text("", '!!! note ""\n\n    本页面向 wxaudit 的开发者，只有英文。\n\n')


def write(language: Language, folder: Path) -> None:
    """Write all pages of a language into an empty folder."""
    for page in PAGES:
        file = folder / page.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text_of(page, language, folder), encoding="utf-8")


def text_of(page: Page, language: Language, folder: Path) -> str:
    if page.make is not None:
        return page.make(language)
    source = page.file(language)
    text = _SWITCH.sub("", source.read_text(encoding="utf-8"))
    for address in REPOSITORY:
        text = text.replace(f"]({address}", f"]({os.path.relpath(ROOT, source.parent)}/")
    if page.only_english:
        head, title, rest = text.partition(text.splitlines()[0] + "\n")
        text = f"{head}{title}\n{_ONLY_ENGLISH.of(language)}{rest}"
    else:
        text = _in_one_file(text, page, language)
    parts = [
        part if part.startswith("```") else _LINK.sub(lambda link: _link(link, page, source, folder), part)
        for part in _FENCE.split(_WRAPPED.sub("", text))
    ]
    return "".join(parts)


def _in_one_file(text: str, page: Page, language: Language) -> str:
    """The part of a language, if a file has both: that in Chinese stands below `## 中文`.

    What follows that part is for both languages. If nothing does, the part is a summary, which the English text follows.
    """
    part = _CHINESE_PART.search(text)
    if part is None:
        return text
    if language is ENGLISH:
        return text.replace(part[0], "")
    _, _, chinese = part[0].partition("\n")
    rest = text[part.end() :] or text[: part.start()].partition("\n")[2]
    return f"# {page.title.of(language)}\n\n{chinese.strip()}\n\n{rest.strip()}\n"


def _files(page: Page) -> set[Path]:
    """What links to a page name. One that is made has no file, and is named as if it were in `docs`."""
    return {page.file(language) for language in LANGUAGES} if page.source else {ROOT / "docs" / page.path}


def _link(link: Match[str], page: Page, source: Path, folder: Path) -> str:
    picture, text, path, anchor = link[1], link[2], link[3], link[4] or ""
    if not path:
        return link[0]
    target = Path(os.path.normpath(source.parent / path))
    for other in PAGES:
        if target in _files(other):
            return f"[{text}]({relpath(other.path, dirname(page.path) or '.')}{anchor})"
    if not target.exists():
        raise SystemExit(f"{source.relative_to(ROOT)}: {path} is not there")
    if picture:
        copy = folder / dirname(page.path) / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target, copy)
        return link[0]
    # A file of the repository, which the site does not show.
    name = target.relative_to(ROOT).as_posix()
    return f"`{name}`" if text.strip("`") in (path, name) else f"{text} (`{name}`)"
