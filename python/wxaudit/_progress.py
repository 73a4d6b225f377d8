"""How far a batch has come, told to a bar or to a callable."""

from __future__ import annotations

from ._errors import ArgumentError
from ._native import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Listener: TypeAlias = Callable[[int, int | None], object]


class Reporter:
    """Tells `progress` how many of how many queries are answered. It raises nothing that could be handled."""

    def __init__(self, progress: Any, total: int | None) -> None:
        self._total = total
        self._bar: Any = None
        self._tell: Listener | None = None
        if progress is True:
            self._bar = _bar(total)
        elif callable(progress):
            self._tell = progress
        elif progress is not None and progress is not False:
            kind = progress.kind if isinstance(progress, Secret) else type(progress).__name__
            raise ArgumentError(f"progress must be True or a callable of (done, total), got {kind}")

    def report(self, done: int) -> None:
        try:
            if self._bar is not None:
                self._bar.update(done - self._bar.n)
            if self._tell is not None:
                self._tell(done, self._total)
        except Exception:
            # Once: it would say the same of each bunch.
            self._bar = self._tell = None
            from ._log import complain

            complain("progress raised; the batch goes on without it")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _bar(total: int | None) -> Any:
    import warnings

    from ._extra import needed

    with warnings.catch_warnings():
        # Without ipywidgets it says so, and draws its bar in text.
        warnings.filterwarnings("ignore", message="IProgress not found")
        tqdm = needed("tqdm.auto", "progress=True").tqdm
        return tqdm(total=total, unit="audit")
