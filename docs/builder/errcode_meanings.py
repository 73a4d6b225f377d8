"""What each errcode means, beside what the package has: its hint, its class and WeChat's English text.

The Chinese texts are those of WeChat's list of global return codes and of its pages of the interfaces, as far as a code
is in them.
"""

from __future__ import annotations

from typing import NamedTuple

from .languages import Text


class Meaning(NamedTuple):
    # WeChat's text in Chinese, or what its English text says.
    chinese_name: str
    meaning: Text


def _meaning(chinese_name: str, english: str, chinese: str) -> Meaning:
    return Meaning(chinese_name, Text(english, chinese))


MEANINGS = {
    -1: _meaning(
        "系统繁忙，请稍候再试",
        "WeChat could not serve the request at this moment. It says nothing about the audit, the token or the request.",
        "微信此刻无法处理这个请求。这与审核单、令牌和请求内容都无关。",
    ),
    40001: _meaning(
        "access_token 无效，或不是最新的",
        "The token is well-formed, but it is not the one that WeChat accepts now. Most often another process has fetched a "
        "newer one: each `api_authorizer_token` supersedes the token before, which works for about five more minutes. It "
        "also comes for a token of another account.",
        "令牌的格式没有问题，但不是微信当前认可的那一个。最常见的原因是另一个进程又获取了新令牌：每次调用 `api_authorizer_token` "
        "都会让之前的令牌失效（旧令牌约五分钟内仍可用）。拿了别的账号的令牌，也是这个错误码。",
    ),
    40007: _meaning(
        "不合法的媒体文件 id（media_id）",
        "`get_material` found no such material in the account of this token. Screenshots of a rejection belong to the mini "
        "program that was rejected.",
        "`get_material` 在该令牌所属的账号里找不到这个素材。审核截图属于被拒绝的那个小程序。",
    ),
    40013: _meaning(
        "不合法的 AppID",
        "An appid in the request is not that of an account. The query of an audit holds no appid, so it is that of the call "
        "which fetched the token.",
        "请求中的 AppID 不是任何账号的 AppID。查询审核状态的请求里没有 AppID，所以问题出在获取令牌时所用的 AppID。",
    ),
    40014: _meaning(
        "不合法的 access_token",
        "What was sent is not a token that WeChat has issued: cut off, with a line break or quotes around it, encoded twice, "
        "or something else altogether.",
        "收到的内容不是微信签发的令牌：被截断、混入了换行或引号、做了两次 URL 编码，或者根本就是别的内容。",
    ),
    40066: _meaning(
        "不合法的 URL",
        "WeChat has no interface at this path. It answers so with HTTP 200, not with a 404.",
        "这个路径下没有接口。微信对此返回 HTTP 200 加这个错误码，而不是 404。",
    ),
    40097: _meaning(
        "参数错误",
        "The body is JSON, but an argument in it is missing or has the wrong type; here that can only be the auditid.",
        "正文是合法的 JSON，但其中的参数缺失或类型不对；对这个接口来说，只能是 auditid。",
    ),
    40164: _meaning(
        "调用接口的 IP 地址不在白名单中",
        "The account of the token has an IP whitelist, and the address that sent the request is not on it. The message names "
        "the address as WeChat saw it.",
        "令牌所属的账号设有 IP 白名单，而发出请求的地址不在其中。错误信息里有微信看到的地址。",
    ),
    41001: _meaning(
        "缺少 access_token 参数",
        "The request reached WeChat without `access_token` in its query string.",
        "请求到达微信时，URL 的查询参数里没有 `access_token`。",
    ),
    42001: _meaning(
        "access_token 已过期",
        "The token was right, and its 7200 seconds are over.",
        "令牌本身没有问题，只是 7200 秒的有效期已过。",
    ),
    42002: _meaning(
        "refresh_token 已过期",
        "The `authorizer_refresh_token`, with which the platform fetches tokens of this merchant, is no longer valid. It comes "
        "when a token is fetched, so usually from your token source and not from the query.",
        "第三方平台用来获取该商家令牌的 `authorizer_refresh_token` 已过期。它出现在获取令牌的时候，所以通常来自令牌来源，而不是查询本身。",
    ),
    42007: _meaning(
        "access_token 与 refresh_token 均已失效，需要重新授权",
        "WeChat has voided both tokens of this account, as it does when the administrator's password changes.",
        "微信让这个账号的两个令牌同时失效了，例如管理员修改密码之后。",
    ),
    43001: _meaning(
        "需要 GET 请求",
        "The interface takes GET (the latest audit does), and another method arrived.",
        "该接口只接受 GET（例如查询最新一次审核），微信收到的却是其他方法。",
    ),
    43002: _meaning(
        "需要 POST 请求",
        "The interface takes POST, and another method arrived. A redirect on the way, which turns POST into GET, is the usual "
        "reason.",
        "该接口只接受 POST，微信收到的却是其他方法。常见原因是中间有重定向，把 POST 变成了 GET。",
    ),
    43003: _meaning(
        "需要 HTTPS 请求",
        "The request arrived as plain HTTP.",
        "请求是以明文 HTTP 到达的。",
    ),
    44002: _meaning(
        "POST 的数据包为空",
        "The request arrived without a body.",
        "请求到达时没有正文。",
    ),
    45009: _meaning(
        "接口调用超过每日限额",
        "The calls of this interface that WeChat grants this merchant for today are used up. Other merchants are not concerned. "
        "WeChat counts days in Beijing.",
        "该商家今天在这个接口上的调用次数已用完。其他商家不受影响。微信按北京时间计算日期。",
    ),
    45011: _meaning(
        "API 调用太频繁，请稍候再试",
        "Too many calls for this merchant within one minute.",
        "该商家在一分钟内的调用次数过多。",
    ),
    45035: _meaning(
        "调用方的 IP 未登记",
        "The platform has an IP whitelist, and the address that sent the request is not registered there.",
        "第三方平台设有 IP 白名单，发出请求的地址没有登记在内。",
    ),
    47001: _meaning(
        "解析 JSON/XML 内容错误",
        "The body that arrived is not JSON: a form, cut off, or rewritten on the way.",
        "微信收到的正文不是 JSON：可能是表单、被截断，或在途中被改写。",
    ),
    48001: _meaning(
        "api 功能未授权",
        "The account has not granted this interface to your platform, or it is an account of another kind, such as an official "
        "account.",
        "该账号没有把这个接口授权给第三方平台，或者它是其他类型的账号，例如公众号。",
    ),
    48004: _meaning(
        "api 接口被封禁",
        "WeChat has closed this interface for the merchant's account because of a violation.",
        "由于违规，微信封禁了商家账号的这个接口。",
    ),
    48017: _meaning(
        "所访问的接入 IP 已停用",
        "The request went to an address of WeChat that is no longer in use. It sometimes comes as plain text instead of JSON; "
        "wxaudit recognises both, and does not use that connection again.",
        "请求发往了微信已停用的接入地址。有时返回的是纯文本而不是 JSON；wxaudit 两种都能识别，并且不再使用这条连接。",
    ),
    50002: _meaning(
        "用户受限，可能是违规后接口被封禁",
        "The merchant's account is restricted, frozen or closed.",
        "商家的账号受限，可能已被冻结或注销。",
    ),
    61003: _meaning(
        "该账号没有授权给第三方平台",
        "The merchant has never authorized your platform, or has withdrawn the authorization at mp.weixin.qq.com.",
        "商家从未授权给第三方平台，或已在 mp.weixin.qq.com 取消授权。",
    ),
    61004: _meaning(
        "调用方的 IP 不在第三方平台的白名单中",
        "The address that sent the request is not on the platform's IP whitelist. The message names it.",
        "发出请求的地址不在第三方平台的 IP 白名单中。错误信息里有这个地址。",
    ),
    61007: _meaning(
        "该接口没有授权给第三方平台",
        "The merchant has authorized your platform, but without the permission set of this interface: 18, development management "
        "and data analysis.",
        "商家授权给了第三方平台，但没有勾选这个接口所在的权限集：18，开发管理与数据分析权限。",
    ),
    61014: _meaning(
        "第三方平台的接口须使用 component_access_token",
        "The path is one of the platform's own interfaces and needs the platform's token.",
        "请求的路径是第三方平台自身的接口，需要第三方平台的令牌。",
    ),
    61015: _meaning(
        "非第三方平台的接口须使用小程序的令牌",
        "The path is an interface of the mini program, and the platform's token was sent.",
        "请求的路径是小程序的接口，却使用了第三方平台的令牌。",
    ),
    61016: _meaning(
        "接口所在的权限集需要第三方平台确认",
        "The merchant has granted the permission set, and your platform has not confirmed it yet.",
        "商家已授权该权限集，但第三方平台尚未确认。",
    ),
    61023: _meaning(
        "refresh_token 无效",
        "The stored `authorizer_refresh_token` is not the current one. A new authorization replaces it.",
        "保存的 `authorizer_refresh_token` 不是当前有效的那一个。商家重新授权之后，它会被替换。",
    ),
    61024: _meaning(
        "第三方平台须用 api_component_token 获取令牌",
        "A token was requested for the platform the way an ordinary account does.",
        "用普通账号的方式为第三方平台获取了令牌。",
    ),
    76001: _meaning(
        "rid 不存在",
        "`rid/get` knows no such request. WeChat keeps them for 7 days.",
        "`rid/get` 查不到这个请求。微信只保留 7 天。",
    ),
    76003: _meaning(
        "rid 不属于该账号",
        "The request was made with a token of another account.",
        "这个请求是用其他账号的令牌发出的。",
    ),
    85012: _meaning(
        "无效的审核 id",
        "The mini program of this token has no such audit. The body of the query holds no appid, so the token alone says which "
        "mini program is asked: a right id with another mini program's token gives this errcode too.",
        "令牌所属的小程序没有这个审核单。请求正文里没有 AppID，查的是哪个小程序完全由令牌决定：审核单 id 正确、令牌却属于另一个小程序，"
        "也是这个错误码。",
    ),
    85058: _meaning(
        "没有有效的审核单",
        "The query of the latest audit found none that a third-party platform has submitted. A new one shows up after about a "
        "minute.",
        "查询最新一次审核时，没有找到由第三方平台提交的审核单。刚提交的审核单约一分钟后才能查到。",
    ),
    86000: _meaning(
        "不是由第三方代小程序进行调用",
        "The interface is for third-party platforms, and the mini program's own token was sent.",
        "这个接口只供第三方平台代小程序调用，却使用了小程序自己的令牌。",
    ),
    86001: _meaning(
        "不存在第三方的已经提交的代码",
        "No third-party platform has uploaded code of this mini program.",
        "没有第三方平台为该小程序提交过代码。",
    ),
}
