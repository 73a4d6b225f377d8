"""Each push is taken once: replays, threads, and how long it is remembered."""

from __future__ import annotations

import threading

import pytest

from support.push_platform import FAIL, NOW, envelope, push, query, receiver, sealed, signature
from wxaudit.events import EventRejected
from wxaudit.events._seen import Seen


def test_the_same_push_is_taken_once() -> None:
    platform = receiver()
    text, body = push(FAIL)
    assert platform.receive(text, body) is not None
    for again in (text, text + "&more=1", text.replace("encrypt_type=aes&", "")):
        with pytest.raises(EventRejected) as caught:
            platform.receive(again, body)
        assert (caught.value.message, caught.value.replayed) == ("the same push was taken before", True)
        assert caught.value.hint.startswith("Nothing is to be done")
    # The same words sealed and signed anew are another push.
    assert platform.receive(*push(FAIL)) is not None


def test_characters_that_move_between_parameters_do_not_make_another_push() -> None:
    platform = receiver()
    encrypted = sealed(FAIL)
    # The parts are joined without separators: "00" + "1488856591" is "0" + "01488856591" as well.
    signed = signature(str(NOW), "00", encrypted)
    assert platform.receive(query(encrypted, nonce="00"), envelope(encrypted)) is not None
    moved = query(encrypted, nonce="0", timestamp=f"0{NOW}", msg_signature=signed)
    assert receiver().receive(moved, envelope(encrypted)) is not None
    with pytest.raises(EventRejected, match="taken before"):
        platform.receive(moved, envelope(encrypted))


def test_a_push_is_remembered_as_long_as_it_could_be_taken() -> None:
    now = [NOW - 300]
    platform = receiver(clock=lambda: now[0])
    text, body = push(FAIL)
    assert platform.receive(text, body) is not None
    for now[0] in range(NOW - 300, NOW + 301, 20):
        with pytest.raises(EventRejected, match="taken before"):
            platform.receive(text, body)
        platform.receive(*push(FAIL, timestamp=str(now[0])))
    now[0] = NOW + 301
    with pytest.raises(EventRejected, match="301 seconds ago"):
        platform.receive(text, body)


def test_of_many_threads_one_takes_a_push() -> None:
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


def test_a_push_that_could_not_be_read_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
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
        with pytest.raises(EventRejected, match="no XML that WeChat sends") as caught:
            platform.receive(unreadable, body)
        assert not caught.value.replayed


def test_a_push_that_was_forgotten_is_taken_again() -> None:
    platform = receiver()
    text, body = push(FAIL)
    first = platform.receive(text, body)
    platform.forget(text)
    platform.forget("nonsense")
    assert platform.receive(text, body) == first


def test_a_push_that_another_thread_takes_meanwhile_is_not_taken() -> None:
    class TooEarly(dict[str, object]):
        def __contains__(self, key: object) -> bool:
            return False

    seen = Seen(300)
    seen._by_time[NOW // 300] = TooEarly()
    assert [seen.add("signature", NOW, NOW) for _ in range(3)] == [True, False, False]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wxaudit.events._seen._MOST", 10)
    seen = Seen(300)
    assert all(seen.add(str(number), NOW, NOW) for number in range(100))
    assert not seen.add("99", NOW, NOW)
    assert sum(map(len, seen._by_time.values())) == 10
    seen.add("later", NOW + 10**6, NOW + 10**6)
    assert sum(map(len, seen._by_time.values())) == 1
