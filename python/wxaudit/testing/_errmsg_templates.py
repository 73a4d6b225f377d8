"""The `errmsg` texts of WeChat, with placeholders for hint and IP address."""

from __future__ import annotations

import secrets

# From WeChat's table of global return codes and from observed answers.
_TEMPLATES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest, could get access_token by "
    "getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
    40007: "invalid media_id",
    40013: "invalid appid",
    40014: "invalid access_token",
    40066: "invalid url",
    40097: "invalid args",
    40164: "invalid ip {ip}, not in whitelist",
    41001: "access_token missing",
    42001: "access_token expired",
    42002: "refresh_token expired",
    42007: "access_token and refresh_token exception",
    43001: "require GET method",
    43002: "require POST method",
    43003: "require https",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45035: "access clientip is not registered requestIP: {ip}",
    47001: "data format error hint: [{hint}]",
    48001: "api unauthorized hints: [ req_id: {hint} ]",
    48004: "api forbidden for irregularities, view detail on mp.weixin.qq.com",
    48017: "This ip is no longer use. Please change your DNS server",
    50002: "user limited",
    61003: "component is not authorized by this account hints: [ req_id: {hint} ]",
    61004: "access clientip is not registered requestIP: {ip}",
    61007: "api is unauthorized to component",
    61014: "must use component token for component api",
    61015: "must use biz account token for not component api",
    61016: "function category of API need be confirmed by component",
    61023: "refresh_token is invalid",
    61024: "must use api_component_token to get token for component acctoken",
    76001: "rid not found",
    76003: "rid not belong to the account",
    76021: "cgi_path not found, please check",
    85012: "invalid audit id hint: [{hint}]",
    85058: "no valid audit_id exist",
    86000: "should be called only from third party",
    86001: "component experience version not exists",
}

# An address for documentation (RFC 5737), in place of the caller's.
_CLIENT_IP = "203.0.113.7"


def new_rid(now: int) -> str:
    """Return a new request id. Like WeChat's, it begins with the server's Unix time in hexadecimal."""
    return f"{now & 0xFFFFFFFF:08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


def errmsg_for(errcode: int, now: int) -> str:
    """Return WeChat's `errmsg` for `errcode` with a new rid, or a generic text for an unknown code."""
    text = _TEMPLATES.get(errcode, "unknown error").format(hint=secrets.token_hex(4), ip=_CLIENT_IP)
    return f"{text} rid: {new_rid(now)}"


def documented_text(errcode: int) -> str | None:
    """Return WeChat's text for `errcode`, with … for what differs between answers, or None if unknown."""
    template = _TEMPLATES.get(errcode)
    return None if template is None else template.format(hint="…", ip="…")
