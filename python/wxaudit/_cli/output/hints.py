"""Say what to do about an error in the terms of the command line, where the library's hint names a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors.hint import Hint
from .. import language

if TYPE_CHECKING:
    from ..._errors.base import WxAuditError

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
    45009: Hint(
        "The merchant's quota for today is used up: stop until midnight in Beijing, and poll less often from "
        "then on; wxaudit quota shows what is left.",
        "该商家当天的调用额度已用完：请停止调用，等北京时间次日零点之后再继续，并降低轮询频率；剩余次数"
        "可用 wxaudit quota 查看。",
    ),
    45011: Hint(
        "Too many calls within a minute: wait at least 60 seconds, then spread the queries out.",
        "每分钟调用次数超限：请至少等待 60 秒，再把查询分散到不同时间。",
    ),
    "RequestTimeout": Hint(
        "Try again later or allow more time with --request-timeout: WeChat sometimes stalls for 5 to 30 "
        "seconds.",
        "请稍后重试，或用 --request-timeout 放宽时限：微信接口偶尔会卡顿 5 到 30 秒。",
    ),
    "DecodeError": Hint(
        "Conclude nothing from this answer and try again: if this recurs, look for a proxy, a login page of "
        "the network or a wrong --base-url that answers in place of WeChat.",
        "这次返回不能说明任何结果，请重试：如果反复出现，请检查是否有代理、网络登录页或错误的 --base-url "
        "代替微信返回了内容。",
    ),
    "WaitTimeout": Hint(
        "Wait again or longer: a review takes hours, and up to 7 working days.",
        "请再次等待，或延长等待时间：代码审核通常需要数小时，最长 7 个工作日。",
    ),
    "TokenError": Hint(
        "Check the token file or the token command: in good time it must give the mini program's "
        "authorizer_access_token and nothing else.",
        "请检查令牌文件或令牌命令：它必须及时给出该小程序的 authorizer_access_token，且不含其他内容。",
    ),
    "APIError": Hint(
        "Look the errcode up in WeChat's list of global error codes, or, within 7 days, read what WeChat saw "
        "of the request with wxaudit explain and the rid.",
        "请在微信全局错误码文档中查找该 errcode，或在 7 天之内用 wxaudit explain 加上 rid 查看微信收到的"
        "请求。",
    ),
}


def hint_of(error: WxAuditError) -> str:
    """What to do about an error, one sentence in the language of the user."""
    hint = _hint(error)
    if language.chosen() == "zh":
        return error.hint_zh if hint is None else hint.chinese
    return error.hint if hint is None else hint.english


def _hint(error: WxAuditError) -> Hint | None:
    errcode = getattr(error, "errcode", None)
    if errcode in _HINTS:
        return _HINTS[errcode]
    # The library has better ones for an errcode of its own, and for some cases of a class.
    for kind in type(error).__mro__:
        own = _HINTS.get(kind.__name__)
        if own is not None and _is_of_class(error, kind.__name__):
            return own
    return None


def _is_of_class(error: WxAuditError, name: str) -> bool:
    """Whether the library's hint for an error is that of a class."""
    from ..._errors.hints import KIND_HINTS

    return error.hint == KIND_HINTS[name].english
