"""A fake WeChat behind the setting `WXAUDIT`, and what the signals tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wxaudit.django import PollReport, _clock, audit_changed, audit_decided, audit_overdue, poll_due, watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from typing_extensions import Self

    from wxaudit.django.models import AuditChange, AuditWatch
    from wxaudit.testing import FakeAudit, FakeTokenSource, FakeWeChat

_SIGNALS = {"changed": audit_changed, "decided": audit_decided, "overdue": audit_overdue}


class WatchedFake:
    """Sets the setting, and lets the clock of the fake stand in for that of the database."""

    def __init__(self, fake: FakeWeChat, settings: Any) -> None:
        self.fake = fake
        self._settings = settings
        self._sources: dict[str, FakeTokenSource] = {}
        # Pairs of a signal's name and the key of a change, in the order of the calls.
        self.told: list[tuple[str, str]] = []
        # Called before a signal is noted; may raise.
        self.on_signal: Callable[[str, AuditWatch, AuditChange], object] = lambda *_: None
        self._receivers = {name: self._receiver(name) for name in _SIGNALS}

    def __enter__(self) -> Self:
        self.configure()
        _clock.replacement = self.fake.clock.now
        for name, receiver in self._receivers.items():
            _SIGNALS[name].connect(receiver)
        return self

    def __exit__(self, *_: object) -> None:
        _clock.replacement = None
        for name, receiver in self._receivers.items():
            _SIGNALS[name].disconnect(receiver)

    def configure(
        self, client: dict[str, Any] | None = None, token_source: Any = None, **options: Any
    ) -> None:
        """Sets the setting with these options of `WATCH`."""
        self._settings.WXAUDIT = {
            "TOKEN_SOURCE": token_source or self.token_source,
            "CLIENT": {"base_url": self.fake.base_url, "max_retries": 0, **(client or {})},
            "WATCH": options,
        }

    def token_source(self, appid: str) -> FakeTokenSource:
        if appid not in self._sources:
            self._sources[appid] = self.fake.token_source(appid)
        return self._sources[appid]

    def submit(self, appid: str = "wx1", **options: Any) -> tuple[FakeAudit, AuditWatch]:
        """Submits an audit to the fake and watches it."""
        watched = {name: options.pop(name) for name in ("deadline", "note") if name in options}
        audit = self.fake.submit(appid, **options)
        return audit, watch(appid, audit.auditid, **watched)

    def advance(self, by: float | timedelta) -> None:
        self.fake.clock.advance(by)

    def poll(self, **options: Any) -> PollReport:
        return poll_due(**options)

    def _receiver(self, name: str) -> Any:
        def receive(*, watch: AuditWatch, change: AuditChange, key: str, **_: Any) -> None:
            self.on_signal(name, watch, change)
            self.told.append((name, key))

        return receive
