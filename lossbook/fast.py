"""NumPy with some of its functions by Numba, and loops in place of array code: what `arrays.use_numba` takes.

exp and log1p are straight lines of arithmetic without branches or tables, several numbers at a time, for float64 within
one unit in the last place. They are computed in float64 for float32 as well.

Array code whose results at one place depend on the arrays at that place alone is called once with a `Tracer` for each
array. What it does with them becomes the lines of one loop, which reads and writes every array once.
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import factorial
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import njit, vectorize

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

compiled: Callable[[Callable[..., None]], Callable[..., None]] = njit(error_model="numpy")


# --- exp and log1p -----------------------------------------------------------------------------------


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


# --- loops -------------------------------------------------------------------------------------------


def _operation(code: str) -> Callable[..., "Tracer"]:
    return lambda self, *others: self.line(code, *others)


class Tracer:
    """Stands for an array, or for a parameter beside arrays: each operation on it is written as a line of a loop."""

    __array_ufunc__ = None  # so that an operation of a NumPy number and a tracer is the tracer's
    dtype = None

    def __init__(self, name: str, lines: list[str], is_array: bool) -> None:
        self.name, self.lines, self.is_array = name, lines, is_array

    def line(self, code: str, *others: Any) -> "Tracer":
        """The result of one more line: `code` with self and `others` in its places. F rounds to the loop's dtype."""
        is_array = any(isinstance(each, Tracer) and each.is_array for each in (self, *others))
        result = Tracer(f"t{len(self.lines)}", self.lines, is_array)
        self.lines.append(f"{result.name} = {code.format(*(_written(each, is_array) for each in (self, *others)))}")
        return result

    def __bool__(self) -> bool:
        raise TypeError("the numbers that a tracer stands for are not known")

    __neg__ = _operation("-{0}")
    __add__, __radd__ = _operation("{0} + {1}"), _operation("{1} + {0}")
    __sub__, __rsub__ = _operation("{0} - {1}"), _operation("{1} - {0}")
    __mul__, __rmul__ = _operation("{0} * {1}"), _operation("{1} * {0}")
    __truediv__, __rtruediv__ = _operation("{0} / {1}"), _operation("{1} / {0}")
    __lt__, __le__ = _operation("{0} < {1}"), _operation("{0} <= {1}")
    __gt__, __ge__ = _operation("{0} > {1}"), _operation("{0} >= {1}")
    __eq__ = _operation("{0} == {1}")  # type: ignore[assignment]
    __and__, __or__ = _operation("{0} & {1}"), _operation("{0} | {1}")


def _written(operand: Any, is_array: bool) -> str:
    """The code of a tracer or a number, rounded to the loop's dtype if it is a number beside an array."""
    is_tracer = isinstance(operand, Tracer)
    code = operand.name if is_tracer else repr(float(operand))
    return f"F({code})" if is_array and not (is_tracer and operand.is_array) else code


LOOP: Any = SimpleNamespace(
    abs=lambda x: x.line("abs({0})"),
    exp=lambda x: x.line("F(exp({0}))"),
    log1p=lambda x: x.line("F(log1p({0}))"),
    sign=lambda x: x.line("F({0} > 0) - F({0} < 0)"),
    maximum=lambda a, b: a.line("{1} if {0} < {1} else {0}", b),
    minimum=lambda a, b: a.line("{1} if {0} > {1} else {0}", b),
    clip=lambda x, low, high: LOOP.minimum(LOOP.maximum(x, low), high),
    where=lambda condition, a, b: condition.line("{1} if {0} else {2}", a, b),
    astype=lambda x, dtype: x.line("F({0})"),
    asarray=lambda x, dtype: x,
)
"""The namespace of tracers."""


def loop(function: Callable[..., Any], arguments: Sequence[Array]) -> Callable[..., None] | None:
    """What writes the results of array code for such `arguments` into the arrays that it is given after them.

    The arguments are arrays of one dtype, and then numbers. None if the code has other operations than `LOOP`.
    """
    return _loop(function, tuple(isinstance(each, np.ndarray) for each in arguments), arguments[0].dtype.type)


@cache
def _loop(function: Callable[..., Any], are_arrays: tuple[bool, ...], dtype: type) -> Callable[..., None] | None:
    lines: list[str] = []
    tracers = [Tracer(f"x{number}", lines, is_array) for number, is_array in enumerate(are_arrays)]
    try:
        results = function(LOOP, *tracers)
    except (AttributeError, TypeError):
        return None
    entries = [f"{tracer.name} = {tracer.name}s[place]" for tracer in tracers if tracer.is_array]
    arguments = [f"{tracer.name}s" if tracer.is_array else tracer.name for tracer in tracers]
    ends = [f"results{number}[place] = {_written(result, True)}" for number, result in enumerate(results)]
    names = ", ".join([*arguments, *(f"results{number}" for number in range(len(results)))])
    body = "\n        ".join([*entries, *lines, *ends])
    scope: dict[str, Any] = {"F": dtype, "exp": exp, "log1p": log1p}
    exec(f"def loop({names}):\n    for place in range(results0.size):\n        {body}\n", scope)
    return compiled(scope["loop"])


# --- matrices: one row after the other, or one column ------------------------------------------------


def copyto(target: Array, source: Array) -> None:
    """NumPy's: of matrices in two orders of memory, it is faster row by row."""
    if np.shape(source) == target.shape and target.ndim == 2:
        _copy(target, source)
    else:
        np.copyto(target, source)


def take_along_axis(rows: Array, indices: Array, axis: int) -> Array:
    """NumPy's, of one entry of each row of a matrix."""
    entries = np.empty(indices.shape, rows.dtype)
    _take(rows, indices, entries)
    return entries


def put_along_axis(rows: Array, indices: Array, entries: Array, axis: int) -> None:
    """NumPy's, of one entry of each row of a matrix."""
    _put(rows, indices, entries)


def greatest_and_others(rows: Array) -> tuple[Array, Array]:
    """The greatest number of each row of a matrix of numbers from 0 up, and the sum of the others, their axis kept."""
    greatest, others = np.zeros((2, len(rows)), rows.dtype)
    _add_smaller(rows.T, greatest, others)
    return greatest[:, None], others[:, None]


@compiled
def _copy(target: Array, source: Array) -> None:
    for row in range(len(target)):
        for column in range(target.shape[1]):
            target[row, column] = source[row, column]


@compiled
def _take(rows: Array, indices: Array, entries: Array) -> None:
    for row in range(len(rows)):
        entries[row, 0] = rows[row, indices[row, 0]]


@compiled
def _put(rows: Array, indices: Array, entries: Array) -> None:
    for row in range(len(rows)):
        rows[row, indices[row, 0]] = entries[row, 0]


@compiled
def _add_smaller(columns: Array, greatest: Array, others: Array) -> None:
    for column in range(len(columns)):
        for row in range(len(greatest)):
            entry, largest = columns[column, row], greatest[row]
            others[row] += min(entry, largest)
            greatest[row] = max(entry, largest)


def __getattr__(name: str) -> Any:
    """All that is not here is NumPy's."""
    return getattr(np, name)
