"""Debian's Chromium: pages as people see them, and what these pages ask for and complain about.

While it is open, playwright keeps an event loop running in this thread: `asyncio.run` and Django's database
work before and after, not in between.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Dialog, Locator, Page, Request, WebSocket
    from typing_extensions import Self

ARTEFACTS = Path(__file__).parents[3] / "test-artefacts"

_SECONDS = 60
_LOOPBACK = {"127.0.0.1", "localhost"}
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Here as there: a machine that reaches a CDN must not hide that a page needs one.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class Chromium:
    """One browser with one context, whose pages are watched."""

    def __init__(self, locale: str = "zh-CN", width: int = 1280, height: int = 1600) -> None:
        self._locale = locale
        self._size = (width, height)
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.complaints: list[str] = []

    @property
    def outside_requests(self) -> list[str]:
        """What pages asked of hosts other than this one."""
        local = {"data", "blob", "about", "chrome-extension"}
        urls = [urlsplit(url) for url in self.requests]
        return [url.geturl() for url in urls if url.scheme not in local and url.hostname not in _LOOPBACK]

    def new_page(self) -> Page:
        return self._context.new_page()

    def set_cookie(self, url: str, name: str, value: str) -> None:
        self._context.add_cookies([{"url": url, "name": name, "value": value}])

    def picture(self, seen: Page | Locator, name: str) -> Path:
        """Keeps what a person would see, for people who look at a test run."""
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        seen.screenshot(path=path)
        return path

    def __enter__(self) -> Self:
        browser = shutil.which("chromium")
        assert browser, "the tests need chromium: bash tests/install_servers.sh"
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(
                executable_path=browser, headless=True, args=_OPTIONS, timeout=_SECONDS * 1000
            )
            width, height = self._size
            self._context = self._browser.new_context(
                viewport={"width": width, "height": height}, locale=self._locale
            )
            self._context.set_default_timeout(_SECONDS * 1000)
            self._context.on("request", self._note_request)
            self._context.on("console", self._note_message)
            self._context.on("page", self._watch)
        except BaseException:
            self._playwright.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._browser.close()
        finally:
            self._playwright.stop()

    def _watch(self, page: Page) -> None:
        page.on("websocket", self._note_web_socket)
        page.on("dialog", self._note_dialog)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _note_web_socket(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            self.complaints.append(message.text)

    def _note_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()
