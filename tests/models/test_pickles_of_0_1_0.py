"""Pickles that version 0.1.0 made load: a task queue or a cache may still hold some after an upgrade."""

from __future__ import annotations

import base64
import json
import pickle
from pathlib import Path

import pytest

from support.subprocess_runner import run_child

# The repr that 0.1.0 gave, and the pickle, by the name of the class.
STORED = json.loads(Path(__file__).with_name("pickles_0_1_0.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", STORED)
def test_a_pickle_of_0_1_0_loads_as_the_same_value(name: str) -> None:
    stored = STORED[name]
    loaded = pickle.loads(base64.b64decode(stored["pickle"]))
    assert type(loaded).__name__ == name.partition(" ")[0]
    assert repr(loaded) == stored["repr"]


def test_a_pickle_of_0_1_0_loads_in_a_process_that_has_imported_nothing() -> None:
    pickles = [stored["pickle"] for stored in STORED.values()]
    script = (
        "import base64, json, pickle, sys\n"
        "print(len([pickle.loads(base64.b64decode(text)) for text in json.loads(sys.argv[1])]))"
    )
    assert run_child(script, json.dumps(pickles)) == f"{len(pickles)}\n"
