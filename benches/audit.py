"""What an application writes around a plain HTTP client: address, check of the answer, typed object."""

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
    """An answer that is not the status of an audit."""


def address(base_url: str, token: str) -> str:
    """Where to ask with this token. One text: no library takes anything more cheaply."""
    return f"{base_url}{PATH}?access_token={quote(token, safe='')}"


def check_status(status: int) -> None:
    """Refuses what gateways send."""
    if status != 200:
        raise AnswerError(f"HTTP status {status}")


def audit_of(auditid: int, answer: dict[str, Any]) -> Audit:
    """The audit that an answer tells of."""
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
