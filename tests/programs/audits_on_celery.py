"""An application of Celery whose tasks ask for audits. A variable of the environment holds its settings.

A task returns what it came to: the reason of the audit, or the name of the exception's class.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, NoReturn

import celery
import pandas as pd
from celery.exceptions import SoftTimeLimitExceeded

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS: dict[str, Any] = json.loads(os.environ["AUDITS_ON_CELERY"])
AUDITID = 1001

app = celery.Celery("audits", set_as_current=False)
app.conf.update(SETTINGS["celery"])


class Source:
    """A token source that works for a while, as one that asks a database. Its first token has expired."""

    def __init__(self) -> None:
        self._token = SETTINGS["expired"]
        self.refreshes = 0

    def get_token(self, *, refresh: bool = False) -> str:
        time.sleep(0.01)
        if refresh:
            self.refreshes += 1
            self._token = SETTINGS["token"]
        return str(self._token)


source = Source()
client = wxaudit.Client(base_url=SETTINGS["base_url"])


def ask(auditid: int) -> str | None:
    return client.get_audit_status(source, auditid).reason


def ask_for_many(auditids: list[int]) -> list[str | None]:
    return [result.unwrap().reason for result in client.get_audit_statuses((source, it) for it in auditids)]


def refreshes() -> int:
    return source.refreshes


def hang(*_: object) -> NoReturn:
    """Waits for the soft limit, or for the hard one that kills this process."""
    while True:
        time.sleep(0.01)


class HangingSource:
    def __init__(self, same_thread: bool) -> None:
        self.same_thread = same_thread

    def get_token(self, *, refresh: bool = False) -> str:
        hang(refresh)


def hanging_input() -> Iterator[tuple[str, int]]:
    yield SETTINGS["token"], AUDITID
    hang()


def hanging_frame() -> Any:
    frame = pd.DataFrame({"auditid": [AUDITID], "appid": ["wx1"]})
    return wxaudit.queries_from_frame(frame, hang)


queries = [(SETTINGS["token"], AUDITID)]
PLACES: dict[str, Callable[[wxaudit.Client], object]] = {
    "source": lambda client: client.get_audit_status(HangingSource(False), AUDITID),
    "source of the same thread": lambda client: client.get_audit_status(HangingSource(True), AUDITID),
    "source of a batch": lambda client: client.get_audit_statuses([(HangingSource(True), AUDITID)]),
    "on_poll": lambda client: client.wait_for_decision(
        SETTINGS["token"], SETTINGS["pending"], timeout=None, on_poll=hang
    ),
    "progress": lambda client: client.get_audit_statuses(queries, progress=hang),
    "token_for": lambda client: client.get_audit_statuses(hanging_frame()),
    "input": lambda client: client.get_audit_statuses(hanging_input()),
    "input of an iteration": lambda client: list(client.iter_audit_statuses(hanging_input())),
    "answer": lambda client: client.get_audit_status(SETTINGS["token"], SETTINGS["held"]),
}


def reach_the_limit(place: str) -> str:
    try:
        if place == "on_event":
            watched = wxaudit.Client(base_url=SETTINGS["base_url"], on_event=hang)
            return f"ended: {watched.get_audit_status(SETTINGS['token'], AUDITID)}"
        return f"ended: {PLACES[place](client)}"
    except SoftTimeLimitExceeded:
        # What a task does in the time that is left.
        return f"limited: {client.get_audit_status(SETTINGS['token'], AUDITID).reason}"
    except Exception as error:
        return f"failed: {type(error).__name__}"


for task in (ask, ask_for_many, refreshes, reach_the_limit):
    app.task(task, name=task.__name__)
