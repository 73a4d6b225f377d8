"""The `errmsg` texts of WeChat, with placeholders for rid, hint and IP address."""

from __future__ import annotations

import secrets

# From WeChat's table of global return codes and from observed answers.
_RID = " rid: {rid}"
_TEMPLATES = {
    -1: "system error" + _RID,
    40001: "invalid credential, access_token is invalid or not latest, could get access_token by "
    "getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r" + _RID,
    40007: "invalid media_id" + _RID,
    40013: "invalid appid" + _RID,
    40014: "invalid access_token" + _RID,
    40066: "invalid url" + _RID,
    40097: "invalid args" + _RID,
    40164: "invalid ip {ip}, not in whitelist" + _RID,
    41001: "access_token missing" + _RID,
    42001: "access_token expired" + _RID,
    42002: "refresh_token expired" + _RID,
    42007: "access_token and refresh_token exception" + _RID,
    43001: "require GET method" + _RID,
    43002: "require POST method" + _RID,
    43003: "require https" + _RID,
    44002: "empty post data" + _RID,
    45009: "reach max api daily quota limit" + _RID,
    45011: "api minute-quota reach limit, must slower, retry next minute" + _RID,
    45035: "access clientip is not registered requestIP: {ip}" + _RID,
    47001: "data format error hint: [{hint}]" + _RID,
    48001: "api unauthorized hints: [ req_id: {hint} ]" + _RID,
    48004: "api forbidden for irregularities, view detail on mp.weixin.qq.com" + _RID,
    48017: "This ip is no longer use. Please change your DNS server" + _RID,
    50002: "user limited" + _RID,
    61003: "component is not authorized by this account hints: [ req_id: {hint} ]" + _RID,
    61004: "access clientip is not registered requestIP: {ip}" + _RID,
    61007: "api is unauthorized to component" + _RID,
    61014: "must use component token for component api" + _RID,
    61015: "must use biz account token for not component api" + _RID,
    61016: "function category of API need be confirmed by component" + _RID,
    61023: "refresh_token is invalid" + _RID,
    61024: "must use api_component_token to get token for component acctoken" + _RID,
    76001: "rid not found" + _RID,
    76003: "rid not belong to the account" + _RID,
    76021: "cgi_path not found, please check" + _RID,
    85012: "invalid audit id hint: [{hint}]" + _RID,
    85058: "no valid audit_id exist" + _RID,
    86000: "should be called only from third party" + _RID,
    86001: "component experience version not exists" + _RID,
}

# An address for documentation (RFC 5737), in place of the caller's.
_CLIENT_IP = "203.0.113.7"


def new_rid(now: int) -> str:
    """Return a new request id. Like WeChat's, it begins with the server's Unix time in hexadecimal."""
    return f"{now & 0xFFFFFFFF:08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


def errmsg_for(errcode: int, now: int) -> str:
    """Return WeChat's `errmsg` for `errcode` with a new rid, or a generic text for an unknown code."""
    template = _TEMPLATES.get(errcode, "unknown error" + _RID)
    return template.format(rid=new_rid(now), hint=secrets.token_hex(4), ip=_CLIENT_IP)
