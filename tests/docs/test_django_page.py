"""What docs/django.md and docs/django.zh.md show, works: the project of the page is built and run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.ended_example import EXAMPLES
from support.programs import environment
from wxaudit import AuditState, django
from wxaudit.django import _settings
from wxaudit.django._polling import schedule

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

DOCS = EXAMPLES.parent / "docs"
PAGES = PAGE, _ = ("django.md", "django.zh.md")
APPID, AUDITID = "wx5b97b03f7e2c4d18", 1234567
REASON = "1:账号信息不符合规范:<br>(1):包含色情因素<br>"
MOVE = "shop/migrations/0002_watch_pending.py"

# What the page leaves to the reader: a cache that processes share, and the platform's models and calls.
PRELUDE = {
    "mysite/settings.py": (
        "CACHES = {'default': {'BACKEND': 'django.core.cache.backends.db.DatabaseCache', "
        "'LOCATION': 'cache'}}\n"
    ),
    "shop/__init__.py": "",
    "shop/migrations/__init__.py": "",
    "shop/models.py": (
        "from django.db import models\n\n"
        "class Merchant(models.Model):\n"
        "    appid = models.CharField(max_length=64, primary_key=True)\n"
        "    access_token = models.CharField(max_length=512)\n\n"
        "class SubmittedAudit(models.Model):\n"
        "    appid = models.CharField(max_length=64)\n"
        "    auditid = models.PositiveBigIntegerField()\n"
        "    decided = models.BooleanField()\n"
        "    submitted_at = models.DateTimeField(auto_now_add=True)\n\n"
    ),
    "shop/wechat.py": (
        "def submit_audit(appid):\n    return 7654321\n\n"
        "def fetch_token(appid):\n    return 'a-token-of-nobody'\n\n"
    ),
}


class Block(NamedTuple):
    language: str
    # The file in the first line of a block in Python.
    path: str
    text: str


def blocks(page: str) -> list[Block]:
    text = (DOCS / page).read_text(encoding="utf-8")
    found = []
    for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        path = re.match(r"# (\S+\.py)\n", code) if language == "python" else None
        found.append(Block(language, path[1] if path else "", code))
    return found


class Project:
    """A new project in a folder, which gets what the page says."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.folder = folder
        self._client = f'WXAUDIT["CLIENT"] = {{"base_url": "{base_url}"}}\n'
        self._environment = environment(DJANGO_SETTINGS_MODULE="mysite.settings", PYTHONIOENCODING="utf-8")
        # Of the folder alone: pytest must not find the project's own file of settings.
        (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
        self.run("-m", "django", "startproject", "mysite", str(folder))
        for path, text in PRELUDE.items():
            self.add(path, text)

    def add(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as opened:
            opened.write(text + "\n")
            if "WXAUDIT = " in text:
                opened.write(self._client)

    def run(self, *arguments: str) -> str:
        """What Python prints, which must end well."""
        done = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=self.folder,
            env=self._environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def shell(self, code: str) -> str:
        return self.run("manage.py", "shell", "-v", "0", "-c", code)


@pytest.fixture
def project(tmp_path: Path, fake: FakeWeChat) -> Project:
    return Project(tmp_path, fake.base_url)


# The other page shows the same code.
def test_five_minutes_lead_to_the_first_signal(project: Project, fake: FakeWeChat) -> None:
    fake.submit(APPID, auditid=AUDITID, state=1, reason=REASON)
    printed = ""
    for block in blocks(PAGE):
        if block.path == "shop/views.py":
            break
        if block.path:
            project.add(block.path, block.text)
            continue
        for line in block.text.splitlines():
            command = line.removeprefix("$ ")
            if command.startswith("python manage.py migrate"):
                project.run("manage.py", "makemigrations", "shop")
                project.run("manage.py", "createcachetable")
            if command.startswith("python "):
                printed = project.run(*shlex.split(command)[1:])
            if command.startswith("python manage.py shell"):
                token = fake.token(APPID)
                key = f"wechat:token:{APPID}"
                project.shell(f"from django.core.cache import cache; cache.set({key!r}, {token!r})")
    promised = f"{APPID}:{AUDITID}:1 rejected ['账号信息不符合规范']"
    assert promised in printed
    for page in PAGES:
        assert f"`{promised}`" in (DOCS / page).read_text(encoding="utf-8")


def test_the_whole_project_of_the_page_works(project: Project) -> None:
    for block in blocks(PAGE):
        if block.path and block.path != MOVE:
            project.add(block.path, block.text)
    project.run("manage.py", "makemigrations", "shop")
    project.run("manage.py", "migrate", "shop")
    audits = f"[SubmittedAudit(appid={APPID!r}, auditid=n, decided=n % 2) for n in range(1, 11)]"
    project.shell(f"from shop.models import *; SubmittedAudit.objects.bulk_create({audits})")
    (move,) = [block for block in blocks(PAGE) if block.path == MOVE]
    project.add(move.path, move.text)
    project.run("manage.py", "migrate")
    told = project.shell(
        "from datetime import timedelta\n"
        "from django.test import RequestFactory\n"
        "from wxaudit.django.models import AuditWatch\n"
        "from shop import models, views, wechat\n"
        "audits = {audit.auditid: audit for audit in models.SubmittedAudit.objects.all()}\n"
        "moved = list(AuditWatch.objects.order_by('auditid'))\n"
        "print([watch.auditid for watch in moved])\n"
        "print({audits[watch.auditid].submitted_at == watch.created_at for watch in moved})\n"
        "half_hours = [(watch.next_check_at - watch.created_at) / timedelta(minutes=30) for watch in moved]\n"
        "print(len(set(half_hours)) == 5 and 0 <= min(half_hours) <= max(half_hours) < 1.1)\n"
        f"print(views.submit(RequestFactory().post('/'), {APPID!r}).status_code)\n"
        "print(AuditWatch.objects.get(auditid=7654321, note='version 1.4').deadline is not None)\n"
        f"models.Merchant.objects.create(appid={APPID!r}, access_token='old')\n"
        f"source = wechat.MerchantToken({APPID!r})\n"
        f"print(wechat.token_source({APPID!r}), source.get_token(), source.get_token(refresh=True))\n"
    )
    expected = ["[2, 4, 6, 8, 10]", "{True}", "True", "204", "True", "old old a-token-of-nobody"]
    assert told.splitlines() == expected
    project.run("manage.py", "makemigrations", "--check")
    tests = "\n".join(block.text for block in blocks(PAGE) if "TestCase" in block.text)
    assert f"Ran {tests.count('def test_')} tests" in project.run("manage.py", "test")
    assert "1 passed" in project.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "shop/test_overdue.py")


def test_both_languages_show_the_same_code() -> None:
    def code(page: str) -> list[tuple[str, str]]:
        without = [(block.path, re.sub(r"\s*# .*", "", block.text)) for block in blocks(page)]
        return [(path, re.sub(r'"""[^"]*"""', "", text)) for path, text in without]

    assert code(PAGES[0]) == code(PAGES[1])


@pytest.mark.parametrize("page", [*(f"docs/{page}" for page in PAGES), "examples/django_shop/README.md"])
def test_links_lead_to_files_and_headings_that_are_there(page: str) -> None:
    file = DOCS.parent / page
    links = re.findall(r"\]\((?!https?://)([^)]+)\)", file.read_text(encoding="utf-8"))
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = file.parent / path if path else file
        assert target.exists(), link
        headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in slugs, link


def calls(age: timedelta) -> int:
    """How often an audit is asked about by default until it is so old, without jitter."""
    start = now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    count = 0
    while now <= start + age:
        count += 1
        situation = schedule.Situation("watching", 0, False, start, None, now)
        plan = schedule.after_answer(situation, AuditState.IN_REVIEW, _settings.PACE, 0.5)
        assert plan.next_check_at is not None
        now = plan.next_check_at
    return count


def test_the_arithmetic_of_the_page_is_right() -> None:
    minutes, hour, day = (calls(timedelta(minutes=age)) for age in (10, 60, 24 * 60))
    each_day = calls(timedelta(days=3)) - calls(timedelta(days=2))
    assert (day, minutes, hour - minutes, day - hour, each_day) == (113, 11, 10, 92, 48)
    texts = [(DOCS / page).read_text(encoding="utf-8") for page in PAGES]
    for number in (113, 11, 10, 92, 48):
        assert all(re.search(rf"\b{number}\b", text.replace("，", " ")) for text in texts)
    for pending in (100_000, 1_000_000, 10_000_000):
        half_hourly, hourly = (f"{pending / seconds:,.0f}".replace(",", " ") for seconds in (1800, 3600))
        row = rf"\| {f'{pending:,}'.replace(',', ' ')} \| \D*{half_hourly}\D* \| {hourly} \|"
        assert all(re.search(row, text) for text in texts), row


def test_every_option_and_name_is_on_the_page() -> None:
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        assert [
            option.name for option in fields(_settings.WatchSettings) if option.name.upper() not in text
        ] == []
        assert [name for name in django.__all__ if name not in text] == []
