"""Show wxaudit over real HTTP: one audit from submission to decision, with both clients, and each error that
WeChat documents, with its hints. `wxaudit.testing.FakeWeChat` takes the place of WeChat.

Run it with `make demo`, or with `python examples/demo.py` if wxaudit is installed.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta, timezone

import wxaudit
from wxaudit import AuditState, AuditStatus
from wxaudit._display.terminal import audit_lines, colour, error_lines
from wxaudit.testing import FakeWeChat, Fault, Step

APPID = "wx2f9a7c1e5b3d8064"
REASON = (
    "1:账号信息不符合规范:<br>(1):包含色情因素<br>"
    '2:服务类目"金融业-保险_"与你提交代码审核时设置的功能页面内容不一致:<br>'
    "(1):功能页面设置的部分标签不属于所选的服务类目范围。<br>"
    "(2):功能页面设置的部分标签与该页面内容不相关。<br>"
)
BEIJING = timezone(timedelta(hours=8))

# The errcodes of this call, in the order of WeChat's documentation.
ERRCODES = [-1, 40001, 40014, 42001, 41001, 85012, 86001, 86000, 48001, 61007, 61014, 61003, 61023]
ERRCODES += [42002, 42007, 45009, 45011, 48004, 50002, 61004, 40164, 45035, 48017, 40013, 40066, 40097]
ERRCODES += [43002, 44002, 47001]


def heading(text: str) -> None:
    print(f"\n{colour(text, 'bold')}")


def show(fake: FakeWeChat, audit: AuditStatus) -> None:
    for line in audit_lines(audit, fake.clock.now().astimezone(BEIJING).strftime("%m-%d %H:%M")):
        print(line)


def show_error(error: wxaudit.WxAuditError) -> None:
    for line in error_lines(error):
        print(line)


def follow_one_audit(fake: FakeWeChat) -> None:
    """Follow a version of a merchant: submitted, in review, delayed, rejected."""
    submitted = fake.submit(
        APPID,
        life=[
            Step(AuditState.DELAYED, after=timedelta(hours=6), reason="审核量较大，预计还需 1 个工作日"),
            Step(
                AuditState.REJECTED,
                after=timedelta(hours=20),
                reason=REASON,
                screenshots=[fake.media_id(), fake.media_id()],
            ),
        ],
    )
    source = fake.token_source(APPID)
    heading(f"审核单 · One audit   auditid {submitted.auditid} of {APPID}, blocking client")
    with fake.client() as client:
        for hours in (0, 6, 20):
            fake.clock.advance(timedelta(hours=hours))
            show(fake, client.get_audit_status(source, submitted.auditid, appid=APPID))
    print(colour(f"  期间刷新令牌的次数 · Token refreshes during the review: {source.refreshes}", "grey"))
    heading("同一审核单 · The same audit, asyncio client")
    show(fake, asyncio.run(ask(fake, submitted.auditid)))


async def ask(fake: FakeWeChat, auditid: int) -> AuditStatus:
    async with fake.async_client() as client:
        return await client.get_audit_status(fake.async_token_source(APPID), auditid)


def resubmit(fake: FakeWeChat) -> None:
    """Submit a corrected version, which is approved."""
    again = fake.submit(APPID, life=[Step(AuditState.APPROVED, after=timedelta(hours=3))])
    heading(f"重新提审 · Submitted again   auditid {again.auditid}, both clients")
    show(fake, fake.client().get_audit_status(fake.token(APPID), again.auditid))
    fake.clock.advance(timedelta(hours=3))
    show(fake, asyncio.run(ask(fake, again.auditid)))


def caught(fake: FakeWeChat, fault: Fault, auditid: int) -> wxaudit.WxAuditError:
    """Return what a call raises with this fault. The client is new, since quota errors block later calls."""
    with fake.client(max_retries=0, timeout=1) as client:
        fake.fail_next(fault)
        try:
            client.get_audit_status(fake.token(APPID), auditid)
        except wxaudit.WxAuditError as error:
            return error
        finally:
            fake.release()
            fake.clear_faults()
    raise AssertionError(f"{fault} should have failed the call")


def show_errors(fake: FakeWeChat) -> None:
    auditid = fake.submit(APPID).auditid
    heading("微信的错误码及处理建议 · WeChat's errcodes, and what to do")
    for errcode in ERRCODES:
        show_error(caught(fake, Fault(errcode=errcode), auditid))

    heading("其他错误 · Other errors")
    faults = {
        "the connection is closed without a response": Fault(cut="head", cut_at=0),
        "no response arrives": Fault(hold=True),
        "a gateway's error page": Fault.http(502),
        "a redirect, never followed": Fault.redirect("https://elsewhere.example/"),
        "a page instead of JSON": Fault(body=b"<html>This is not JSON</html>"),
        "a response without a status, never read as approved": Fault(without=["status"]),
    }
    for what, fault in faults.items():
        print(f"  {what}")
        show_error(caught(fake, fault, auditid))
    try:
        wxaudit.get_audit_status("a-token-that-is-never-sent", 0)
    except wxaudit.ArgumentError as error:
        print("  get_audit_status(token, 0), never sent")
        show_error(error)


def main() -> None:
    begun = time.perf_counter()
    with FakeWeChat() as fake:
        print(f"The fake WeChat is {fake.base_url}; it has its own clock.")
        follow_one_audit(fake)
        resubmit(fake)
        show_errors(fake)
        requests = len(fake.requests)
    print(f"\n{requests} requests over real HTTP in {time.perf_counter() - begun:.1f} s.")


if __name__ == "__main__":
    main()
