"""Certificates that cannot be trusted: what is wrong, in plain words, and what to do."""

from __future__ import annotations

import re
import socket
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

import wxaudit
from support.call_harness import CallHarness
from support.servers.certificates import DAY, Certificate, TlsScript, authority, issue
from support.servers.raw_server import RawServer

if TYPE_CHECKING:
    from pathlib import Path

    from support.client_kind import ClientKind

ROOT = authority("root of the tests")
GOOD = issue("a good server", ROOT)


def intermediate(**options: Any) -> Certificate:
    return issue("an authority between", ROOT, **{"ca": True, "names": (), **options})


def constrained() -> Certificate:
    only = x509.NameConstraints([x509.DNSName("wechat.example")], None)
    return intermediate(extensions=[only], critical=True)


def below(above: Certificate) -> tuple[Certificate, list[Certificate]]:
    return issue("a server", above), [above]


OF_A_CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")

# A server's certificate with what is above it, and what is said of it: the problem, and the way out.
PROBLEMS: dict[str, tuple[Certificate, list[Certificate], str, str]] = {
    "unknown authority": (
        issue("a server", authority("another")), [],
        "was issued by an authority that is not trusted", "give its certificate as ca_file",
    ),
    "self-signed": (
        issue("a server"), [],
        "was issued by an authority that is not trusted", "give its certificate as ca_file",
    ),
    "an authority of the same name": (
        issue("a server", authority("root of the tests")), [],
        "the authority of that name has another key", "give its present certificate as ca_file",
    ),
    "no intermediate": (
        issue("a server", intermediate()), [],
        "was issued by an authority that is not trusted", "give its certificate as ca_file",
    ),
    "expired": (
        issue("a server", ROOT, since=-2 * DAY, until=-DAY), [],
        ", expired on", "renew it",
    ),
    "an authority that has expired": (
        *below(intermediate(since=-2 * DAY, until=-DAY)),
        "or that of an authority above it, expired on", "renew it",
    ),
    "not valid yet": (
        issue("a server", ROOT, since=DAY, until=2 * DAY), [],
        "is not valid before", "correct the clock",
    ),
    "another name": (
        issue("a server", ROOT, names=("wechat.example", "*.wechat.example")), [],
        "is not valid for localhost, but for wechat.example, *.wechat.example;", "connect to such a name",
    ),
    "many names": (
        issue("a server", ROOT, names=[f"host{number}.example" for number in range(50)]), [],
        "host4.example and others;", "connect to such a name",
    ),
    "no name": (
        issue("localhost", ROOT, names=()), [],
        "is not valid for localhost: it has no subjectAltName", "issue it with that name",
    ),
    "an authority's": (
        issue("a server", ROOT, ca=True), [],
        "is marked as that of an authority (CA:TRUE)", "issue it with basicConstraints=CA:FALSE",
    ),
    "for clients": (
        issue("a server", ROOT, extensions=[OF_A_CLIENT]), [],
        "is not one for servers", "extendedKeyUsage=serverAuth",
    ),
    "a critical extension": (
        issue("a server", ROOT, extensions=[UNKNOWN], critical=True), [],
        "has a critical extension that is not supported", "issue it without",
    ),
    "an issuer that is not an authority": (
        *below(intermediate(ca=False)),
        "was issued by one that is not marked as that of an authority", "basicConstraints=critical,CA:TRUE",
    ),
    "an authority for other names": (
        *below(constrained()),
        "may not issue one for this host name", "nameConstraints",
    ),
}  # fmt: skip

# What OpenSSL accepts all the same: it reads the commonName as a name, too.
STRICTER = ("an authority's", "no name")


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_certificate_that_cannot_be_trusted(client_kind: ClientKind, tmp_path: Path, problem: str) -> None:
    shown, chain, said, way_out = PROBLEMS[problem]
    bad = shown.context(tmp_path, chain=chain)
    good = GOOD.context(tmp_path)
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(ROOT.pem)
    # The client, the client again, and OpenSSL.
    with RawServer(TlsScript(bad, good, bad)) as server:
        harness = CallHarness(
            client_kind, server, base_url=f"https://localhost:{server.port}", ca_file=ca_file
        )
        error = harness.fails(wxaudit.TransportError, attempts=1, sent=0, requests=0)
        harness.goes_on()
        assert not openssl_accepts(server.port, ca_file) or problem in STRICTER
    assert said in str(error)
    assert way_out in str(error)
    is_plain(error)


