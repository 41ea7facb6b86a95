"""Where do two expressions differ? A hunt for one point, from few classes to many and simple numbers to hostile.

For each number of classes and each way in which the indices can coincide, the sums are written out and numbers are
put in. The sides are computed twice, the second time with ten times the digits: a difference that rounding could
explain is none. Where they differ, all conditions have to hold, and all that is defined to be a number of its domain.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count, product
from random import Random
from typing import Any

import mpmath
from sympy import (
    Derivative,
    Dummy,
    Expr,
    Function,
    Heaviside,
    Indexed,
    Integer,
    KroneckerDelta,
    Lambda,
    Pow,
    Rational,
    Sum,
    acosh,
    asinh,
    atanh,
    coth,
    csch,
    lambdify,
    log,
    nan,
    oo,
    sech,
    sign,
    solve,
    sympify,
    zoo,
)
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.relational import Relational

from lossbook.indices import free_indices, is_class, scalars, shortest_first, write_out
from lossbook.notation import domain_of, n

DIGITS = 60
"""With how many digits the sides are computed at first."""

SIMPLE = tuple(Rational(value) for value in ("0", "1", "-1", "2", "1/2", "-2", "3", "-1/2", "1/3"))
HOSTILE = tuple(Rational(value) for value in ("1/1000000", "-1/1000000", "6", "-6", "7/5", "-11/7", "9/10", "1/10"))
"""What symbols and entries are set to: the simple numbers first. Of 6, exp(-6^4) is seen with ten times the digits."""

MOST_CLASSES = 6
"""How many classes are tried at the most, if no index is a larger number."""

POINTS_A_CASE = 20
POINTS_AT_THRESHOLDS = 40
"""How many points are tried for each placement of the indices, and how many more beside numbers in comparisons."""


@dataclass(frozen=True)
class Counterexample:
    """A point where two expressions differ: the number of classes, every index and every symbol.

    `left` and `right` are the values of both sides there, nan for one that is not a real number.
    """

    classes: int | None
    values: dict[Expr, Expr]
    left: Expr
    right: Expr

    @property
    def point(self) -> dict[Expr, Expr]:
        """All that has a number here: n, if there are classes, then every index and every symbol."""
        return self.values if self.classes is None else {n: Integer(self.classes), **self.values}

    def sides(self, fewest: int) -> list[str]:
        """Both values in decimals, with `fewest` digits at least, and with as many as tell them apart."""
        digits = digits_apart(in_decimals, self.left, self.right, fewest)
        return [in_decimals(side, digits) for side in (self.left, self.right)]

    def sides_in_short(self) -> list[str]:
        """Both values as a sentence shows them: 6 digits, no ".0", and a true minus sign."""
        return [side.removesuffix(".0").replace("-", "−") for side in self.sides(6)]

    def __str__(self) -> str:
        point = ", ".join(f"{symbol} = {value}" for symbol, value in self.point.items())
        left, right = self.sides(15)
        return f"{f'at {point} ' if point else ''}the left side is {left} and the right side is {right}"


def in_decimals(value: Expr, digits: int) -> str:
    """The value of one side of a counterexample: a decimal number, or "undefined"."""
    return "undefined" if value is nan else mpmath.nstr(mpmath.mpmathify(value), digits)


def digits_apart(write: Callable[[Any, int], str], left: Any, right: Any, fewest: int) -> int:
    """With how many digits, `fewest` at least, both sides are written differently."""
    return next((d for d in range(fewest, DIGITS) if write(left, d) != write(right, d)), fewest)


@dataclass(frozen=True)
class Side:
    """A side of a claim, and what it needs to be defined, as `proof` collects it: powers that are real numbers."""

    value: Expr
    needs: Sequence[Expr] = ()


def find_counterexample(
    left: Side,
    right: Side,
    conditions: Sequence[Side],
    mentioned: dict[Expr, int],
    meanings: Mapping[Expr, Side],
) -> Counterexample | None:
    """The first point found where the sides differ and all `conditions` are 0, or None.

    The sides consist of symbols, entries, sums over classes and functions that mpmath knows. The point has a value for
    each of the symbols and rows `mentioned`, each with its number of indices, whether the sides still have them or not.
    `meanings` has what is defined, symbols and entries, in terms of the rest: its values lie in their domains.
    """
    sides = [left.value, right.value]
    over_classes = any(side.has(n, Indexed, Sum, KroneckerDelta) for side in sides) or any(mentioned.values())
    if not over_classes:
        meanings = {name: meaning for name, meaning in meanings.items() if not meaning.value.has(n, Indexed, Sum)}
    parts = [*sides, *(given.value for given in [*conditions, *meanings.values()])]
    if not all(map(_can_be_written_out, parts)):
        return None
    numbered = sorted({int(index) for part in parts for index in free_indices(part) if index.is_number})
    least = max([1, *numbered])
    symbols = shortest_first({index for side in sides for index in free_indices(side) if not index.is_number})
    generator = Random(0)
    for classes in range(least, max(least, MOST_CLASSES) + 1) if over_classes else [1]:
        for numbers in placements(len(symbols), classes, numbered):
            case = dict(zip(symbols, map(Integer, numbers)))
            unknowns = {
                name[entry] if rank else name
                for name, rank in mentioned.items()
                for entry in product(range(1, classes + 1), repeat=rank)
            }
            claim = _Written(
                [_written(side, classes, case) for side in (left, right)],
                [*_written_conditions(conditions, classes)],
                [*_written_meanings(meanings, classes, case)],
            )
            found = _differ_somewhere(claim, unknowns, generator)
            if found:
                values, left_value, right_value = found
                return Counterexample(classes if over_classes else None, {**case, **values}, left_value, right_value)
    return None


def _can_be_written_out(expression: Expr) -> bool:
    if any(not isinstance(part, Sum) for part in expression.atoms(ExprWithLimits)):  # a product, an integral
        return False
    entries = (index for entry in expression.atoms(Indexed, KroneckerDelta) for index in entry.args if index.is_integer)
    ends = (limit for a_sum in expression.atoms(Sum) for limits in a_sum.limits for limit in limits[1:])
    return all(map(is_class, entries)) and all(end.is_finite is not False for end in ends)


def _written(side: Side, classes: int, case: Mapping[Expr, Expr]) -> Side:
    """A side, and what it needs, written out."""
    return Side(write_out(side.value, classes, case), [*_written_needs(side.needs, classes, case)])


def _written_conditions(conditions: Iterable[Side], classes: int) -> Iterator[Side]:
    """The conditions for every value of their free indices."""
    for condition in conditions:
        indices = {index for part in (condition.value, *condition.needs) for index in free_indices(part)}
        symbols = shortest_first(index for index in indices if not index.is_number)
        for numbers in product(range(1, classes + 1), repeat=len(symbols)):
            yield _written(condition, classes, dict(zip(symbols, map(Integer, numbers))))


def _written_meanings(
    meanings: Mapping[Expr, Side], classes: int, case: Mapping[Expr, Expr]
) -> Iterator[tuple[Expr, Side]]:
    """What is defined, an entry for every class, each with its meaning."""
    for defined, meaning in meanings.items():
        if isinstance(defined, Indexed):
            for number in range(1, classes + 1):
                yield defined, _written(meaning, classes, {**case, defined.indices[0]: Integer(number)})
        else:
            yield defined, _written(meaning, classes, case)


def _written_needs(needs: Iterable[Expr], classes: int, case: Mapping[Expr, Expr]) -> Iterator[Expr]:
    """The powers that a side needs to be real numbers, those that it needs in each class written out."""
    for need in needs:
        if isinstance(need, Lambda):
            for number in range(1, classes + 1):
                yield from _written_needs([need.expr], classes, {**case, need.variables[0]: Integer(number)})
        else:
            yield _Power(*write_out(need, classes, case))


def placements(indices: int, classes: int, numbered: Sequence[int] = ()) -> Iterator[tuple[int, ...]]:
    """Classes for so many free indices, up to renaming of classes that are not `numbered`: 1; then 1 1, 1 2; ..."""
    for numbers in product(range(1, classes + 1), repeat=indices):
        new = [number for number in dict.fromkeys(numbers) if number not in numbered]
        others = (number for number in count(1) if number not in numbered)
        if all(number == other for number, other in zip(new, others)):
            yield numbers


@dataclass(frozen=True)
class _Written:
    """A claim written out for one number of classes: its sides, its conditions, and what is defined in it."""

    sides: Sequence[Side]
    conditions: Sequence[Side]
    meanings: Sequence[tuple[Expr, Side]]

    @property
    def unknowns(self) -> set[Expr]:
        parts = [*self.sides, *self.given]
        return {unknown for part in parts for unknown in part.value.atoms(Indexed) | scalars(part.value)}

    @property
    def given(self) -> list[Side]:
        return [*self.conditions, *(meaning for _, meaning in self.meanings)]


def _differ_somewhere(
    claim: _Written, unknowns: set[Expr], generator: Random
) -> tuple[dict[Expr, Expr], Expr, Expr] | None:
    """The first admissible point found where both sides differ, and their values there."""
    unknowns = unknowns | claim.unknowns
    ordered = sorted(unknowns, key=lambda unknown: (not isinstance(unknown, Indexed), len(str(unknown)), str(unknown)))
    solved = _solved([condition.value for condition in claim.conditions], ordered)
    if solved is None:
        return None
    sides = [side.value for side in claim.sides]
    functions = [as_function(side, ordered) for side in sides]
    for point in _points(ordered, solved, _thresholds(sides), generator):
        found = _differ_at(functions, point.values())
        if found and _is_admissible(claim, found, point):
            return point, *found
    return None


def _is_admissible(claim: _Written, values: Sequence[Expr], point: Mapping[Expr, Expr]) -> bool:
    """Whether at `point` all conditions hold, what is defined lies in its domain, and sides with a value have one.

    SymPy may have cancelled what a side needs: then its value is none.
    """

    def at_point(part: Expr) -> Any:
        return _value(as_function(part, [*point]), point.values(), 10 * DIGITS)

    numbers = [side for side, value in zip(claim.sides, values) if value is not nan]
    return (
        all(_is_number(at_point(need)) for part in [*numbers, *claim.given] for need in part.needs)
        and all(_is_zero(at_point(condition.value)) for condition in claim.conditions)
        and all(_is_one_of(name, at_point(meaning.value)) for name, meaning in claim.meanings)
    )


def _is_number(value: Any) -> bool:
    """Whether a value that was computed is one."""
    return value is not None and not mpmath.isnan(value)


def _is_zero(value: Any) -> bool:
    return _is_number(value) and abs(value) < mpmath.mpf(10) ** -DIGITS


def _is_one_of(unknown: Expr, value: Any) -> bool:
    """Whether `unknown` may be a value that was computed, as exactly as it is."""
    return _is_number(value) and may_be(unknown, Rational(*mpmath.libmp.to_rational(value._mpf_)))


def _solved(conditions: Iterable[Expr], unknowns: Sequence[Expr]) -> dict[Expr, Expr] | None:
    """The last unknown of each condition, in terms of the others; None if one cannot be solved for it."""
    solved: dict[Expr, Expr] = {}
    for condition in conditions:
        condition = condition.xreplace(solved)
        unknown = next((u for u in reversed(unknowns) if u not in solved and condition.has(u)), None)
        try:
            solutions = solve(condition, unknown, simplify=False) if unknown is not None else []
        except NotImplementedError:
            return None
        if not solutions and condition != 0:
            return None
        if solutions:
            solved = {**{u: s.xreplace({unknown: solutions[0]}) for u, s in solved.items()}, unknown: solutions[0]}
    return solved


def _points(
    unknowns: Sequence[Expr], solved: dict[Expr, Expr], thresholds: tuple[Expr, ...], generator: Random
) -> Iterator[dict[Expr, Expr]]:
    """Admissible numbers for all `unknowns`, those that are `solved` computed from the others."""
    free = [unknown for unknown in unknowns if unknown not in solved]
    if not all(_admissible(unknown, SIMPLE + HOSTILE) for unknown in free):
        return
    for attempt in range((POINTS_A_CASE + POINTS_AT_THRESHOLDS * bool(thresholds)) if unknowns else 1):
        if attempt < POINTS_A_CASE:
            values = {unknown: _draw(unknown, attempt, position, generator) for position, unknown in enumerate(free)}
        else:
            at = Random(attempt)
            pools = {unknown: _admissible(unknown, SIMPLE + thresholds * 2) for unknown in free}
            values = {unknown: at.choice(pool or _admissible(unknown, HOSTILE)) for unknown, pool in pools.items()}
        if attempt % 2 and solved:  # such as targets, of which some must be left for the last one
            values = {unknown: value / len(unknowns) for unknown, value in values.items()}
        values.update({unknown: solution.xreplace(values) for unknown, solution in solved.items()})
        if all(value.is_Rational and may_be(unknown, value) for unknown, value in values.items()):
            yield {unknown: values[unknown] for unknown in unknowns}


def _thresholds(sides: Sequence[Expr]) -> tuple[Expr, ...]:
    """The numbers with which comparisons in `sides` compare, and numbers close to them on both sides."""
    comparisons: set[Expr] = set().union(*(side.atoms(Relational) for side in sides))
    numbers = {size for part in comparisons for number in part.atoms(Rational) for size in (number, -number)}
    step = Rational(1, 2000)
    return tuple(sorted({number + way * step for number in numbers - {0} for way in (-1, 0, 1)} - set(SIMPLE)))


def _draw(unknown: Expr, attempt: int, position: int, generator: Random) -> Expr:
    """An admissible number for `unknown`: the simple ones in turn in the first attempts, any later."""
    pool = _admissible(unknown, SIMPLE)
    if pool and attempt < POINTS_A_CASE // 2:
        return pool[(position + attempt * (position + 1)) % len(pool)]
    return generator.choice(_admissible(unknown, SIMPLE + HOSTILE))


@cache
def _admissible(unknown: Expr, numbers: tuple[Expr, ...]) -> list[Expr]:
    return [number for number in numbers if may_be(unknown, number)]


def may_be(unknown: Expr, number: Expr) -> bool:
    """Whether `number` lies in the domain of a symbol, row or entry, and is as its assumptions say."""
    return number in domain_of(unknown) and all(
        getattr(number, f"is_{fact}") is truth for fact, truth in unknown.assumptions0.items()
    )


def as_function(expression: Expr, unknowns: Sequence[Expr]) -> Callable[..., Any]:
    """`expression` as a function of numbers for `unknowns`, in mpmath's precision."""
    names = [Dummy(f"x{position}", real=True) for position in range(len(unknowns))]
    if expression.has(nan, oo, -oo, zoo, Derivative):
        return _tells_nothing
    expression = expression.xreplace(dict(zip(unknowns, names))).rewrite((asinh, acosh, atanh), log)
    for function in (sech, csch, coth):  # of which SymPy would write other code
        expression = expression.replace(function, Function(function.__name__))
    expression = expression.replace(lambda e: isinstance(e, Pow) and not e.exp.is_Integer, lambda e: _Power(*e.args))
    expression = expression.replace(lambda e: isinstance(e, Relational), lambda e: e.func(_Gap(e.lhs - e.rhs), 0))
    expression = expression.replace(sign, lambda x: sign(_Gap(x)))
    expression = expression.replace(Heaviside, lambda x, at_zero: Heaviside(_Gap(x), at_zero))
    try:
        return lambdify(names, expression, [_BODIES, "mpmath"])
    except KeyError:  # SymPy has no code for what becomes infinite as it is written
        return _tells_nothing


