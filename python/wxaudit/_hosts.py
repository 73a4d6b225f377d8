"""List the hosts of WeChat's interface."""

from __future__ import annotations

WECHAT_HOSTS = (
    "https://api.weixin.qq.com",
    "https://api2.weixin.qq.com",
    "https://sh.api.weixin.qq.com",
    "https://sz.api.weixin.qq.com",
    "https://hk.api.weixin.qq.com",
)
"""The hosts of WeChat's interface, for `fallback_urls`: the usual one, one for disasters, 3 regional ones.

Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (the domain names of the interface)
"""
