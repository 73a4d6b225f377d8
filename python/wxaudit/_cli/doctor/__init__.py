"""Find out why calls fail, from this machine to WeChat.

`hosts` checks each host, `exchange` and `certificate` what the client does not tell of it, `proxies` the proxy in
force, and `token` the token; each gives rows of `check`, which `show` writes.
"""

from __future__ import annotations
