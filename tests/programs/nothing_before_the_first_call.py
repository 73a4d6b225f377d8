"""Imports the package and makes clients. Written is what that cost: threads, descriptors, modules."""

from __future__ import annotations

import json
import os
import sys


def resources() -> tuple[int, int]:
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


modules = set(sys.modules)
seen = [resources()]

import wxaudit  # noqa: E402  # what stands above must come first

seen.append(resources())
loaded = sorted(set(sys.modules) - modules)
client, async_client = wxaudit.Client(proxy="http://user:secret@proxy.example:3128"), wxaudit.AsyncClient()
# A coroutine that has not begun is not a call.
async_client.get_audit_status("token", 1).close()
seen.append(resources())
print(json.dumps({"seen": seen, "loaded": loaded}))
