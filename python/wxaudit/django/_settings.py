"""Read the setting `WXAUDIT`: checked at its first use, and again when tests override it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from .._errors.tree import ArgumentError
from .._validation import check_seconds, check_whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NAME = "WXAUDIT"

_MINUTE = timedelta(minutes=1)
# How often to ask, by the age of the watch: (up to this age, at this interval). The last one has no end.
PACE = (
    (timedelta(minutes=10), _MINUTE),
    (timedelta(hours=1), 5 * _MINUTE),
    (timedelta(days=1), 15 * _MINUTE),
    (None, 30 * _MINUTE),
)


@dataclass(frozen=True)
class WatchSettings:
    """`WXAUDIT["WATCH"]`. Times are seconds or `timedelta`."""

    # Pairs of (age or None, interval), in the order of ages.
    pace: tuple[tuple[timedelta | None, timedelta], ...] = PACE
    # How many rows are claimed, asked about and written at once.
    batch_size: int = 200
    # How long a worker has for a chunk before others may take it: more than a batch takes.
    lease: timedelta = timedelta(minutes=5)
    # How long decided watches are kept after their decision; None keeps them.
    retention: timedelta | None = None
    # When a watch without a deadline of its own is overdue, from its start; None: never.
    overdue: timedelta | None = None
    # How often receivers are called for a change before it is marked as failed.
    delivery_attempts: int = 10


@dataclass(frozen=True)
class Settings:
    token_source: Callable[[str], Any] | None = None
    client: Mapping[str, Any] = field(default_factory=dict)
    watch: WatchSettings = field(default_factory=WatchSettings)
    events: Mapping[str, Any] = field(default_factory=dict)


@cache
def read() -> Settings:
    """The setting, checked. An option that is wrong raises `ImproperlyConfigured`, which names it."""
    given = _mapping(NAME, getattr(django_settings, NAME, {}))
    _check_names(NAME, given, ("TOKEN_SOURCE", "CLIENT", "WATCH", "EVENTS"))
    return Settings(
        token_source=_read_token_source(given.get("TOKEN_SOURCE")),
        client=_mapping(f"{NAME}['CLIENT']", given.get("CLIENT", {})),
        watch=_read_watch(_mapping(f"{NAME}['WATCH']", given.get("WATCH", {}))),
        events=_mapping(f"{NAME}['EVENTS']", given.get("EVENTS", {})),
    )


def _forget(*, setting: str, **_: Any) -> None:
    if setting == NAME:
        read.cache_clear()


setting_changed.connect(_forget, dispatch_uid="wxaudit.settings")


def _read_token_source(given: Any) -> Callable[[str], Any] | None:
    if isinstance(given, str):
        try:
            given = import_string(given)
        except ImportError as error:
            raise ImproperlyConfigured(f"{NAME}['TOKEN_SOURCE'] does not import: {error}") from error
    if given is not None and not callable(given):
        raise ImproperlyConfigured(
            f"{NAME}['TOKEN_SOURCE'] must be a function of an appid, or the dotted path of one, got "
            f"a {type(given).__name__}"
        )
    source: Callable[[str], Any] | None = given
    return source


def _read_watch(given: Mapping[str, Any]) -> WatchSettings:
    names = [option.name.upper() for option in fields(WatchSettings)]
    _check_names(f"{NAME}['WATCH']", given, names)
    values = dict(given)
    for name, read_value in _WATCH_OPTIONS.items():
        if values.get(name) is not None:
            try:
                values[name] = read_value(name, values[name])
            except ArgumentError as error:
                raise ImproperlyConfigured(f"{NAME}['WATCH']: {error}") from error
    return WatchSettings(**{name.lower(): value for name, value in values.items()})


def _seconds(name: str, value: Any) -> timedelta:
    # The longest kept: ten years.
    longest = 10 * 365 * 86400
    return timedelta(seconds=check_seconds(name, value, f"{name}=3600", shortest=1, longest=longest))


def _count(name: str, value: Any) -> int:
    return check_whole_number(name, value, f"{name}=100")


def _pace(name: str, value: Any) -> tuple[tuple[timedelta | None, timedelta], ...]:
    example = f"{name}=[(600, 60), (None, 1800)]"
    try:
        pairs = [(age, interval) for age, interval in value]
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} must be pairs of (age, interval) in seconds; write {example}") from None
    if not pairs or pairs[-1][0] is not None or any(age is None for age, _ in pairs[:-1]):
        raise ArgumentError(f"{name} must end with a pair whose age is None, its only one; write {example}")
    pace = [(None if age is None else _seconds(name, age), _seconds(name, every)) for age, every in pairs]
    ages = [age for age, _ in pace if age is not None]
    if ages != sorted(set(ages)):
        raise ArgumentError(f"{name} must be in the order of its ages; write {example}")
    return tuple(pace)


_WATCH_OPTIONS: dict[str, Callable[[str, Any], Any]] = {
    "PACE": _pace,
    "BATCH_SIZE": _count,
    "LEASE": _seconds,
    "RETENTION": _seconds,
    "OVERDUE": _seconds,
    "DELIVERY_ATTEMPTS": _count,
}


def _mapping(name: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise ImproperlyConfigured(f"{name} must be a dict, got a {type(given).__name__}")
    return given


def _check_names(name: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    for option in given:
        if option not in known:
            nearest = difflib.get_close_matches(str(option).upper(), list(known), n=1)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"it knows {', '.join(known)}"
            raise ImproperlyConfigured(f"{name} has an unknown option {str(option)[:40]!r}; {hint}")
