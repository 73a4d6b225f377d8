"""Tokens of the rows of a table: asked for by appid, their failures kept to their rows, and never shown."""

from __future__ import annotations

import functools
import traceback
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wxaudit
from secrecy.canary import TOKEN, find
from secrecy.passed import shown_locals
from support.frames import token
from wxaudit import AuditQuery
from wxaudit._frames.reader import queries_from_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat


class Source:
    def __init__(self, given: str) -> None:
        self._given = given

    def get_token(self, *, refresh: bool = False) -> str:  # noqa: ARG002  # as wxaudit asks
        return self._given


def test_token_for_may_give_a_source(client_kind: ClientKind, fake: FakeWeChat) -> None:
    audits = [fake.submit() for _ in range(4)]
    sources = {"wx1": Source(fake.token()), "wx2": Source("an-outdated-token-0123456789")}
    frame = pl.DataFrame(
        {"auditid": [audit.auditid for audit in audits], "appid": ["wx1", "wx2", "wx1", "wx2"]}
    )
    batch = client_kind.client(fake).get_audit_statuses(queries_from_frame(frame, sources.__getitem__))
    assert [result.ok for result in batch] == [True, False, True, False]
    assert {type(error) for error in batch.errors} == {wxaudit.TokenError}


class LostError(LookupError):
    """What a caller's own code raises."""


def test_what_token_for_raises_is_the_cause_of_its_rows_alone(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    audits = [fake.submit() for _ in range(6)]
    lost = LostError("no such merchant")
    asked: list[Any] = []

    def token_for(appid: Any) -> str:
        asked.append(appid)
        if appid == "wx2":
            raise lost
        return fake.token()

    frame = pl.DataFrame({"auditid": [audit.auditid for audit in audits], "appid": ["wx1", "wx2", None] * 2})
    batch = client_kind.client(fake).get_audit_statuses(queries_from_frame(frame, token_for))
    assert [result.ok for result in batch] == [True, False, True] * 2
    assert [type(error) for error in batch.errors] == [wxaudit.TokenError] * 2
    assert [error.__cause__ for error in batch.errors] == [lost, lost]
    assert [(error.auditid, error.appid) for error in batch.errors] == [
        (audits[1].auditid, "wx2"),
        (audits[4].auditid, "wx2"),
    ]
    assert asked == ["wx1", "wx2", None]


def test_an_error_of_many_rows_keeps_its_traceback_short() -> None:
    lost = LostError("no such merchant")

    def token_for(_: Any) -> str:
        raise lost

    for query in queries_from_frame(pl.DataFrame({"auditid": [5] * 100}), token_for):
        assert isinstance(query, AuditQuery)
        with pytest.raises(LostError):
            query.token.get_token(refresh=False)
    # It leads to the line that raised, once.
    functions = [entry.name for entry in traceback.extract_tb(lost.__traceback__)]
    assert functions.count("token_for") == 1
    assert len(functions) <= 4


@pytest.mark.parametrize("given", [None, 5, b"bytes", "", ...], ids=repr)
def test_what_is_not_a_token_is_an_outcome(given: Any, client_kind: ClientKind, fake: FakeWeChat) -> None:
    frame = pl.DataFrame({"auditid": [5, fake.submit().auditid], "appid": ["wx1", "wx2"]})
    tokens = {"wx1": given, "wx2": fake.token()}
    batch = client_kind.client(fake).get_audit_statuses(queries_from_frame(frame, tokens.__getitem__))
    assert [result.ok for result in batch] == [False, True]
    assert isinstance(batch[0].error, wxaudit.ArgumentError)
    assert batch[0].error.message.startswith("token: ")


def test_ctrl_c_in_token_for_is_not_an_outcome() -> None:
    def token_for(_: Any) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(queries_from_frame(pl.DataFrame({"auditid": [5]}), token_for))


def given_to(held: dict[str, str], appid: str) -> str:
    """A `token_for` whose partial shows all tokens in its repr."""
    if appid == "lost":
        raise LostError(appid)
    return held[appid]


def broken_stream() -> Any:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"auditid": [5, 6], "appid": ["wx", "lost"], "token": [TOKEN.text()] * 2})
        raise OSError("the disk is gone")

    schema = pa.schema([("auditid", pa.int64()), ("appid", pa.utf8()), ("token", pa.utf8())])
    return pa.RecordBatchReader.from_batches(schema, batches())


def shown(error: BaseException) -> list[str]:
    """All that a traceback of it can show of this package: lines, and the variables of each frame, less what
    the caller passed.
    """
    errors = [error] if error.__cause__ is None else [error, error.__cause__]
    found = [local for it in errors for local in shown_locals(it)]
    assert found
    return [*traceback.format_exception(error), *found]


def test_no_token_shows_in_an_error_of_the_call() -> None:
    # The canary as a column, as part of token_for, and in the place of either.
    frame = pd.DataFrame({"auditid": [5], "appid": ["wx"], "token": [TOKEN.text()]})
    calls: list[Callable[[], object]] = [
        lambda: queries_from_frame(frame.drop(columns="auditid"), token),
        lambda: queries_from_frame(pa.table({"token": [TOKEN.text()]}), token),
        lambda: queries_from_frame(frame, {"wx": TOKEN.text()}),  # type: ignore[arg-type]  # what is refused
        lambda: queries_from_frame(TOKEN.text(), token),
        lambda: queries_from_frame([TOKEN.text()], token),
    ]
    for call in calls:
        with pytest.raises(wxaudit.ArgumentError) as caught:
            call()
        assert list(find(shown(caught.value))) == []


def test_no_token_shows_while_queries_are_made() -> None:
    held = functools.partial(given_to, {"wx": TOKEN.text()})
    frame = pl.DataFrame(
        {"auditid": [5, None, 7], "appid": ["wx", "wx", "lost"], "token": [TOKEN.text()] * 3}
    )
    queries = queries_from_frame(frame, held)
    found = list(queries)
    assert list(find([repr(queries), repr(found)])) == []

    broken = queries_from_frame(broken_stream(), held)
    failed = [next(broken), next(broken)][1]
    assert isinstance(failed, AuditQuery)
    with pytest.raises(Exception, match="the disk is gone") as stream_error:
        next(broken)
    with pytest.raises(LostError) as source_error:
        failed.token.get_token(refresh=False)
    for caught in (stream_error, source_error):
        assert list(find(shown(caught.value))) == []


def test_a_token_in_the_column_of_auditids_does_not_show(fake: FakeWeChat) -> None:
    frame = pl.DataFrame({"auditid": [TOKEN.text()], "appid": ["wx"]})
    found = list(queries_from_frame(frame, token))
    batch = fake.client().get_audit_statuses(found)
    assert list(find([repr(found), repr(batch.to_records()), repr(batch.errors)])) == []
    assert len(batch.errors) == 1
