"""pycurl: one handle per thread, as libcurl requires; options that never change are set once."""

from __future__ import annotations

import json
import threading

import pycurl

from benches.audit import TIMEOUT_SECONDS, Audit, address, audit_of, check_status


class Blocking:
    """A handle for each thread."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        del concurrency  # each handle has its own connection
        self._base_url = base_url
        self._ca_file = ca_file
        self._of_thread = threading.local()

    def _handle(self) -> pycurl.Curl:
        handle = getattr(self._of_thread, "handle", None)
        if handle is None:
            handle = pycurl.Curl()
            handle.setopt(pycurl.NOSIGNAL, 1)
            handle.setopt(pycurl.TIMEOUT, TIMEOUT_SECONDS)
            handle.setopt(pycurl.PROXY, "")
            handle.setopt(pycurl.HTTPHEADER, ["Content-Type: application/json"])
            if self._ca_file is not None:
                handle.setopt(pycurl.CAINFO, self._ca_file)
            self._of_thread.handle = handle
        return handle

    def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        handle = self._handle()
        handle.setopt(pycurl.URL, address(self._base_url, token))
        handle.setopt(pycurl.POSTFIELDS, json.dumps({"auditid": auditid}))
        body = handle.perform_rb()
        check_status(handle.getinfo(pycurl.RESPONSE_CODE))
        return audit_of(auditid, json.loads(body))

    def close(self) -> None:
        """Close this thread's connection; those of other threads were closed with them."""
        self._handle().close()
