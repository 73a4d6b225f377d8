"""Threads, descriptors and memory that are used up: an error that says so, and a client that works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.fake_process import FakeProcess
from support.programs import report

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeProcess]:
    with FakeProcess() as fake:
        fake.set_up()
        yield fake


LIMITS = ["threads", "descriptors", "memory"]
CASES = [
    *((limit, client, "first") for limit in LIMITS for client in ("blocking", "asyncio", "functions")),
    *((limit, client, "later") for limit in LIMITS for client in ("blocking", "asyncio")),
    # With memory, the functions use the stack of the thread that an earlier call has left.
    *((limit, "functions", "later") for limit in ("threads", "descriptors")),
]


@pytest.mark.parametrize(("limit", "client", "moment"), CASES)
def test_what_is_used_up_is_named(fake: FakeProcess, limit: str, client: str, moment: str) -> None:
    token = fake.token()
    messages = report("exhausted", fake.base_url, token, limit, client, moment, limited=limit == "threads")
    print(f"{limit}, {client}, {moment}: {len(messages)} errors, such as {messages[0]}")
    named = "open files" if limit == "descriptors" else "thread"
    assert [message for message in messages if named not in message] == []
    assert messages
    assert token not in str(messages)


@pytest.mark.parametrize("kind", [wxaudit.Client, wxaudit.AsyncClient])
def test_no_memory_is_left_to_import_what_calls_need(
    kind: type[wxaudit.Client | wxaudit.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(kind, "_load", load)
    with pytest.raises(wxaudit.TransportError, match="starting the client: no memory is left") as caught:
        kind()
    assert caught.value.retryable
    assert caught.value.hint.startswith("Free threads, descriptors or memory of this process")
