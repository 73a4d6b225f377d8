"""What a platform has already: its own calls of WeChat. Here, the fake's control plane answers them."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any


def submit_audit(appid: str, version: str) -> int:
    """Submit a version, and return the auditid. In earnest: POST /wxa/submit_audit"""
    auditid: int = control("/audits", appid=appid, user_version=version)["auditid"]
    return auditid


def fetch_token(appid: str) -> str:
    """A new authorizer_access_token, for WXAUDIT["TOKEN_SOURCE"]. In earnest: POST
    /cgi-bin/component/api_authorizer_token"""
    token: str = control("/tokens", appid=appid)["token"]
    return token


def control(path: str, **body: Any) -> Any:
    """One call of the fake's control plane: see docs/testing.md."""
    request = urllib.request.Request(os.environ["FAKE_CONTROL_URL"] + path, json.dumps(body).encode())  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # a loopback address
        return json.load(answer)