def _tells_nothing(*_: Any) -> Any:
    return mpmath.inf


_Power = Function("_Power")
"""A power that may be no real number."""

_Gap = Function("_Gap", real=True)
"""A number whose sign decides."""


def _log(x: Any) -> Any:
    if x == 0:
        raise ValueError  # mpmath has -inf there, of which much is a number again: it tells nothing
    _check_is_not_negative(x)
    return mpmath.log(x)


def _power(base: Any, exponent: Any) -> Any:
    if not mpmath.isint(exponent):
        _gap(exponent - mpmath.nint(exponent))
        _check_is_not_negative(base)
    return mpmath.power(base, exponent)


def _check_is_not_negative(x: Any) -> None:
    if isinstance(x, mpmath.mpf) and x < 0:
        _gap(x)
        raise ZeroDivisionError


def _gap(x: Any) -> Any:
    """`x`; raises ValueError, which tells nothing, if it may be 0 but for rounding."""
    if 0 < abs(x) < mpmath.eps**0.5:
        raise ValueError
    return x


_BODIES = {
    "log": _log,
    "_Power": _power,
    "_Gap": _gap,
    "sech": lambda x: 1 / mpmath.cosh(x),
    "csch": lambda x: 1 / mpmath.sinh(x),
    "coth": lambda x: mpmath.cosh(x) / mpmath.sinh(x),
}
"""What mpmath has in another way: it makes infinite, or no real number, what is undefined."""


