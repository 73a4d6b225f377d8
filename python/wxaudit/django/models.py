"""What the database keeps: a row for each watched audit, and a row for each change to tell receivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .._models.state import AuditState
from .._native import AuditStatus
from ._querysets import AuditChangeQuerySet, AuditWatchQuerySet

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.db.models.fields.related_descriptors import RelatedManager

    from ._columns import Column

    _Text = Column[str, str]
    _Texts = Column[list[str], list[str]]
    _Number = Column[int, int]
    _Moment = Column[datetime, datetime]
    _MomentOrNone = Column[datetime | None, datetime | None]

    # What `as_manager` makes: a manager with the methods of the queryset.
    class _WatchManager(AuditWatchQuerySet["AuditWatch"], models.Manager["AuditWatch"]):  # type: ignore[misc]
        pass

    class _ChangeManager(AuditChangeQuerySet["AuditChange"], models.Manager["AuditChange"]):  # type: ignore[misc]
        pass


MAX_NOTE_LENGTH = 200
MAX_APPID_LENGTH = 64


class AuditWatch(models.Model):
    """An audit that is asked about until WeChat has decided. It holds no token."""

    class Phase(models.TextChoices):
        WATCHING = "watching", _("watching")
        DECIDED = "decided", _("decided")
        # By a person, in the admin or in code.
        STOPPED = "stopped", _("stopped")
        # The authorization is lost (授权失效): asked once a day until WeChat answers again.
        PARKED = "parked", _("authorization lost")
        # WeChat does not know the audit, or answers that only a person can settle.
        FAILED = "failed", _("failed")

    appid: _Text = models.CharField(_("appid"), max_length=MAX_APPID_LENGTH)
    auditid: _Number = models.PositiveBigIntegerField(_("auditid"))
    note: _Text = models.CharField(_("note"), max_length=MAX_NOTE_LENGTH, blank=True, default="")
    # Of the watch. What WeChat answers is the state.
    phase: _Text = models.CharField(_("phase"), max_length=10, choices=Phase.choices, default=Phase.WATCHING)

    # WeChat's last answer. A submitted audit is in review. No choices: WeChat may send states unknown today.
    state: _Number = models.BigIntegerField(_("state"), default=AuditState.IN_REVIEW.value)
    reason: _Text = models.TextField(_("reason"), blank=True, default="")
    screenshots: _Texts = models.JSONField(_("screenshots"), blank=True, default=list)

    created_at: _Moment = models.DateTimeField(_("created"), default=timezone.now)
    checked_at: _MomentOrNone = models.DateTimeField(_("last check"), null=True, blank=True)
    decided_at: _MomentOrNone = models.DateTimeField(_("decided at"), null=True, blank=True)
    deadline: _MomentOrNone = models.DateTimeField(_("deadline"), null=True, blank=True)
    overdue_at: _MomentOrNone = models.DateTimeField(_("overdue since"), null=True, blank=True)

    # When to ask next; null for a watch that has ended. A worker that claims a row moves it to the end of its
    # lease, so that the row falls due again by itself if the worker dies.
    next_check_at: _MomentOrNone = models.DateTimeField(
        _("next check"), null=True, blank=True, default=timezone.now
    )
    # The claim that may write the row's answer: a fencing token, of the latest worker that claimed it.
    lease: _Text = models.CharField(max_length=32, blank=True, default="", editable=False)
    failures: _Number = models.PositiveIntegerField(_("failures in a row"), default=0)
    last_error: _Text = models.TextField(_("last error"), blank=True, default="")

    # The number of the latest change.
    sequence: _Number = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[_WatchManager] = AuditWatchQuerySet.as_manager()  # type: ignore[assignment]

    if TYPE_CHECKING:
        # What Django adds.
        id: int
        changes: RelatedManager[AuditChange]
        get_phase_display: Callable[[], str]

    class Meta:
        verbose_name: ClassVar[Any] = _("audit watch")
        verbose_name_plural: ClassVar[Any] = _("audit watches")
        ordering: ClassVar[tuple[str, ...]] = ("-id",)
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.UniqueConstraint(fields=("appid", "auditid"), name="wxaudit_watch_audit"),
        )
        indexes: ClassVar[tuple[models.Index, ...]] = (
            # What is due is a scan of a range.
            models.Index(fields=("next_check_at",), name="wxaudit_watch_due"),
            models.Index(fields=("phase", "decided_at"), name="wxaudit_watch_decided"),
        )

    def __str__(self) -> str:
        return f"{self.appid}:{self.auditid}"

    @property
    def audit_state(self) -> AuditState:
        """The state as an `AuditState`, also of a number unknown today."""
        return AuditState(self.state)

    @property
    def audit(self) -> AuditStatus:
        """WeChat's last answer, as `Client.get_audit_status` returns it."""
        return AuditStatus(
            self.auditid,
            self.state,
            self.reason or None,
            self.screenshots,
            appid=self.appid,
            observed_at=_aware(self.checked_at or self.created_at),
        )


