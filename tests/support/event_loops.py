"""The kinds of event loops that tests run in."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable


class PipelessLoop(asyncio.SelectorEventLoop):
    """A loop that watches no pipes, as those of Windows."""

    def add_reader(self, *_: Any) -> NoReturn:  # type: ignore[override]  # whatever it is given, it raises
        raise NotImplementedError


def _new_uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    loop = uvloop.new_event_loop()
    # In debug mode it can crash: see tests/programs/uvloop_quiet.py.
    loop.set_debug(False)
    return loop


NEW_EVENT_LOOP: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "watching no pipes": PipelessLoop,
}
if sys.platform != "win32":  # for which there is no uvloop
    NEW_EVENT_LOOP["uvloop"] = _new_uvloop
