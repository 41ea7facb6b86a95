"""Small points: the fewest classes and the smallest whole numbers first, and what expressions are there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import mpmath
from sympy import Expr, Heaviside, Indexed, IndexedBase, Integer, Piecewise, Rational, S

from lossbook.counterexamples import as_function, may_be, placements
from lossbook.functions import in_definitions
from lossbook.indices import evaluate_derivatives, free_indices, scalars, write_out
from lossbook.notation import beta, epsilon, gamma, n

CLASSES = (2, 3, 1)
"""Two classes are tried first; one class last, since it leaves nothing to choose."""

NUMBERS = tuple(Rational(number) for number in "0 1 -1 2 -2 3 -3 1/2 -1/2 1/3 2/3 1/4 3/4".split())
SPECIAL_AT_ZERO = (beta, gamma, epsilon)
"""Parameters for which 0 is a special case: it is tried last."""

POINTS = 160
"""How many points are tried, an equal share of them for each number of classes."""

DIGITS = 30


@dataclass(frozen=True)
class Point:
    """A number of classes (None if nothing depends on it), a class for each index, numbers for symbols and entries."""

    classes: int | None
    indices: dict[Expr, Expr]
    numbers: dict[Expr, Expr] = field(default_factory=dict)

    @cached_property
    def values(self) -> dict[Expr, Expr]:
        """A number for each index, symbol and entry."""
        return {**self.indices, **self.numbers}


def small_points(
    expressions: Sequence[Expr], normalised: Sequence[IndexedBase] = (), all_classes: Sequence[int] = CLASSES
) -> Iterator[Point]:
    """Points for all that `expressions` mention, smallest first. Rows in `normalised` add to 1."""
    expressions = [in_definitions(expression) for expression in expressions]
    indices = {index for e in expressions for index in free_indices(e) if not index.is_number}
    rows = {row for e in expressions for row in e.atoms(IndexedBase)}
    numbers = set().union(*map(scalars, expressions)) - indices
    counted = bool(indices) or any(e.has(n) for e in expressions)
    entries = {int(m) for e in expressions for entry in e.atoms(Indexed) for m in entry.indices if m.is_number}
    if not counted:
        all_classes = (max(entries, default=1),)
    for classes in all_classes:
        if classes < max(entries, default=1):
            continue
        choices = [[{symbol: number} for number in _pool(symbol)] for symbol in _sorted(numbers)]
        for row in _sorted(rows):
            choices += _choices_of_row(row, classes, row in normalised)
        ordered = _sorted(indices)
        choices.append([dict(zip(ordered, map(Integer, m))) for m in placements(len(ordered), classes)])
        for count, values in enumerate(_by_size(choices)):
            if count == POINTS // len(all_classes):
                break
            placement = {index: values.pop(index) for index in ordered}
            yield Point(classes if counted else None, placement, values)


def _choices_of_row(row: IndexedBase, classes: int, adds_to_one: bool) -> list[list[dict[Expr, Expr]]]:
    """What the entries of a row can be: each a number of its own, or all together if they add to 1."""
    entries = [row[m] for m in range(1, classes + 1)]
    if not adds_to_one:
        return [[{entry: number} for number in _pool(row)] for entry in entries]
    weights = [[1] * classes, list(range(1, classes + 1)), list(range(classes, 0, -1))]
    if may_be(row, S.Zero):
        weights = [[int(m == hot) for m in range(classes)] for hot in range(classes)] + weights
    shares = [[Rational(weight, sum(row_weights)) for weight in row_weights] for row_weights in weights]
    return [[dict(zip(entries, share)) for share in shares if classes > 1 or share is shares[0]]]


def _by_size(choices: list[list[dict[Expr, Expr]]]) -> Iterator[Any]:
    """One dict for each way to choose, those first that choose the first of everything."""
    for size in range(sum(len(choice) - 1 for choice in choices) + 1):
        yield from _of_size(choices, size)


def _of_size(choices: list[list[dict[Expr, Expr]]], size: int) -> Iterator[Any]:
    if not choices:
        if size == 0:
            yield {}
        return
    *others, last = choices
    room = sum(len(choice) - 1 for choice in others)
    for place in range(max(0, size - room), min(size, len(last) - 1) + 1):
        for chosen in _of_size(others, size - place):
            yield {**chosen, **last[place]}


@cache
def _pool(symbol: Expr) -> list[Expr]:
    """The numbers that `symbol` may be, smallest first."""
    allowed = [number for number in NUMBERS if may_be(symbol, number)]
    return allowed[1:] + allowed[:1] if symbol in SPECIAL_AT_ZERO else allowed


def _sorted(symbols: set[Expr | IndexedBase]) -> list[Expr]:
    return sorted(symbols, key=str)


# --- values ------------------------------------------------------------------------------------------


def value(expression: Expr, point: Point) -> Any:
    """The value of `expression` at `point`, or None where it is not a real number.

    Raises KeyError if the point has no number for a symbol or an entry, or no class for an index.
    """
    unknowns, function = _compiled(expression, point.classes or 1, tuple(point.indices.items()))
    try:
        with mpmath.workdps(DIGITS):
            result = function(*(_as_float(point.numbers[unknown]) for unknown in unknowns))
            result = +mpmath.mpmathify(result)  # which makes a number of the constants pi and e
    except NameError:
        raise ValueError(f"answer: expected functions with known values, got {expression}") from None
    except (TypeError, ZeroDivisionError, ValueError, OverflowError):  # a Piecewise is None where no case holds
        return None
    return result if isinstance(result, mpmath.mpf) and mpmath.isfinite(result) else None


@cache
def _as_float(number: Expr) -> Any:
    return mpmath.mpf(number.p) / number.q


@cache
def _compiled(expression: Expr, classes: int, indices: tuple[Any, ...]) -> tuple[list[Expr], Callable[..., Any]]:
    """The symbols and entries of `expression`, and a function of them."""
    expression = in_definitions(evaluate_derivatives(expression)).rewrite(Heaviside, Piecewise)
    written = write_out(expression, classes, indices)
    labels = {row.label for row in written.atoms(IndexedBase)}
    unknowns = _sorted(written.free_symbols - labels)
    return unknowns, as_function(written, unknowns)


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same but for rounding; None is the same as None alone."""
    if left is None or right is None:
        return left is right
    with mpmath.workdps(DIGITS):
        return abs(left - right) <= mpmath.mpf(10) ** (-DIGITS // 2) * max(1, abs(left), abs(right))
