"""Define the exceptions, one class for each reaction that a caller may have, and make them."""

from __future__ import annotations

from .._escape import truncate
from .._language import language_of_errors
from .._native import __version__
from .base import WxAuditError as WxAuditError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any, ClassVar, TypeVar

    from .._native import AuditStatus

    _Kind = TypeVar("_Kind", bound=WxAuditError)


# What the core says before "the proxy …", if it has not reached it.
_TO_THE_PROXY = ("connect to", "connecting to", "the host name of", "TLS with")


class ArgumentError(WxAuditError, ValueError):
    """An argument is wrong. Raised before anything is sent."""

    @property
    def hint_zh(self) -> str:
        """What is wrong and what to do about it, one or two sentences in Chinese."""
        from .argument_hints import chinese_of  # imported late, as the hints are

        return chinese_of(self.message) or super().hint_zh

    def _complete(self) -> None:
        # These messages say in English what to do, and need no other hint behind them.
        if language_of_errors() == "zh" and not self.message.endswith("。"):
            from .argument_hints import chinese_of

            self.__dict__["message"] = ". ".join(filter(None, (self.message, chinese_of(self.message))))


class TransportError(WxAuditError, ConnectionError):
    """No complete answer came: connection refused or cut, name not found, TLS or proxy failed.

    Or none was asked for, since threads, descriptors or memory are used up.
    """

    retryable = True

    def _hint_names(self) -> list[str]:
        # By the message, which every serializer keeps.
        cases = []
        if self.retryable and self.message.startswith("starting the client: "):
            cases.append("exhausted")  # the network is not to blame
        elif self.message.startswith("TLS with "):
            cases.append("tls")
        elif self._at_the_proxy():
            cases.append("proxy")
        return cases + super()._hint_names()

    def _at_the_proxy(self) -> bool:
        """Whether the way to the proxy, or what it did with CONNECT, is the problem."""
        message = self.message
        if any(f"{what} the proxy " in message for what in _TO_THE_PROXY):
            return True
        is_connecting = message.startswith("cannot connect to ") or "; connecting to " in message
        return is_connecting and " through the proxy " in message


class RequestTimeout(TransportError, TimeoutError):  # noqa: N818  # a condition, not a fault
    """A time limit expired: that of the call, or that of its last attempt."""


class HTTPStatusError(WxAuditError):
    """An HTTP status other than 200. WeChat sends its own errors with 200, so a gateway or proxy sent this.

    Attribute: `http_status`. Retryable: 408, 429 and 5xx.
    """

    _attributes = ("http_status", *WxAuditError._attributes)

    http_status: int = 0
    retryable: bool

    def _complete(self) -> None:
        if "retryable" not in self.__dict__:
            self.retryable = self.http_status in (408, 429) or 500 <= self.http_status <= 599


class DecodeError(WxAuditError, ValueError):
    """An answer came with HTTP 200 but is not what WeChat sends, so it says nothing about the audit.

    Attribute: `excerpt`, at most 200 characters of the answer, escaped, with tokens masked.
    """

    _attributes = ("excerpt", *WxAuditError._attributes)

    excerpt: str = ""


class APIError(WxAuditError):
    """WeChat refused the call. An errcode that has no class of its own is raised as this class.

    Attributes: `errcode`, `errmsg` (exactly as WeChat wrote it: untrusted text), `rid` (WeChat's id of the
    request, which its support asks for), `url_path` (the interface).
    """

    _attributes = ("errcode", "errmsg", "rid", "url_path", *WxAuditError._attributes)

    # The errcodes that are raised as this class.
    _errcodes: ClassVar[tuple[int, ...]] = ()

    errcode: int | None = None
    errmsg: str = ""
    rid: str | None = None
    url_path: str | None = None

    def report(self) -> str:
        """A text for WeChat's support, in English and Chinese. It holds no secret."""
        known = {
            "errcode / 错误码": self.errcode,
            "errmsg / 错误信息": self.errmsg,
            "rid / 请求编号": self.rid,
            "interface / 接口": self.url_path,
            "auditid / 审核单 id": self.auditid,
            "appid / 小程序": self.appid,
            "time / 时间": _time_of(self.rid),
            "library / 调用库": f"wxaudit {__version__}",
        }
        told = {label: str(value) for label, value in known.items() if value not in (None, "")}
        return "\n".join(f"{label}: {truncate(value, 400)}" for label, value in told.items())


