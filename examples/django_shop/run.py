"""Run the example as a story that ends by itself, or, with --serve, serve it until Ctrl-C.

The fake WeChat and the worker are processes of their own. The worker is `manage.py wxaudit_poll --loop`; if
BROKER_URL is set, Celery's worker and beat. Without DATABASE_URL, a temporary file of SQLite is the database.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = Path(__file__).parent


class Workers:
    """The processes that ask WeChat and call the receivers."""

    def __init__(self, folder: str) -> None:
        self._commands = [[sys.executable, "manage.py", "wxaudit_poll", "--loop", "--interval", "0.5"]]
        if os.environ.get("BROKER_URL"):
            celery = [sys.executable, "-m", "celery", "-A", "shop"]
            self._commands = [
                [*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING"],
                [*celery, "beat", "--schedule", f"{folder}/beat", "--loglevel", "WARNING"],
            ]
        self._log = Path(folder, "workers.log").open("ab")  # noqa: SIM115  # closed by `stop`
        # What killed processes leave behind goes with the folder.
        self._environment = {**os.environ, "TMPDIR": folder}
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        for command in self._commands:
            # In a session of its own: Ctrl-C reaches this program alone, and a kill its children too.
            process = subprocess.Popen(  # noqa: S603  # our own commands
                command,
                cwd=FOLDER,
                env=self._environment,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
            self._processes.append(process)
            print(f"  started: {' '.join(command[1:]).removeprefix('-m ')}")

    def kill(self) -> None:
        for process in self._processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._log.close()


@contextmanager
def fake_wechat() -> Iterator[str]:
    """Run the fake until the end of this program, and put its addresses into the environment."""
    command = [sys.executable, "-m", "wxaudit.testing", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdin is not None  # noqa: S101  # it narrows the type
        assert process.stdout is not None  # noqa: S101
        urls = json.loads(process.stdout.readline())
        os.environ["WXAUDIT_BASE_URL"] = urls["base_url"]
        os.environ["FAKE_CONTROL_URL"] = urls["control_url"]
        try:
            yield urls["base_url"]
        finally:
            process.stdin.close()


@contextmanager
def web_server(port: int) -> Iterator[str]:
    """Serve the site, as `manage.py runserver` does, in a thread of this program."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadedWSGIServer(("127.0.0.1", port), Quiet) as server:
        server.set_app(StaticFilesHandler(get_wsgi_application()))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def set_up() -> None:
    """Make the tables, and a user for the admin."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    from django.contrib.auth.models import User

    if not User.objects.filter(username="admin").exists():
        User.objects.create_superuser("admin", password="admin")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help="serve the site until Ctrl-C, without the story")
    parser.add_argument("--port", type=int, default=0, help="of the site; 8000 with --serve")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="wxaudit-shop-"))
        os.environ.setdefault("DATABASE_URL", f"{folder}/db.sqlite3")
        os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
        wechat = stack.enter_context(fake_wechat())
        set_up()
        site = stack.enter_context(web_server(options.port or (8000 if options.serve else 0)))
        workers = Workers(folder)
        stack.callback(workers.stop)
        try:
            play(site, wechat, workers, serve=options.serve)
        except BaseException:
            print(Path(folder, "workers.log").read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
            raise
    print(f"\n{time.monotonic() - begun:.1f} s")


def play(site: str, wechat: str, workers: Workers, *, serve: bool) -> None:
    from django.db import connection

    import story

    broker = "Redis" if os.environ.get("BROKER_URL") else "none"
    print(f"Database: {connection.display_name}. Broker: {broker}.")
    print(f"The fake WeChat is {wechat}; the site is {site}")
    if not serve:
        story.tell(site, workers)
        return
    workers.start()
    print(f"Submit at {site}/ and look at {site}/admin/ (user admin, password admin). Ctrl-C ends it.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
