"""The channels through which a secret could get out: each gives the texts that it shows of an observation."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from secrecy.canary import Text
from secrecy.channels import tables
from secrecy.objects import attribute_texts
from secrecy.passed import Passed, formatted, frames_of, is_ours
from support.threads import thread_names

if TYPE_CHECKING:
    from secrecy.observation import Observation

Texts = Iterator[Text]


def _str(seen: Observation) -> Texts:
    for subject in seen.subjects:
        yield str(subject)
        yield f"{subject}"


def _repr(seen: Observation) -> Texts:
    for subject in seen.subjects:
        yield repr(subject)
        yield ascii(subject)


def _args(seen: Observation) -> Texts:
    for error in seen.errors:
        yield repr(error.args)
        # As a task queue stores them.
        yield json.dumps(error.args, default=repr, ensure_ascii=False)


def _notes(seen: Observation) -> Texts:
    for error in seen.errors:
        yield from getattr(error, "__notes__", ())


def _causes(seen: Observation) -> Texts:
    for error in seen.errors:
        for cause in (error.__cause__, error.__context__):
            if cause is not None:
                yield from (str(cause), repr(cause), repr(cause.args), repr(vars(cause)))


def _traceback(seen: Observation) -> Texts:
    for error in seen.errors:
        yield from traceback.format_exception(error)


def _traceback_with_locals(seen: Observation) -> Texts:
    for error in seen.errors:
        yield from formatted(error)


def _locals_in_depth(seen: Observation) -> Texts:
    """As error reporters show a frame: each local with its attributes and items.

    No frame is excused; those of the library may hold what the caller passed, and nothing else: see `passed`.
    """
    for error in seen.errors:
        passed = Passed(error)
        for frame in frames_of(error):
            yield from attribute_texts(frame, passed if is_ours(frame) else None)


def _attributes(seen: Observation) -> Texts:
    for subject in seen.subjects:
        yield from attribute_texts(subject)


def _pickle(seen: Observation) -> Texts:
    for subject in seen.subjects:
        for work in (
            lambda it: pickle.dumps(it, 2),
            lambda it: pickle.dumps(it, 5),
            copy.copy,
            copy.deepcopy,
        ):
            try:
                yield from _as_texts(work(subject))
            except Exception as refused:
                yield from traceback.format_exception(refused)


def _as_texts(made: object) -> Texts:
    if isinstance(made, bytes):
        yield made
    else:
        yield from (str(made), repr(made))


def _to_dict(seen: Observation) -> Texts:
    for subject in seen.subjects:
        for name in ("to_dict", "__json__"):
            # Tables have channels of their own.
            if hasattr(subject, name) and not hasattr(subject, "columns"):
                shown = getattr(subject, name)()
                yield from (
                    repr(shown),
                    json.dumps(shown, default=repr),
                    json.dumps(shown, ensure_ascii=False),
                )


def _events(seen: Observation) -> Texts:
    for event in seen.events:
        yield from attribute_texts(event)


def _command_line(_: Observation) -> Texts:
    yield Path("/proc/self/cmdline").read_bytes()
    # The names of the threads, which `ps -L` shows.
    yield from thread_names().values()


CHANNELS: Mapping[str, Callable[[Observation], Texts]] = {
    # First, since the others leave objects of their own.
    "gc": lambda seen: iter(seen.objects),
    "str": _str,
    "repr": _repr,
    "args": _args,
    "notes": _notes,
    "causes": _causes,
    "traceback": _traceback,
    "traceback with locals": _traceback_with_locals,
    "locals in depth": _locals_in_depth,
    "attributes": _attributes,
    "logging": lambda seen: iter(seen.logs),
    "spans": lambda seen: iter(seen.spans),
    "stdout": lambda seen: iter([seen.stdout]),
    "stderr": lambda seen: iter([seen.stderr]),
    "pickle": _pickle,
    "to_dict": _to_dict,
    "events": _events,
    "warnings": lambda seen: iter(seen.warnings),
    "faulthandler": lambda seen: iter([seen.stacks]),
    "cmdline": _command_line,
    "records": tables.records,
    "pydantic": tables.in_pydantic,
    "html": tables.html,
    "pandas": tables.in_pandas,
    "polars": tables.in_polars,
    "arrow": tables.in_arrow,
    "plot": tables.plot,
    "raise_for_errors": tables.raised_errors,
    "unwrap": tables.unwrapped,
}
