"""A real JupyterLab, seen through Debian's Chromium: notebooks as people meet them.

While a `JupyterLab` is open, playwright keeps an event loop running in this thread: `asyncio.run` works
before and after, not in between.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote

import nbformat
import psutil

from support.browser.chromium import Chromium
from support.programs import environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.sync_api import Page
    from typing_extensions import Self

_TOKEN = "jupyter-token-of-the-tests"
_SECONDS = 60

# Nothing asks a host of its own accord, every cell is in the page, and tests can reach the application.
_OPTIONS = (
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--port=0",
    f"--IdentityProvider.token={_TOKEN}",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)
_PAGE_CONFIGURATION = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
_SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}

# The panel is there before its file is read, and the cells before their outputs.
_OPENED = """path => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.context?.path === path && panel.context.isReady && panel.isVisible
        && panel.content.widgets.length === panel.content.node.querySelectorAll('.jp-Cell').length
        && panel.content.widgets.every(cell => cell.isAttached);
}"""
_RUN_ALL = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.sessionContext.ready;
    return await window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""
_EXECUTE = "from nbclient.cli import main; main()"
_TRUSTED = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code').map(cell => cell.model.trusted)"""
_SET_THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
_LIGHT = "document.body.dataset.jpThemeLight === 'true'"
_SAVE = "() => window.jupyterapp.commands.execute('docmanager:save')"


class JupyterLab(Chromium):
    """Serves the notebooks of `directory`, with no settings but these, and opens them in a browser."""

    def __init__(self, directory: Path, state: Path) -> None:
        """`state`, outside `directory`, is where Jupyter keeps its configuration and its signatures."""
        super().__init__()
        self.directory = directory
        self._state = state
        self._log: list[str] = []
        self._answered = threading.Event()
        self._base_url = ""

    def open(self, notebook: str) -> Page:
        """A page with the notebook of that name, read and laid out; nothing is executed."""
        page = self.new_page()
        page.goto(f"{self._base_url}/lab/tree/{quote(notebook)}?reset&token={_TOKEN}")
        page.wait_for_function(_OPENED, arg=notebook)
        return page

    def run_all(self, page: Page) -> None:
        """Executes every cell, as the menu does, and waits for the last; what they put out is trusted."""
        assert page.evaluate(_RUN_ALL), f"a cell failed: {page.locator('.jp-OutputArea').all_inner_texts()}"

    def is_trusted(self, page: Page) -> bool:
        """Whether JupyterLab lets the outputs of the notebook do what they want; else it cleans them."""
        [trusted] = set(page.evaluate(_TRUSTED))
        return bool(trusted)

    def set_theme(self, page: Page, theme: str) -> None:
        """Pages that are opened from now on have it; so has this one, but for what it has drawn already."""
        light = self.theme_is_light(page)
        page.evaluate(_SET_THEME, theme)
        page.wait_for_function(f"({_LIGHT}) !== {str(light).lower()}")

    def theme_is_light(self, page: Page) -> bool:
        return bool(page.evaluate(_LIGHT))

    def save(self, page: Page) -> None:
        page.evaluate(_SAVE)

    def __enter__(self) -> Self:
        self._configure()
        self._server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *_OPTIONS, f"--ServerApp.root_dir={self.directory}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(**_places(self._state)),
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read_log)
        self._reader.start()
        try:
            assert self._answered.wait(_SECONDS), f"JupyterLab does not answer: {''.join(self._log)}"
            assert self._base_url, f"JupyterLab did not start: {''.join(self._log)}"
            super().__enter__()
        except BaseException:
            self._stop_server()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            super().__exit__()
        finally:
            self._stop_server()

    def _configure(self) -> None:
        configuration = self._state / "configuration" / "labconfig"
        configuration.mkdir(parents=True)
        (configuration / "page_config.json").write_text(json.dumps(_PAGE_CONFIGURATION))
        (configuration / "default_setting_overrides.json").write_text(json.dumps(_SETTINGS))

    def _read_log(self) -> None:
        """Reads to the end: a full pipe would stop the server."""
        assert self._server.stderr is not None
        with self._server.stderr as log:
            for line in log:
                self._log.append(line)
                if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab", line):
                    self._base_url = found[1]
                    self._answered.set()
        self._answered.set()

    def _stop_server(self) -> None:
        """Ends the server, which ends its kernels; what does not end is killed, and fails the test."""
        processes = [psutil.Process(self._server.pid)] if self._server.poll() is None else []
        processes += [child for server in processes for child in server.children(recursive=True)]
        self._server.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs(processes, timeout=_SECONDS)
        for process in left:
            process.kill()
        self._server.wait(_SECONDS)
        self._reader.join(_SECONDS)
        assert left == [], "the server did not end, or left kernels behind"


def write(path: Path, cells: Sequence[str]) -> Path:
    """A notebook of Python cells, not yet executed."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(notebook, path)
    return path


def execute(path: Path, state: Path) -> Path:
    """Executes a notebook without a browser, by nbclient's own program; a cell's error is one here."""
    ended = subprocess.run(
        [sys.executable, "-c", _EXECUTE, "--inplace", f"--timeout={_SECONDS}", str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(**_places(state)),
        text=True,
        check=False,
        timeout=2 * _SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
    return path


def _places(state: Path) -> dict[str, str]:
    """Keeps Jupyter from a person's own settings, and these from theirs."""
    places = {
        "JUPYTER_CONFIG_DIR": "configuration",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
    }
    places |= {"IPYTHONDIR": "ipython", "HOME": "home"}
    return {name: str(state / place) for name, place in places.items()}
