"""Choose between English and Chinese."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


def language_of(tag: str) -> Literal["en", "zh"] | None:
    """The language of a tag such as `zh-CN`, `zh_CN.UTF-8` or `en-US`; `None` for any other."""
    primary = tag.replace("_", "-").replace(".", "-").partition("-")[0].lower()
    return "zh" if primary == "zh" else "en" if primary == "en" else None


def language_of_errors() -> Literal["en", "zh"]:
    """The language of the hints in messages: Chinese if `WXAUDIT_LANG` says so."""
    import os

    return language_of(os.environ.get("WXAUDIT_LANG", "")) or "en"
