"""How a query can end, as people see it: in both languages, and in one colour wherever it is shown."""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NamedTuple

    from .._errors.tree import WxAuditError
    from .._models.state import AuditState
    from .._native import AuditResult

    class Outcome(NamedTuple):
        english: str
        chinese: str
        colour: str
else:
    Outcome = namedtuple("Outcome", ("english", "chinese", "colour"))

# White text on these reads well, and they stand out from white and from a dark page: contrast 4.5 or more.
_STATE_COLOURS = {0: "#1a7f37", 1: "#cf222e", 2: "#0969da", 3: "#57606a", 4: "#9a6700"}
_UNKNOWN_STATE = "#8250df"
ERROR_COLOUR = "#b3307f"

# By the name of the class: the nearest one that is listed speaks.
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
    "MinuteQuotaError": "每分钟超限",
    "AccountBlockedError": "账号受限",
    "NetworkConfigError": "IP 未登记",
    "WaitTimeout": "等待超时",
    "ReviewRejected": "审核被拒绝",
}

# A server that invents states must not make a header or a chart grow.
_OUTCOMES_SHOWN = 24


def of_state(state: AuditState) -> Outcome:
    """What a status says."""
    colour = _STATE_COLOURS.get(int(state), _UNKNOWN_STATE)
    return Outcome(state.label("en"), state.label("zh"), colour)


def of_error(error: WxAuditError) -> Outcome:
    """What an error is: the name of its class, and the same in Chinese."""
    names = [kind.__name__ for kind in type(error).__mro__]
    chinese = next(_ERRORS_IN_CHINESE[name] for name in names if name in _ERRORS_IN_CHINESE)
    return Outcome(names[0], chinese, ERROR_COLOUR)


def counted(results: Iterable[AuditResult]) -> list[tuple[Outcome, int]]:
    """How many results there are of each outcome: states by their number, then errors by their name."""
    counts: dict[tuple[bool, int, Outcome], int] = {}
    for result in results:
        if result.status is not None:
            state = result.status.status
            key = (False, int(state), of_state(state))
        elif result.error is not None:
            key = (True, 0, of_error(result.error))
        else:  # there is always one of them
            continue
        counts[key] = counts.get(key, 0) + 1
    ordered = [(outcome, count) for (*_, outcome), count in sorted(counts.items())]
    shown, rest = ordered[:_OUTCOMES_SHOWN], ordered[_OUTCOMES_SHOWN:]
    if rest:
        others = Outcome(f"{len(rest)} other outcomes", f"另有 {len(rest)} 种结果", _UNKNOWN_STATE)
        shown.append((others, sum(count for _, count in rest)))
    return shown
