"""The addresses of the example."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from wxaudit.django.views import AuditEventsView

from . import views

urlpatterns = [
    path("", views.index, name="index"),
    path("submit/", views.submit, name="submit"),
    path("decide/<int:auditid>/<str:decision>/", views.decide, name="decide"),
    path("admin/", admin.site.urls),
    path("wechat/<str:appid>/events/", AuditEventsView.as_view()),
]
