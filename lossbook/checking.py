"""Is a gradient right? Compare it with finite differences, entry by entry, and say where it is wrong and how.

    from lossbook.checking import check_gradient
    check_gradient(lambda z: my_loss(z, y), lambda z: my_gradient(z, y), at=z)

Only what `function` returns is asked, so it may be any code: NumPy, another library, a program of one's own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from sympy import Interval, oo

from lossbook.arrays import as_array, as_floats
from lossbook.checks import as_number
from lossbook.tables import Table
from lossbook.types import ArrayLike

Function: TypeAlias = Callable[[np.ndarray], ArrayLike]
"""A function of an array, whoever wrote it."""

STEPS = 2.0 ** -np.arange(28)
"""The steps that are tried, as shares of the reach: halved each time, down to 7e-9."""

FEWEST_STEPS = 5
"""How many steps are needed to say anything."""

SURE = 8
"""How many times its estimated error a measured slope is trusted to be off at most."""

FACTORS = 100
"""A wrong entry is called a multiple of the true slope if the factor is a fraction with no larger denominator."""

COINCIDENCE = 0.01
"""About how probable it may be that a number agrees with a fraction by chance, for the fraction to be named."""

SMALLEST_JUMP = 1e-4
"""A kink is reported if the slopes on its two sides differ by more than this share of the larger."""

COARSE = 0.01
"""A slope is resolved if it is known better than to this share of itself."""


@dataclass(frozen=True)
class Slope:
    """A partial derivative as differences measure it: its value and an estimate of its error.

    At a kink, `left` and `right` are the slopes on either side and `value` is their mean; elsewhere both are
    equal to `value`. `kink_distance` is 0 at a kink, within what distance a kink was noticed near one, else None.
    """

    value: float
    error: float
    left: float
    right: float
    kink_distance: float | None = None

    @property
    def at_kink(self) -> bool:
        """Whether the function has a kink at the very point."""
        return self.kink_distance == 0


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient: where it stands, what was given, what was measured, and what follows.

    `verdict` is "right"; "wrong"; "subgradient", if the function has a kink here and the given number lies between
    the slopes of both sides; or "unresolved", if it agrees but the slope was measured to no better than a hundredth.
    """

    index: tuple[int, ...]
    given: float
    measured: Slope
    verdict: str

    @property
    def relative_error(self) -> float:
        """|given - measured| over the larger of the two in size; 0 if both are 0, infinite if none was given."""
        if not np.isfinite(self.given):
            return float("inf")
        larger = max(abs(self.given), abs(self.measured.value))
        return abs(self.given - self.measured.value) / larger if larger else 0.0

    @property
    def factor(self) -> Fraction | None:
        """What the true slope was multiplied by, if that is a fraction with a small denominator, else None."""
        if self.measured.value == 0 or not np.isfinite(self.given):
            return None
        ratio = self.given / self.measured.value
        near = Fraction(ratio).limit_denominator(FACTORS)
        slack = max(1e-7, SURE * self.measured.error / abs(self.measured.value))
        by_chance = slack * near.denominator**2 > COINCIDENCE
        return near if near != 0 and not by_chance and abs(ratio - near) <= slack * abs(ratio) else None

    def what_is_wrong(self) -> str:
        """In words: a kink, a sign, a factor, or just the two numbers."""
        measured = self.measured
        if measured.at_kink:
            return f"a kink: expected a number from {measured.left:.6g} to {measured.right:.6g}, got {self.given:.6g}"
        if self.factor == -1:
            return f"the sign is wrong: got {self.given:.6g}, measured {measured.value:.6g}"
        if self.factor is not None:
            return f"{self.factor} times what it should be: got {self.given:.6g}, measured {measured.value:.6g}"
        return f"got {self.given:.6g}, measured {measured.value:.6g}"


