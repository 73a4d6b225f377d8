"""Starts `python -m wxaudit.testing` for tests, and speaks to it as a program in another language does."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from typing import IO, Any
from urllib.parse import urlsplit


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "wxaudit.testing", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def read_urls(process: subprocess.Popen[str]) -> dict[str, str]:
    urls: dict[str, str] = json.loads(stream(process.stdout).readline())
    return urls


def exchange(method: str, url: str, body: object) -> tuple[int, Any]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, data)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()
