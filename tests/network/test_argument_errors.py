"""Audit ids and tokens: exactly as given on the wire, and anything else refused before anything is sent."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy
import pytest

import wxaudit
from support.call_harness import CallHarness

if TYPE_CHECKING:
    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat


class Index:
    """A number only by `__index__`, as the integers of other libraries."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __index__(self) -> int:
        return self._number


class FailingIndex:
    def __index__(self) -> int:
        raise ZeroDivisionError("the caller's own failure")


class Text(str):
    __slots__ = ()


class Number(int):
    pass


GOOD_IDS: dict[str, tuple[Any, int]] = {
    "a number": (4_100_000_017, 4_100_000_017),
    "a text": ("123", 123),
    "a text with zeros in front": ("00123", 123),
    "a kind of text": (Text("123"), 123),
    "a kind of int": (Number(123), 123),
    "numpy's integer of 64 bits": (numpy.int64(5), 5),
    "numpy's integer of 8 bits": (numpy.uint8(5), 5),
    "an index": (Index(5), 5),
    "what a float cannot hold": (2**53 + 1, 2**53 + 1),
    "the same as text": (str(2**53 + 1), 2**53 + 1),
    "one": (1, 1),
    "the greatest": (2**63 - 1, 2**63 - 1),
    "the greatest as text": (str(2**63 - 1), 2**63 - 1),
}


@pytest.mark.parametrize(("given", "sent"), GOOD_IDS.values(), ids=GOOD_IDS.keys())
def test_the_wire_holds_exactly_the_number(
    client_kind: ClientKind, fake: FakeWeChat, given: Any, sent: int
) -> None:
    fake.submit(auditid=sent)
    status = client_kind.client(fake).get_audit_status(fake.token(), given)
    assert status.auditid == sent
    assert type(status.auditid) is int
    request = fake.requests[0]
    assert request.body == b'{"auditid":%d}' % sent
    assert request.headers["content-length"] == str(len(request.body))
    assert not request.chunked


BAD_IDS: dict[str, Any] = {
    "True": True,
    "False": False,
    "numpy's True": numpy.True_,
    "a float": 1.0,
    "numpy's float": numpy.float64(1.0),
    "NaN": float("nan"),
    "a decimal": Decimal(1),
    "a fraction": Fraction(1),
    "a complex": 1 + 0j,
    "zero": 0,
    "zero as text": "0",
    "a negative number": -1,
    "a negative text": "-1",
    "a blank in front": " 1",
    "a blank behind": "1 ",
    "a line break": "1\n",
    "a sign": "+1",
    "an underscore": "1_000",
    "a comma": "1,000",
    "a point": "1.0",
    "hexadecimal": "0x10",
    "an exponent": "1e3",
    "Arabic digits": "١٢٣",
    "full-width digits": "１２３",
    "a superscript": "²",
    "an empty text": "",
    "a word": "latest",
    "a lone surrogate": "\ud800",
    "bytes": b"123",
    "above 63 bits": 2**63,
    "above 63 bits as text": str(2**63),
    "above 64 bits": 2**64 + 1,
    "far above": 10**400,
    "far above as text": "1" + "0" * 400,
    "far below": -(10**400),
    "numpy's integer above 63 bits": numpy.uint64(2**63),
    "numpy's array of one": numpy.array([5]),
    "None": None,
    "a list": [1],
    "a tuple": (1,),
    "a dict": {"auditid": 1},
    "an object": object(),
}


@pytest.mark.parametrize("given", BAD_IDS.values(), ids=BAD_IDS.keys())
def test_what_is_not_an_auditid_is_refused_and_nothing_sent(
    client_kind: ClientKind, fake: FakeWeChat, given: Any
) -> None:
    harness = CallHarness(client_kind, fake)
    with pytest.raises(wxaudit.ArgumentError) as caught:
        harness.caller.get_audit_status(harness.token, given)
    assert isinstance(caught.value, ValueError)
    assert "auditid" in str(caught.value)
    assert len(str(caught.value)) < 300
    assert not caught.value.retryable
    assert fake.connections_accepted == 0
    harness.goes_on()


def test_an_index_that_fails_fails_as_itself(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    with pytest.raises(ZeroDivisionError, match="the caller's own failure"):
        harness.caller.get_audit_status(harness.token, FailingIndex())
    assert fake.connections_accepted == 0


BAD_TOKENS: dict[str, Any] = {
    "an empty text": "",
    "a blank": " ",
    "a line break behind": "a-token-of-nobody\n",
    "a line break inside": "a-token\r\nX: of-nobody",
    "a blank in front": " a-token-of-nobody",
    "NUL": "a-token\0-of-nobody",
    "an escape": "a-token\x1b-of-nobody",
    "C1": "a-token\x85-of-nobody",
    "a lone surrogate": "a-token\ud800-of-nobody",
    "4 KiB": "a-token-" * 512,
    "bytes": b"a-token-of-nobody",
    "a bytearray": bytearray(b"a-token-of-nobody"),
    "None": None,
    "a number": 5,
    "a list": ["a-token-of-nobody"],
    "an object": object(),
}


@pytest.mark.parametrize("given", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_what_is_not_a_token_is_refused_and_never_shown(
    client_kind: ClientKind, fake: FakeWeChat, given: Any
) -> None:
    harness = CallHarness(client_kind, fake)
    with pytest.raises(wxaudit.ArgumentError) as caught:
        harness.caller.get_audit_status(given, harness.auditid)
    assert "token" in str(caught.value)
    assert "a-token" not in repr(caught.value)
    assert fake.connections_accepted == 0
    harness.goes_on()


@pytest.mark.parametrize(
    "token", ["x", "帐号-of-nobody", "a b-of-nobody", "a%2Bb", "+/=&?#%\"'<>\\~", "a" * 2048]
)
def test_any_printable_token_arrives_as_it_is(client_kind: ClientKind, fake: FakeWeChat, token: str) -> None:
    harness = CallHarness(client_kind, fake)
    with pytest.raises(wxaudit.TokenError):
        harness.caller.get_audit_status(token, harness.auditid)
    assert [request.token for request in fake.requests] == [token]
