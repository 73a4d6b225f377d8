"""A `ca_file` is taken whole, or refused with the part that cannot be read; no message holds its content."""

from __future__ import annotations

import base64
import re
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.servers.certificates import TlsScript, authority, issue
from support.servers.raw_server import RawServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.client_kind import ClientKind

FIRST, SECOND = authority("first authority"), authority("second authority")
LINES = FIRST.pem.splitlines()
BOTH = FIRST.pem + SECOND.pem
KEY = SECOND.private_key


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def damaged(text: str, position: int = 5) -> str:
    """The same certificate with a byte of its DER changed."""
    der = bytearray(base64.b64decode("".join(text.splitlines()[1:-1])))
    der[position] ^= 0xFF
    body = base64.encodebytes(bytes(der)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


WHOLE: dict[str, bytes] = {
    "as it should be": BOTH.encode(),
    "without a line break at the end": BOTH.rstrip("\n").encode(),
    "CRLF": BOTH.replace("\n", "\r\n").encode(),
    "CR": BOTH.replace("\n", "\r").encode(),
    "joined without a line break": (FIRST.pem.rstrip("\n") + SECOND.pem).encode(),
    "a byte order mark": b"\xef\xbb\xbf" + BOTH.encode(),
    "a byte order mark before each": b"".join(b"\xef\xbb\xbf" + it.pem.encode() for it in (FIRST, SECOND)),
    "comments": f"# first\n=====\n{FIRST.pem}\nsubject=/CN=second: 第二\n{SECOND.pem}# end\n".encode(),
    "comments that are not UTF-8": b"# caf\xe9\n" + BOTH.encode(),
    "a certificate that is commented out": ("# " + "\n# ".join(LINES) + "\n" + SECOND.pem).encode(),
    "blanks at the ends of lines": BOTH.replace("\n", " \t\n").encode(),
    "blank lines": BOTH.replace("\n", "\n\n").encode(),
    "indented": indented(BOTH).encode(),
    "the old label": BOTH.replace("CERTIFICATE", "X509 CERTIFICATE").encode(),
    "one long line each": re.sub(r"(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])", "", BOTH).encode(),
    "with a key": (KEY + BOTH + KEY).encode(),
    "with other parts": f"-----BEGIN X-----\n!\n-----END X-----\n{BOTH}".encode(),
    "twice": (BOTH + BOTH).encode(),
    "DER": SECOND.der,
}

REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "no PEM": (b"a shopping list\n", "contains no certificate in PEM format"),
    "a key": (KEY.encode(), "contains a private key and no certificate"),
    "a key with \\n": (
        KEY.replace("\n", "\\n").encode(),
        r"part 1 (line 1) stands on a single line; replace each \n",
    ),
    "certificates with \\n": (BOTH.replace("\n", "\\n").encode(), r"part 1 (line 1) stands on a single line"),
    "certificates on a line": (BOTH.replace("\n", " ").encode(), "part 1 (line 1) stands on a single line"),
    "a key with \\n behind a certificate": (
        (FIRST.pem + KEY.replace("\n", "\\n")).encode(),
        f"part 2 (line {len(LINES) + 1}) stands on a single line",
    ),
    "a part without its end": ("\n".join(LINES[:-1]).encode(), "part 1 (line 1) has no end"),
    "a part without its end before another": (
        ("\n".join(LINES[:-1]) + "\n" + SECOND.pem).encode(),
        f"part 1 (line 1) has no end before the next part begins on line {len(LINES)}",
    ),
    "a part that is cut off": ("\n".join(LINES[:4]).encode(), "part 1 (line 1) has no end"),
    "a part without its beginning": (
        "\n".join(LINES[1:]).encode(),
        f"line {len(LINES) - 1} ends a part that has no beginning",
    ),
    "a beginning that is cut off": (
        (FIRST.pem + SECOND.pem.replace("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE")).encode(),
        f"part 2 (line {len(LINES) + 1}) has a beginning that is cut off",
    ),
    "an end of another kind": (
        FIRST.pem.replace("END CERTIFICATE", "END PRIVATE KEY").encode(),
        f"part 1 (line 1): its end on line {len(LINES)} is that of another kind",
    ),
    "an end that is cut off": (
        (FIRST.pem.rstrip("\n-") + "\n" + SECOND.pem).encode(),
        f"part 1 (line 1): its end on line {len(LINES)} is that of another kind, or cut off",
    ),
    "text behind an end": (
        (FIRST.pem.rstrip("\n") + " and\n" + SECOND.pem).encode(),
        f"part 1 (line 1): text follows its end on line {len(LINES)}",
    ),
    "text before a beginning": (
        (FIRST.pem + "second: " + SECOND.pem).encode(),
        f"part 2 (line {len(LINES) + 1}) does not begin at the start of its line",
    ),
    "not Base64": (
        (FIRST.pem + SECOND.pem.replace("\nMII", "\nM*I")).encode(),
        f"part 2 (line {len(LINES) + 1}): line {len(LINES) + 2} is not Base64",
    ),
    "Base64 that is cut": (
        (FIRST.pem + SECOND.pem.replace("\nMII", "\nMI")).encode(),
        f"part 2 (line {len(LINES) + 1}) is",
    ),
    "a certificate that is damaged": (
        (FIRST.pem + damaged(SECOND.pem)).encode(),
        f"part 2 (line {len(LINES) + 1}) is",
    ),
    "a certificate that is nothing": (
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + BOTH.encode(),
        "part 1 (line 1) is",
    ),
    "OpenSSL's own form": (
        (FIRST.pem + SECOND.pem.replace(" CERTIFICATE", " TRUSTED CERTIFICATE")).encode(),
        f"part 2 (line {len(LINES) + 1}) is a TRUSTED CERTIFICATE",
    ),
    "UTF-16": (BOTH.encode("utf-16"), "is UTF-16 text"),
    "UTF-16 without a mark": (BOTH.encode("utf-16-le"), "is UTF-16 text"),
    # Not by its place in the file: with other line ends it would have another.
    "a NUL byte": (b"\n\0\n" + BOTH.encode(), "is UTF-16 text, or not text at all"),
    "a NUL byte, CRLF": (b"\r\n\0\r\n" + BOTH.encode(), "is UTF-16 text, or not text at all"),
    "a NUL byte between parts": (
        (FIRST.pem + "\0\n" + SECOND.pem).encode(),
        "is UTF-16 text, or not text at all",
    ),
    "DER that is cut": (SECOND.der[:-1], "is neither in PEM format nor a single certificate in DER format"),
    "DER with more behind it": (SECOND.der + FIRST.der, "is neither in PEM format nor a single certificate"),
    "a large file": (b"#" * (16 * 1024 * 1024 + 1), "is larger than 16 MiB"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawServer]:
    """A server that only the second authority vouches for."""
    shown = issue("a server", SECOND).context(tmp_path_factory.mktemp("server"))
    with RawServer(TlsScript(shown)) as server:
        yield server


def ask(client_kind: ClientKind, server: RawServer, ca_file: Path) -> wxaudit.AuditState:
    client = client_kind.client(f"https://localhost:{server.port}", ca_file=ca_file, timeout=10)
    return client.get_audit_status("a-token-of-nobody", 1).status


@pytest.mark.parametrize("content", WHOLE.values(), ids=WHOLE)
def test_a_bundle_is_taken_whole(
    client_kind: ClientKind, server: RawServer, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "bundle.pem"
    file.write_bytes(content)
    assert ask(client_kind, server, file) == wxaudit.AuditState.IN_REVIEW


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_a_bundle_that_cannot_be_taken_whole_is_refused(
    client_kind: ClientKind, server: RawServer, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "bundle.pem"
    file.write_bytes(content)
    for _ in range(2):
        with pytest.raises(wxaudit.ArgumentError) as caught:
            ask(client_kind, server, file)
        assert str(caught.value).startswith(f"ca_file: {file}: {said}")
        shows_nothing_of(content, caught.value, file)


def shows_nothing_of(content: bytes, error: wxaudit.WxAuditError, file: Path) -> None:
    """No eight characters of a file are in an error, neither as text nor as the numbers of bytes."""
    shown = f"{error} {error!r} {error.args!r} {error.__cause__!r}".replace(str(file), "")
    text = re.sub("-----(BEGIN|END)[A-Z0-9 ]*-----", "", content.decode("latin-1"))
    for start in range(min(len(text) - 8, 5000)):
        piece = text[start : start + 8]
        assert piece not in shown
        assert ", ".join(str(byte) for byte in piece.encode("latin-1")) not in shown


def test_a_bundle_that_openssl_reads_is_never_read_in_part(tmp_path: Path) -> None:
    """Where OpenSSL takes both certificates, so does wxaudit; it takes none where OpenSSL refuses one."""
    file = tmp_path / "bundle.pem"
    for name, (content, _) in REFUSED.items():
        file.write_bytes(content)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(file)
        except (ssl.SSLError, OSError):
            continue
        # OpenSSL passes over what it does not see as a part, without a word.
        taken = len(context.get_ca_certs())
        assert taken < content.count(b"BEGIN") or "TRUSTED" in content.decode("latin-1"), name


@pytest.fixture
def hashed(tmp_path: Path) -> Path:
    """A directory as `openssl rehash` leaves it."""
    directory = tmp_path / "certificates"
    directory.mkdir()
    (directory / "first.pem").write_text(FIRST.pem)
    (directory / "second.crt").write_text(SECOND.pem)
    (directory / "README").write_text("not a certificate")
    subprocess.run(["openssl", "rehash", directory], check=True, capture_output=True)
    return directory


def test_a_directory_with_hashes_is_read(client_kind: ClientKind, server: RawServer, hashed: Path) -> None:
    context = ssl.create_default_context(capath=str(hashed))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert ask(client_kind, server, hashed) == wxaudit.AuditState.IN_REVIEW


def test_a_directory_with_a_part_that_cannot_be_read_is_refused(
    client_kind: ClientKind, server: RawServer, hashed: Path
) -> None:
    (hashed / "first.pem").write_text(damaged(FIRST.pem))
    with pytest.raises(wxaudit.ArgumentError, match=r"ca_file: .*/[0-9a-f]{8}\.0: part 1 \(line 1\) is"):
        ask(client_kind, server, hashed)
    (hashed / "first.pem").unlink()
    with pytest.raises(wxaudit.ArgumentError, match=r"ca_file: .*/[0-9a-f]{8}\.0: no such file"):
        ask(client_kind, server, hashed)


def test_a_directory_without_hashes_is_refused(
    client_kind: ClientKind, server: RawServer, tmp_path: Path
) -> None:
    (tmp_path / "first.pem").write_text(FIRST.pem)
    with pytest.raises(wxaudit.ArgumentError, match="run openssl rehash on it, or give a file"):
        ask(client_kind, server, tmp_path)


@pytest.mark.parametrize("content", [KEY, KEY.replace("\n", "\\n"), BOTH, "MIIB\nAAAA\n"], ids=range(4))
def test_the_content_in_place_of_the_path_is_not_shown(
    client_kind: ClientKind, content: str, tmp_path: Path
) -> None:
    given: list[Any] = [content, tmp_path / content]
    for ca_file in given:
        with pytest.raises(wxaudit.ArgumentError, match=r"^ca_file: expected the path of a file") as caught:
            client_kind.client("https://localhost:9", ca_file=ca_file)
        shows_nothing_of(content.encode(), caught.value, tmp_path)