# What rustls calls things: words with a capital inside.
_NAME_OF_RUSTLS = re.compile(r"\b[A-Z][a-z]+[A-Z][A-Za-z]+\b")
_OURS = ("subjectAltName", "extendedKeyUsage", "WeChat")


def is_plain(error: wxaudit.WxAuditError) -> None:
    """No name of the library's own stands in the message."""
    found = [word for word in _NAME_OF_RUSTLS.findall(str(error)) if word not in _OURS]
    assert found == []
    assert "(" not in str(error) or "DnsName" not in str(error)


def openssl_accepts(port: int, ca_file: Path) -> bool:
    """Whether Python's own TLS, which is OpenSSL's, trusts the server."""
    context = ssl.create_default_context(cafile=str(ca_file))
    try:
        with socket.create_connection(("127.0.0.1", port)) as plain:
            context.wrap_socket(plain, server_hostname="localhost").close()
    except ssl.SSLCertVerificationError:
        return False
    return True


@pytest.mark.parametrize("ca", [False, None])
def test_a_pinned_certificate_of_the_server_itself(
    client_kind: ClientKind, tmp_path: Path, ca: bool | None
) -> None:
    pinned = issue("a pinned server", ca=ca)
    ca_file = tmp_path / "pinned.pem"
    ca_file.write_text(pinned.pem)
    with RawServer(TlsScript(pinned.context(tmp_path))) as server:
        base_url = f"https://localhost:{server.port}"
        CallHarness(client_kind, server, base_url=base_url, ca_file=ca_file).goes_on()
        assert openssl_accepts(server.port, ca_file)


def test_a_pinned_certificate_that_is_marked_as_an_authoritys(
    client_kind: ClientKind, tmp_path: Path
) -> None:
    """`openssl req -x509` makes such a one unasked. OpenSSL accepts it; this client says what to change."""
    pinned = issue("a pinned server", ca=True)
    ca_file = tmp_path / "pinned.pem"
    ca_file.write_text(pinned.pem)
    with RawServer(TlsScript(pinned.context(tmp_path))) as server:
        base_url = f"https://localhost:{server.port}"
        harness = CallHarness(client_kind, server, base_url=base_url, ca_file=ca_file)
        error = harness.fails(wxaudit.TransportError, attempts=1, sent=0, requests=0)
        assert openssl_accepts(server.port, ca_file)
    assert "openssl req -x509 … -addext basicConstraints=critical,CA:FALSE" in str(error)
    is_plain(error)


@pytest.mark.parametrize("ciphers", ["AES128-SHA", "ADH-AES256-GCM-SHA384"])
def test_no_cipher_suite_in_common(client_kind: ClientKind, tmp_path: Path, ciphers: str) -> None:
    context = GOOD.context(tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(ROOT.pem)
    with RawServer(TlsScript(context)) as server:
        base_url = f"https://localhost:{server.port}"
        harness = CallHarness(client_kind, server, base_url=base_url, ca_file=ca_file)
        error = harness.fails(wxaudit.TransportError, attempts=1, sent=0, requests=0)
    assert "no cipher suite in common" in str(error) or "supports no cipher suite" in str(error)
    is_plain(error)


def test_the_moment_of_expiry_is_told(client_kind: ClientKind, tmp_path: Path) -> None:
    expired = issue("a server", ROOT, since=timedelta(days=-9), until=timedelta(days=-3))
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(ROOT.pem)
    with RawServer(TlsScript(expired.context(tmp_path))) as server:
        base_url = f"https://localhost:{server.port}"
        harness = CallHarness(client_kind, server, base_url=base_url, ca_file=ca_file)
        error = harness.fails(wxaudit.TransportError, attempts=1, sent=0, requests=0)
    assert f"{expired.certificate.not_valid_after_utc:%a, %d %b %Y %H:%M:%S GMT}" in str(error)
