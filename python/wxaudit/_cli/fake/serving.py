"""Start a fake WeChat, and tell the person at the terminal how to use it."""

from __future__ import annotations

import errno
import sys

from ..._errors.tree import ArgumentError
from ..exit_codes import ExitCode
from ..language import text
from ..output import streams
from . import control
from .options import VARIABLE


def serve(host: str, port: int, control_port: int, until_stdin_closes: bool) -> ExitCode:
    from ...testing.__main__ import serve

    try:
        serve(
            host=host,
            port=port,
            control_port=control_port,
            until_stdin_closes=until_stdin_closes,
            ready=_introduce,
        )
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise
        problem = error.strerror or str(error)
        control.end(
            ExitCode.UNAVAILABLE,
            f"port {port} or {control_port} of {host} cannot be used ({problem}); another fake may run "
            "there: use it, or choose --port and --control-port (0 stands for a free port)",
            f"{host} 的端口 {port} 或 {control_port} 无法使用（{problem}），可能已有模拟微信在运行："
            "可直接使用它，或用 --port 和 --control-port 换用其他端口（0 表示任选空闲端口）",
        )
    except (ValueError, OverflowError) as error:
        raise ArgumentError(f"--host, --port or --control-port: {error}") from None
    return ExitCode.OK


def _introduce(base_url: str, control_url: str) -> None:
    if not sys.stderr.isatty():
        return
    streams.say(
        text(
            f"""\
The fake WeChat runs until Ctrl-C. In another terminal:
  export WXAUDIT_BASE_URL={base_url}
  export {VARIABLE}={control_url}
  export WXAUDIT_TOKEN=$(wxaudit fake token)
  wxaudit fake submit --auditid 1234567
  wxaudit fake reject 1234567 --reason '1:Account:<br>(1):The logo is missing'
  wxaudit status 1234567""",
            f"""\
模拟微信已启动，按 Ctrl-C 停止。请在另一个终端中运行：
  export WXAUDIT_BASE_URL={base_url}
  export {VARIABLE}={control_url}
  export WXAUDIT_TOKEN=$(wxaudit fake token)
  wxaudit fake submit --auditid 1234567
  wxaudit fake reject 1234567 --reason '1:账号信息不符合规范:<br>(1):缺少头像<br>'
  wxaudit status 1234567""",
        )
    )
