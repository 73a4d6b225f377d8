"""What the library writes into the log, at which level, and that nobody pays for a log that is off."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from contextlib import contextmanager
from logging.handlers import QueueHandler, SocketHandler
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from secrecy.canary import find
from secrecy.refusals import ECHOES, ask_and_fail
from wxaudit import Event
from wxaudit._observability import dispatch
from wxaudit._observability import logging as log_module
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client_kind import ClientKind


class Notebook(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def listening(level: int) -> Iterator[list[logging.LogRecord]]:
    """The records of a while."""
    notebook, logger = Notebook(), logging.getLogger("wxaudit")
    before = logger.level
    logger.addHandler(notebook)
    logger.setLevel(level)
    try:
        yield notebook.records
    finally:
        logger.setLevel(before)
        logger.removeHandler(notebook)


def lines(records: list[logging.LogRecord]) -> list[str]:
    return [f"{record.levelname} {record.getMessage()}" for record in records]


def an_adventure(
    client_kind: ClientKind, fake: FakeWeChat, **options: Any
) -> tuple[int, list[logging.LogRecord]]:
    """A call that is retried once and refreshes its token once: the audit, and the records."""
    client, source, audit = client_kind.client(fake, **options), fake.token_source(), fake.submit()
    client.get_audit_status(source, audit.auditid)
    fake.clock.advance(7200)
    fake.fail_next(Fault.http(503))
    with listening(logging.DEBUG) as records:
        client.get_audit_status(source, audit.auditid, appid="wx1")
    return audit.auditid, records


def test_debug_tells_each_step(client_kind: ClientKind, fake: FakeWeChat) -> None:
    auditid, records = an_adventure(client_kind, fake)
    what = f"POST /wxa/get_auditstatus (audit {auditid} of wx1): "
    begins = [
        f"DEBUG {what}attempt 1",
        f"INFO {what}attempt 1 failed after ",
        f"INFO {what}another attempt in ",
        f"DEBUG {what}attempt 2",
        f"INFO {what}attempt 2 failed after ",
        f"INFO {what}the token source is asked for a fresh token, because of: 42001 ",
        f"DEBUG {what}attempt 3",
        f"DEBUG {what}answered after ",
    ]
    told = lines(records)
    assert len(told) == len(begins)
    assert [line[: len(begin)] for line, begin in zip(told, begins, strict=True)] == begins
    assert told[2].endswith("because of: HTTP status 503")
    assert {record.name for record in records} == {"wxaudit"}


def test_info_tells_what_went_wrong_and_nothing_of_what_went_well(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    client, token, auditid = client_kind.client(fake, max_retries=1), fake.token(), fake.submit().auditid
    with listening(logging.INFO) as records:
        client.get_audit_status(token, auditid)
        assert records == []
        fake.fail_next(Fault(errcode=-1))
        client.get_audit_status(token, auditid)
        with pytest.raises(wxaudit.AuditNotFoundError):
            client.get_audit_status(token, 5)
    assert [(record.levelno, record.__dict__["wxaudit_kind"]) for record in records] == [
        (logging.INFO, "response"),
        (logging.INFO, "retry"),
        (logging.INFO, "response"),
    ]


def test_nothing_is_a_warning_since_every_failure_reaches_the_caller(client_kind: ClientKind) -> None:
    with listening(logging.WARNING) as records, pytest.raises(wxaudit.TransportError):
        client_kind.client("http://127.0.0.1:9", max_retries=1).get_audit_status("token", 5)
    assert records == []


def test_fields_are_those_of_the_event_and_json(client_kind: ClientKind, fake: FakeWeChat) -> None:
    events: list[Event] = []
    _, records = an_adventure(client_kind, fake, on_event=events.append)
    plain = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
    told = [{name: value for name, value in vars(it).items() if name not in plain} for it in records]
    for fields in told:
        fields.pop("taskName", None)
    assert told == [
        {f"wxaudit_{name}": value for name, value in event.to_dict().items()}
        for event in events[-len(told) :]
    ]
    assert json.loads(json.dumps(told)) == told


def test_all_operations_and_batches_are_told(client_kind: ClientKind, fake: FakeWeChat) -> None:
    client, token, audit = client_kind.client(fake), fake.token("wx1"), fake.submit("wx1")
    inner: Any = client.inner
    with listening(logging.DEBUG) as records:
        client.get_audit_statuses([(token, audit.auditid, "wx1"), (token, 5, "wx1")])
        client_kind.run(inner.get_latest_audit_status(token, appid="wx1"))
        client_kind.run(inner.quota(token))
        with pytest.raises(wxaudit.APIError):
            client_kind.run(inner.get_screenshots(token, ["unknown"]))
    told = sorted(line.split(" after ")[0] for line in lines(records))
    poll = f"POST /wxa/get_auditstatus (audit {audit.auditid} of wx1)"
    assert [line for line in told if "auditstatus (audit" in line] == sorted(
        [
            f"DEBUG {poll}: attempt 1",
            f"DEBUG {poll}: answered",
            "DEBUG POST /wxa/get_auditstatus (audit 5 of wx1): attempt 1",
            "INFO POST /wxa/get_auditstatus (audit 5 of wx1): attempt 1 failed",
        ]
    )
    others = {line.split(": ")[0].split(" ", 1)[1] for line in told if "auditstatus (audit" not in line}
    assert others == {
        "GET /wxa/get_latest_auditstatus (of wx1)",
        "POST /cgi-bin/openapi/quota/get",
        "POST /cgi-bin/material/get_material",
    }


def test_the_level_counts_when_the_call_begins(client_kind: ClientKind, fake: FakeWeChat) -> None:
    client, token, auditid = client_kind.client(fake), fake.token(), fake.submit().auditid
    client.get_audit_status(token, auditid)
    with listening(logging.DEBUG) as records:
        client.get_audit_status(token, auditid)
    client.get_audit_status(token, auditid)
    assert len(records) == 2


def test_texts_of_strangers_cannot_forge_a_line(client_kind: ClientKind, fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode=40013, errmsg="no\n2026-01-01 CRITICAL all is lost \x1b[31m\u202e"))
    with listening(logging.DEBUG) as records, pytest.raises(wxaudit.APIError):
        client_kind.client(fake).get_audit_status(fake.token(), 5, appid="wx\r\n1")
    for record in records:
        texts = [record.getMessage(), *(value for value in vars(record).values() if isinstance(value, str))]
        assert [text for text in texts if not text.isprintable()] == []


def test_a_handler_that_raises_ends_nothing(client_kind: ClientKind, fake: FakeWeChat) -> None:
    class Broken(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            raise ValueError(f"cannot filter {record.name}")

    broken, logger = Broken(), logging.getLogger("wxaudit")
    logger.addFilter(broken)
    try:
        with listening(logging.DEBUG):
            assert client_kind.client(fake).get_audit_status(fake.token(), fake.submit().auditid).is_pending
    finally:
        logger.removeFilter(broken)


def test_polls_and_kinds_of_later_releases_are_told() -> None:
    with listening(logging.DEBUG) as records:
        log = log_module.Log(logging.getLogger("wxaudit"))
        log.on_event(Event(kind="poll", auditid=5, delay=30.0))
        log.on_event(Event(kind="poll", auditid=5, delay=30.0, error="HTTP status 503"))
        log.on_event(Event(kind="novelty"))
    assert lines(records) == [
        "DEBUG wxaudit (audit 5): not decided yet, polling again in 30.000 s",
        "INFO wxaudit (audit 5): this poll failed, polling again in 30.000 s: HTTP status 503",
        "DEBUG wxaudit: novelty",
    ]


UNHEARD = """
import sys, wxaudit
from wxaudit._session import Session
heard = []
before = Session.dispatcher
def dispatcher(*arguments, **options):
    heard.append(bool(before(*arguments, **options)))
    return before(*arguments, **options)