def _differ_at(functions: Sequence[Callable[..., Any]], point: Iterable[Expr]) -> tuple[Expr, ...] | None:
    """The values of both functions if they differ beyond all rounding, or only one is a real number, else None."""
    rough, exact = ([_value(function, point, digits) for function in functions] for digits in (DIGITS, 10 * DIGITS))
    if None in rough + exact or all(map(mpmath.isnan, exact)):
        return None
    if any(mpmath.isnan(a) != mpmath.isnan(b) for a, b in zip(rough, exact)):
        return None  # rounding decides whether it is a real number
    with mpmath.workdps(10 * DIGITS):
        rounding = mpmath.mpf(10) ** (-DIGITS // 2)
        if any(map(mpmath.isnan, exact)):
            numbers = [(a, b) for a, b in zip(rough, exact) if not mpmath.isnan(b)]
            is_sure = all(abs(a - b) <= rounding * abs(b) for a, b in numbers)
            return tuple(sympify(mpmath.nstr(side, 15)) for side in exact) if is_sure else None
        (left, right), (rough_left, rough_right) = exact, rough
        gap, size = left - right, max(map(abs, exact))
        if abs(gap) <= rounding * size or not abs(gap - (rough_left - rough_right)) <= rounding * abs(gap):
            return None
        digits = digits_apart(mpmath.nstr, left, right, 15)
        return tuple(sympify(mpmath.nstr(side, digits)) for side in (left, right))


def _value(function: Callable[..., Any], point: Iterable[Expr], digits: int) -> Any:
    """The value of `function` at a point: nan where it is not a real number, None where that cannot be told."""
    try:
        with mpmath.workdps(digits):
            value = mpmath.mpmathify(function(*(mpmath.mpf(number.p) / number.q for number in point)))
    except ZeroDivisionError:
        return mpmath.nan
    except (ValueError, TypeError, NameError, OverflowError):
        return None
    if not mpmath.isfinite(value):
        return None
    return mpmath.nan if value.imag else value.real
