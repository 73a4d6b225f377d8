"""The queue of scripted faults, and which of them applies to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from ._faults import Fault
    from ._log import ReceivedRequest


class ScriptedFault:
    """A fault and the requests that it applies to. Returned by `FakeWeChat.fail_next`."""

    def __init__(
        self,
        fault: Fault,
        times: int | None,
        *,
        auditid: int | None,
        appid: str | None,
        reused: bool | None,
        lock: threading.RLock,
    ) -> None:
        for name, value, kind in (("times", times, int), ("auditid", auditid, int), ("appid", appid, str)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, kind)):
                raise TypeError(f"{name} must be None or of type {kind.__name__}, not {value!r}")
        if reused not in (None, True, False):
            raise TypeError(f"reused must be True, False or None, not {reused!r}")
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, or None for all requests, not {times}")
        if fault.cut == "accept" and (auditid is not None or appid is not None or reused is not None):
            raise ValueError("cut='accept' applies before any request: remove auditid, appid and reused")
        self.fault: Fault = fault
        self.auditid: int | None = auditid
        """The audit that it applies to; None for any."""
        self.appid: str | None = appid
        """The mini program that it applies to; None for any."""
        self.reused: bool | None = reused
        """Whether it applies to reused or to new connections only; None for both."""
        self._remaining = times
        self._used = 0
        self._lock = lock

    @property
    def remaining(self) -> int | None:
        """The number of requests that it still applies to; None for no limit."""
        return self._remaining

    @property
    def used(self) -> int:
        """The number of requests that it applied to."""
        return self._used

    def cancel(self) -> None:
        """Stop applying the fault."""
        with self._lock:
            self._remaining = 0

    def _matches(self, request: ReceivedRequest, reused: bool) -> bool:
        return (
            self.fault.cut != "accept"
            and (self.auditid is None or self.auditid == request.auditid)
            and (self.appid is None or self.appid == request.appid)
            and (self.reused is None or self.reused == reused)
        )

    def _use(self) -> None:
        self._used += 1
        if self._remaining is not None:
            self._remaining -= 1

    def __repr__(self) -> str:
        remaining = "no limit" if self._remaining is None else f"{self._remaining} remaining"
        return f"<ScriptedFault {self.fault!r}: {self._used} used, {remaining}>"


class FaultQueue:
    """The scripted faults, in the order in which they were added."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._scripted: list[ScriptedFault] = []

    def add(self, scripted: ScriptedFault) -> None:
        with self._lock:
            self._scripted.append(scripted)

    def take(self, request: ReceivedRequest, reused: bool) -> Fault | None:
        """Return and count the fault of a request."""
        return self._take(lambda scripted: scripted._matches(request, reused))

    def take_at_accept(self) -> Fault | None:
        """Return and count the fault of a connection that was just accepted."""
        return self._take(lambda scripted: scripted.fault.cut == "accept")

    def pending(self) -> list[ScriptedFault]:
        with self._lock:
            return [scripted for scripted in self._scripted if scripted.remaining != 0]

    def clear(self) -> None:
        with self._lock:
            for scripted in self._scripted:
                scripted.cancel()
            self._scripted.clear()

    def _take(self, matches: Callable[[ScriptedFault], bool]) -> Fault | None:
        if not self._scripted:
            return None
        with self._lock:
            for scripted in self.pending():
                if matches(scripted):
                    scripted._use()
                    if scripted.remaining == 0:
                        self._scripted.remove(scripted)
                    return scripted.fault
        return None
