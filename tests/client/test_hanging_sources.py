"""Token sources that hang: a bounded number of threads, and an error that says where they stand."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.token_sources import token_threads, wait_for_token_threads
from wxaudit import _source_threads
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client_kind import ClientKind

CALLS = 200


class Hanging:
    """Hangs until it is released."""

    def __init__(self, release: threading.Event) -> None:
        self._release = release
        self.asked = 0

    def get_token(self, *, refresh: bool = False) -> str:
        secret_canary = "86_secret-canary-of-a-local-variable"  # must not be shown
        self.asked += 1
        self._wait()
        return secret_canary if refresh else "86_a-token-that-the-fake-does-not-know"

    def _wait(self) -> None:
        self._release.wait(120)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    release = threading.Event()
    yield release
    release.set()
    wait_for_token_threads()


def test_a_source_that_hangs_costs_few_threads(
    client_kind: ClientKind, fake: FakeWeChat, release: threading.Event
) -> None:
    """Once each of 200 calls left a thread."""
    source, client = Hanging(release), client_kind.client(fake)
    errors = []
    for _ in range(CALLS):
        with pytest.raises(wxaudit.TokenError) as caught:
            client.get_audit_status(source, 1234567, timeout=0.05)
        errors.append(caught.value)
    threads = len(token_threads())
    print(f"\n{CALLS} calls on a source that hangs: {threads} threads")
    assert threads == source.asked == _source_threads.MAX_THREADS_OF_SOURCE
    assert "get_token did not return within the time limit of the call, 0.05 s" in str(errors[0])
    assert f"{threads} earlier calls of get_token have not returned, the first for" in str(errors[-1])
    assert {type(error.__cause__) for error in errors} == {TimeoutError}
    # Once they have returned, it is asked again.
    release.set()
    for thread in token_threads():
        thread.join(20)
    with pytest.raises(wxaudit.TokenError) as caught:
        client.get_audit_status(source, 1234567)
    assert caught.value.errcode == 40014
    assert source.asked > threads


def test_a_source_that_hangs_in_a_batch_costs_few_threads(
    client_kind: ClientKind, fake: FakeWeChat, release: threading.Event
) -> None:
    source = Hanging(release)
    client = client_kind.client(fake, timeout=0.3)
    for _ in range(8):
        batch = client.get_audit_statuses([(source, 1234567)] * 50, max_concurrency=8)
        assert {type(error) for error in batch.errors} == {wxaudit.TokenError}
    # And the thread that serves the last batch, until it has ended.
    assert len(token_threads()) <= _source_threads.MAX_THREADS_OF_SOURCE + 1


def test_many_sources_that_hang_cost_a_bounded_number_of_threads(
    client_kind: ClientKind,
    fake: FakeWeChat,
    release: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when a database is away. More sources wait for a thread, and get one when it is free."""
    monkeypatch.setattr(_source_threads, "MAX_THREADS", 8)
    client = client_kind.client(fake, timeout=0.5)
    queries = [(Hanging(release), 1234567) for _ in range(40)]
    batch = client.get_audit_statuses(queries)
    assert {type(error) for error in batch.errors} == {wxaudit.TokenError}
    # And the thread that serves the batch, until it has ended.
    assert len(token_threads()) <= 8 + 1
    assert sum(source.asked for source, _ in queries) <= 8
    release.set()
    token, auditid = fake.token(), fake.submit().auditid

    class Fine:
        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            return token

    batch = client_kind.client(fake, timeout=20).get_audit_statuses([(Fine(), auditid) for _ in range(40)])
    assert batch.counts() == {"IN_REVIEW": 40}
    assert sum(source.asked for source, _ in queries) <= 8


def places(error: Any) -> None:
    """The message and the cause name the source and its lines, and no value."""
    for text in (str(error), str(error.__cause__)):
        assert "in Hanging.get_token: at wait, line " in text
        assert 'threading.py", called by get_token, line ' in text
        assert text.count("test_hanging_sources.py") == 1
        assert "secret-canary" not in text


def test_the_error_says_where_the_source_stands(
    client_kind: ClientKind, fake: FakeWeChat, release: threading.Event
) -> None:
    client = client_kind.client(fake)
    with pytest.raises(wxaudit.TokenError, match=r"it has run for 0\.\d s in Hanging\.get_token") as caught:
        client.get_audit_status(Hanging(release), 1234567, timeout=0.5)
    places(caught.value)
    assert isinstance(caught.value.__cause__, TimeoutError)
    batch = client_kind.client(fake, timeout=0.5).get_audit_statuses([(Hanging(release), 1234567)] * 3)
    assert len(batch.errors) == 3
    for error in batch.errors:
        assert "within the time limit of the call, 0.5 s" in str(error)
        places(error)


def test_a_source_of_the_same_thread_that_is_not_called_says_why(fake: FakeWeChat) -> None:
    """While the consumer is busy, nobody else may call it."""

    class Source:
        same_thread = True

        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            return token

    token, audit, refused = fake.token(), fake.submit(), fake.submit()
    # Their tokens are refused only while the consumer is busy.
    fake.fail_next(Fault(hold=True, errcode=42001), times=None, auditid=refused.auditid)
    queries: list[Any] = [(token, audit.auditid), *[(Source(), refused.auditid) for _ in range(10)]]
    results = fake.client(timeout=1).iter_audit_statuses(queries)
    assert next(results).ok
    busy_until = time.monotonic() + 1.5
    while time.monotonic() < busy_until:
        fake.release()
        time.sleep(0.02)
    errors = [result.error for result in results if result.error]
    assert len(errors) == 10
    why = "Source has same_thread = True, so it is called only while its caller waits for a result"
    for error in errors:
        assert isinstance(error, wxaudit.TokenError)
        assert why in str(error)
