"""What holds for every push, no matter who made it: properties that Hypothesis searches for an exception."""

from __future__ import annotations

import re
import time
import traceback
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.push_platform import APPID, KEY, TOKEN, envelope, push, query, receiver, sealed
from wxaudit.events import AuditEvent, EventRejected

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = {"weapp_audit_success": "SuccTime", "weapp_audit_fail": "FailTime", "weapp_audit_delay": "DelayTime"}
TICKET = "ticket@@@a-secret-of-the-platform"

# What expat refuses, and what a text may therefore not hold: control characters, surrogates, two at the end.
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=80)
_PRINTABLE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=80
)
_MEDIA_IDS = st.lists(st.text("abcXYZ019-_", min_size=1, max_size=12), max_size=4)
# What a message may be made of, in any order.
_PIECES = (
    *(
        "<xml>",
        "</xml>",
        "<Event>",
        "</Event>",
        "<![CDATA[",
        "]]>",
        "weapp_audit_fail",
        "<MsgType>event</MsgType>",
    ),
    *("<Event>weapp_audit_fail</Event>", "<ToUserName>gh_1</ToUserName>", "<FailTime>1488856590</FailTime>"),
    *("<Reason>", "</Reason>", "&lt;", "&#0;", "&x;", "<!DOCTYPE x>", "<?xml version='1.0'?>"),
    *("\x00", "\x0b", "\ufeff", TICKET, "文"),
)
_MADE_OF_PIECES = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)


PROPERTIES: dict[str, Callable[[settings], None]] = {}


def holds_for(**arguments: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes a check a property: it holds for all such arguments."""

    def register(check: Callable[..., None]) -> Callable[..., None]:
        PROPERTIES[check.__name__] = lambda options: options(given(**arguments)(check))()
        return check

    return register


def receive(text: Any, body: bytes) -> AuditEvent | EventRejected | None:
    """What a receiver makes of a push; any other exception is a fault, as is a secret in a refusal."""
    try:
        return receiver().receive(text, body)
    except EventRejected as refusal:
        shown = "".join(traceback.format_exception(refusal)) + repr(vars(refusal))
        assert not [secret for secret in (TICKET, KEY, f"{TOKEN!r}") if secret in shown]
        return refusal


@holds_for(
    text=st.one_of(st.binary(max_size=200), _TEXT),
    body=st.one_of(st.binary(max_size=400), _TEXT.map(str.encode)),
)
def forged(text: str | bytes, body: bytes) -> None:
    """Nothing that WeChat has not signed is taken."""
    assert isinstance(receive(text, body), EventRejected)


@holds_for(message=st.one_of(_TEXT, _MADE_OF_PIECES, st.builds("<xml>{}</xml>".format, _MADE_OF_PIECES)))
def any_message(message: str) -> None:
    """Whatever WeChat signed is an event, another push, or refused; the same again is the same."""
    first, second = receive(*push(message)), receive(*push(message))
    assert type(first) is type(second)
    if isinstance(first, AuditEvent):
        assert first == second
        assert first.kind in TIMES


@holds_for(
    kind=st.sampled_from(sorted(TIMES)),
    owner=st.text("gh_0123456789abcdef", min_size=1, max_size=20),
    reason=_PRINTABLE,
    media_ids=_MEDIA_IDS,
    moment=st.integers(0, 99_999_999_999),
    cdata=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def an_event(
    kind: str, owner: str, reason: str, media_ids: list[str], moment: int, cdata: bool, order: Any
) -> None:
    """An event says exactly what WeChat wrote, in whatever order and form."""

    def text(content: str) -> str:
        return f"<![CDATA[{content}]]>" if cdata and "]]>" not in content else escape(content)

    nodes = [
        f"<ToUserName>{text(owner)}</ToUserName>",
        f"<MsgType>{text('event')}</MsgType>",
        f"<Event>{text(kind)}</Event>",
        f"<{TIMES[kind]}>{moment}</{TIMES[kind]}>",
        f"<Reason>{text(reason)}</Reason>",
        f"<ScreenShot>{text('|'.join(media_ids))}</ScreenShot>",
        "<CreateTime>1488856591</CreateTime>",
    ]
    order.shuffle(nodes)
    event = receive(*push(f"<xml>{''.join(nodes)}</xml>"))
    assert isinstance(event, AuditEvent), event
    assert (event.kind, event.original_id, event.screenshots) == (kind, owner, tuple(media_ids))
    assert event.reason == (reason or None)
    assert event.decided_at == datetime.fromtimestamp(moment, timezone.utc)
    assert AuditEvent.from_dict(event.to_dict()) == event
    # Its reasons keep every word, as those of answers do.
    kept = "".join(part for item in event.reasons for part in (item.title, *item.details))
    assert _words(kept) == _words(reason)


@holds_for(position=st.integers(0, 10_000), character=st.sampled_from("AZaz09+/="), message=_TEXT)
def one_changed_character(position: int, character: str, message: str) -> None:
    """A push that was changed on its way is refused."""
    encrypted = sealed(message)
    position %= len(encrypted)
    changed = encrypted[:position] + character + encrypted[position + 1 :]
    if changed != encrypted:
        assert isinstance(receive(query(encrypted), envelope(changed)), EventRejected)
        assert isinstance(receive(query(changed), envelope(encrypted)), EventRejected)


@holds_for(message=_TEXT, appid=st.text("wx0123456789abcdef", max_size=20))
def another_platforms_push(message: str, appid: str) -> None:
    """A push for another platform is refused, although it is signed."""
    if appid != APPID:
        assert isinstance(receive(*push(message, appid=appid)), EventRejected)


def _words(text: str) -> str:
    return re.sub(r"<br\s*/?>|[\s0-9():：]", "", text, flags=re.IGNORECASE)


def search(seconds: float) -> tuple[int, bool]:
    """Tries ever new examples for that long. Returns how many, and whether one failed, which is printed."""
    until = time.monotonic() + seconds
    examples, count = 500, 0
    forever = settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    while time.monotonic() < until:
        for search_for_exception in PROPERTIES.values():
            try:
                search_for_exception(forever)
            except Exception:
                traceback.print_exc()
                return count, True
            count += examples
    return count, False
