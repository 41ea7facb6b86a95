"""Are two expressions equal, for every number of classes and at every point? If not, where?

`equal(a, b)` first tries to prove it, with the number of classes n left a symbol; then it hunts for a
counterexample; else it says that it does not know. The proof is short enough to check by reading:

1. Derivatives are carried out, named functions replaced by their definitions, sides subtracted.
2. The free indices either coincide or differ. Each case is proved by itself, so that every Kronecker
   delta is a plain 0 or 1 and deltas inside sums are gone.
3. Where an absolute value, a sign or a comparison depends on an expression, it is positive, zero or
   negative. Again each case is proved by itself.
4. What is left is a fraction of polynomials in z_i, exp(z_i), log(...), sums over classes. Each of
   these is written in one way only; then the numerator is multiplied out, and must vanish.
"""

from dataclasses import dataclass, field
from itertools import product
from random import Random

import mpmath
from sympy import (
    Abs, Add, Dummy, Expr, Function, Heaviside, Indexed, IndexedBase, Interval, KroneckerDelta, Max, Min, Mul, Pow,
    Rational, S, Sum, Symbol, exp, expand, factor, fraction, lambdify, log, nan, oo, sign, solve, sympify, together,
    zoo,
)
from sympy.core.relational import Equality, Relational

from lossbook.functions import in_definitions
from lossbook.indices import collapse, evaluate_derivatives, free_indices, rename_bound, write_out
from lossbook.notation import DOMAINS, n


@dataclass(frozen=True)
class Counterexample:
    """A point where two expressions differ: the number of classes, every index and every symbol."""

    classes: int | None
    values: dict
    left: Expr
    right: Expr

    def __str__(self):
        point = [f"{symbol} = {value}" for symbol, value in self.values.items()]
        if self.classes is not None:
            point.insert(0, f"n = {self.classes}")
        where = f"at {', '.join(point)} " if point else ""
        left, right = (mpmath.nstr(mpmath.mpmathify(side), 15) for side in (self.left, self.right))
        return f"{where}the left side is {left} and the right side is {right}"


@dataclass(frozen=True)
class Verdict:
    """What is known of a claim: "proved", "refuted" (with a counterexample) or "unknown". True if proved."""

    kind: str
    counterexample: Counterexample | None = field(default=None)

    def __bool__(self):
        return self.kind == "proved"

    def __str__(self):
        return self.kind if self.counterexample is None else f"{self.kind}: {self.counterexample}"


def equal(left, right, given=()):
    """Whether `left` and `right` are equal for every n and every admissible point.

    `given` holds equations that may be relied on. One whose left side is a symbol or an entry of a row,
    such as Eq(p[i], softmax(z, i)), defines it (for every index); any other is a side condition, such
    as Eq(Sum(y[k], (k, 1, n)), 1). Symbols lie in the domains that `notation` gives them.
    Returns a `Verdict`. Raises TypeError if a side is not a SymPy expression (text is never evaluated).
    """
    left, right = _expression("left", left), _expression("right", right)
    definitions, conditions = _split(given)
    left, right = (_elementary(side, definitions) for side in (left, right))
    conditions = [_elementary(c.lhs, definitions) - _elementary(c.rhs, definitions) for c in conditions]
    if _vanishes(left - right, conditions):
        return Verdict("proved")
    counterexample = _find_counterexample(left, right, conditions)
    return Verdict("unknown") if counterexample is None else Verdict("refuted", counterexample)


def _expression(name, side):
    if isinstance(side, str):
        raise TypeError(f"{name}: expected a SymPy expression, got the string {side!r}, which is never evaluated")
    try:
        side = sympify(side, strict=True)
    except Exception:
        raise TypeError(f"{name}: expected a SymPy expression, got {type(side).__name__}") from None
    if not isinstance(side, Expr):
        raise TypeError(f"{name}: expected a SymPy expression, got {type(side).__name__}")
    return side


def _split(given):
    """Definitions and side conditions among the equations `given`."""
    definitions, conditions = [], []
    for equation in given:
        if not isinstance(equation, Equality):
            raise TypeError(f"given: expected equations Eq(left, right), got {equation!r}")
        defines = isinstance(equation.lhs, (Symbol, Indexed)) and not equation.rhs.has(equation.lhs)
        (definitions if defines else conditions).append(equation)
    return definitions, conditions


# --- step 1: one vocabulary -----------------------------------------------------------------------


