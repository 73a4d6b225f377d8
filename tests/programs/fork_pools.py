"""Pools of forked workers, after calls in the parent. Arguments: BASE_URL TOKEN pool|executor|processes.

Workers ask through the clients that they inherit and through those that come by pickle.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import forking
from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

WORKERS = 4
JOBS = 40

client = wxaudit.Client(base_url=BASE_URL)
async_client = wxaudit.AsyncClient(base_url=BASE_URL)


def ask(job: tuple[int, wxaudit.Client, wxaudit.AsyncClient]) -> int:
    """One job; the pid of the worker that did it."""
    auditid, pickled, pickled_async = job
    check(client.get_audit_status(TOKEN, auditid), auditid)
    check(asyncio.run(async_client.get_audit_status(TOKEN, auditid)), auditid)
    check(pickled.get_audit_status(TOKEN, auditid), auditid)
    check(asyncio.run(pickled_async.get_audit_status(TOKEN, auditid)), auditid)
    return os.getpid()


def main() -> None:
    fork = multiprocessing.get_context("fork")
    jobs = [(AUDITIDS[number % len(AUDITIDS)], client, async_client) for number in range(JOBS)]
    ask(jobs[0])
    if ARGUMENTS[0] == "pool":
        # Workers are replaced after five jobs: the pool forks from a thread of its own, again and again.
        with fork.Pool(WORKERS, maxtasksperchild=5) as pool:
            pids = pool.map(ask, jobs, chunksize=1)
            pool.close()
            pool.join()
    elif ARGUMENTS[0] == "executor":
        with ProcessPoolExecutor(WORKERS, mp_context=fork) as executor:
            pids = list(executor.map(ask, jobs))
    else:
        processes = [fork.Process(target=ask, args=(job,)) for job in jobs]
        for process in processes:
            process.start()
        for process in processes:
            process.join(forking.HANGS_AFTER_SECONDS)
            assert process.exitcode == 0, process.exitcode
        pids = [process.pid or 0 for process in processes]
    ask(jobs[0])
    print(json.dumps({"answers": len(pids), "workers": len(set(pids)), "in_parent": os.getpid() in pids}))


if __name__ == "__main__":
    main()
