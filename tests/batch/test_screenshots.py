"""Several screenshots at once: their order, their errors, how many at a time, and how an audit shows them."""

from __future__ import annotations

import gc
import json
import pickle
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.browser.html_page import Page
from support.servers.raw_server import Connection, RawServer, answer
from support.subprocess_runner import run_child
from wxaudit import ArgumentError, AuditStatus, Screenshot
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

TOKEN = "86_a-token-of-nobody-in-particular"
PNG = b"\x89PNG\r\n\x1a\n"


def names(pictures: Iterable[Screenshot]) -> list[str]:
    return [picture.media_id for picture in pictures]


def test_those_of_an_audit_come_in_its_order(client_kind: ClientKind, fake: FakeWeChat) -> None:
    media_ids = [fake.media_id() for _ in range(20)]
    audit = fake.submit(state=1, reason="1:标题:<br>", screenshots=media_ids)
    caller, token = client_kind.client(fake), fake.token()
    status = caller.get_audit_status(token, audit.auditid)
    fake.fail_next(Fault(delay=0.2))
    pictures = caller.call("get_screenshots", token, status)
    assert names(pictures) == media_ids
    assert len({picture.content for picture in pictures}) == 20
    assert (
        names(caller.call("get_screenshots", token, caller.call("get_latest_audit_status", token)))
        == media_ids
    )


@pytest.mark.parametrize(
    "several", [list, tuple, iter, dict.fromkeys], ids=["list", "tuple", "iterator", "dict"]
)
def test_any_iterable_of_media_ids_is_taken(
    client_kind: ClientKind, fake: FakeWeChat, several: Callable[[list[str]], Any]
) -> None:
    media_ids = [fake.keep_media() for _ in range(3)]
    assert (
        names(client_kind.client(fake).call("get_screenshots", fake.token(), several(media_ids))) == media_ids
    )


def test_one_that_is_asked_for_twice_comes_twice(client_kind: ClientKind, fake: FakeWeChat) -> None:
    one, other = fake.keep_media(), fake.keep_media()
    pictures = client_kind.client(fake).call("get_screenshots", fake.token(), [one, other, one])
    assert names(pictures) == [one, other, one]
    assert pictures[0] == pictures[2]


def test_without_screenshots_nothing_is_sent(client_kind: ClientKind, fake: FakeWeChat) -> None:
    caller = client_kind.client(fake)
    nothings: tuple[Any, ...] = ([], (), AuditStatus(5, 2), AuditStatus(5, 1, "reason"))
    for nothing in nothings:
        assert caller.call("get_screenshots", fake.token(), nothing) == []
    assert fake.requests_received == 0


