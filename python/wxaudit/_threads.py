"""Start threads, or say that none can be started."""

from __future__ import annotations

from ._signals import raised_by_signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class ThreadError(Exception):
    """No thread could be started: the system's limits are reached, or the interpreter is shutting down."""

    def __init__(self, problem: str, *, at_shutdown: bool = False) -> None:
        super().__init__(problem)
        self.at_shutdown = at_shutdown


def start_thread(work: Callable[[], object], name: str) -> None:
    """Runs `work` in a daemon thread. Raises `ThreadError` if it cannot be started."""
    try:
        import threading

        threading.Thread(target=work, name=name, daemon=True).start()
    except (ImportError, MemoryError, OSError, RuntimeError) as error:
        if raised_by_signal(error):
            raise
        raise ThreadError(str(error) or type(error).__name__, at_shutdown="shutdown" in str(error)) from None
