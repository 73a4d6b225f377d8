"""What docs/events.md shows, works."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from support.push_platform import APPID, KEY, TOKEN, now_push
from wxaudit import events
from wxaudit.testing import FakeWeChat, PushAnswer

DOCUMENT = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
SETTINGS: Any = {"token": TOKEN, "encoding_aes_key": KEY, "component_appid": APPID}


@pytest.mark.parametrize("code", BLOCKS, ids=range(len(BLOCKS)))
def test_the_examples_run(code: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_the_application_serves_the_fake_s_pushes(fake: FakeWeChat) -> None:
    names: dict[str, Any] = {}
    exec(BLOCKS[0], names)  # noqa: S102  # our own document
    audit = fake.submit("wx5b97b03f7e2c4d18")
    audit.approve()
    with make_server("127.0.0.1", 0, names["application"], handler_class=Quiet) as server:
        url = f"http://127.0.0.1:{server.server_port}/wechat/$APPID$"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        push = fake.make_push(audit, **SETTINGS)
        answers = [push.send(url), push.send(url), fake.push("other", url, **SETTINGS)]
        refused = fake.push(audit, url, **{**SETTINGS, "token": "guess"})
        server.shutdown()
        thread.join()
    assert answers == [PushAnswer(200, b"success")] * 3
    assert refused == PushAnswer(403, b"")
    ((appid, event),) = names["decided"]
    assert (appid, event.kind) == ("wx5b97b03f7e2c4d18", "weapp_audit_success")


def test_the_page_names_what_there_is() -> None:
    for name in events.__all__:
        assert name in DOCUMENT
    for name in (*events.AuditEvent.__match_args__, "status", "reasons"):
        assert f"`{name}`" in DOCUMENT
    assert "max_age` (300 seconds)" in DOCUMENT
    with pytest.raises(events.EventRejected, match="Encrypt in the body"):
        events.EventReceiver(TOKEN, KEY, APPID).receive(now_push()[0], b"")
