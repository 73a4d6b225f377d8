"""`wxaudit doctor`: TLS and the certificate of a host."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from support.command_line.doctor import doctor
from support.servers.certificates import DAY, Certificate, TlsScript, authority, issue
from support.servers.raw_server import RawServer
from wxaudit._cli.doctor import certificate

if TYPE_CHECKING:
    from pathlib import Path

    from support.command_line.doctor import Report

AUTHORITY = authority("Authority of the doctor")
MONTHS = timedelta(days=90)


def examine(shown: Certificate, tmp_path: Path, *, trusted: bool = True) -> Report:
    """What the doctor says of a server that shows a certificate."""
    file = tmp_path / "authority.pem"
    file.write_text(AUTHORITY.pem)
    with RawServer(TlsScript(shown.context(tmp_path))) as server:
        options: tuple[Any, ...] = ("--ca-file", file) if trusted else ()
        return doctor(*options, "--base-url", f"https://localhost:{server.port}")


def test_a_trusted_certificate_is_described(tmp_path: Path) -> None:
    report = examine(issue("localhost", AUTHORITY, until=MONTHS), tmp_path)
    assert (report.code, report.row("connection")["status"]) == (0, "ok")
    row = report.row("tls")
    assert (row["status"], row["tls"]) == ("ok", "TLSv1.3")
    assert (row["subject"], row["issuer"]) == ("localhost", "Authority of the doctor")
    assert "issued by Authority of the doctor, valid until 20" in row["found"]


def test_a_certificate_that_expires_soon_is_a_warning(tmp_path: Path) -> None:
    report = examine(issue("localhost", AUTHORITY, until=DAY), tmp_path)
    assert (report.code, report.row("tls")["status"]) == (0, "warning")


def test_an_expired_certificate_is_told(tmp_path: Path) -> None:
    report = examine(issue("localhost", AUTHORITY, since=-3 * DAY, until=-DAY), tmp_path)
    assert report.code == 75
    assert "expired on" in report.row("connection")["found"]
    assert report.row("tls")["status"] == "failed"
    assert "check the clock of this machine" in report.row("tls")["todo"]


def test_the_issuer_of_an_untrusted_certificate_is_named(tmp_path: Path) -> None:
    report = examine(issue("localhost", AUTHORITY, until=MONTHS), tmp_path, trusted=False)
    assert report.code == 75
    assert "authority that is not trusted" in report.row("connection")["found"]
    row = report.row("tls")
    assert (row["status"], row["issuer"]) == ("failed", "Authority of the doctor")
    assert "--ca-file" in row["todo"]


def test_a_ca_file_that_cannot_be_read_is_a_wrong_setting(tmp_path: Path) -> None:
    file = tmp_path / "authority.pem"
    file.write_text("no certificate")
    report = doctor("--ca-file", file, "--base-url", "https://localhost:1")
    assert report.code == 2
    assert "ca_file" in report.row("connection")["found"]


def test_certificates_are_read_as_cryptography_reads_them() -> None:
    made = [AUTHORITY, issue("小程序", AUTHORITY), issue("long", AUTHORITY, until=timedelta(days=40000))]
    for each in made:
        read = certificate.read(each.der)
        assert read is not None
        known = each.certificate
        assert (read.not_before, read.not_after) == (known.not_valid_before_utc, known.not_valid_after_utc)
        assert f"CN={read.subject}" == known.subject.rfc4514_string()
        assert f"CN={read.issuer}" == known.issuer.rfc4514_string()


def test_without_a_common_name_the_organization_is_named() -> None:
    made = trustme.CA(organization_name="An organization")
    read = certificate.read(_der(made.cert_pem.bytes()))
    assert read is not None
    assert read.issuer == "An organization"


@pytest.mark.parametrize("cut", [0, 1, 5, 40, 200])
def test_what_is_not_a_certificate_is_none(cut: int) -> None:
    assert certificate.read(AUTHORITY.der[:cut]) is None
    assert certificate.read(b"\x30\x03\x02\x01\x01") is None


def _der(pem: bytes) -> bytes:
    import ssl

    return ssl.PEM_cert_to_DER_cert(pem.decode())
