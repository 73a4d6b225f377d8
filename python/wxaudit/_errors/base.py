"""Define the base of the exceptions, which keeps its attributes through pickle, copy and JSON."""

from __future__ import annotations

from .._escape import escape_controls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar

    from .._models.screenshot import Screenshot
    from .hint import Hint


class WxAuditError(Exception):
    """The base of every error that this library raises.

    Constructed as `cls(message, **attributes)`; a name that the class does not have is a `TypeError`. Every
    attribute survives pickle, copy, and a serializer that stores `args` as JSON (Celery's): `args` is
    always `(message, details)`, where details is a JSON-safe dict of the attributes that are set.

    Attributes:

    - `message`: what `str()` gives; control and direction characters are escaped in it
    - `auditid`, `appid` (the caller's label): of the query, or `None`
    - `attempts`: how many requests were sent; an attempt that got no connection sends none
    - `retryable`: whether the same call may succeed later although nothing is changed
    - `hint`, `hint_zh`: what to do about it
    - `screenshots`: the pictures that `get_screenshots` got nevertheless; they are not in `args`
    """

    _attributes: ClassVar[tuple[str, ...]] = ("auditid", "appid", "attempts", "retryable")

    args: tuple[Any, ...]
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
        # `details` may come from a newer release. Attributes that this one does not have are left out.
        for name, value in {**(details or {}), **attributes}.items():
            if name in self._attributes and value is not None:
                own[name] = _revived(name, value)
        self._complete()
        self._keep_in_args()

    def _complete(self) -> None:
        """For classes that derive an attribute from others, or require one."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, escape_controls(str(value)) if name == "message" else value)
        if name == "message" or name in self._attributes:
            self._keep_in_args()

    def _keep_in_args(self) -> None:
        details = {name: _json_safe(value) for name, value in self._set_attributes().items()}
        self.args = (self.message, details)

    def _set_attributes(self) -> dict[str, Any]:
        """The attributes that differ from the class's own."""
        own = self.__dict__
        return {
            name: own[name]
            for name in self._attributes
            # `retryable` is kept even if it is equal: some classes derive it from other attributes.
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

    def _fact(self) -> str:
        """The message without the hint at its end."""
        return self.message.removesuffix(self.hint).removesuffix(self.hint_zh).rstrip()

    def _hints(self) -> Hint:
        from .hints import find_hint  # imported late: most programs never read a hint

        return find_hint(
            self._hint_names(), getattr(self, "errcode", None), getattr(self, "http_status", None)
        )

    def _hint_names(self) -> list[str]:
        """The names under which a hint may be found, the most specific first."""
        return [kind.__name__ for kind in type(self).__mro__]

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        shown = [repr(self.message)]
        shown += [f"{name}={value!r}" for name, value in self._set_attributes().items()]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        rest = {
            name: value
            for name, value in self.__dict__.items()  # __notes__, and attributes that a caller has added
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
    """An attribute as it was before `_json_safe`."""
    if name == "retry_at":
        from datetime import datetime

        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if getattr(moment, "tzinfo", None) is None:
            kind = type(moment).__name__
            raise ValueError(f"retry_at must be a datetime with a time zone, got {kind}")
        return moment
    if name in ("audit", "last") and isinstance(value, dict):
        from .._native import AuditStatus, LatestAuditStatus

        # Only a LatestAuditStatus has this key.
        return (LatestAuditStatus if "submitted_at" in value else AuditStatus).from_dict(value)
    return value
