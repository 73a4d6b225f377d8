"""Check the token by asking for an audit that cannot exist: the errcode tells what is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..._errors import tree
from ..errors import advice
from ..exit_codes import ExitCode
from ..language import text
from ..settings import SOURCES
from .check import Check, facts, failed, of_failure, ok, skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._client import Client
    from ..settings import Settings

# WeChat's ids have more digits.
_NO_AUDIT = 1
_RETIRED_ADDRESS = 48017
_WRONG_KIND = (61014, 61015, 61024, 86000)
_LOST_TOKENS = (42002, 42007, 61023)


def origin(settings: Settings) -> str | None:
    """Where the token comes from; None if there is no token."""
    for name in SOURCES:
        if name in settings.values:
            origin = settings.values[name].origin
            is_named = origin.startswith(("--", "WXAUDIT_"))
            return origin if is_named else f"{name} ({origin})"
    return None


def unchecked(origin: str | None) -> Check:
    """The row of a token that is not there, or that nobody can be asked about."""
    if origin is None:
        told = text(
            "there is no token; with WXAUDIT_TOKEN, --token-file or --token-command it is checked too",
            "没有令牌；设置 WXAUDIT_TOKEN、--token-file 或 --token-command 后会一并检查",
        )
    else:
        told = text("not checked: no host answers", "未检查：没有可用的地址")
    return skipped("token", told)


def check(client: Client, token: Callable[[], Any], origin: str | None) -> list[Check]:
    """The rows of the token; `token` makes it, or raises the error that says why it cannot."""
    if origin is None:
        return [unchecked(origin)]
    try:
        client.get_audit_status(token(), _NO_AUDIT)
    except tree.AuditNotFoundError:
        pass
    except tree.APIError as error:
        return _of_refusal(error, origin)
    except tree.ArgumentError as error:
        return [of_failure("token", error, details={"origin": origin})]
    except tree.WxAuditError as error:
        return [of_failure("wechat", error), _unknown("token", origin)]
    return [_ip_ok(), _token_ok(origin), _permission_ok()]


def _of_refusal(error: tree.APIError, origin: str) -> list[Check]:
    code = error.errcode
    details = {"errcode": code, "rid": error.rid}
    if isinstance(error, (tree.ServerBusyError, tree.AccountBlockedError)) or code == _RETIRED_ADDRESS:
        return [of_failure("wechat", error, details=details), _unknown("token", origin)]
    if isinstance(error, tree.NetworkConfigError):
        address = re.search(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b", error.errmsg)
        shown = address[0] if address else None
        todo = text(
            f"Add {shown} to the platform's IP whitelist in the Open Platform console (open.weixin.qq.com).",
            f"请登录微信开放平台（open.weixin.qq.com），把 {shown} 加入该第三方平台的 IP 白名单。",
        )
        row = of_failure("ip_whitelist", error, todo if shown else "", details={**details, "ip": shown})
        return [row, _unknown("token", origin)]
    if isinstance(error, tree.TokenError) or code in (*_WRONG_KIND, *_LOST_TOKENS):
        shown = text(f"from {origin}: {facts(error)}", f"来自 {origin}：{facts(error)}")
        return [
            failed("token", shown, advice(error), ExitCode.REFUSED, details={**details, "origin": origin})
        ]
    if isinstance(error, (tree.PermissionDeniedError, tree.AuthorizationLostError)):
        return [_ip_ok(), _token_ok(origin), of_failure("permission", error, details=details)]
    if isinstance(error, tree.QuotaError):
        return [_ip_ok(), _token_ok(origin), of_failure("quota", error, details=details)]
    return [of_failure("wechat", error, details=details), _unknown("token", origin)]


def _token_ok(origin: str) -> Check:
    return ok(
        "token",
        text(f"accepted; from {origin}", f"有效；来自 {origin}"),
        details={"origin": origin},
    )


def _permission_ok() -> Check:
    return ok("permission", text("permission set 18 is granted", "已获得权限集 18"))


def _ip_ok() -> Check:
    return ok("ip_whitelist", text("this machine's IP is not refused", "本机 IP 未被拒绝"))


def _unknown(name: str, origin: str) -> Check:
    told = text(f"from {origin}; not known, as said above", f"来自 {origin}；原因见上，无法判断")
    return skipped(name, told, details={"origin": origin})
