"""Token sources: who gives the access tokens, and how they are asked."""

from __future__ import annotations

from ._errors.tree import TokenError, from_native
from ._native import Failed, Secret, conceal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, TypeVar

    from ._errors.tree import WxAuditError
    from ._native import Question, Step

    _Given = TypeVar("_Given")
else:
    # typing would double the time that importing this package takes.
    Protocol = object


# Seconds between two looks for signals, as in native calls.
SIGNAL_CHECK_INTERVAL = 0.05


class TokenSource(Protocol):
    """Anything that gives the `authorizer_access_token` of one mini program. Nothing needs to be inherited.

    `get_token` is asked before each call, so it should keep its token (in a cache, a table). With
    `refresh=True` WeChat has refused that token: get a fresh one. Calls that run at the same time share one
    such question. A source that raises, or gives no usable text, ends the call as `TokenError`.

    The source is asked in a thread of its own, with the caller's context variables, so that one that hangs
    cannot hold a call beyond its time limit. A source that must run in the calling thread (because it uses
    Django's database connections, say) sets the attribute `same_thread = True`; its own time limits then
    are what bounds it.

    Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_authorizer_token)
    """

    def get_token(self, *, refresh: bool = False) -> str:
        """The token that is valid now; with `refresh=True` a new one in place of the one that was refused."""


class AsyncTokenSource(Protocol):
    """A `TokenSource` whose `get_token` is a coroutine function; for `AsyncClient` alone.

    It runs as part of the calling task, in its event loop.
    """

    async def get_token(self, *, refresh: bool = False) -> str:
        """The token that is valid now; with `refresh=True` a new one in place of the one that was refused."""


class Answer:
    """What came of asking a source: a token, or the problem and the exception behind it.

    Neither token nor problem: the source did not answer within the time of the call.
    """

    __slots__ = ("cause", "problem", "token")

    def __init__(
        self, token: Secret | None = None, problem: str | None = None, cause: BaseException | None = None
    ) -> None:
        self.token = token
        self.problem = problem
        self.cause = cause

    def explain(self, error: WxAuditError) -> WxAuditError:
        """The error of the call, with the source's exception as its cause where that is behind it."""
        if self.cause is None:
            return error
        if isinstance(error, TokenError):
            error.__cause__ = self.cause
        return error

    def outcome(self, ended: Any) -> Any:
        """What a call came to; raises what it failed with."""
        if isinstance(ended, Failed):
            raise self.explain(from_native(*ended.described))
        return ended

    @classmethod
    def failed(cls, cause: BaseException) -> Answer:
        # The text of a foreign exception may hold anything; the cause carries it, the message does not.
        return cls(problem=f"get_token raised {type(cause).__name__}", cause=cause)

    @classmethod
    def hung(cls) -> Answer:
        return cls(cause=TimeoutError("get_token did not return within the time limit of the call"))


# That of a call whose token needs no source.
NO_SOURCE = Answer()


def fetch_token(source: TokenSource, step: Step) -> Answer:
    """Asks a source for the token that the step wants, within the time that its call has left."""
    refresh = step.refresh is True
    if getattr(source, "same_thread", False):
        return _usable(_call(source, refresh))
    given: list[object] = []
    try:
        done = _in_thread(lambda: given.append(_call_catching_all(source, refresh)))
    except RuntimeError:
        # The interpreter is exiting and starts no more threads.
        return _usable(_call(source, refresh))
    # In ticks: a signal that comes just before a wait begins would not end it, and Ctrl-C would seem ignored.
    while not done.acquire(timeout=min(SIGNAL_CHECK_INTERVAL, step.remaining)):
        if step.remaining <= 0:
            return Answer.hung()
    return _usable(given.pop())


async def afetch_token(source: TokenSource | AsyncTokenSource, step: Step | Question) -> Answer:
    """As `ask`, without blocking the event loop."""
    import asyncio

    try:
        return await asyncio.wait_for(_aask(source, step.refresh is True), step.remaining)
    except asyncio.TimeoutError:  # not the built-in one before Python 3.11
        return Answer.hung()


async def _aask(source: TokenSource | AsyncTokenSource, refresh: bool) -> Answer:
    import inspect

    if inspect.iscoroutinefunction(source.get_token) or getattr(source, "same_thread", False):
        given = _call(source, refresh)
    else:
        given = await _from_thread(lambda: _call_catching_all(source, refresh))
    try:
        # Also what a plain function gives: decorators often stand before a coroutine function.
        # Not into a variable: it is a token in plain text.
        return _usable(await given if hasattr(given, "__await__") else given)
    except Exception as cause:
        return Answer.failed(cause)


def serve_request(question: Question) -> None:
    """Lets the source of a batch answer a question, while the batch goes on."""
    source = question.source
    if getattr(source, "same_thread", False):
        return _reply(question, _usable(_call(source, question.refresh)))
    try:
        _in_thread(lambda: _reply(question, _usable(_call_catching_all(source, question.refresh))))
    except RuntimeError:
        # The interpreter is exiting and starts no more threads.
        _reply(question, _usable(_call(source, question.refresh)))
    return None


async def aserve_request(question: Question) -> None:
    """As `answer`, in the running event loop."""
    _reply(question, await afetch_token(question.source, question))


def _reply(question: Question, answer: Answer) -> None:
    question.answer(answer.token, answer.problem, answer.cause)


def _call(source: TokenSource | AsyncTokenSource, refresh: bool) -> object:
    """What the source gives, hidden where it could be a token; an Answer where it raises."""
    try:
        return _hidden(source.get_token(refresh=refresh))
    except Exception as cause:
        return Answer.failed(cause)


def _call_catching_all(source: TokenSource | AsyncTokenSource, refresh: bool) -> object:
    """As `_call`, in a thread where whatever is raised would be lost, or printed."""
    try:
        return _call(source, refresh)
    except BaseException as cause:
        return Answer.failed(cause)


def _hidden(given: object) -> object:
    return given if hasattr(given, "__await__") else conceal(given)[0]


def _usable(given: object) -> Answer:
    if isinstance(given, Answer):
        return given
    if hasattr(given, "__await__"):
        if hasattr(given, "close"):
            given.close()
        return Answer(problem="its get_token is a coroutine function; only AsyncClient can await it")
    (secret,) = conceal(given)
    if isinstance(secret, Secret):
        return Answer(secret)
    return Answer(problem=f"get_token gave {type(given).__name__} instead of text")


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


async def _from_thread(work: Callable[[], _Given]) -> _Given:
    import asyncio

    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    # Taken out by the loop: an argument of the wake-up would be kept for as long as the thread takes to end.
    given: list[_Given] = []

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


if TYPE_CHECKING:
    from threading import Lock
