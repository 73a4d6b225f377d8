"""Find the arguments that a caller passed: the caller's own frame shows them, so ours need not hide them.

Everything else in a frame of the library is searched: values of a token source, a generator, the server or a
stored state, and values derived from an argument.
"""

from __future__ import annotations

import gc
import inspect
import os
import traceback
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import wxaudit
import wxaudit.events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import CodeType, FrameType

# The path of the library; the folder of a clone may have its name too.
_LIBRARY = str(Path(wxaudit.__file__).parent) + os.sep
_TEXTS = (str, bytes, bytearray)


def is_ours(frame: FrameType) -> bool:
    """Whether a frame is of the library."""
    return frame.f_code.co_filename.startswith(_LIBRARY)


def frames_of(error: BaseException) -> list[FrameType]:
    """The frames of the traceback, outermost first."""
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]


class Passed:
    """The arguments in the traceback of an error, with their items.

    They are the parameters of public functions, methods and constructors whose calling frame is not of the
    library. An object that replaces a parameter, such as a `Token`, is not an argument.
    """

    def __init__(self, error: BaseException | None = None) -> None:
        self._arguments: dict[int, object] = {}
        within = False
        for frame in [] if error is None else frames_of(error):
            if is_ours(frame) and not within and frame.f_code in _PUBLIC:
                for argument in _parameters(frame):
                    self._add(argument)
            within = is_ours(frame)
        self._table = any(hasattr(it, "__arrow_c_stream__") for it in self._arguments.values())

    def _add(self, argument: object, depth: int = 3) -> None:
        self._arguments[id(argument)] = argument
        if depth:
            for item in _items(argument):
                self._add(item, depth - 1)

    def __contains__(self, thing: object) -> bool:
        """Whether an object is an argument, or an Arrow object that shares the memory of one."""
        if id(thing) in self._arguments:
            return True
        return self._table and type(thing).__module__.partition(".")[0] == "arro3"

    def shown(self, thing: object, show: Callable[[object], str] = repr) -> str:
        """The `repr` of an object without the arguments among its items.

        A text derived from an argument is not the argument, and is shown.
        """
        text = str(show(thing))
        for argument in self._among(thing):
            text = text.replace(show(argument), "<passed>").replace(repr(argument), "<passed>")
        return text

    def among_items_of(self, thing: object) -> bool:
        """Whether an object contains an argument."""
        return any(True for _ in self._among(thing))

    def _among(self, thing: object, depth: int = 3) -> Iterator[object]:
        for item in _items(thing):
            if item in self:
                yield item
            elif depth:
                yield from self._among(item, depth - 1)

    def texts(self) -> set[int]:
        """The ids of all texts in the arguments at any depth. They live as long as the error."""
        met: set[int] = set()
        texts: set[int] = set()
        reached = list(self._arguments.values())
        while reached:
            thing = reached.pop()
            if isinstance(thing, _TEXTS):
                texts.add(id(thing))
            elif id(thing) not in met and not isinstance(thing, (type, ModuleType, FunctionType)):
                met.add(id(thing))
                reached += gc.get_referents(thing)
        return texts


def shown_locals(error: BaseException) -> Iterator[str]:
    """The locals of the library's frames, as a reporter shows them, without arguments of the caller."""
    passed = Passed(error)
    for frame in filter(is_ours, frames_of(error)):
        for name, value in frame.f_locals.items():
            if value not in passed:
                yield f"{name} = {passed.shown(value)}"


def formatted(error: BaseException) -> Iterable[str]:
    """The traceback with locals, and those of its causes, without arguments of the caller in our frames."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    _leave_out(whole, error)
    return whole.format()


def _leave_out(whole: traceback.TracebackException, error: BaseException) -> None:
    passed = Passed(error)
    for summary, frame in zip(whole.stack, frames_of(error), strict=True):
        if is_ours(frame) and summary.locals is not None:
            for name, value in frame.f_locals.items():
                if value in passed:
                    summary.locals[name] = "<passed>"
                elif passed.among_items_of(value):
                    summary.locals[name] = passed.shown(value)
    for part, cause in ((whole.__cause__, error.__cause__), (whole.__context__, error.__context__)):
        if part is not None and cause is not None:
            _leave_out(part, cause)


def _items(thing: object) -> Iterable[object]:
    if isinstance(thing, dict):
        return (*thing.keys(), *thing.values())
    return thing if isinstance(thing, (list, tuple, set, frozenset)) else ()


def _parameters(frame: FrameType) -> Iterator[object]:
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return (frame.f_locals[name] for name in names if name != "self" and name in frame.f_locals)


def _public_code() -> Iterator[CodeType]:
    """The code of public functions, and of methods and constructors of public classes."""
    for module in (wxaudit, wxaudit.events):
        for name in module.__all__:
            public: Any = getattr(module, name)
            kinds = public.__mro__ if inspect.isclass(public) else ()
            for member in (public, *(member for kind in kinds for member in vars(kind).values())):
                function = inspect.unwrap(getattr(member, "__func__", member))
                if inspect.isfunction(function) and not _is_private(function.__name__):
                    yield function.__code__


def _is_private(name: str) -> bool:
    return name.startswith("_") and name not in ("__init__", "__new__")


_PUBLIC = frozenset(_public_code())
