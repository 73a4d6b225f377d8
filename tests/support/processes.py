"""Ask whether processes have ended."""

from __future__ import annotations

import psutil


def has_ended(pid: int) -> bool:
    """Whether a process has ended; its parent may not have noticed."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
