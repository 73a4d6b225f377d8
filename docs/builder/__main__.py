"""Build the site into target/docs: `python -m docs.builder [FOLDER]`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import layout, llms
from .languages import CHINESE, LANGUAGES, Language
from .pages import ROOT, SECTIONS

_THEME = Path(__file__).parent / "theme"


def configuration(language: Language, source: Path, built: Path) -> dict[str, Any]:
    """What zensical needs to know. Nothing of the site is loaded from other hosts."""
    return {
        "site_name": "wxaudit",
        "site_description": language.description,
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


def build(site: Path) -> None:
    """Build both languages, with warnings as errors: links and anchors that lead nowhere, for example."""
    work = site.with_name(f"{site.name}-work")
    for folder in (site, work):
        shutil.rmtree(folder, ignore_errors=True)
    for language in LANGUAGES:
        source, built = work / language.code, work / f"{language.code}-site"
        layout.write(language, source)
        file = work / f"{language.code}.yml"
        # JSON is YAML too.
        file.write_text(
            json.dumps(configuration(language, source, built), ensure_ascii=False), encoding="utf-8"
        )
        command = [
            sys.executable,
            "-m",
            "zensical",
            "build",
            "--strict",
            "--clean",
            "--config-file",
            file.name,
        ]
        if subprocess.run(command, check=False, cwd=work).returncode:
            raise SystemExit(f"the pages of {source} cannot be built: see above")
        for folder in (built, source):
            shutil.copytree(folder, site / language.folder, dirs_exist_ok=True)
    (site / "llms.txt").write_text(llms.text(), encoding="utf-8")
    shutil.rmtree(work)


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "target" / "docs")