class ServerBusyError(APIError):
    """WeChat was busy at every attempt (-1)."""

    _errcodes = (-1,)

    retryable = True


class TokenError(APIError):
    """The token is invalid, superseded, expired or missing, or the token source failed.

    errcodes 40001, 40014, 42001, 41001. If the source failed: `errcode` is `None`, `__cause__` its exception.
    """

    _errcodes = (40001, 40014, 41001, 42001)


class AuditNotFoundError(APIError, LookupError):
    """This token's mini program has no such audit (85012, 86001, 85058)."""

    _errcodes = (85012, 85058, 86001)


class PermissionDeniedError(APIError):
    """The platform lacks permission set 18, or the token is of the wrong kind.

    errcodes 86000, 48001, 61007, 61014, 61015, 61016, 61024.
    """

    _errcodes = (48001, 61007, 61014, 61015, 61016, 61024, 86000)


class AuthorizationLostError(APIError):
    """The merchant must authorize the platform again (61003, 61023, 42002, 42007)."""

    _errcodes = (42002, 42007, 61003, 61023)


class QuotaError(APIError):
    """Too many calls. Attribute: `retry_at`, when the next call is allowed (aware), or `None`."""

    _attributes = ("retry_at", *APIError._attributes)

    retry_at: datetime | None = None


class DayQuotaError(QuotaError):
    """The merchant's quota for today is used up (45009)."""

    _errcodes = (45009,)


class MinuteQuotaError(QuotaError):
    """The quota for this minute is used up (45011)."""

    _errcodes = (45011,)


class AccountBlockedError(APIError):
    """The account is blocked, frozen or closed (48004, 50002)."""

    _errcodes = (48004, 50002)


class NetworkConfigError(APIError):
    """The caller's IP is not on the platform's whitelist, or WeChat's access IP is retired.

    errcodes 61004, 40164, 45035, 48017.
    """

    _errcodes = (40164, 45035, 48017, 61004)


class WaitTimeout(WxAuditError, TimeoutError):  # noqa: N818  # a condition, not a fault
    """The review was still pending at the end of the wait.

    Attribute: `last`, the last status that was seen, or `None`.
    """

    retryable = True

    _attributes = ("last", *WxAuditError._attributes)

    last: AuditStatus | None = None


class ReviewRejected(WxAuditError):  # noqa: N818  # a condition, not a fault
    """The audit was rejected; raised by `AuditStatus.raise_for_rejection()`. Attribute: `audit`."""

    _attributes = ("audit", *WxAuditError._attributes)

    audit: AuditStatus

    def _complete(self) -> None:
        if "audit" not in self.__dict__:
            raise TypeError("ReviewRejected needs the rejected audit: write ReviewRejected(message, audit=…)")


_CLASSES = {
    name: value
    for name, value in globals().copy().items()
    if isinstance(value, type) and issubclass(value, WxAuditError)
}
_CLASS_OF_ERRCODE: dict[int, type[APIError]] = {}
for _kind in _CLASSES.values():
    # Tracebacks and pickles name the public module of a class, not the private one.
    _kind.__module__ = "wxaudit"
    if issubclass(_kind, APIError):
        _CLASS_OF_ERRCODE.update(dict.fromkeys(_kind._errcodes, _kind))


def error_class(errcode: int) -> type[APIError]:
    """The class that an errcode is raised as; `APIError` for an unknown one."""
    return _CLASS_OF_ERRCODE.get(errcode, APIError)


def class_named(name: object) -> type[WxAuditError]:
    """The class of that name; the base of all for an unknown one."""
    return _CLASSES.get(str(name), WxAuditError)


