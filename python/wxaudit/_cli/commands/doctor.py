"""`wxaudit doctor`: find out why calls fail."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from ..._client import Client
from ..._errors.tree import ArgumentError
from .. import exit_codes, settings
from ..language import text
from ..options import ConnectionOptions, OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import streams
from ..tokens import token_for

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
    return streams.console(error=True).status(text("Checking …", "正在检查……"))


def _checks(connection: ConnectionOptions) -> list[Check]:
    from ..doctor import hosts, proxies, setup, token
    from ..doctor.check import Status, skipped

    checks = [setup.versions()]
    try:
        given = settings.resolve(connection)
        options = given.client_options()
        client = Client(**options)
    except ArgumentError as error:
        return [*checks, setup.wrong_settings(error)]
    with client:
        urls = dict.fromkeys((options["base_url"], *options.get("fallback_urls", ())))
        targets = [proxies.target(url) for url in urls]
        named = given.values.get("proxy")
        proxy = proxies.in_force(options.get("proxy"), named.origin if named else "", os.environ)
        checks += (setup.settings(given), setup.proxy(proxy, targets, os.environ))
        of_hosts = hosts.check(targets, proxy, options)
        checks += of_hosts
        answered = {
            check.host
            for check in of_hosts
            if check.name == "connection" and check.status in (Status.OK, Status.WARNING)
        }
        if not answered:
            told = text("not checked: no host answers", "未检查：没有可用的地址")
            return [*checks, skipped("token", told)]
        origin = token.origin(given, connection, os.environ)
        return [
            *checks,
            *token.check(client, lambda: token_for(given, connection, connection.appid), origin),
        ]
