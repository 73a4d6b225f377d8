"""Collect the texts of live objects."""

from __future__ import annotations

import gc
import sys
from itertools import compress, filterfalse
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from secrecy.passed import Passed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from collections.abc import Set as AbstractSet

    from secrecy.canary import Text

_TEXTS = (str, bytes, bytearray)
_PLAIN = (int, float, complex, bool, type(None), type(Ellipsis), type, ModuleType)


class ObjectWalk:
    """All texts of this process that are reachable through the garbage collector, each reported once."""

    def __init__(self) -> None:
        # Texts of the last walk, kept alive until the next one, so that their addresses are not reused.
        self._known: dict[int, object] = {}

    def new_texts(self, passed: AbstractSet[int] = frozenset()) -> list[Text]:
        """The texts that the last walk did not find. Those that were `passed` are left for the next walk."""
        met: dict[int, Any] = {}
        # The garbage collector does not track containers of plain values only; the walk finds them.
        untracked: dict[int, object] = {}
        reached: list[object] = [thing for thing in gc.get_objects() if thing is not self._known]
        reached += sys._current_frames().values()
        reached += _namespaces()
        while reached:
            referents = gc.get_referents(*reached)
            # A hundred thousand objects, hundreds of times: each type is looked at once, and loops run in C.
            types = set(map(type, referents))
            texts = {kind for kind in types if issubclass(kind, _TEXTS)}
            plain = {kind for kind in types if issubclass(kind, _PLAIN)}
            met |= _by_id(_of_types(texts, referents))
            others = _of_types(types - texts - plain, referents)
            rest = _by_id(list(filterfalse(gc.is_tracked, others)))
            reached = [item for key, item in rest.items() if key not in untracked]
            untracked |= rest
        for key in passed:
            met.pop(key, None)
        # The contents of these may have changed.
        mutable = {kind for kind in set(map(type, met.values())) if issubclass(kind, bytearray)}
        bytearrays = [item for item in _of_types(mutable, met.values()) if id(item) in self._known]
        new = [met[key] for key in met.keys() - self._known.keys()]
        new += bytearrays
        self._known = met
        return new


def _of_types(types: set[type], things: Collection[Any]) -> list[Any]:
    return list(compress(things, map(types.__contains__, map(type, things))))


def _by_id(things: list[Any]) -> dict[int, Any]:
    return dict(zip(map(id, things), things, strict=True))


def _namespaces() -> Iterator[object]:
    """Modules of the standard library with caches and objects, which `libraries` has frozen too."""
    for name in sys.stdlib_module_names & sys.modules.keys():
        names = dict(vars(sys.modules[name]))
        yield names
        for value in names.values():
            if isinstance(value, (dict, list, set)):
                yield value
            elif not isinstance(value, _PLAIN) and not callable(value) and hasattr(value, "__dict__"):
                yield vars(value)


def attribute_texts(thing: object, passed: Passed | None = None, depth: int = 4) -> Iterator[Text]:
    """The text that a debugger or an error reporter shows of an object: its attributes and items, and theirs.

    Arguments that a caller `passed` are left out everywhere.
    """
    yield from _texts_of(thing, passed or Passed(), depth, set())


def _texts_of(thing: Any, passed: Passed, depth: int, seen: set[int]) -> Iterator[Text]:
    if thing in passed:
        return
    if isinstance(thing, _TEXTS):
        yield thing
        return
    if id(thing) in seen or isinstance(thing, _PLAIN):
        return
    seen.add(id(thing))
    yield from (_shown(thing, show, passed) for show in (repr, str, ascii))
    if depth:
        for part in _parts(thing):
            yield from _texts_of(part, passed, depth - 1, seen)


def _shown(thing: object, show: Any, passed: Passed) -> str:
    try:
        return passed.shown(thing, show)
    except Exception as problem:
        return repr(problem)


def _parts(thing: Any) -> Iterator[object]:
    if isinstance(thing, dict):
        yield from thing.keys()
        yield from thing.values()
    elif isinstance(thing, (list, tuple, set, frozenset)):
        yield from thing
    elif isinstance(thing, FrameType):
        yield from thing.f_locals.values()
    elif type(thing).__module__.partition(".")[0] == "wxaudit" or isinstance(thing, BaseException):
        # Only of the library and of errors: other attributes lead to the whole process.
        for name in dir(thing):
            try:
                value = getattr(thing, name)
            except Exception as problem:
                value = problem
            if not callable(value):
                yield value
        yield from getattr(thing, "__dict__", {}).values()
