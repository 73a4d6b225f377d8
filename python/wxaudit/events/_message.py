"""Parse a decrypted message into an `AuditEvent`."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from .._optional import import_optional
from ._audit_event import STATES, AuditEvent

import_optional("defusedxml", "wxaudit.events")
from defusedxml.ElementTree import XMLParser  # noqa: E402  # the line above says what is missing

TIMES = {
    "weapp_audit_success": "SuccTime",
    "weapp_audit_fail": "FailTime",
    "weapp_audit_delay": "DelayTime",
}
# XML forbids these characters, but WeChat sends them, as it sends invalid UTF-8.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read_message(message: bytes) -> tuple[AuditEvent | None, str]:
    """The event, None for any other push, and what is wrong, "" for nothing.

    Another push may hold anything, such as XML in the text of a user; only an audit's has to be valid. It
    does not raise: other pushes contain secrets (component_verify_ticket), which a traceback would show.
    """
    text = _NO_XML.sub("\ufffd", message.decode("utf-8-sig", "replace"))
    fields = _Fields()
    well_formed = fields.read(text)
    kind = fields.get("Event")
    if fields.get("MsgType") != "event" or kind not in STATES:
        # What breaks the XML may come before its type.
        unrelated = text.startswith("<xml") and "weapp_audit_" not in text
        if (well_formed and fields.root == "xml") or fields.are_of_another_push() or unrelated:
            return None, ""
    if not well_formed or fields.root != "xml" or fields.repeated:
        return None, "its message is not the XML that WeChat sends"
    original_id = fields.get("ToUserName")
    if not original_id or len(original_id) > 128:
        return None, f"its {kind} names no mini program (ToUserName)"
    decided_at = _moment(fields.get(TIMES[kind]) or fields.get("CreateTime"))
    if decided_at is None:
        return None, f"its {kind} has no time ({TIMES[kind]})"
    media_ids = tuple(filter(None, (part.strip() for part in fields.get("ScreenShot").split("|"))))
    return AuditEvent(kind, original_id, decided_at, fields.get("Reason") or None, media_ids), ""


class _Fields:
    """The texts of the children of the root, as far as a message is XML: a target of the XML parser.

    The first child of a name counts. WeChat writes the type of a push before any text of a user, who may have
    written elements too.
    """

    def __init__(self) -> None:
        self.root = ""
        self.repeated = False
        self._texts: dict[str, str] = {}
        self._parts: list[str] = []
        self._depth = 0

    def read(self, text: str) -> bool:
        """Parses a message. Returns whether it is XML to its end, without DTD and entities."""
        parser = XMLParser(target=self, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        try:
            parser.feed(text)
            parser.close()
        except (ValueError, SyntaxError):
            return False
        return True

    def get(self, name: str) -> str:
        return self._texts.get(name, "")

    def are_of_another_push(self) -> bool:
        """Whether they tell that the push is not about an audit."""
        texts = self._texts
        return (
            "InfoType" in texts
            or texts.get("MsgType", "event") != "event"
            or self.get("Event") not in _UNTOLD
        )

    def start(self, tag: str, _: object) -> None:
        self._depth += 1
        if self._depth == 1:
            self.root = tag
        elif self._depth == 2:
            self._parts = []

    def data(self, text: str) -> None:
        if self._depth == 2:
            self._parts.append(text)

    def end(self, tag: str) -> None:
        if self._depth == 2:
            self.repeated |= tag in self._texts
            self._texts.setdefault(tag, "".join(self._parts))
        self._depth -= 1

    def close(self) -> None:
        """Called by the parser at the end."""


# The events of pushes that are, or may still be, about an audit.
_UNTOLD = ("", *STATES)


def _moment(text: str) -> datetime | None:
    if not re.fullmatch(r"[0-9]{1,11}", text.strip(), re.ASCII):
        return None
    return datetime.fromtimestamp(int(text), timezone.utc)