class AuditChange(models.Model):
    """What happened to an audit: written with its state, and told to receivers afterwards (an outbox)."""

    class Kind(models.TextChoices):
        STATE = "state", _("state changed")
        OVERDUE = "overdue", _("overdue")

    watch: Column[AuditWatch, AuditWatch] = models.ForeignKey(
        AuditWatch, models.CASCADE, related_name="changes", verbose_name=_("audit watch")
    )
    sequence: _Number = models.PositiveIntegerField(_("number"))
    kind: _Text = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.STATE)
    old_state: _Number = models.BigIntegerField(_("old state"))
    new_state: _Number = models.BigIntegerField(_("new state"))
    reason: _Text = models.TextField(_("reason"), blank=True, default="")
    screenshots: _Texts = models.JSONField(_("screenshots"), blank=True, default=list)
    # When WeChat's answer came.
    observed_at: _Moment = models.DateTimeField(_("observed"))

    # When to tell receivers next; null after all of them were told, or after the last try.
    next_delivery_at: _MomentOrNone = models.DateTimeField(
        _("next delivery"), null=True, blank=True, default=timezone.now
    )
    lease: _Text = models.CharField(max_length=32, blank=True, default="", editable=False)
    attempts: _Number = models.PositiveIntegerField(_("deliveries tried"), default=0)
    delivered_at: _MomentOrNone = models.DateTimeField(_("delivered"), null=True, blank=True)
    failed_at: _MomentOrNone = models.DateTimeField(_("failed"), null=True, blank=True)
    last_error: _Text = models.TextField(_("last error"), blank=True, default="")

    objects: ClassVar[_ChangeManager] = AuditChangeQuerySet.as_manager()  # type: ignore[assignment]

    if TYPE_CHECKING:
        # What Django adds.
        id: int
        watch_id: int
        get_kind_display: Callable[[], str]

    class Meta:
        verbose_name: ClassVar[Any] = _("audit change")
        verbose_name_plural: ClassVar[Any] = _("audit changes")
        ordering: ClassVar[tuple[str, ...]] = ("watch", "sequence")
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.UniqueConstraint(fields=("watch", "sequence"), name="wxaudit_change_sequence"),
        )
        indexes: ClassVar[tuple[models.Index, ...]] = (
            models.Index(fields=("next_delivery_at",), name="wxaudit_change_due"),
        )

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """`appid:auditid:sequence`: the same each time that this change is delivered."""
        return f"{self.watch}:{self.sequence}"

    @property
    def audit(self) -> AuditStatus:
        """What WeChat answered, as `Client.get_audit_status` returns it."""
        return AuditStatus(
            self.watch.auditid,
            self.new_state,
            self.reason or None,
            self.screenshots,
            appid=self.watch.appid,
            observed_at=_aware(self.observed_at),
        )

    @property
    def is_decision(self) -> bool:
        """Whether WeChat has approved, rejected or withdrawn the audit."""
        return self.kind == self.Kind.STATE and AuditState(self.new_state).is_final


def _aware(moment: datetime) -> datetime:
    """Without `USE_TZ`, Django keeps times of `TIME_ZONE`."""
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