def _elementary(expression, definitions):
    """`expression` without derivatives, defined symbols or named functions, indices bound but once."""
    for equation in definitions:
        expression = _substitute_definition(expression, equation)
    expression = in_definitions(evaluate_derivatives(expression))
    return _carry_out_finite_sums(rename_bound(expression, set(free_indices(expression))))


def _substitute_definition(expression, equation):
    defined, meaning = equation.lhs, equation.rhs
    if isinstance(defined, Symbol):
        return expression.xreplace({defined: meaning}) if defined in _scalars(expression) else expression
    if defined.indices[0].is_number:
        return expression.xreplace({defined: meaning})
    (index,) = defined.indices

    def at(entry):
        safe = rename_bound(meaning, entry.indices[0].free_symbols)
        return safe.xreplace({index: entry.indices[0]})

    entries = [entry for entry in expression.atoms(Indexed) if entry.base == defined.base]
    return expression.xreplace({entry: at(entry) for entry in entries})


def _carry_out_finite_sums(expression):
    """Sums with numbers for limits, written out; sums over all classes, left."""
    if not expression.args or not expression.has(Sum):
        return expression
    if isinstance(expression, Sum) and not expression.limits[0][2].has(n):
        return expression.doit()
    return expression.func(*(_carry_out_finite_sums(part) for part in expression.args))


def _scalars(expression):
    """The symbols of `expression` that stand for one number: neither indices, nor n, nor names of rows."""
    rows = {base.label for base in expression.atoms(IndexedBase)}
    bound = {index for a_sum in expression.atoms(Sum) for index in a_sum.variables}
    return expression.free_symbols.difference(rows, bound, free_indices(expression), [n]) - expression.atoms(Indexed)


# --- steps 2 and 3: cases -------------------------------------------------------------------------


def _vanishes(difference, conditions):
    """Whether `difference` is proved to be 0 wherever all `conditions` are 0."""
    if difference.has(nan, oo, zoo) or not _understood(difference):
        return False
    indices = free_indices(difference)
    for case in _coincidences(indices):
        here = _settle_deltas(difference.xreplace(case), set(case.values()))
        if not _vanishes_by_signs(here, conditions):
            return False
    return True


def _understood(expression):
    """Whether all sums run from 1 to n over plain indices, the only ones that the rules here cover."""
    sums = all(len(s.limits) == 1 and s.limits[0][1:] == (1, n) for s in expression.atoms(Sum))
    entries = all(len(e.indices) == 1 and e.indices[0].is_Atom for e in expression.atoms(Indexed))
    return sums and entries


def _coincidences(indices):
    """Every way in which indices can coincide, each as a dict from index to the one that stands for it."""
    if not indices:
        yield {}
        return
    *rest, last = indices
    for case in _coincidences(rest):
        yield {**case, last: last}
        for leader in dict.fromkeys(case.values()):
            if not (leader.is_number and last.is_number):
                yield {**case, last: leader}


def _settle_deltas(expression, distinct):
    """`expression` without deltas, when the free indices `distinct` all differ."""
    expression = collapse(rename_bound(expression, distinct), others=False)
    deltas = [delta for delta in expression.atoms(KroneckerDelta) if set(delta.args) <= distinct]
    return expression.xreplace({delta: S.Zero for delta in deltas})


def _vanishes_by_signs(difference, conditions):
    switch = next(iter(_switches(difference)), None)
    if switch is None:
        return _is_zero_fraction(difference, conditions)
    solved_for = next((s for s in _sorted(_scalars(switch)) if switch.diff(s) in (1, -1)), None)
    if solved_for is None:
        return False
    positive = Dummy(solved_for.name, positive=True)
    for where in (positive, -positive, S.Zero):
        (solution,) = solve(switch - where, solved_for)
        case, *conditions_here = (part.xreplace({solved_for: solution}).doit() for part in (difference, *conditions))
        if len(_switches(case)) >= len(_switches(difference)) or not _vanishes_by_signs(case, conditions_here):
            return False
    return True


def _switches(expression):
    """The expressions on whose sign `expression` depends, in a fixed order."""
    found = set()
    for part in expression.atoms(Abs, sign, Heaviside):
        found.add(part.args[0])
    for part in expression.atoms(Max, Min):
        found.add(part.args[0] - part.args[1])
    for part in expression.atoms(Relational):
        found.add(part.lhs - part.rhs)
    return _sorted({expand(part) for part in found})


def _sorted(expressions):
    return sorted(expressions, key=lambda e: (len(str(e)), str(e)))


# --- step 4: one way to write each thing ----------------------------------------------------------


class _Exponential(Function):
    """exp, but not joined to other exponentials by SymPy when they are multiplied."""

    is_positive = True
    is_real = True


