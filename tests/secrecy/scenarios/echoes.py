"""Scenarios in which the server sends the token back in various forms."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote

import wxaudit
from secrecy.canary import FRESH_TOKEN, TOKEN
from secrecy.scenario import Answers, Scenario
from secrecy.stage import Stage
from wxaudit.testing import Fault

Rewrite = Callable[[str], str]


def _in_json(**fields: object) -> Answers:
    """An otherwise valid answer with the token in place of `TOKEN`."""
    answer = {"errcode": 0, "errmsg": "ok", "status": 1, **fields}
    pattern = json.dumps(answer, ensure_ascii=False)
    return lambda _servers, token: [
        Fault(body=pattern.replace("TOKEN", json.dumps(token, ensure_ascii=False)[1:-1]))
    ]


def _in_errmsg(rewrite: Rewrite) -> Answers:
    return lambda _servers, token: [Fault(errcode=40013, errmsg=f"bad request: {rewrite(token)}, see below")]


def _in_body(pattern: str, rewrite: Rewrite = str, **rest: object) -> Answers:
    """A body that is not JSON, with the token in place of `TOKEN`."""
    return lambda _servers, token: [Fault(body=pattern.replace("TOKEN", rewrite(token)), **rest)]  # type: ignore[arg-type]  # names of Fault


def _percent(token: str) -> str:
    return quote(token, safe="")


def _percent_in_lower_case(token: str) -> str:
    """As other URL encoders do."""
    return "".join(f"%{ord(c):02x}" if c in "+/=%&#?\"'\\<>" else quote(c) for c in token)


def _percent_but_slash(token: str) -> str:
    return quote(token)


def _json_escaped(token: str) -> str:
    return json.dumps(token)[1:-1].replace("/", "\\/")


def _all_escaped(token: str) -> str:
    r"""Each character as `\u` escape."""
    return "".join(f"\\u{ord(character):04x}" for character in token)


def _first_half(token: str) -> str:
    return token[: len(token) // 2]


def _last_half(token: str) -> str:
    return token[len(token) // 2 :]


def _in_errmsg_all_escaped(_servers: object, token: str) -> list[Fault]:
    return [Fault(body=f'{{"errcode":40013,"errmsg":"bad request: {_all_escaped(token)}"}}')]


def _in_headers(_servers: object, token: str) -> list[Fault]:
    url = f"/wxa/get_auditstatus?access_token={_percent(token)}"
    headers = {"X-Request-Url": url, "Set-Cookie": f"token={_percent(token)}", "Retry-After": _percent(token)}
    return [Fault.http(503, headers=headers)]


def _in_status_line(_servers: object, token: str) -> list[Fault]:
    return [Fault(raw=f"HTTP/1.1 500 {_percent(token)}\r\nContent-Length: 0\r\n\r\n".encode())]


def _in_no_status_line(_servers: object, token: str) -> list[Fault]:
    return [Fault(raw=f"{token} is no HTTP\r\n\r\n".encode(), cut="end")]


def _old_one_after_refresh(_servers: object, token: str) -> list[Fault]:
    return [
        Fault(errcode=40001, errmsg=f"invalid credential {token}"),
        Fault(errcode=40013, errmsg=f"this token was replaced: {token}"),
    ]


class _TwoTokens:
    def get_token(self, *, refresh: bool = False) -> str:
        return (FRESH_TOKEN if refresh else TOKEN).text()


def _ask_source(stage: Stage) -> object:
    return stage.ask(_TwoTokens())


_HTML = "<html><body>Not understood: POST /wxa/get_auditstatus?access_token=TOKEN</body></html>"
_WARNING = 'PHP Warning: token TOKEN in line 7 {"errcode":0}'

SCENARIOS = (
    Scenario("echo in the reason", Stage.ask, answers=_in_json(reason="1:标题:<br>(1):TOKEN<br>")),
    Scenario("echo in the screenshot", Stage.ask, answers=_in_json(screenshot="a|TOKEN|b")),
    Scenario(
        "echo in unknown fields", Stage.ask, answers=_in_json(debug={"TOKEN": ["TOKEN", {"a": "xTOKENx"}]})
    ),
    Scenario("echo in the errmsg", Stage.ask, wxaudit.APIError, _in_errmsg(str)),
    Scenario("echo, percent-encoded", Stage.ask, wxaudit.APIError, _in_errmsg(_percent)),
    Scenario(
        "echo, percent-encoded in lower case", Stage.ask, wxaudit.APIError, _in_errmsg(_percent_in_lower_case)
    ),
    Scenario(
        "echo, percent-encoded but the slash", Stage.ask, wxaudit.APIError, _in_errmsg(_percent_but_slash)
    ),
    Scenario("echo, escaped for HTML", Stage.ask, wxaudit.APIError, _in_errmsg(html.escape)),
    Scenario(r"echo, all \u", Stage.ask, wxaudit.APIError, _in_errmsg_all_escaped),
    Scenario("echo, its first half", Stage.ask, wxaudit.APIError, _in_errmsg(_first_half)),
    Scenario("echo, its last half", Stage.ask, wxaudit.APIError, _in_errmsg(_last_half)),
    Scenario("echo as the errcode", Stage.ask, wxaudit.DecodeError, _in_json(errcode="TOKEN")),
    Scenario("echo as the status", Stage.ask, wxaudit.DecodeError, _in_json(status="TOKEN")),
    Scenario(
        "echo beside a status that is absent",
        Stage.ask,
        wxaudit.DecodeError,
        _in_json(status=None, x="TOKEN"),
    ),
    Scenario("echo in headers", Stage.ask, wxaudit.HTTPStatusError, _in_headers),
    Scenario("echo in the status line", Stage.ask, wxaudit.HTTPStatusError, _in_status_line),
    Scenario("echo instead of HTTP", Stage.ask, wxaudit.TransportError, _in_no_status_line),
    Scenario("echo on an error page", Stage.ask, wxaudit.HTTPStatusError, _in_body(_HTML, http_status=502)),
    Scenario("echo on a page with 200", Stage.ask, wxaudit.DecodeError, _in_body(_HTML)),
    Scenario(
        "echo on a page with 200, escaped", Stage.ask, wxaudit.DecodeError, _in_body(_HTML, html.escape)
    ),
    Scenario("echo in an undecodable body", Stage.ask, wxaudit.DecodeError, _in_body(_WARNING)),
    Scenario("echo in one, percent-encoded", Stage.ask, wxaudit.DecodeError, _in_body(_WARNING, _percent)),
    Scenario(
        "echo in one, percent-encoded in lower case",
        Stage.ask,
        wxaudit.DecodeError,
        _in_body(_WARNING, _percent_in_lower_case),
    ),
    Scenario(
        "echo in one, escaped for JSON", Stage.ask, wxaudit.DecodeError, _in_body(_WARNING, _json_escaped)
    ),
    Scenario(r"echo in one, all \u", Stage.ask, wxaudit.DecodeError, _in_body("no: TOKEN", _all_escaped)),
    Scenario(
        "echo at the end of one, cut", Stage.ask, wxaudit.DecodeError, _in_body('{"a":"TOKEN', _first_half)
    ),
    Scenario(
        "echo at the start of one, cut", Stage.ask, wxaudit.DecodeError, _in_body('TOKEN"}', _last_half)
    ),
    Scenario("echo where the excerpt ends", Stage.ask, wxaudit.DecodeError, _in_body(f"{'-' * 170}TOKEN")),
    Scenario(
        "echo of the old token after a refresh",
        _ask_source,
        wxaudit.APIError,
        _old_one_after_refresh,
        sends=2,
    ),
)
