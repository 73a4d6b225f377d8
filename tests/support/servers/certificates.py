"""Certificates of any form, also wrong ones, and servers that show them."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from support.servers.raw_server import Connection, Script

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DAY = timedelta(days=1)


class Certificate(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def private_key(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def context(self, directory: Path, *, chain: Sequence[Certificate] = ()) -> ssl.SSLContext:
        """TLS of a server that shows it."""
        file = directory / "server.pem"
        file.write_text(self.private_key + self.pem + "".join(above.pem for above in chain))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(file)
        return made


def issue(
    name: str,
    issuer: Certificate | None = None,
    *,
    ca: bool | None = False,
    names: Sequence[str] = ("localhost",),
    extensions: Sequence[x509.ExtensionType] = (),
    critical: bool = False,
    since: timedelta = -DAY,
    until: timedelta = DAY,
) -> Certificate:
    """A certificate of that name, signed by itself or by an issuer; `ca=None`: without `basicConstraints`."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(timezone.utc)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        issuer.certificate.subject if issuer else subject,
        subject,
        key.public_key(),
        x509.random_serial_number(),
    )
    builder = builder.not_valid_before(now + since).not_valid_after(now + until)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = builder.add_extension(alternative, critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Certificate(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def authority(name: str) -> Certificate:
    return issue(name, ca=True, names=())


class TlsScript:
    """A behaviour: HTTPS with these contexts, one for each connection, the last one for all further ones."""

    def __init__(self, *contexts: ssl.SSLContext) -> None:
        self._contexts = contexts
        self._script = Script()

    def __call__(self, connection: Connection) -> None:
        connection.start_tls(self._contexts[min(connection.number, len(self._contexts)) - 1])
        self._script(connection)
