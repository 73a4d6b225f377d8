"""The interfaces of WeChat that the fake has: one file each, and this table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import get_auditstatus

if TYPE_CHECKING:
    from ._operation import Operation

OPERATIONS: dict[str, Operation] = {operation.path: operation for operation in (get_auditstatus.OPERATION,)}
