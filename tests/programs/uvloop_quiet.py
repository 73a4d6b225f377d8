"""Make loops of uvloop without asyncio's debug mode.

In debug mode uvloop looks at the caller's frames, also while the interpreter takes them down with an async
generator, and the process dies of it: https://github.com/MagicStack/uvloop/issues/611, 715, 730.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import uvloop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine


def new_event_loop() -> asyncio.AbstractEventLoop:
    loop = uvloop.new_event_loop()
    loop.set_debug(False)
    return loop


def run(main: Coroutine[Any, Any, None]) -> None:
    uvloop.run(main, debug=False)
