"""The page of the shop: its releases, a form to submit one, and, in WeChat's place, buttons to decide."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from wxaudit.django import watch

from . import wechat
from .models import OrderLog, Release

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

DECISIONS = {
    "approve": {},
    "reject": {"reason": "1:账号信息不符合规范:<br>(1):包含色情因素<br>"},
    "delay": {},
}


def index(request: HttpRequest) -> HttpResponse:
    context = {
        "releases": Release.objects.order_by("-id"),
        "log": OrderLog.objects.select_related("release").order_by("-id"),
        "decisions": DECISIONS,
    }
    return render(request, "shop/index.html", context)


@require_POST
def submit(request: HttpRequest) -> HttpResponse:
    """Submit a version and watch its audit. Both rows are written in one transaction, or none of them."""
    appid, merchant, version = (request.POST[name] for name in ("appid", "merchant", "version"))
    promised = timedelta(seconds=float(request.POST.get("promised") or 7 * 86400))
    auditid = wechat.submit_audit(appid, version)
    with transaction.atomic():
        Release.objects.create(appid=appid, merchant=merchant, version=version, auditid=auditid)
        watch(appid, auditid, deadline=timezone.now() + promised, note=f"{merchant} {version}")
    return redirect("index")


@require_POST
def decide(_request: HttpRequest, auditid: int, decision: str) -> HttpResponse:
    """In WeChat's place: decide an audit of the fake."""
    wechat.control(f"/audits/{auditid}/{decision}", **DECISIONS[decision])
    return redirect("index")
