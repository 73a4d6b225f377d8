"""Make one call, blocking.

A call that needs nothing of Python runs in the engine alone. A call with a token source or with a listener
is a batch of one: it stops when it needs a token or has events, Python code serves them, and it goes on.
"""

from __future__ import annotations

from ._errors.tree import TokenError, from_native
from ._native import Token
from ._observability.dispatch import NO_LISTENERS
from ._token_sources import serve_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._errors.tree import WxAuditError
    from ._native import _Failed
    from ._session import Session


def call(session: Session, operation: str, token: Any, subject: Any, *options: Any) -> Any:
    """What a call returns; raises what it fails with. `options`: appid, timeout, max_retries."""
    dispatcher = session.dispatcher()
    if dispatcher is NO_LISTENERS and isinstance(token, Token):
        return unwrap(session.engine.call(operation, token, subject, session.options(*options)))
    with dispatcher:
        batch = session.engine.begin_call(
            operation, token, subject, session.options(*options), bool(dispatcher)
        )
        try:
            while True:
                batch.wait()
                results, requests, events, _ = batch.take()
                dispatcher.on_event(events)
                for request in requests:
                    serve_request(request)
                if results:
                    return unwrap(results[0])
        finally:
            dispatcher.on_event(batch.close())


def unwrap(ended: Any) -> Any:
    """The result of a lone call: its number and what it returned, or its error and the cause."""
    if len(ended) == 2:
        return ended[1]
    raise error_of(*ended[1:])


def error_of(failed: _Failed, cause: BaseException | None) -> WxAuditError:
    """The error of a call, with the exception of its token source as the cause."""
    error = from_native(*failed)
    if isinstance(error, TokenError) and error.errcode is None:
        # WeChat has not refused a token: there was none.
        error.__cause__ = cause
    return error
