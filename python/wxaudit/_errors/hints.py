"""Find what to do about an error: by its errcode, its HTTP status or its class."""

from __future__ import annotations

from .errcode_hints import ERRCODE_HINTS
from .hint import Hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# By the name of the class. A class that is not listed has the hint of its nearest base. A name in lower case
# is a case of a class.
KIND_HINTS: dict[str, Hint] = {
    "WxAuditError": Hint(
        "Read the message for what failed, and the cause below it if there is one.",
        "请查看错误信息，以及引发它的原因（如果有）。",
    ),
    "ArgumentError": Hint(
        "Correct the argument that the message names; nothing was sent.",
        "请更正错误信息中指出的参数；请求并未发出。",
    ),
    "TransportError": Hint(
        "Check that this machine reaches that host (DNS, firewall, proxy, certificates), then try again; "
        "repeating this query is always safe.",
        "请检查本机到该主机的网络（DNS、防火墙、代理、证书），然后重试；重复调用没有副作用。",
    ),
    "exhausted": Hint(
        "Free threads, descriptors or memory of this process, or raise its limits (ulimit -u, -n, -v), then "
        "try again; repeating this query is always safe.",
        "请释放本进程占用的线程、文件描述符或内存，或提高其上限（ulimit -u、-n、-v），然后重试；重复调用没有"
        "副作用。",
    ),
    "tls": Hint(
        "Check base_url, the proxy and the clock of this machine; if the certificate is that of your own "
        "authority, or of a proxy which decrypts traffic, give that authority's with ca_file= or "
        "WXAUDIT_CA_FILE.",
        "请检查 base_url、代理和本机时钟；如果证书由自建 CA 或会解密流量的代理签发，请用 ca_file= 或 "
        "WXAUDIT_CA_FILE 指定该 CA 的证书。",
    ),
    "proxy": Hint(
        "Check the proxy: address, scheme (http, https, socks5h), user and password in proxy=, HTTPS_PROXY "
        "or ALL_PROXY, and whether it lets this machine through to api.weixin.qq.com:443.",
        "请检查代理：proxy=、HTTPS_PROXY 或 ALL_PROXY 中的地址、协议（http、https、socks5h）、用户名和密码，"
        "以及代理是否放行本机对 api.weixin.qq.com:443 的访问。",
    ),
    "RequestTimeout": Hint(
        "Try again later or allow more time with timeout=: WeChat sometimes stalls for 5 to 30 seconds.",
        "请稍后重试，或用 timeout= 放宽时限：微信接口偶尔会卡顿 5 到 30 秒。",
    ),
    "DecodeError": Hint(
        "Conclude nothing from this answer and try again: if this recurs, look in the excerpt for a proxy, "
        "a login page or a wrong base_url that answers in place of WeChat.",
        "这次返回不能说明任何结果，请重试：如果反复出现，请根据 excerpt 检查是否有代理、网络认证"
        "（portal）页面或错误的 base_url 代替微信返回了内容。",
    ),
    "WaitTimeout": Hint(
        "Call wait_for_decision again or give it more time: a review takes hours, and up to 7 working days.",
        "请再次调用 wait_for_decision 或延长等待时间：代码审核通常需要数小时，最长 7 个工作日。",
    ),
    "ReviewRejected": Hint(
        "Change the mini program as the reasons and screenshots say, then upload and submit it again, which "
        "gives a new auditid.",
        "请按拒绝原因和截图修改小程序，再重新上传并提交代码审核，届时会得到新的审核单 id（auditid）。",
    ),
    "TokenError": Hint(
        "Check the token source: get_token() must return the mini program's authorizer_access_token in good "
        "time, as a non-empty str without blanks or line breaks.",
        "请检查令牌来源：get_token() 必须及时返回该小程序的 authorizer_access_token，且必须是不含空格和换行"
        "的非空字符串。",
    ),
    "APIError": Hint(
        "Look the errcode up in WeChat's list of global error codes, or, within 7 days, read what WeChat "
        "saw of the request with client.explain(token, error).",
        "请在微信全局错误码文档中查找该 errcode，或在 7 天之内用 client.explain(token, error) 查看微信收到的"
        "请求。",
    ),
    "QuotaError": Hint(
        "Wait until retry_at, then call less often.",
        "请等到 retry_at 之后再调用，并降低调用频率。",
    ),
}

HTTP_STATUS_HINTS: dict[int, Hint] = {
    407: Hint(
        "The proxy requires a user and a password, or others than these: write them into proxy= or "
        "HTTPS_PROXY, as http://user:password@host:port, special characters percent-encoded.",
        "代理需要用户名和密码，或现有的用户名、密码不正确：请按 http://用户名:密码@主机:端口 的形式写在 "
        "proxy= 或 HTTPS_PROXY 中，特殊字符须做 URL 编码。",
    ),
    412: Hint(
        "The body arrived without Content-Length (chunked), which WeChat refuses: let the proxy or gateway "
        "in between forward requests unchanged, or bypass it.",
        "请求到达时没有 Content-Length（分块传输），微信会拒绝：请让中间的代理或网关原样转发请求，或绕过它。",
    ),
}
_REDIRECT = Hint(
    "Redirects are never followed, since the token is part of the URL: check base_url, and whether a proxy "
    "or a login page of the network has answered.",
    "令牌在 URL 中，因此不会跟随重定向：请检查 base_url，以及是否有代理或网络认证（portal）页面返回了"
    "这个响应。",
)
_GATEWAY = Hint(
    "A gateway of WeChat or a proxy could not serve the request: try again in about a minute; repeating "
    "this query is always safe.",
    "微信的网关或中间的代理暂时无法处理请求：请约一分钟后重试；重复调用没有副作用。",
)
_NOT_WECHAT = Hint(
    "WeChat sends its own errors with HTTP 200, so something else has answered: check base_url, the proxy "
    "and the firewall.",
    "微信自身的错误都以 HTTP 200 返回，可见这个响应并非来自微信：请检查 base_url、代理和防火墙。",
)


def find_hint(kinds: Iterable[str], errcode: int | None, http_status: int | None) -> Hint:
    """The hint for an error; `kinds` are the names of its class and bases, the nearest first."""
    if errcode in ERRCODE_HINTS:
        return ERRCODE_HINTS[errcode]
    if http_status is not None:
        return HTTP_STATUS_HINTS.get(http_status) or _by_range(http_status)
    return next((KIND_HINTS[kind] for kind in kinds if kind in KIND_HINTS), KIND_HINTS["WxAuditError"])


def _by_range(http_status: int) -> Hint:
    if 300 <= http_status <= 399:
        return _REDIRECT
    if http_status in (408, 429) or 500 <= http_status <= 599:
        return _GATEWAY
    return _NOT_WECHAT
