"""A fake WeChat server for tests, which imitates WeChat's protocol, including its oddities.

It needs only the standard library, and imports it when a name is first used. Push events need the
dependencies of `wxaudit.events`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._audits import FakeAudit
    from ._clock import FakeClock
    from ._fake import FakeWeChat
    from ._fault_queue import ScriptedFault
    from ._faults import Fault
    from ._life import Step
    from ._log import ClosedConnection, ReceivedRequest
    from ._push import FakePush, PushAnswer
    from ._token_sources import FakeAsyncTokenSource, FakeTokenSource

__all__ = [
    "ClosedConnection",
    "FakeAsyncTokenSource",
    "FakeAudit",
    "FakeClock",
    "FakePush",
    "FakeTokenSource",
    "FakeWeChat",
    "Fault",
    "PushAnswer",
    "ReceivedRequest",
    "ScriptedFault",
    "Step",
]

_MODULES = {
    "FakeAsyncTokenSource": "_token_sources",
    "ClosedConnection": "_log",
    "FakeAudit": "_audits",
    "FakeClock": "_clock",
    "FakePush": "_push",
    "FakeWeChat": "_fake",
    "Fault": "_faults",
    "PushAnswer": "_push",
    "ReceivedRequest": "_log",
    "ScriptedFault": "_fault_queue",
    "Step": "_life",
    "FakeTokenSource": "_token_sources",
}

# Hidden from type checkers, which would otherwise accept every misspelt name.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        module = _MODULES.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{module}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted(__all__)  # for completion
