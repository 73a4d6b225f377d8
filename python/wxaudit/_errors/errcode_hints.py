"""Say what to do about each errcode.

Sources, under https://developers.weixin.qq.com/doc/oplatform/: the list of global error codes
(developers/errCode/errCode.html), the guide to permission errors
(Third-party_Platforms/2.0/troubleshooting/), and answers of WeChat's staff about this call in its
developers' forum.
"""

from __future__ import annotations

from .hint import Hint

ERRCODE_HINTS: dict[int, Hint] = {
    -1: Hint(
        "WeChat was busy: try again in about a minute; repeating this query is always safe.",
        "微信系统繁忙：请约一分钟后重试；本接口只读，重复调用没有副作用。",
    ),
    # The token.
    40001: Hint(
        "A newer token has replaced this one, or it belongs to another account: let a single process "
        "refresh authorizer_access_token, let all others read it from there, and pass a token source "
        "instead of a fixed text.",
        "令牌已被新令牌取代，或不属于该小程序：请由中控服务统一刷新 authorizer_access_token，其他进程都从中"
        "控服务读取，并向本库传入令牌来源，而不是固定的字符串。",
    ),
    40014: Hint(
        "WeChat did not issue this token: check that it is complete (no line break, nothing cut off, not "
        "percent-encoded), then fetch a new authorizer_access_token with api_authorizer_token.",
        "令牌不合法：请确认令牌完整（没有换行、没有截断、没有做过 URL 编码），再用 api_authorizer_token 获取"
        "新的 authorizer_access_token。",
    ),
    42001: Hint(
        "The token has expired: fetch a new authorizer_access_token with api_authorizer_token before its "
        "7200 seconds are over, or pass a token source that does so.",
        "令牌已过期：请在 7200 秒有效期结束之前用 api_authorizer_token 获取新的 authorizer_access_token，或"
        "传入会自动刷新的令牌来源。",
    ),
    41001: Hint(
        "No token reached WeChat: check that the token is not empty and that no proxy removes the query "
        "string from the URL.",
        "请求中缺少 access_token：请确认令牌不为空，且中间的代理没有去掉 URL 的查询参数。",
    ),
    # The audit.
    85012: Hint(
        "Check the auditid and the token together: the auditid must be one that submit_audit returned, and "
        "the token must be the authorizer_access_token of the mini program that it was returned for.",
        "请同时核对审核单 id（auditid）和令牌：auditid 必须是提交代码审核（submit_audit）时返回的，令牌必须"
        "是该小程序的 authorizer_access_token。",
    ),
    86001: Hint(
        "No third-party platform has submitted code of this mini program: upload the code (commit) and "
        "submit it for review (submit_audit) with your platform first.",
        "该小程序没有由第三方平台提交的代码：请先通过第三方平台上传代码（commit）并提交代码审核（"
        "submit_audit）。",
    ),
    85058: Hint(
        "This mini program has no audit that a third-party platform submitted: submit one first, or wait a "
        "minute after submit_audit, or query the auditid that it returned.",
        "该小程序没有由第三方平台提交的审核单：请先提交代码审核；如果刚刚提交，请一分钟后再查询，或直接用返"
        "回的审核单 id（auditid）查询。",
    ),
    # Screenshots and diagnostics.
    40007: Hint(
        "The account of this token has no such media_id: pass a media_id exactly as AuditStatus.screenshots "
        "has it, and the authorizer_access_token of the mini program that the audit belongs to.",
        "令牌所属的账号没有这个 media_id：请原样传入 AuditStatus.screenshots 中的 media_id，并使用该审核单所"
        "属小程序的 authorizer_access_token。",
    ),
    76001: Hint(
        "WeChat does not know this rid: check that it is complete, and query it within 7 days of the "
        "request.",
        "微信查不到这个 rid：请确认 rid 完整，并在请求发生后的 7 天之内查询。",
    ),
    76003: Hint(
        "The rid belongs to a request of another account: use a token of the account that made the request.",
        "这个 rid 属于其他账号的请求：请使用发起该请求的账号的令牌。",
    ),
    # The permission.
    86000: Hint(
        "The token is of the wrong kind: pass the authorizer_access_token that your third-party platform "
        "obtained for this mini program, not the mini program's own access_token and not "
        "component_access_token.",
        "令牌类型不对：请使用第三方平台代该小程序获取的 authorizer_access_token，而不是小程序自己的 "
        "access_token 或 component_access_token。",
    ),
    48001: Hint(
        "Ask the merchant to grant permission set 18 (development management and data analysis) to your "
        "platform, and check that the token is the mini program's authorizer_access_token, not an official "
        "account's.",
        "请让商家把权限集 18（开发管理与数据分析权限）授权给第三方平台，并确认令牌是该小程序的 "
        "authorizer_access_token，而不是公众号的令牌。",
    ),
    61007: Hint(
        "Ask the merchant to authorize again through your authorization page with permission set 18 "
        "(development management and data analysis); only one platform can hold this set, so the merchant "
        "first removes it from any other at mp.weixin.qq.com.",
        "请让商家通过授权页重新授权，并勾选权限集 18（开发管理与数据分析权限）；该权限集只能授权给一个第三方"
        "平台，如已授权给其他平台，须先在 mp.weixin.qq.com 取消授权。",
    ),
    61014: Hint(
        "The kind of token does not fit the interface: pass the mini program's authorizer_access_token for "
        "an audit, use component_access_token only for /cgi-bin/component, and check that base_url leads "
        "directly to WeChat.",
        "令牌类型与接口不符：查询审核单请使用该小程序的 authorizer_access_token，component_access_token 只用"
        "于 /cgi-bin/component 下的接口，并确认 base_url 直接指向微信。",
    ),
    61015: Hint(
        "The platform's token was passed instead of the mini program's: pass authorizer_access_token, not "
        "component_access_token.",
        "误用了第三方平台的令牌：请使用该小程序的 authorizer_access_token，而不是 component_access_token。",
    ),
    61016: Hint(
        "Permission set 18 still needs your platform's confirmation: look at confirm_info in the func_info "
        "of api_get_authorizer_info, confirm the set in the Open Platform console, then ask the merchant to "
        "authorize again.",
        "权限集 18 还需要第三方平台确认：请查看 api_get_authorizer_info 返回的 func_info 中的 confirm_info，"
        "在微信开放平台确认该权限集，再请商家重新授权。",
    ),
    61024: Hint(
        "A platform cannot fetch a token the way an ordinary account does: obtain component_access_token "
        "with api_component_token, and with it the mini program's authorizer_access_token with "
        "api_authorizer_token.",
        "第三方平台不能像普通账号那样获取令牌：请先用 api_component_token 获取 component_access_token，再用 "
        "api_authorizer_token 获取该小程序的 authorizer_access_token。",
    ),
    # The authorization.
    61003: Hint(
        "The merchant has not authorized your platform, or has withdrawn the authorization: ask the "
        "merchant to authorize again through your authorization page, and do not query this mini program "
        "until then.",
        "商家没有授权给该第三方平台，或已取消授权：请让商家通过授权页重新授权，在此之前不要查询该小程序。",
    ),
    61023: Hint(
        "The stored authorizer_refresh_token is no longer valid: read the current one with "
        "api_get_authorizer_list, and if WeChat refuses that too, ask the merchant to authorize again "
        "through your authorization page.",
        "保存的 authorizer_refresh_token（刷新令牌）已失效：请用 api_get_authorizer_list 获取当前的刷新令"
        "牌，如果仍被拒绝，请让商家通过授权页重新授权。",
    ),
    42002: Hint(
        "The refresh token has expired: ask the merchant to authorize again through your authorization "
        "page, and store the new authorizer_refresh_token.",
        "刷新令牌已过期：请让商家通过授权页重新授权，并保存新的 authorizer_refresh_token。",
    ),
    42007: Hint(
        "WeChat has voided the token and the refresh token, as it does when the account's password changes: "
        "ask the merchant to authorize again through your authorization page.",
        "令牌和刷新令牌都已失效，常见原因是账号修改了密码：请让商家通过授权页重新授权。",
    ),
    # The quota.
    45009: Hint(
        "The merchant's quota for today is used up: stop until midnight in Beijing, and poll less often from "
        "then on; if it is raised or cleared before, client.quota(token) with the same appid lets this "
        "client send again, and so does client.unblock_quota().",
        "该商家当天的调用额度已用完：请停止调用，等北京时间次日零点之后再继续，并降低轮询频率；如果在此之前额"
        "度已提升或清零，请用相同的 appid 调用 client.quota(token)，查到还有剩余次数就会恢复调用，也可以直接"
        "调用 client.unblock_quota()。",
    ),
    45011: Hint(
        "Too many calls within a minute: wait at least 60 seconds, then spread the queries out; "
        "client.unblock_quota() lets this client send before.",
        "每分钟调用次数超限：请至少等待 60 秒，再把查询分散到不同时间；如需提前恢复，可调用 "
        "client.unblock_quota()。",
    ),
    # The account.
    48004: Hint(
        "WeChat has blocked this interface for the account because of a violation: the merchant finds the "
        "details at mp.weixin.qq.com and can apply there to have the block lifted.",
        "该账号的这个接口因违规被封禁：请商家登录 mp.weixin.qq.com 查看详情并申请解除。",
    ),
    50002: Hint(
        "The account is restricted, frozen or closed: ask the merchant to look at its state at "
        "mp.weixin.qq.com, and do not query this mini program until the restriction is lifted.",
        "账号受限，可能已被冻结或注销：请商家登录 mp.weixin.qq.com 查看账号状态，在解除之前不要查询该小程"
        "序。",
    ),
    # The network of the platform.
    61004: Hint(
        "Add the IP that the message names to the platform's IP whitelist in the Open Platform console "
        "(open.weixin.qq.com), or send from an IP that is on it.",
        "请登录微信开放平台（open.weixin.qq.com），把错误信息中的 IP 加入该第三方平台的 IP 白名单，或改用白"
        "名单内的 IP 发送请求。",
    ),
    40164: Hint(
        "The IP that sent the request is not on the IP whitelist: add the server's outgoing IP (behind NAT "
        "that of the gateway) in the Open Platform console (open.weixin.qq.com).",
        "发送请求的 IP 不在 IP 白名单中：请登录微信开放平台（open.weixin.qq.com）添加服务器的出口 IP（经过 "
        "NAT 时为网关的公网 IP）。",
    ),
    45035: Hint(
        "The IP that sent the request is not registered: add every outgoing IP of your servers, also those "
        "that scaling adds, to the platform's IP whitelist in the Open Platform console "
        "(open.weixin.qq.com).",
        "发送请求的 IP 未登记：请登录微信开放平台（open.weixin.qq.com），把所有服务器的出口 IP（包括扩容新增"
        "的）加入该第三方平台的 IP 白名单。",
    ),
    48017: Hint(
        "WeChat has retired the access IP that was called: remove fixed addresses (hosts file, DNS "
        "overrides, stale caches) and let DNS resolve api.weixin.qq.com.",
        "所访问的微信接入 IP 已停用：请去掉写死的 IP（hosts 文件、自建 DNS 记录、过期的 DNS 缓存），改为通过"
        " DNS 解析 api.weixin.qq.com。",
    ),
    # The request itself. wxaudit builds it, so something on the way has changed it.
    40013: Hint(
        "The appid is not valid: check the appid of the mini program that the token was fetched for, "
        "including upper and lower case.",
        "AppID 不合法：请核对获取令牌时所用的小程序 AppID，注意大小写。",
    ),
    40066: Hint(
        "WeChat does not know the path: check that base_url holds only scheme and host and that no proxy "
        "rewrites paths.",
        "微信无法识别该请求路径：请确认 base_url 只有协议和域名，且没有代理改写路径。",
    ),
    40097: Hint(
        "WeChat refused an argument: check that the auditid is the number that submit_audit returned, and "
        "if it is, report the rid to WeChat.",
        "微信拒绝了请求参数：请确认审核单 id（auditid）是提交代码审核时返回的数字，如果无误，请把 rid 反馈给"
        "微信官方（开放平台服务商专区）。",
    ),
    43001: Hint(
        "WeChat expects GET here and received another method: check whether a proxy or gateway changes the "
        "method or the path.",
        "该接口需要 GET 请求，微信收到的却是其他方法：请检查是否有代理或网关改写了请求方法或路径。",
    ),
    43002: Hint(
        "The request was sent as POST and arrived with another method: check whether a proxy or gateway "
        "turns POST into GET, for example by following a redirect.",
        "请求以 POST 发出，微信收到的却是其他方法：请检查是否有代理或网关把 POST 改成了 GET，例如跟随了重定"
        "向。",
    ),
    43003: Hint(
        "The request did not arrive over HTTPS: write base_url with https:// and check that no proxy "
        "forwards it as plain HTTP.",
        "请求没有通过 HTTPS 到达：请把 base_url 写成 https://，并确认代理没有用明文 HTTP 转发。",
    ),
    44002: Hint(
        "The request arrived without its body: check whether a proxy or gateway drops the body of a POST.",
        "请求到达微信时缺少正文：请检查是否有代理或网关丢弃了 POST 的正文。",
    ),
    47001: Hint(
        "The body that arrived is not the JSON that was sent: check whether a proxy or gateway rewrites "
        "bodies or their Content-Type.",
        "微信收到的正文不是发出的 JSON：请检查是否有代理或网关改写了正文或 Content-Type。",
    ),
}
