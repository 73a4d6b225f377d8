"""Capture standard output and error of this process at the level of descriptors."""

from __future__ import annotations

import faulthandler
import os
import sys
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Streams:
    """Redirects both to files inside `with`. `report` is the original standard output."""

    def __enter__(self) -> Self:
        self._before = [os.dup(descriptor) for descriptor in (1, 2)]
        self._files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]  # closed below
        self.report = os.fdopen(os.dup(1), "w")
        # A crash is reported where people look, not in a file that ends with this process.
        faulthandler.enable(self._before[1])
        self._lead_to([file.fileno() for file in self._files])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lead_to(self._before)
        faulthandler.enable()
        for descriptor in self._before:
            os.close(descriptor)
        for file in (*self._files, self.report):
            file.close()

    def begin(self) -> None:
        """Discards the output so far."""
        _flush()
        for file in self._files:
            file.truncate(0)
            file.seek(0)

    def written(self) -> tuple[bytes, bytes]:
        """The standard output and error since `begin`."""
        _flush()
        stdout, stderr = (os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0) for file in self._files)
        return stdout, stderr

    def _lead_to(self, descriptors: list[int]) -> None:
        _flush()
        for standard, descriptor in zip((1, 2), descriptors, strict=True):
            os.dup2(descriptor, standard)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
