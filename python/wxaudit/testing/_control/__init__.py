"""The control plane: the methods of `FakeWeChat` over HTTP, for programs in other languages.

`server` serves it, `routes` lists its routes, and `serialization` converts objects from and to JSON.
"""

from __future__ import annotations
