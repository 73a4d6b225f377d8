"""The example of Django: its story ends well on SQLite, and on PostgreSQL, Redis and Celery."""

from __future__ import annotations

import re
import tempfile
from typing import TYPE_CHECKING

from support.ended_example import EXAMPLES, EndedExample
from support.servers.postgresql_server import PostgresqlServer
from support.servers.redis_server import RedisServer

if TYPE_CHECKING:
    from pathlib import Path

README = (EXAMPLES / "django_shop" / "README.md").read_text(encoding="utf-8")


def test_the_story_on_sqlite(tmp_path: Path) -> None:
    ended = EndedExample("django_shop/run.py", tmp_path)
    check_story(ended, "Database: SQLite. Broker: none.", "manage.py wxaudit_poll --loop --interval 0.5")


def test_the_story_on_postgresql_redis_and_celery(tmp_path: Path) -> None:
    # The path of a socket may have 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="postgresql-") as folder,
        PostgresqlServer(folder),
        RedisServer() as redis,
    ):
        ended = EndedExample(
            "django_shop/run.py",
            tmp_path,
            DATABASE_URL=f"postgresql://postgres@/postgres?host={folder}",
            BROKER_URL=f"redis+socket://{redis.path}",
        )
        with redis.client() as client:
            kept = [client.get(key) for key in client.scan_iter("*wxaudit:token:*")]
    check_story(ended, "Database: PostgreSQL. Broker: Redis.", "celery -A shop worker")
    # The tokens are where the processes share them, and not in what is printed.
    tokens = [token for value in kept for token in re.findall(r"[\w-]{100,}", str(value))]
    assert len(tokens) == 8
    assert [token for token in tokens if token in ended.stdout] == []


def check_story(ended: EndedExample, begin: str, worker: str) -> None:
    assert (ended.stderr, ended.returncode) == ("", 0), ended.stdout
    assert ended.processes_left == []
    assert ended.files_left == []
    assert ended.stdout.startswith(begin)
    assert ended.stdout.count(f"started: {worker}") == 2
    told = re.findall(r"^  told   (\w[\w ]+?) {2,}(\w.*)   \[(wx\w+:\d+:\d)\]$", ended.stdout, re.MULTILINE)
    assert len({key for _, _, key in told}) == len(told) == 10
    assert sorted((merchant, text) for merchant, text, _ in told) == [
        ("Bakery", "rejected: 账号信息不符合规范; 页面无正式运营内容"),
        ("Bicycles", "withdrawn"),
        ("Bookshop", "rejected: 账号信息不符合规范; 页面无正式运营内容"),
        ("Florist", "approved"),
        ("Florist", "delayed: 审核量较大，预计还需 1 个工作日"),
        ("Lamps", "approved"),
        ("Lamps", "the review takes longer than promised"),
        ("Shoes", "approved"),
        ("Tea house", "approved"),
        ("Toys", "approved"),
    ]
    assert "  told twice, and 1 time in the order log\n" in ended.stdout
    assert ended.numbers(r"  (\d+) changes, (\d+) entries of the order log, (\d+) missing there") == [
        10,
        10,
        0,
    ]
    pages = "".join(f"  {name}: 200, 8 of 8 mini programs on the page\n" for name in ("shop", "admin"))
    assert f"  watches: 8 decided\n{pages}" in ended.stdout
    print(f"\n{begin} {ended.seconds:.1f} s")


def test_the_readme_shows_the_story() -> None:
    story = (EXAMPLES / "django_shop" / "story.py").read_text(encoding="utf-8")
    told = re.findall(r"^(.+)   \(\d+\.\d s\)$", README, re.MULTILINE)
    assert told == re.findall(r'heading\("(.*)"\)', story)