def make_error(kind: type[_Kind], what: str, /, *, tried: int = 0, **attributes: Any) -> _Kind:
    """An error whose message says what happened, to which audit, and, with its hint, what to do.

    All errors of calls are made here but `ArgumentError`, whose message names the argument and what to write.
    `tried`: how many attempts were made, those included that sent no request.
    """
    error = kind(**attributes)
    parts = [truncate(what, 400).rstrip(" .。")]
    tried = max(tried, error.attempts)
    subject = "" if error.auditid is None else f"audit {error.auditid}"
    if error.appid:
        subject += f" of {error.appid}" if subject else error.appid
    is_of_source = isinstance(error, TokenError) and error.errcode is None
    if is_of_source or (isinstance(error, TransportError) and not isinstance(error, RequestTimeout)):
        # Such texts end with another name, or with what to write.
        known = ", ".join(filter(None, (subject, f"{tried} attempts" if tried > 1 else "")))
        parts.append(f" ({known})" if known else "")
    else:
        parts.append(f" for {subject}" if subject else "")
        parts.append(f", after {tried} attempts" if tried > 1 else "")
    if isinstance(error, QuotaError):
        if error.attempts == 0:
            parts.append("; nothing was sent")
        if error.retry_at is not None:
            parts.append(f"; next call at {_in_beijing(error.retry_at)}")
    error.message = what
    hint = error.hint_zh if language_of_errors() == "zh" else error.hint
    error.message = f"{''.join(parts)}. {hint}"
    return error


def _in_beijing(moment: datetime) -> str:
    """A time in Beijing, by which WeChat counts days. Its offset is the same all year."""
    from datetime import timedelta, timezone

    return moment.astimezone(timezone(timedelta(hours=8))).isoformat(" ", "seconds")


def _time_of(rid: str | None) -> str | None:
    """When WeChat got the request: the first block of a rid is a Unix time in 8 hexadecimal digits."""
    from datetime import datetime, timezone

    block = (rid or "").partition("-")[0]
    try:
        seconds = int(block, 16) if len(block) == 8 else -1
    except ValueError:
        return None
    return None if seconds < 0 else _in_beijing(datetime.fromtimestamp(seconds, timezone.utc))


def api_error(
    errcode: int, errmsg: str, rid: str | None, *, retry_at: datetime | None = None, **attributes: Any
) -> APIError:
    """The error for an errcode of WeChat. `attempts` is 0 if a known quota kept the call from being sent."""
    kind = error_class(errcode)
    attributes.setdefault("attempts", 1)
    if issubclass(kind, QuotaError):
        attributes["retry_at"] = retry_at
    text, mark, last = errmsg.rpartition("rid:")
    if not mark or last.strip() not in ("", rid):
        text = errmsg
    text = truncate(text.strip(" ,.;"), 300)
    what = f"{errcode} {text}" if text else f"errcode {errcode}"
    if rid:
        what += f" (rid: {rid})"
    return make_error(kind, what, errcode=errcode, errmsg=errmsg, rid=rid, **attributes)


def from_native(kind: str, what: str, attributes: dict[str, Any]) -> WxAuditError:
    """The error for a native failure: the name of its class, what happened, and its attributes.

    For an `APIError`, `what` is WeChat's errmsg and `retry_at` a Unix time.
    """
    if kind == "ArgumentError":
        return ArgumentError(what)
    if kind == "APIError":
        retry_at = attributes["retry_at"]
        if retry_at is not None:
            from datetime import datetime, timezone

            attributes = {**attributes, "retry_at": datetime.fromtimestamp(retry_at, timezone.utc)}
        return api_error(errmsg=what, **attributes)
    return make_error(_CLASSES[kind], what, **attributes)


def review_rejected(audit: AuditStatus) -> ReviewRejected:
    """The error for a rejected audit. Its message has the first reason, not a line before the list."""
    reasons = audit.reasons
    if reasons:
        first = next((reason for reason in reasons if reason.details), reasons[0])
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        what = f"review rejected: {truncate(first.title, 120)}{more}"
    else:
        what = "review rejected without a reason"
    return make_error(ReviewRejected, what, audit=audit, auditid=audit.auditid, appid=audit.appid)
