"""Keeps screens of a terminal in `test-artefacts/terminal`: as text, and as the pictures that people see."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from support.browser.chromium import ARTEFACTS, Chromium
from support.command_line.run import clean_environment, command
from support.command_line.terminal import Terminal
from wxaudit._display.terminal import width

if TYPE_CHECKING:
    from typing_extensions import Self

    from wxaudit.testing import FakeWeChat

_FOLDER = "terminal"

# In fonts Chinese characters are rarely as wide as two others, as they are on terminals.
_PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>
pre {{ display: inline-block; margin: 0; padding: 12px; background: {background}; color: {foreground};
      font: 15px/1.35 "WenQuanYi Micro Hei Mono", "Noto Sans Mono CJK SC", monospace; width: {columns}ch }}
i {{ display: inline-block; width: 2ch; font-style: normal; text-align: center; white-space: pre }}
</style><pre>{code}</pre>"""


class Captures:
    """In use, a line for each screen: `captures.run("codes-80-en", "codes", 61007)`."""

    def __enter__(self) -> Self:
        self._chromium = Chromium().__enter__()
        (ARTEFACTS / _FOLDER).mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._chromium.__exit__()

    def run(
        self,
        name: str,
        *arguments: object,
        fake: FakeWeChat | None = None,
        token: str | None = None,
        columns: int = 80,
        rows: int = 60,
        **variables: str,
    ) -> tuple[int, str]:
        """Runs `wxaudit` on a terminal to its end, keeps the screen, and returns the exit code and the text.

        `name` ends with the language, as in `status-80-zh`.
        """
        with self.terminal(
            name, *arguments, fake=fake, token=token, columns=columns, rows=rows, **variables
        ) as terminal:
            code = terminal.end()
            return code, self.keep(name, terminal)

    def terminal(
        self,
        name: str,
        *arguments: object,
        fake: FakeWeChat | None = None,
        token: str | None = None,
        columns: int = 80,
        rows: int = 24,
        **variables: str,
    ) -> Terminal:
        """A terminal for `wxaudit`, for `with`."""
        environment = clean_environment(
            WXAUDIT_LANG=name.rpartition("-")[2],
            WXAUDIT_BASE_URL=None if fake is None else fake.base_url,
            WXAUDIT_TOKEN=token,
            TZ="Asia/Shanghai",
            **variables,
        )
        return Terminal(command(*arguments), environment, columns=columns, rows=rows)

    def keep(self, name: str, terminal: Terminal) -> str:
        """Keeps the screen as text and as a picture, and returns the text."""
        shown = terminal.screen()
        (ARTEFACTS / _FOLDER / f"{name}.txt").write_text(shown + "\n", encoding="utf-8")
        page = self._chromium.new_page()
        page.set_content(_html(terminal.screen(colours=True), terminal.columns))
        self._chromium.picture(page.locator("pre"), f"{_FOLDER}/{name}")
        page.close()
        return shown


def _html(screen: str, columns: int) -> str:
    console = Console(
        record=True, file=io.StringIO(), width=columns, force_terminal=True, legacy_windows=False
    )
    console.print(Text.from_ansi(screen), soft_wrap=True)
    code = console.export_html(theme=SVG_EXPORT_THEME, inline_styles=True, code_format="{code}")
    return _PAGE.format(
        code="".join(f"<i>{it}</i>" if width(it) == 2 else it for it in code),
        columns=columns,
        background=SVG_EXPORT_THEME.background_color.hex,
        foreground=SVG_EXPORT_THEME.foreground_color.hex,
    )
