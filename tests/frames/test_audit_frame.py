"""A partition of a table, audited: the same kind comes back, row by row, with columns that never vary."""

from __future__ import annotations

import functools
import pickle
from typing import TYPE_CHECKING, Any

import dask.dataframe
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wxaudit
from support.frames import KINDS, Columns, partition_token
from wxaudit._audit_frame import audit_frame
from wxaudit._frames.columns import COLUMNS
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from wxaudit.testing import FakeWeChat

RESULTS = [name for name in COLUMNS if name not in ("appid", "auditid")]


class Kind:
    def __init__(self, name: str) -> None:
        self.make, self.given_back, self.rows = KINDS[name]

    def types(self, frame: Any) -> dict[str, Any]:
        if isinstance(frame, pd.DataFrame):
            found: dict[str, Any] = frame.dtypes.to_dict()
            return found
        if isinstance(frame, pl.DataFrame):
            return dict(frame.schema)
        schema = pa.table(frame).schema
        return dict(zip(schema.names, schema.types, strict=True))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)


class Merchants:
    """Audits of a few merchants, and their tokens."""

    def __init__(self, fake: FakeWeChat) -> None:
        self.fake = fake
        rejected = wxaudit.AuditState.REJECTED
        self.audits = [
            fake.submit().auditid,
            fake.submit(state=rejected, reason="1:账号信息不符合规范:<br>(1):第一点<br>").auditid,
        ]
        self.columns: Columns = {
            "note": ["甲", "乙", "丙", "丁"],
            "auditid": [*self.audits, None, self.audits[0]],
            "appid": ["wx1", "wx2", "wx1", "lost"],
        }
        self.asked: list[Any] = []

    def token_for(self, appid: Any) -> str:
        self.asked.append(appid)
        if appid == "lost":
            raise LookupError(appid)
        return self.fake.token()


@pytest.fixture
def merchants(fake: FakeWeChat) -> Merchants:
    return Merchants(fake)


def test_each_row_has_its_result_beside_its_own_columns(kind: Kind, merchants: Merchants) -> None:
    frame = kind.make(merchants.columns)
    audited = audit_frame(frame, merchants.token_for, client=merchants.fake.client())
    assert type(audited) is kind.given_back
    rows = kind.rows(audited)
    assert [list(row) for row in rows] == [["note", "auditid", "appid", *RESULTS]] * 4
    for name, values in merchants.columns.items():
        assert [row[name] for row in rows] == values
    assert [row["state"] for row in rows] == ["IN_REVIEW", "REJECTED", None, None]
    assert [row["reasons"] for row in rows] == [
        [],
        [{"title": "账号信息不符合规范", "details": ["第一点"]}],
        None,
        None,
    ]
    assert [row["attempts"] for row in rows] == [1, 1, 0, 0]
    assert [(row["error"] or "").partition(":")[0] for row in rows] == ["", "", "ArgumentError", "TokenError"]
    assert merchants.asked == ["wx1", "wx2", "lost"]


def test_an_empty_frame_has_the_same_columns_and_asks_for_nothing(
    kind: Kind, merchants: Merchants, monkeypatch: pytest.MonkeyPatch
) -> None:
    audited = audit_frame(kind.make(merchants.columns), merchants.token_for, client=merchants.fake.client())
    whole: Any = merchants.columns
    empty_columns = {name: pa.array(values)[:0] for name, values in whole.items()}
    empty = empty_of(kind.make(merchants.columns), lambda: kind.make(empty_columns))
    sent, asked = merchants.fake.requests_received, len(merchants.asked)
    # Not even a client: the environment of who makes the plan may have no configuration.
    monkeypatch.setenv("WXAUDIT_TIMEOUT", "none")
    result = audit_frame(empty, merchants.token_for)
    assert type(result) is kind.given_back
    assert kind.rows(result) == []
    assert kind.types(result) == kind.types(audited)
    assert (merchants.fake.requests_received, len(merchants.asked)) == (sent, asked)


def empty_of(frame: Any, otherwise: Callable[[], Any]) -> Any:
    return frame[:0] if isinstance(frame, (pd.DataFrame, pl.DataFrame)) else otherwise()


def test_types_do_not_depend_on_what_came(kind: Kind, merchants: Merchants) -> None:
    fake = merchants.fake
    columns: Columns = {"auditid": merchants.audits, "appid": ["wx1", "wx2"]}
    client = fake.client(max_retries=0)
    seen = [kind.types(audit_frame(kind.make(columns), merchants.token_for, client=client))]
    for fault in (Fault(errcode=61007), Fault.http(502)):
        fake.fail_next(fault, times=2)
        seen.append(kind.types(audit_frame(kind.make(columns), merchants.token_for, client=client)))
    assert seen == [seen[0]] * 3