@pytest.mark.parametrize("wrong", ["text", b"bytes", 5, None])
def test_what_holds_no_media_ids_is_refused(client_kind: ClientKind, fake: FakeWeChat, wrong: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^audit_or_media_ids must be an AuditStatus or an iterable"):
        client_kind.client(fake).call("get_screenshots", fake.token(), wrong)
    assert fake.requests_received == 0


def test_the_first_error_is_raised_once_all_were_asked_for(client_kind: ClientKind, fake: FakeWeChat) -> None:
    good = fake.keep_media()
    with pytest.raises(wxaudit.APIError) as caught:
        client_kind.client(fake).call("get_screenshots", fake.token(), [good, "unknown", "../hostile", good])
    assert caught.value.errcode == 40007
    assert str(caught.value).endswith(
        " It was screenshot unknown. 2 of 4 arrived: see the attribute screenshots."
    )
    assert names(caught.value.screenshots) == [good, good]
    with pytest.raises(
        ArgumentError, match=r"^media_id: .* \(number 1 of the media_ids\)\. 1 of 3 arrived: "
    ):
        client_kind.client(fake).call("get_screenshots", fake.token(), ["../hostile", "unknown", good])
    asked = sorted(str(request.json) for request in fake.requests)
    assert asked == sorted(str({"media_id": it}) for it in (good, "unknown", good, "unknown", good))


def test_the_pictures_of_an_error_come_back_from_pickle(client_kind: ClientKind, fake: FakeWeChat) -> None:
    good = fake.keep_media()
    with pytest.raises(wxaudit.APIError) as caught:
        client_kind.client(fake).call("get_screenshots", fake.token(), ["unknown", good])
    (picture,) = pickle.loads(pickle.dumps(caught.value)).screenshots
    assert picture == caught.value.screenshots[0]
    assert caught.value.args[1].keys() == {"errcode", "errmsg", "rid", "url_path", "attempts"}
    assert wxaudit.APIError("another").screenshots == ()


def test_without_any_picture_the_error_says_which_one_failed(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    with pytest.raises(wxaudit.APIError, match=r" It was screenshot unknown\.$"):
        client_kind.client(fake).call("get_screenshots", fake.token(), ["unknown"])


def test_what_is_too_long_for_a_media_id_is_not_named(client_kind: ClientKind, fake: FakeWeChat) -> None:
    # It may be a token in the wrong place.
    with pytest.raises(wxaudit.APIError, match=r" It was screenshot number 2\.") as caught:
        client_kind.client(fake).call("get_screenshots", fake.token(), [fake.keep_media(), "8" * 65])
    assert "8" * 40 not in str(caught.value)


def test_errors_and_quotas_are_of_the_mini_program_of_the_audit(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    media_ids = [fake.media_id()]
    audit = AuditStatus(5, 1, screenshots=media_ids, appid="wx01")
    fake.submit(state=1, screenshots=media_ids)
    caller = client_kind.client(fake)
    fake.fail_next(Fault(errcode=45009))
    given: tuple[tuple[Any, dict[str, Any]], ...] = (
        (audit, {}),
        (audit, {}),
        (media_ids, {"appid": "wx01"}),
    )
    # Another token each time: the gate goes by the appid.
    for number, (of_what, options) in enumerate(given):
        with pytest.raises(wxaudit.DayQuotaError) as caught:
            caller.call("get_screenshots", fake.token(), of_what, **options)
        assert (caught.value.appid, caught.value.attempts) == ("wx01", 0 if number else 1)
    assert names(caller.call("get_screenshots", fake.token(), audit, appid="wx02")) == media_ids
    assert names(caller.call("get_screenshots", fake.token(), media_ids)) == media_ids


@pytest.mark.parametrize("appid", [5, "x" * 65, b"wx01"], ids=["number", "long", "bytes"])
def test_a_label_that_is_none_is_refused(client_kind: ClientKind, fake: FakeWeChat, appid: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^appid: "):
        client_kind.client(fake).call("get_screenshots", fake.token(), ["m"], appid=appid)
    assert fake.requests_received == 0


def test_progress_counts_up_to_all_of_them(client_kind: ClientKind, fake: FakeWeChat) -> None:
    media_ids = [fake.keep_media() for _ in range(5)]
    told: list[tuple[int, int | None]] = []
    client_kind.client(fake).call(
        "get_screenshots", fake.token(), media_ids, progress=lambda done, of: told.append((done, of))
    )
    assert told[-1] == (5, 5)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_bar_counts_screenshots(
    client_kind: ClientKind, fake: FakeWeChat, capsys: pytest.CaptureFixture[str]
) -> None:
    media_ids = [fake.keep_media() for _ in range(3)]
    client_kind.client(fake).call("get_screenshots", fake.token(), media_ids, progress=True)
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "screenshot" in shown
    assert "audit" not in shown


def test_so_many_are_under_way_as_are_allowed(client_kind: ClientKind) -> None:
    under_way: list[int] = [0]
    most: list[int] = [0]
    expected: list[int] = [0]
    change = threading.Condition()

    def behave(connection: Connection) -> None:
        while connection.read_request() is not None:
            with change:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
                change.notify_all()
                change.wait_for(lambda: most[0] >= expected[0], timeout=10)
            # More than are allowed would come now.
            stopping.wait(0.05)
            with change:
                under_way[0] -= 1
            connection.send(answer(PNG))

    with RawServer(behave) as server:
        stopping = server.stopping

        def fetch(count: int, expect: int, most_of_client: int = 64, **options: Any) -> bool:
            most[0], expected[0] = 0, expect
            media_ids = [f"media-{number}" for number in range(count)]
            caller = client_kind.client(server.base_url, max_concurrency=most_of_client)
            assert names(caller.call("get_screenshots", TOKEN, media_ids, **options)) == media_ids
            return most[0] == expect

        assert fetch(12, 3, max_concurrency=3)
        # By default few, since a picture may be large.
        assert fetch(30, 8)
        assert fetch(6, 2, most_of_client=2)
        assert fetch(12, 12, max_concurrency=12)
    with pytest.raises(ArgumentError, match="max_concurrency"):
        client_kind.client(server.base_url).call("get_screenshots", TOKEN, [], max_concurrency=0)


def test_a_limit_for_all_of_them_ends_them(client_kind: ClientKind, fake: FakeWeChat) -> None:
    media_ids = [fake.keep_media() for _ in range(5)]
    fake.fail_next(Fault(hold=True), times=None)
    begun = time.monotonic()
    with pytest.raises(wxaudit.RequestTimeout):
        client_kind.client(fake).call("get_screenshots", fake.token(), media_ids, timeout=0.3)
    assert 0.3 <= time.monotonic() - begun < 0.8


def test_one_source_is_asked_once_for_all(client_kind: ClientKind, fake: FakeWeChat) -> None:
    media_ids = [fake.keep_media() for _ in range(10)]
    asked: list[bool] = []
    expired, fresh = fake.token(expires_in=0), fake.token()

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        return fresh if refresh else expired

    pictures = client_kind.client(fake).call(
        "get_screenshots", client_kind.token_source(get_token), media_ids
    )
    assert names(pictures) == media_ids
    assert asked.count(True) == 1


def test_an_audit_shows_what_was_fetched_and_fetches_nothing(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    media_ids = [fake.media_id() for _ in range(3)]
    audit = fake.submit(state=1, reason="1:标题:<br>", screenshots=media_ids)
    caller, token = client_kind.client(fake), fake.token()
    status = caller.get_audit_status(token, audit.auditid)
    requests = fake.requests_received
    assert status._repr_html_().count("<img") == 0
    one = caller.call("get_screenshot", token, media_ids[1])
    assert status._repr_html_().count("<img") == 1
    assert fake.requests_received == requests + 1
    pictures = caller.call("get_screenshots", token, status)
    shown = status._repr_html_()
    page = Page(shown.replace("<img", "<br"))
    sources = [value for name, value in page.attributes if name == "src"]
    assert len(sources) == 3
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert all(media_id in page.text for media_id in media_ids)
    assert "http" not in shown
    assert fake.requests_received == requests + 4
    # They are shown as long as somebody holds them.
    del one, pictures
    gc.collect()
    assert status._repr_html_().count("<img") == 0


def test_large_pictures_do_not_swell_the_card_of_an_audit(client_kind: ClientKind, fake: FakeWeChat) -> None:
    media_ids = [fake.keep_media(PNG + bytes(3 << 20)) for _ in range(3)]
    pictures = client_kind.client(fake).call("get_screenshots", fake.token(), media_ids)
    shown = AuditStatus(5, 1, screenshots=media_ids)._repr_html_()
    assert len(pictures) == 3
    assert (shown.count("<img"), shown.count("<code>")) == (1, 4)
    assert len(shown) < 6 << 20


FETCH = """
import ctypes, gc, json, sys
from support.client_kind import ClientKind

kind, base_url = sys.argv[1:]
client = ClientKind(kind).client(base_url, trust_env=False)

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name))

def fetch(count):
    media_ids = [f"media-{n}" for n in range(count)]
    pictures = client.call("get_screenshots", "a-token-of-nobody", media_ids, max_concurrency=4)
    return sum(len(picture.content) for picture in pictures) / 2**20

def held():
    # What is free goes back to the system: glibc would keep it for the next time.
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return memory("VmRSS")

fetch(4)
before = held()
fetched = fetch(30)
peak = memory("VmHWM") - before
for _ in range(5):
    fetch(30)
print(json.dumps([fetched, peak, memory("VmHWM") - before, held() - before]))
"""


def test_thirty_pictures_of_5_mib_cost_little_beside_themselves(client_kind: ClientKind) -> None:
    picture = answer(PNG + bytes(5 * 2**20 - len(PNG)))

    def behave(connection: Connection) -> None:
        while connection.read_request() is not None:
            connection.send(picture)

    with RawServer(behave) as server:
        fetched, peak, later, growth = json.loads(run_child(FETCH, client_kind.kind, server.base_url))
    print(
        f"\n{client_kind.kind}: {fetched:.0f} MiB of pictures, {peak:.0f} MiB at most, {later:.0f} MiB "
        f"at most in five times as many, {growth:.1f} MiB held afterwards"
    )
    assert fetched == 150
    assert peak < fetched + 60
    assert later < fetched + 120
    assert growth < 25
