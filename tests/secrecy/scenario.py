"""Define scenarios: the actions of servers and caller, and the expected outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from wxaudit.testing import Fault

if TYPE_CHECKING:
    from secrecy.stage import Stage

# The audit of the first scenario. The fake identifies scenarios by their audits.
FIRST_AUDITID = 4_100_000_001

IN_REVIEW = Fault(body=b'{"errcode":0,"errmsg":"ok","status":2}')


class Servers(NamedTuple):
    """The addresses of the servers of `world`. Each of the proxies requires a password."""

    fake: str
    """A FakeWeChat, which sends the scenario's `answers`."""
    elsewhere: str
    """The target of redirects, which no request must reach."""
    certificates: str
    """The PEM file with the only trusted authority."""
    tls: int
    tls_of_stranger: int
    """Its certificate is of an untrusted authority."""
    tls_of_other_host: int
    tls_expired: int
    no_tls: int
    """Plain HTTP where TLS is expected."""
    silent: int
    """Accepts connections and never sends anything."""
    refusing: int
    """A port that refuses connections."""
    tunnel: int
    """A CONNECT proxy to `tls`."""
    tunnel_407: int
    tunnel_502: int
    """Both echo the credentials in their status line, a header and their page."""
    forward: int
    """A proxy for plain HTTP, which answers itself."""
    forward_407: int
    """It echoes URL and credentials."""
    socks: int
    """A SOCKS proxy that refuses every login."""


Answers = Callable[[Servers, str], Sequence[Fault]]
Act = Callable[["Stage"], object]


class Scenario(NamedTuple):
    """One call, or a few, of one client."""

    name: str
    act: Act
    """The action of the caller. Its result or exception is the outcome."""
    ends: type[BaseException] | tuple[type[BaseException], ...] | None = None
    """The class of the exception; None for a result."""
    answers: Answers = lambda _servers, _token: [IN_REVIEW]
    """The answers of the fake, made from the token. The last one repeats."""
    sends: int = 1
    """The number of requests that reach the fake."""
    client_kinds: Sequence[str] = ("blocking", "asyncio")
    """The clients to which the scenario applies."""
    counts: Mapping[str, int] | None = None
    """The outcomes of the returned batch; None if the result is not a batch."""
