"""The half of the fake that a test writes to: audits, tokens, faults."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

from ._fault_queue import FaultQueue, ScriptedFault
from ._life import IN_REVIEW, Step
from ._media import picture
from ._server_state import ServerState
from ._token_sources import FakeAsyncTokenSource, FakeTokenSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from ._audits import FakeAudit
    from ._clock import FakeClock
    from ._faults import Fault
    from ._tokens import TokenKind

DEFAULT_APPID = "wx5b97b03f7e2c4d18"


class ScriptingMixin:
    """Audits, tokens and faults of a fake. Every method may be called from any thread at any time."""

    def __init__(self, clock: FakeClock, default_appid: str) -> None:
        self._lock = threading.RLock()
        self._state = ServerState(clock, self._lock)
        self._faults = FaultQueue(self._lock)
        self._default_appid = default_appid

    @property
    def clock(self) -> FakeClock:
        """The fake's own clock; `fake.clock.advance(seconds)` moves it."""
        return self._state.clock

    @property
    def default_appid(self) -> str:
        """The mini program of audits and tokens that name none."""
        return self._default_appid

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

        `auditid`: a fresh number of the usual size when None. `state`, `reason`, `screenshots` (media_ids):
        how it begins; a number without a meaning today is allowed as `state`. `life`: what becomes of it,
        see `Step`. `user_version`, `user_desc`: what `get_latest_auditstatus` tells of it. Raises
        `ValueError` for an auditid that exists, and for a life that WeChat does not have.
        """
        return self._state.audits.submit(
            self._appid(appid), auditid, state, reason, screenshots, life, user_version, user_desc
        )

    def audit(self, auditid: int) -> FakeAudit:
        """The audit of that number. `LookupError` where there is none."""
        return self._state.audits.get(auditid)

    @property
    def audits(self) -> list[FakeAudit]:
        """All audits, in the order in which they were submitted."""
        return self._state.audits.all()

    def media_id(self) -> str:
        """A fresh media_id for a screenshot: 64 characters of `[A-Za-z0-9_-]`, as WeChat's."""
        return secrets.token_urlsafe(48)

    def keep_media(
        self, content: bytes | None = None, appid: str | None = None, *, media_id: str | None = None
    ) -> str:
        """Keep a picture, a small PNG when None, as permanent material of a mini program; its media_id.

        `content`: any bytes, pictures or not. Screenshots of audits have a picture without that.
        """
        if content is not None and not isinstance(content, bytes):
            raise TypeError(f"content is bytes, not {type(content).__name__}")
        if media_id is not None and not isinstance(media_id, str):
            raise TypeError(f"a media_id is a string, not {type(media_id).__name__}")
        name = self.media_id() if media_id is None else media_id
        with self._lock:
            self._state.media.keep(name, self._appid(appid), picture(name) if content is None else content)
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
        """A fresh token of the mini program `appid`.

        As with WeChat, an older token of the same kind works for five minutes more, by the fake's clock.

        `kind`: `"authorizer"` is the right one for all calls here; `"own"`, the mini program's own, is
        answered with 86000; `"component"`, the platform's, with 61015. `permissions`: the permission sets
        that the merchant granted; without 18 the answer is 61007. `url_safe=False`: with characters that
        must be percent-encoded in a query.
        """
        return self._state.tokens.issue(
            self._appid(appid),
            expires_in=expires_in,
            kind=kind,
            permissions=permissions,
            url_safe=url_safe,
            length=length,
        )

    def expire(self, token: str) -> None:
        """Let a token's time be over: 42001 from now on. `LookupError` for one that is not the fake's."""
        self._state.tokens.expire(token)

    def supersede(self, appid: str | None = None) -> None:
        """End all tokens of a mini program, as when another refresher fetched one: 40001 from now on."""
        self._state.tokens.supersede(self._appid(appid))

    def deauthorize(self, appid: str | None = None) -> None:
        """The merchant withdraws the authorization: 61003 for every authorizer token, until `authorize`."""
        self._state.tokens.deauthorize(self._appid(appid))

    def authorize(self, appid: str | None = None) -> None:
        """The merchant authorizes the platform again. At the beginning every mini program is authorized."""
        self._state.tokens.authorize(self._appid(appid))

    def token_source(
        self,
        appid: str | None = None,
        *,
        expires_in: float | timedelta = 7200,
        permissions: Sequence[int] = (18,),
    ) -> FakeTokenSource:
        """A blocking token source of the mini program `appid`, which counts how often it is asked."""
        owner = self._appid(appid)

        def fetch() -> str:
            return self.token(owner, expires_in=expires_in, permissions=permissions)

        return FakeTokenSource(owner, fetch, self._lock)

    def async_token_source(
        self,
        appid: str | None = None,
        *,
        expires_in: float | timedelta = 7200,
        permissions: Sequence[int] = (18,),
    ) -> FakeAsyncTokenSource:
        """An async token source of the mini program `appid`, which counts how often it is asked."""
        owner = self._appid(appid)

        def fetch() -> str:
            return self.token(owner, expires_in=expires_in, permissions=permissions)

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
        """Let the next `times` requests (all, with None) meet `fault`.

        Only requests about one audit, with a token of one mini program, or on a connection that served a
        request before (`reused=True`; False: that did not) where those are given. Faults wait in the order
        in which they were given; the first that fits a request strikes it, alone.
        """
        return self._faults.add(fault, times, auditid=auditid, appid=appid, reused=reused)

    @property
    def pending_faults(self) -> list[ScriptedFault]:
        """The faults that still wait for a request."""
        return self._faults.pending()

    def clear_faults(self) -> None:
        """Forget all faults that wait. Requests that one has struck already go on as they began."""
        self._faults.clear()

    def _appid(self, appid: str | None) -> str:
        if appid is None:
            return self._default_appid
        if not isinstance(appid, str):
            raise TypeError(f"an appid is a string, not {type(appid).__name__}")
        return appid
