"""Libraries in C that stand before the system's own in a child process (LD_PRELOAD)."""

from __future__ import annotations

import subprocess
from pathlib import Path


def build(source: str, directory: Path) -> str:
    """The path of the library that is made of `source`, a file of the tests."""
    library = directory / Path(source).with_suffix(".so")
    options = ["-shared", "-fPIC", "-Wall", "-Werror"]
    subprocess.run(
        ["cc", *options, "-o", library, Path(__file__).parents[1] / "native" / source, "-ldl"], check=True
    )
    return str(library)
