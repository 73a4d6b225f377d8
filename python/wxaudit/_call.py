"""Make one call, blocking.

A call with a fixed token and without listeners runs entirely in the engine. Any other call is a batch of one:
it returns to Python for tokens and with events.
"""

from __future__ import annotations

from ._errors.tree import TokenError, from_native
from ._greenlets import hub_of_thread
from ._native import Token
from ._observability.dispatch import NO_LISTENERS
from ._signals import raised_by_signal
from ._token_sources import serve_request, wait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._errors.tree import WxAuditError
    from ._native import _Failed
    from ._session import Session


def call(session: Session, operation: str, token: Any, subject: Any, *options: Any) -> Any:
    """Makes a call and returns its reply. `options`: appid, timeout, max_retries."""
    dispatcher, checked = session.dispatcher(), session.options(*options)
    if dispatcher is NO_LISTENERS and isinstance(token, Token):
        hub = hub_of_thread()
        if hub is None:
            return unwrap(session.engine.call(operation, token, subject, checked))
        return unwrap(hub.result_of(session.engine.acall, operation, token, subject, checked))
    with dispatcher:
        batch = session.engine.begin_call(operation, token, subject, checked, bool(dispatcher))
        try:
            while True:
                wait(batch)
                results, requests, events, _ = batch.take()
                dispatcher.on_event(events)
                for request in requests:
                    serve_request(request)
                if results:
                    return unwrap(results[0])
        finally:
            dispatcher.on_event(batch.close())


def unwrap(outcome: Any) -> Any:
    """The reply of a single call; raises its error. `outcome`: index and reply, or index, error data and
    cause.
    """
    if len(outcome) == 2:
        return outcome[1]
    raise error_of(*outcome[1:])


def error_of(failed: _Failed, cause: Any) -> WxAuditError:
    """The error of a call. Its cause is the exception of the token source, if that failed.

    For a source that has not returned, `cause` is a tuple: the arguments of `describe_hang`. What a signal
    handler raised is raised here: with greenlets, it may meet the one that runs the source.
    """
    kind, what, attributes = failed
    if isinstance(cause, tuple):
        from ._source_threads import describe_hang

        where, cause = describe_hang(*cause)
        what += where
    elif (
        cause is not None
        and hub_of_thread()
        and (isinstance(cause, KeyboardInterrupt) or raised_by_signal(cause))
    ):
        raise cause
    error = from_native(kind, what, attributes)
    if isinstance(error, TokenError) and error.errcode is None:
        # With an errcode, WeChat refused the token: the source did not fail.
        error.__cause__ = cause
    return error
