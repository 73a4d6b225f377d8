"""Watches and changes as they are in the tables of a platform that has been running for a month."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from wxaudit import AuditState
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from datetime import datetime

_REASONS = (
    '1:服务类目"金融业_保险_"与你提交代码审核时设置的功能页面内容不一致:<br>(1):一级分类标签“深圳地区”与所设类目不符<br>',
    "1:账号信息不符合规范:<br>(1):包含色情因素<br>2:小程序内容不符合规则:<br>(1):页面为空，请补充内容后再提交<br>",
    "1:小程序内容不符合规则:<br>(1):提供的功能需要用户登录，请提供测试帐号<br>",
    "1:涉及用户隐私收集，需完善用户隐私保护指引:<br>(1):未说明收集手机号的用途<br>",
)
_HOSTILE_REASON = (
    '1:页面含有脚本 <img src=x onerror="window.hacked=1">:<br>'
    "(1):<script>window.hacked=1</script><br>(2):\x1b[31m\u202e';window.hacked=1//<br>"
)
_NOTES = ("", "", "v2.3.1", "华东大区", "<b onmouseover=window.hacked=1>v2</b>", "首次提交")
# For mypy as Python 3.10, its members are tuples.
_PHASE: Any = AuditWatch.Phase
_STATES = 11 * (AuditState.APPROVED,) + 4 * (AuditState.REJECTED,) + (AuditState.WITHDRAWN,)


def appid(number: int) -> str:
    return f"wx{number:016x}"


def create_month(decided: int = 300, pending: int = 40) -> None:
    """Decided watches over 30 days, pending ones, and some of each kind that is stuck."""
    chance = random.Random(7)  # noqa: S311  # always the same
    now = timezone.now()
    watches = [_decided(chance, number, now) for number in range(decided)]
    watches += [_pending(chance, decided + number, now) for number in range(pending)]
    AuditWatch.objects.bulk_create(sorted(watches, key=lambda watch: watch.created_at))
    AuditChange.objects.bulk_create(
        AuditChange(
            watch=watch,
            sequence=1,
            old_state=AuditState.IN_REVIEW,
            new_state=watch.state,
            reason=watch.reason,
            observed_at=watch.decided_at,
            delivered_at=watch.decided_at,
            next_delivery_at=None,
            attempts=1,
        )
        for watch in watches
        if watch.decided_at is not None
    )


def create_rejected(appid: str, screenshots: list[str]) -> AuditWatch:
    """One with everything that a page can show, and a hostile text in each."""
    now = timezone.now()
    watch: AuditWatch = AuditWatch.objects.create(
        appid=appid,
        auditid=449123456,
        note='"><script>window.hacked=1</script>',
        phase=_PHASE.DECIDED,
        state=AuditState.REJECTED,
        reason=_HOSTILE_REASON,
        screenshots=screenshots,
        created_at=now - timedelta(hours=7),
        checked_at=now - timedelta(minutes=5),
        decided_at=now - timedelta(minutes=5),
        overdue_at=now - timedelta(hours=1),
        next_check_at=None,
        last_error="<script>window.hacked=1</script>",
        sequence=3,
    )
    kinds = (
        (AuditChange.Kind.STATE, AuditState.IN_REVIEW, AuditState.DELAYED, "审核排队中"),
        (AuditChange.Kind.OVERDUE, AuditState.DELAYED, AuditState.DELAYED, ""),
        (AuditChange.Kind.STATE, AuditState.DELAYED, AuditState.REJECTED, _HOSTILE_REASON),
    )
    for sequence, (kind, old, new, reason) in enumerate(kinds, start=1):
        failed = sequence == 3
        AuditChange.objects.create(
            watch=watch,
            sequence=sequence,
            kind=kind,
            old_state=old,
            new_state=new,
            reason=reason,
            observed_at=now - timedelta(hours=4 - sequence),
            next_delivery_at=None,
            attempts=10 if failed else 1,
            delivered_at=None if failed else now,
            failed_at=now if failed else None,
            last_error="ValueError: <img src=x onerror=window.hacked=1>" if failed else "",
        )
    return watch


def _decided(chance: random.Random, number: int, now: datetime) -> AuditWatch:
    state = chance.choice(_STATES)
    decided_at = now - timedelta(days=29 * chance.random() ** 1.3, minutes=number)
    rejected = state == AuditState.REJECTED
    return AuditWatch(
        appid=appid(number % 60),
        auditid=449000000 + number,
        note=chance.choice(_NOTES),
        phase=_PHASE.DECIDED,
        state=state,
        reason=chance.choice((*_REASONS, *_REASONS, _HOSTILE_REASON)) if rejected else "",
        created_at=decided_at - timedelta(hours=chance.lognormvariate(1, 0.9)),
        checked_at=decided_at,
        decided_at=decided_at,
        next_check_at=None,
        sequence=1,
    )


def _pending(chance: random.Random, number: int, now: datetime) -> AuditWatch:
    watch = AuditWatch(
        appid=appid(number % 60),
        auditid=449000000 + number,
        note=chance.choice(_NOTES),
        created_at=now - timedelta(hours=chance.lognormvariate(1, 1.2)),
        checked_at=now - timedelta(minutes=chance.random() * 5),
        next_check_at=now + timedelta(minutes=chance.random() * 15),
        state=chance.choice((AuditState.IN_REVIEW, AuditState.IN_REVIEW, AuditState.DELAYED)),
    )
    kind = number % 10
    if kind == 1:
        watch.phase = _PHASE.PARKED
        watch.failures = 2
        watch.last_error = "AuthorizationLostError: WeChat answered 61003: component is not authorized"
    elif kind == 2:
        watch.phase, watch.next_check_at, watch.failures = _PHASE.FAILED, None, 3
        watch.last_error = "AuditNotFoundError: WeChat answered 85012: invalid auditid"
    elif kind == 3:
        watch.overdue_at = now - timedelta(minutes=30)
    elif kind == 4:
        watch.next_check_at = now - timedelta(minutes=25)
    elif kind == 5:
        watch.state = 7
    elif kind == 6:
        watch.phase, watch.next_check_at = _PHASE.STOPPED, None
    return watch
