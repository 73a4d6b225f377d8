"""Find the columns of a table by their names, and say which name is meant where one is nearly right."""

from __future__ import annotations

from .._errors.tree import ArgumentError
from .._escape import truncate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

# Above 2**24 these types skip numbers, and a wrong number is another audit.
_INEXACT = ("float16", "float32", "halffloat[pyarrow]", "float[pyarrow]")

# Other names of the same things, in lower case and with letters and digits only. The first is WeChat's own.
_OTHER_NAMES = {
    "authorizerappid": "appid",
    "miniprogramappid": "appid",
    "小程序appid": "appid",
    "小程序id": "appid",
    "审核单id": "auditid",
    "审核单号": "auditid",
    "审核编号": "auditid",
    "审核id": "auditid",
}
_SIMILAR = 0.8
# No name that is nearly right is longer.
_LONGEST_NAME = 40


def meant_by(name: object, wanted: Iterable[str], *, similar: bool = True) -> str | None:
    """Which of the `wanted` names is meant by one with other case, blanks or punctuation, such as `App ID`.

    With `similar`, a name with a wrong letter counts too.
    """
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return None
    plain = _plain(name)
    known = list(wanted)
    spelled = {_plain(word): word for word in known}
    spelled |= {other: word for other, word in _OTHER_NAMES.items() if word in known}
    if plain in spelled:
        return spelled[plain]
    if similar and plain:
        from difflib import get_close_matches

        near = get_close_matches(plain, map(_plain, known), 1, _SIMILAR)
        return spelled[near[0]] if near else None
    return None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


class Names:
    """What the column names of a table tell.

    Not the names themselves, which no traceback should show: without a header row they may be tokens.
    """

    __slots__ = ("_renamed", "appids", "auditids", "is_index", "shown")

    def __init__(self, names: Sequence[Any], index: Iterable[Any] = ()) -> None:
        """`index` has the names of the index, if there is one."""
        self.auditids, self.appids = names.count("auditid"), names.count("appid")
        self.is_index = "auditid" in index
        # Truncated, so that no usable part of a token is shown.
        self.shown = truncate(", ".join(truncate(str(name), 12) for name in names), 200) or "none"
        self._renamed = _renamed(names)

    def advice(self, rename: str) -> str:
        """What to write where a name is nearly right. `rename` has `%s` for a dict of names."""
        if self.is_index and not self.auditids:
            return "; auditid is its index: write frame.reset_index()"
        pairs = ", ".join(f"{_quoted(found)}: {_quoted(meant)}" for found, meant in self._renamed.items())
        return "; write " + rename % f"{{{pairs}}}" if pairs else ""


def columns(names: Names, dtype: Callable[[], object], rename: str) -> list[str]:
    """The names of the columns to read. `rename` is the code that renames columns, with `%s` for a dict.

    `ArgumentError` if there is not one column auditid, if there are two of appid, or if a column has nearly
    one of these names; `dtype` is called for the type of auditid, which must be exact.
    """
    advice = names.advice(rename)
    if names.auditids != 1:
        problem = "more than one column" if names.auditids else "no column"
        raise ArgumentError(f"frame has {problem} auditid; its columns: {names.shown}{advice}")
    if names.appids > 1:
        raise ArgumentError("frame has more than one column appid")
    if advice:
        raise ArgumentError(
            f"frame has no column appid, but one with nearly that name; its columns: {names.shown}{advice}, "
            "or leave that column out"
        )
    if str(dtype()).lower() in _INEXACT:
        raise ArgumentError(f"frame: a column auditid of {dtype()} is inexact; make it int64 or text")
    return ["auditid", "appid"] if names.appids else ["auditid"]


def _renamed(names: Sequence[Any]) -> dict[str, str]:
    """The columns that are nearly right, each with its right name."""
    missing = [wanted for wanted in ("auditid", "appid") if wanted not in names]
    renamed: dict[str, str] = {}
    # A table without auditid is refused in any case; otherwise a similar word may be a word of its own.
    for similar in (False, True) if "auditid" in missing else (False,):
        for name in names:
            meant = meant_by(name, missing, similar=similar)
            if meant is not None and meant not in renamed.values():
                renamed.setdefault(name, meant)
    return renamed


def _quoted(name: str) -> str:
    """As a literal of Python with the quotes that formatters prefer."""
    plain = name.isprintable() and not {'"', "\\"} & set(name)
    return f'"{name}"' if plain else ascii(name)


def not_a_table(frame: object) -> ArgumentError:
    """The error for what has no columns, such as a single column."""
    kind = type(frame)
    name, package = kind.__name__, kind.__module__.partition(".")[0]
    expected, advice = "a pandas or polars DataFrame, or have __arrow_c_stream__", ""
    if name == "Series" and package in ("pandas", "polars"):
        expected = "a table with a column auditid"
        advice = '; write frame[["auditid"]] for that column of a frame, or series.to_frame("auditid")'
    elif package == "pyarrow" and name.endswith("Array"):
        expected, advice = "a table with a column auditid", '; write pyarrow.table({"auditid": array})'
    elif name == "LazyFrame":
        advice = "; write frame.collect()"
    elif package in ("dask", "ray"):
        advice = "; map its partitions with wxaudit.audit_frame"
    elif kind in (list, tuple, range):
        advice = '; write pandas.DataFrame({"auditid": auditids}) for a list of auditids'
    shown = name if package == "builtins" else f"{package}.{name}"
    return ArgumentError(f"frame must be {expected}, got {shown}{advice}")
