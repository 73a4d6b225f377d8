"""What an editor shows, as pyright's language server tells it: docstrings, and only public names."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
import wxaudit.events
import wxaudit.testing
from support.editor import Editor

if TYPE_CHECKING:
    from collections.abc import Iterator

# An expression for an editor, and the same in this process.
COMPLETED: dict[str, Any] = {
    "wxaudit": wxaudit,
    "wxaudit.testing": wxaudit.testing,
    "wxaudit.events": wxaudit.events,
    "wxaudit.Client()": wxaudit.Client(),
    "wxaudit.AsyncClient()": wxaudit.AsyncClient(),
    "wxaudit.AuditStatus(1, 0)": wxaudit.AuditStatus(1, 0),
    "wxaudit.LatestAuditStatus(1, 0)": wxaudit.LatestAuditStatus(1, 0),
    "wxaudit.AuditBatch()": wxaudit.AuditBatch(),
    "wxaudit.AuditResult(1)": wxaudit.AuditResult(1, status=wxaudit.AuditStatus(1, 0)),
    'wxaudit.AuditQuery("token", 1)': wxaudit.AuditQuery("token", 1),
    'wxaudit.Event(kind="request")': wxaudit.Event(kind="request"),
    'wxaudit.Token("token")': wxaudit.Token("token"),
    "wxaudit.Timeout()": wxaudit.Timeout(),
    "wxaudit.Polling()": wxaudit.Polling(),
    "wxaudit.Quota()": wxaudit.Quota(),
    'wxaudit.Reason("title")': wxaudit.Reason("title"),
    'wxaudit.APIError("text")': wxaudit.APIError("text"),
    "wxaudit.testing.FakeWeChat()": wxaudit.testing.FakeWeChat(),
    "wxaudit.testing.Fault()": wxaudit.testing.Fault(),
}
_CLASSES = (wxaudit.Client, wxaudit.AsyncClient, wxaudit.AuditStatus, wxaudit.AuditBatch, wxaudit.AuditResult)
HOVERED = [
    *(f"wxaudit.{name}" for name in wxaudit.__all__ if callable(getattr(wxaudit, name))),
    *(
        f"wxaudit.{kind.__name__}.{name}"
        for kind in _CLASSES
        for name in dir(kind)
        # Those of Sequence have the docstrings of the standard library.
        if name[0] != "_" and name not in dir(tuple)
    ),
]


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    imports = ["import wxaudit", "import wxaudit.events", "import wxaudit.testing"]
    lines = [*imports, *HOVERED, *(f"{expression}." for expression in COMPLETED)]
    with Editor(tmp_path_factory.mktemp("editor"), "\n".join(lines)) as opened:
        yield opened


@pytest.mark.parametrize("expression", COMPLETED)
def test_an_editor_completes_what_is_public(editor: Editor, expression: str) -> None:
    public = {name for name in dir(COMPLETED[expression]) if not name.startswith("_")}
    if expression == "wxaudit":
        # Submodules: those that this process has imported, and those that the file imports.
        public = {*wxaudit.__all__, "events", "testing"} - {"__version__"}
    assert editor.complete(expression) == public


@pytest.mark.parametrize("expression", HOVERED)
def test_an_editor_shows_the_docstring(editor: Editor, expression: str) -> None:
    documented: Any = wxaudit
    for name in expression.split(".")[1:]:
        documented = getattr(documented, name)
    docstring = inspect.getdoc(documented)
    assert docstring
    assert _words(docstring) in _words(editor.hover(expression))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))
