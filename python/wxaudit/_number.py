"""What counts as a number: also scalars of numpy, which are often no `int` or `float` of Python."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta


def number_of(value: object) -> int | float | None:
    """The `int` or `float` that is meant; None where it is no real number, as `bool` and texts are not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    # On demand: hardly anybody passes another kind of number.
    from decimal import Decimal
    from numbers import Integral, Real

    if not isinstance(value, (Real, Decimal)):
        return None
    # numpy's durations have units of their own, and are integers by their class all the same.
    if getattr(getattr(value, "dtype", None), "kind", "") == "m":
        return None
    try:
        return int(value) if isinstance(value, Integral) else float(value)
    except (ArithmeticError, ValueError):
        # Too large, or a NaN that signals.
        return None


def timedelta_of(value: object) -> timedelta | None:
    """The value where it is a `timedelta`. Then its module is loaded, which this package leaves to others."""
    known = getattr(sys.modules.get("datetime"), "timedelta", None)
    return value if known is not None and isinstance(value, known) else None
