"""A page for each errcode, from the tables of the package: hints, classes and WeChat's texts."""

from __future__ import annotations

import wxaudit
from wxaudit._errors.errcode_hints import ERRCODE_HINTS
from wxaudit._errors.tree import error_class
from wxaudit.testing._errmsg_templates import _TEMPLATES

from .errcode_meanings import MEANINGS
from .languages import ENGLISH, Language, Text

CODES = tuple(sorted(ERRCODE_HINTS))
INDEX = Text("All errcodes", "全部错误码")

# Codes that make a call ask its token source again: TOKEN_REFUSED in src/call/retry.rs.
_TOKEN_REFUSED = (40001, 40014, 42001)

_WECHAT = Text(
    "[WeChat's list of global return codes](https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html)"
    " · [WeChat's interfaces of third-party platforms](https://developers.weixin.qq.com/doc/oplatform/openApi/)",
    "[微信全局返回码](https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html)"
    " · [微信第三方平台接口文档](https://developers.weixin.qq.com/doc/oplatform/openApi/)",
)

_PAGE = Text(
    """\
---
title: "{title}"
description: "{description}"
---
# {title}

| | |
|---|---|
| errmsg | `{errmsg}` |
| in Chinese | {chinese_name} |
| raised as | [`wxaudit.{kind}`](../reference/errors.md#{anchor}) |
| `error.retryable` | {retryable} |

## What it means

{meaning}

## What to do

{hint}

## Is it sent again?

{again}

## Reproduce it

The fake WeChat of `wxaudit.testing` needs no account:

```python
{code}```

{printed}

## Related errcodes

{related}

{wechat}
""",
    """\
---
title: "{title}"
description: "{description}"
---
# {title}

| | |
|---|---|
| errmsg | `{errmsg}` |
| 中文 | {chinese_name} |
| 抛出的异常 | [`wxaudit.{kind}`](../reference/errors.md#{anchor}) |
| `error.retryable` | {retryable} |

## 含义

{meaning}

## 怎么办

{hint}

## 会自动重发吗

{again}

## 复现

用 `wxaudit.testing` 的模拟微信，不需要账号：

```python
{code}```

{printed}

## 相关的错误码

{related}

{wechat}
""",
)

_CODE = """\
import wxaudit
from wxaudit.testing import FakeWeChat, Fault

with FakeWeChat() as fake:
    audit = fake.submit()
    fake.fail_next(Fault(errcode={code}), times=None)
    try:
        fake.client().get_audit_status(fake.token_source(), audit.auditid)
    except wxaudit.{kind} as error:
        print(error.errcode, error.{hint})
    print(len(fake.requests), "sent")
"""

_PRINTED = Text(
    "This prints the sentence under *What to do*, and how many requests were sent.",
    "打印的是上文“怎么办”的内容，以及一共发送了几次请求。",
)

_AGAIN = {
    "busy": Text(
        "Yes, by wxaudit itself: up to `max_retries` times (2 by default), after random delays that grow from a second, "
        "within the time limit of the call. `ServerBusyError` means that every attempt was answered so. See "
        "[Retries and polling](../explanations/retries.md).",
        "会，由 wxaudit 自动重发：最多 `max_retries` 次（默认 2 次），间隔从一秒起随机增长，不超出调用的时限。抛出 `ServerBusyError`，"
        "说明每一次得到的都是这个错误码。见[重试与轮询](../explanations/retries.md)。",
    ),
    "token": Text(
        "With a token source: once. The source is asked with `refresh=True`, and the request is sent once more, never a second "
        "time. With a token as text: no. See [What is promised about tokens](../explanations/tokens.md).",
        "传入令牌来源时，重发一次：以 `refresh=True` 取一次新令牌，再发一次请求，不会有第二次。传入固定的令牌文本时，不重发。"
        "见[对令牌的承诺](../explanations/tokens.md)。",
    ),
    "day": Text(
        "No. Until midnight in Beijing, further calls of the same `appid` (or token) fail at once with `retry_at`, and nothing "
        "is sent, unless the time limit of the call allows waiting.",
        "不会。在北京时间次日零点之前，同一 `appid`（没有给出时为同一令牌）的调用立即失败并附上 `retry_at`，不发送请求，"
        "除非调用的时限允许等到那时。",
    ),
    "minute": Text(
        "No. Until the next minute, further calls of the same `appid` (or token) fail at once with `retry_at`, and nothing is "
        "sent, unless the time limit of the call allows waiting.",
        "不会。在下一分钟之前，同一 `appid`（没有给出时为同一令牌）的调用立即失败并附上 `retry_at`，不发送请求，"
        "除非调用的时限允许等到那时。",
    ),
    "never": Text(
        "No: the same request would be refused again.",
        "不会：原样重发，仍会被拒绝。",
    ),
}

