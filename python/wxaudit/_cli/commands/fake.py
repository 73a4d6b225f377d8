"""`wxaudit fake`: serve a fake WeChat, and drive a running one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import push_settings
from ..durations import seconds
from ..exit_codes import ExitCode
from ..fake import control, faults, show
from ..fake import serving as fake_serving
from ..fake.faults import FaultOptions  # noqa: TC001  # `expand` reads the annotations
from ..fake.options import (
    CONTROL_PORT,
    PORT,
    STATES,
    Appid,
    AuditIds,
    FakeOptions,
    Kind,
    Reason,
    Screenshots,
    State,
)
from ..language import text
from ..options import OutputOptions, expand
from ..push_settings import PushOptions  # noqa: TC001  # as above

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = text("Serve a fake WeChat for tests, and drive it.", "运行用于测试的模拟微信，并操作它。")


def application() -> typer.Typer:
    app = typer.Typer(help=HELP, rich_markup_mode=None)
    commands: tuple[tuple[Callable[..., ExitCode], str], ...] = (
        (serve, text("Serve a fake WeChat on this machine.", "在本机运行模拟微信。")),
        (submit, text("Submit an audit.", "提交一个审核单。")),
        (approve, text("Approve audits.", "让审核单通过。")),
        (reject, text("Reject audits.", "拒绝审核单。")),
        (delay, text("Delay audits.", "延后审核单。")),
        (withdraw, text("Withdraw audits.", "撤回审核单。")),
        (fault, text("Let the next requests fail.", "让接下来的请求出错。")),
        (
            push,
            text(
                "Push the event of an audit to a URL, as WeChat does.",
                "像微信一样把审核单的事件推送到指定 URL。",
            ),
        ),
        (token, text("Issue a token of the fake.", "签发模拟微信的令牌。")),
    )
    for command, help_text in commands:
        app.command(command.__name__, help=help_text)(expand(command))
    return app


def serve(
    port: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=65535,
            help=text("Port of WeChat's API; 0: a free one.", "接口端口；0 表示任选空闲端口。"),
        ),
    ] = PORT,
    control_port: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=65535,
            help=text("Port of the control plane; 0: a free one.", "控制端口；0 表示任选空闲端口。"),
        ),
    ] = CONTROL_PORT,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help=text("A loopback address.", "本机回环地址。"))
    ] = "127.0.0.1",
    until_stdin_closes: Annotated[
        bool,
        typer.Option(
            "--until-stdin-closes",
            help=text(
                "Also exit when standard input ends, as it does when the parent process ends.",
                "标准输入关闭时（例如父进程退出时）也退出。",
            ),
        ),
    ] = False,
) -> ExitCode:
    return fake_serving.serve(host, port, control_port, until_stdin_closes)


def submit(
    fake: FakeOptions,
    output: OutputOptions,
    appid: Appid = None,
    auditid: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help=text("Its id (default: a random one).", "审核单 id（默认随机）。")
        ),
    ] = None,
    state: Annotated[
        State, typer.Option(metavar=STATES, help=text("Its first state.", "初始状态。"))
    ] = State.IN_REVIEW,
    reason: Reason = None,
    screenshots: Screenshots = 0,
    user_version: Annotated[
        str, typer.Option(metavar="TEXT", help=text("Its version.", "版本号。"))
    ] = "1.0.0",
    user_desc: Annotated[str, typer.Option(metavar="TEXT", help=text("Its description.", "版本描述。"))] = "",
    life: Annotated[
        str | None,
        typer.Option(
            metavar="JSON",
            help=text(
                'Its later states: \'[{"state": "rejected", "after_polls": 2}]\', or "after": seconds of the '
                "fake's clock.",
                '后续状态：\'[{"state": "rejected", "after_polls": 2}]\'，或用 "after" 指定模拟时钟的秒数。',
            ),
        ),
    ] = None,
) -> ExitCode:
    body: dict[str, Any] = {"state": state.value, "user_version": user_version, "user_desc": user_desc}
    body |= _given(appid=appid, auditid=auditid, reason=reason)
    if life is not None:
        body["life"] = faults.read_life(life)
    body |= _pictures(screenshots)
    show.audit(control.call(fake.url, "/audits", body), output.json)
    return ExitCode.OK


def approve(auditids: AuditIds, fake: FakeOptions, output: OutputOptions) -> ExitCode:
    return _change("approve", auditids, fake, output, {})


def reject(
    auditids: AuditIds,
    fake: FakeOptions,
    output: OutputOptions,
    reason: Reason = None,
    screenshots: Screenshots = 0,
) -> ExitCode:
    return _change("reject", auditids, fake, output, _given(reason=reason) | _pictures(screenshots))


def delay(auditids: AuditIds, fake: FakeOptions, output: OutputOptions, reason: Reason = None) -> ExitCode:
    return _change("delay", auditids, fake, output, _given(reason=reason))


def withdraw(auditids: AuditIds, fake: FakeOptions, output: OutputOptions) -> ExitCode:
    return _change("withdraw", auditids, fake, output, {})


def fault(
    what: FaultOptions,
    fake: FakeOptions,
    output: OutputOptions,
    clear: Annotated[
        bool, typer.Option("--clear", help=text("Remove the faults that wait.", "清除尚未生效的故障。"))
    ] = False,
) -> ExitCode:
    if clear:
        control.call(fake.url, "/faults", method="DELETE")
        return ExitCode.OK
    answer = control.call(fake.url, "/faults", faults.read(what))
    show.fault(answer, output.json)
    return ExitCode.OK


def push(
    auditid: Annotated[
        int,
        typer.Argument(
            metavar="AUDITID",
            min=1,
            help=text("An audit that is decided or delayed.", "已有结果或已延后的审核单。"),
        ),
    ],
    fake: FakeOptions,
    output: OutputOptions,
    platform: PushOptions,
    url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help=text("Where to; $APPID$ in it is replaced.", "接收推送的 URL，其中的 $APPID$ 会被替换。"),
            show_default=False,
        ),
    ],
) -> ExitCode:
    settings = push_settings.read(platform)
    answer = control.call(fake.url, "/push", {"url": url, "auditid": auditid, **settings})
    show.push(auditid, answer, output.json)
    if answer["accepted"]:
        return ExitCode.OK
    return ExitCode.UNAVAILABLE if answer["http_status"] is None else ExitCode.REFUSED


def token(
    fake: FakeOptions,
    output: OutputOptions,
    appid: Appid = None,
    kind: Annotated[
        Kind,
        typer.Option(
            metavar="authorizer|own|component",
            help=text(
                "authorizer works; own is answered with 86000, component with 61015.",
                "authorizer 可用；own 会返回 86000，component 会返回 61015。",
            ),
        ),
    ] = Kind.AUTHORIZER,
    expires_in: Annotated[
        str,
        typer.Option(metavar="DURATION", help=text("How long it is valid.", "有效期。")),
    ] = "2h",
    without_permission: Annotated[
        bool,
        typer.Option(
            "--without-permission",
            help=text("Without permission set 18: 61007.", "不含权限集 18：返回 61007。"),
        ),
    ] = False,
) -> ExitCode:
    body: dict[str, Any] = {"kind": kind.value, "expires_in": seconds("--expires-in", expires_in)}
    body |= _given(appid=appid, permissions=[] if without_permission else None)
    show.token(control.call(fake.url, "/tokens", body), output.json)
    return ExitCode.OK


def _change(
    action: str, auditids: list[int], fake: FakeOptions, output: OutputOptions, body: dict[str, Any]
) -> ExitCode:
    for auditid in auditids:
        show.audit(control.call(fake.url, f"/audits/{auditid}/{action}", body), output.json)
    return ExitCode.OK


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _pictures(count: int) -> dict[str, Any]:
    """New media_ids. The fake has a picture for every screenshot of an audit."""
    import secrets

    return {"screenshots": [secrets.token_urlsafe(48) for _ in range(count)]} if count else {}
