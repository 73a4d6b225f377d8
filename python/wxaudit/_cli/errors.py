"""Tell errors to a person at a shell: what happened, and what to do next."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from .._display.times import local_time
from .._errors.errcode_hints import ERRCODE_HINTS
from .._errors.tree import APIError, ArgumentError, QuotaError, RequestTimeout, TokenError, WaitTimeout
from .._escape import escape_controls, truncate
from . import language
from .hints import hint_of
from .language import text

if TYPE_CHECKING:
    from .._errors.tree import WxAuditError


def facts(error: WxAuditError) -> str:
    """What happened: in Chinese the facts of WeChat's answer, without the English around them."""
    cause = error.__cause__
    if isinstance(error, TokenError) and error.errcode is None and cause is not None:
        if isinstance(cause, TokenError):
            return cause.message
        if isinstance(cause, TimeoutError):
            return text(
                "the token source gave no token within the time limit of a request (--request-timeout)",
                "在单次请求的时限（--request-timeout）内没有取得令牌",
            )
    if isinstance(error, APIError) and error.errcode is not None and language.chosen() == "zh":
        return _answer_in_chinese(error)
    # The hint, in English and written for programs, ends many messages.
    return error._fact().removesuffix(".")


def _answer_in_chinese(error: APIError) -> str:
    """WeChat's errcode and errmsg, the rid once, and when the next call is allowed."""
    errmsg, mark, rid = error.errmsg.rpartition("rid:")
    told = errmsg if mark and rid.strip() in ("", error.rid) else error.errmsg
    told = f"{error.errcode} {truncate(told.strip(' ,.;'), 300)}".rstrip()
    if error.rid:
        told += f"（rid: {escape_controls(error.rid)}）"
    if isinstance(error, QuotaError):
        told += "；未发出请求" if error.attempts == 0 else ""
        told += "" if error.retry_at is None else f"；{local_time(error.retry_at)} 之后可再次调用"
    return told


def advice(error: WxAuditError) -> str:
    """What to do next, or nothing where the message says it."""
    if isinstance(error, TokenError) and error.errcode is None:
        return text(
            "Check the token command or file: it must give the authorizer_access_token of the mini program, "
            "and nothing else.",
            "请检查令牌命令或令牌文件：它只能给出该小程序的 authorizer_access_token，不含其他内容。",
        )
    if isinstance(error, ArgumentError):
        # The messages of arguments name the remedy.
        return error.hint_zh if language.chosen() == "zh" and error._fact().isascii() else ""
    # The library's hints name its functions and keywords.
    if isinstance(error, RequestTimeout):
        return text(
            "Try again later, or allow more time with --request-timeout: WeChat sometimes stalls for 5 to 30 "
            "seconds.",
            "请稍后重试，或用 --request-timeout 放宽时限：微信接口偶尔会卡顿 5 到 30 秒。",
        )
    if isinstance(error, WaitTimeout):
        return text(
            "Wait again, or longer: a review takes hours, and up to 7 working days.",
            "请再次等待，或延长等待时间：代码审核通常需要数小时，最长 7 个工作日。",
        )
    if isinstance(error, QuotaError):
        return text(
            "Too many calls: wait until the time that the message names (for the quota of the day midnight "
            "in Beijing), then ask less often; wxaudit quota shows what is left.",
            "调用次数超限：请等到提示的时间（当日额度为北京时间次日零点）再继续，并降低查询频率；剩余次数"
            "可用 wxaudit quota 查看。",
        )
    if type(error) is APIError and error.errcode not in ERRCODE_HINTS:
        return text(
            "Look the errcode up in WeChat's list of global error codes, or, within 7 days, run wxaudit "
            "explain with the rid.",
            "请在微信全局错误码文档中查找该错误码，或在 7 天之内用 wxaudit explain 加上 rid 查看微信收到的"
            "请求。",
        )
    return hint_of(error)


def of_system(error: OSError) -> str:
    """Why the system refused something."""
    known = {
        errno.ENOENT: text("it does not exist", "文件不存在"),
        errno.EISDIR: text("it is a directory", "它是一个目录"),
        errno.EACCES: text("no permission", "没有权限"),
        errno.EPERM: text("no permission", "没有权限"),
        errno.ENOSPC: text("no space left on the device", "磁盘空间已满"),
        errno.EDQUOT: text("the disk quota is used up", "磁盘配额已用完"),
        errno.EEXIST: text("it exists already", "文件已存在"),
        errno.ENOTDIR: text("a part of the path is not a directory", "路径中有一部分不是目录"),
    }
    return known.get(error.errno or 0) or error.strerror or str(error)


def shown_path(path: object) -> str:
    """A path for a message, unless a part of it is as long as a token."""
    given = str(path)
    return short(given) if any(len(part) > 64 for part in given.split(os.sep)) else escape_controls(given)


def shown_name(given: str) -> str:
    """A name for a message, unless it is long."""
    return escape_controls(given) if len(given) <= 40 else short(given)


def short(given: object) -> str:
    """A text of the user for a message: not whole, since it may be a token in the wrong place."""
    return truncate(str(given), 12)
