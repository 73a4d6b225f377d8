"""List the addresses of all pages for search engines, each with that of the same page in the other language."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from .languages import LANGUAGES, Language
from .pages import PAGES, Page

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">
"""


def text(url: str) -> str:
    """`url`: of the root of the site."""
    parts = [_HEAD]
    for page in PAGES:
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{other.code}" href={quoteattr(_address(url, page, other))}/>'
            for other in LANGUAGES
        )
        parts += [
            f"<url><loc>{_address(url, page, language)}</loc>{others}</url>\n" for language in LANGUAGES
        ]
    return "".join([*parts, "</urlset>\n"])


def _address(url: str, page: Page, language: Language) -> str:
    folders = [
        url.rstrip("/"),
        language.folder,
        page.path.removesuffix(".md").removesuffix("index").strip("/"),
    ]
    return "/".join([*filter(None, folders), ""])
