"""Tell what a signal handler raised from the failure of the code that it interrupted.

A handler runs between two instructions of the main thread, and what it raises comes out of whatever runs
there: a token source, `on_event`, the input of a batch. It is meant for the caller, whatever its class: the
soft time limit of Celery is an `Exception`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

# The flag of a function with a parameter `*args`, as `inspect.CO_VARARGS`.
_VARARGS = 0x04


def raised_by_signal(error: BaseException) -> bool:
    """Whether a signal handler raised a caught exception, or one that led to it.

    That is its `__cause__` or `__context__` if it was raised and caught in the failed code, or a member of
    its group; not an exception that was being handled before that code ran.
    """
    handlers = _registered()
    seen: set[int] = set()
    frames: set[FrameType] = set()
    links: list[tuple[BaseException, bool]] = [(error, True)]
    while links:
        link, belongs = links.pop()
        passed = list(_frames_of(link))
        # The frame that caught an earlier exception is one that the later exception has passed too.
        if id(link) in seen or not (belongs or (passed and passed[0] in frames)):
            continue
        seen.add(id(link))
        if any(frame.f_code in handlers or _is_handler(frame) for frame in passed):
            return True
        frames.update(passed)
        links += [(other, False) for other in (link.__cause__, link.__context__) if other is not None]
        members = getattr(link, "exceptions", ())
        if isinstance(members, tuple):
            links += [(member, True) for member in members if isinstance(member, BaseException)]
    return False


def _frames_of(error: BaseException) -> Iterator[FrameType]:
    entry = error.__traceback__
    while entry is not None:
        yield entry.tb_frame
        entry = entry.tb_next


def _is_handler(frame: FrameType) -> bool:
    """Whether a function was called as handlers are: with a number, and with the frame that it interrupts."""
    code, interrupted = frame.f_code, frame.f_back
    count, has_rest = code.co_argcount, bool(code.co_flags & _VARARGS)
    if interrupted is None or not (count or has_rest):
        return False
    values = frame.f_locals
    arguments = [values.get(name) for name in code.co_varnames[:count]]
    if has_rest:
        rest = values.get(code.co_varnames[count + code.co_kwonlyargcount])
        arguments += rest if isinstance(rest, tuple) else ()
    return any(
        value is interrupted and isinstance(arguments[number - 1], int)
        for number, value in enumerate(arguments)
        if number > 0
    )


def _registered() -> set[CodeType]:
    """The code of the handlers, which may have deleted their arguments."""
    signal = sys.modules.get("signal")
    if signal is None:
        return set()
    from functools import partial

    codes = set()
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if not callable(handler) or isinstance(handler, signal.Handlers):
            continue
        while isinstance(handler, partial):
            handler = handler.func
        function = getattr(handler, "__func__", handler)
        code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
        if code is not None:
            codes.add(code)
    return codes
