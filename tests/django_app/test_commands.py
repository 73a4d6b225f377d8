"""`manage.py wxaudit_poll`, `wxaudit_watch` and `wxaudit_status`, run once."""

from __future__ import annotations

import io
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from wxaudit.django import watch
from wxaudit.django.models import AuditWatch

if TYPE_CHECKING:
    from pathlib import Path

    from support.django.watched_fake import WatchedFake


def run(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=out)
    return out.getvalue()


def refused(name: str, *arguments: str) -> tuple[str, str]:
    """The output and the error of a command that fails."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(name, *arguments, stdout=out, stderr=out)
    return out.getvalue(), str(caught.value)


def watched_audits() -> list[tuple[str, int, str]]:
    return list(AuditWatch.objects.order_by("pk").values_list("appid", "auditid", "note"))


def test_polling_once(database: str, watched: WatchedFake) -> None:
    del database
    assert run("wxaudit_poll") == "nothing due\n"
    audit, _ = watched.submit()
    audit.approve()
    watched.submit()
    assert run("wxaudit_poll") == "claimed 2, answered 2, changed 1, decided 1, delivered 1\n"


def test_polling_without_a_token_source(database: str, watched: WatchedFake, settings: Any) -> None:
    del database
    watched.submit()
    settings.WXAUDIT = {}
    assert "WXAUDIT['TOKEN_SOURCE'] is not set" in refused("wxaudit_poll")[1]


@pytest.mark.parametrize(
    "arguments", [("--workers", "0"), ("--workers", "65"), ("--interval", "0"), ("--interval", "nan")]
)
def test_options_that_make_no_sense(arguments: tuple[str, str]) -> None:
    assert arguments[0] in refused("wxaudit_poll", "--loop", *arguments)[1]


GOOD = "appid,auditid,deadline,note\nwx1,1001,2026-12-31T18:00+08:00,订单 17\nwx2,1002,,\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (GOOD.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + GOOD.encode(), "utf-8"),
        (GOOD.replace("\n", "\r\n").encode(), "utf-8"),
        (GOOD.replace(",", ";").encode(), "utf-8"),
        (GOOD.replace(",", "\t").encode(), "utf-8"),
        (GOOD.replace("appid", " AppID ").replace("note", '"Note"').encode(), "utf-8"),
        (GOOD.rstrip("\n").encode(), "utf-8"),
        (GOOD.replace("\n", "\n\n,,,\n").encode(), "utf-8"),
        (GOOD.encode("gb18030"), "gb18030"),
        (GOOD.encode("utf-16"), "utf-16"),
    ],
    ids=[
        "plain",
        "byte order mark",
        "CRLF",
        "semicolons",
        "tabs",
        "capitals",
        "no last line break",
        "blank lines",
        "GB 18030",
        "UTF-16",
    ],
)
def test_a_file_is_watched(database: str, tmp_path: Path, content: bytes, encoding: str) -> None:
    del database
    path = tmp_path / "audits.csv"
    path.write_bytes(content)
    for _ in range(2):
        assert run("wxaudit_watch", str(path), "--encoding", encoding) == "2 rows are watched\n"
        assert watched_audits() == [("wx1", 1001, "订单 17"), ("wx2", 1002, "")]
    deadline = datetime(2026, 12, 31, 10, tzinfo=timezone.utc)
    assert list(AuditWatch.objects.order_by("pk").values_list("deadline", flat=True)) == [deadline, None]


def test_wrong_rows_are_named_and_the_others_watched(database: str, tmp_path: Path) -> None:
    del database
    path = tmp_path / "audits.csv"
    path.write_text(
        "appid,auditid,deadline,token,note\n"
        "wx1,1001,,92_secret,\n"  # 2
        "wx1,-5,,92_secret,\n"  # 3
        "wx1,x,,92_secret,\n"  # 4
        ",1004,,92_secret,\n"  # 5
        "wx1,1005,tomorrow,92_secret,\n"  # 6
        "wx1,1006,2026-12-31,92_secret,\n"  # 7
        "wx1,1007\n"  # 8
        'wx1,1008,,,"two\nlines"\n'  # 9, 10
        "wx1,1010,2026-12-31T18:00,,\n"  # 11
        f"wx1,1011,,,{'x' * 201}\n"  # 12
        "wx1,1012,2026-02-31T18:00,,\n"  # 13
        'wx1,1013,,,"no end\n'  # 14
        "wx1,1014,,,\n"  # 15
    )
    out, error = refused("wxaudit_watch", str(path))
    assert [(appid, auditid) for appid, auditid, _ in watched_audits()] == [
        ("wx1", 1001),
        ("wx1", 1008),
        ("wx1", 1010),
    ]
    lines = out.splitlines()
    assert lines.pop(0) == "not read: the columns token"
    assert lines.pop() == "3 rows are watched"
    named = [line.partition(":")[0] for line in lines]
    assert named == [f"line {line}" for line in (3, 4, 5, 6, 7, 8, 12, 13)] + ["lines 14 to 15"]
    assert "auditid" in lines[0]
    assert "appid must be" in lines[2]
    assert "got 'tomorrow'; write 2026-12-31T18:00+08:00" in lines[3]
    assert "it has 2 columns, and the first line has 5" in lines[5]
    assert "at most 200 characters" in lines[6]
    assert "a quotation mark may be missing" in lines[8]
    assert error == f"{path}: 9 rows are wrong and not watched; correct them and run it again"
    assert "92_secret" not in out + error


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "it has nothing"),
        (b"wx1,1001\nwx2,1002\n", "it has wx1, 1001"),
        (b"appid,auditid,auditid\n", "once each"),
        (b"appid\nwx1\n", "among them appid and auditid"),
        (
            "appid,auditid,note\nwx1,1,\nwx2,2,订单\n".encode("gb18030"),
            "save it as CSV UTF-8, or write --enc",
        ),
    ],
)
def test_files_that_cannot_be_read(database: str, tmp_path: Path, content: bytes, text: str) -> None:
    del database
    path = tmp_path / "audits.csv"
    path.write_bytes(content)
    assert text in refused("wxaudit_watch", str(path))[1]


def test_a_missing_file_and_an_unknown_encoding(tmp_path: Path) -> None:
    assert "No such file" in refused("wxaudit_watch", str(tmp_path / "none.csv"))[1]
    (tmp_path / "audits.csv").write_text(GOOD)
    error = refused("wxaudit_watch", str(tmp_path / "audits.csv"), "--encoding", "gbx")[1]
    assert error.endswith("unknown encoding: gbx")


def test_the_standard_input_is_a_file(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    del database
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    assert run("wxaudit_watch", "-") == "2 rows are watched\n"


def test_the_status_of_a_mini_program(database: str, watched: WatchedFake) -> None:
    del database
    audit, _ = watched.submit(note="order 17")
    audit.reject("1:账号:<br>(1):\x1b[31m<b>")
    pending, _ = watched.submit()
    run("wxaudit_poll")
    first, *rest = run("wxaudit_status", "wx1").splitlines()
    assert first.startswith(f"audit {pending.auditid}: under review; watching")
    text = "\n".join(rest)
    assert f"audit {audit.auditid}: rejected; decided (order 17)" in text
    assert "  reason: 1:账号:\n  reason: (1):\\x1b[31m<b>" in text


@pytest.mark.usefixtures("watched")
def test_the_status_of_a_failing_watch_and_of_many(database: str) -> None:
    del database
    watch("wx1", 1)
    run("wxaudit_poll")
    assert "  failures in a row: 1, the last one: " in run("wxaudit_status", "wx1")
    for auditid in range(2, 30):
        watch("wx1", auditid, deadline=timedelta(days=1))
    assert run("wxaudit_status", "wx1").count("\naudit ") == 19
    assert run("wxaudit_status", "wx1").endswith("… and 9 older ones: --all shows them\n")
    assert run("wxaudit_status", "wx1", "--all").count("\naudit ") == 28


def test_the_status_of_an_unknown_mini_program(database: str) -> None:
    del database
    assert "no audit of wx9 is watched" in refused("wxaudit_status", "wx9")[1]


def test_a_lost_database_says_where_it_stopped(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from wxaudit.django import _watch_file

    def failing(appid: str, auditid: str, **options: Any) -> None:
        if auditid == "1003":
            raise OperationalError("gone")
        watch(appid, auditid, using=database, **options)

    monkeypatch.setattr(_watch_file, "watch", failing)
    path = tmp_path / "audits.csv"
    path.write_text("appid,auditid\nwx1,1001\nwx1,1002\nwx1,1003\n")
    assert refused("wxaudit_watch", str(path))[1] == f"{path}: stopped after line 3: gone; run it again"
    assert len(watched_audits()) == 2
