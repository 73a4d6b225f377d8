"""The code that an application writes around a plain HTTP client: URL, response check, typed object."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TIMEOUT_SECONDS = 15
PATH = "/wxa/get_auditstatus"


@dataclass(frozen=True, slots=True)
class Audit:
    """The status of one audit."""

    auditid: int
    status: int
    reason: str | None
    screenshots: tuple[str, ...]


class AnswerError(Exception):
    """The response does not hold the status of an audit."""


def address(base_url: str, token: str) -> str:
    """Return the URL for this token, as one string, which is the cheapest input for every library."""
    return f"{base_url}{PATH}?access_token={quote(token, safe='')}"


def check_status(status: int) -> None:
    """Raise for an HTTP status other than 200, which gateways send."""
    if status != 200:
        raise AnswerError(f"HTTP status {status}")


def audit_of(auditid: int, answer: dict[str, Any]) -> Audit:
    """Return the audit that a response describes."""
    errcode = answer.get("errcode")
    if errcode != 0:
        raise AnswerError(f"errcode {errcode}: {answer.get('errmsg')}")
    screenshots = answer.get("screenshot")
    return Audit(
        auditid,
        int(answer["status"]),
        answer.get("reason"),
        tuple(screenshots.split("|")) if screenshots else (),
    )
