"""Report the progress of a batch to a bar or a callable."""

from __future__ import annotations

from contextlib import contextmanager

from .._errors.tree import ArgumentError
from .._signals import raised_by_signal
from .._validation import check_callback, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from typing_extensions import Self

    ProgressCallback: TypeAlias = Callable[[int, int | None], object]


class Reporter:
    """Reports how many of how many queries are answered, from `with` on.

    The constructor raises `ArgumentError` if `progress` cannot be used. `report` raises only what a
    signal handler does.
    """

    def __init__(self, progress: Any, total: int | None, unit: str) -> None:
        self._total = total
        self._unit = unit
        # Imported at once, so that a missing library fails where the bar was requested.
        self._tqdm = _tqdm() if progress is True else None
        self._bar: Any = None
        self._callback: ProgressCallback | None = None
        if callable(progress):
            check_callback("progress", progress)
            self._callback = progress
        elif progress is not None and not isinstance(progress, bool):
            raise ArgumentError(
                f"progress must be True or a callable of (done, total), got {shown(progress)}"
            )

    def __enter__(self) -> Self:
        # Not before: a coroutine that is never awaited must not draw a bar.
        if self._tqdm is not None:
            with _quiet():
                self._bar = self._tqdm(total=self._total, unit=self._unit)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def report(self, done: int) -> None:
        try:
            if self._bar is not None:
                self._bar.update(done - self._bar.n)
            if self._callback is not None:
                self._callback(done, self._total)
        except Exception as error:
            if raised_by_signal(error):
                raise
            # Logged once, not for each report.
            self._bar = self._callback = None
            from .._observability.logging import log_callback_error

            log_callback_error("progress raised; the batch goes on without it")


def _tqdm() -> Any:
    from .._optional import import_optional

    with _quiet():
        return import_optional("tqdm.auto", "progress=True").tqdm


@contextmanager
def _quiet() -> Iterator[None]:
    """Ignores the warning of tqdm that ipywidgets is missing: it then draws its bar as text."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        yield
