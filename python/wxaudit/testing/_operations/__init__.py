"""The interfaces of WeChat that the fake has: one file each, and this table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import get_auditstatus, get_latest_auditstatus, get_material, get_quota, get_rid

if TYPE_CHECKING:
    from ._operation import Operation

OPERATIONS: dict[str, Operation] = {
    module.OPERATION.path: module.OPERATION
    for module in (get_auditstatus, get_latest_auditstatus, get_material, get_quota, get_rid)
}
