"""TLS that cannot be trusted, and TLS that breaks."""

from __future__ import annotations

import re
import ssl
import warnings
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import wxaudit
from support.call_harness import CallHarness
from support.servers.raw_server import APPROVED, Connection, RawServer, Script, answer

if TYPE_CHECKING:
    from pathlib import Path

    from support.client_kind import ClientKind

NOT_TRUSTED = "the server's certificate was issued by an authority that is not trusted"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="tests of wxaudit")


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


class Handshakes:
    """A behaviour: the first handshakes go wrong as told; the later ones are good, and are served."""

    def __init__(self, good: ssl.SSLContext, bad: ssl.SSLContext, times: int = 1) -> None:
        self._good = good
        self._bad = bad
        self._times = times
        self._script = Script()

    def __call__(self, connection: Connection) -> None:
        connection.start_tls(self._bad if connection.number <= self._times else self._good)
        self._script(connection)


def trial_of(client_kind: ClientKind, server: RawServer, ca_file: Path, **options: Any) -> CallHarness:
    return CallHarness(
        client_kind, server, base_url=f"https://localhost:{server.port}", ca_file=ca_file, **options
    )


def refused(
    client_kind: ClientKind, authority: trustme.CA, ca_file: Path, bad: ssl.SSLContext, sent: int = 0
) -> str:
    """The message of a call whose server offers bad TLS once: no second try, and the next call succeeds."""
    good = context(authority.issue_cert("localhost"))
    with RawServer(Handshakes(good, bad)) as server:
        harness = trial_of(client_kind, server, ca_file)
        error = harness.fails(wxaudit.TransportError, attempts=1, sent=sent, requests=0)
        assert not error.retryable
        assert server.connections_accepted == 1
        harness.goes_on()
        return str(error)


def test_a_certificate_of_the_authority_is_trusted(
    client_kind: ClientKind, authority: trustme.CA, ca_file: Path
) -> None:
    good = context(authority.issue_cert("localhost"))
    with RawServer(Handshakes(good, good)) as server:
        harness = trial_of(client_kind, server, ca_file)
        harness.goes_on()
        harness.goes_on()
        assert server.connections_accepted == 1


def test_an_expired_certificate(client_kind: ClientKind, authority: trustme.CA, ca_file: Path) -> None:
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    certificate = authority.issue_cert(
        "localhost", not_before=yesterday - timedelta(days=1), not_after=yesterday
    )
    assert "expired" in refused(client_kind, authority, ca_file, context(certificate))


def test_a_certificate_for_another_host(
    client_kind: ClientKind, authority: trustme.CA, ca_file: Path
) -> None:
    message = refused(client_kind, authority, ca_file, context(authority.issue_cert("wechat.example")))
    assert "not valid for" in message
    assert "localhost" in message


def test_an_unknown_authority(client_kind: ClientKind, authority: trustme.CA, ca_file: Path) -> None:
    stranger = trustme.CA().issue_cert("localhost")
    assert NOT_TRUSTED in refused(client_kind, authority, ca_file, context(stranger))