def test_a_frame_can_be_audited_again(kind: Kind, merchants: Merchants) -> None:
    client = merchants.fake.client()
    once = audit_frame(kind.make(merchants.columns), merchants.token_for, client=client)
    merchants.fake.fail_next(Fault(errcode=61007), auditid=merchants.audits[1])
    again = audit_frame(once, merchants.token_for, client=client)
    assert kind.types(again) == kind.types(once)
    assert [row["state"] for row in kind.rows(again)] == ["IN_REVIEW", None, None, None]
    assert [row["errcode"] for row in kind.rows(again)] == [None, 61007, None, None]


def test_a_column_of_the_input_with_the_name_of_a_result_is_replaced(
    kind: Kind, merchants: Merchants
) -> None:
    columns: Columns = {"status": ["open"], "auditid": [merchants.audits[0]], "rid": [5]}
    audited = audit_frame(kind.make(columns), merchants.token_for, client=merchants.fake.client())
    (row,) = kind.rows(audited)
    assert (row["status"], row["rid"], row["appid"]) == (2, None, None)
    assert list(row) == ["auditid", "appid", *RESULTS]


def test_a_pandas_frame_keeps_its_index_and_is_left_as_it_was(merchants: Merchants) -> None:
    frame = pd.DataFrame(
        {"auditid": pd.array(merchants.audits, dtype="UInt64"), "status": ["open", "open"]},
        index=pd.MultiIndex.from_tuples([("b", 2), ("a", 1)], names=["x", "y"]),
    )
    before = frame.copy()
    audited = audit_frame(frame, merchants.token_for, client=merchants.fake.client())
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_index_equal(audited.index, frame.index)
    assert audited.dtypes["auditid"] == "UInt64"
    assert audited.loc[("b", 2), "state"] == "IN_REVIEW"
    assert audited.loc[("a", 1), "state"] == "REJECTED"


def test_the_default_client_serves_where_none_is_given(
    merchants: Merchants, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wxaudit import _default

    monkeypatch.setattr(_default, "_default_clients", {})
    monkeypatch.setenv("WXAUDIT_BASE_URL", merchants.fake.base_url)
    audited = audit_frame(pl.DataFrame({"auditid": merchants.audits}), merchants.token_for)
    assert audited["state"].to_list() == ["IN_REVIEW", "REJECTED"]


class Recorded:
    """A client that is not asked for more than its keywords."""

    def get_audit_statuses(self, queries: Any, **keywords: Any) -> wxaudit.AuditBatch:
        self.keywords = keywords
        error = wxaudit.ArgumentError("not asked")
        return wxaudit.AuditBatch(wxaudit.AuditResult(None, None, None, error) for _ in queries)


def test_max_concurrency_reaches_the_client() -> None:
    client: Any = Recorded()
    audit_frame(pl.DataFrame({"auditid": [5]}), lambda _: "token", client=client, max_concurrency=3)
    assert client.keywords == {"max_concurrency": 3}


def test_dask_maps_its_partitions(merchants: Merchants) -> None:
    tokens = {"wx1": merchants.fake.token(), "wx2": merchants.fake.token()}
    ask = functools.partial(
        audit_frame, token_for=functools.partial(partition_token, tokens), client=merchants.fake.client()
    )
    frame = pd.DataFrame(
        {"auditid": merchants.audits * 10, "appid": ["wx1", "wx2"] * 10, "row": range(20)},
        index=range(100, 120),
    )
    from_pandas: Any = dask.dataframe.from_pandas  # without types
    parts = from_pandas(frame, npartitions=5)
    audited = parts.map_partitions(ask, meta=ask(parts._meta))
    assert merchants.fake.requests_received == 0
    # Through pickle, as they reach workers in other processes.
    for partition in parts.partitions:
        given = pickle.loads(pickle.dumps(partition.compute(scheduler="synchronous")))
        found = pickle.loads(pickle.dumps(ask))(given)
        assert found["state"].tolist() == ["IN_REVIEW", "REJECTED"] * 2
        assert found.dtypes.to_dict() == audited._meta.dtypes.to_dict()
    done = audited.compute(scheduler="synchronous")
    assert done["row"].tolist() == list(range(20))
    assert done.index.tolist() == list(range(100, 120))
    assert done["state"].tolist() == ["IN_REVIEW", "REJECTED"] * 10
    assert done.dtypes.to_dict() == audited.dtypes.to_dict()
