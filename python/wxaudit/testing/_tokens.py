"""The tokens that the fake has issued, and the error code for each that is not valid."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ._clock import FakeClock, as_timedelta
from ._errcode import ErrcodeError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

TokenKind = Literal["authorizer", "own", "component"]

# WeChat accepts the previous authorizer_access_token for five minutes after a new one was fetched.
_GRACE_PERIOD = timedelta(minutes=5)

_URL_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_MIN_LENGTH = 64
_MAX_LENGTH = 65_536


def mask(token: str) -> str:
    """The placeholder of a token in a `repr` or a message."""
    return f"<token of {len(token)} characters>"


@dataclass(eq=False, slots=True)
class IssuedToken:
    """What the fake knows of a token, without its text."""

    appid: str
    kind: TokenKind
    permissions: frozenset[int]
    expires_at: datetime
    superseded_at: datetime | None = None


class Tokens:
    """Issue tokens, and check the tokens of requests."""

    def __init__(self, clock: FakeClock, lock: threading.RLock) -> None:
        self._clock = clock
        self._lock = lock
        self._by_text: dict[str, IssuedToken] = {}
        self._latest: dict[tuple[str, TokenKind], IssuedToken] = {}
        self._deauthorized: set[str] = set()

    def issue(
        self,
        appid: str,
        expires_in: float | timedelta,
        kind: TokenKind,
        permissions: Iterable[int],
        url_safe: bool,
        length: int,
    ) -> str:
        if kind not in ("authorizer", "own", "component"):
            raise ValueError(f"kind must be 'authorizer', 'own' or 'component', not {kind!r}")
        if not _MIN_LENGTH <= length <= _MAX_LENGTH:
            raise ValueError(f"length must be at least {_MIN_LENGTH} and at most {_MAX_LENGTH}, not {length}")
        lifetime = as_timedelta(expires_in, "expires_in")
        text = _new_text(length, url_safe)
        with self._lock:
            now = self._clock.now()
            issued = IssuedToken(appid, kind, frozenset(permissions), now + lifetime)
            previous = self._latest.get((appid, kind))
            if previous is not None and previous.superseded_at is None:
                previous.superseded_at = now + _GRACE_PERIOD
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
        """Return what is known of a token. Raise `LookupError` if the fake did not issue it."""
        issued = self._by_text.get(token)
        if issued is None:
            raise LookupError(f"{mask(token)} was not issued by this fake")
        return issued

    def owner(self, token: str | None) -> str | None:
        """Return the appid of a token, or None if the fake did not issue it."""
        issued = self._by_text.get(token) if token else None
        return issued.appid if issued else None

    def check(self, token: str) -> IssuedToken:
        """Check the token of a request: known, not superseded, not expired, authorized."""
        issued = self._by_text.get(token)
        if issued is None:
            raise ErrcodeError(40001 if len(token) >= _MIN_LENGTH and _URL_SAFE.issuperset(token) else 40014)
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
    """Return a token in WeChat's form: a number, an underscore, URL-safe characters."""
    text = f"{40 + secrets.randbelow(60)}_{secrets.token_urlsafe(length)}"[:length]
    if not url_safe:
        # These characters expose a client that does not percent-encode.
        unsafe = "+/=&%# ?\"'"
        middle = length // 2
        text = text[:middle] + unsafe + text[middle + len(unsafe) :]
    return text
