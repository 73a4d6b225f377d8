"""The root of the exceptions: how an error keeps its attributes through pickle, copy and JSON."""

from __future__ import annotations

from .._escape import escape_controls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar

    from .._models.screenshot import Screenshot
    from .hints import Hint


class WxAuditError(Exception):
    """Anything that this library raises.

    Constructed as `cls(message, **attributes)`; a name that the class does not have is a `TypeError`. Every
    attribute survives pickle, copy, and a serializer that stores `args` as JSON (Celery's): `args` is
    always `(message, details)`, where details is a JSON-safe dict of the attributes that are set.

    Attributes:

    - `message`: what `str()` gives; control and direction characters are escaped in it
    - `auditid`, `appid` (the caller's label): of the query, `None` where there was none
    - `attempts`: how many requests were sent
    - `retryable`: whether the same call may succeed later without anything being changed
    - `hint`, `hint_zh`: what to do about it
    - `screenshots`: of `get_screenshots`, the pictures that came all the same; too large for `args`
    """

    _attributes: ClassVar[tuple[str, ...]] = ("auditid", "appid", "attempts", "retryable")

    message: str = ""
    auditid: int | None = None
    appid: str | None = None
    attempts: int = 0
    retryable: bool = False
    screenshots: tuple[Screenshot, ...] = ()

    def __init__(
        self, message: str = "", details: Mapping[str, Any] | None = None, /, **attributes: Any
    ) -> None:
        for name in attributes:
            if name not in self._attributes:
                known = ", ".join(self._attributes)
                raise TypeError(f"{type(self).__name__} has no attribute {name!r}; it has {known}")
        # One argument only: OSError, a base of TransportError, would take two for errno and strerror.
        super().__init__(message)
        own = self.__dict__
        own["message"] = escape_controls(str(message))
        # Names in `details` that the class does not know come from a newer release: they are left out.
        for name, value in {**(details or {}), **attributes}.items():
            if name in self._attributes and value is not None:
                own[name] = _revived(name, value)
        self._keep_in_args()

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, escape_controls(str(value)) if name == "message" else value)
        if name == "message" or name in self._attributes:
            self._keep_in_args()

    def _keep_in_args(self) -> None:
        details = {name: _json_safe(value) for name, value in self._set_attributes().items()}
        self.args = (self.message, details)

    def _set_attributes(self) -> dict[str, Any]:
        """The attributes that say more than the class does."""
        own = self.__dict__
        return {
            name: own[name]
            for name in self._attributes
            # `retryable` is kept whenever it is set: some classes derive what an unset one is.
            if name in own and (name == "retryable" or own[name] != getattr(type(self), name, None))
        }

    @property
    def hint(self) -> str:
        """What to do about it, one sentence in English."""
        return self._hints().english

    @property
    def hint_zh(self) -> str:
        """What to do about it, one sentence in Chinese."""
        return self._hints().chinese

    def _hints(self) -> Hint:
        from .hints import find_hint  # on demand: most programs never read one

        names = [kind.__name__ for kind in type(self).__mro__]
        return find_hint(names, getattr(self, "errcode", None), getattr(self, "http_status", None))

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        shown = [repr(self.message)]
        shown += [f"{name}={value!r}" for name, value in self._set_attributes().items()]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        rest = {
            name: value
            for name, value in self.__dict__.items()  # __notes__, and what a caller has attached
            if name != "message" and name not in self._attributes
        }
        return type(self), (self.message, self._set_attributes()), rest or None


def _json_safe(value: Any) -> Any:
    """An attribute as `args` holds it."""
    if hasattr(value, "to_dict"):  # AuditStatus
        return value.to_dict()
    if hasattr(value, "isoformat"):  # datetime
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _revived(name: str, value: Any) -> Any:
    """An attribute as it was before `_json_safe`; what is no JSON comes back as it is."""
    if name == "retry_at":
        from datetime import datetime

        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if moment.tzinfo is None:
            raise ValueError(f"retry_at must be a datetime with a time zone, got {moment!r}")
        return moment
    if name in ("audit", "last") and isinstance(value, dict):
        from .._native import AuditStatus, LatestAuditStatus

        # Only the latter's has it.
        return (LatestAuditStatus if "submitted_at" in value else AuditStatus).from_dict(value)
    return value
