"""Make one call with asyncio, as `_call` does."""

from __future__ import annotations

from ._call import unwrap
from ._loop import result_of
from ._native import Token
from ._observability.dispatch import NO_LISTENERS
from ._token_sources import aserve_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._session import Session


async def acall(session: Session, operation: str, token: Any, subject: Any, *options: Any) -> Any:
    """As `_call.call`."""
    dispatcher, checked = session.dispatcher(), session.options(*options)
    if dispatcher is NO_LISTENERS and isinstance(token, Token):
        return unwrap(await result_of(session.engine.acall, operation, token, subject, checked))
    with dispatcher:
        batch = session.engine.begin_call(operation, token, subject, checked, bool(dispatcher))
        try:
            while True:
                await result_of(batch.await_)
                results, requests, events, _ = batch.take()
                dispatcher.on_event(events)
                for request in requests:
                    await aserve_request(request)
                if results:
                    return unwrap(results[0])
        finally:
            dispatcher.on_event(batch.close())
