"""Token sources: who gives the access tokens, and how they are asked."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from threading import Lock
    from typing import Any, Protocol

    from ._native import Token, TokenRequest
else:
    # typing would double the time that importing this package takes.
    Protocol = object


class TokenSource(Protocol):
    """Anything that gives the `authorizer_access_token` of one mini program. Nothing needs to be inherited.

    `get_token` is called before each call, so it should keep its token (in a cache, a table). With
    `refresh=True` WeChat has refused that token: get a fresh one. Calls that run at the same time share one
    refresh. A source that raises, or returns no usable text, fails the call with `TokenError`.

    The source is called in a thread of its own, with the caller's context variables, so that a source that
    hangs cannot hold a call beyond its time limit. A source that must run in the calling thread (because it
    uses Django's database connections, say) sets the attribute `same_thread = True`; then only its own time
    limits bound it.

    Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_authorizer_token)
    """

    def get_token(self, *, refresh: bool = False) -> str | Token:
        """The token that is valid now; with `refresh=True` a new one in place of the one that was refused."""


class AsyncTokenSource(Protocol):
    """A `TokenSource` whose `get_token` is a coroutine function; for `AsyncClient` alone.

    It runs as part of the calling task, in its event loop.
    """

    async def get_token(self, *, refresh: bool = False) -> str | Token:
        """The token that is valid now; with `refresh=True` a new one in place of the one that was refused."""


def serve_request(request: TokenRequest) -> None:
    """Calls the source of a request: in a thread, without waiting for it, unless it must run in this one."""
    if not getattr(request.source, "same_thread", False):
        try:
            _in_thread(lambda: _catching_all(_answer, request))
        except RuntimeError:
            # The interpreter is exiting and starts no more threads: this one has to do.
            pass
        else:
            return
    _answer(request)


async def aserve_request(request: TokenRequest) -> None:
    """Calls the source of a request without blocking the event loop, and waits for it."""
    import asyncio

    try:
        await asyncio.wait_for(_aanswer(request), request.remaining)
    except asyncio.TimeoutError:  # not the built-in one before Python 3.11
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
        awaitable = await _from_thread(lambda: _catching_all(_ask, request))
    if awaitable is not None:
        try:
            # Also what a plain function returns: decorators often stand before a coroutine function.
            token = await awaitable
        except Exception as cause:
            _fail(request, cause)
        else:
            request.answer(token)


def _ask(request: TokenRequest) -> Awaitable[object] | None:
    """Calls the source and answers; returns an awaitable that it gave, which is not an answer yet."""
    try:
        token = request.source.get_token(refresh=request.refresh)
    except Exception as cause:
        _fail(request, cause)
        return None
    if hasattr(token, "__await__"):
        awaitable: Awaitable[object] = token
        return awaitable
    request.answer(token)
    return None


def _fail(request: TokenRequest, cause: BaseException) -> None:
    # The text of a foreign exception may hold anything; the cause carries it, the message does not.
    request.fail(f"get_token raised {type(cause).__name__}", cause)


def _catching_all(ask: Callable[[TokenRequest], Any], request: TokenRequest) -> Any:
    """In a thread, where whatever is raised would be lost, or printed."""
    try:
        return ask(request)
    except BaseException as cause:
        _fail(request, cause)


def _in_thread(work: Callable[[], None]) -> Lock:
    """Runs `work` in a thread that nobody has to wait for; the lock is free when it is done."""
    import threading
    from contextvars import copy_context

    done = threading.Lock()
    done.acquire()
    context = copy_context()

    def run() -> None:
        try:
            context.run(work)
        finally:
            done.release()

    threading.Thread(target=run, name="wxaudit-token", daemon=True).start()
    return done


async def _from_thread(work: Callable[[], Any]) -> Any:
    import asyncio

    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    # Taken out by the loop: an argument of the wake-up would be kept for as long as the thread takes to end.
    given: list[Any] = []

    def settle() -> None:
        if not done.done():
            done.set_result(None)

    def run() -> None:
        given.append(work())
        try:
            loop.call_soon_threadsafe(settle)
        except RuntimeError:
            # The loop was closed meanwhile, and with it the call that asked.
            return

    _in_thread(run)
    await done
    return given.pop()
