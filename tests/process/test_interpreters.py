"""Interpreters: every version here, with every check on and without what programs usually find."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.fake_process import FakeProcess
from support.programs import STRICT, environment, interpreters, report, run
from wheel_report import NOT_IMPORTED

if TYPE_CHECKING:
    from collections.abc import Iterator

REASON = '1:账号信息不符合规范:<br>(1):包含色情因素<br>2:服务类目"金融业-保险_"与功能页面内容不一致:<br>'


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeProcess]:
    with FakeProcess() as fake:
        fake.call("POST", "/audits", {"auditid": 1001, "state": "rejected", "reason": REASON})
        yield fake


@pytest.mark.parametrize(
    ("flags", "changes"),
    [
        ((), {}),
        (("-W", "error"), {}),
        (("-X", "dev"), {}),
        (("-bb",), {}),
        (("-OO",), {}),
        (("-X", "utf8=0"), {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}),
        ((), {"HOME": None, "USER": None, "LOGNAME": None, "XDG_CONFIG_HOME": None}),
        ((), {"PYTHONASYNCIODEBUG": "1"}),
        ((), {"PYTHONMALLOC": "malloc_debug"}),
        ((*STRICT, "-X", "utf8=0"), {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "HOME": None}),
    ],
    ids=lambda value: " ".join(value) or "as usual",
)
@pytest.mark.parametrize("version", interpreters())
def test_everything_is_as_ever(
    fake: FakeProcess, version: str, flags: tuple[str, ...], changes: dict[str, str | None]
) -> None:
    told = report(
        "both_clients",
        fake.base_url,
        fake.token(),
        python=interpreters()[version],
        flags=flags,
        env=environment(**changes),
    )
    assert told["audit"] == [1001, 1, "审核被拒绝", REASON, "wx1"]
    assert told["titles"] == ["账号信息不符合规范", '服务类目"金融业-保险_"与功能页面内容不一致']
    assert told["html"]
    assert told["error"][:2] == ["AuditNotFoundError", 85012]
    assert all(told["error"][2:])
    assert told["events"] == ["request", "response", "refresh", "request", "response", "request", "response"]


def test_an_empty_environment_is_enough(fake: FakeProcess) -> None:
    wanted = {
        "PYTHONPATH": environment()["PYTHONPATH"],
        "WXAUDIT_BASE_URL": fake.base_url,
        "TOKEN": fake.token(),
    }
    ended = run("one_call", 1001, env={**wanted, "PYTHONIOENCODING": "utf-8"})
    assert (ended.stderr, ended.stdout, ended.returncode) == ("", f"{REASON}\n", 0)
    assert "HOME" in os.environ


@pytest.mark.parametrize("version", interpreters())
def test_nothing_happens_before_the_first_call(version: str) -> None:
    seen = report("nothing_before_the_first_call", python=interpreters()[version])
    print(f"Python {version}: threads and descriptors {seen['seen']}, modules {', '.join(seen['loaded'])}")
    assert seen["seen"][0] == seen["seen"][1] == seen["seen"][2]
    assert seen["seen"][0][0] == 1
    assert [module for module in seen["loaded"] if module in NOT_IMPORTED] == []


@pytest.mark.parametrize("version", interpreters())
def test_a_second_interpreter_of_the_process_is_refused(version: str) -> None:
    told = report("sub_interpreters", python=interpreters()[version], flags=())
    reasons = [
        "another interpreter of this process has loaded it already",
        "module wxaudit._native does not support loading in subinterpreters",
    ][: len(told)]
    advice = (
        "Run the application in the main interpreter (mod_wsgi: WSGIApplicationGroup %{GLOBAL}; uWSGI: "
        "single-interpreter = true), and each of several applications in a process of its own."
    )
    assert told == [f"wxaudit does not support sub-interpreters: {reason}. {advice}" for reason in reasons]
    assert told


def test_a_library_for_another_system_says_what_to_do(tmp_path: Path) -> None:
    """Also one that is missing, and Pythons for which there is none."""
    package = Path(wxaudit.__file__).parent
    for file in package.iterdir():
        if not file.name.startswith("_native."):
            (tmp_path / "wxaudit").mkdir(exist_ok=True)
            (tmp_path / "wxaudit" / file.name).symlink_to(file)
    said = _said_of_import(tmp_path)
    assert said.startswith(
        "ImportError: wxaudit cannot be loaded: No module named 'wxaudit._native'. This copy "
    )
    (tmp_path / "wxaudit" / "_native.abi3.so").write_bytes(b"not a library")
    said = _said_of_import(tmp_path, WXAUDIT_LANG="zh")
    assert said.startswith("ImportError: wxaudit cannot be loaded: ")
    assert "_native.abi3.so: " in said
    assert said.endswith(
        "请在本机执行 python -m pip install --force-reinstall wxaudit；在源码目录中请执行 make build。"
    )


def _said_of_import(folder: Path, **changes: str) -> str:
    env = environment(PYTHONPATH=str(folder), PYTHONIOENCODING="utf-8", **changes)
    ended = subprocess.run(
        [sys.executable, "-c", "import wxaudit"],
        capture_output=True,
        text=True,
        env=env,
        check=False,
        timeout=60,
    )
    return ended.stderr.splitlines()[-1]
