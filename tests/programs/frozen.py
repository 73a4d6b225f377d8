"""Freeze this with PyInstaller: a call, a card, a pydantic model, a batch, and the import of the events."""

from __future__ import annotations

import sys

import pydantic

import wxaudit
from wxaudit.events import EventReceiver


class Review(pydantic.BaseModel):
    audit: wxaudit.AuditStatus


base_url, token, auditid = sys.argv[1:]
client = wxaudit.Client(base_url=base_url)
audit = client.get_audit_status(token, auditid)
print(audit.status.label(), audit.reasons)
print("审核被拒绝" in audit._repr_html_())
print(Review.model_validate_json(Review(audit=audit).model_dump_json()).audit == audit)
print(client.get_audit_statuses([(token, auditid)]).counts())
try:
    audit.raise_for_rejection()
except wxaudit.ReviewRejected as error:
    print(error.hint_zh[:2])
try:
    wxaudit.AuditStatus.from_dict({})
except wxaudit.ArgumentError as error:
    print(error)
print(EventReceiver.__name__)
