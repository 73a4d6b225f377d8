"""Say what to do about an error in the terms of the command line, where the library's hint names a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors.hint import Hint
from . import language

if TYPE_CHECKING:
    from .._errors.base import WxAuditError

# By errcode, or by the name of the class for errors without one.
_HINTS: dict[int | str, Hint] = {
    40001: Hint(
        "A newer token has replaced this one, or it belongs to another account: let a single process refresh "
        "authorizer_access_token, and read the current one from there with --token-command or --token-file.",
        "令牌已被新令牌取代，或不属于该小程序：请由中控服务统一刷新 authorizer_access_token，并用 "
        "--token-command 或 --token-file 从中控服务读取当前的令牌。",
    ),
    42001: Hint(
        "The token has expired: fetch a new authorizer_access_token with api_authorizer_token before its "
        "7200 seconds are over, or use --token-command or --token-file, which are asked again after a "
        "refusal.",
        "令牌已过期：请在 7200 秒有效期结束之前用 api_authorizer_token 获取新的 authorizer_access_token，或"
        "使用 --token-command、--token-file，令牌失效后会从那里重新读取。",
    ),
    40007: Hint(
        "The account of this token has no such picture: use the authorizer_access_token of the mini program "
        "that the audit belongs to.",
        "令牌所属的账号没有这张截图：请使用该审核单所属小程序的 authorizer_access_token。",
    ),
    "DecodeError": Hint(
        "Conclude nothing from this answer and try again: if this recurs, look for a proxy, a login page of "
        "the network or a wrong --base-url that answers in place of WeChat.",
        "这次返回不能说明任何结果，请重试：如果反复出现，请检查是否有代理、网络认证（portal）页面或错误的 "
        "--base-url 代替微信返回了内容。",
    ),
}


def hint_of(error: WxAuditError) -> str:
    """What to do about an error, one sentence in the language of the user."""
    hint = _HINTS.get(getattr(error, "errcode", None) or type(error).__name__)
    if language.chosen() == "zh":
        return error.hint_zh if hint is None else hint.chinese
    return error.hint if hint is None else hint.english
