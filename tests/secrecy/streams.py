"""Standard output and error of this process, caught at the level of descriptors."""

from __future__ import annotations

import os
import sys
import tempfile


class Streams:
    """From now on both go into files; `report` is what standard output was before."""

    def __init__(self) -> None:
        self.report = os.fdopen(os.dup(1), "w")
        self._files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]  # noqa: SIM115  # for the process's life
        for descriptor, file in zip((1, 2), self._files, strict=True):
            os.dup2(file.fileno(), descriptor)

    def begin(self) -> None:
        """Forgets what was written before."""
        self._flush()
        for file in self._files:
            file.truncate(0)
            file.seek(0)

    def written(self) -> tuple[bytes, bytes]:
        """What was written since `begin` to standard output and error."""
        self._flush()
        stdout, stderr = (os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0) for file in self._files)
        return stdout, stderr

    def _flush(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