def _is_zero_fraction(difference, conditions):
    parts = [difference, *conditions]
    unit = {s: 1 / (1 + Dummy(s.name, positive=True)) for s in _scalars(Add(*parts)) if _in_unit_interval(s)}
    difference, *conditions = (_canonical(part.xreplace(unit)) for part in parts)
    replacements = {}
    for condition in conditions:
        condition = _numerator(condition.xreplace(replacements))
        replacements.update(_solve_condition(condition))
    numerator = _numerator(difference.xreplace(replacements))
    return _numerator(_canonical(numerator)) == 0


def _in_unit_interval(symbol):
    return DOMAINS.get(symbol) == Interval.open(0, 1)


def _numerator(expression):
    return expand(fraction(together(expression))[0])


def _solve_condition(condition):
    """A side condition as a replacement for one of its sums, or else for one of its symbols."""
    candidates = _sorted(condition.atoms(Sum)) + _sorted(_scalars(condition))
    for atom in candidates:
        slope = condition.coeff(atom, 1)
        rest = expand(condition - slope * atom)
        if slope.is_number and slope != 0 and not rest.has(atom):
            return {atom: -rest / slope}
    return {}


def _canonical(expression):
    """`expression` as a fraction in symbols, entries, exponentials, logarithms and sums."""
    if not expression.args or isinstance(expression, (Indexed, IndexedBase, _Exponential)):
        return expression
    if isinstance(expression, Sum):
        return _canonical_sum(_canonical(expression.function), expression.variables[0])
    args = [_canonical(part) for part in expression.args]
    if isinstance(expression, exp):
        return Mul(*(_exponential(term) for term in Add.make_args(expand(args[0]))))
    if isinstance(expression, log):
        return _logarithm(args[0])
    if isinstance(expression, Pow) and not args[1].is_Integer and _is_positive(args[0]):
        return _canonical(exp(args[1] * log(args[0])))
    return expression.func(*args)


def _exponential(term):
    """exp(c t) as exp(t)^c for a whole number c, and exp(c log t) as t^c."""
    coefficient, rest = term.as_coeff_Mul()
    if isinstance(rest, log) and coefficient.is_Rational:
        return rest.args[0] ** coefficient
    if coefficient.is_Integer:
        return _Exponential(rest) ** coefficient
    return _Exponential(term)


def _logarithm(argument):
    """The logarithm of a product as a sum of logarithms, where the factors are positive."""
    argument = factor(together(argument))
    terms = []
    for part in Mul.make_args(argument):
        base, power = part.as_base_exp()
        if not _is_positive(base) or not power.is_real:
            return log(argument)
        terms.append(power * (base.args[0] if isinstance(base, _Exponential) else log(base)))
    return Add(*terms)


def _is_positive(expression):
    if isinstance(expression, Sum):
        return _is_positive(expression.function)
    if isinstance(expression, (Add, Mul)):
        return all(_is_positive(part) for part in expression.args)
    if isinstance(expression, Pow):
        return _is_positive(expression.base) and bool(expression.exp.is_real)
    return bool(expression.is_positive)


def _canonical_sum(function, index):
    """The sum over `index` from 1 to n, term by term, constants before it, the index named by depth."""
    top, bottom = fraction(together(function))
    outer, inner = bottom.as_independent(index, as_Add=False)
    result = S.Zero
    for term in Add.make_args(expand(top)):
        constant, dependent = term.as_independent(index, as_Add=False)
        dependent = dependent / inner
        if dependent == 1:
            result += n * constant / outer
        elif constant != 0:
            name = Symbol(f"index{_depth(dependent)}", integer=True, positive=True)
            result += constant / outer * Sum(dependent.xreplace({index: name}), (name, 1, n))
    return result


def _depth(expression):
    """How deep the sums in `expression` are nested."""
    if not expression.args:
        return 0
    return max(_depth(part) for part in expression.args) + isinstance(expression, Sum)


# --- counterexamples ------------------------------------------------------------------------------

DIGITS = 60
SIMPLE = tuple(Rational(value) for value in ("0", "1", "-1", "2", "1/2", "-2", "3", "-1/2", "1/3"))
HOSTILE = tuple(Rational(value) for value in ("1/1000000", "-1/1000000", "30", "-30", "7/5", "-11/7", "9/10", "1/10"))
MOST_CLASSES = 6
POINTS_A_CASE = 12


