"""What `audit_frame` refuses, and that no token shows where it ends with an error."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wxaudit
from secrecy.canary import TOKEN, find
from secrecy.passed import shown_locals
from support.frames import KINDS, Columns, partition_token, token
from wxaudit._audit_frame import audit_frame

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_what_is_wrong_with_the_call_is_raised_for_empty_frames_too() -> None:
    client = wxaudit.Client()
    with pytest.raises(wxaudit.ArgumentError, match="no column auditid"):
        audit_frame(pd.DataFrame({"id": []}), token, client=client)
    with pytest.raises(wxaudit.ArgumentError, match="token_for must be a callable"):
        audit_frame(pd.DataFrame({"auditid": []}), "token", client=client)  # type: ignore[arg-type]  # what is refused
    with pytest.raises(wxaudit.ArgumentError, match="frame must be a pandas or polars"):
        audit_frame([5], token, client=client)
    with pytest.raises(wxaudit.ArgumentError, match=r"got polars\.Series; write frame"):
        audit_frame(pl.Series([5]), token, client=client)


@pytest.mark.parametrize(
    "client", [wxaudit.AsyncClient(), object(), TOKEN.text()], ids=["asyncio", "none", "text"]
)
def test_only_a_blocking_client_will_do(client: Any) -> None:
    with pytest.raises(wxaudit.ArgumentError, match=r"client must be a Client, got (AsyncClient|object|str)"):
        audit_frame(pd.DataFrame({"auditid": []}), lambda _: "token", client=client)


def test_arrow_without_arro3_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arro3.core", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs arro3-core.*pip install 'wxaudit\[notebook\]'"):
        audit_frame(pa.table({"auditid": [5]}), lambda _: "token")


class Interrupted:
    """A client whose call is interrupted when it has taken in all queries."""

    def get_audit_statuses(self, queries: Any, **_: Any) -> wxaudit.AuditBatch:
        for _query in queries:
            pass
        raise KeyboardInterrupt


class BrokenBatch(wxaudit.AuditBatch):
    def __iter__(self) -> Iterator[wxaudit.AuditResult]:
        raise RuntimeError("no records")


class Broken:
    """A client whose results cannot be written down."""

    def get_audit_statuses(self, queries: Any, **_: Any) -> wxaudit.AuditBatch:
        list(queries)
        return BrokenBatch()


@pytest.mark.parametrize("client", [Interrupted(), Broken()], ids=["interrupted", "broken"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_token_shows_in_a_traceback(kind: str, client: Any) -> None:
    columns: Columns = {"auditid": [5, 6], "appid": ["wx", "wx"], "token": [TOKEN.text()] * 2}
    held = functools.partial(partition_token, {"wx": TOKEN.text()})
    with pytest.raises((KeyboardInterrupt, RuntimeError)) as caught:
        audit_frame(KINDS[kind][0](columns), held, client=client, max_concurrency=TOKEN.text())  # type: ignore[arg-type]  # what is refused
    shown = list(shown_locals(caught.value))
    assert shown
    assert list(find([str(caught.value), *shown])) == []
