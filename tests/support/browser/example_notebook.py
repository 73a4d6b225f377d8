"""The example notebook, executed where nobody minds, and what it put out."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import nbformat

from support.browser.notebook_file import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# A shorter piece of a token than this does not count as the token.
FRAGMENT = 16

_TELL_TOKENS = """\
import json
assert len(fake.requests) == fake.requests_received
Path({path!r}).write_text(json.dumps([request.token for request in fake.requests]))
"""


class ExampleNotebook:
    """A copy of `review-ops.ipynb` that tells at its end, beside itself, which tokens were sent."""

    def __init__(self, directory: Path, told: Path, name: str = "review-ops.ipynb") -> None:
        """`told`, outside `directory`, is where the tokens are written."""
        self.path = directory / name
        self.exports = directory / "exports"
        self._told = told
        shutil.copy(EXAMPLES / "morning.py", directory)
        notebook = nbformat.read(EXAMPLES / "review-ops.ipynb", as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(_TELL_TOKENS.format(path=str(told))))
        nbformat.write(notebook, self.path)

    @property
    def code_cells(self) -> list[Any]:
        """As saved last; without the one that tells the tokens."""
        cells = nbformat.read(self.path, as_version=4).cells
        return [cell for cell in cells if cell.cell_type == "code"][:-1]

    def outputs(self, cell_id: str) -> list[Any]:
        """What one cell put out."""
        [cell] = [cell for cell in self.code_cells if cell.id == cell_id]
        return list(cell.outputs)

    def shown(self, cell_id: str) -> Any:
        """The value of a cell's last line, by MIME type."""
        return self.outputs(cell_id)[-1].data

    def tokens(self) -> set[str]:
        """All tokens that this run has sent."""
        return set(json.loads(self._told.read_text()))

    def leaks(self, texts: Iterable[str]) -> Iterator[str]:
        """Where one of the texts holds a piece of a token: the name of none, but its surroundings."""
        pieces = {
            token[start : start + FRAGMENT]
            for token in self.tokens()
            for start in range(len(token) - FRAGMENT + 1)
        }
        for text in texts:
            for start in range(len(text) - FRAGMENT + 1):
                if text[start : start + FRAGMENT] in pieces:
                    yield f"at {start}: {text[max(0, start - 80) : start]!r} …"
                    break
