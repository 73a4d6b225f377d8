"""The tokens that the fake has given out, and what WeChat says to each."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ._clock import FakeClock, as_timedelta
from ._errcode import ErrcodeError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

TokenKind = Literal["authorizer", "own", "component"]

# An older authorizer_access_token works five minutes more once a new one was fetched.
GRACE = timedelta(minutes=5)

_URL_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_SHORTEST = 64
_LONGEST = 65_536


def mask(token: str) -> str:
    """What a token looks like in a `repr`: nothing of it but its length."""
    return f"<token of {len(token)} characters>"


class IssuedToken:
    """One token that the fake gave out."""

    __slots__ = ("appid", "expires_at", "kind", "permissions", "superseded_at", "text")

    def __init__(
        self, text: str, appid: str, kind: TokenKind, permissions: frozenset[int], expires_at: datetime
    ) -> None:
        self.text = text
        self.appid = appid
        self.kind = kind
        self.permissions = permissions
        self.expires_at = expires_at
        self.superseded_at: datetime | None = None

    def __repr__(self) -> str:
        return f"<IssuedToken {self.kind} of {self.appid}>"


class Tokens:
    """Gives tokens out, and judges those that come back."""

    def __init__(self, clock: FakeClock, lock: threading.RLock) -> None:
        self._clock = clock
        self._lock = lock
        self._by_text: dict[str, IssuedToken] = {}
        self._latest: dict[tuple[str, TokenKind], IssuedToken] = {}
        self._deauthorized: set[str] = set()

    def issue(
        self,
        appid: str,
        *,
        expires_in: float | timedelta,
        kind: TokenKind,
        permissions: Iterable[int],
        url_safe: bool,
        length: int,
    ) -> str:
        if kind not in ("authorizer", "own", "component"):
            raise ValueError(f"kind must be 'authorizer', 'own' or 'component', not {kind!r}")
        if not _SHORTEST <= length <= _LONGEST:
            raise ValueError(f"length must be at least {_SHORTEST} and at most {_LONGEST}, not {length}")
        lifetime = as_timedelta(expires_in, "expires_in")
        text = _new_text(length, url_safe)
        with self._lock:
            now = self._clock.now()
            issued = IssuedToken(text, appid, kind, frozenset(permissions), now + lifetime)
            older = self._latest.get((appid, kind))
            if older is not None and older.superseded_at is None:
                older.superseded_at = now + GRACE
            self._by_text[text] = self._latest[appid, kind] = issued
        return text

    def expire(self, token: str) -> None:
        with self._lock:
            self.get(token).expires_at = self._clock.now()

    def supersede(self, appid: str) -> None:
        with self._lock:
            now = self._clock.now()
            for token in self._by_text.values():
                if token.appid == appid:
                    token.superseded_at = now

    def deauthorize(self, appid: str) -> None:
        with self._lock:
            self._deauthorized.add(appid)

    def authorize(self, appid: str) -> None:
        with self._lock:
            self._deauthorized.discard(appid)

    def get(self, token: str) -> IssuedToken:
        """What is known of a token; `LookupError` where the fake did not give it out."""
        issued = self._by_text.get(token)
        if issued is None:
            raise LookupError(f"{mask(token)} was not given out by this fake")
        return issued

    def owner(self, token: str | None) -> str | None:
        """The appid of a token; None for one that the fake did not give out."""
        issued = self._by_text.get(token) if token else None
        return issued.appid if issued else None

    def check(self, token: str) -> IssuedToken:
        """The token of a request, judged: shape, known, superseded, expired, authorization."""
        issued = self._by_text.get(token)
        if issued is None:
            raise ErrcodeError(40001 if len(token) >= _SHORTEST and _URL_SAFE.issuperset(token) else 40014)
        now = self._clock.now()
        if issued.superseded_at is not None and issued.superseded_at <= now:
            raise ErrcodeError(40001)
        if issued.expires_at <= now:
            raise ErrcodeError(42001)
        if issued.kind == "authorizer" and issued.appid in self._deauthorized:
            raise ErrcodeError(61003)
        return issued

    def clear(self) -> None:
        with self._lock:
            self._by_text.clear()
            self._latest.clear()
            self._deauthorized.clear()


def _new_text(length: int, url_safe: bool) -> str:
    """A token as WeChat's look: a number, an underscore, URL-safe characters."""
    text = f"{40 + secrets.randbelow(60)}_{secrets.token_urlsafe(length)}"[:length]
    if not url_safe:
        # The characters that go wrong where a client forgets to percent-encode, spread over the token.
        awkward = "+/=&%# ?\"'"
        middle = length // 2
        text = text[:middle] + awkward + text[middle + len(awkward) :]
    return text
