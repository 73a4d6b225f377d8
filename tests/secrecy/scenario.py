"""What a scenario is: what the servers do, what the caller does, and how it must end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from wxaudit.testing import Fault

if TYPE_CHECKING:
    from secrecy.stage import Stage

# The number of the first scenario's audit; the fake tells scenarios apart by them.
FIRST_AUDITID = 4_100_000_001

IN_REVIEW = Fault(body=b'{"errcode":0,"errmsg":"ok","status":2}')


class Servers(NamedTuple):
    """Where the servers of `world` are. Each of the proxies wants a password."""

    fake: str
    """A FakeWeChat, which answers by the scenario's `answers`."""
    elsewhere: str
    """Another one, where redirects lead; nothing must ever get there."""
    certificates: str
    """The PEM file with the one authority to trust."""
    tls: int
    tls_of_stranger: int
    """Its certificate is of an authority that nobody trusts."""
    tls_of_other_host: int
    tls_expired: int
    no_tls: int
    """Plain HTTP where TLS is expected."""
    silent: int
    """Takes connections and never says a word."""
    refusing: int
    """Nobody listens there."""
    tunnel: int
    """A CONNECT proxy, which leads to `tls`."""
    tunnel_407: int
    tunnel_502: int
    """Both echo the credentials in their status line, a header and their page."""
    forward: int
    """A proxy for plain HTTP: it answers itself."""
    forward_407: int
    """It echoes URL and credentials."""


Answers = Callable[[Servers, str], Sequence[Fault]]
Act = Callable[["Stage"], object]


class Scenario(NamedTuple):
    """One call, or a few, of one client."""

    name: str
    act: Act
    """What the caller does; what it returns or raises is the outcome."""
    ends: type[BaseException] | tuple[type[BaseException], ...] | None = None
    """The class of what it raises; None where a result comes."""
    answers: Answers = lambda _servers, _token: [IN_REVIEW]
    """What the fake answers, made of the token; the last one again and again."""
    sends: int = 1
    """How many requests reach the fake."""
    client_kinds: Sequence[str] = ("blocking", "asyncio")
    """With which of the clients it makes sense."""
    counts: Mapping[str, int] | None = None
    """How the queries of the batch that it returns ended; None where it returns no batch."""
