"""Tell a person or a program of an error: the short facts once, then once what to do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..._errors.tree import ArgumentError, WxAuditError
from ..._escape import escape_controls
from . import json_lines
from .hints import hint_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def facts(error: WxAuditError) -> str:
    """What happened, without what to do about it: most messages hold the library's hint in English."""
    return " ".join(error.message.replace(error.hint, " ").split()).removesuffix(".")


def facts_of_row(error: WxAuditError) -> str:
    """The facts where the audit and the appid stand beside them."""
    subject = "" if error.auditid is None else f" for audit {error.auditid}"
    if error.appid:
        subject += (
            f" of {escape_controls(error.appid)}" if subject else f" for {escape_controls(error.appid)}"
        )
    return facts(error).replace(subject, "", 1)


def lines(error: WxAuditError) -> list[str]:
    """The facts, then what to do in the language of the user; of a wrong argument its message says both."""
    return [facts(error)] if isinstance(error, ArgumentError) else [facts(error), hint_of(error)]


def values(error: WxAuditError) -> dict[str, Any]:
    """An error as JSON: `auditid`, `appid`, `errcode`, `error` (class and message) and `rid`, or null."""
    return {
        "auditid": error.auditid,
        "appid": error.appid,
        "errcode": getattr(error, "errcode", None),
        "error": f"{type(error).__name__}: {error.message}",
        "rid": getattr(error, "rid", None),
    }


@contextmanager
def as_json(wanted: bool) -> Iterator[None]:
    """Writes what WeChat refuses, or the network, as JSON too; the message for people follows.

    For commands that ask one thing. Those that ask several write an error as the result of one of them.
    """
    try:
        yield
    except ArgumentError:
        raise
    except WxAuditError as error:
        if wanted:
            json_lines.write(values(error))
        raise
