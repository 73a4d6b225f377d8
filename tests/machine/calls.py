"""Sequences of calls, batches and waits, faults, expired tokens, moved clocks and closed connections."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

import wxaudit
from machine.model import SCRIPTED, outcomes
from support.client_kind import ClientKind
from wxaudit.testing import FakeWeChat, Step

if TYPE_CHECKING:
    from collections.abc import Callable

FAKE = FakeWeChat()
APPIDS = ("wxone", "wxtwo", "wxthree")
TOTAL = 0.6
# How much later than its deadline a call may end on a busy machine; other tests have the narrow bound.
GRACE = 1.0
STATES = {0: "approve", 1: "reject", 3: "withdraw", 4: "delay"}

_appids = st.sampled_from(APPIDS)
_fault = st.sampled_from(sorted(SCRIPTED))
# Several kinds in a row, or the same one again and again.
_faults = st.one_of(
    st.lists(_fault, max_size=4).map(tuple),
    st.builds(lambda name, times: (name,) * times, _fault, st.integers(1, 4)),
)


def move_wall_clock(seconds: float) -> None:
    Path(os.environ["WALL_CLOCK"]).write_text(str(seconds))


def ran_out_of_time(error: wxaudit.WxAuditError | None) -> bool:
    """Whether the deadline ended a call, while WeChat was asked or, on a busy machine, the source."""
    if isinstance(error, wxaudit.TokenError):
        return "did not return within the time limit of the call" in error.message
    return isinstance(error, wxaudit.RequestTimeout)


class Calls(RuleBasedStateMachine):
    """One client, three mini programs with a token source and an audit each."""

    @initialize(kind=st.sampled_from(["blocking", "asyncio"]))
    def start(self, kind: str) -> None:
        FAKE.reset()
        self.ahead = 0.0
        move_wall_clock(0)
        self.client_kind = ClientKind(kind)
        limits = wxaudit.Timeout(TOTAL, None, None)
        self.client = self.client_kind.client(FAKE, timeout=limits, trust_env=False)
        make_source: Callable[[str], Any] = (
            FAKE.token_source if kind == "blocking" else FAKE.async_token_source
        )
        self.sources = {appid: make_source(appid) for appid in APPIDS}
        self.audits = {appid: FAKE.submit(appid) for appid in APPIDS}
        # Mini programs whose source has a token that WeChat refuses.
        self.stale: set[str] = set()
        # Until when a quota is used up, by the clock on the wall.
        self.blocked: dict[str, float] = {}

    def teardown(self) -> None:
        if hasattr(self, "client"):
            self.client.close()
            self.client_kind.close()

    @rule(appid=_appids, names=_faults)
    def call(self, appid: str, names: tuple[str, ...]) -> None:
        """One call, whose first requests meet faults."""
        for name in names:
            FAKE.fail_next(SCRIPTED[name].fault)
        sent, refreshed, begun = FAKE.requests_received, self.sources[appid].refreshes, time.monotonic()
        try:
            audit = self.client.get_audit_status(self.sources[appid], self.audits[appid].auditid, appid=appid)
        except wxaudit.WxAuditError as raised:
            error: wxaudit.WxAuditError | None = raised
        else:
            error = None
            assert int(audit.status) == int(self.audits[appid].state)
        took = time.monotonic() - begun
        FAKE.clear_faults()
        sends, refreshes = FAKE.requests_received - sent, self.sources[appid].refreshes - refreshed
        is_stale = appid in self.stale
        self._note_refresh(appid, refreshes)
        assert took <= TOTAL + GRACE, f"{took:.2f} s with a limit of {TOTAL} s"
        assert refreshes <= 1, f"{refreshes} refreshes in one call"
        if self._is_blocked(appid):
            assert isinstance(error, wxaudit.QuotaError), repr(error)
            assert (error.attempts, sends, refreshes) == (0, 0, 0), "sent although the quota is used up"
            return
        if isinstance(error, wxaudit.QuotaError):
            assert error.retry_at is not None
            self.blocked[appid] = error.retry_at.timestamp()
        if ran_out_of_time(error):
            assert error is not None
            assert took >= TOTAL * 0.9, "a time-out before its time"
            assert error.attempts <= 3 + refreshes
            # Its last request may still arrive, and is not to count as one of the next call.
            self.close_connections(reset=False)
            return
        attempts = error.attempts if error is not None else None
        possible = outcomes(names, is_stale=is_stale)
        assert any(
            (one.error, one.sends, one.refreshes) == (type(error) if error else None, sends, refreshes)
            and attempts in (None, one.attempts)
            for one in possible
        ), f"{error!r}, {attempts} attempts, {sends} sends, {refreshes} refreshes; possible: {possible}"
        assert attempts is None or attempts <= 3 + refreshes

    @rule(appids=st.lists(_appids, min_size=1, max_size=12))
    def batch(self, appids: list[str]) -> None:
        """Many queries at once: each its own answer, and one refresh for each stale token."""
        before = {appid: self.sources[appid].refreshes for appid in APPIDS}
        sent = FAKE.requests_received
        queries = [(self.sources[appid], self.audits[appid].auditid, appid) for appid in appids]
        results = list(self.client.get_audit_statuses(queries, timeout=20))
        assert [result.appid for result in results] == appids
        for appid in APPIDS:
            refreshes = self.sources[appid].refreshes - before[appid]
            is_due = appid in appids and appid in self.stale and not self._is_blocked(appid)
            # A call that ran out of time may have given up before.
            assert refreshes <= is_due, f"{refreshes} refreshes of {appid}"
            self._note_refresh(appid, refreshes)
        for result in results:
            assert result.appid is not None
            if self._is_blocked(result.appid):
                assert isinstance(result.error, wxaudit.QuotaError), result
                assert result.attempts == 0
            elif ran_out_of_time(result.error):
                self.close_connections(reset=False)
            else:
                assert result.status is not None, result
                assert int(result.status.status) == int(self.audits[result.appid].state)
                assert result.attempts <= 2
        blocked = sum(self._is_blocked(appid) for appid in appids)
        assert FAKE.requests_received - sent <= 2 * (len(appids) - blocked) + 1

    @rule(appid=_appids, delayed=st.integers(0, 3), state=st.sampled_from([0, 1]))
    def wait(self, appid: str, delayed: int, state: int) -> None:
        """A wait for a decision, which takes hours by the fake's clock and no time by ours."""
        if self._is_blocked(appid):
            return
        life = [*([Step(4, after_polls=1)] if delayed else []), Step(state, after_polls=delayed + 1)]
        audit = FAKE.submit(appid, life=life)
        source = self.sources[appid]
        refreshed = source.refreshes
        decided = self.client_kind.run(
            self.client.inner.wait_for_decision(
                source, audit.auditid, appid=appid, timeout=10 * 24 * 3600, clock=FAKE.clock
            )
        )
        assert int(decided.status) == state
        assert audit.polls >= delayed + 1
        # Hours have passed, and a token is valid for two.
        self._note_refresh(appid, source.refreshes - refreshed)

    @rule(appid=_appids, state=st.sampled_from(sorted(STATES)))
    def decide(self, appid: str, state: int) -> None:
        if int(self.audits[appid].state) not in (2, 4) or state == self.audits[appid].state:
            self.audits[appid] = FAKE.submit(appid)
        getattr(self.audits[appid], STATES[state])()

    @rule(appid=_appids)
    def supersede(self, appid: str) -> None:
        """Another process fetches a token."""
        FAKE.supersede(appid)
        if self.sources[appid].lookups:
            self.stale.add(appid)

    @rule()
    def expire_all(self) -> None:
        FAKE.clock.advance(7200)
        self.stale |= {appid for appid in APPIDS if self.sources[appid].lookups}

    @rule(seconds=st.sampled_from([30, 61, 7200, 86400]))
    def move_clock(self, seconds: int) -> None:
        """The clock on the wall goes on; quotas are renewed at their time, and not before."""
        self.ahead += seconds
        move_wall_clock(self.ahead)

    @rule(reset=st.booleans())
    def close_connections(self, reset: bool) -> None:
        """The server closes what is idle; no call is to notice."""
        FAKE.close_connections(reset=reset)
        FAKE.wait_for_connections_open(0)

    def _is_blocked(self, appid: str) -> bool:
        return time.time() < self.blocked.get(appid, 0)

    def _note_refresh(self, appid: str, refreshes: int) -> None:
        if refreshes:
            self.stale.discard(appid)
