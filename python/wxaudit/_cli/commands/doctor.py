"""`wxaudit doctor`: find out why calls fail."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from ..._errors.tree import ArgumentError
from .. import exit_codes
from ..connection import Connection
from ..language import text
from ..options import ConnectionOptions, OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import streams

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..doctor.check import Check

HELP = text(
    "Check network, proxy, clock, token and permission, and say what to do.",
    "检查网络、代理、时钟、令牌和权限，并给出处理办法。",
)


def doctor(connection: ConnectionOptions, output: OutputOptions) -> exit_codes.ExitCode:
    from ..doctor import show

    with _waiting():
        checks = _checks(connection)
    show.rows(checks, output.json)
    return exit_codes.worst(check.code for check in checks)


def _waiting() -> AbstractContextManager[object]:
    """Tells a person that something goes on: a host that does not answer takes its time."""
    if not sys.stderr.isatty():
        return nullcontext()
    return streams.console(error=True).status(text("Checking …", "正在检查……"), spinner="line")


def _checks(options: ConnectionOptions) -> list[Check]:
    from ..doctor import hosts, proxies, setup, token
    from ..doctor.check import Status

    checks = [setup.versions()]
    try:
        connection = Connection(options)
    except ArgumentError as error:
        return [*checks, setup.wrong_settings(error)]
    with connection as wechat:
        settings, given = wechat.settings, wechat.settings.client_options()
        urls = dict.fromkeys((settings.get("base_url"), *given.get("fallback_urls", ())))
        targets = [proxies.target(url) for url in urls]
        named = settings.values.get("proxy")
        proxy = proxies.in_force(given.get("proxy"), named.origin if named else "", os.environ)
        of_hosts = hosts.check(targets, proxy, given, settings.get("timeout"))
        checks += (setup.settings(settings), setup.proxy(proxy, targets, os.environ), *of_hosts)
        well = (Status.OK, Status.WARNING)
        if not any(check.name == "connection" and check.status in well for check in of_hosts):
            return [*checks, token.unchecked(token.origin(settings))]
        return [*checks, *token.check(wechat.client, wechat.token, token.origin(settings))]
