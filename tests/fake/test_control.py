"""Control the fake over HTTP, as a program in another language does."""

from __future__ import annotations

import base64
import http.client
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

import pytest

from support.fake_program import exchange, read_urls, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator


class Program(NamedTuple):
    process: subprocess.Popen[str]
    base_url: str
    control_url: str

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """One call of the control plane."""
        return exchange(method, self.control_url + path, body)

    def do(self, method: str, path: str, body: object = None) -> Any:
        """One call of the control plane, which must succeed."""
        status, answer = self.call(method, path, body)
        assert status == 200, answer
        return answer

    def poll(self, token: str, auditid: int) -> Any:
        url = f"{self.base_url}/wxa/get_auditstatus?access_token={quote(token, safe='')}"
        return exchange("POST", url, {"auditid": auditid})[1]


@pytest.fixture(scope="module")
def served() -> Iterator[Program]:
    process = start("--until-stdin-closes")
    urls = read_urls(process)
    yield Program(process, urls["base_url"], urls["control_url"])
    # `communicate` closes standard input, which ends the program.
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.fixture
def program(served: Program) -> Program:
    served.do("POST", "/reset", {})
    return served


def test_the_index_lists_every_route_with_its_help(program: Program) -> None:
    index = program.do("GET", "/")
    assert index["base_url"] == program.base_url
    assert {"POST /audits", "POST /audits/{auditid}/reject", "DELETE /connections"} <= {
        f"{route['method']} {route['path']}" for route in index["routes"]
    }
    assert all(route["help"].endswith(".") for route in index["routes"])


def test_an_audit_follows_its_scripted_life(program: Program) -> None:
    life = [
        {"state": "delayed", "after_polls": 2, "reason": "排队"},
        {"state": 1, "after": 3600, "reason": "1:…", "screenshots": ["a", "b"]},
    ]
    audit = program.do("POST", "/audits", {"appid": "wx00000000000000aa", "auditid": 1234567, "life": life})
    assert audit["auditid"] == 1234567
    assert (audit["state"], audit["state_name"], audit["steps_left"]) == (2, "in_review", 2)
    token = program.do("POST", "/tokens", {"appid": "wx00000000000000aa"})["token"]
    assert [program.poll(token, 1234567)["status"] for _ in range(3)] == [2, 2, 4]
    before = program.do("GET", "/clock")["unix"]
    assert program.do("POST", "/clock", {"advance": 3600})["unix"] == before + 3600
    assert program.poll(token, 1234567) == {
        "errcode": 0,
        "errmsg": "ok",
        "status": 1,
        "reason": "1:…",
        "screenshot": "a|b",
    }
    shown = program.do("GET", "/audits/1234567")
    assert (shown["state_name"], shown["polls"], shown["steps_left"]) == ("rejected", 4, 0)
    assert program.do("GET", "/audits") == {"audits": [shown]}


@pytest.mark.parametrize(
    ("change", "body", "state"),
    [
        ("approve", {}, 0),
        ("reject", {"reason": "1:…", "screenshots": ["a"]}, 1),
        ("withdraw", None, 3),
        ("delay", {"reason": "排队"}, 4),
        ("next", {}, 4),
    ],
)
def test_an_audit_can_be_changed_manually(program: Program, change: str, body: object, state: int) -> None:
    auditid = program.do("POST", "/audits", {"life": [{"state": "delayed"}]})["auditid"]
    audit = program.do("POST", f"/audits/{auditid}/{change}", body)
    assert audit["state"] == state
    if state != 4:
        status, answer = program.call("POST", f"/audits/{auditid}/approve", {})
        assert status == 400
        assert "is final" in answer["error"]


def test_tokens_can_be_invalidated_in_every_way(program: Program) -> None:
    auditid = program.do("POST", "/audits", {})["auditid"]

    def errcode(token: str) -> Any:
        return program.poll(token, auditid)["errcode"]

    token = program.do("POST", "/tokens", {"url_safe": False, "expires_in": 60})["token"]
    assert errcode(token) == 0
    program.do("POST", "/deauthorize", {})
    assert errcode(token) == 61003
    program.do("POST", "/authorize", {})
    assert errcode(token) == 0
    program.do("POST", "/tokens/expire", {"token": token})
    assert errcode(token) == 42001
    program.do("POST", "/tokens/supersede", {})
    assert errcode(token) == 40001
    assert errcode(program.do("POST", "/tokens", {"kind": "own"})["token"]) == 86000
    assert errcode(program.do("POST", "/tokens", {"permissions": []})["token"]) == 61007


