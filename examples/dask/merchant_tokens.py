"""Find the tokens of mini programs in a worker. Dask transports only the name of `token_for`, and no token.

The secret store is a directory with one file per appid, as Kubernetes mounts secrets. Redis, Vault or a
database table needs about as much code.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIRECTORY = "MERCHANT_TOKENS"  # the environment variable with its path, in each worker


def token_for(appid: Any) -> StoredToken:
    """Return the token source of a mini program. `audit_frame` calls this in the worker, once per appid."""
    # The appid comes from a table and becomes a file name.
    if appid is None or not appid.isalnum():
        raise LookupError(f"not an appid: {appid!r}")
    return StoredToken(Path(os.environ[DIRECTORY], appid))


@dataclass(frozen=True)
class StoredToken:
    """Read the token when it is needed. The platform's token service fetched it from WeChat.

    Sources with the same path are equal, so that the partitions of one worker share them.
    """

    path: Path

    def get_token(self, *, refresh: bool = False) -> str:  # noqa: ARG002  # the store always holds the newest token
        return self.path.read_text("utf-8")
