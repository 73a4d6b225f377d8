"""Where a worker finds the tokens of its mini programs. Dask carries the name of `token_for`, and no token.

The secret store is a directory here, one file for each appid, as Kubernetes mounts its secrets. Redis, Vault
or a table take as many lines.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

DIRECTORY = "MERCHANT_TOKENS"  # the environment variable that says where, in each worker


def token_for(appid: Any) -> StoredToken:
    """The token source of a mini program. `audit_frame` calls it in the worker, once for each appid."""
    # An appid becomes the name of a file, and comes out of a table.
    if appid is None or not appid.isalnum():
        raise LookupError(f"no appid: {appid!r}")
    return StoredToken(Path(os.environ[DIRECTORY], appid))


class StoredToken:
    """Reads the token when it is needed. The platform's one refresher has fetched it from WeChat."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get_token(self, *, refresh: bool = False) -> str:  # noqa: ARG002  # the store holds the newest one
        return self._path.read_text("utf-8")
