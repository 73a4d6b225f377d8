"""Define token sources, and serve the requests of calls to them."""

from __future__ import annotations

from ._signals import raised_by_signal
from ._threads import ThreadError, start_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ._native import Token, TokenRequest
else:
    # Importing typing would double the import time of this package.
    Protocol = object


class TokenSource(Protocol):
    """An object that returns the `authorizer_access_token` of one mini program. Subclassing is not needed.

    `get_token` is called before each call, so it should cache its token. `refresh=True` means that WeChat has
    refused that token: return a fresh one. Concurrent calls share one refresh. If a source raises or returns
    an invalid token, the call raises `TokenError`.

    `get_token` runs in a separate thread with the caller's context variables, so that a slow source cannot
    exceed the time limit of the call. Set the attribute `same_thread = True` on a source that must run in the
    calling thread, for example to use Django's database connections. It then has to limit its time itself.

    Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_authorizer_token)
    """

    def get_token(self, *, refresh: bool = False) -> str | Token:
        """The valid token; with `refresh=True` a new one that replaces the refused one."""


class AsyncTokenSource(Protocol):
    """A `TokenSource` with a coroutine function `get_token`, run by `AsyncClient` in the calling task."""

    async def get_token(self, *, refresh: bool = False) -> str | Token:
        """The valid token; with `refresh=True` a new one that replaces the refused one."""


def serve_request(request: TokenRequest) -> None:
    """Calls the source of a request: in a thread, without waiting, or here for `same_thread`."""
    if not getattr(request.source, "same_thread", False):
        try:
            _in_thread(lambda: _catching_all(_answer, request))
        except ThreadError as error:
            if not error.at_shutdown:
                return request.fail_to_start(str(error))
        else:
            return None
    _answer(request)
    return None


async def aserve_request(request: TokenRequest) -> None:
    """Calls the source of a request and waits for it without blocking the event loop."""
    import asyncio

    try:
        await asyncio.wait_for(_aanswer(request), request.remaining)
    except asyncio.TimeoutError as error:  # not the built-in one before Python 3.11
        if raised_by_signal(error):
            raise
        request.time_out()


def _answer(request: TokenRequest) -> None:
    awaitable = _ask(request)
    if awaitable is not None:
        if hasattr(awaitable, "close"):
            awaitable.close()
        request.fail("its get_token is a coroutine function; only AsyncClient can await it")


async def _aanswer(request: TokenRequest) -> None:
    import inspect

    source = request.source
    if inspect.iscoroutinefunction(source.get_token) or getattr(source, "same_thread", False):
        awaitable = _ask(request)
    else:
        try:
            awaitable = await _from_thread(lambda: _catching_all(_ask, request))
        except ThreadError as error:
            return request.fail_to_start(str(error))
    if awaitable is not None:
        try:
            # A decorated coroutine function may look like a plain function that returns an awaitable.
            token = await awaitable
        except Exception as cause:
            if raised_by_signal(cause):
                raise
            _fail(request, cause)
        else:
            request.answer(token)
    return None


def _ask(request: TokenRequest) -> Any:
    """Calls the source and answers the request; returns the awaitable of the source, if it gave one."""
    try:
        token = request.source.get_token(refresh=request.refresh)
    except Exception as cause:
        if raised_by_signal(cause):
            raise
        _fail(request, cause)
        return None
    if hasattr(token, "__await__"):
        return token
    request.answer(token)
    return None


def _fail(request: TokenRequest, cause: BaseException) -> None:
    # The text of the exception may contain secrets, so it is only in the cause.
    request.fail(f"get_token raised {type(cause).__name__}", cause)


def _catching_all(ask: Callable[[TokenRequest], Any], request: TokenRequest) -> Any:
    """For threads, where an uncaught exception would be lost or printed."""
    try:
        return ask(request)
    except BaseException as cause:
        _fail(request, cause)


def _in_thread(work: Callable[[], None]) -> None:
    """Runs `work` in a daemon thread, with the caller's context variables."""
    from contextvars import copy_context

    context = copy_context()
    start_thread(lambda: context.run(work), "wxaudit-token")


async def _from_thread(work: Callable[[], Any]) -> Any:
    import asyncio

    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    # Popped by the loop: an argument of the callback would stay referenced until the thread ends.
    results: list[Any] = []

    def settle() -> None:
        if not done.done():
            done.set_result(None)

    def run() -> None:
        results.append(work())
        try:
            loop.call_soon_threadsafe(settle)
        except RuntimeError:
            # The loop is closed, and the call with it.
            return

    _in_thread(run)
    await done
    return results.pop()