class GradientReport:
    """What a check found. It is true if no entry is wrong; it shows itself as a sentence and a table.

    `entries` has one `Entry` for each number of the gradient, in the order of the array; `wrong` those that are wrong.
    """

    def __init__(self, entries: list[Entry], transposed: bool) -> None:
        self.entries = entries
        self.transposed = transposed
        self.wrong = [entry for entry in entries if entry.verdict == "wrong"]

    def __bool__(self) -> bool:
        return not self.wrong

    def summary(self) -> str:
        """The finding: how many entries are right, or where the gradient is wrong and by what factor."""
        count = len(self.entries)
        if not self.wrong:
            seen = sum(entry.verdict != "unresolved" for entry in self.entries)
            everywhere = f"right in all {count} entries" if count > 1 else "right"
            somewhere = f"right in {seen} of {_entries(count)}" if seen else "not checked"
            lines = [everywhere if seen == count else somewhere]
        elif count == 1:
            lines = [f"wrong: {self.wrong[0].what_is_wrong()}"]
        else:
            lines = [f"wrong in {len(self.wrong)} of {_entries(count)}{self._pattern()}"]
            lines += [f"  {_place(entry.index)}{entry.what_is_wrong()}" for entry in self.wrong[:5]]
            if len(self.wrong) > 5:
                lines.append(f"  and {len(self.wrong) - 5} more")
        return "\n".join(lines + list(self._warnings()))

    def _pattern(self) -> str:
        """What all wrong entries have in common, if they do."""
        if self.transposed:
            return ": the transposed gradient would be right"
        factors = {entry.factor for entry in self.wrong}
        if len(self.wrong) < 2 or len(factors) > 1 or None in factors:
            return ""
        factor = factors.pop()
        return ", all by their sign" if factor == -1 else f", all by the factor {factor}"

    def _warnings(self) -> Iterator[str]:
        for entry in self.entries:
            distance = entry.measured.kink_distance
            if entry.measured.at_kink and entry.verdict != "wrong":  # a wrong one has said it
                left, right = f"{entry.measured.left:.6g} on the left", f"{entry.measured.right:.6g} on the right"
                yield f"  {_place(entry.index)}kink here: the slope is {left} and {right}"
            elif distance:
                yield f"  {_place(entry.index)}kink near, within {distance:.0e}: only smaller steps were used"
        unresolved = sum(entry.verdict == "unresolved" for entry in self.entries)
        if unresolved:
            yield f"  {_entries(unresolved)} too small beside the rounding error of the function"

    def table(self) -> Table:
        """A row an entry: index, given, measured, relative error and verdict."""
        return Table(
            {
                "entry": [_written_index(entry.index) or "–" for entry in self.entries],
                "given": [_significant(entry.given) for entry in self.entries],
                "measured": [_significant(entry.measured.value) for entry in self.entries],
                "relative error": [_size(entry.relative_error) for entry in self.entries],
                "verdict": [entry.verdict for entry in self.entries],
            }
        )

    def __repr__(self) -> str:
        return self.summary()


