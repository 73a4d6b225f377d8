"""Define token sources, and serve the requests of calls to them."""

from __future__ import annotations

from _thread import get_ident

from . import _greenlets
from ._signals import raised_by_signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from contextvars import Context
    from typing import Any, Protocol

    from ._native import Batch, Token, TokenRequest
else:
    # Importing typing would double the import time of this package.
    Protocol = object


class TokenSource(Protocol):
    """An object that returns the `authorizer_access_token` of one mini program. Subclassing is not needed.

    `get_token` is called before each call, so it should cache its token. `refresh=True` means that WeChat has
    refused that token: return a fresh one. If a source raises or returns an invalid token, the call raises
    `TokenError`. It does not show the text of what was raised, which may hold secrets, unless that is a
    `TokenError` itself: `raise TokenError("the vault is sealed")`.

    Concurrent calls in a process share one lookup and one refresh of a source, and of all sources that are
    equal to it (`__eq__` and `__hash__`; a frozen dataclass has both). One without a hash is equal to itself
    alone; a `__hash__` or `__eq__` that raises is an `ArgumentError`. `CachedTokenSource` shares a token
    among processes.

    `get_token` runs in a separate thread with the caller's context variables, so that a slow source cannot
    exceed the time limit of the call. One source has at most four threads: if `get_token` hangs in all of
    them, calls fail at once. Set the attribute `same_thread = True` on a source that must run in the calling
    thread, for example to use Django's database connections. It then has to limit its time itself, and in a
    batch it is called only while the consumer waits for a result.

    Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_authorizer_token)
    """

    def get_token(self, *, refresh: bool = False) -> str | Token:
        """The valid token; with `refresh=True` a new one that replaces the refused one."""


class AsyncTokenSource(Protocol):
    """A `TokenSource` with a coroutine function `get_token`, run by `AsyncClient` in the calling task."""

    async def get_token(self, *, refresh: bool = False) -> str | Token:
        """The valid token; with `refresh=True` a new one that replaces the refused one."""


class ReplacingSource:
    """A source that is told which token WeChat has refused, in place of `refresh=True`."""

    __slots__ = ()

    def replace_token(self, refused: Token | None) -> Any:
        """A token other than the refused one."""
        raise NotImplementedError


def serve_request(request: TokenRequest) -> None:
    """Calls the source of a request: in a thread, without waiting, or here for `same_thread`."""
    from contextvars import copy_context

    if getattr(request.source, "same_thread", False) or not _in_thread(request, copy_context()):
        _answer(request)


def serve_in_thread(request: TokenRequest, context: Context) -> None:
    """Calls the source of a request in a thread, in a context that no other thread may have entered.

    For a thread that serves a batch: it calls the source itself if it can start no other.
    """
    if not _in_thread(request, context):
        context.run(_catching_all, _answer, request)


# The batches whose sources with `same_thread` are called by the thread that takes their results, by its
# identifier. That thread may make other calls between two results.
_consumers: dict[Batch, int] = {}


def consume(batch: Batch) -> None:
    """Notes that the calling thread takes the results of a batch, until `release`."""
    _consumers[batch] = get_ident()


def release(batch: Batch) -> None:
    """Ends `consume`."""
    _consumers.pop(batch, None)


def wait(batch: Batch) -> None:
    """Blocks until there is something to take from a batch, or it has served a request.

    The calling thread serves the requests of all batches whose results it takes: a call may wait for another
    one's lookup or refresh.
    """
    if not _consumers:
        # Nearly always.
        _greenlets.wait(batch, [])
        return
    own = get_ident()
    others = [other for other, thread in tuple(_consumers.items()) if thread == own and other is not batch]
    _greenlets.wait(batch, others)
    for other in others:
        for request in other.take_requests():
            serve_request(request)


async def aserve_request(request: TokenRequest) -> None:
    """Calls the source of a request and waits for it without blocking the event loop."""
    import asyncio

    # Tasks of a gather may be dropped with their loop; another one would be a warning then.
    answering = asyncio.gather(_aanswer(request))
    try:
        done, _ = await asyncio.wait({answering}, timeout=request.remaining)
    except asyncio.CancelledError:
        await _cancel(answering)
        raise
    if done:
        answering.result()
    else:
        request.time_out()
        await _cancel(answering)


