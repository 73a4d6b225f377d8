"""Create a certificate for 127.0.0.1, and its certificate authority, with openssl."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

_EXTENSIONS = """\
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
"""


def available() -> bool:
    """Return whether openssl is installed."""
    return shutil.which("openssl") is not None


def make(folder: Path) -> Path:
    """Write `server.pem` and `server.key` into the folder; return the file of the authority to trust."""
    authority = folder / "authority.pem"
    (folder / "extensions").write_text(_EXTENSIONS)
    _openssl(
        folder,
        *("req", "-x509", *_KEY, "-keyout", "authority.key", "-out", authority.name, "-days", "2"),
        *("-subj", "/CN=wxaudit benchmark", "-addext", "keyUsage = critical, keyCertSign, cRLSign"),
    )
    _openssl(
        folder,
        *("req", *_KEY, "-keyout", "server.key", "-out", "server.request", "-subj", "/CN=127.0.0.1"),
    )
    _openssl(
        folder,
        *("x509", "-req", "-in", "server.request", "-out", "server.pem", "-days", "2"),
        *("-CA", authority.name, "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "extensions"),
    )
    return authority


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
