"""A Django project in one module, for real servers and workers. A variable of the environment holds its
settings.

Its import asks for an audit already: with a server that imports it in its master, the workers inherit the
clients.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import celery
import django
import pymysql
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

SITE: dict[str, Any] = json.loads(os.environ["DJANGO_SITE"])
IMPORTED_IN = os.getpid()

# As in the tests' own settings.
pymysql.install_as_MySQLdb()

if not settings.configured:
    settings.configure(
        SECRET_KEY="only-for-tests",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["wxaudit.django"],
        # It has no receiver, and commands would say so first.
        SILENCED_SYSTEM_CHECKS=["wxaudit.W007"],
        DATABASES={"default": SITE.get("database", {})},
        USE_TZ=True,
        WXAUDIT={"TOKEN_SOURCE": f"{__name__}.find_token", **SITE["wxaudit"]},
        DEBUG=SITE.get("debug", False),
    )
    django.setup()

from django.core.asgi import get_asgi_application  # noqa: E402  # needs the settings
from django.core.wsgi import get_wsgi_application  # noqa: E402  # as above

from wxaudit.django import _clients, get_async_client, get_client  # noqa: E402  # as above

if TYPE_CHECKING:
    from django.http import HttpRequest

FIRST_AUDITID = 1001


def find_token(appid: str) -> str:
    del appid
    return str(SITE["token"])


def answered(auditid: int) -> str:
    """The process that imported this module, this one, and what WeChat answers."""
    audit = get_client().get_audit_status(_clients.token_source("wx1"), auditid)
    return f"{IMPORTED_IN} {os.getpid()} {audit.reason}"


def ask(request: HttpRequest, auditid: int) -> HttpResponse:
    del request
    return HttpResponse(answered(auditid))


async def ask_async(request: HttpRequest, auditid: int) -> HttpResponse:
    del request
    audit = await get_async_client().get_audit_status(_clients.token_source("wx1"), auditid)
    return HttpResponse(f"{IMPORTED_IN} {os.getpid()} {audit.reason}")


urlpatterns = [path("ask/<int:auditid>/", ask), path("ask_async/<int:auditid>/", ask_async)]
application = get_wsgi_application()
asgi = get_asgi_application()

app = celery.Celery("site", set_as_current=True)
app.conf.update(SITE.get("celery", {}))
app.autodiscover_tasks(["wxaudit.django"], force=True)
app.task(answered, name="answered")


async def ask_in_loop() -> None:
    await get_async_client().get_audit_status(_clients.token_source("wx1"), FIRST_AUDITID)


if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
elif SITE.get("asks_at_import", True):
    answered(FIRST_AUDITID)
    asyncio.run(ask_in_loop())
