"""The reference: what the docstrings of the package say, which are Markdown."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from enum import IntEnum
from importlib import import_module
from typing import Any

from .languages import Language, Text


@dataclass(frozen=True)
class Topic:
    """A page: names of one module, in the order of the page."""

    path: str
    title: Text
    introduction: Text
    module: str
    names: tuple[str, ...]


def _topic(
    name: str, title: tuple[str, str], introduction: tuple[str, str], module: str, names: str
) -> Topic:
    return Topic(f"reference/{name}.md", Text(*title), Text(*introduction), module, tuple(names.split()))


TOPICS = (
    _topic(
        "client",
        ("Clients and functions", "客户端与函数"),
        (
            "The functions share one client per process. `AsyncClient` has the methods of `Client` as coroutine functions.",
            "函数共用进程内的默认客户端。`AsyncClient` 的方法与 `Client` 相同，都是协程函数。",
        ),
        "wxaudit",
        "get_audit_status aget_audit_status set_default_client Client AsyncClient Timeout WECHAT_HOSTS __version__",
    ),
    _topic(
        "results",
        ("Results", "结果"),
        ("What calls return.", "各种调用的返回值。"),
        "wxaudit",
        "AuditStatus AuditState Reason LatestAuditStatus Screenshot Quota RateLimit RequestTrace Event",
    ),
    _topic(
        "errors",
        ("Errors", "异常"),
        (
            "Every error is a `WxAuditError`. Each errcode of WeChat has [a page of its own](../errcodes/index.md).",
            "所有异常都是 `WxAuditError`。微信的每个错误码[各有一页](../errcodes/index.md)。",
        ),
        "wxaudit",
        "WxAuditError ArgumentError TransportError RequestTimeout HTTPStatusError DecodeError APIError ServerBusyError "
        "TokenError AuditNotFoundError PermissionDeniedError AuthorizationLostError QuotaError DayQuotaError "
        "MinuteQuotaError AccountBlockedError NetworkConfigError WaitTimeout ReviewRejected",
    ),
    _topic(
        "tokens",
        ("Tokens", "令牌"),
        ("Tokens, and objects that know the current one.", "令牌，以及能给出当前令牌的对象。"),
        "wxaudit",
        "Token TokenSource AsyncTokenSource CachedTokenSource AsyncCachedTokenSource",
    ),
    _topic(
        "batches",
        ("Batches and waits", "批量查询与等待"),
        ("Many audits at once, data frames, and how a wait polls.", "批量查询、数据表，以及等待时如何轮询。"),
        "wxaudit",
        "AuditQuery AuditResult AuditBatch queries_from_frame audit_frame Polling Clock",
    ),
    _topic(
        "events",
        ("wxaudit.events", "wxaudit.events"),
        (
            "See [Push events](../events.md). Extra: `events`.",
            "用法见[推送事件](../events.md)。可选依赖：`events`。",
        ),
        "wxaudit.events",
        "EventReceiver AuditEvent EventRejected SUCCESS",
    ),
    _topic(
        "django",
        ("wxaudit.django", "wxaudit.django"),
        (
            "See [Django](../django.md). Extra: `django`.",
            "用法见 [Django](../django.md)。可选依赖：`django`。",
        ),
        "wxaudit.django",
        "watch awatch check_now poll_due PollReport CacheTokenSource get_client get_async_client audit_changed "
        "audit_decided audit_overdue",
    ),
    _topic(
        "otel",
        ("wxaudit.otel", "wxaudit.otel"),
        (
            "See [Observability](../observability.md). Extra: `otel`.",
            "用法见[日志与链路追踪](../observability.md)。可选依赖：`otel`。",
        ),
        "wxaudit.otel",
        "instrument uninstrument",
    ),
    _topic(
        "testing",
        ("wxaudit.testing", "wxaudit.testing"),
        ("See [Tests without WeChat](../testing.md).", "用法见[不连微信也能测试](../testing.md)。"),
        "wxaudit.testing",
        "FakeWeChat FakeAudit Step Fault FakeClock FakeTokenSource FakeAsyncTokenSource ReceivedRequest ClosedConnection "
        "FakePush PushAnswer ScriptedFault",
    ),
)

_FROM_DOCSTRINGS = Text(
    "This page is made from the docstrings, which `help()` shows too.",
    "本页由源码中的文档字符串生成（英文），与 `help()` 显示的内容相同。",
)
_ATTRIBUTES = Text("| attribute | |", "| 属性 | |")
_IS_A = Text("Base classes: {}.", "基类：{}。")


def page(topic: Topic, language: Language) -> str:
    parts = [f"# {topic.title.of(language)}", topic.introduction.of(language), _FROM_DOCSTRINGS.of(language)]
    module = _module(topic.module)
    for name in topic.names:
        parts += _entry(name, getattr(module, name), language)
    return "\n\n".join(part for part in parts if part) + "\n"


def _module(name: str) -> Any:
    if name == "wxaudit.django":
        import django
        from django.conf import settings

        if not settings.configured:
            settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "wxaudit.django"])
            django.setup()
    return import_module(name)


def _entry(name: str, value: Any, language: Language) -> list[str]:
    parts = [f"## {name}"]
    if inspect.isclass(value):
        parts += [
            _signature(name, value),
            _bases(value, language),
            _document(value),
            _document_of_constructor(value),
            *_members(name, value, language),
        ]
    elif inspect.isroutine(value):
        parts += [_signature(name, value), _document(value)]
    elif isinstance(value, (str, tuple)):
        parts.append(f"```python\n{name} = {value!r}\n```")
    else:
        parts.append(_signal(name))
    return parts


def _signal(name: str) -> str:
    """The text below its definition: an instance has no docstring of its own."""
    from wxaudit.django import signals

    found = re.search(rf'^{name} = .*\n"""(.*?)"""', inspect.getsource(signals), re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def _public_bases(kind: type) -> list[type]:
    names = {name for topic in TOPICS for name in topic.names}
    return [
        base for base in kind.__mro__[1:] if base.__module__.startswith("wxaudit") and base.__name__ in names
    ]


def _bases(kind: type, language: Language) -> str:
    names = {*(base.__name__ for base in _public_bases(kind)[:1])}
    names |= {
        base.__name__
        for base in kind.__bases__
        if issubclass(base, Exception) and base.__module__ == "builtins"
    }
    text = ", ".join(f"`{name}`" for name in sorted(names - {"Exception"}))
    return _IS_A.of(language).format(text) if text else ""


def _members(name: str, kind: type, language: Language) -> list[str]:
    attributes: dict[str, str] = {}
    methods: dict[str, Any] = {}
    inherited = {member for base in _public_bases(kind) for member in vars(base)}
    for base in reversed(kind.__mro__):
        # What Python's own classes have is not documented here.
        if not base.__module__.startswith("wxaudit"):
            continue
        for member, value in vars(base).items():
            if member.startswith("_") or isinstance(value, kind) or member in inherited:
                continue
            if callable(getattr(kind, member)) and not inspect.isclass(value):
                methods[member] = getattr(kind, member)
            elif document := _own_document(value):
                attributes[member] = document
    parts = []
    if issubclass(kind, IntEnum):
        parts.append("\n".join(f"- `{member.name}` = {member.value}" for member in kind))
    order = [*getattr(kind, "__match_args__", ())]
    named = sorted(attributes, key=lambda name: (order.index(name) if name in order else len(order), name))
    if named:
        rows = "\n".join(f"| `{member}` | {_in_a_row(attributes[member])} |" for member in named)
        parts.append(f"{_ATTRIBUTES.of(language)}\n|---|---|\n{rows}")
    for member, value in methods.items():
        parts += [f"### {name}.{member}", _signature(member, value), _document(value)]
    return parts


def _own_document(value: Any) -> str:
    """The docstring of an attribute, unless it is that of the class of a plain value."""
    described = isinstance(value, property) or inspect.isgetsetdescriptor(value)
    return (inspect.getdoc(value) or "") if described else ""


def _document(value: Any) -> str:
    text = inspect.getdoc(value) or ""
    # Addresses become links; a Markdown list needs a blank line before it.
    text = re.sub(r"(?<![(<])(https://[^\s)]+)", r"<\1>", text)
    return re.sub(r"^(?!- |  )(.+)\n(?=- )", r"\1\n\n", text, flags=re.MULTILINE)


def _document_of_constructor(kind: type) -> str:
    for base in kind.__mro__:
        if "__init__" in vars(base):
            return _document(vars(base)["__init__"]) if base.__module__.startswith("wxaudit") else ""
    return ""


def _in_a_row(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _signature(name: str, value: Any) -> str:
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    parameters = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    if inspect.isclass(value):
        if issubclass(value, IntEnum) or not any(parameter.kind in _NAMED for parameter in parameters):
            return ""
        signature = signature.replace(return_annotation=inspect.Signature.empty)
    signature = signature.replace(parameters=parameters)
    text = f"{name}{signature}"
    prefix = (
        "async def "
        if inspect.iscoroutinefunction(value)
        else "def "
        if inspect.isroutine(value)
        else "class "
    )
    if len(text) > 90:
        inner = ",\n    ".join(_parameters(signature))
        result = (
            ""
            if signature.return_annotation is inspect.Signature.empty
            else f" -> {_plain(signature.return_annotation)}"
        )
        text = f"{name}(\n    {inner},\n){result}"
    return f"```python\n{prefix}{re.sub(_QUOTED, _unquoted, text)}\n```"


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
# Annotations are texts, which `inspect` quotes.
_QUOTED = r"(?<=: |> )'((?:[^'\\]|\\.)*)'"


def _unquoted(match: re.Match[str]) -> str:
    return match[1]


def _plain(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _parameters(signature: inspect.Signature) -> list[str]:
    shown, keyword_only = [], False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            shown.append("*")
        keyword_only = keyword_only or parameter.kind is parameter.VAR_POSITIONAL
        shown.append(str(parameter))
    return shown
