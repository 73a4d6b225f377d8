"""What the READMEs show works as a stranger pastes it: one block after another, without an account."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from docs.builder.pages import REPOSITORY, ROOT
from support.programs import environment

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

READMES = ("README.md", "README.zh.md")
APPID = "wx5b97b03f7e2c4d18"
REASON = "1:账号信息不符合规范:<br>(1):包含色情因素<br>"

# What the page does not show: a request to the application.
REQUEST = f"""
from fastapi.testclient import TestClient

with TestClient(app) as browser:
    answer = browser.get("/audits/{APPID}/1234567").json()
    assert (answer["auditid"], answer["status"]) == (1234567, 1), answer
"""

# A Django project around the blocks that belong into one: what they leave to the reader.
PROJECT = {
    "settings.py": """
INSTALLED_APPS = []
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
""",
    "shop/__init__.py": "",
    "shop/wechat.py": """
import os

def token_of(appid):
    return os.environ["WXAUDIT_TOKEN"]
""",
    "shop/apps.py": """
from django.apps import AppConfig

class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        from . import receivers
""",
    "shop/receivers.py": "",
    "submit.py": f"""
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)
from shop.receivers import follow

follow("{APPID}", 1234567)
call_command("wxaudit_poll", verbosity=0)
""",
}


def blocks(name: str, language: str = "python") -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def file(name: str, path: str) -> str:
    """The block that shows a file."""
    (block,) = [block for block in blocks(name) if block.startswith(f"# {path}\n")]
    return block


def run(*arguments: object, fake: FakeWeChat | None = None) -> subprocess.CompletedProcess[str]:
    # Without a fake of ours, nothing answers: not even WeChat.
    ours = {"WXAUDIT_TOKEN": fake.token(APPID)} if fake else {}
    base_url = fake.base_url if fake else "http://127.0.0.1:1"
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", *map(str, arguments)],
        env=environment(WXAUDIT_BASE_URL=base_url, PYTHONIOENCODING="utf-8", **ours),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def rejected(fake: FakeWeChat) -> FakeWeChat:
    """A fake that stands for WeChat itself."""
    fake.submit(APPID, auditid=1234567, state=1, reason=REASON)
    return fake


@pytest.mark.parametrize("name", READMES)
def test_the_blocks_run_one_after_another_and_print_what_the_page_says(name: str, tmp_path: Path) -> None:
    script = tmp_path / "readme.py"
    pasted = [block for block in blocks(name) if not re.match(r"# \S+\.py\n", block)]
    script.write_text("\n".join([*pasted, REQUEST]), encoding="utf-8")
    done = run(script)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(blocks(name, "text"))


@pytest.mark.parametrize("name", READMES)
def test_what_is_left_for_wechat_itself(name: str, rejected: FakeWeChat, tmp_path: Path) -> None:
    script = tmp_path / "status.py"
    script.write_text(file(name, "status.py"), encoding="utf-8")
    done = run(script, fake=rejected)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "rejected ['账号信息不符合规范']\n"
    done = run(script)
    assert done.returncode == 1
    assert "an unset environment variable" in done.stderr


@pytest.mark.parametrize("name", READMES)
def test_the_django_project(name: str, rejected: FakeWeChat, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    for path, text in PROJECT.items():
        shown = file(name, path) if path in ("settings.py", "shop/receivers.py") else ""
        (tmp_path / path).write_text(text + shown, encoding="utf-8")
    done = run(tmp_path / "submit.py", fake=rejected)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "rejected ['账号信息不符合规范']"


@pytest.mark.parametrize("name", READMES)
def test_the_lines_for_a_shell(name: str, rejected: FakeWeChat) -> None:
    console = "\n".join(blocks(name, "console"))
    lines = re.findall(r"^\$ (?:WXAUDIT_TOKEN=… )?(wxaudit .*)$", console, re.MULTILINE)
    done = [run("-m", *shlex.split(line), fake=rejected) for line in lines]
    assert [(it.returncode, it.stderr) for it in done] == [(0, ""), (1, "")]
    assert "AuditNotFoundError" in done[0].stdout
    assert "账号信息不符合规范" in done[1].stdout


@pytest.mark.parametrize("name", READMES)
def test_the_test_for_pytest(name: str, tmp_path: Path) -> None:
    suite = tmp_path / "test_readme_example.py"
    suite.write_text(file(name, "test_release.py"), encoding="utf-8")
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, suite)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("name", READMES)
def test_links_are_absolute_and_lead_to_files_that_are_there(name: str) -> None:
    links = re.findall(r"\]\((?!#)([^)#]+)", (ROOT / name).read_text(encoding="utf-8"))
    ours = [link for link in links if not link.startswith("https://developers.weixin.qq.com/")]
    assert len(ours) > 10
    paths = [
        link.removeprefix(address) for link in ours for address in REPOSITORY if link.startswith(address)
    ]
    assert len(paths) == len(ours)
    assert [path for path in paths if not (ROOT / path).is_file()] == []
