"""Name the outcomes of queries in both languages, and give each its colour on pages and on terminals."""

from __future__ import annotations

from collections import namedtuple

from .._models.state import AuditState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NamedTuple

    from .._errors.tree import WxAuditError
    from .._native import AuditResult

    class Outcome(NamedTuple):
        english: str
        chinese: str
        colour: str
        on_terminal: str
else:
    Outcome = namedtuple("Outcome", ("english", "chinese", "colour", "on_terminal"))

# On pages and on terminals. The colours of pages have a contrast of 4.5 or more to the white text on them,
# to white pages and to dark ones.
_STATE_COLOURS = {
    AuditState.APPROVED: ("#1a7f37", "green"),
    AuditState.REJECTED: ("#cf222e", "red"),
    AuditState.IN_REVIEW: ("#0969da", "blue"),
    AuditState.WITHDRAWN: ("#57606a", "grey"),
    AuditState.DELAYED: ("#9a6700", "yellow"),
}
_UNKNOWN_STATE = ("#8250df", "bold")
ERROR_COLOUR = "#b3307f"

# By the name of the class, in English and Chinese. A class that is not listed has the label of its nearest
# base.
_ERRORS = {
    "WxAuditError": ("failed", "查询失败"),
    "ArgumentError": ("wrong argument", "参数错误"),
    "TransportError": ("network error", "网络错误"),
    "RequestTimeout": ("request timed out", "请求超时"),
    "HTTPStatusError": ("wrong HTTP status", "HTTP 状态异常"),
    "DecodeError": ("wrong answer", "返回内容异常"),
    "APIError": ("refused", "接口报错"),
    "ServerBusyError": ("WeChat busy", "系统繁忙"),
    "TokenError": ("token refused", "令牌无效"),
    "AuditNotFoundError": ("audit not found", "审核单不存在"),
    "PermissionDeniedError": ("no permission", "权限不足"),
    "AuthorizationLostError": ("not authorized", "授权已失效"),
    "QuotaError": ("too many calls", "调用超限"),
    "DayQuotaError": ("day quota used up", "当日额度用完"),
    "MinuteQuotaError": ("calls too frequent", "分钟级频率超限"),
    "AccountBlockedError": ("account blocked", "账号受限"),
    "NetworkConfigError": ("IP not registered", "IP 未登记"),
    "WaitTimeout": ("wait timed out", "等待超时"),
    "ReviewRejected": ("rejected", "审核被拒绝"),
}

# A server that sends many unknown states must not make a header or a chart grow.
_OUTCOMES_SHOWN = 24


def of_state(state: AuditState) -> Outcome:
    """The outcome of a query that has a status."""
    return Outcome(state.label("en"), state.label("zh"), *_STATE_COLOURS.get(state, _UNKNOWN_STATE))


def of_error(error: WxAuditError) -> Outcome:
    """The outcome of a query that failed: the name of the error's class, and its label in Chinese."""
    return Outcome(type(error).__name__, _in_words(error)[1], ERROR_COLOUR, "red")


def error_in_english(error: WxAuditError) -> str:
    """The kind of an error for people who do not know its class."""
    return _in_words(error)[0]


def _in_words(error: WxAuditError) -> tuple[str, str]:
    names = [kind.__name__ for kind in type(error).__mro__]
    return next(_ERRORS[name] for name in names if name in _ERRORS)


def counted(results: Iterable[AuditResult]) -> list[tuple[Outcome, int]]:
    """The number of results of each outcome: states by their number, then errors by their name."""
    counts: dict[tuple[bool, int, Outcome], int] = {}
    for result in results:
        if result.status is not None:
            state = result.status.status
            key = (False, int(state), of_state(state))
        elif result.error is not None:
            key = (True, 0, of_error(result.error))
        else:  # a result always has one of them
            continue
        counts[key] = counts.get(key, 0) + 1
    ordered = [(outcome, count) for (*_, outcome), count in sorted(counts.items())]
    shown, rest = ordered[:_OUTCOMES_SHOWN], ordered[_OUTCOMES_SHOWN:]
    if rest:
        others = Outcome(f"{len(rest)} other outcomes", f"另有 {len(rest)} 种结果", *_UNKNOWN_STATE)
        shown.append((others, sum(count for _, count in rest)))
    return shown
