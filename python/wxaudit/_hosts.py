"""List the hosts of WeChat's API."""

from __future__ import annotations

WECHAT_HOSTS = (
    "https://api.weixin.qq.com",
    "https://api2.weixin.qq.com",
    "https://sh.api.weixin.qq.com",
    "https://sz.api.weixin.qq.com",
    "https://hk.api.weixin.qq.com",
)
"""The hosts of WeChat's API, for `fallback_urls`: the default, one for disaster recovery, 3 regional ones.

Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (the domain names of the interface)
"""
