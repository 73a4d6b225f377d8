"""Find out why calls fail, from this machine to WeChat.

`setup` checks settings and proxies, `hosts` each host, with `exchange` and `certificate` for what the client
does not tell of it, and `token` the token. Each gives rows of `check`, which `show` writes.
"""

from __future__ import annotations
