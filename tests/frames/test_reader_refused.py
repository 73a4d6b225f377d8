"""What is wrong with a table, or with the call, is raised by the call; each case says what."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wxaudit
from secrecy.canary import TOKEN, find
from support.frames import token
from wxaudit._frames.reader import queries_from_frame


async def an_async_function(_: Any) -> str:
    return "token"


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "no auditid": (
        pd.DataFrame({"id": [5], "appid": ["wx"]}),
        token,
        "no column auditid; its columns: id, appid",
    ),
    "no column": (pd.DataFrame(), token, "no column auditid; its columns: none"),
    "polars": (
        pl.DataFrame({"Auditid": [5]}),
        token,
        r'no column auditid; its columns: Auditid; write frame\.rename\(\{"Auditid": "auditid"\}\)$',
    ),
    "pandas": (
        pd.DataFrame([[5, "wx", "x"]], columns=["audit_id", "AppID", "app-id"]),
        token,
        r'write frame\.rename\(columns=\{"audit_id": "auditid", "AppID": "appid"\}\)$',
    ),
    "blanks": (pd.DataFrame({" Audit ID\n": [5]}), token, r"columns=\{' Audit ID\\n': \"auditid\"\}"),
    "Chinese": (
        pa.table({"审核单ID": [5], "小程序appid": ["wx"]}),
        token,
        r'write frame\.rename_columns\(\{"审核单ID": "auditid", "小程序appid": "appid"\}\)$',
    ),
    "a wrong letter": (pl.DataFrame({"audidid": [5]}), token, r'rename\(\{"audidid": "auditid"\}\)$'),
    "nearly an appid": (
        pd.DataFrame({"auditid": [5], "authorizer_appid": ["wx"]}),
        token,
        r"no column appid, but one with nearly that name.*\{\"authorizer_appid\": \"appid\"\}\), or leave",
    ),
    "an index": (
        pd.DataFrame({"auditid": [5], "appid": ["wx"]}).set_index("auditid"),
        token,
        r"auditid is its index: write frame\.reset_index\(\)",
    ),
    "pyarrow": (pa.table({"id\n": [5]}), token, r"no column auditid; its columns: id\\n"),
    "twice": (pd.DataFrame([[5, 6]], columns=["auditid"] * 2), token, "more than one column auditid"),
    "twice in Arrow": (pa.table([[5], [6]], names=["auditid"] * 2), token, "more than one column auditid"),
    "two appids": (
        pa.table([[5], ["a"], ["b"]], names=["auditid", "appid", "appid"]),
        token,
        "more than one column appid",
    ),
    "float32 in pandas": (pd.DataFrame({"auditid": [5]}, dtype="float32"), token, "float32 is inexact"),
    "Float32 in pandas": (pd.DataFrame({"auditid": [5]}, dtype="Float32"), token, "Float32 is inexact"),
    "float32 in ArrowDtype": (
        pd.DataFrame({"auditid": [5]}, dtype=pd.ArrowDtype(pa.float32())),
        token,
        "is inexact",
    ),
    "float32 in polars": (
        pl.DataFrame({"auditid": [5]}, schema={"auditid": pl.Float32}),
        token,
        "Float32 is inexact",
    ),
    "float32 in pyarrow": (pa.table({"auditid": pa.array([5], pa.float32())}), token, "float32 is inexact"),
    "lists": (pa.table({"auditid": [[5]]}), token, "column auditid holds neither numbers nor texts"),
    "moments": (
        pa.table({"auditid": [5], "appid": pa.array([1], pa.timestamp("us", "No/Where"))}),
        token,
        "column appid holds neither numbers nor texts",
    ),
    "a list": ([5], token, "frame must be a pandas or polars DataFrame.*got list"),
    "lazy": (pl.LazyFrame({"auditid": [5]}), token, r"got polars.LazyFrame; write frame\.collect\(\)$"),
    "nothing": (None, token, "got NoneType"),
    "a series": (
        pl.Series([5]),
        token,
        r'with a column auditid, got polars\.Series; write frame\[\["auditid"\]\].*series\.to_frame\(',
    ),
    "a column": (pd.Series([5]), token, r"got pandas\.Series; write frame"),
    "an array": (
        pa.chunked_array([[5]]),
        token,
        r"got pyarrow\.ChunkedArray; write pyarrow\.table\(\{\"auditid\": array\}\)$",
    ),
    "no function": (pl.DataFrame({"auditid": [5]}), "token", "token_for must be a callable.*got str"),
    "a dict": (pl.DataFrame({"auditid": [5]}), {"wx": "token"}, "token_for must be a callable.*got dict"),
    "a coroutine function": (pl.DataFrame({"auditid": [5]}), an_async_function, "it is a coroutine function"),
}


@pytest.mark.parametrize(("frame", "token_for", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_with_the_call_is_raised_by_the_call(frame: Any, token_for: Any, problem: str) -> None:
    with pytest.raises(wxaudit.ArgumentError, match=problem):
        queries_from_frame(frame, token_for)


@pytest.mark.parametrize("name", ["applied", "id", "小程序", "appid_of_the_platform"])
def test_other_columns_are_left_alone(name: str) -> None:
    assert len(list(queries_from_frame(pd.DataFrame({"auditid": [5], name: ["x"]}), token))) == 1


def test_a_token_in_the_header_is_not_shown() -> None:
    """A file without a header row, read as if it had one."""
    for text in (TOKEN.text(), "auditid" + TOKEN.text()):
        for frame in (pd.DataFrame({text: [5]}), pl.DataFrame({text: [5]}), pa.table({text: [5]})):
            with pytest.raises(wxaudit.ArgumentError, match="no column auditid") as caught:
                queries_from_frame(frame, token)
            assert list(find([str(caught.value)])) == []


def test_arrow_without_arro3_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arro3.core", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs arro3-core.*pip install 'wxaudit\[notebook\]'"):
        queries_from_frame(pa.table({"auditid": [5]}), token)
