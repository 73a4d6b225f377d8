"""The methods of the fake that set up a test: audits, media, tokens, faults."""

from __future__ import annotations

import secrets
import threading
from functools import partial
from typing import TYPE_CHECKING, Final

from ._audits import FakeAudit
from ._fault_queue import FaultQueue, ScriptedFault
from ._life import IN_REVIEW, Step
from ._media import picture
from ._server_state import ServerState
from ._token_sources import FakeAsyncTokenSource, FakeTokenSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from ._clock import FakeClock
    from ._faults import Fault
    from ._tokens import TokenKind

DEFAULT_APPID = "wx5b97b03f7e2c4d18"


class ScriptingMixin:
    """Audits, media, tokens and faults of a fake. Every method may be called from any thread at any time."""

    def __init__(self, clock: FakeClock, default_appid: str) -> None:
        self.default_appid: Final = default_appid
        """The mini program of audits and tokens that are created without an appid."""
        self._lock = threading.RLock()
        self._state = ServerState(clock, self._lock)
        self._faults = FaultQueue(self._lock)

    @property
    def clock(self) -> FakeClock:
        """The fake's own clock. `fake.clock.advance(seconds)` moves it."""
        return self._state.clock

    def submit(
        self,
        appid: str | None = None,
        *,
        auditid: int | None = None,
        state: int = IN_REVIEW,
        reason: str | None = None,
        screenshots: Iterable[str] = (),
        life: Iterable[Step] = (),
        user_version: str = "1.0.0",
        user_desc: str = "",
    ) -> FakeAudit:
        """Submit an audit for the mini program `appid`.

        - `auditid`: None stands for a random number in WeChat's range.
        - `state`, `reason`, `screenshots` (media_ids): the initial state. A `state` that WeChat does not
          define today is allowed.
        - `life`: the later states, see `Step`.
        - `user_version`, `user_desc`: what `get_latest_auditstatus` returns.

        Raise `ValueError` for an auditid that exists, and for changes of state that WeChat never makes.
        """
        owner = self._appid(appid)
        with self._lock:
            number = self._state.audits.new_number(auditid)
            details = (state, reason, screenshots, life, user_version, user_desc)
            audit = FakeAudit(number, owner, *details, clock=self.clock, lock=self._lock)
            self._state.audits[number] = audit
        return audit

    def audit(self, auditid: int) -> FakeAudit:
        """Return the audit with this number. Raise `LookupError` if it does not exist."""
        audit = self._state.audits.get(auditid)
        if audit is None:
            raise LookupError(f"no audit {auditid}: submit it first")
        return audit

    @property
    def audits(self) -> list[FakeAudit]:
        """All audits, in the order in which they were submitted."""
        with self._lock:
            return list(self._state.audits.values())

    def media_id(self) -> str:
        """Return a new media_id for a screenshot: 64 characters of `[A-Za-z0-9_-]`, as WeChat's."""
        return secrets.token_urlsafe(48)

    def keep_media(
        self, content: bytes | None = None, appid: str | None = None, *, media_id: str | None = None
    ) -> str:
        """Store permanent media of a mini program and return its media_id.

        `content`: any bytes, or None for a small PNG. Screenshots of audits have a picture without this call.
        """
        if content is not None and not isinstance(content, bytes):
            raise TypeError(f"content must be bytes, not {type(content).__name__}")
        if media_id is not None and not isinstance(media_id, str):
            raise TypeError(f"media_id must be a string, not {type(media_id).__name__}")
        name = self.media_id() if media_id is None else media_id
        with self._lock:
            self._state.media[name] = (self._appid(appid), picture(name) if content is None else content)
        return name

    def token(
        self,
        appid: str | None = None,
        *,
        expires_in: float | timedelta = 7200,
        kind: TokenKind = "authorizer",
        permissions: Iterable[int] = (18,),
        url_safe: bool = True,
        length: int = 138,
    ) -> str:
        """Issue a new token of the mini program `appid`.

        As with WeChat, the previous token of the same kind works for five more minutes of the fake's clock.

        - `kind`: `"authorizer"` works for all calls. `"own"`, the mini program's own token, is answered with
          86000. `"component"`, the platform's token, is answered with 61015.
        - `permissions`: the permission sets that the merchant granted. Without 18 the answer is 61007.
        - `url_safe`: False adds characters that must be percent-encoded in a query.
        """
        return self._state.tokens.issue(self._appid(appid), expires_in, kind, permissions, url_safe, length)

    def expire(self, token: str) -> None:
        """Expire a token: it is answered with 42001. Raise `LookupError` if the fake did not issue it."""
        self._state.tokens.expire(token)

    def supersede(self, appid: str | None = None) -> None:
        """Supersede all tokens of a mini program, as if another process fetched one: 40001 from now on."""
        self._state.tokens.supersede(self._appid(appid))

    def deauthorize(self, appid: str | None = None) -> None:
        """Withdraw the merchant's authorization: 61003 for every authorizer token, until `authorize`."""
        self._state.tokens.deauthorize(self._appid(appid))

    def authorize(self, appid: str | None = None) -> None:
        """Authorize the platform again. Initially every mini program is authorized."""
        self._state.tokens.authorize(self._appid(appid))

    def token_source(
        self,
        appid: str | None = None,
        *,
        expires_in: float | timedelta = 7200,
        permissions: Sequence[int] = (18,),
    ) -> FakeTokenSource:
        """Create a blocking token source of the mini program `appid`, which counts its calls."""
        owner = self._appid(appid)
        fetch = partial(self.token, owner, expires_in=expires_in, permissions=permissions)
        return FakeTokenSource(owner, fetch, self._lock)

    def async_token_source(
        self,
        appid: str | None = None,
        *,
        expires_in: float | timedelta = 7200,
        permissions: Sequence[int] = (18,),
    ) -> FakeAsyncTokenSource:
        """Create an async token source of the mini program `appid`, which counts its calls."""
        owner = self._appid(appid)
        fetch = partial(self.token, owner, expires_in=expires_in, permissions=permissions)
        return FakeAsyncTokenSource(owner, fetch, self._lock)

    def fail_next(
        self,
        fault: Fault,
        times: int | None = 1,
        *,
        auditid: int | None = None,
        appid: str | None = None,
        reused: bool | None = None,
    ) -> ScriptedFault:
        """Apply `fault` to the next `times` requests. None stands for all requests.

        The options restrict it to requests for one audit, to requests with a token of one mini program, to
        connections that have served a request before (`reused=True`), or to those that have not
        (`reused=False`). Only the first matching fault, in the order of the calls, applies to a request.
        """
        scripted = ScriptedFault(fault, times, auditid=auditid, appid=appid, reused=reused, lock=self._lock)
        self._faults.add(scripted)
        return scripted

    @property
    def pending_faults(self) -> list[ScriptedFault]:
        """The faults that still apply to later requests."""
        return self._faults.pending()

    def clear_faults(self) -> None:
        """Remove all pending faults. Requests that a fault already applies to are not affected."""
        self._faults.clear()

    def _appid(self, appid: str | None) -> str:
        if appid is None:
            return self.default_appid
        if not isinstance(appid, str):
            raise TypeError(f"appid must be a string, not {type(appid).__name__}")
        return appid
