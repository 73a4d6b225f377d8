"""Which fault strikes which request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

    from ._faults import Fault
    from ._log import ReceivedRequest


class ScriptedFault:
    """A fault that waits for its requests. Returned by `FakeWeChat.fail_next`."""

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
                raise TypeError(f"{name} cannot be {value!r}")
        if reused not in (None, True, False):
            raise TypeError(f"reused is True, False or None, not {reused!r}")
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, or None for always: {times}")
        if fault.cut == "accept" and (auditid is not None or appid is not None or reused is not None):
            raise ValueError("cut='accept' comes before any request: it cannot wait for a certain one")
        self._fault = fault
        self._remaining = times
        self._used = 0
        self._auditid = auditid
        self._appid = appid
        self._reused = reused
        self._lock = lock

    @property
    def fault(self) -> Fault:
        """What goes wrong."""
        return self._fault

    @property
    def auditid(self) -> int | None:
        """The one audit that it is for; None for any."""
        return self._auditid

    @property
    def appid(self) -> str | None:
        """The one mini program that it is for; None for any."""
        return self._appid

    @property
    def reused(self) -> bool | None:
        """Whether it is for reused connections only, or fresh ones only; None for both."""
        return self._reused

    @property
    def remaining(self) -> int | None:
        """How many requests it will still strike; None for no limit."""
        return self._remaining

    @property
    def used(self) -> int:
        """How many requests it struck."""
        return self._used

    def cancel(self) -> None:
        """Strike no more."""
        with self._lock:
            self._remaining = 0

    def _matches(self, request: ReceivedRequest, reused: bool) -> bool:
        return (
            self._remaining != 0
            and self._fault.cut != "accept"
            and (self._auditid is None or self._auditid == request.auditid)
            and (self._appid is None or self._appid == request.appid)
            and (self._reused is None or self._reused == reused)
        )

    def _use(self) -> Fault:
        self._used += 1
        if self._remaining is not None:
            self._remaining -= 1
        return self._fault

    def __repr__(self) -> str:
        remaining = "no limit" if self._remaining is None else f"{self._remaining} remaining"
        return f"<ScriptedFault {self._fault!r}: {self._used} used, {remaining}>"


class FaultQueue:
    """The scripted faults in the order in which they were given; the first that matches strikes, alone."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._scripted: list[ScriptedFault] = []

    def add(
        self,
        fault: Fault,
        times: int | None,
        *,
        auditid: int | None,
        appid: str | None,
        reused: bool | None,
    ) -> ScriptedFault:
        scripted = ScriptedFault(fault, times, auditid=auditid, appid=appid, reused=reused, lock=self._lock)
        with self._lock:
            self._scripted.append(scripted)
        return scripted

    def take(self, request: ReceivedRequest, reused: bool) -> Fault | None:
        """The fault for a request, used up by one."""
        if not self._scripted:
            return None
        with self._lock:
            for scripted in self._scripted:
                if scripted._matches(request, reused):
                    return self._use(scripted)
        return None

    def take_at_accept(self) -> Fault | None:
        """The fault for a connection that was just accepted, used up by one."""
        if not self._scripted:
            return None
        with self._lock:
            for scripted in self._scripted:
                if scripted.fault.cut == "accept" and scripted.remaining != 0:
                    return self._use(scripted)
        return None

    def pending(self) -> list[ScriptedFault]:
        with self._lock:
            return [scripted for scripted in self._scripted if scripted.remaining != 0]

    def clear(self) -> None:
        with self._lock:
            for scripted in self._scripted:
                scripted.cancel()
            self._scripted.clear()

    def _use(self, scripted: ScriptedFault) -> Fault:
        fault = scripted._use()
        if scripted.remaining == 0:
            self._scripted.remove(scripted)
        return fault
