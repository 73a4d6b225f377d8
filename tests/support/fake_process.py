"""A fake WeChat in a process of its own: it shares neither the threads nor the GIL of the tested one."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from support.programs import environment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self


AUDITIDS = range(1001, 1009)
HELD_AUDITID = 1009


class FakeProcess:
    """`python -m wxaudit.testing`, scripted through its control plane."""

    base_url: str

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wxaudit.testing", "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        assert self._process.stdout is not None
        urls = json.loads(self._process.stdout.readline())
        self.base_url = urls["base_url"]
        self._control = urlsplit(urls["control_url"])
        return self

    def __exit__(self, *_: object) -> None:
        # Its standard input ends here, and with it the program.
        self._process.communicate(timeout=20)
        assert self._process.returncode == 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def port(self) -> int:
        port = urlsplit(self.base_url).port
        assert port is not None
        return port

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call of the control plane, which must go well."""
        connection = http.client.HTTPConnection(self._control.netloc, timeout=60)
        try:
            connection.request(method, self._control.path + path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = json.loads(response.read())
            assert response.status == 200, answer
            return answer
        finally:
            connection.close()

    def reset(self) -> None:
        """Forget audits, tokens, faults and the log."""
        self.call("POST", "/reset", {})

    def set_up(self) -> None:
        """Lets AUDITIDS be answered, and holds the answer to HELD_AUDITID."""
        self.submit_numbered(AUDITIDS)
        self.fail_next(None, auditid=HELD_AUDITID, hold=True)

    def submit_numbered(self, auditids: Iterable[int]) -> None:
        """Audits whose reason holds their own number, so that no answer can pass for another's."""
        for auditid in auditids:
            audit = {"auditid": auditid, "state": "rejected", "reason": f"audit {auditid}"}
            self.call("POST", "/audits", audit)

    def token(self, **options: object) -> str:
        token = self.call("POST", "/tokens", options)["token"]
        assert isinstance(token, str)
        return token

    def expire(self, token: str) -> None:
        self.call("POST", "/tokens/expire", {"token": token})

    def fail_next(self, times: int | None = 1, *, auditid: int | None = None, **fault: object) -> None:
        """Let requests meet a fault, by the names of `wxaudit.testing.Fault`."""
        only = {} if auditid is None else {"auditid": auditid}
        self.call("POST", "/faults", {"fault": fault, "times": times, **only})

    def connections(self, query: str = "") -> Any:
        """What the control plane tells of connections, after waiting for what `query` says."""
        return self.call("GET", f"/connections?{query}&timeout=30" if query else "/connections")
