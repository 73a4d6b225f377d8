"""A call that fails after a refresh, with each of its tokens echoed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wxaudit
from secrecy.canary import FRESH_TOKEN, TOKEN
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client_kind import ClientKind

ECHOES: list[Callable[[str], Fault]] = [
    lambda token: Fault(errcode=40013, errmsg=f"bad request: {token}, see below"),
    lambda token: Fault.http(403, body=token),
    lambda token: Fault.redirect(f"https://elsewhere.example/?access_token={token}"),
    lambda token: Fault(body=f"no JSON: {token}"),
    lambda token: Fault(raw=f"HTTP/1.1 200 {token}\r\nContent-Length: -1\r\n\r\n".encode("latin-1")),
    lambda _: Fault(cut="head", cut_at=0),
]


def ask_and_fail(client_kind: ClientKind, fake: FakeWeChat, echo: Callable[[str], Fault]) -> None:
    source = client_kind.token_source(lambda refresh: (FRESH_TOKEN if refresh else TOKEN).text())
    fake.fail_next(Fault(errcode=40001, errmsg=f"invalid credential {TOKEN.text()}"))
    fake.fail_next(echo(FRESH_TOKEN.text()), times=2)
    with pytest.raises(wxaudit.WxAuditError):
        client_kind.client(fake, max_retries=1).get_audit_status(source, 5)
