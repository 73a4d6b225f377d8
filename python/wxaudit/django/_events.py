"""The receiver of pushes that the setting `WXAUDIT["EVENTS"]` describes, one in a process."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from django.core.signals import setting_changed

from .._errors.tree import ArgumentError
from . import _settings
from ._settings import Problem

if TYPE_CHECKING:
    from ..events import EventReceiver

_PLACE = f"{_settings.NAME}['EVENTS']"

# As the clients: filled with `setdefault`.
_receivers: dict[str, EventReceiver] = {}


def get_receiver() -> EventReceiver:
    """The receiver of this process, made at the first call. It remembers which pushes it has accepted.

    `ImproperlyConfigured` without the setting or with a wrong option; `ModuleNotFoundError` without the extra
    `events`.
    """
    receiver = _receivers.get(_PLACE)
    if receiver is None:
        made = make_receiver()
        if isinstance(made, Problem):
            raise made.error()
        receiver = _receivers.setdefault(_PLACE, made)
    return receiver


def make_receiver() -> EventReceiver | Problem:
    """A new receiver, or what is wrong with its options."""
    from ..events import EventReceiver

    options = _settings.section("EVENTS")
    parameters = inspect.signature(EventReceiver).parameters.values()
    problems = _settings.unknown_options(_PLACE, options, [it.name for it in parameters])
    missing = [it.name for it in parameters if it.default is it.empty and it.name not in options]
    if missing:
        hint = "WeChat's console shows them under 开发配置, 开发资料."
        problems.append(Problem("E005", f"{_PLACE} has no {', '.join(missing)}", hint))
    if problems:
        return problems[0]
    try:
        return EventReceiver(**options)
    except ArgumentError as error:
        # Without the exception, whose frames hold the secrets.
        return Problem("E005", f"{_PLACE}: {error}")


def _forget(*, setting: str, **_: object) -> None:
    if setting == _settings.NAME:
        _receivers.clear()


setting_changed.connect(_forget, dispatch_uid="wxaudit.events")
