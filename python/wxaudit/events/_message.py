"""Parse a decrypted message into an `AuditEvent`."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from .._optional import import_optional
from ._audit_event import STATES, AuditEvent

_xml = import_optional("defusedxml.ElementTree", "wxaudit.events")

TIMES = {
    "weapp_audit_success": "SuccTime",
    "weapp_audit_fail": "FailTime",
    "weapp_audit_delay": "DelayTime",
}
# XML forbids these characters, but WeChat sends them, as it sends invalid UTF-8.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read_message(message: bytes) -> tuple[AuditEvent | None, str]:
    """The event, None for any other push, and what is wrong, "" for nothing.

    It does not raise: other pushes contain secrets (component_verify_ticket), which a traceback would show.
    """
    fields = _fields(_NO_XML.sub("\ufffd", message.decode("utf-8-sig", "replace")))
    if fields is None:
        return None, "its message is not the XML that WeChat sends"
    kind = fields.get("Event", "")
    if fields.get("MsgType") != "event" or kind not in STATES:
        return None, ""
    original_id = fields.get("ToUserName", "")
    if not original_id or len(original_id) > 128:
        return None, f"its {kind} names no mini program (ToUserName)"
    decided_at = _moment(fields.get(TIMES[kind]) or fields.get("CreateTime", ""))
    if decided_at is None:
        return None, f"its {kind} has no time ({TIMES[kind]})"
    media_ids = tuple(filter(None, (part.strip() for part in fields.get("ScreenShot", "").split("|"))))
    return AuditEvent(kind, original_id, decided_at, fields.get("Reason") or None, media_ids), ""


def _fields(text: str) -> dict[str, str] | None:
    """Return the texts of the children of `<xml>` by tag, or None for other XML or repeated tags."""
    try:
        root = _xml.fromstring(text, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except (ValueError, SyntaxError):
        return None
    fields: dict[str, str] = {child.tag: child.text or "" for child in root}
    return fields if root.tag == "xml" and len(fields) == len(root) else None


def _moment(text: str) -> datetime | None:
    if not re.fullmatch(r"[0-9]{1,11}", text.strip(), re.ASCII):
        return None
    return datetime.fromtimestamp(int(text), timezone.utc)
