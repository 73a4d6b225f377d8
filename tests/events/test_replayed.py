"""Each push is accepted once: replays, threads, and how long a push is remembered."""

from __future__ import annotations

import threading

import pytest

from support.push_platform import FAIL, NOW, envelope, push, query, receiver, sealed, signature
from wxaudit.events import EventRejected
from wxaudit.events._seen import Seen


def test_the_same_push_is_accepted_once() -> None:
    platform = receiver()
    text, body = push(FAIL)
    assert platform.receive(text, body) is not None
    for again in (text, text + "&more=1", text.replace("encrypt_type=aes&", "")):
        with pytest.raises(EventRejected) as caught:
            platform.receive(again, body)
        assert (caught.value.message, caught.value.replayed) == ("the same push was accepted before", True)
        assert caught.value.hint.startswith("No action is needed")
    # The same message, encrypted and signed again, is a new push.
    assert platform.receive(*push(FAIL)) is not None


def test_moving_characters_between_parameters_does_not_create_a_new_push() -> None:
    platform = receiver()
    # WeChat sorts the signed parts and joins them without separators: "00" + "1488856591" equals
    # "0" + "01488856591", if the encrypted text does not come between them.
    encrypted = next(text for text in iter(lambda: sealed(FAIL), "") if text > "2")
    signed = signature(str(NOW), "00", encrypted)
    assert platform.receive(query(encrypted, nonce="00"), envelope(encrypted)) is not None
    moved = query(encrypted, nonce="0", timestamp=f"0{NOW}", msg_signature=signed)
    assert receiver().receive(moved, envelope(encrypted)) is not None
    with pytest.raises(EventRejected, match="accepted before"):
        platform.receive(moved, envelope(encrypted))


def test_a_push_is_remembered_as_long_as_it_could_be_accepted() -> None:
    now = [NOW - 300]
    platform = receiver(clock=lambda: now[0])
    text, body = push(FAIL)
    assert platform.receive(text, body) is not None
    for now[0] in range(NOW - 300, NOW + 301, 20):
        with pytest.raises(EventRejected, match="accepted before"):
            platform.receive(text, body)
        platform.receive(*push(FAIL, timestamp=str(now[0])))
    now[0] = NOW + 301
    with pytest.raises(EventRejected, match="301 seconds ago"):
        platform.receive(text, body)


def test_only_one_of_many_threads_accepts_a_push() -> None:
    platform = receiver()
    taken: list[object] = []
    replayed: list[bool] = []
    for _ in range(20):
        text, body = push(FAIL)
        start = threading.Barrier(8)

        def take(text: str = text, body: bytes = body, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                taken.append(platform.receive(text, body))
            except EventRejected as error:
                replayed.append(error.replayed)

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(taken), replayed) == (20, [True] * 140)


def test_a_push_that_cannot_be_read_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = receiver()
    text, body = push(FAIL)

    def fail(_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("wxaudit.events._receiver.read_message", fail)
        with pytest.raises(MemoryError):
            platform.receive(text, body)
    assert platform.receive(text, body) is not None
    unreadable, body = push("no XML")
    for _ in range(2):
        with pytest.raises(EventRejected, match="not the XML that WeChat sends") as caught:
            platform.receive(unreadable, body)
        assert not caught.value.replayed


def test_a_forgotten_push_is_accepted_again() -> None:
    platform = receiver()
    text, body = push(FAIL)
    first = platform.receive(text, body)
    platform.forget(text)
    platform.forget("nonsense")
    assert platform.receive(text, body) == first


def test_a_push_that_another_thread_accepts_meanwhile_is_refused() -> None:
    class TooEarly(dict[str, object]):
        def __contains__(self, key: object) -> bool:
            return False

    seen = Seen(300)
    seen._by_time[NOW // 300] = TooEarly()
    assert [seen.add("signature", NOW, NOW) for _ in range(3)] == [True, False, False]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wxaudit.events._seen._MAX_SIGNATURES", 10)
    seen = Seen(300)
    assert all(seen.add(str(number), NOW, NOW) for number in range(100))
    assert not seen.add("99", NOW, NOW)
    assert sum(map(len, seen._by_time.values())) == 10
    seen.add("later", NOW + 10**6, NOW + 10**6)
    assert sum(map(len, seen._by_time.values())) == 1
