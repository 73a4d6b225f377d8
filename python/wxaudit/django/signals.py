"""Tell receivers what became of an audit.

Each signal is sent at least once for each change, in the order of the changes of a watch, with the keywords

- `watch`: the `AuditWatch`, as it is in the database when the signal is sent
- `change`: the `AuditChange`
- `key`: `appid:auditid:sequence`, the same each time that this change is sent

`sender` is `AuditWatch`. A receiver that raises is called again later, as are the others of that signal.
"""

from __future__ import annotations

from django.dispatch import Signal

audit_changed: Signal = Signal()
"""The state that WeChat answers has changed, to a final one or another."""

audit_decided: Signal = Signal()
"""WeChat has decided: approved, rejected or withdrawn. Sent after `audit_changed` for the same change."""

audit_overdue: Signal = Signal()
"""The deadline has passed and WeChat has not decided. Sent once for a watch, which goes on."""
