"""wechatpy: its own method for this call, with one client per token."""

from __future__ import annotations

from wechatpy.client import WeChatComponentClient
from wechatpy.client.api import WeChatWxa

from benches.audit import TIMEOUT_SECONDS, Audit, audit_of


class Blocking:
    """One client per token, each with a session."""

    def __init__(self, base_url: str, concurrency: int, ca_file: str | None) -> None:
        del concurrency  # its sessions keep ten connections
        WeChatWxa.API_BASE_URL = f"{base_url}/"
        self._ca_file = ca_file
        self._clients: dict[str, WeChatComponentClient] = {}

    def _client(self, token: str) -> WeChatComponentClient:
        client = self._clients.get(token)
        if client is None:
            client = WeChatComponentClient(
                "wx5b97b03f7e2c4d18", component=None, access_token=token, timeout=TIMEOUT_SECONDS
            )
            client.auto_retry = False
            client._http.trust_env = False
            if self._ca_file is not None:
                client._http.verify = self._ca_file
            self._clients[token] = client
        return client

    def audit(self, token: str, auditid: int) -> Audit:
        """Get one audit; wechatpy itself checks HTTP status and errcode."""
        return audit_of(auditid, self._client(token).wxa.get_audit_status(auditid))

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client._http.close()
