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

# By the name of the class. A class that is not listed has the label of its nearest base.
_ERRORS_IN_CHINESE = {
    "WxAuditError": "查询失败",
    "ArgumentError": "参数错误",
    "TransportError": "网络错误",
    "RequestTimeout": "请求超时",
    "HTTPStatusError": "HTTP 状态异常",
    "DecodeError": "返回内容异常",
    "APIError": "接口报错",
    "ServerBusyError": "系统繁忙",
    "TokenError": "令牌无效",
    "AuditNotFoundError": "审核单不存在",
    "PermissionDeniedError": "权限不足",
    "AuthorizationLostError": "授权已失效",
    "QuotaError": "调用超限",
    "DayQuotaError": "当日额度用完",
    "MinuteQuotaError": "分钟级频率超限",
    "AccountBlockedError": "账号受限",
    "NetworkConfigError": "IP 未登记",
    "WaitTimeout": "等待超时",
    "ReviewRejected": "审核被拒绝",
}

# A server that sends many unknown states must not make a header or a chart grow.
_OUTCOMES_SHOWN = 24


def of_state(state: AuditState) -> Outcome:
    """The outcome of a query that has a status."""
    return Outcome(state.label("en"), state.label("zh"), *_STATE_COLOURS.get(state, _UNKNOWN_STATE))


def of_error(error: WxAuditError) -> Outcome:
    """The outcome of a query that failed: the name of the error's class, and its label in Chinese."""
    names = [kind.__name__ for kind in type(error).__mro__]
    chinese = next(_ERRORS_IN_CHINESE[name] for name in names if name in _ERRORS_IN_CHINESE)
    return Outcome(names[0], chinese, ERROR_COLOUR, "red")


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
