"""The plan of examples/dask on its cluster, and all that Dask shows of it.

Arguments: BASE_URL TOKENS SHOWN PLANT. TOKENS is a secret store as examples/dask has one. SHOWN is a
directory for the texts, a file for each channel. Where PLANT is "graph" or "table", the tokens are
carried in that, as nobody should; with "nothing" they are not.
"""

from __future__ import annotations

import functools
import html
import sys
from pathlib import Path
from typing import Any

import audit_on_dask
import distributed
import merchant_tokens
import pandas as pd

BASE_URL, TOKENS, SHOWN, PLANT = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]

AUDITS = 120


def main() -> None:
    appids = sorted(path.name for path in TOKENS.iterdir())
    tickets = pd.DataFrame({"appid": appids * (AUDITS // len(appids)), "auditid": range(1, AUDITS + 1)})
    token_for: Any = merchant_tokens.token_for
    if PLANT != "nothing":
        tokens = {appid: (TOKENS / appid).read_text("utf-8") for appid in appids}
        if PLANT == "graph":
            token_for = functools.partial(look_up, tokens)
        else:
            tickets["note"] = tickets["appid"].map(tokens)
    environment = {"WXAUDIT_BASE_URL": BASE_URL, merchant_tokens.DIRECTORY: str(TOKENS)}
    with audit_on_dask.cluster(2, environment) as client:
        any_client: Any = client  # without types
        planned = audit_on_dask.plan(tickets, len(appids), 8, token_for)
        show("objects of the plan", shown(planned) + shown(planned.dask) + planned.expr.tree_repr())
        audited = planned.persist()
        distributed.wait(audited)  # type: ignore[no-untyped-call]  # distributed has no types for it
        show("objects of the answer", shown(audited) + shown(audited.dask) + shown(audited.compute()))
        futures = distributed.futures_of(audited)  # type: ignore[no-untyped-call]  # distributed has no types for it
        show("futures", "".join(map(shown, futures)))
        show("failure", fail(any_client, tickets, token_for))
        show("cluster", shown(client) + shown(client.cluster) + str(any_client.scheduler_info()))
        any_client.dump_cluster_state(str(SHOWN / "state"), format="yaml")
        show("profile", str(any_client.profile()))
        show("worker logs", str(any_client.get_worker_logs()))
        show("scheduler logs", str(any_client.get_scheduler_logs()))


def look_up(tokens: dict[str, str], appid: Any) -> str:
    return tokens[appid]


def fail(client: Any, tickets: pd.DataFrame, token_for: Any) -> str:
    """A task that raises: Dask logs it with its arguments, and brings the error back."""
    import wxaudit

    ask = functools.partial(wxaudit.audit_frame, token_for=token_for)
    future = client.submit(ask, tickets.drop(columns="auditid"))
    error = future.exception()
    assert isinstance(error, wxaudit.ArgumentError), error
    return f"{shown(future)} {error!r} {error.__traceback__}"


def shown(subject: Any) -> str:
    as_html = getattr(subject, "_repr_html_", None)
    return f"{subject} {subject!r} {html.unescape(as_html()) if as_html else ''}"


def show(channel: str, text: str) -> None:
    assert text, channel
    (SHOWN / channel).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
