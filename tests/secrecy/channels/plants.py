"""Deliberate leaks, one for each channel and named after it, which prove that the channel shows leaks."""

from __future__ import annotations

import logging
import os
import warnings
from typing import NoReturn

import wxaudit
from secrecy.canary import TOKEN
from secrecy.channels.table_plants import PLANTS as TABLE_PLANTS
from secrecy.scenario import Scenario
from secrecy.spans import PROVIDER
from secrecy.stage import Stage

_kept: list[object] = []


class _ShownByStr:
    def __str__(self) -> str:
        return TOKEN.text()


class _ShownByRepr:
    def __str__(self) -> str:
        return "harmless"

    def __repr__(self) -> str:
        return TOKEN.text()


class _ShownByPickle:
    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (TOKEN.text(),)


class _ShownByDict:
    def to_dict(self) -> dict[str, str]:
        return {"token": TOKEN.text()}


class _HarmlessError(Exception):
    pass


def _keep(_stage: Stage) -> object:
    # The garbage collector tracks only the list, not the tuple and the text.
    _kept.append((TOKEN.text(),))
    return len(_kept)


def _raise_with_text(_stage: Stage) -> NoReturn:
    raise ValueError(TOKEN.text())


def _raise_with_note(_stage: Stage) -> NoReturn:
    error = _HarmlessError()
    error.__dict__["__notes__"] = [TOKEN.text()]
    raise error


def _raise_from(_stage: Stage) -> NoReturn:
    raise _HarmlessError from ValueError(TOKEN.text())


def _raise_beside_local(_stage: Stage) -> NoReturn:
    token = TOKEN.text()
    raise _HarmlessError(len(token))


def _raise_beside_attribute(_stage: Stage) -> NoReturn:
    local = _with_attribute(_stage)
    raise _HarmlessError(str(local))


def _with_attribute(_stage: Stage) -> object:
    error = wxaudit.WxAuditError("harmless")
    error.__dict__["attached"] = TOKEN.text()
    return error


def _span(_stage: Stage) -> None:
    with PROVIDER.get_tracer("shop").start_as_current_span("asking", attributes={"url.full": TOKEN.text()}):
        pass


def _log(_stage: Stage) -> object:
    logging.getLogger("wxaudit").log(1, "sending %s", TOKEN.text())
    return "harmless"


def _write(descriptor: int) -> int:
    return os.write(descriptor, TOKEN.text().encode())


def _report(stage: Stage) -> object:
    stage.watcher.events.append(wxaudit.Event(kind="request", error=TOKEN.text()))
    return "harmless"


def _warn(_stage: Stage) -> object:
    return warnings.warn(TOKEN.text(), stacklevel=1)


def _run_in_telling_file(stage: Stage) -> object:
    """The code is in a file whose name is the token."""
    code = compile("stage.ask()", TOKEN.text(), "eval")
    return eval(code, {"stage": stage})  # noqa: S307  # the code is above


PLANTS = (
    Scenario("gc", _keep),
    Scenario("str", lambda _: _ShownByStr()),
    Scenario("repr", lambda _: _ShownByRepr()),
    Scenario("args", _raise_with_text, ValueError),
    Scenario("notes", _raise_with_note, _HarmlessError),
    Scenario("causes", _raise_from, _HarmlessError),
    Scenario("traceback", _raise_with_text, ValueError),
    Scenario("traceback with locals", _raise_beside_local, _HarmlessError),
    Scenario("locals in depth", _raise_beside_attribute, _HarmlessError),
    Scenario("attributes", _with_attribute),
    Scenario("logging", _log),
    Scenario("spans", _span),
    Scenario("stdout", lambda _: _write(1)),
    Scenario("stderr", lambda _: _write(2)),
    Scenario("pickle", lambda _: _ShownByPickle()),
    Scenario("to_dict", lambda _: _ShownByDict()),
    Scenario("events", _report),
    Scenario("warnings", _warn),
    Scenario("faulthandler", _run_in_telling_file),
    # The program that runs these has the token among its arguments.
    Scenario("cmdline", Stage.ask),
    *TABLE_PLANTS,
)
