"""NumPy with exp and log1p by Numba, several numbers at a time: what `arrays.use_numba` puts in its place.

Both are straight lines of arithmetic without branches or tables, for float64 within one unit in the last place. They
are computed in float64 for float32 as well.
"""

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np
from numba import vectorize

from lossbook.types import Array

LOG_2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
"""log 2 in so few digits that a whole number below 2^20 times it is exact."""

LOG_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
"""What log 2 has beside `LOG_2_HIGH`."""

OF_EXP = tuple(1 / factorial(number) for number in range(13, 1, -1))
"""1/13! to 1/2!: where |r| is at most (log 2) / 2, the next term of the series of exp(r) is below 2^-57."""

OF_LOG = tuple(2 / (2 * number + 1) for number in range(10, 0, -1))
"""2/21 to 2/3: log((1 + s) / (1 - s)) is 2 s (1 + s^2 / 3 + ...), and |s| at most 3 - sqrt(8) here."""

WHOLE = 1.5 * 2.0**52
"""Added to a float below 2^51, it leaves the nearest whole number, as the last bits of the sum."""

BIAS = 1023
"""What is added to a power of 2 in the bits of a float, above the 52 of its fraction."""

FRACTION, PLACES = np.uint64(2**52 - 1), np.uint64(52)
ROOT, ONE, LARGE = (np.float64(number).view(np.uint64) for number in (0.5**0.5, 1, 2.0**52))

elementwise: Callable[[Callable[[Array], Array]], Callable[[Array], Array]] = vectorize(  # type: ignore[no-untyped-call]
    ["float32(float32)", "float64(float64)"],
    fastmath={"contract"},  # a product and a sum are rounded once where the processor can
)


@elementwise
def exp(x: Array) -> Array:
    """exp(x) = 2^k exp(r), for the whole number k that is nearest to x / log(2)."""
    x = min(max(x, -800.0), 800.0)  # 0 or infinite, and so beyond
    k = (x / (LOG_2_HIGH + LOG_2_LOW) + WHOLE) - WHOLE
    r = (x - k * LOG_2_HIGH) - k * LOG_2_LOW
    series = 0.0
    for coefficient in OF_EXP:
        series = coefficient + r * series
    near = min(max(k, -1000.0), 1000.0)  # in two factors, since 2^k may be no float where the result is one
    first = np.int64((np.float64(near + WHOLE).view(np.int64) + BIAS) << 52).view(np.float64)
    second = np.int64((np.float64(k - near + WHOLE).view(np.int64) + BIAS) << 52).view(np.float64)
    return (1 + (r + r * r * series)) * first * second


@elementwise
def log1p(x: Array) -> Array:
    """log(1 + x) = k log(2) + log(1 + f) + rest: 1 + f is from sqrt(1/2) to sqrt(2), rest is what 1 + x rounds away."""
    whole = 1.0 + x
    rest = (x - (whole - 1)) / whole
    bits = np.float64(whole).view(np.uint64) + (ONE - ROOT)
    k = np.uint64(bits >> PLACES | LARGE).view(np.float64) - (2.0**52 + BIAS)
    f = np.uint64((bits & FRACTION) + ROOT).view(np.float64) - 1
    s = f / (2 + f)
    series = 0.0
    for coefficient in OF_LOG:
        series = coefficient + s * s * series
    half = 0.5 * f * f  # 2 s is f - half + s half, whose first term is exact
    result = s * (half + s * s * series) + (k * LOG_2_LOW + rest) - half + f + k * LOG_2_HIGH
    if 0 < whole < np.inf:
        return result
    return whole if whole > 0 else -np.inf if whole == 0 else np.nan


def __getattr__(name: str) -> Any:
    """All that is not here is NumPy's."""
    return getattr(np, name)
