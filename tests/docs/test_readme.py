"""What the READMEs show, works, and both show the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.servers.redis_server import RedisServer

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat

ROOT = Path(__file__).parents[2]
# Each in its language: what the examples print first.
READMES = {
    "README.md": ("rejected 审核被拒绝", "['rejected', 'under review']"),
    "README.zh.md": ("审核被拒绝 rejected", "['审核被拒绝', '审核中']"),
}
APPID = "wx5b97b03f7e2c4d18"

# The platform's own call, which the README leaves to the reader; clients that talk to the fake; our Redis.
PRELUDE = """
import functools, os, redis, wxaudit
redis.Redis = functools.partial(redis.Redis, unix_socket_path=os.environ["REDIS_SOCKET"])
wxaudit.Client = functools.partial(wxaudit.Client, base_url=os.environ["WXAUDIT_BASE_URL"])

def fetch_token(appid):
    return os.environ["WXAUDIT_TOKEN"]
"""


def blocks(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(fake: FakeWeChat, *arguments: str, redis_socket: str = "") -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "WXAUDIT_BASE_URL": fake.base_url,
        "WXAUDIT_TOKEN": fake.token(APPID),
        "REDIS_SOCKET": redis_socket,
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", READMES)
def test_the_examples_run_one_after_another(name: str, fake: FakeWeChat, tmp_path: Path) -> None:
    fake.submit(APPID, auditid=1234567, state=1, reason="1:标题:<br>(1):甲<br>")
    fake.submit(APPID, auditid=1234568)
    tests = [block for block in blocks(name) if "def test_" in block]
    examples = [block for block in blocks(name) if block not in tests]
    script = tmp_path / "readme.py"
    script.write_text(PRELUDE + "\n".join(examples), encoding="utf-8")
    with RedisServer() as server:
        done = run(fake, str(script), redis_socket=server.path)
    assert (done.returncode, done.stderr) == (0, "")
    for line in READMES[name]:
        assert line in done.stdout
    assert "标题\n  甲" in done.stdout
    assert re.search(r"^85012 [0-9a-f-]{26}$", done.stdout, re.MULTILINE)

    suite = tmp_path / "test_readme_example.py"
    imports = "from wxaudit import AuditState\nfrom wxaudit.testing import FakeWeChat\n"
    suite.write_text(imports + "\n".join(tests), encoding="utf-8")
    done = run(fake, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(suite))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(tests)} passed" in done.stdout


def test_both_languages_show_the_same_examples() -> None:
    calls = [
        [re.findall(r"\w+\(", re.sub(r"\s*#.*", "", block)) for block in blocks(name)] for name in READMES
    ]
    assert sorted(map(sorted, calls[0])) == sorted(map(sorted, calls[1]))


@pytest.mark.parametrize("name", READMES)
def test_links_lead_to_files_that_are_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
