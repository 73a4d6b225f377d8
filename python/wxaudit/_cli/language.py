"""Choose between English and Chinese, for help texts, messages and tables."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    Language = Literal["en", "zh"]

# Help texts are arguments of decorators: the language is chosen before the commands are imported.
_chosen: Language = "en"


def choose(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """The language of `--lang`, or else of WXAUDIT_LANG, or else of the locale."""
    given = ""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == "--lang":
            given = following
        elif argument.startswith("--lang="):
            given = argument.removeprefix("--lang=")
    for name in ("WXAUDIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        given = given or environment.get(name, "")
    return "zh" if given.lower().startswith("zh") else "en"


def check(environment: Mapping[str, str]) -> None:
    """`ArgumentError` if WXAUDIT_LANG names another language."""
    from .._errors.tree import ArgumentError

    if not environment.get("WXAUDIT_LANG", "en").lower().startswith(("en", "zh")):
        raise ArgumentError(text("WXAUDIT_LANG must be en or zh", "WXAUDIT_LANG 只能是 en 或 zh"))


def use(language: Language) -> None:
    global _chosen
    _chosen = language


def chosen() -> Language:
    return _chosen


def text(english: str, chinese: str) -> str:
    """The text in the language of the user."""
    return chinese if _chosen == "zh" else english
