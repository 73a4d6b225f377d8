"""Interpreters: every version here, with every check on and without what programs usually find."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

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
