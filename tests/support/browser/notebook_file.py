"""How notebooks are committed: no outputs, and nothing else that changes by being run.

As a program it brings the notebooks of `examples/` into that form.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

EXAMPLES = Path(__file__).parents[3] / "examples" / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def committed_form(text: str) -> str:
    """The notebook without what a run, or an editor, leaves in it."""
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.validate(notebook)
    written: str = nbformat.writes(notebook)
    return written.rstrip("\n") + "\n"


def main() -> None:
    for path in sorted(EXAMPLES.glob("*.ipynb")):
        path.write_text(committed_form(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
