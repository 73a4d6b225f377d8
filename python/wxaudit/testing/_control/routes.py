"""The routes of the control plane."""

from __future__ import annotations

from http.client import HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from .._audits import FakeAudit
from .._fake import FakeWeChat
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


class Call(NamedTuple):
    """A parsed call of the control plane."""

    fake: FakeWeChat
    arguments: Mapping[str, str]
    """The values of the placeholders in the path of the route."""
    query: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def audit(self) -> FakeAudit:
        """The audit in the path."""
        return self.fake.audit(int(self.arguments["auditid"]))

    def wait(self, name: str, wait: Callable[[int, float], object]) -> None:
        """Wait if the query has `name`, the count to wait for."""
        if name in self.query:
            wait(int(self.query[name]), float(self.query.get("timeout", 5)))


class Route(NamedTuple):
    method: str
    path: str
    function: Callable[[Call], object]
    names: tuple[str, ...]
    """The names that the body may contain, or the query for GET and DELETE."""
    help: str

    def answer(self, call: Call) -> object:
        check_names(call.query if self.method in ("GET", "DELETE") else call.body, *self.names)
        return self.function(call)


ROUTES: list[Route] = []

_Function = TypeVar("_Function", bound="Callable[[Call], object]")


def route(method: str, path: str, *names: str) -> Callable[[_Function], _Function]:
    """Add a function to `ROUTES`. Its docstring is the help; `names` may be in its body or query."""

    def add(function: _Function) -> _Function:
        ROUTES.append(Route(method, path, function, names, " ".join((function.__doc__ or "").split())))
        return function

    return add


def audit_route(action: str, method: Callable[..., None], text: str, *names: str) -> None:
    """Add a route that passes its body to a method of the audit in its path, and returns the audit."""

    def function(call: Call) -> object:
        method(call.audit, **call.body)
        return write_audit(call.audit)

    ROUTES.append(Route("POST", f"/audits/{{auditid}}/{action}", function, names, text))


def fake_route(path: str, method: Callable[..., None], text: str, *names: str) -> None:
    """Add a route that passes its body to a method of the fake."""

    def function(call: Call) -> object:
        method(call.fake, **call.body)
        return {}

    ROUTES.append(Route("POST", path, function, names, text))


@route("GET", "/")
def index(call: Call) -> object:
    """This list."""
    routes = [{"method": route.method, "path": route.path, "help": route.help} for route in ROUTES]
    return {"base_url": call.fake.base_url, "routes": routes}


@route("GET", "/audits")
def list_audits(call: Call) -> object:
    """All audits."""
    return {"audits": [write_audit(audit) for audit in call.fake.audits]}


@route(
    *("POST", "/audits", "appid", "auditid", "state", "reason", "screenshots", "life"),
    *("user_version", "user_desc"),
)
def submit_audit(call: Call) -> object:
    """Submit an audit. Optional: appid, auditid, state, reason, screenshots, life, user_version,
    user_desc."""
    options = dict(call.body)
    if "state" in options:
        options["state"] = read_state(options["state"])
    if "life" in options:
        options["life"] = read_life(options["life"])
    return write_audit(call.fake.submit(**options))


@route("GET", "/audits/{auditid}")
def show_audit(call: Call) -> object:
    """One audit."""
    return write_audit(call.audit)


audit_route("approve", FakeAudit.approve, "Approve the audit.")
audit_route(
    "reject", FakeAudit.reject, "Reject the audit. Optional: reason, screenshots.", "reason", "screenshots"
)
audit_route("delay", FakeAudit.delay, "Delay the audit. Optional: reason.", "reason")
audit_route("withdraw", FakeAudit.withdraw, "Withdraw the audit.")
audit_route("next", FakeAudit.next_step, "Take the next step of the audit's life now.")


@route("POST", "/media", "content_base64", "appid", "media_id")
def keep_media(call: Call) -> object:
    """Store media. Optional: content_base64 (a small PNG by default), appid, media_id."""
    options = dict(call.body)
    if "content_base64" in options:
        options["content"] = read_base64(options.pop("content_base64"))
    return {"media_id": call.fake.keep_media(**options)}


_PLATFORM_SETTINGS = ("token", "encoding_aes_key", "component_appid")


