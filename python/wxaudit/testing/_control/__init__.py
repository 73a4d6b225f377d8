"""The control plane: the methods of `FakeWeChat` over HTTP, for programs in other languages."""

from __future__ import annotations