def test_faults_apply_and_are_listed(program: Program) -> None:
    auditid = program.do("POST", "/audits", {})["auditid"]
    token = program.do("POST", "/tokens", {})["token"]
    added = program.do("POST", "/faults", {"fault": {"errcode": -1, "delay": 0.01}, "times": 2})
    assert added == {
        "fault": {"errcode": -1, "delay": 0.01},
        "auditid": None,
        "appid": None,
        "reused": None,
        "used": 0,
        "remaining": 2,
    }
    assert program.poll(token, auditid)["errcode"] == -1
    (listed,) = program.do("GET", "/faults")["faults"]
    assert (listed["used"], listed["remaining"]) == (1, 1)
    program.do("DELETE", "/faults")
    assert program.poll(token, auditid)["errcode"] == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"body": '{"帐":1}'},
        {"body_base64": base64.b64encode('{"帐":1}'.encode()).decode()},
        {"raw": 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"帐":1}'},
        {"http_status": 500, "headers": {"A": "1"}, "body": '{"帐":1}'},
        {"fields": {"帐": 1}, "without": ["errcode", "errmsg", "status"]},
    ],
    ids=lambda fault: next(iter(fault)),
)
def test_every_kind_of_fault_can_be_sent(program: Program, fault: dict[str, Any]) -> None:
    auditid = program.do("POST", "/audits", {})["auditid"]
    token = program.do("POST", "/tokens", {})["token"]
    program.do("POST", "/faults", {"fault": fault, "auditid": auditid})
    assert program.poll(token, auditid) == {"帐": 1}
    (request,) = program.do("GET", "/requests")["requests"]
    assert set(request["fault"]) & {"body_base64", "raw_base64", "fields"}


def test_a_held_request_is_listed_and_released(program: Program) -> None:
    auditid = program.do("POST", "/audits", {})["auditid"]
    token = program.do("POST", "/tokens", {})["token"]
    program.do("POST", "/faults", {"fault": {"hold": True}})
    connection = http.client.HTTPConnection(urlsplit(program.base_url).netloc, timeout=20)
    connection.request("POST", f"/wxa/get_auditstatus?access_token={token}", json.dumps({"auditid": auditid}))
    connections = program.do("GET", "/connections?wait_for_held=1&timeout=10")
    assert (connections["held"], connections["open"], connections["accepting"]) == (1, 1, True)
    assert program.do("POST", "/release") == {"released": 1}
    assert json.loads(connection.getresponse().read())["status"] == 2
    connection.close()
    connections = program.do("GET", "/connections?wait_for_open=0&wait_for_closed=1")
    assert connections["closed"][-1]["closed_by"] == "client"
    assert connections["closed"][-1]["requests"] == 1


def test_requests_are_reported_completely(program: Program) -> None:
    token = program.do("POST", "/tokens", {})["token"]
    program.poll(token, 5)
    answer = program.do("GET", "/requests?wait_for=1")
    assert answer["received"] == 1
    (request,) = answer["requests"]
    assert request["path"] == "/wxa/get_auditstatus"
    assert request["query"] == {"access_token": token}
    assert request["token"] == token
    assert base64.b64decode(request["body_base64"]) == b'{"auditid": 5}'
    assert (request["json"], request["auditid"], request["errcode"]) == ({"auditid": 5}, 5, 85012)
    assert (request["http_status"], request["dropped"]) == (200, False)


def test_a_wait_that_is_not_satisfied_times_out(program: Program) -> None:
    status, answer = program.call("GET", "/requests?wait_for=3&timeout=0.01")
    assert (status, answer) == (408, {"error": "0 of 3 requests after 0.01 s"})


