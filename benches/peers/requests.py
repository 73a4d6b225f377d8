"""requests: one session for all threads, with a connection for each."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter

from benches.audit import TIMEOUT_SECONDS, Audit, address, audit_of, check_status


class Blocking:
    """A session."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        # Looking for proxies and .netrc costs a third of a call.
        self._session.trust_env = False
        if ca_file is not None:
            self._session.verify = ca_file
        adapter = HTTPAdapter(pool_maxsize=concurrency)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit."""
        response = self._session.post(
            address(self._base_url, token), json={"auditid": auditid}, timeout=TIMEOUT_SECONDS
        )
        check_status(response.status_code)
        return audit_of(auditid, response.json())

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
