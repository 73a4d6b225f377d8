"""How often a review is asked for: the policy, as people write it."""

from __future__ import annotations

import copy
import pickle
import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, islice, takewhile
from typing import Any

import numpy
import pytest

from wxaudit import ArgumentError, Polling

YEAR = 365 * 24 * 3600


def first(count: int, polling: Polling, seed: int = 7) -> list[float]:
    return list(islice(polling.delays(random.Random(seed).random), count))  # noqa: S311  # no secret


def test_defaults() -> None:
    polling = Polling()
    assert polling == Polling(30, 600, 1.5, 0.1, 10)
    assert polling.minimum == 27.0
    assert repr(polling) == (
        "Polling(initial=30.0, maximum=600.0, multiplier=1.5, jitter=0.1, max_failures=10)"
    )
    # What its documentation says.
    for seed in range(100):
        moments = [0.0, *accumulate(first(100, polling, seed))]
        assert len(list(takewhile(lambda moment: moment <= 1800, moments))) in (9, 10)
    assert all(540 <= delay <= 600 for delay in first(100, polling)[8:])


def test_without_jitter_the_intervals_are_exact() -> None:
    polling = Polling(10, timedelta(minutes=1), 2, 0)
    assert first(6, polling) == [10, 20, 40, 60, 60, 60]
    assert first(4, Polling(5, 5, 1, 0)) == [5, 5, 5, 5]
    assert first(4, Polling(timedelta(seconds=5), 7, 1.25, 0)) == [5, 6.25, 7, 7]


def test_jitter_shortens_each_interval_by_a_random_part() -> None:
    polling = Polling(100, 1000, 2, 0.25)
    assert list(islice(polling.delays(lambda: 0.0), 5)) == [100, 200, 400, 800, 1000]
    assert list(islice(polling.delays(lambda: 0.5), 5)) == [87.5, 175, 350, 700, 875]
    assert first(50, polling) == first(50, polling)
    assert first(50, polling) != first(50, polling, seed=8)
    longest = first(10_000, polling)[4:]
    assert 750 <= min(longest) < 751
    assert 999 < max(longest) <= 1000


def test_by_default_the_intervals_differ_each_time() -> None:
    polling = Polling()
    assert list(islice(polling.delays(), 5)) != list(islice(polling.delays(), 5))


@pytest.mark.parametrize("multiplier", [1, 1.5, 1e299])
@pytest.mark.parametrize(
    ("initial", "maximum", "jitter"),
    [
        (0.001, 0.001, 0),
        (0.01, 0.01, 0.9),
        *((0.1, YEAR, jitter) for jitter in (0, 0.1, 0.3, 0.99)),
        *((YEAR, YEAR, jitter) for jitter in (0, 0.1, 0.3, 0.999999)),
    ],
)
def test_every_interval_keeps_to_the_bounds(
    initial: float, maximum: float, multiplier: float, jitter: float
) -> None:
    polling = Polling(initial, maximum, multiplier, jitter)
    for delay in islice(polling.delays(), 2000):
        assert 0.001 - 1e-9 <= polling.minimum <= delay <= maximum


def test_the_longest_interval_is_by_default_at_least_the_first_one() -> None:
    polling = Polling(initial=3600)
    assert (polling.initial, polling.maximum) == (3600.0, 3600.0)
    assert polling == Polling(3600, 3600) == pickle.loads(pickle.dumps(polling))
    assert "initial=3600.0, maximum=3600.0," in repr(polling)
    assert Polling(timedelta(seconds=600)).maximum == Polling(maximum=None).maximum == 600.0


@pytest.mark.parametrize("number", [numpy.int64, numpy.float32, numpy.uint8, Decimal, Fraction])
def test_numbers_of_other_kinds_are_numbers(number: Any) -> None:
    polling = Polling(number(60), number(120), number(2), number(0))
    assert polling == Polling(60, 120, 2, 0)
    assert {type(value) for value in polling._values().values()} == {float, int}
    assert Polling(max_failures=numpy.int64(3)).max_failures == 3


