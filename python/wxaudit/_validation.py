"""What a caller gives to be called back."""

from __future__ import annotations

from ._errors.tree import ArgumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check_callback(name: str, callback: Any, *, may_be_awaited: bool = False) -> None:
    """`ArgumentError` for what cannot be called, or would never run, since nobody awaits what it returns."""
    if not callable(callback):
        kind = type(callback).__name__
        raise ArgumentError(f"{name} must be callable, got {kind}")
    if not may_be_awaited and _is_asynchronous(callback):
        where = "; only AsyncClient can await it" if name == "on_poll" else ", which nothing awaits"
        raise ArgumentError(f"{name} is a coroutine function{where}; write def instead of async def")


def _is_asynchronous(callback: Any) -> bool:
    import functools
    import inspect

    while isinstance(callback, functools.partial):
        callback = callback.func
    # Of an object its class says so, and of a class that is called its metaclass.
    return any(
        inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called)
        for called in (callback, type(callback).__call__)
    )
