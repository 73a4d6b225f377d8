"""Tell what happens: merchants submit, WeChat decides, a worker dies, and each merchant is told once."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from django.db.models import Count
from django.test import Client

from shop import wechat
from shop.models import OrderLog, Release
from shop.settings import WXAUDIT
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from run import Workers

MERCHANTS = {name: f"wx{number:016x}" for number, name in enumerate(
    ("Tea house", "Bookshop", "Florist", "Bicycles", "Toys", "Shoes", "Lamps", "Bakery"), 0x5B97B03F7E2C4D18
)}  # fmt: skip
REASON = (
    "1:账号信息不符合规范:<br>(1):包含色情因素<br>2:页面无正式运营内容:<br>(1):请上架完整内容再提交审核<br>"
)
# The slowest step waits for a lease of three seconds to end.
PATIENCE = 60.0

_printed: set[str] = set()
_begun = time.monotonic()


def tell(site: str, workers: Workers) -> None:
    shop = Client()

    heading("Merchants submit; each audit is watched from the same transaction on")
    for name, appid in MERCHANTS.items():
        promised = 2 if name == "Lamps" else ""
        shop.post("/submit/", {"merchant": name, "appid": appid, "version": "1.0.0", "promised": promised})
        print(f"  {name:<10} {appid}  audit {auditid(name)}")

    heading("A worker asks WeChat: all are under review; one takes longer than promised")
    workers.start()
    wait("every audit to be asked about", lambda: not AuditWatch.objects.filter(checked_at=None).exists())
    wait_for_log(1)

    heading("WeChat decides, and delays one")
    decide("Tea house", "approve")
    decide("Bookshop", "reject", reason=REASON)
    decide("Florist", "delay", reason="审核量较大，预计还需 1 个工作日")
    decide("Bicycles", "withdraw")
    wait_for_log(5)

    heading("WeChat pushes a decision: a hint to ask now")
    decide("Toys", "approve")
    pushed = wechat.control(
        "/push", auditid=auditid("Toys"), url=f"{site}/wechat/$APPID$/events/", **WXAUDIT["EVENTS"]
    )
    print(f"  the site answered {pushed['http_status']} {pushed['body']}")
    wait_for_log(6)

    heading("A merchant takes the authorization back, and gives it again")
    wechat.control("/deauthorize", appid=MERCHANTS["Shoes"])
    wait("the watch to be parked", lambda: is_parked("Shoes"))
    print("  parked: asked once a day from now on")
    wechat.control("/authorize", appid=MERCHANTS["Shoes"])
    decide("Shoes", "approve")
    shoes = AuditWatch.objects.get(auditid=auditid("Shoes"))
    print(f"  in the admin, “check now”: {act_in_admin('auditwatch', 'check_now', shoes.pk)}")
    wait_for_log(7)

    heading("The worker is killed; WeChat decides meanwhile; another worker goes on")
    workers.kill()
    decide("Florist", "approve")
    decide("Lamps", "approve")
    decide("Bakery", "reject", reason=REASON)
    workers.start()
    wait_for_log(10)
    wait(
        "every change to be marked as told",
        lambda: not AuditChange.objects.filter(delivered_at=None).exists(),
    )

    heading("In the admin, a change is delivered again: the receiver is called with the same key")
    told_again = AuditChange.objects.get(watch__auditid=auditid("Tea house"))
    print(f"  {act_in_admin('auditchange', 'deliver_again', told_again.pk)}")
    wait("the change to be told again", lambda: is_told_again(told_again))
    print(f"  told twice, and {OrderLog.objects.filter(key=told_again.key).count()} time in the order log")

    heading("In the end")
    summarize()


def heading(text: str) -> None:
    print(f"\n{text}   ({time.monotonic() - _begun:.1f} s)", flush=True)


def auditid(merchant: str) -> int:
    release: Any = Release.objects.get(merchant=merchant)
    return int(release.auditid)


def is_parked(merchant: str) -> bool:
    return bool(AuditWatch.objects.filter(auditid=auditid(merchant), phase="parked").exists())


def decide(merchant: str, what: str, **details: str) -> None:
    """In WeChat's place."""
    wechat.control(f"/audits/{auditid(merchant)}/{what}", **details)
    print(f"  WeChat: {what} {merchant}")


def is_told_again(change: AuditChange) -> bool:
    return bool(AuditChange.objects.filter(pk=change.pk, delivered_at__gt=change.delivered_at).exists())


def act_in_admin(model: str, action: str, row: int) -> str:
    """As a person does it in the admin: select a row and an action. Returns what the page says."""
    form = {"action": action, "_selected_action": [row]}
    answer = admin().post(f"/admin/wxaudit/{model}/", form, follow=True)
    return "; ".join(re.findall(r'<li class="(?:success|info|warning)">(.*?)</li>', answer.content.decode()))


def admin() -> Client:
    client = Client()
    client.login(username="admin", password="admin")
    return client


def wait(what: str, arrived: Callable[[], bool]) -> None:
    """Ask the database until it is so."""
    give_up_at = time.monotonic() + PATIENCE
    while not arrived():
        print_log()
        if time.monotonic() > give_up_at:
            raise SystemExit(f"waited {PATIENCE:g} s for {what}")
        time.sleep(0.05)
    print_log()


def wait_for_log(count: int) -> None:
    wait(f"{count} entries of the order log", lambda: OrderLog.objects.count() >= count)


def print_log() -> None:
    for entry in OrderLog.objects.select_related("release").order_by("id"):
        if entry.key not in _printed:
            _printed.add(entry.key)
            print(f"  told   {entry.release.merchant:<10} {entry.text}   [{entry.key}]")


def summarize() -> None:
    changes = AuditChange.objects.select_related("watch")
    written = set(OrderLog.objects.values_list("key", flat=True))
    missing = {change.key for change in changes} - written
    logged = OrderLog.objects.count()
    print(f"  {len(changes)} changes, {logged} entries of the order log, {len(missing)} missing there")
    phases: Any = AuditWatch.objects.order_by("phase").values_list("phase").annotate(Count("id"))
    print("  watches: " + ", ".join(f"{count} {phase}" for phase, count in phases))
    for name, path in {"shop": "/", "admin": "/admin/wxaudit/auditwatch/"}.items():
        page = admin().get(path)
        shown = sum(appid in page.content.decode() for appid in MERCHANTS.values())
        print(f"  {name}: {page.status_code}, {shown} of {len(MERCHANTS)} mini programs on the page")
    if missing:
        raise SystemExit(f"not written to the order log: {missing}")
