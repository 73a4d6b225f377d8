"""Call the control plane of a fake WeChat that runs in another process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from ..._errors.tree import ArgumentError
from ..exit_codes import ExitCode
from ..language import text
from ..output import streams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeGuard

PREFIX = "/__fake__"
# A push may take the five seconds that WeChat gives a receiver.
_LIMIT = 15


def call(url: str, path: str, body: Mapping[str, Any] | None = None, method: str = "POST") -> dict[str, Any]:
    """The answer to a call. Ends the command with a message if there is no fake, or if the fake refuses."""
    from http.client import HTTPConnection, HTTPException

    host, port = _address(url)
    # No proxy applies: the fake listens on loopback only.
    connection = HTTPConnection(host, port, timeout=_LIMIT)
    try:
        connection.request(method, PREFIX + path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        status, content = response.status, response.read()
    except ConnectionRefusedError:
        _end_without_fake(url)
    except (OSError, HTTPException) as error:
        problem = str(error) or type(error).__name__
        end(
            ExitCode.UNAVAILABLE,
            f"the fake at {url} gave no answer: {problem}",
            f"位于 {url} 的模拟微信没有响应：{problem}",
        )
    finally:
        connection.close()
    return _checked(url, status, content)


def end(code: ExitCode, english: str, chinese: str) -> NoReturn:
    """End the command with a message and an exit code."""
    streams.say(text(f"wxaudit fake: {english}", f"wxaudit fake：{chinese}"))
    raise typer.Exit(int(code))


def _address(url: str) -> tuple[str, int]:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    is_plain = parts.scheme == "http" and not (parts.username or parts.query or parts.fragment)
    # Secrets of the platform are sent there: never to another machine.
    if not _is_loopback(host) or port is None or not is_plain or parts.path.rstrip("/") not in ("", PREFIX):
        example = f"http://127.0.0.1:18081{PREFIX}"
        raise ArgumentError(
            text(
                "--control-url or WXAUDIT_FAKE_URL must be the control_url that the fake printed, such as "
                f"{example}",
                f"--control-url 或 WXAUDIT_FAKE_URL 必须是模拟微信启动时输出的 control_url，例如 {example}",
            )
        )
    return host, port


def _is_loopback(host: str | None) -> TypeGuard[str]:
    import ipaddress

    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _end_without_fake(url: str) -> NoReturn:
    end(
        ExitCode.UNAVAILABLE,
        f"no fake runs at {url}; start one with: wxaudit fake serve, or say where it is with --control-url "
        "or WXAUDIT_FAKE_URL",
        f"{url} 上没有运行模拟微信；请先运行 wxaudit fake serve，或用 --control-url、WXAUDIT_FAKE_URL "
        "指定地址",
    )


def _checked(url: str, status: int, content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or "errcode" in answer or (status != 200 and "error" not in answer):
        end(
            ExitCode.UNAVAILABLE,
            f"what answers at {url} is not the control plane of a fake; give the control_url that the fake "
            "printed, not its base_url",
            f"{url} 返回的不是模拟微信的控制接口；请使用启动时输出的 control_url，而不是 base_url",
        )
    if status != 200:
        problem = str(answer["error"])
        end(ExitCode.REFUSED, problem, f"模拟微信拒绝了这次操作：{problem}")
    return answer