_TABLE = Text(
    """\
---
description: "{description}"
---
# {title}

WeChat answers a refused call with HTTP 200 and an `errcode`. Every errcode that the query of an audit and its neighbours can
return has a page here: what it means, what to do, and how to reproduce it without an account. `error.hint` is the same
advice in one sentence. An errcode that is not in this list is raised as `wxaudit.APIError`; nothing is concluded from it.

| errcode | errmsg | raised as |
|---|---|---|
{rows}

{wechat}
""",
    """\
---
description: "{description}"
---
# {title}

微信拒绝一次调用时，返回的是 HTTP 200 加 `errcode`。查询审核状态及相关接口可能返回的每个错误码在这里都有一页：含义、怎么办，
以及不用账号如何复现。`error.hint_zh` 用一句话给出同样的建议。不在列表中的错误码以 `wxaudit.APIError` 抛出，不会从中推断任何结论。

| errcode | 中文 | 抛出的异常 |
|---|---|---|
{rows}

{wechat}
""",
)


def path(code: int) -> str:
    return f"errcodes/{code}.md"


def errmsg(code: int) -> str:
    return _TEMPLATES[code].format(hint="…", ip="203.0.113.7")


def short(code: int) -> str:
    """WeChat's text, as far as it is the same in every answer."""
    return (
        _TEMPLATES[code]
        .partition(" hint")[0]
        .partition(", could get")[0]
        .replace(" {ip}", "")
        .removesuffix(" requestIP:")
    )


def title(code: int) -> Text:
    return Text(f"{code}: {short(code)}", f"{code}：{MEANINGS[code].chinese_name}")


def code_block(code: int, language: Language) -> str:
    hint = "hint" if language is ENGLISH else "hint_zh"
    return _CODE.format(code=code, kind=error_class(code).__name__, hint=hint)


def page(code: int, language: Language) -> str:
    kind = error_class(code)
    meaning = MEANINGS[code]
    hint = ERRCODE_HINTS[code]
    chinese = language is not ENGLISH
    return _PAGE.of(language).format(
        title=f"微信错误码 {title(code).chinese}（{short(code)}）"
        if chinese
        else f"WeChat errcode {title(code).english}",
        description=_quoted(
            f"微信错误码 {code} {short(code)}：{hint.chinese}"
            if chinese
            else f"WeChat errcode {code} {short(code)}: {hint.english}"
        ),
        errmsg=errmsg(code),
        chinese_name=meaning.chinese_name,
        kind=kind.__name__,
        anchor=kind.__name__.lower(),
        retryable=f"`{kind.retryable}`",
        meaning=meaning.meaning.of(language),
        hint=hint.chinese if chinese else hint.english,
        again=_AGAIN[sent_again(code)].of(language),
        code=code_block(code, language),
        printed=_PRINTED.of(language),
        related=_related(code, language),
        wechat=_WECHAT.of(language),
    )


def sent_again(code: int) -> str:
    """Why a call that is refused so sends another request: a key of `_AGAIN`."""
    kind = error_class(code)
    if kind is wxaudit.ServerBusyError:
        return "busy"
    if code in _TOKEN_REFUSED:
        return "token"
    if kind is wxaudit.DayQuotaError:
        return "day"
    return "minute" if kind is wxaudit.MinuteQuotaError else "never"


def _related(code: int, language: Language) -> str:
    """Those of the same class, or of a class beside it, and the nearest numbers."""
    kind = error_class(code)
    family = kind.__bases__[0] if issubclass(kind, wxaudit.QuotaError) else kind
    same = (
        [other for other in CODES if issubclass(error_class(other), family)]
        if family is not wxaudit.APIError
        else []
    )
    place = CODES.index(code)
    near = CODES[max(place - 1, 0) : place + 2]
    return "\n".join(
        f"- [{title(other).of(language)}]({other}.md)" for other in sorted({*same, *near} - {code})
    )


def index(language: Language) -> str:
    rows = []
    for code in CODES:
        kind = error_class(code).__name__
        name = f"`{short(code)}`" if language is ENGLISH else MEANINGS[code].chinese_name
        rows.append(f"| [{code}]({code}.md) | {name} | [`{kind}`](../reference/errors.md#{kind.lower()}) |")
    heading = Text("WeChat errcodes of the audit query", "微信代码审核查询的错误码").of(language)
    return _TABLE.of(language).format(
        title=heading, description=heading, rows="\n".join(rows), wechat=_WECHAT.of(language)
    )


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
