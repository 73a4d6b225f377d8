"""Name the columns of a table of outcomes."""

from __future__ import annotations

from ..._frames.columns import COLUMNS

# The number of the row in the input, then the columns of `AuditBatch.to_records`.
KINDS = {"row": "number", **COLUMNS}