@route(
    *("POST", "/push", "url", "auditid", "event", "appid", "reason", "screenshots"),
    *(*_PLATFORM_SETTINGS, "timestamp", "nonce"),
)
def push_event(call: Call) -> object:
    """Push an event. Required: url; auditid, or event with optional appid, reason, screenshots; the
    settings of the platform: token, encoding_aes_key, component_appid. Optional: timestamp, nonce."""
    options = dict(call.body)
    required = ("url", *_PLATFORM_SETTINGS)
    if missing := [name for name in required if not isinstance(options.get(name), str)]:
        raise ValueError(f"required strings are missing: {', '.join(missing)}")
    if ("auditid" in options) is ("event" in options):
        raise ValueError("give either auditid or event")
    audit = options.pop("event") if "event" in options else call.fake.audit(int(options.pop("auditid")))
    try:
        answer = call.fake.push(audit, **options)
    except (OSError, HTTPException) as failure:
        # A failure of the receiver is a result, not an error of the caller.
        return {"http_status": None, "body": None, "accepted": False, "error": str(failure)}
    body = answer.body.decode("utf-8", "replace")
    return {"http_status": answer.http_status, "body": body, "accepted": answer.accepted, "error": None}


@route("POST", "/tokens", "appid", "expires_in", "kind", "permissions", "url_safe", "length")
def issue_token(call: Call) -> object:
    """Issue a token. Optional: appid, expires_in (seconds), kind, permissions, url_safe, length."""
    return {"token": call.fake.token(**call.body)}


@route("POST", "/tokens/expire", "token")
def expire_token(call: Call) -> object:
    """Expire a token. Required: token."""
    call.fake.expire(str(call.body.get("token", "")))
    return {}


fake_route(
    "/tokens/supersede",
    FakeWeChat.supersede,
    "Supersede all tokens of a mini program. Optional: appid.",
    "appid",
)
fake_route(
    "/deauthorize", FakeWeChat.deauthorize, "Withdraw the merchant's authorization. Optional: appid.", "appid"
)
fake_route("/authorize", FakeWeChat.authorize, "Authorize the platform again. Optional: appid.", "appid")


@route("GET", "/clock")
def show_clock(call: Call) -> object:
    """The fake's clock."""
    return {"now": call.fake.clock.now().isoformat(), "unix": call.fake.clock.timestamp()}


@route("POST", "/clock", "advance")
def advance_clock(call: Call) -> object:
    """Move the clock forward. Required: advance (seconds)."""
    call.fake.clock.advance(cast("float", call.body.get("advance")))
    return show_clock(call)


@route("GET", "/faults")
def list_faults(call: Call) -> object:
    """The pending faults."""
    return {"faults": [write_scripted(scripted) for scripted in call.fake.pending_faults]}


@route("POST", "/faults", "fault", "times", "auditid", "appid", "reused")
def add_fault(call: Call) -> object:
    """Apply a fault to the next requests. Required: fault. Optional: times, auditid, appid, reused."""
    options = {name: value for name, value in call.body.items() if name != "fault"}
    return write_scripted(call.fake.fail_next(read_fault(call.body.get("fault")), **options))


@route("DELETE", "/faults")
def clear_faults(call: Call) -> object:
    """Remove the pending faults."""
    call.fake.clear_faults()
    return {}


@route("POST", "/release")
def release(call: Call) -> object:
    """Release held requests."""
    return {"released": call.fake.release()}


@route("GET", "/requests", "wait_for", "timeout")
def list_requests(call: Call) -> object:
    """The received requests. ?wait_for=N&timeout=SECONDS waits until there are N."""
    call.wait("wait_for", call.fake.wait_for_requests)
    return {
        "received": call.fake.requests_received,
        "requests": [write_request(request) for request in call.fake.requests],
    }


@route("GET", "/connections", "wait_for_open", "wait_for_closed", "wait_for_held", "timeout")
def list_connections(call: Call) -> object:
    """The connections. ?wait_for_open=N, ?wait_for_closed=N and ?wait_for_held=N (&timeout=SECONDS) wait."""
    fake = call.fake
    call.wait("wait_for_open", fake.wait_for_connections_open)
    call.wait("wait_for_closed", fake.wait_for_connections_closed)
    call.wait("wait_for_held", fake.wait_for_held)
    return {
        "accepting": fake.accepting_connections,
        "accepted": fake.connections_accepted,
        "open": fake.connections_open,
        "held": fake.held,
        "closed": [write_closed(connection) for connection in fake.closed_connections],
    }


@route("DELETE", "/connections", "reset")
def close_connections(call: Call) -> object:
    """Close the open connections. ?reset=true uses a TCP reset."""
    call.fake.close_connections(reset=call.query.get("reset", "false") == "true")
    return {}


@route("POST", "/listening", "accepting")
def set_listening(call: Call) -> object:
    """Accept or refuse new connections. Required: accepting (true or false)."""
    accepting = call.body.get("accepting")
    if accepting not in (True, False):
        raise ValueError(f"accepting must be true or false, not {accepting!r}")
    if accepting:
        call.fake.accept_connections()
    else:
        call.fake.refuse_connections()
    return {"accepting": call.fake.accepting_connections}


fake_route("/reset", FakeWeChat.reset, "Forget audits, media, tokens, faults and the log.")
