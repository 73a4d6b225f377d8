"""A row of the doctor: what was looked at, how it is, what was found, and what to do."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._display import labels
from ..._escape import truncate
from .. import errors
from ..exit_codes import ExitCode, of_error
from ..language import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._errors.tree import WxAuditError


class Status(Enum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Check(NamedTuple):
    """A row. `details` are the same facts for programs."""

    name: str
    """What was looked at, the same in every language."""
    status: Status
    found: str
    todo: str = ""
    host: str | None = None
    code: ExitCode = ExitCode.OK
    details: Mapping[str, Any] = {}

    def values(self) -> dict[str, Any]:
        """The columns of `--json`."""
        common = {"check": self.name, "host": self.host, "status": self.status.value}
        return {**common, "found": self.found, "todo": self.todo or None, **self.details}


def ok(name: str, found: str, **more: Any) -> Check:
    return Check(name, Status.OK, found, **more)


def warning(name: str, found: str, todo: str, **more: Any) -> Check:
    return Check(name, Status.WARNING, found, todo, **more)


def failed(name: str, found: str, todo: str, code: ExitCode, **more: Any) -> Check:
    return Check(name, Status.FAILED, found, todo, code=code, **more)


def skipped(name: str, found: str, **more: Any) -> Check:
    return Check(name, Status.SKIPPED, found, **more)


def of_failure(name: str, error: WxAuditError, todo: str = "", **more: Any) -> Check:
    """A failed row for an error of the library."""
    return failed(name, facts(error), todo or errors.advice(error), of_error(error), **more)


def facts(error: WxAuditError) -> str:
    """What happened, without what to do about it, and without the audit, which does not exist."""
    what = re.sub(rf" (for audit {error.auditid}|\(audit {error.auditid}\))", "", errors.facts(error))
    label = labels.of_error(error).chinese
    return truncate(text(what, f"{label}：{what}"), 400)


_PHASES = {"looking up": r"\blook(ing)? up\b", "TLS": r"\bTLS with\b", "connecting": r"\bconnect(ing)? to\b"}


def phase(error: WxAuditError) -> str:
    """What a call was doing when the network failed: "looking up", "connecting", "TLS" or something else."""
    for name, words in _PHASES.items():
        if re.search(words, error.message):
            return name
    return ""