def test_a_self_signed_certificate(
    client_kind: ClientKind, authority: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    assert NOT_TRUSTED in refused(client_kind, authority, ca_file, self_signed(tmp_path))


def self_signed(directory: Path) -> ssl.SSLContext:
    """TLS with a certificate for localhost that nobody but itself has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = directory / "self-signed.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pem)
    return made


def test_without_a_ca_file_the_authorities_of_the_system_count(
    client_kind: ClientKind, authority: trustme.CA
) -> None:
    good = context(authority.issue_cert("localhost"))
    with RawServer(Handshakes(good, good)) as server:
        harness = CallHarness(client_kind, server, base_url=f"https://localhost:{server.port}")
        error = harness.fails(wxaudit.TransportError, attempts=1, sent=0, requests=0)
        assert NOT_TRUSTED in str(error)


def test_nothing_but_tls_1_1(client_kind: ClientKind, authority: trustme.CA, ca_file: Path) -> None:
    old = context(authority.issue_cert("localhost"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    assert "supports neither TLS 1.2 nor TLS 1.3" in refused(client_kind, authority, ca_file, old)


@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"]
)
def test_a_client_certificate_is_demanded(
    client_kind: ClientKind, authority: trustme.CA, ca_file: Path, version: ssl.TLSVersion
) -> None:
    """TLS 1.2 fails in the handshake; with 1.3 the client is done before the server refuses it."""
    demanding = context(authority.issue_cert("localhost"))
    authority.configure_trust(demanding)
    demanding.verify_mode = ssl.CERT_REQUIRED
    demanding.minimum_version = demanding.maximum_version = version
    sent = int(version == ssl.TLSVersion.TLSv1_3)
    message = refused(client_kind, authority, ca_file, demanding, sent=sent)
    assert "demands a client certificate" in message


def test_plain_http_on_the_port(client_kind: ClientKind, authority: trustme.CA, ca_file: Path) -> None:
    good = context(authority.issue_cert("localhost"))
    script = Script()

    def behave(connection: Connection) -> None:
        if connection.number == 1:
            connection.receive()
            connection.send(answer(b"no HTTP request", status="400 Bad Request"))
        else:
            connection.start_tls(good)
            script(connection)

    with RawServer(behave) as server:
        harness = trial_of(client_kind, server, ca_file)
        error = harness.fails(wxaudit.TransportError, attempts=1, sent=0, requests=0)
        assert "the server does not answer in TLS" in str(error)
        assert not error.retryable
        harness.goes_on()


def hello_answered(
    client_kind: ClientKind, authority: trustme.CA, ca_file: Path, how: str, **options: Any
) -> wxaudit.WxAuditError:
    """The error where three handshakes end or stop after the client's first word, and the fourth is good."""
    good = context(authority.issue_cert("localhost"))
    script = Script()

    def behave(connection: Connection) -> None:
        if connection.number > 3:
            connection.start_tls(good)
            script(connection)
            return
        connection.receive()
        if how == "cut inside":
            connection.send(bytes.fromhex("16030300 7a0200"))
        if how == "reset":
            connection.reset()
        if how == "stalled":
            connection.wait_for_end()

    with RawServer(behave) as server:
        harness = trial_of(client_kind, server, ca_file, **options)
        kind = wxaudit.RequestTimeout if how == "stalled" else wxaudit.TransportError
        error = harness.fails(kind, attempts=3, sent=0, requests=0)
        assert error.retryable
        assert re.search(rf"\bTLS with localhost at (127\.0\.0\.1|\[::1\]):{server.port}\b", str(error))
        assert server.connections_accepted == 3
        harness.goes_on()
        return error


@pytest.mark.parametrize("how", ["closed", "cut inside", "reset"])
def test_a_handshake_that_is_cut(
    client_kind: ClientKind, authority: trustme.CA, ca_file: Path, how: str
) -> None:
    hello_answered(client_kind, authority, ca_file, how)


def test_a_handshake_that_stalls(client_kind: ClientKind, authority: trustme.CA, ca_file: Path) -> None:
    # The limit is for good handshakes too, with a neighbour busy on the same machine.
    error = hello_answered(client_kind, authority, ca_file, "stalled", connect=0.4)
    assert "connect limit" in str(error)


@pytest.mark.parametrize("close_notify", [True, False], ids=["with close_notify", "without"])
def test_an_answer_over_tls_that_is_cut(
    client_kind: ClientKind, authority: trustme.CA, ca_file: Path, close_notify: bool
) -> None:
    """A cut TLS connection is a cut answer, whether or not the end was announced."""
    with cut_answers(authority, answer()[:-5], close_notify=close_notify) as server:
        trial_of(client_kind, server, ca_file).retried(wxaudit.TransportError)


def test_an_unsized_answer_over_tls_ends_only_with_close_notify(
    client_kind: ClientKind, authority: trustme.CA, ca_file: Path
) -> None:
    """Without it, somebody on the way may have cut it: three attempts, and no answer to trust."""
    with cut_answers(authority, b"HTTP/1.1 200 OK\r\n\r\n" + APPROVED, close_notify=False) as server:
        trial_of(client_kind, server, ca_file).retried(wxaudit.TransportError)


def cut_answers(authority: trustme.CA, content: bytes, *, close_notify: bool) -> RawServer:
    """A server that answers three times with this content and closes the connection, then as it should."""
    good = context(authority.issue_cert("localhost"))
    rest = Script()

    def behave(connection: Connection) -> None:
        connection.start_tls(good)
        if connection.number > 3:
            rest(connection)
            return
        connection.read_request()
        connection.send(content)
        if close_notify:
            connection.end_tls()

    return RawServer(behave)
