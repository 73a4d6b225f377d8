"""Fail in a Django project in many ways, and print what its error pages, its log and Sentry's events show.

The secrets come from the standard input, since Sentry sends the arguments of a program. The output is a JSON
object: a list of texts for each failure.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import celery
import django
import sentry_sdk
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from sentry_sdk.envelope import Envelope


class Kept(Transport):
    """Keeps what would be sent."""

    texts: list[str]

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()
        self.texts = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.texts += [item.get_bytes().decode() for item in envelope.items]


GIVEN: dict[str, Any] = json.load(sys.stdin)
SECRETS: dict[str, str] = GIVEN["secrets"]
PLATFORM = {
    "token": SECRETS["platform token"],
    "encoding_aes_key": SECRETS["key"],
    "component_appid": "wx2c2769f8efd9abc2",
}

transport = Kept()
log = io.StringIO()
settings.configure(
    SECRET_KEY="only-for-tests",
    DEBUG=True,
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["wxaudit.django"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
    LOGGING_CONFIG=None,
)
logging.basicConfig(stream=log, level=logging.DEBUG, force=True)
# It writes the settings of an error page to the log.
logging.getLogger("django.template").setLevel(logging.INFO)
sentry_sdk.init(
    dsn="http://key@127.0.0.1:9/1",
    transport=transport,
    integrations=[CeleryIntegration(), DjangoIntegration()],
    send_default_pii=True,
    traces_sample_rate=1.0,
)
django.setup()

from wxaudit.django import _clients, _events, _settings, get_client, watch  # noqa: E402  # needs the settings
from wxaudit.django._polling import poll  # noqa: E402  # as above
from wxaudit.django.models import AuditWatch  # noqa: E402  # as above

call_command("migrate", verbosity=0)


def token_source(_: str) -> str:
    return SECRETS["token"]


WORKING = {
    "TOKEN_SOURCE": token_source,
    "CLIENT": {"base_url": GIVEN["base_url"], "timeout": 10},
    "EVENTS": PLATFORM,
}


class StopError(Exception):
    """A bug in the middle of a poll."""


def fail(*_: object, **__: object) -> Any:
    raise StopError


def poll_with_a_bug(place: str) -> Callable[[], None]:
    """A poll that fails while it asks, or while it writes, with tokens and sources in its frames."""

    def poll_failing() -> None:
        # As the run before has claimed it.
        AuditWatch.objects.update(next_check_at=timezone.now() - timedelta(minutes=1))
        original = getattr(poll, place)
        setattr(poll, place, fail)
        try:
            poll.poll_due()
        finally:
            setattr(poll, place, original)

    return poll_failing


def ask() -> None:
    """WeChat refuses the token, and repeats it."""
    get_client().get_audit_status(_clients.token_source("wx1"), 1)


def read_settings() -> None:
    _settings.read()
    get_client()
    _events.get_receiver()
    _clients.token_source("wx1")


# What fails, with this setting.
FAILURES: dict[str, tuple[dict[str, Any], Callable[[], None]]] = {
    "a token for a path": ({**WORKING, "TOKEN_SOURCE": SECRETS["token"]}, read_settings),
    "tokens for a path": ({**WORKING, "TOKEN_SOURCE": {"wx1": SECRETS["token"]}}, read_settings),
    "an unknown option": ({**WORKING, "TOKEN": SECRETS["token"]}, read_settings),
    "an unknown option of events": (
        {**WORKING, "EVENTS": {**PLATFORM, "aes_key": SECRETS["key"]}},
        read_settings,
    ),
    "a long key": ({**WORKING, "EVENTS": {**PLATFORM, "encoding_aes_key": SECRETS["token"]}}, read_settings),
    "a wrong client beside events": ({**WORKING, "CLIENT": {"timeout": -1}}, read_settings),
    "a wrong pace beside events": ({**WORKING, "WATCH": {"PACE": 5}}, read_settings),
    "a module that does not import": ({**WORKING, "TOKEN_SOURCE": "no_such.module"}, read_settings),
    "a refused token": (WORKING, ask),
    "a poll that fails while it asks": (WORKING, poll_with_a_bug("apply")),
    "a poll that fails while it writes": (WORKING, poll_with_a_bug("record")),
    "a poll that fails after it has written": (WORKING, poll_with_a_bug("park_and_resume")),
}
# Django's page shows the settings, in which only names such as TOKEN are hidden: W005 warns of these.
ONLY_IN_FRAMES = {
    "a missing appid": (
        {**WORKING, "EVENTS": {**PLATFORM, "component_appid": SECRETS["token"]}},
        read_settings,
    ),
    "a wrong proxy": (
        {**WORKING, "CLIENT": {"proxy": f"socks9://user:{SECRETS['password']}@proxy.example:1"}},
        read_settings,
    ),
    "a proxy and another wrong option": (
        {**WORKING, "CLIENT": {"proxy": f"http://user:{SECRETS['password']}@proxy.example:1", "timeout": -1}},
        read_settings,
    ),
}

current: list[Callable[[], None]] = []


def view(request: HttpRequest) -> HttpResponse:
    del request
    current[-1]()
    return HttpResponse("nothing has failed")


urlpatterns = [path("", view)]
app = celery.Celery("shop", broker="memory://", set_as_current=False)


@app.task(name="fail")  # type: ignore[untyped-decorator]
def task() -> None:
    current[-1]()


def outputs(case: str, given: dict[str, Any], run: Callable[[], None], *, page: bool) -> list[str]:
    texts: list[str] = []
    current.append(run)
    log.seek(0)
    log.truncate()
    transport.texts.clear()
    with override_settings(WXAUDIT=given):
        texts += [str(message) for message in run_checks(tags=["wxaudit"])]
        try:
            run()
        except Exception as error:
            # Without the frame of this function, which holds the setting.
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            texts += [*traceback.TracebackException.from_exception(error, capture_locals=True).format()]
        else:
            raise AssertionError(f"{case} has not failed")
        client = Client(raise_request_exception=False)
        pages = [client.get("/", HTTP_ACCEPT=accept) for accept in ("text/html", "text/plain")]
        assert [shown.status_code for shown in pages] == [500, 500]
        texts += [shown.content.decode() for shown in pages] if page else []
        task.apply()
    sentry_sdk.flush()
    events = [text for text in transport.texts if '"exception"' in text]
    assert len(events) >= 2, (case, len(events))
    return [*texts, log.getvalue(), *transport.texts]


watch("wx1", 1)
seen = {case: outputs(case, *failure, page=True) for case, failure in FAILURES.items()}
seen |= {case: outputs(case, *failure, page=False) for case, failure in ONLY_IN_FRAMES.items()}
sys.stdout.write(json.dumps(seen))
