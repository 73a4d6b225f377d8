"""How far a batch has come, told to a bar or to a callable."""

from __future__ import annotations

from contextlib import contextmanager

from .._errors.tree import ArgumentError
from .._validation import check_callback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Any, TypeAlias

    from typing_extensions import Self

    Listener: TypeAlias = Callable[[int, int | None], object]


class Reporter:
    """Tells `progress` how many of how many queries are answered, from `with` on.

    Its constructor raises `ArgumentError` for what can tell nothing; `report` raises nothing that could be
    handled.
    """

    def __init__(self, progress: Any, total: int | None, unit: str) -> None:
        self._total = total
        self._unit = unit
        # Looked for at once, so that what is missing is said where it was asked for.
        self._tqdm = _tqdm() if progress is True else None
        self._bar: Any = None
        self._tell: Listener | None = None
        if callable(progress):
            check_callback("progress", progress)
            self._tell = progress
        elif progress is not None and not isinstance(progress, bool):
            kind = type(progress).__name__
            raise ArgumentError(f"progress must be True or a callable of (done, total), got {kind}")

    def __enter__(self) -> Self:
        # Not before: a coroutine that nobody awaits draws nothing.
        if self._tqdm is not None:
            with _quiet():
                self._bar = self._tqdm(total=self._total, unit=self._unit)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def report(self, done: int) -> None:
        try:
            if self._bar is not None:
                self._bar.update(done - self._bar.n)
            if self._tell is not None:
                self._tell(done, self._total)
        except Exception:
            # Once: it would say the same of each bunch.
            self._bar = self._tell = None
            from .._observability.logging import log_callback_error

            log_callback_error("progress raised; the batch goes on without it")


def _tqdm() -> Any:
    from .._optional import import_optional

    with _quiet():
        return import_optional("tqdm.auto", "progress=True").tqdm


@contextmanager
def _quiet() -> Iterator[None]:
    """Without ipywidgets tqdm says so, and draws its bar in text."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        yield
