"""Uses most of what there is, once. Arguments: BASE_URL TOKEN. The answer for 1001 is a Chinese reason.

Written, in ASCII, is what came of it: the same for every interpreter and every flag.
"""

from __future__ import annotations

import asyncio
import copy
import json
import pickle

from numbered_audits import BASE_URL, TOKEN

import wxaudit


class Source:
    def get_token(self, *, refresh: bool = False) -> str:
        return TOKEN if refresh else "no-such-token"


async def ask_async(client: wxaudit.AsyncClient) -> list[wxaudit.AuditStatus]:
    async with client:
        calls = [client.get_audit_status(Source(), 1001), client.get_audit_status(TOKEN, "1001")]
        return await asyncio.gather(*calls)


events: list[str] = []
with wxaudit.Client(base_url=BASE_URL, on_event=lambda event: events.append(event.kind)) as client:
    audit = client.get_audit_status(Source(), 1001, appid="wx1")
    try:
        raise AssertionError(client.get_audit_status(TOKEN, 999))
    except wxaudit.AuditNotFoundError as raised:
        error = pickle.loads(pickle.dumps(raised))
assert len(set(asyncio.run(ask_async(wxaudit.AsyncClient(base_url=BASE_URL))))) == 1
assert pickle.loads(pickle.dumps(audit)) == copy.deepcopy(audit) == audit
assert wxaudit.AuditStatus.from_dict(json.loads(json.dumps(audit.to_dict()))) == audit
assert pickle.loads(pickle.dumps(wxaudit.AsyncClient())) is not None
told = {
    "audit": [audit.auditid, audit.status, audit.status.label("zh"), audit.reason, audit.appid],
    "titles": [reason.title for reason in audit.reasons],
    "html": "审核被拒绝" in audit._repr_html_() or "rejected" in audit._repr_html_(),
    "error": [type(error).__name__, error.errcode, error.hint, error.hint_zh],
    "events": events,
}
print(json.dumps(told))