REFUSED: list[tuple[str, Any, str]] = [
    ("initial", 0, "initial must be at least 0.001 seconds, got 0; write initial=30"),
    ("initial", -1, "initial must be at least 0.001 seconds, got -1"),
    ("initial", 0.0009, "initial must be at least 0.001 seconds, got 0.0009"),
    ("initial", timedelta(0), "initial must be at least 0.001 seconds, got datetime.timedelta(0)"),
    ("initial", float("nan"), "initial must be at least 0.001 seconds, got nan"),
    ("initial", float("-inf"), "initial must be at least 0.001 seconds, got -inf"),
    ("initial", float("inf"), "initial must be at most one year, got inf"),
    ("initial", YEAR + 1, "write initial=30; it is in seconds, not in milliseconds"),
    ("initial", 10**400, "initial must be at most one year, got an int of very many digits"),
    ("initial", -(10**400), "initial must be at least 0.001 seconds, got an int of very many digits"),
    ("initial", True, "initial must be a number of seconds or a timedelta, got True"),
    ("initial", "30", "initial must be a number of seconds or a timedelta, got str"),
    ("initial", None, "initial must be a number of seconds or a timedelta, got NoneType"),
    ("initial", Decimal("sNaN"), "initial must be a number of seconds or a timedelta, got Decimal"),
    ("initial", numpy.bool_(True), "initial must be a number of seconds or a timedelta, got bool"),
    (
        "initial",
        numpy.timedelta64(5, "m"),
        "initial must be a number of seconds or a timedelta, got timedelta",
    ),
    ("initial", numpy.str_("60"), "initial must be a number of seconds or a timedelta, got str"),
    ("initial", numpy.float32("nan"), "initial must be at least 0.001 seconds, got float32"),
    ("initial", 0.001, "jitter must leave intervals of at least 0.001 seconds, got 0.1 with initial=0.001; "),
    ("maximum", 29, "maximum must be at least initial, which is 30 seconds, got 29; write maximum=30"),
    ("maximum", 0, "maximum must be at least 0.001 seconds, got 0; write maximum=600"),
    ("maximum", timedelta(days=366), "maximum must be at most one year"),
    ("maximum", [600], "maximum must be a number of seconds or a timedelta, got list"),
    ("multiplier", 0.99, "multiplier must be a finite number of at least 1, got 0.99; write multiplier=1"),
    ("multiplier", 0, "multiplier must be a finite number of at least 1, got 0"),
    ("multiplier", -2, "multiplier must be a finite number of at least 1, got -2"),
    ("multiplier", float("nan"), "multiplier must be a finite number of at least 1, got nan"),
    ("multiplier", float("inf"), "multiplier must be a finite number of at least 1, got inf"),
    (
        "multiplier",
        10**400,
        "must be a finite number of at least 1, got an int of very many digits",
    ),
    ("multiplier", True, "multiplier must be a finite number of at least 1, got True"),
    ("multiplier", "2", "multiplier must be a finite number of at least 1, got str"),
    ("multiplier", timedelta(2), "multiplier must be a finite number of at least 1, got datetime.timedelta"),
    (
        "jitter",
        -0.1,
        "of at least 0 and less than 1, got -0.1; write jitter=0.1 for a tenth",
    ),
    ("jitter", 1, "jitter must be a finite number of at least 0 and less than 1, got 1"),
    ("jitter", 10, "jitter must be a finite number of at least 0 and less than 1, got 10"),
    ("jitter", 0.99999, "jitter must leave intervals of at least 0.001 seconds, got 0.99999 with initial=30"),
    ("jitter", float("nan"), "jitter must be a finite number of at least 0 and less than 1, got nan"),
    ("jitter", False, "jitter must be a finite number of at least 0 and less than 1, got False"),
    ("jitter", "0.1", "jitter must be a finite number of at least 0 and less than 1, got str"),
    ("max_failures", -1, "max_failures must be a whole number, 0 or more, got -1; write max_failures=10"),
    ("max_failures", 1.0, "max_failures must be a whole number, 0 or more, got 1.0"),
    ("max_failures", True, "max_failures must be a whole number, 0 or more, got True"),
    ("max_failures", None, "max_failures must be a whole number, 0 or more, got NoneType"),
    ("max_failures", "10", "max_failures must be a whole number, 0 or more, got str"),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_what_cannot_be_used_is_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        Polling(**{name: value})
    assert message in str(raised.value)


def test_it_is_a_value() -> None:
    polling = Polling(initial=60, jitter=0)
    for other in (pickle.loads(pickle.dumps(polling)), copy.deepcopy(polling), Polling(60.0, jitter=0.0)):
        assert other == polling
        assert hash(other) == hash(polling)
    assert polling != Polling(initial=61, jitter=0)
    assert polling.__replace__(initial=90) == Polling(90, jitter=0)
    with pytest.raises(ArgumentError, match="maximum must be at least initial"):
        polling.__replace__(maximum=1)
    with pytest.raises(AttributeError, match="immutable"):
        polling.initial = 1
    match polling:
        case Polling(initial, maximum):
            assert (initial, maximum) == (60, 600)
