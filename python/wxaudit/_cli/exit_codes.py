"""Tell scripts how a command ended."""

from __future__ import annotations

from enum import IntEnum

from .._errors.tree import APIError, ArgumentError, QuotaError, WaitTimeout
from .._models.state import AuditState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._errors.tree import WxAuditError
    from .._native import AuditResult, AuditStatus


class ExitCode(IntEnum):
    OK = 0
    REJECTED = 1
    USAGE = 2
    WITHDRAWN = 3
    REFUSED = 4
    PENDING = 8
    UNKNOWN_STATE = 9
    UNAVAILABLE = 75
    TIMED_OUT = 124
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    TERMINATED = 143


# For several audits. First what gave no answer, then what needs somebody, then what needs time.
WORST_FIRST = (
    ExitCode.USAGE,
    ExitCode.REFUSED,
    ExitCode.UNAVAILABLE,
    ExitCode.UNKNOWN_STATE,
    ExitCode.REJECTED,
    ExitCode.WITHDRAWN,
    ExitCode.TIMED_OUT,
    ExitCode.PENDING,
    ExitCode.OK,
)

_STATES = {
    AuditState.APPROVED: ExitCode.OK,
    AuditState.REJECTED: ExitCode.REJECTED,
    AuditState.IN_REVIEW: ExitCode.PENDING,
    AuditState.WITHDRAWN: ExitCode.WITHDRAWN,
    AuditState.DELAYED: ExitCode.PENDING,
}


def of_status(audit: AuditStatus) -> ExitCode:
    return _STATES.get(audit.status, ExitCode.UNKNOWN_STATE)


def of_error(error: WxAuditError) -> ExitCode:
    """What may succeed later is UNAVAILABLE, and so is a network that does not work."""
    if isinstance(error, ArgumentError):
        return ExitCode.USAGE
    if isinstance(error, WaitTimeout):
        return ExitCode.TIMED_OUT
    if isinstance(error, APIError) and not (error.retryable or isinstance(error, QuotaError)):
        return ExitCode.REFUSED
    return ExitCode.UNAVAILABLE


def of_result(result: AuditResult) -> ExitCode:
    if result.error is not None:
        return of_error(result.error)
    return ExitCode.OK if result.status is None else of_status(result.status)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The worst of several, OK for none."""
    return min(codes, key=WORST_FIRST.index, default=ExitCode.OK)


def worst_of(results: Iterable[AuditResult]) -> ExitCode:
    """The worst of the results of several audits."""
    return worst(map(of_result, results))
