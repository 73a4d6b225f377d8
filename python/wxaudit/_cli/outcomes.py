"""Describe the outcome of a row of a batch, and count outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._display import labels
from .._errors import tree
from .._errors.tree import TokenError
from .._frames.columns import record
from .._models.state import AuditState
from . import exit_codes, language
from .exit_codes import ExitCode
from .language import text

if TYPE_CHECKING:
    from .._native import AuditResult
    from .input.rows import Row


def values_of(row: Row, result: AuditResult) -> dict[str, Any]:
    """The number of the row, the columns of `AuditBatch.to_records`, and the exit code of the outcome."""
    values = {"row": row.number, **record(result)}
    # The result of an invalid row has neither.
    values.update(auditid=row.auditid, appid=row.appid, exit_code=int(exit_codes.of_result(result)))
    return values


def may_be_asked_again(result: AuditResult) -> bool:
    """Whether another run may get another answer: the failure is transient, or only the token is at fault."""
    error = result.error
    return error is not None and (
        exit_codes.of_error(error) == ExitCode.UNAVAILABLE or isinstance(error, TokenError)
    )


class Tally:
    """The number of outcomes of each kind."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int | None, str], int] = {}
        self._codes: set[ExitCode] = set()

    def add(self, values: dict[str, Any]) -> None:
        """Counts what `values_of` returned."""
        error = (values["error"] or "").partition(":")[0]
        key = (values["status"], error)
        self._counts[key] = self._counts.get(key, 0) + 1
        self._codes.add(ExitCode(values["exit_code"]))

    @property
    def total(self) -> int:
        return sum(self._counts.values())

    @property
    def failed(self) -> int:
        return sum(count for (_, error), count in self._counts.items() if error)

    @property
    def worst(self) -> ExitCode:
        return exit_codes.worst(self._codes)

    def in_words(self) -> str:
        """`2 approved, 1 TokenError`: states by their number, then errors by their name."""
        ordered = sorted(self._counts.items(), key=lambda item: (item[0][1], item[0][0] or 0))
        if language.chosen() == "zh":
            return "，".join(f"{_label(*key)} {count}" for key, count in ordered)
        return ", ".join(f"{count} {_label(*key)}" for key, count in ordered)


def _label(status: int | None, error: str) -> str:
    """The words of the lines for the same outcome."""
    if status is not None:
        outcome = labels.of_state(AuditState(status))
        return text(outcome.english, outcome.chinese)
    # A journal may hold the error of a newer version.
    kind = getattr(tree, error, tree.WxAuditError)()
    return text(labels.error_in_english(kind), labels.of_error(kind).chinese)
