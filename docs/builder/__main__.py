"""Build the site into target/docs: `python -m docs.builder [FOLDER [URL]]`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import layout, llms, sitemap
from .languages import CHINESE, LANGUAGES, Language
from .pages import ROOT, SECTIONS

_THEME = Path(__file__).parent / "theme"


def configuration(language: Language, source: Path, built: Path, url: str | None) -> dict[str, Any]:
    """What zensical needs to know. Nothing of the site is loaded from other hosts."""
    return {
        "site_name": "wxaudit",
        "site_description": language.description,
        # The addresses of pages, for search engines.
        **({"site_url": f"{url.rstrip('/')}/{language.folder}"} if url else {}),
        "docs_dir": source.name,
        "site_dir": built.name,
        "nav": [
            {section.title.of(language): [{page.title.of(language): page.path} for page in section.pages]}
            for section in SECTIONS
        ],
        "theme": {
            "language": language.code,
            "font": False,
            "custom_dir": str(_THEME),
            "features": [
                "content.code.copy",
                "navigation.footer",
                "navigation.path",
                "navigation.top",
                "toc.follow",
            ],
            "palette": [
                {"media": f"(prefers-color-scheme: {scheme})", "scheme": name}
                for scheme, name in (("light", "default"), ("dark", "slate"))
            ],
        },
        "extra_css": ["stylesheets/site.css"],
        "extra": {
            # The theme's own links of languages lead to start pages: ours are in `theme`.
            "alternate": True,
            "languages": [
                {"name": other.name, "code": other.code, "folder": _way(language, other)}
                for other in LANGUAGES
            ],
            "generator": False,
        },
        "markdown_extensions": [
            "admonition",
            "attr_list",
            "tables",
            # Anchors as GitHub has them, in Chinese too.
            {
                "toc": {
                    "permalink": True,
                    "slugify": {"object": "pymdownx.slugs.slugify", "kwds": {"case": "lower"}},
                }
            },
            {"pymdownx.highlight": {"pygments_lang_class": True}},
            "pymdownx.superfences",
            "sane_lists",
        ],
    }


def _way(language: Language, other: Language) -> str:
    """From the root of a language to that of another."""
    if language is other:
        return ""
    return f"{other.folder}/" if other is CHINESE else "../"


def _start(language: Language, work: Path, url: str | None) -> subprocess.Popen[bytes]:
    source, built = work / language.code, work / f"{language.code}-site"
    layout.write(language, source)
    file = work / f"{language.code}.yml"
    # JSON is YAML too.
    text = json.dumps(configuration(language, source, built, url), ensure_ascii=False)
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", file.name]
    return subprocess.Popen(command, cwd=work)


def build(site: Path, url: str | None = None) -> None:
    """Build both languages, with warnings as errors: links and anchors that lead nowhere, for example.

    `url`: where the site will be. Without it there is no sitemap, which needs whole addresses.
    """
    work = site.with_name(f"{site.name}-work")
    for folder in (site, work):
        shutil.rmtree(folder, ignore_errors=True)
    runs = [(language, _start(language, work, url)) for language in LANGUAGES]
    codes = [run.wait() for _, run in runs]
    if any(codes):
        raise SystemExit("the pages cannot be built: see above")
    for language, _ in runs:
        for folder in (work / f"{language.code}-site", work / language.code):
            shutil.copytree(folder, site / language.folder, dirs_exist_ok=True)
        # That of one language, which does not know the other.
        (site / language.folder / "sitemap.xml").unlink()
    if url:
        (site / "sitemap.xml").write_text(sitemap.text(url), encoding="utf-8")
    (site / "llms.txt").write_text(llms.text(), encoding="utf-8")
    shutil.rmtree(work)


if __name__ == "__main__":
    folder, url, *_ = [*sys.argv[1:], None, None]
    build(Path(folder).resolve() if folder else ROOT / "target" / "docs", url)
