"""Read the setting `WXAUDIT`: checked at its first use, and again when tests override it.

No function that raises here holds a value of the setting, and no message shows one: error pages and error
reporters show the variables of frames, and tokens, keys or passwords may stand in the setting.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from .._errors.tree import ArgumentError
from .._escape import truncate
from .._validation import check_callback, check_seconds, check_whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

NAME = "WXAUDIT"
_OPTIONS = ("TOKEN_SOURCE", "CLIENT", "WATCH", "EVENTS")

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
    watch: WatchSettings = field(default_factory=WatchSettings)


class Problem(NamedTuple):
    """What is wrong with the setting, without its values; `number` is that of the system check."""

    number: str
    text: str
    hint: str = ""
    cause: Exception | None = None

    def error(self) -> ImproperlyConfigured:
        """The exception to raise where the setting is used."""
        error = ImproperlyConfigured(f"{self.text}. {self.hint}".strip())
        error.__cause__ = self.cause
        return error


@cache
def read() -> Settings:
    """The setting without its CLIENT and EVENTS. An option that is wrong raises `ImproperlyConfigured`."""
    settings, problems = read_with_problems()
    for problem in problems:
        raise problem.error()
    return settings


def section(name: str) -> Mapping[str, Any]:
    """A part of the setting; empty where there is none."""
    given = getattr(django_settings, NAME, {})
    part = given.get(name, {}) if isinstance(given, dict) else {}
    return part if isinstance(part, dict) else {}


def read_with_problems() -> tuple[Settings, list[Problem]]:
    """What can be read of the setting, and what is wrong with it."""
    given = getattr(django_settings, NAME, {})
    if not isinstance(given, dict):
        return Settings(), [_no_dict(NAME, given)]
    problems = unknown_options(NAME, given, _OPTIONS)
    problems += [
        _no_dict(f"{NAME}['{part}']", given[part])
        for part in ("CLIENT", "WATCH", "EVENTS")
        if not isinstance(given.get(part, {}), dict)
    ]
    source, wrong_source = _read_token_source(given.get("TOKEN_SOURCE"))
    watch, wrong_options = _read_watch(section("WATCH"))
    return Settings(source, watch), [*problems, *wrong_source, *wrong_options]


def unknown_options(place: str, given: Mapping[Any, Any], known: Collection[str]) -> list[Problem]:
    """A problem for each option that nothing reads, with the nearest name."""
    by_folded = {name.casefold(): name for name in known}
    problems = []
    for option in given:
        if option in known:
            continue
        nearest = difflib.get_close_matches(str(option).casefold(), by_folded, n=1)
        # A name that resembles no option may be a secret.
        shown = truncate(str(option), 40 if nearest else 12)
        hint = f"Did you mean {by_folded[nearest[0]]!r}?" if nearest else f"It knows {', '.join(known)}."
        problems.append(Problem("E002", f"{place} has an unknown option {shown!r}", hint))
    return problems


def imported(place: str, path: str) -> tuple[Any, Problem | None]:
    """What a dotted path names, or what is wrong with it."""
    try:
        return import_string(path), None
    except ImportError as error:
        found = Problem("E003", f"{place} does not import: {error}", "Correct the dotted path.", error)
    except Exception as error:
        # Its text is in the cause alone: it is that of the project's own code.
        hint = f"Run python -c 'import {path.rpartition('.')[0]}' to see why."
        found = Problem("E003", f"{place} does not import: it raised {type(error).__name__}", hint, error)
    return None, found


# No name in Python is so long that a token would pass for one.
_PATH = re.compile(r"(?!.*\w{50})[^\W\d]\w*(\.[^\W\d]\w*)+")


def is_dotted_path(text: str) -> bool:
    return _PATH.fullmatch(text) is not None


def _forget(*, setting: str, **_: Any) -> None:
    if setting == NAME:
        read.cache_clear()


setting_changed.connect(_forget, dispatch_uid="wxaudit.settings")


def _no_dict(place: str, given: object) -> Problem:
    return Problem("E001", f"{place} must be a dict, got a {type(given).__name__}", "Write {…}.")


def _read_token_source(given: Any) -> tuple[Callable[[str], Any] | None, list[Problem]]:
    place = f"{NAME}['TOKEN_SOURCE']"
    if isinstance(given, dict) or (isinstance(given, str) and not is_dotted_path(given)):
        return None, [
            Problem(
                "E004",
                f"{place} is a {type(given).__name__} that looks like a token, not the dotted path of a "
                "function",
                "Tokens expire and are secrets: set it to a function that returns the "
                "authorizer_access_token of an "
                "appid, to its path such as 'shop.wechat.token_source', or to CacheTokenSource().",
            )
        ]
    if isinstance(given, str):
        given, problem = imported(place, given)
        if problem is not None:
            return None, [problem]
    if given is not None:
        try:
            check_callback(place, given)
        except ArgumentError as error:
            return None, [Problem("E003", str(error), "It must be a function of an appid.")]
    return given, []


def _read_watch(given: Mapping[str, Any]) -> tuple[WatchSettings, list[Problem]]:
    place = f"{NAME}['WATCH']"
    known = [option.name.upper() for option in fields(WatchSettings)]
    problems = unknown_options(place, given, known)
    values = {}
    for name in known:
        if name in given:
            try:
                values[name.lower()] = _WATCH_OPTIONS[name](name, given[name])
            except ArgumentError as error:
                problems.append(Problem("E005", f"{place}: {error}"))
    return WatchSettings(**values), problems


def _seconds(name: str, value: Any) -> timedelta:
    # The longest kept: ten years.
    longest = 10 * 365 * 86400
    return timedelta(seconds=check_seconds(name, value, f"{name}=3600", shortest=1, longest=longest))


def _seconds_or_none(name: str, value: Any) -> timedelta | None:
    return None if value is None else _seconds(name, value)


def _count(name: str, value: Any) -> int:
    count = check_whole_number(name, value, "100")
    if not count:
        raise ArgumentError(f"{name} must be at least 1, got 0; write {name}=100")
    return count


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
    "RETENTION": _seconds_or_none,
    "OVERDUE": _seconds_or_none,
    "DELIVERY_ATTEMPTS": _count,
}
