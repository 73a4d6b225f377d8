"""Measure a process with one call, from exec to exit, and the import alone."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any

from benches.clients import BLOCKING_CLIENTS, PEERS
from benches.plan import WALL, Bench, Row, Scenario
from benches.processes import run_program
from benches.workloads import FIRST_AUDITID, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCKING = """
from benches.peers import {peer} as peer
client = peer.Blocking({base_url!r}, 1, None)
client.audit({token!r}, {auditid})
client.close()
"""

_ASYNCHRONOUS = """
import asyncio
from benches.peers import {peer} as peer
async def main():
    client = peer.Asynchronous({base_url!r}, 1, None)
    await client.audit({token!r}, {auditid})
    await client.close()
asyncio.run(main())
"""

_IMPORT = "import {peer}"

# The state after the import. The listing comes last, since it has to import modules itself.
_STATE = """
import {peer}
import sys
loaded = sorted(name for name in ("asyncio", "dataclasses", "inspect", "typing") if name in sys.modules)
import json, os
print(json.dumps({{"threads": len(os.listdir("/proc/self/task")), "loaded": loaded}}))
"""


def first_answer(starts: int) -> Scenario:
    """Measure a process that makes one call, from exec to exit."""
    with_blocking = {client.peer for client in BLOCKING_CLIENTS}

    def measure_of(peer: str) -> Callable[[Bench], dict[str, Any]]:
        program = _BLOCKING if peer in with_blocking else _ASYNCHRONOUS

        def measure(bench: Bench) -> dict[str, Any]:
            base_url = bench.places["plain"].base_url
            asks = program.format(peer=peer, base_url=base_url, token=TOKEN, auditid=FIRST_AUDITID)
            return _median(peer, asks, bench.core, starts)

        return measure

    rows = tuple(Row(peer, peer, measure_of(peer)) for peer in PEERS)
    return Scenario("start", "process start to first answer", "进程启动到首个答复", WALL, rows)


def imports(starts: int) -> Scenario:
    """Measure what importing the library adds to a bare interpreter."""

    def measure_of(peer: str) -> Callable[[Bench], dict[str, Any]]:
        def measure(bench: Bench) -> dict[str, Any]:
            bare = _median(peer, "pass", bench.core, starts)
            result = _median(peer, _IMPORT.format(peer=peer), bench.core, starts)
            if result["exit_code"] == 0 and bare["exit_code"] == 0:
                result["bare_seconds"] = bare["wall_seconds"]
                result["wall_seconds"] = max(result["wall_seconds"] - bare["wall_seconds"], 0.0)
                state = run_program(peer, _STATE.format(peer=peer), bench.core)
                result |= json.loads(state["stdout"])
            return result

        return measure

    rows = tuple(Row(peer, peer, measure_of(peer)) for peer in PEERS)
    return Scenario("import", "import, over a bare interpreter", "导入开销", WALL, rows)


def _median(peer: str, program: str, core: int, starts: int) -> dict[str, Any]:
    """Return the median of some processes, or how one of them failed."""
    # The very first process writes compiled modules and fills the file cache.
    results = [run_program(peer, program, core) for _ in range(starts)]
    failed = [result for result in results if result["exit_code"] != 0]
    result = (failed or results)[0]
    result.pop("stdout")
    if failed:
        result.pop("wall_seconds")
    else:
        result["wall_seconds"] = statistics.median(each["wall_seconds"] for each in results)
    return result
