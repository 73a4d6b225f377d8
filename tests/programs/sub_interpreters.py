"""Imports wxaudit in the main interpreter and in others of the same process; prints what those say."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

import wxaudit

_IMPORT = f"""
import sys
sys.path[:] = {sys.path!r}
try:
    import wxaudit
except ImportError as error:
    sys.modules["os"] = __import__("os")
    sys.modules["os"].write(int({{pipe}}), (str(error) + "\\n").encode())
"""


def main() -> None:
    name = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    interpreters: Any = importlib.import_module(name)
    told = []
    # As mod_wsgi makes them, and with a lock of their own as those of `concurrent.interpreters`.
    kinds = {"legacy": False, "isolated": True}
    for kind, isolated in kinds.items():
        if isolated and sys.version_info < (3, 12):
            continue  # without threads, so that importing threading fails first
        made = (
            interpreters.create(kind)
            if sys.version_info >= (3, 13)
            else interpreters.create(isolated=isolated)
        )
        reading, writing = os.pipe()
        interpreters.run_string(made, _IMPORT.format(pipe=writing))
        os.close(writing)
        with open(reading, encoding="utf-8") as pipe:
            told.append(pipe.read().strip())
    # This interpreter goes on.
    wxaudit.Client()
    print(json.dumps(told))


main()
