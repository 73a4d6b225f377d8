"""The pytest fixture `fake_wechat`, and its cost for tests that do not use it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat


def test_the_fixture_serves(fake_wechat: FakeWeChat) -> None:
    assert fake_wechat.running
    assert fake_wechat.requests == []


def test_every_test_has_its_own_fake(fake_wechat: FakeWeChat) -> None:
    assert fake_wechat.audits == []
    fake_wechat.submit()


test_every_test_has_its_own_fake_again = test_every_test_has_its_own_fake


def test_the_fixture_stops_the_fake(tmp_path: Path) -> None:
    (tmp_path / "test_use.py").write_text(
        "fakes = []\n"
        "def test_one(fake_wechat):\n"
        "    assert fake_wechat.running\n"
        "    fakes.append(fake_wechat)\n"
        "def test_two(fake_wechat):\n"
        "    assert not fakes[0].running\n"
        "    assert fake_wechat is not fakes[0]\n"
    )
    assert "2 passed in" in run_pytest(tmp_path, "-q")


def test_the_fixture_is_listed_with_its_help(tmp_path: Path) -> None:
    assert "runs during the test" in run_pytest(tmp_path, "--fixtures", "-q")


def test_a_run_that_does_not_use_the_fixture_does_not_import_the_fake(tmp_path: Path) -> None:
    (tmp_path / "test_use.py").write_text(
        "import sys\n"
        "def test_imports():\n"
        "    assert 'wxaudit.testing.pytest_plugin' in sys.modules\n"
        "    loaded = [name for name in sys.modules if name.startswith('wxaudit.testing.')]\n"
        "    assert loaded == ['wxaudit.testing.pytest_plugin']\n"
    )
    assert "1 passed in" in run_pytest(tmp_path, "-q")


def run_pytest(folder: Path, *arguments: str) -> str:
    """The output of pytest, which loads the fixture through the entry point as for a user."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["FakeWeChat", "Fault", "Step", "FakeTokenSource", "ReceivedRequest"])
def test_public_names_are_imported_on_first_use(name: str) -> None:
    script = (
        "import sys, wxaudit.testing as testing\n"
        "before = [name for name in sys.modules if name.startswith('wxaudit.testing.')]\n"
        f"thing = testing.{name}\n"
        f"assert before == [] and thing.__name__ == '{name}' and '{name}' in dir(testing)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)


def test_every_public_name_exists() -> None:
    from wxaudit import testing

    assert [name for name in testing.__all__ if not hasattr(testing, name)] == []
    assert set(testing.__all__) <= set(dir(testing))


def test_a_misspelt_name_is_an_attribute_error() -> None:
    from wxaudit import testing

    with pytest.raises(AttributeError, match="has no attribute 'FakeWechat'"):
        testing.FakeWechat  # type: ignore[attr-defined]  # noqa: B018  # invalid on purpose
