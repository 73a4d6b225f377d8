"""Drive a running fake WeChat from the shell.

`control` speaks to its control plane, `options` says where it is, `serving` starts one, `faults` reads
what shall go wrong, and `show` writes what the fake answered.
"""

from __future__ import annotations
