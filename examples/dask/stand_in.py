"""Run the fake WeChat, and a platform with audits and tokens, in a separate process.

Arguments: QUERIES MERCHANTS. It prints one line of JSON when the server is ready. When its standard input is
closed, it prints another line, with what WeChat received.
"""

from __future__ import annotations

import csv
import json
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from wxaudit import AuditState
from wxaudit.testing import FakeWeChat

APPROVED = {"state": AuditState.APPROVED}
IN_REVIEW = {"state": AuditState.IN_REVIEW}
WITHDRAWN = {"state": AuditState.WITHDRAWN}
REJECTED = {"state": AuditState.REJECTED, "reason": "1:账号信息不符合规范:<br>(1):包含色情因素<br>"}
DELAYED = {"state": AuditState.DELAYED, "reason": "审核量较大，预计还需 1 个工作日"}

# The states of consecutive audits, repeated.
STATES: list[dict[str, Any]] = [APPROVED, REJECTED, IN_REVIEW, DELAYED, APPROVED, IN_REVIEW, WITHDRAWN]
STATES += [APPROVED, REJECTED, IN_REVIEW]


def main() -> None:
    # Ctrl-C reaches this process too; its parent decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    queries, merchants = map(int, sys.argv[1:])
    # Twice the number of queries, so that a repeated query would be noticed.
    with FakeWeChat(log_size=2 * queries) as fake, tempfile.TemporaryDirectory() as directory:
        appids = [f"wx{number:016x}" for number in range(merchants)]
        tokens = Path(directory, "tokens")
        tokens.mkdir()
        for appid in appids:
            (tokens / appid).write_text(fake.token(appid), "utf-8")
        tickets = Path(directory, "tickets.csv")
        with tickets.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["ticket", "appid", "auditid"])
            for number in range(queries):
                appid, state = (
                    appids[number % merchants],
                    STATES[(number // merchants + number) % len(STATES)],
                )
                rows.writerow([number, appid, fake.submit(appid, **state).auditid])
        report({"base_url": fake.base_url, "tickets": str(tickets), "tokens": str(tokens)})
        sys.stdin.read()
        report(received(fake))


def received(fake: FakeWeChat) -> dict[str, int]:
    asked = Counter(request.auditid for request in fake.requests)
    return {
        "requests": fake.requests_received,
        "audits": len(asked),
        "asked_once": sum(times == 1 for times in asked.values()),
        "connections": len({request.connection for request in fake.requests}),
    }


def report(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
