"""`wxaudit screenshots`: files, their names, and what is missing."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import ask, run
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeAudit, FakeWeChat

PNG = b"\x89PNG\r\n\x1a\n one"
JPEG = b"\xff\xd8\xff\xe0 two"


def _rejected(fake: FakeWeChat) -> FakeAudit:
    pictures = [fake.keep_media(PNG), fake.keep_media(JPEG)]
    return fake.submit(state=1, reason="1:标题", screenshots=pictures)


def test_each_picture_becomes_a_file_of_the_audits_name(fake: FakeWeChat, tmp_path: Path) -> None:
    audit, folder = _rejected(fake), tmp_path / "new" / "folder"
    done = ask(fake, fake.token(), "screenshots", audit.auditid, "--to", folder)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = folder / f"{audit.auditid}-1.png", folder / f"{audit.auditid}-2.jpg"
    assert done.stdout.splitlines() == [str(first), str(second)]
    assert (first.read_bytes(), second.read_bytes()) == (PNG, JPEG)
    # No file of another name is left.
    assert sorted(folder.iterdir()) == [first, second]


def test_json_has_a_line_for_each(fake: FakeWeChat, tmp_path: Path) -> None:
    audit = _rejected(fake)
    done = ask(fake, fake.token(), "screenshots", audit.auditid, "--to", tmp_path, "--json", "--appid=wx1")
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == {
        "auditid": audit.auditid,
        "appid": "wx1",
        "number": 1,
        "media_id": first["media_id"],
        "path": str(tmp_path / f"{audit.auditid}-1.png"),
        "media_type": "image/png",
        "bytes": len(PNG),
        "errcode": None,
        "error": None,
        "rid": None,
    }
    assert (list(second), second["number"]) == (list(first), 2)


def test_a_file_of_the_same_name_is_kept_and_nothing_is_asked(fake: FakeWeChat, tmp_path: Path) -> None:
    audit = _rejected(fake)
    old = tmp_path / f"{audit.auditid}-2.jpg"
    old.write_bytes(b"old")
    done = ask(fake, fake.token(), "screenshots", audit.auditid, "--to", tmp_path)
    assert (done.returncode, done.stdout, old.read_bytes()) == (2, "", b"old")
    assert str(old) in done.stderr
    assert "--overwrite" in done.stderr
    assert fake.requests == []
    replaced = ask(fake, fake.token(), "screenshots", audit.auditid, "--to", tmp_path, "--overwrite")
    assert (replaced.returncode, old.read_bytes()) == (0, JPEG)


def test_what_came_is_kept_and_what_is_missing_is_told(fake: FakeWeChat, tmp_path: Path) -> None:
    other = fake.keep_media(PNG, "wxaaaaaaaaaaaaaaaa")
    audit = fake.submit(state=1, reason="1:标题", screenshots=[other, fake.keep_media(JPEG)])
    done = ask(fake, fake.token(), "screenshots", audit.auditid, "--to", tmp_path, "--json")
    assert done.returncode == 4
    missing, kept = map(json.loads, done.stdout.splitlines())
    assert (missing["number"], missing["path"], missing["errcode"]) == (1, None, 40007)
    assert os.path.exists(kept["path"])
    assert f"screenshot 1 of 2 of audit {audit.auditid} is missing" in done.stderr
    # In the terms of this program, not of the library.
    assert "AuditStatus" not in done.stderr


def test_an_audit_without_screenshots_is_an_answer(fake: FakeWeChat, tmp_path: Path) -> None:
    audit = fake.submit(state=0)
    done = ask(fake, fake.token(), "screenshots", audit.auditid, "--to", tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "no screenshots; it is approved" in done.stderr


def test_an_unknown_audit_is_refused(fake: FakeWeChat, tmp_path: Path) -> None:
    done = ask(fake, fake.token(), "screenshots", "441617767", "--to", tmp_path, "--json")
    assert (done.returncode, json.loads(done.stdout)["errcode"]) == (4, 85012)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_path_that_is_not_a_directory_is_told_before_anything_is_sent(
    fake: FakeWeChat, tmp_path: Path, language: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    for to in (file, file / "below"):
        done = ask(fake, fake.token(), "screenshots", "441617767", "--to", to, WXAUDIT_LANG=language)
        assert (done.returncode, done.stdout) == (2, "")
        assert str(to) in done.stderr
    assert fake.requests == []


def test_a_full_disk_leaves_no_half_of_a_file(fake: FakeWeChat, tmp_path: Path) -> None:
    audit = fake.submit(state=1, reason="1:标题", screenshots=[fake.keep_media(PNG + bytes(2_000_000))])
    limited = ("import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000000, 1000000))",)
    (tmp_path / "sitecustomize.py").write_text(
        "\n".join([*limited, "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"])
    )
    folder = tmp_path / "pictures"
    done = run(
        *("screenshots", audit.auditid, "--to", folder),
        WXAUDIT_BASE_URL=fake.base_url,
        WXAUDIT_TOKEN=fake.token(),
        PYTHONPATH=f"{tmp_path}{os.pathsep}{_package()}",
    )
    assert (done.returncode, done.stdout) == (75, "")
    assert "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []


def test_a_time_limit_means_no_answer_now(fake: FakeWeChat, tmp_path: Path) -> None:
    audit = _rejected(fake)
    fake.fail_next(Fault(hold=True), times=None)
    done = ask(fake, fake.token(), "screenshots", audit.auditid, "--to", tmp_path, "--request-timeout", "1s")
    assert (done.returncode, "--request-timeout" in done.stderr) == (75, True)


def _package() -> str:
    from pathlib import Path

    import wxaudit

    return str(Path(wxaudit.__file__).parents[1])
