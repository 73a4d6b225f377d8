"""Check what calls begin with: versions, settings and the proxy in force."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from ..._native import __version__
from ..language import text
from . import proxies
from .check import Check, of_failure, ok, warning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..._errors.tree import ArgumentError
    from ..settings import Settings
    from .proxies import Proxy, Target


def versions() -> Check:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    system = platform.platform(terse=True)
    return ok(
        "versions",
        f"wxaudit {__version__}, {python}, {system}",
        details={"wxaudit": __version__, "python": platform.python_version(), "platform": system},
    )


def settings(given: Settings) -> Check:
    """The settings that differ from the defaults, and where they come from."""
    shown = ("base_url", "fallback_urls", "ca_file", "timeout", "max_retries")
    origins = {name: given.values[name].origin for name in shown if name in given.values}
    parts = []
    for name, origin in origins.items():
        value = given.values[name].value
        written = ", ".join(value) if isinstance(value, tuple) else str(value)
        if origin != "default":
            parts.append(f"{name} {written} ({origin})")
    found = "; ".join(parts) or text("the defaults", "全部为默认值")
    return ok("settings", found, details={"origins": origins})


def wrong_settings(error: ArgumentError) -> Check:
    return of_failure("settings", error)


def proxy(proxy: Proxy | None, targets: Sequence[Target], environment: Mapping[str, str]) -> Check:
    """Which proxy is in force for which hosts, and which variables do nothing."""
    unused = [
        name
        for name in proxies.VARIABLES
        if environment.get(name) and name.lower() != "no_proxy" and (proxy is None or name != proxy.origin)
    ]
    direct = [target.name for target in targets if proxy is None or not proxy.leads_to(target)]
    more = (
        text("; set as well, and not used: ", "；以下变量已设置但未使用：") + ", ".join(unused)
        if unused
        else ""
    )
    details = {"url": None if proxy is None else proxy.shown, "unused": unused, "direct": direct}
    if proxy is None:
        found = text("none", "未使用代理")
        if not unused:
            found += text("; no variable names one", "；没有设置代理变量")
        only_http = unused and all(name.lower() == "http_proxy" for name in unused)
        if only_http and any(target.tls for target in targets):
            todo = text(
                "If calls shall go through that proxy, set HTTPS_PROXY: HTTP_PROXY is not for HTTPS.",
                "如需通过该代理访问，请设置 HTTPS_PROXY：HTTP_PROXY 对 HTTPS 不生效。",
            )
            return warning("proxy", found + more, todo, details=details)
        return ok("proxy", found + more, details=details)
    details["origin"] = proxy.origin
    if len(direct) == len(targets):
        found = text(
            f"none: {proxy.origin} is set, but these hosts are reached without it (NO_PROXY, loopback)",
            f"未使用代理：已设置 {proxy.origin}，但这些地址不经过代理（NO_PROXY 或本机地址）",
        )
        return ok("proxy", found + more, details=details)
    found = text(f"{proxy.shown}, from {proxy.origin}", f"{proxy.shown}，来自 {proxy.origin}")
    if direct:
        found += text("; without it: ", "；不经过代理：") + ", ".join(direct)
    return ok("proxy", found + more, details=details)
