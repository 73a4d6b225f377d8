"""What the platform keeps of its own: submitted versions, and the log of what merchants were told."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Release(models.Model):
    """A version of a mini program that was submitted."""

    merchant = models.CharField(max_length=40)
    appid = models.CharField(max_length=64)
    auditid = models.PositiveBigIntegerField(unique=True)
    version = models.CharField(max_length=20)
    status = models.CharField(max_length=20, default="submitted")
    objects: ClassVar[models.Manager[Release]]

    def __str__(self) -> str:
        return f"{self.merchant} {self.version}"


class OrderLog(models.Model):
    """What a merchant was told. The key of the change is unique: nobody is told twice."""

    key = models.CharField(max_length=120, unique=True)
    release = models.ForeignKey(Release, models.CASCADE)
    text = models.TextField()
    written_at = models.DateTimeField(auto_now_add=True)
    objects: ClassVar[models.Manager[OrderLog]]

    def __str__(self) -> str:
        return self.text