Session.dispatcher = dispatcher
client = wxaudit.Client(base_url="http://127.0.0.1:9", max_retries=1)
def ask():
    try:
        client.get_audit_status("token", 5)
    except wxaudit.TransportError:
        pass
ask()
assert "logging" not in sys.modules
import logging
ask()
logging.basicConfig(level=logging.WARNING)
ask()
logging.getLogger("wxaudit").setLevel(logging.INFO)
ask()
logging.disable(logging.INFO)
ask()
print(heard, [type(handler).__name__ for handler in logging.getLogger("wxaudit").handlers])
"""


def test_logging_is_not_imported_and_nothing_is_told_while_it_is_off() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNHEARD], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "[False, False, False, True, False] ['NullHandler']\n", done.stderr
    assert len(done.stderr.splitlines()) == 3, "a line for each of two attempts, and one for the retry"


def test_a_log_that_is_off_makes_no_audience(client_kind: ClientKind, fake: FakeWeChat) -> None:
    client = client_kind.client(fake)
    with listening(logging.WARNING):
        assert not client.inner._session.dispatcher()
        assert client.inner._session.dispatcher() is dispatch.dispatcher_for(None)


@pytest.mark.parametrize("echo", ECHOES, ids=range(len(ECHOES)))
def test_no_record_holds_a_token_however_it_is_formatted(
    client_kind: ClientKind, fake: FakeWeChat, echo: Any
) -> None:
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    with listening(logging.DEBUG) as records:
        ask_and_fail(client_kind, fake, echo)
    assert len(records) >= 5
    for record in records:
        formatted = [
            logging.Formatter().format(record),
            logging.Formatter("{message} {wxaudit_kind} {threadName}", style="{").format(record),
            json.dumps(vars(record), default=repr),
            repr(vars(record)),
            repr(record.args),
        ]
        pickled = SocketHandler("127.0.0.1", 9).makePickle(record)
        prepared = QueueHandler(queue).prepare(record)
        assert list(find([*formatted, pickled, repr(vars(prepared))])) == []
