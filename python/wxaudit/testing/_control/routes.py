"""What can be asked of the control plane: one function a route, whose docstring is its help."""

from __future__ import annotations

from http.client import HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .serialization import (
    check_names,
    read_base64,
    read_fault,
    read_life,
    read_state,
    write_audit,
    write_closed,
    write_request,
    write_scripted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._fake import FakeWeChat


class Call(NamedTuple):
    """One call of the control plane, taken apart."""

    fake: FakeWeChat
    arguments: Mapping[str, str]
    """What stands in the place of `{name}` in the route's path."""
    query: Mapping[str, str]
    body: Mapping[str, Any]


class Route(NamedTuple):
    method: str
    path: str
    answer: Callable[[Call], object]


def list_audits(call: Call) -> object:
    """All audits."""
    return {"audits": [write_audit(audit) for audit in call.fake.audits]}


def submit_audit(call: Call) -> object:
    """Submit an audit: appid, auditid, state, reason, screenshots, life, user_version, user_desc; or none."""
    check_names(
        call.body,
        *("appid", "auditid", "state", "reason", "screenshots", "life", "user_version", "user_desc"),
    )
    options = dict(call.body)
    if "state" in options:
        options["state"] = read_state(options["state"])
    if "life" in options:
        options["life"] = read_life(options["life"])
    return write_audit(call.fake.submit(**options))


def show_audit(call: Call) -> object:
    """One audit."""
    return write_audit(call.fake.audit(int(call.arguments["auditid"])))


def approve_audit(call: Call) -> object:
    """Approve it by hand."""
    check_names(call.body)
    audit = call.fake.audit(int(call.arguments["auditid"]))
    audit.approve()
    return write_audit(audit)


def reject_audit(call: Call) -> object:
    """Reject it by hand: reason, screenshots."""
    check_names(call.body, "reason", "screenshots")
    audit = call.fake.audit(int(call.arguments["auditid"]))
    audit.reject(**call.body)
    return write_audit(audit)


def delay_audit(call: Call) -> object:
    """Delay it by hand: reason."""
    check_names(call.body, "reason")
    audit = call.fake.audit(int(call.arguments["auditid"]))
    audit.delay(**call.body)
    return write_audit(audit)


def withdraw_audit(call: Call) -> object:
    """Withdraw it by hand."""
    check_names(call.body)
    audit = call.fake.audit(int(call.arguments["auditid"]))
    audit.withdraw()
    return write_audit(audit)


def next_step(call: Call) -> object:
    """Take the next step of its life now."""
    check_names(call.body)
    audit = call.fake.audit(int(call.arguments["auditid"]))
    audit.next_step()
    return write_audit(audit)


def keep_media(call: Call) -> object:
    """Keep a picture: content_base64 (a small PNG without), appid, media_id."""
    check_names(call.body, "content_base64", "appid", "media_id")
    options = dict(call.body)
    if "content_base64" in options:
        options["content"] = read_base64(options.pop("content_base64"))
    return {"media_id": call.fake.keep_media(**options)}


def push_event(call: Call) -> object:
    """Push an event to url: auditid, or event with appid, reason, screenshots; and the platform's settings
    token, encoding_aes_key, component_appid; timestamp and nonce may be missing."""
    settings = ("token", "encoding_aes_key", "component_appid")
    check_names(
        call.body,
        "url",
        "auditid",
        "event",
        "appid",
        "reason",
        "screenshots",
        *settings,
        "timestamp",
        "nonce",
    )
    options = dict(call.body)
    if missing := [name for name in ("url", *settings) if not isinstance(options.get(name), str)]:
        raise ValueError(f"a text is missing: {', '.join(missing)}")
    if ("auditid" in options) is ("event" in options):
        raise ValueError("either auditid or event says what is pushed")
    audit = options.pop("event") if "event" in options else call.fake.audit(int(options.pop("auditid")))
    try:
        answer = call.fake.push(audit, **options)
    except (OSError, HTTPException) as failure:
        # As it is for WeChat: nobody answered, or not as HTTP has it.
        return {"http_status": None, "body": None, "accepted": False, "error": str(failure)}
    body = answer.body.decode("utf-8", "replace")
    return {"http_status": answer.http_status, "body": body, "accepted": answer.accepted, "error": None}


def issue_token(call: Call) -> object:
    """Give out a token: appid, expires_in (seconds), kind, permissions, url_safe, length."""
    check_names(call.body, "appid", "expires_in", "kind", "permissions", "url_safe", "length")
    return {"token": call.fake.token(**call.body)}


def expire_token(call: Call) -> object:
    """Let a token's time be over: token."""
    check_names(call.body, "token")
    call.fake.expire(str(call.body.get("token", "")))
    return {}


def supersede_tokens(call: Call) -> object:
    """Let all tokens of a mini program be superseded: appid."""
    check_names(call.body, "appid")
    call.fake.supersede(**call.body)
    return {}


def deauthorize(call: Call) -> object:
    """Let the merchant withdraw the authorization: appid."""
    check_names(call.body, "appid")
    call.fake.deauthorize(**call.body)
    return {}


def authorize(call: Call) -> object:
    """Let the merchant authorize the platform again: appid."""
    check_names(call.body, "appid")
    call.fake.authorize(**call.body)
    return {}


def show_clock(call: Call) -> object:
    """The fake's clock."""
    return {"now": call.fake.clock.now().isoformat(), "unix": call.fake.clock.timestamp()}


def advance_clock(call: Call) -> object:
    """Move the clock forward: advance (seconds)."""
    check_names(call.body, "advance")
    call.fake.clock.advance(cast("float", call.body.get("advance")))
    return show_clock(call)


def list_faults(call: Call) -> object:
    """The faults that wait for requests."""
    return {"faults": [write_scripted(scripted) for scripted in call.fake.pending_faults]}


def add_fault(call: Call) -> object:
    """Let the next requests fail: fault; times, auditid, appid, reused may be missing."""
    check_names(call.body, "fault", "times", "auditid", "appid", "reused")
    options = {name: value for name, value in call.body.items() if name != "fault"}
    return write_scripted(call.fake.fail_next(read_fault(call.body.get("fault")), **options))


def clear_faults(call: Call) -> object:
    """Forget the faults that wait."""
    call.fake.clear_faults()
    return {}


def release(call: Call) -> object:
    """Let held requests go on."""
    check_names(call.body)
    return {"released": call.fake.release()}


def list_requests(call: Call) -> object:
    """What was received; with ?wait_for=N&timeout=SECONDS once there are N."""
    check_names(call.query, "wait_for", "timeout")
    if "wait_for" in call.query:
        call.fake.wait_for_requests(int(call.query["wait_for"]), _timeout(call))
    return {
        "received": call.fake.requests_received,
        "requests": [write_request(request) for request in call.fake.requests],
    }


def list_connections(call: Call) -> object:
    """Connections; ?wait_for_open=N, wait_for_closed, wait_for_held (&timeout=SECONDS) wait first."""
    check_names(call.query, "wait_for_open", "wait_for_closed", "wait_for_held", "timeout")
    fake = call.fake
    if "wait_for_open" in call.query:
        fake.wait_for_connections_open(int(call.query["wait_for_open"]), _timeout(call))
    if "wait_for_closed" in call.query:
        fake.wait_for_connections_closed(int(call.query["wait_for_closed"]), _timeout(call))
    if "wait_for_held" in call.query:
        fake.wait_for_held(int(call.query["wait_for_held"]), _timeout(call))
    return {
        "accepting": fake.accepting_connections,
        "accepted": fake.connections_accepted,
        "open": fake.connections_open,
        "held": fake.held,
        "closed": [write_closed(connection) for connection in fake.closed_connections],
    }


def close_connections(call: Call) -> object:
    """Close the open connections; with ?reset=true by a TCP reset."""
    check_names(call.query, "reset")
    call.fake.close_connections(reset=call.query.get("reset", "false") == "true")
    return {}


def set_listening(call: Call) -> object:
    """Refuse or accept new connections: accepting (true or false)."""
    check_names(call.body, "accepting")
    if call.body.get("accepting") not in (True, False):
        raise ValueError("accepting is true or false")
    if call.body["accepting"]:
        call.fake.accept_connections()
    else:
        call.fake.refuse_connections()
    return {"accepting": call.fake.accepting_connections}


def reset(call: Call) -> object:
    """Forget audits, tokens, faults and the log."""
    check_names(call.body)
    call.fake.reset()
    return {}


def index(call: Call) -> object:
    """This list."""
    return {
        "base_url": call.fake.base_url,
        "routes": [
            {
                "method": route.method,
                "path": route.path,
                "help": " ".join((route.answer.__doc__ or "").split()),
            }
            for route in ROUTES
        ],
    }


def _timeout(call: Call) -> float:
    return float(call.query.get("timeout", 5))


ROUTES = (
    Route("GET", "/", index),
    Route("GET", "/audits", list_audits),
    Route("POST", "/audits", submit_audit),
    Route("GET", "/audits/{auditid}", show_audit),
    Route("POST", "/audits/{auditid}/approve", approve_audit),
    Route("POST", "/audits/{auditid}/reject", reject_audit),
    Route("POST", "/audits/{auditid}/delay", delay_audit),
    Route("POST", "/audits/{auditid}/withdraw", withdraw_audit),
    Route("POST", "/audits/{auditid}/next", next_step),
    Route("POST", "/media", keep_media),
    Route("POST", "/push", push_event),
    Route("POST", "/tokens", issue_token),
    Route("POST", "/tokens/expire", expire_token),
    Route("POST", "/tokens/supersede", supersede_tokens),
    Route("POST", "/deauthorize", deauthorize),
    Route("POST", "/authorize", authorize),
    Route("GET", "/clock", show_clock),
    Route("POST", "/clock", advance_clock),
    Route("GET", "/faults", list_faults),
    Route("POST", "/faults", add_fault),
    Route("DELETE", "/faults", clear_faults),
    Route("POST", "/release", release),
    Route("GET", "/requests", list_requests),
    Route("GET", "/connections", list_connections),
    Route("DELETE", "/connections", close_connections),
    Route("POST", "/listening", set_listening),
    Route("POST", "/reset", reset),
)