async def _cancel(answering: asyncio.Future[Any]) -> None:
    """Cancels the task of a source, and waits until it has ended."""
    import asyncio

    answering.cancel()
    # Even if this is cancelled in turn.
    answering.add_done_callback(_retrieve)
    await asyncio.wait({answering})


def _retrieve(ended: asyncio.Future[Any]) -> None:
    if not ended.cancelled():
        # The cancellation as `gather` reports it, or an exception in its place: nobody needs it.
        ended.exception()


def _answer(request: TokenRequest) -> None:
    awaitable = _ask(request)
    if awaitable is not None:
        if hasattr(awaitable, "close"):
            awaitable.close()
        request.fail("its get_token is a coroutine function; only AsyncClient can await it")


async def _aanswer(request: TokenRequest) -> None:
    import inspect

    from ._threads import ThreadError

    source = request.source
    if inspect.iscoroutinefunction(source.get_token) or getattr(source, "same_thread", False):
        awaitable = _ask(request)
    else:
        try:
            awaitable = await _from_thread(_ask, request)
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
        source = request.source
        if request.refresh and isinstance(source, ReplacingSource):
            token = source.replace_token(request.refused)
        else:
            token = source.get_token(refresh=request.refresh)
    except Exception as cause:
        if raised_by_signal(cause):
            raise
        _fail(request, cause)
        return None
    if hasattr(token, "__await__"):
        return token
    request.answer(token)
    return None


# Parts of what asyncio says of a lock, a future or a connection that belongs to another loop.
_OTHER_LOOP = ("different event loop", "different loop", "Event loop is closed")


def _fail(request: TokenRequest, cause: BaseException) -> None:
    # Loaded with the first client.
    from ._errors.tree import TokenError

    # The text of any other exception may contain secrets, so it is only in the cause.
    problem = cause.message if isinstance(cause, TokenError) else f"get_token raised {type(cause).__name__}"
    if isinstance(cause, RuntimeError) and any(text in str(cause) for text in _OTHER_LOOP):
        problem += (
            ": it uses an object of another event loop, such as a lock or a connection of redis.asyncio; "
            "create that object, or the source, anew in each event loop"
        )
    if isinstance(cause, TypeError) and not _takes_refresh(request.source):
        problem = "its get_token must accept the keyword refresh: def get_token(self, *, refresh=False)"
    request.fail(problem, cause)


def _takes_refresh(source: Any) -> bool:
    import inspect

    try:
        signature = inspect.signature(source.get_token)
    except (TypeError, ValueError):
        return True  # unknown, as of some functions in C
    try:
        signature.bind(refresh=True)
    except TypeError:
        return False
    return True


def _catching_all(ask: Callable[[TokenRequest], Any], request: TokenRequest) -> Any:
    """For threads, where an uncaught exception would be lost or printed."""
    try:
        return ask(request)
    except BaseException as cause:
        _fail(request, cause)


def _in_thread(request: TokenRequest, context: Context) -> bool:
    """Calls the source of a request in a thread. False if the interpreter is exiting and starts none."""
    # Loaded with the first client.
    from ._source_threads import run_in_thread
    from ._threads import ThreadError

    try:
        run_in_thread(request, lambda: context.run(_catching_all, _answer, request))
    except ThreadError as error:
        if error.at_shutdown:
            return False
        request.fail_to_start(str(error))
    return True


async def _from_thread(work: Callable[[TokenRequest], Any], request: TokenRequest) -> Any:
    import asyncio
    from contextvars import copy_context

    from ._source_threads import run_in_thread

    loop = asyncio.get_running_loop()
    context = copy_context()
    done: asyncio.Future[None] = loop.create_future()
    # Popped by the loop: an argument of the callback would stay referenced until the thread ends.
    results: list[Any] = []

    def settle() -> None:
        if not done.done():
            done.set_result(None)

    def run() -> None:
        results.append(context.run(_catching_all, work, request))
        try:
            loop.call_soon_threadsafe(settle)
        except RuntimeError:
            # The loop is closed, and the call with it.
            return

    if not run_in_thread(request, run):
        return None
    await done
    return results.pop()
