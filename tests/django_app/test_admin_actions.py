"""What people do in the admin, and who may do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from support.django.staff import logged_in
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.django.watched_fake import WatchedFake

LIST = "/admin/wxaudit/auditwatch/"
CHANGES = "/admin/wxaudit/auditchange/"
# For mypy as Python 3.10, its members are tuples.
PHASE: Any = AuditWatch.Phase


@pytest.fixture
def admin(database: str) -> Iterator[Client]:  # noqa: ARG001
    with logged_in() as client:
        yield client


def run(client: Client, action: str, rows: list[Any], path: str = LIST, **data: Any) -> str:
    """Chooses an action for rows, and returns what the page then tells."""
    data = {"action": action, "_selected_action": [row.pk for row in rows], **data}
    response = client.post(path, data, follow=True)
    assert response.status_code == 200
    return " ".join(str(message) for message in response.context["messages"])


def watches(*phases: Any) -> list[AuditWatch]:
    rows = [
        AuditWatch(appid="wx1", auditid=number, phase=phase, failures=4, lease="a lease", next_check_at=None)
        for number, phase in enumerate(phases, start=1)
    ]
    AuditWatch.objects.bulk_create(rows)
    return list(AuditWatch.objects.order_by("auditid"))


def phases() -> list[tuple[str, bool, int]]:
    """Of each watch: its phase, whether it is due, and its failures."""
    rows = AuditWatch.objects.order_by("auditid")
    return [(row.phase, row.next_check_at is not None, row.failures) for row in rows]


ALL = (PHASE.WATCHING, PHASE.DECIDED, PHASE.STOPPED, PHASE.PARKED, PHASE.FAILED)


def test_check_now_makes_what_is_not_decided_due_and_resumes_what_has_ended(admin: Client) -> None:
    told = run(admin, "check_now", watches(*ALL))
    assert told == "4 audits will be checked in the next round of the worker."
    assert phases() == [
        ("watching", True, 4),
        ("decided", False, 4),
        ("watching", True, 0),
        ("parked", True, 4),
        ("watching", True, 0),
    ]


def test_stop_watching_stops_what_is_not_decided_and_takes_it_from_its_worker(admin: Client) -> None:
    assert run(admin, "stop_watching", watches(*ALL)).startswith("3 audits are no longer watched.")
    assert [phase for phase, *_ in phases()] == ["stopped", "decided", "stopped", "stopped", "stopped"]
    leases = AuditWatch.objects.order_by("auditid").values_list("lease", flat=True)
    assert list(leases) == ["", "a lease", "a lease", "", ""]


def test_actions_that_have_nothing_to_do_say_so(admin: Client) -> None:
    [row] = watches(PHASE.DECIDED)
    assert run(admin, "check_now", [row]) == "All selected audits are decided: there is nothing to check."
    assert run(admin, "stop_watching", [row]) == "No selected audit is being watched."
    assert run(admin, "deliver_again", [row]) == "There is no change to deliver again."


@pytest.mark.parametrize("action", ["check_now", "stop_watching"])
def test_an_action_on_all_pages_is_one_update(admin: Client, database: str, action: str) -> None:
    rows = watches(*[PHASE.WATCHING] * 120)
    with CaptureQueriesContext(connections[database]) as captured:
        assert run(admin, action, rows[:1], select_across="1", index="0").startswith("120 audits")
    updates = [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]
    assert len(updates) == 1


def test_an_action_on_all_pages_keeps_to_the_filter(admin: Client) -> None:
    rows = watches(PHASE.WATCHING, PHASE.PARKED)
    run(admin, "stop_watching", rows[1:], f"{LIST}?phase__exact=parked", select_across="1", index="0")
    assert [phase for phase, *_ in phases()] == ["watching", "stopped"]


def test_a_stopped_watch_stays_stopped_although_its_answer_is_on_its_way(
    admin: Client, watched: WatchedFake
) -> None:
    audit, row = watched.submit()
    audit.approve()

    def stop_while_it_is_asked_about(appid: str) -> Any:
        run(admin, "stop_watching", [row])
        return watched.token_source(appid)

    watched.configure(token_source=stop_while_it_is_asked_about)
    watched.poll()
    row.refresh_from_db()
    assert (row.phase, row.state, row.next_check_at) == ("stopped", 2, None)
    assert watched.told == []
    # And goes on when somebody wants it to.
    watched.configure()
    run(admin, "check_now", [row])
    watched.poll()
    row.refresh_from_db()
    assert (row.phase, row.state) == ("decided", 0)


@pytest.mark.parametrize("path", [LIST, CHANGES])
def test_a_failed_change_is_delivered_again_with_its_key(
    admin: Client, watched: WatchedFake, path: str
) -> None:
    def refuse(*_: Any) -> None:
        raise ValueError("not now")

    watched.configure(DELIVERY_ATTEMPTS=1)
    audit, row = watched.submit()
    audit.approve()
    watched.on_signal = refuse
    watched.poll()
    change = AuditChange.objects.get()
    assert change.failed_at is not None
    page = admin.get(f"{CHANGES}?delivery=failed").content.decode()
    assert "ValueError" in page

    watched.on_signal = lambda *_: None
    told = run(admin, "deliver_again", [row if path == LIST else change], path)
    assert told == "1 change will be delivered in the next round of the worker."
    watched.poll()
    change.refresh_from_db()
    assert (change.failed_at is None, change.delivered_at is None) == (True, False)
    assert watched.told == [("changed", change.key), ("decided", change.key)]


def test_what_waits_for_its_delivery_is_not_touched(admin: Client) -> None:
    [row] = watches(PHASE.DECIDED)
    change = AuditChange.objects.create(
        watch=row, sequence=1, old_state=2, new_state=0, observed_at=timezone.now(), attempts=3, lease="x"
    )
    assert run(admin, "deliver_again", [change], CHANGES) == "There is no change to deliver again."
    change.refresh_from_db()
    assert (change.attempts, change.lease) == (3, "x")


def test_only_the_note_is_edited_and_nothing_else_is_written(admin: Client, database: str) -> None:
    [row] = watches(PHASE.WATCHING)
    form = {
        "note": "from the admin",
        "state": "0",
        "phase": "decided",
        "changes-TOTAL_FORMS": "0",
        "changes-INITIAL_FORMS": "0",
    }
    with CaptureQueriesContext(connections[database]) as captured:
        assert admin.post(f"{LIST}{row.pk}/change/", form).status_code == 302
    [update] = [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]
    columns = update.partition(" SET ")[2].partition(" WHERE ")[0]
    assert columns.count("=") == 1
    row.refresh_from_db()
    assert (row.note, row.state, row.phase) == ("from the admin", 2, "watching")
    assert admin.get(f"{LIST}add/").status_code == 403
    assert admin.get(f"{CHANGES}add/").status_code == 403


@pytest.mark.parametrize("database", ["default"], indirect=True)
def test_who_may_only_view_has_no_actions_and_edits_nothing(database: str) -> None:  # noqa: ARG001
    [row] = watches(PHASE.WATCHING)
    with logged_in("view_auditwatch", "view_auditchange") as client:
        page = client.get(LIST)
        assert page.status_code == 200
        assert page.context["action_form"] is None
        for action in ("check_now", "stop_watching", "deliver_again"):
            client.post(LIST, {"action": action, "_selected_action": [row.pk]})
        assert client.post(f"{LIST}{row.pk}/change/", {"note": "mine"}).status_code == 403
        assert client.get(f"{LIST}numbers/").status_code == 200
    row.refresh_from_db()
    assert (row.phase, row.note, row.next_check_at) == ("watching", "", None)


@pytest.mark.parametrize("database", ["default"], indirect=True)
def test_delivering_again_needs_the_permission_to_change_changes(database: str) -> None:  # noqa: ARG001
    watches(PHASE.WATCHING)
    with logged_in("change_auditwatch") as client:
        offered = dict(client.get(LIST).context["action_form"].fields["action"].choices)
        assert {"check_now", "stop_watching"} <= offered.keys()
        assert "deliver_again" not in offered
        assert client.get(CHANGES).status_code == 403
    with logged_in("change_auditwatch", "change_auditchange") as client:
        offered = dict(client.get(LIST).context["action_form"].fields["action"].choices)
        assert "deliver_again" in offered


@pytest.mark.parametrize("database", ["default"], indirect=True)
def test_who_may_see_nothing_sees_nothing(database: str) -> None:  # noqa: ARG001
    [row] = watches(PHASE.WATCHING)
    row.screenshots = ["media"]
    row.save()
    paths = [LIST, CHANGES, f"{LIST}numbers/", f"{LIST}{row.pk}/screenshots/1/"]
    with logged_in("view_auditchange") as client:
        assert [client.get(path).status_code for path in paths] == [403, 200, 403, 403]
    for path in paths:
        response = Client().get(path)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/admin/login/")