def check_gradient(
    function: Function, gradient: Function | ArrayLike, at: ArrayLike, tolerance: float = 1e-6, reach: float = 0.125
) -> GradientReport:
    """Compare `gradient` with the slopes of `function` at `at`, entry by entry; returns a `GradientReport`.

    `function` takes an array like `at` and returns one number. `gradient` is a function that returns an array of the
    shape of `at`, or that array itself. `at` is a number or an array of any shape; it is taken as float64.

    Each slope is measured by central differences, (f(x + h) - f(x - h)) / 2h, at steps h that start at `reach` times
    max(1, |x|) and are halved 27 times, extrapolated to h = 0 (Richardson 1911, Ridders 1982). The step with the least
    estimated error, of truncation and rounding, is taken. An entry is wrong if it differs from the measured slope by
    more than `tolerance` relative to the larger of the two, and by more than the error of the measurement.
    A kink is looked for in the difference of the one-sided slopes: here, any number between them is accepted.

    The function is called 56 times an entry, up to `reach` times max(1, |x|) away, and once at `at`. Where it returns
    nan or infinity the step is left out; an error that it raises is not caught, so choose a `reach` that stays in its
    domain. The check can say that a gradient is wrong at a point, never that it is right everywhere.

        >>> check_gradient(lambda z: (z**2).sum(), lambda z: z, at=[1.0, 2.0])
        wrong in 2 of 2 entries, all by the factor 1/2
          [0] 1/2 times what it should be: got 1, measured 2
          [1] 1/2 times what it should be: got 2, measured 4

    Raises TypeError or ValueError that names the argument: `at` is not finite, `function` returns no single finite
    number, `gradient` is of another shape, or no step keeps the function finite.
    """
    if not callable(function):
        raise TypeError(f"function: expected a function of an array that returns a number, got {function!r}")
    tolerance = as_number("tolerance", tolerance, Interval.open(0, 1))
    reach = as_number("reach", reach, Interval.open(0, oo))
    at = np.array(as_floats("at", at), dtype=np.float64)
    if not np.isfinite(at).all():
        raise ValueError("at: expected finite numbers, got nan or infinity")
    given = as_floats("gradient", gradient(at.copy()) if callable(gradient) else gradient)
    given = np.array(given, dtype=np.float64)
    if given.shape != at.shape:
        raise ValueError(f"gradient: expected the shape {at.shape} of at, got {given.shape}")
    here = _value(function, at, finite=True)
    slopes = {index: _slope(function, at, index, here, reach) for index in np.ndindex(at.shape)}
    entries = _judged(given, slopes, tolerance)
    square = at.ndim == 2 and at.shape[0] == at.shape[1]
    transposed = square and all(entry.verdict != "wrong" for entry in _judged(given.T, slopes, tolerance))
    return GradientReport(entries, transposed)


def _judged(given: np.ndarray, slopes: dict[tuple[int, ...], Slope], tolerance: float) -> list[Entry]:
    return [
        Entry(index, float(given[index]), slope, _verdict(float(given[index]), slope, tolerance))
        for index, slope in slopes.items()
    ]


def _verdict(given: float, slope: Slope, tolerance: float) -> str:
    """What the measured slope says of a given one."""
    if not np.isfinite(given):
        return "wrong"
    larger = max(abs(given), abs(slope.left), abs(slope.right))
    slack = max(tolerance * larger, SURE * slope.error)
    if not min(slope.left, slope.right) - slack <= given <= max(slope.left, slope.right) + slack:
        return "wrong"
    if slope.at_kink:
        return "subgradient"
    return "unresolved" if larger > 0 and SURE * slope.error > COARSE * larger else "right"


def _value(function: Function, point: np.ndarray, finite: bool = False) -> float:
    """`function` at `point`."""
    returned = np.asarray(as_array("function", function(point.copy())))
    if returned.shape != () or returned.dtype.kind not in "fiub":
        raise ValueError(f"function: expected a single real number, got {returned.dtype} of shape {returned.shape}")
    if finite and not np.isfinite(returned):
        raise ValueError(f"function: expected a finite number at the point to check, got {float(returned)}")
    return float(returned)


def _precision(values: np.ndarray) -> float:
    """The relative rounding error in `values`: that of the smallest floats that hold them all, if they differ."""
    kinds: list[type[np.floating]] = [np.float16, np.float32] if (values != values[0]).any() else []
    with np.errstate(over="ignore"):
        fitting = [kind for kind in kinds if (values.astype(kind) == values).all()]
    return float(np.finfo([*fitting, np.float64][0]).eps)


