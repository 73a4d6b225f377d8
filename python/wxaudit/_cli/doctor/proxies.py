"""Tell which proxy is in force, by the rules that docs/network.md has and `src/config.rs` applies."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES = (
    *("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
    *("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"),
)
_LOOPBACK = "localhost,127.0.0.0/8,::1"


class Target(NamedTuple):
    """A host that calls go to."""

    url: str
    host: str
    port: int
    tls: bool

    @property
    def name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.explicit_port is None else f"{host}:{self.port}"

    @property
    def explicit_port(self) -> int | None:
        """The port, if it is not the usual one of the scheme."""
        return None if self.port == (443 if self.tls else 80) else self.port


def target(url: str) -> Target:
    """The host of a base URL that the client has accepted."""
    parts = urlsplit(url)
    tls = parts.scheme.lower() == "https"
    return Target(url, parts.hostname or "", parts.port or (443 if tls else 80), tls)


class Proxy(NamedTuple):
    """A proxy. Its URL may have a password: show `shown` instead."""

    url: str
    origin: str
    """The option, variable or file that names it."""
    excluded: str
    """The list of NO_PROXY, with the hosts that are always excluded; "" for a proxy of the settings."""

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme.lower()

    @property
    def looks_names_up(self) -> bool:
        return self.scheme in ("http", "https", "socks5h", "socks4a")

    @property
    def shown(self) -> str:
        """The URL without user and password."""
        authority = urlsplit(self.url).netloc
        if "@" not in authority and "@" in self.url:
            return f"{self.scheme}://***"
        login, _, place = authority.rpartition("@")
        return f"{self.scheme}://{'***@' if login else ''}{place}"

    def leads_to(self, target: Target) -> bool:
        everything = self.excluded.removesuffix(f",{_LOOPBACK}") == "*"
        return not everything and not _excludes(self.excluded, target.host, target.explicit_port)


def in_force(setting: str | None, origin: str, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy of the settings, or else of the environment."""
    if setting is not None:
        return Proxy(_with_scheme(setting), origin, "")
    variable = _first(environment, "https_proxy", "HTTPS_PROXY") or _first(
        environment, "all_proxy", "ALL_PROXY"
    )
    if variable is None:
        return None
    listed = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return Proxy(_with_scheme(environment[variable]), variable, f"{listed},{_LOOPBACK}")


def _first(environment: Mapping[str, str], *names: str) -> str | None:
    """The first of two variables that is set, unless it is set to nothing."""
    name = next((name for name in names if name in environment), None)
    return name if name is not None and environment[name] else None


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"http://{url}"


def _excludes(listed: str, host: str, port: int | None) -> bool:
    host = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    entries = re.split(r"[, \t]", listed)
    if address is not None:
        return any(_has_address(entry, address) for entry in entries)
    return any(_has_name(entry, host, port) for entry in entries)


def _has_address(entry: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if not re.fullmatch(r"[0-9A-Fa-f.:]+(/0*[1-9][0-9]*)?", entry):
        return False
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _has_name(entry: str, host: str, port: int | None) -> bool:
    try:
        ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass
    else:
        return False
    name, colon, number = entry.rpartition(":")
    if not colon:
        name = entry
    elif not number.isdecimal() or int(number) != port:
        return False
    name = name.strip(".").lower()
    return bool(name) and (host == name or host.endswith(f".{name}"))
