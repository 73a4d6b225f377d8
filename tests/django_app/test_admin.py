"""The lists of the admin: what they show, filters, search, and what they ask of the database."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from support.browser.html_page import HOSTILE, HOSTILE_SHOWN
from support.django.staff import logged_in
from wxaudit import AuditState
from wxaudit._display import labels
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

LIST = "/admin/wxaudit/auditwatch/"
CHANGES = "/admin/wxaudit/auditchange/"
# For mypy as Python 3.10, its members are tuples.
PHASE: Any = AuditWatch.Phase


@pytest.fixture
def admin(database: str) -> Iterator[Client]:  # noqa: ARG001
    with logged_in() as client:
        yield client


def make(auditid: int, appid: str = "wx0000000000000001", **fields: Any) -> AuditWatch:
    watch: AuditWatch = AuditWatch.objects.create(appid=appid, auditid=auditid, **fields)
    return watch


def shown(client: Client, query: str = "", path: str = LIST) -> list[int]:
    """The numbers of the audits in a list, in its order."""
    response = client.get(path + query)
    assert response.status_code == 200, response.headers
    return [getattr(row, "watch", row).auditid for row in response.context["cl"].result_list]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_states_are_in_the_language_of_the_user_and_in_the_colours_of_the_labels(
    database: str,  # noqa: ARG001
    language: str,
) -> None:
    for state in (0, 1, 2, 3, 4, 7):
        make(100 + state, state=state)
    with logged_in(language=language) as client:
        page = client.get(LIST).content.decode()
    for state in (0, 1, 2, 3, 4, 7):
        outcome = labels.of_state(AuditState(state))
        label = outcome.chinese if language == "zh-hans" else outcome.english
        assert f'fill="{outcome.colour}"/></svg><span>{label}</span>' in page


def test_ages_and_times(admin: Client) -> None:
    now = timezone.now()
    make(1, created_at=now - timedelta(hours=3), next_check_at=now + timedelta(minutes=7, seconds=30))
    make(2, created_at=now - timedelta(days=9), decided_at=now - timedelta(days=7), next_check_at=None)
    make(3, next_check_at=now - timedelta(minutes=1))
    make(4, next_check_at=now + timedelta(seconds=30))
    page = admin.get(f"{LIST}?o=1").content.decode().replace("\xa0", " ")
    ages = re.findall(r'field-age[^>]*><time datetime="[^"]+" title="[^"]+">([^<]+)<', page)
    assert ages == ["0 minutes", "0 minutes", "2 days", "3 hours"]
    checks = re.findall(r"field-next_check[^>]*>(?:<time[^>]*>)?([^<]+)<", page)
    assert checks == ["within a minute", "due", "–", "in 7 minutes"]


def test_filters(admin: Client) -> None:
    make(1, state=1, phase=PHASE.DECIDED)
    make(2, state=7)
    make(3, appid="wx0000000000000002", phase=PHASE.PARKED, overdue_at=timezone.now())
    make(4, phase=PHASE.FAILED, overdue_at=timezone.now())
    assert shown(admin) == [4, 3, 2, 1]
    assert shown(admin, "?state=1") == [1]
    assert shown(admin, "?state=unknown") == [2]
    assert shown(admin, "?phase__exact=parked") == [3]
    assert shown(admin, "?overdue=yes") == [3]
    assert shown(admin, "?overdue=no") == [2]
    assert shown(admin, "?appid=wx0000000000000002") == [3]
    assert shown(admin, "?appid=wx0000000000000001&state=2") == [4]
    # What nobody can have chosen.
    assert shown(admin, "?state=x&overdue=x&appid=%20") == [4, 3, 2, 1]


def test_the_form_for_an_appid_keeps_the_other_choices(admin: Client) -> None:
    page = admin.get(f"{LIST}?state=1&q=%22x%22&appid=wx1&o=2").content.decode()
    [form] = re.findall(r'<form method="get" class="wxaudit-appid-filter">.*?</form>', page, re.DOTALL)
    fields = dict(re.findall(r'<input type="(?:hidden|text)" name="(\w+)" value="([^"]*)"', form))
    assert fields == {"state": "1", "o": "2", "q": "&quot;x&quot;", "appid": "wx1"}


def test_search(admin: Client) -> None:
    make(449000001, note="spring sale")
    make(449000002, appid="wx00000000000000ff", note="449000001?")
    assert shown(admin, "?q=wx00000000000000ff") == [449000002]
    assert shown(admin, "?q=wx00000000000000") == [449000002, 449000001]
    assert shown(admin, "?q=449000001") == [449000002, 449000001]
    assert shown(admin, "?q=SPRING+sale") == [449000001]
    assert shown(admin, "?q=sale+wx00000000000000ff") == []
    for odd in ("%25", "'", '"', "99999999999999999999", "٣", "\\"):
        assert shown(admin, f"?q={odd}") in ([], [449000002, 449000001])


def test_changes_can_be_found(admin: Client) -> None:
    now = timezone.now()
    for auditid, times in ((1, {"delivered_at": now}), (2, {"failed_at": now}), (3, {})):
        states = {"old_state": 2, "new_state": 1, "observed_at": now}
        appid = f"wx000000000000000{auditid}"
        AuditChange.objects.create(watch=make(auditid, appid), sequence=1, **states, **times)
    assert shown(admin, path=CHANGES) == [3, 2, 1]
    assert shown(admin, "?delivery=waiting", CHANGES) == [3]
    assert shown(admin, "?delivery=delivered", CHANGES) == [1]
    assert shown(admin, "?delivery=failed", CHANGES) == [2]
    assert shown(admin, "?appid=wx0000000000000001", CHANGES) == [1]
    assert shown(admin, "?kind__exact=overdue", CHANGES) == []
    assert shown(admin, "?q=wx0000000000000003", CHANGES) == [3]
    assert shown(admin, "?q=2", CHANGES) == [2]
    assert shown(admin, "?q=nothing", CHANGES) == []


def test_a_list_asks_the_same_whatever_is_in_the_table(admin: Client, database: str) -> None:
    """No query for a row, none for the choices of a filter, and no distinct values of a column."""
    queries = []
    for count in (1, 60):
        watches = [AuditWatch(appid=f"wx{count}-{number}", auditid=number + 1) for number in range(count)]
        AuditWatch.objects.bulk_create(watches)
        with CaptureQueriesContext(connections[database]) as captured:
            assert shown(admin)
        sql = [query["sql"] for query in captured if "wxaudit_" in query["sql"]]
        assert not any("DISTINCT" in query for query in sql)
        queries.append(len(sql))
    # The count, and the page.
    assert queries == [2, 2]


def test_texts_of_others_are_only_text(admin: Client) -> None:
    reason = f"1:{HOSTILE}:<br>(1):{HOSTILE}<br>"
    # The note is edited, and shows what it holds.
    note = HOSTILE.partition("\x1b")[0]
    watch = make(1, state=1, note=note, reason=reason, last_error=HOSTILE, screenshots=[HOSTILE])
    change = AuditChange.objects.create(
        watch=watch,
        sequence=1,
        old_state=2,
        new_state=1,
        reason=reason,
        observed_at=timezone.now(),
        failed_at=timezone.now(),
        last_error=HOSTILE,
    )
    paths = (LIST, f"{LIST}{watch.pk}/change/", CHANGES, f"{CHANGES}{change.pk}/change/", f"{LIST}numbers/")
    for path in paths:
        page = admin.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert " style=" not in page
        assert "\x1b" not in page
        assert "\u202e" not in page
    from html import unescape

    page = unescape(admin.get(paths[1]).content.decode())
    # As a title and as its detail, of the watch and of its change.
    assert page.count(f'<li lang="zh-Hans">{HOSTILE_SHOWN}<ul><li>{HOSTILE_SHOWN}</li></ul></li>') == 2


def test_a_search_of_hostile_text_is_only_text(admin: Client) -> None:
    page = admin.get(LIST, {"q": HOSTILE, "appid": HOSTILE}).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
