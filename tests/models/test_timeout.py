"""How long a call may take, as people write it."""

from __future__ import annotations

import copy
import pickle
import sys
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy
import pytest

from wxaudit import ArgumentError, Timeout
from wxaudit._timeout import limits_of

if sys.version_info >= (3, 13):
    from copy import replace
else:

    def replace(timeout: Timeout, **changes: Any) -> Timeout:
        """What `copy.replace` of Python 3.13 does."""
        return timeout.__replace__(**changes)


YEAR = 365 * 24 * 3600


def test_defaults() -> None:
    assert (Timeout().total, Timeout().connect, Timeout().read) == (15.0, 5.0, 10.0)


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        (Timeout(30), (30.0, 5.0, 10.0)),
        (Timeout(30, 3, 7), (30.0, 3.0, 7.0)),
        (Timeout(total=15, connect=5), (15.0, 5.0, 10.0)),
        (Timeout(timedelta(minutes=1), timedelta(milliseconds=500), None), (60.0, 0.5, None)),
        (Timeout(1, connect=None, read=None), (1.0, None, None)),
        (Timeout(2, connect=60, read=60), (2.0, 60.0, 60.0)),
        (Timeout(YEAR), (float(YEAR), 5.0, 10.0)),
        (Timeout(5e-324), (5e-324, 5.0, 10.0)),
    ],
    ids=repr,
)
def test_seconds_and_timedelta(timeout: Timeout, expected: tuple[float, float | None, float | None]) -> None:
    assert (timeout.total, timeout.connect, timeout.read) == expected
    assert {type(value) for value in expected} >= {
        type(timeout.total),
        type(timeout.connect),
        type(timeout.read),
    }


@pytest.mark.parametrize("field", ["total", "connect", "read"])
@pytest.mark.parametrize(
    ("value", "shown", "advice"),
    [
        (0, "0", "more than 0 seconds"),
        (-1, "-1", "more than 0 seconds"),
        (-0.0, "-0.0", "more than 0 seconds"),
        (float("nan"), "nan", "more than 0 seconds"),
        (float("-inf"), "-inf", "more than 0 seconds"),
        (timedelta(0), "datetime.timedelta(0)", "more than 0 seconds"),
        (timedelta(seconds=-1), "datetime.timedelta", "more than 0 seconds"),
        (float("inf"), "inf", "at most one year"),
        (YEAR + 1, str(YEAR + 1), "it is in seconds, not in milliseconds"),
        (timedelta(days=366), "datetime.timedelta", "at most one year"),
        (10**400, "an int of very many digits", "at most one year"),
        (10**5000, "an int of very many digits", "at most one year"),
        (True, "True", "a number of seconds or a timedelta"),
        ("15", "got str", "a number of seconds or a timedelta"),
        (b"15", "got bytes", "a number of seconds or a timedelta"),
        (Decimal("sNaN"), "got Decimal", "a number of seconds or a timedelta"),
        (-(10**400), "an int of very many digits", "more than 0 seconds"),
        (numpy.bool_(True), "got bool", "a number of seconds or a timedelta"),
        (numpy.timedelta64(5, "m"), "got timedelta64", "a number of seconds or a timedelta"),
        (numpy.float32("nan"), "got float32", "more than 0 seconds"),
        ((5, 15), "got tuple", "write Timeout(total=…, connect=…, read=…)"),
        ("x" * 10_000, "got str", "a number of seconds or a timedelta"),
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, int) or value < 10**9 else f"{value % 7}…",
)
def test_what_is_not_a_positive_time_is_refused(field: str, value: Any, shown: str, advice: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        Timeout(**{field: value})
    message = str(caught.value)
    assert message.startswith(f"{field} ")
    assert shown in message
    assert advice in message
    assert len(message) < 300


@pytest.mark.parametrize("number", [numpy.int64, numpy.float32, numpy.uint8, Decimal, Fraction])
def test_numbers_of_other_kinds_are_numbers(number: Any) -> None:
    timeout = Timeout(number(60), number(5), number(10))
    assert timeout == Timeout(60, 5, 10)
    assert limits_of(number(60), Timeout()) == Timeout(60, 5, None)
    assert type(timeout.total) is float


def test_no_message_shows_a_text_that_may_be_a_token() -> None:
    token = "84_" + "Zf3kQ9" * 24
    for limits in ((token,), (1, token), (1, 1, token)):
        with pytest.raises(ArgumentError) as caught:
            Timeout(*limits)
        assert token not in f"{caught.value} {caught.value!r}"


def test_total_is_required_to_be_a_time() -> None:
    with pytest.raises(ArgumentError, match=r"^total must be a number .*, got NoneType; "):
        Timeout(None)  # type: ignore[arg-type]  # what is refused


def test_is_a_value() -> None:
    assert Timeout(30) == Timeout(30.0) == Timeout(timedelta(seconds=30))
    assert hash(Timeout(30)) == hash(Timeout(timedelta(seconds=30)))
    assert Timeout(30) != Timeout(31)
    assert Timeout(30, None) != Timeout(30)
    assert Timeout(30) != 30
    assert repr(Timeout(30, None)) == "Timeout(total=30.0, connect=None, read=10.0)"
    assert eval(repr(Timeout(30, None))) == Timeout(30, None)  # noqa: S307  # our own repr
    match Timeout(30, 3, 7):
        case Timeout(total, connect, read):
            assert (total, connect, read) == (30.0, 3.0, 7.0)
        case _:
            pytest.fail("a Timeout matches by position")


def test_survives_pickle_and_copy() -> None:
    timeout = Timeout(30, None, timedelta(seconds=2))
    journeys = [
        pickle.loads(pickle.dumps(timeout, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ]
    for arrived in (*journeys, copy.copy(timeout), copy.deepcopy([timeout])[0]):
        assert type(arrived) is Timeout
        assert arrived == timeout


def test_a_changed_copy_is_checked_as_well() -> None:
    assert replace(Timeout(30, 3), total=60) == Timeout(60, 3)
    with pytest.raises(ArgumentError, match="connect must be more than 0"):
        replace(Timeout(30), connect=0)
    with pytest.raises(TypeError, match="write"):
        replace(Timeout(30), write=1)


def test_cannot_be_changed() -> None:
    timeout = Timeout()
    with pytest.raises(AttributeError, match="Timeout is immutable: total cannot be set"):
        timeout.total = 1
    with pytest.raises(AttributeError, match="immutable"):
        del timeout.read
    assert timeout == Timeout()


def test_argument_of_a_call_is_completed_from_the_client() -> None:
    base = Timeout(15, 3, None)
    own = Timeout(1)
    assert limits_of(None, base) is base
    assert limits_of(own, base) is own
    assert limits_of(60, base) == Timeout(60, 3, None)
    assert limits_of(timedelta(minutes=1), base) == Timeout(60, 3, None)


@pytest.mark.parametrize("value", [0, -1, True, "15", (5, 15), float("nan"), [], ...], ids=repr)
def test_argument_of_another_kind_is_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^timeout "):
        limits_of(value, Timeout())
