"""Read names and dates of a certificate, also of one that is not trusted."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEQUENCE, _VERSION, _UTC_TIME = 0x30, 0xA0, 0x17
# Object identifiers: the organization and the common name.
_ORGANIZATION, _COMMON_NAME = b"\x55\x04\x0a", b"\x55\x04\x03"


class Certificate(NamedTuple):
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime


def read(der: bytes) -> Certificate | None:
    """The certificate, None for what cannot be read. Python's ssl reads only certificates that it trusts."""
    try:
        _, certificate = next(_elements(der))
        _, signed = next(_elements(certificate))
        fields = [element for element in _elements(signed) if element[0] != _VERSION]
        # Serial number, algorithm, issuer, validity, subject.
        issuer, validity, subject = (content for _, content in fields[2:5])
        since, until = (_moment(*element) for element in _elements(validity))
        return Certificate(_name(subject), _name(issuer), since, until)
    except (ValueError, StopIteration, IndexError):
        return None


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of DER: their tags and contents."""
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        if position + length > len(data):
            raise ValueError("an element is longer than the data")
        yield tag, data[position : position + length]
        position += length


def _name(data: bytes) -> str:
    """The common name, or else the organization."""
    found: dict[bytes, str] = {}
    for _, attributes in _elements(data):
        for _, attribute in _elements(attributes):
            (_, identifier), (_, value) = _elements(attribute)
            found[identifier] = value.decode("utf-8", "replace")
    return found.get(_COMMON_NAME) or found.get(_ORGANIZATION) or "?"


def _moment(tag: int, content: bytes) -> datetime:
    digits = content.decode("ascii")
    if tag == _UTC_TIME:
        # Two digits of the year: 50 to 99 are of the last century.
        digits = ("19" if digits >= "50" else "20") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)