def test_connections_can_be_refused_and_closed(program: Program) -> None:
    netloc = urlsplit(program.base_url).netloc
    connection = http.client.HTTPConnection(netloc, timeout=20)
    connection.connect()
    program.do("GET", "/connections?wait_for_open=1")
    assert program.do("POST", "/listening", {"accepting": False}) == {"accepting": False}
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(netloc, timeout=20).connect()
    assert program.do("POST", "/listening", {"accepting": True}) == {"accepting": True}
    program.do("DELETE", "/connections?reset=true")
    with pytest.raises(ConnectionResetError):
        connection.sock.recv(1)
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("GET", "/nowhere", None, 404, "no route GET /nowhere"),
        ("DELETE", "/audits", None, 404, "no route DELETE /audits"),
        ("GET", "/audits/5", None, 404, "no audit 5"),
        ("GET", "/audits/five", None, 400, "five"),
        ("POST", "/audits/5/next", None, 404, "no audit 5"),
        ("POST", "/audits", [], 400, "the body must be a JSON object, not list"),
        ("POST", "/audits", {"auditId": 5}, 400, "unknown names: auditId; known: appid, auditid"),
        ("POST", "/audits", {"state": "lost"}, 400, "unknown state 'lost'; known: approved, rejected"),
        ("POST", "/audits", {"state": None}, 400, "state must be"),
        ("POST", "/audits", {"life": {}}, 400, "life must be a list"),
        ("POST", "/audits", {"life": [5]}, 400, "a step must be a JSON object"),
        ("POST", "/audits", {"life": [{"after": 5}]}, 400, "a step needs a state"),
        ("POST", "/audits", {"life": [{"state": 0, "when": 5}]}, 400, "unknown names: when"),
        ("POST", "/audits", {"appid": 5}, 400, "appid must be a string"),
        ("POST", "/faults", {"fault": {"headers": "A"}}, 400, "headers has the wrong type: 'A'"),
        ("POST", "/faults", {"fault": {"errcode": -1}, "times": "2"}, 400, ""),
        ("POST", "/tokens/expire", {"token": "x"}, 404, "was not issued"),
        ("POST", "/clock", {}, 400, "by must be seconds"),
        ("POST", "/clock", {"advance": -1}, 400, "negative"),
        ("POST", "/faults", {}, 400, "fault must be a JSON object"),
        ("POST", "/faults", {"fault": {"error": 5}}, 400, "unknown names: error"),
        ("POST", "/faults", {"fault": {"body_base64": "?"}}, 400, ""),
        ("POST", "/faults", {"fault": {"delay": -1}}, 400, "delay must be"),
        ("POST", "/faults", {"fault": {"delay": "1"}}, 400, ""),
        ("POST", "/listening", {"accepting": "no"}, 400, "true or false"),
        ("GET", "/requests?wait=5", None, 400, "unknown names: wait"),
    ],
)
def test_an_invalid_call_is_explained(
    program: Program, method: str, path: str, body: object, status: int, error: str
) -> None:
    answered, answer = program.call(method, path, body)
    assert answered == status
    assert error in answer["error"]


def test_invalid_json_is_explained(program: Program) -> None:
    connection = http.client.HTTPConnection(urlsplit(program.control_url).netloc, timeout=20)
    connection.request("POST", "/__fake__/audits", b"{")
    response = connection.getresponse()
    assert response.status == 400
    assert "error" in json.loads(response.read())
    connection.close()


def test_the_control_plane_has_its_own_prefix_and_port(program: Program) -> None:
    assert urlsplit(program.control_url).netloc != urlsplit(program.base_url).netloc
    status, answer = exchange("GET", program.control_url.removesuffix("/__fake__") + "/audits", None)
    assert (status, answer) == (404, {"error": "all routes of the control plane are below /__fake__/"})


def test_calls_of_the_control_plane_are_not_logged(program: Program) -> None:
    accepted = program.do("GET", "/connections")["accepted"]
    program.do("POST", "/faults", {"fault": {"cut": "accept"}})
    for _ in range(3):
        program.do("GET", "/clock")
    assert program.do("GET", "/requests")["received"] == 0
    assert program.do("GET", "/connections")["accepted"] == accepted