def _find_counterexample(left, right, conditions):
    """The first point found where the sides differ, from few classes to many and simple numbers to hostile."""
    everything = Add(left, -right, evaluate=False)
    rows = bool(left.has(n, Indexed, Sum) or right.has(n, Indexed, Sum))
    indices = sorted({*free_indices(left), *free_indices(right)}, key=lambda index: (not index.is_number, str(index)))
    symbols = [index for index in indices if not index.is_number]
    least = max([1] + [int(index) for index in indices if index.is_number])
    generator = Random(0)
    for classes in range(least, MOST_CLASSES + 1) if rows else [1]:
        for numbers in _placements(len(symbols), classes):
            case = dict(zip(symbols, numbers))
            sides = [write_out(part, classes, case) for part in (left, right, *conditions)]
            found = _differ_somewhere(*sides[:2], sides[2:], generator)
            if found:
                values, left_value, right_value = found
                return Counterexample(classes if rows else None, {**case, **values}, left_value, right_value)
    return None


def _placements(count, classes):
    """Numbers for the free indices, up to renaming of classes: 1, then 1 1, 1 2, ..."""
    for numbers in product(range(1, classes + 1), repeat=count):
        seen = list(dict.fromkeys(numbers))
        if seen == list(range(1, len(seen) + 1)):
            yield numbers


def _differ_somewhere(left, right, conditions, generator):
    entries = _sorted({e for part in (left, right, *conditions) for e in part.atoms(Indexed)})
    scalars = _sorted({s for part in (left, right, *conditions) for s in _scalars(part)})
    unknowns = entries + scalars
    solved = {}
    for condition in conditions:
        condition = condition.xreplace(solved)
        unknown = next((u for u in reversed(unknowns) if u not in solved and condition.has(u)), None)
        solutions = solve(condition, unknown) if unknown is not None else []
        if not solutions and condition != 0:
            return None
        if solutions:
            solved = {**{u: s.xreplace({unknown: solutions[0]}) for u, s in solved.items()}, unknown: solutions[0]}
    free = [unknown for unknown in unknowns if unknown not in solved]
    names = [Dummy(f"x{position}") for position in range(len(unknowns))]
    sides = lambdify(names, [part.xreplace(dict(zip(unknowns, names))) for part in (left, right)], "mpmath")
    for attempt in range(POINTS_A_CASE if unknowns else 1):
        values = {unknown: _draw(unknown, attempt, position, generator) for position, unknown in enumerate(free)}
        if attempt % 2 and solved:
            values = {unknown: value / len(unknowns) for unknown, value in values.items()}
        values.update({unknown: solution.xreplace(values) for unknown, solution in solved.items()})
        if not all(_admissible(unknown, value) for unknown, value in values.items()):
            continue
        point = [values[unknown] for unknown in unknowns]
        found = _differ_at(sides, point)
        if found:
            return dict(zip(unknowns, point)), *found
    return None


def _domain(unknown):
    listed = DOMAINS.get(unknown.base if isinstance(unknown, Indexed) else unknown)
    if listed is not None:
        return listed
    if unknown.is_positive:
        return Interval.open(0, oo)
    return Interval(0, oo) if unknown.is_nonnegative else Interval(-oo, oo)


def _draw(unknown, attempt, position, generator):
    """An admissible number for `unknown`: simple ones in the first attempts, hostile ones later."""
    pool = SIMPLE if attempt < POINTS_A_CASE // 2 else SIMPLE + HOSTILE
    pool = [value for value in pool if _admissible(unknown, value)]
    if unknown.is_integer:
        pool = [value for value in pool if value.is_Integer]
    return pool[position % len(pool)] if attempt == 0 else generator.choice(pool)


def _admissible(unknown, value):
    return bool(value.is_real) and value in _domain(unknown)


def _differ_at(sides, point):
    """Both values if they differ beyond all rounding or only one is a real number, else None."""
    for digits in (DIGITS, 10 * DIGITS):
        with mpmath.workdps(digits):
            try:
                arguments = [mpmath.mpf(int(value.p)) / int(value.q) for value in map(Rational, point)]
                left, right = (mpmath.mpmathify(side) for side in sides(*arguments))
            except (ZeroDivisionError, ValueError, TypeError, OverflowError):
                return None
            real = [isinstance(side, mpmath.mpf) and mpmath.isfinite(side) for side in (left, right)]
            if not any(real):
                return None
            if all(real) and abs(left - right) <= mpmath.mpf(10) ** (-digits // 2) * max(abs(left), abs(right)):
                return None
            shown = mpmath.nstr(left, 15), mpmath.nstr(right, 15)
    return tuple(sympify(number) for number in shown)
