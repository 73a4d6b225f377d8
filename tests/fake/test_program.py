"""`python -m wxaudit.testing`: start, options and shutdown."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from support.fake_program import exchange, read_urls, start, stream


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_silently(number: signal.Signals) -> None:
    process = start("--port", "0")
    urls = read_urls(process)
    token = exchange("POST", urls["control_url"] + "/tokens", {})[1]["token"]
    assert len(token) == 138
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_end_of_standard_input_does_not_stop_it_by_default() -> None:
    process = start()
    urls = read_urls(process)
    stream(process.stdin).close()
    assert exchange("GET", urls["control_url"] + "/clock", None)[0] == 200
    process.terminate()
    assert process.wait(20) == 0
    for pipe in (process.stdout, process.stderr):
        stream(pipe).close()


def test_the_ports_can_be_chosen() -> None:
    first = start()
    urls = read_urls(first)
    for option, url in (("--port", urls["base_url"]), ("--control-port", urls["control_url"])):
        # The port is in use: the error of the second program shows that it tried this port.
        second = start(option, str(urlsplit(url).port))
        out, err = second.communicate(timeout=20)
        assert (second.returncode, out) == (1, "")
        assert err.startswith("wxaudit.testing: ")
        assert "in use" in err
        assert "Traceback" not in err
    first.terminate()
    first.communicate(timeout=20)
    assert first.returncode == 0


def test_it_serves_only_on_loopback() -> None:
    process = start("--host", "192.0.2.1")
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (
        1,
        "wxaudit.testing: the fake listens on loopback addresses only, not on '192.0.2.1'\n",
    )


def test_help_is_readable() -> None:
    process = start("--help")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    for word in ("base_url", "control_url", "--port", "--control-port", "--until-stdin-closes", "SIGTERM"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 110


def test_it_stops_when_its_parent_ends() -> None:
    """When a parent dies, the standard input of its child is closed. The test closes it directly."""
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "wxaudit.testing", "--until-stdin-closes"],
        stdin=read,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(read)
    read_urls(process)
    os.close(write)
    assert process.wait(20) == 0
    stream(process.stdout).close()
