"""List all pages for language models, as https://llmstxt.org says; each is there as plain Markdown."""

from __future__ import annotations

from .languages import LANGUAGES
from .pages import SECTIONS

_SUMMARY = """\
# wxaudit

> A Python package on a Rust core that asks WeChat for the audit status of mini programs
> (POST /wxa/get_auditstatus), for third-party platforms. 第三方平台查询微信小程序代码审核状态的 Python 库。

All pages are plain Markdown, in English and, below `zh/`, in Chinese. The page `errcodes/NUMBER.md` says what to do about an
errcode of WeChat.
"""


def text() -> str:
    parts = [_SUMMARY]
    for language in LANGUAGES:
        prefix = f"{language.folder}/" if language.folder else ""
        for section in SECTIONS:
            parts.append(f"## {section.title.of(language)} ({language.name})\n")
            parts += [f"- [{page.title.of(language)}]({prefix}{page.path})" for page in section.pages]
            parts.append("")
    return "\n".join(parts)
