"""Some sequences of calls, the same at each run; `make fuzz` goes on with ever new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from machine.model import Outcome, outcomes
from support import preload
from support.subprocess_runner import run_child
from wxaudit import ServerBusyError, TokenError

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = "import sys; from machine.__main__ import main; sys.exit(main())"


def test_sequences_of_calls_follow_the_rules(tmp_path: Path) -> None:
    environment = {
        "LD_PRELOAD": preload.build("wall_clock.c", tmp_path),
        "WALL_CLOCK": str(tmp_path / "seconds"),
        # Nothing is written where the tests run.
        "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path),
    }
    assert run_child(SCRIPT, environment=environment) == "50 sequences of calls\n"


def test_the_model_knows_the_rules() -> None:
    """A model that allows everything would find nothing."""
    assert outcomes((), is_stale=False) == {Outcome(None, 1, 1, 0)}
    assert outcomes((), is_stale=True) == {Outcome(None, 2, 2, 1)}
    assert outcomes(("busy",) * 3, is_stale=False) == {Outcome(ServerBusyError, 3, 3, 0)}
    assert outcomes(("busy",) * 2, is_stale=True) == {Outcome(None, 4, 4, 1)}
    assert outcomes(("a refused token",) * 2, is_stale=True) == {Outcome(TokenError, 2, 2, 1)}
    assert outcomes(("reset",), is_stale=False) == {Outcome(None, 2, 2, 0), Outcome(None, 1, 2, 0)}
