"""The two languages of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Language:
    code: str
    name: str
    # Below the root of the site.
    folder: str
    # Of a file in this language: `NAME.md`, `NAME.zh.md`.
    suffix: str
    description: str


ENGLISH = Language(
    "en",
    "English",
    "",
    ".md",
    "The review status of WeChat mini programs, for third-party platforms, in Python",
)
CHINESE = Language("zh", "简体中文", "zh", ".zh.md", "第三方平台查询微信小程序代码审核状态的 Python 库")
LANGUAGES = (ENGLISH, CHINESE)


class Text(NamedTuple):
    english: str
    chinese: str

    def of(self, language: Language) -> str:
        return self.chinese if language is CHINESE else self.english
