"""Say in Chinese what the messages about mistaken arguments say, found by their sentences in English.

By the sentence, since that is what every serializer keeps of an error.
"""

from __future__ import annotations

_ACCESS_TOKEN = "请传入该小程序的 authorizer_access_token（通过 api_authorizer_token 获取）。"  # noqa: S105  # its name
_SUBMITTED = "请传入 submit_audit 返回的审核单 id（auditid）。"
_AS_TEXT = "请把该列设为文本格式后重新导出。"

# The first that a message contains counts.
_CHINESE: dict[str, str] = {
    "this is an appid;": f"这是小程序的 appid，不是令牌。{_ACCESS_TOKEN}",
    "this is the placeholder of an example;": f"这是示例中的占位符。{_ACCESS_TOKEN}",
    "this is the text of a missing value": ("这是由空值转成的文本，不是令牌。请检查它是在哪里被转成文本的。"),
    "the access token is empty": "令牌为空。请检查它所来自的环境变量、缓存或文件。",
    "begins with a byte order mark": '令牌开头有 BOM。请用 encoding="utf-8-sig" 读取文件。',
    'begins with "Bearer "': "令牌前多了“Bearer ”。请只传入其后的部分：微信的令牌放在 URL 中。",
    "this is the repr of bytes": "这是 bytes 的 repr（b'…'）。请用 .decode() 转成文本，不要用 str()。",
    "the token is in quotation marks": "令牌带有引号。请只传入引号之间的部分，例如用 json.loads 读取。",
    "this is JSON;": "这是一段 JSON。请用 json.loads 读取，再传入其中的 authorizer_access_token。",
    "this is the mask that str() of a Token gives": (
        "这是 str(Token) 得到的掩码。请直接传入该 Token，或传入其 reveal() 的返回值。"
    ),
    "this is an authorizer_refresh_token": (
        "这是 authorizer_refresh_token。请先通过 api_authorizer_token 用它换取 authorizer_access_token。"
    ),
    "this is a component_verify_ticket": f"这是 component_verify_ticket，不是令牌。{_ACCESS_TOKEN}",
    "this is a URL or a query": "这是一个 URL 或查询字符串。请只传入 access_token 的值。",
    "the access token contains a control character": (
        "令牌中有控制字符或换行，或首尾有空格。请先用 strip() 去掉。"
    ),
    "the access token has more than 2048 bytes": "令牌超过 2048 字节；微信的令牌最长约 512 字节。",
    "an unset environment variable and a cache": (
        "令牌为 None：没有设置的环境变量、没有令牌的缓存都会得到 None。请先获取令牌。"
    ),
    "pass token.decode()": (
        "令牌是 bytes。请传入 token.decode()，或在创建 Redis 客户端时设置 decode_responses=True。"
    ),
    "the order is (token, auditid)": "参数顺序不对，应为 (token, auditid)。",
    "the token comes first: (token, auditid)": "参数顺序不对，令牌在前：(token, auditid)。",
    "pass its authorizer_access_token": "请传入其中的 authorizer_access_token。",
    "; await it first": "请先 await 它。",
    "wrap it in an object with get_token": "请把这个函数包装成带有 get_token(*, refresh=False) 的对象。",
    "a token source has the method get_token": (
        "应为文本或令牌来源；令牌来源须有 get_token(*, refresh=False) 方法。"
    ),
    "got the class of a source": "传入的是令牌来源的类。请传入它的实例。",
    "is in scientific notation": f"这个审核单 id 是科学计数法，末几位已被 Excel 舍去。{_AS_TEXT}",
    "is a float that ends in 000": (
        f"这个审核单 id 是末尾为 000 的浮点数，末几位多半已被 Excel 舍去。{_AS_TEXT}"
        '读取时也按文本读取（pandas：dtype={"auditid": str}）。'
    ),
    "has a decimal point": (
        "审核单 id 带小数点：浮点数会丢失大编号的末几位。请按文本或整数读取该列（pandas：Int64）。"
    ),
    "has spaces or a line break around its digits": "审核单 id 首尾有空格或换行。请传入 auditid.strip()。",
    "has separators between its digits": "审核单 id 的数字之间有分隔符。请只传入数字。",
    "is empty; pass the number that submit_audit returned": f"审核单 id 为空。{_SUBMITTED}",
    "is an appid; pass the number that submit_audit returned": f"这是 appid，不是审核单 id。{_SUBMITTED}",
    "got NoneType; pass the number that submit_audit returned": f"审核单 id 为 None。{_SUBMITTED}",
    "for many audits, call get_audit_statuses": "查询多个审核单请用 get_audit_statuses。",
    "pass auditid.decode()": "审核单 id 是 bytes。请传入 auditid.decode()。",
    "floats, Excel and CSV files round ids": (
        "审核单 id 是浮点数：浮点数、Excel 和 CSV 都可能丢失末几位。请以整数或文本传入完整的数字。"
    ),
    "must be a whole number or a string of decimal digits": f"审核单 id 须为整数或一串数字。{_SUBMITTED}",
    "expected a whole number or its digits": f"审核单 id 须为整数或一串数字。{_SUBMITTED}",
    "is out of range; WeChat's audit ids": f"审核单 id 超出范围，应为 64 位正整数。{_SUBMITTED}",
    "got one query; write a list of it": "只传入了一条查询。请写成列表：[(token, auditid)]。",
    "must be an iterable of AuditQuery or (token, auditid)": "请传入查询的列表：[(token, auditid), …]。",
}


def chinese_of(message: str) -> str | None:
    """What the message says, and what to do, or `None` if it is another."""
    return next((chinese for sentence, chinese in _CHINESE.items() if sentence in message), None)