def _slope(function: Function, at: np.ndarray, index: tuple[int, ...], here: float, reach: float) -> Slope:
    """The slope of `function`, which is `here` at `at`, by the entry `index`."""
    steps, right, left, around = [], [], [], []
    for step in reach * max(1.0, abs(at[index])) * STEPS:
        values, widths = [], []
        for side in (1, -1):
            moved = at.copy()
            moved[index] += side * step
            values.append(_value(function, moved))
            widths.append(abs(moved[index] - at[index]))  # what was really moved, after rounding
        if np.isfinite(values).all() and min(widths) > 0:
            steps.append(sum(widths) / 2)
            right.append((values[0] - here) / widths[0])
            left.append((here - values[1]) / widths[1])
            around.append([here, *values])
    if len(steps) < FEWEST_STEPS:
        place = f"at{_written_index(index)}"
        raise ValueError(f"reach: expected a reach in which function is finite around {place}, got {reach:g}")
    noise = 4 * _precision(np.ravel(around)) * np.abs(around).max(axis=1) / steps
    return _from_differences(np.array(steps), np.array(right), np.array(left), noise)


def _from_differences(steps: np.ndarray, right: np.ndarray, left: np.ndarray, noise: np.ndarray) -> Slope:
    """The slope from one-sided differences at shrinking steps, whose rounding errors are about `noise`."""
    central, jumps = (right + left) / 2, right - left
    kink = _kink(steps, jumps, noise, np.maximum(np.abs(right), np.abs(left)))
    if kink == 0:
        outside = slice(None, -FEWEST_STEPS)  # the kink may be a few of the smallest steps away
        right_value, right_error = _extrapolated(right[outside], noise[outside], order=1)
        left_value, left_error = _extrapolated(left[outside], noise[outside], order=1)
        return Slope((left_value + right_value) / 2, max(left_error, right_error), left_value, right_value, 0.0)
    inside = slice(None) if kink is None else steps < kink
    value, error = _extrapolated(central[inside], noise[inside], order=2)
    return Slope(value, error, value, value, kink)


def _kink(steps: np.ndarray, jumps: np.ndarray, noise: np.ndarray, sizes: np.ndarray) -> float | None:
    """How far the nearest kink is: 0 if the one-sided slopes differ however small the step, None if none is seen.

    Without a kink the one-sided slopes come together as fast as the step shrinks: halve it, and their difference
    at least halves. At a kink it stays. Near one, it stays while the step reaches over it, and then falls at once.
    """
    jump, seen_from = np.abs(jumps), 2 * SURE * noise
    visible = np.flatnonzero(jump > np.maximum(seen_from, SMALLEST_JUMP * sizes))
    last = visible[-1] if len(visible) else 0
    if last < 4 or jump[last - 4] > 1.3 * jump[last - 3]:
        return None
    finest = np.flatnonzero(seen_from < jump[last] / 2)[-1]  # where it would still be seen if it were there
    if last >= finest or len(steps) - last < FEWEST_STEPS:
        return 0.0
    return float(steps[last])


def _extrapolated(quotients: np.ndarray, noise: np.ndarray, order: int) -> tuple[float, float]:
    """The limit of difference quotients whose step is halved, and an estimate of its error (Ridders 1982).

    The error of the quotients is a series in h^order: each column of the table removes one more of its terms.
    """
    column, best, least = quotients, quotients[-1], np.inf
    power = 1.0
    while len(column) > 1 and power < 2.0**20:
        power *= 2.0**order
        following = column[1:] + (column[1:] - column[:-1]) / (power - 1)
        spread = np.maximum(np.abs(following - column[1:]), np.abs(following - column[:-1]))
        errors = spread + noise[-len(following) :]
        place = int(np.argmin(errors))
        if errors[place] < least:
            best, least = following[place], errors[place]
        column = following
    return float(best), float(least)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _place(index: tuple[int, ...]) -> str:
    return f"{_written_index(index)} " if index else ""


def _written_index(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def _significant(number: float) -> str:
    return f"{number:.6g}".replace("-", "−")


def _size(relative_error: float) -> str:
    """A relative error; what is below 1e-9 is rounding and not told apart."""
    return f"{relative_error:.1e}".replace("-", "−") if relative_error >= 1e-9 else "below 1e−9"
