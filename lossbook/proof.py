"""Are two expressions equal, for every number of classes and at every point? If not, where?

`equal(a, b)` first tries to prove it, with the number of classes n left a symbol; then `counterexamples` hunts
for a point where they differ; else it says that it does not know. The proof is short enough to check by reading:

1. Derivatives are carried out, named functions replaced by their definitions, hyperbolic functions and their inverses
   by exponentials and logarithms.
2. The free indices either coincide or differ. Each case is proved by itself, so that every Kronecker
   delta is a plain 0 or 1 and deltas inside sums are gone.
3. Absolute values, maxima and comparisons are written with signs. An expression under a sign is
   positive, negative or zero. Again each case is proved by itself, unless linear inequalities rule it out.
4. What is left is a fraction of polynomials in z_i, exp(z_i), log(...), sums over classes. Each of
   these is written in one way only, by `canonical`; then the numerator of the difference must vanish, multiplied out
   or, if it is a polynomial in sums, as the summand of one multiple sum.

Both sides must be undefined at the same points: a division by zero, or the logarithm or a root of a negative number,
on one side only is a difference, wherever it stands in it. What each side needs to be defined is collected before the
first step, which may cancel it, and goes through all steps with it; a delta that is 0 makes 0 of anything. Where
branches meet, and where the number under a sign or an absolute value is 0, a derivative has the value that SymPy's
rules give it, delta functions being 0: that of the branch which holds there, and 0 for a sign.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial, reduce
from itertools import permutations, product
from typing import TypeAlias

from sympy import (
    Abs,
    Add,
    And,
    Derivative,
    DiracDelta,
    Dummy,
    Eq,
    Expr,
    FiniteSet,
    Float,
    Ge,
    Gt,
    Heaviside,
    Indexed,
    IndexedBase,
    Integer,
    Interval,
    KroneckerDelta,
    Lambda,
    Le,
    Lt,
    Max,
    Min,
    Mul,
    Ne,
    Not,
    Number,
    NumberSymbol,
    Piecewise,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    Tuple,
    acosh,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    coth,
    csch,
    erf,
    exp,
    expand,
    factor,
    fraction,
    groebner,
    log,
    nan,
    oo,
    preorder_traversal,
    reduced,
    sech,
    sign,
    sin,
    sinh,
    tanh,
    together,
    zoo,
)
from sympy.core.function import AppliedUndef
from sympy.core.relational import Equality, Relational
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean
from sympy.polys.polyerrors import BasePolynomialError

from lossbook.canonical import Exponential, bound_class, canonical, factors_of, is_positive
from lossbook.checks import as_expression
from lossbook.counterexamples import Counterexample, Side, find_counterexample
from lossbook.functions import RowFunction, in_definitions
from lossbook.functions import tanh as own_tanh
from lossbook.indices import (
    bound_indices,
    collapse,
    evaluate_derivatives,
    free_indices,
    is_class,
    outermost,
    rename_bound,
    scalars,
    shortest_first,
)
from lossbook.notation import domain_of, n, total

Fact: TypeAlias = tuple[Expr, bool]
"""(expression, True) says that it is above 0, (expression, False) that it is 0 or more."""


@dataclass(frozen=True)
class Verdict:
    """What is known of a claim: "proved", "refuted" (with a counterexample) or "unknown". True if proved."""

    kind: str
    counterexample: Counterexample | None = None

    def __bool__(self) -> bool:
        return self.kind == "proved"

    def __str__(self) -> str:
        return self.kind if self.counterexample is None else f"{self.kind}: {self.counterexample}"


def equal(left: Expr, right: Expr, given: Sequence[Equality] = ()) -> Verdict:
    """Whether `left` and `right` are equal for every n and every admissible point.

    They are equal only if they are undefined at the same points: where a number is divided by 0, or is the logarithm or
    a root of a negative number.

    `given` holds equations that may be relied on. One whose left side is a symbol or an entry of a row,
    such as Eq(p[i], softmax(z, i)), defines it (for every index); any other is a side condition, such
    as Eq(Sum(y[k], (k, 1, n)), 1), for every value of its free indices. Nothing is claimed where they do not hold:
    Eq(c, log(a)) says that a is positive.

    Symbols lie in the domains that `notation` gives them, free indices are classes from 1 to n, a class with a
    number, as in z[3], is one of them. Floats are the decimals that they print as, and sums whose upper limit is below
    the lower are 0.

    Returns a `Verdict`. Raises TypeError if a side is not a SymPy expression (text is never evaluated), ValueError
    if one name is a number and a row, or if n is defined.

        >>> from lossbook.functions import sigmoid
        >>> from lossbook.notation import logit
        >>> equal(sigmoid(-logit), 1 - sigmoid(logit)).kind
        'proved'
        >>> print(equal(sigmoid(2 * logit), 2 * sigmoid(logit)).counterexample)
        at z = 0 the left side is 0.5 and the right side is 1.0
    """
    left, right = as_expression("left", left), as_expression("right", right)
    definitions, conditions = split_given(given)
    _check_names([left, right, *(side for equation in given for side in equation.args)])
    with suppress(*_STUCK):
        differences = tuple(_elementary(each.lhs - each.rhs, definitions).value for each in conditions)
        claim = _Claim(_elementary(left, definitions), _elementary(right, definitions), differences)
        free = {index for part in claim.parts for index in free_indices(part)}
        claim = claim.each(lambda part: rename_bound(part, free))
        with suppress(*_STUCK):
            is_covered = _is_covered(left) and _is_covered(right)
            if is_covered and (claim.left == claim.right or _proved(_instances_of(claim, sorted(free, key=str)))):
                return Verdict("proved")
        mentioned = _mentioned(left, right, {*free, *map(_name_defined, definitions)})
        needs = ([need for side in each.args for need in _elementary(side, definitions).needs] for each in conditions)
        given_conditions = list(map(Side, differences, needs))
        meanings = {each.lhs: _elementary(each.lhs, definitions) for each in definitions}
        counterexample = find_counterexample(claim.left, claim.right, given_conditions, mentioned, meanings)
        if counterexample:
            return Verdict("refuted", counterexample)
    return Verdict("unknown")


_STUCK = (RecursionError, TypeError, ValueError, NotImplementedError)
"""What SymPy raises where it turns conditions round and round, or compares what becomes infinite or no real number."""


def never_negative(expression: Expr) -> bool:
    """Whether `expression` is proved to be 0 or more at every admissible point, branch by branch.

    It is written as a fraction of polynomials in quantities that are never negative, probabilities and
    targets between 0 and 1 as odds. It is never negative if no factor of the numerator and the denominator is, or
    else no term of them. False says only that it was not proved.
    """
    expression = as_expression("expression", expression)
    with suppress(*_STUCK):
        return _never_negative(_in_exponentials(_elementary(expression, []).value))
    return False


def _never_negative(expression: Expr) -> bool:
    if isinstance(expression, Piecewise):
        return all(_never_negative(branch) for branch, _ in expression.args)
    if isinstance(expression, Sum):
        return _never_negative(expression.function)
    for symbol in shortest_first(scalars(expression)):
        if domain_of(symbol) == Interval(0, 1):
            at_1 = expression.xreplace({symbol: S.One})
            below_1 = expression.xreplace({symbol: 1 - 1 / (1 + Dummy(symbol.name, nonnegative=True))})
            is_undefined = at_1 is nan or bool(at_1.is_infinite)  # not just in a branch that may not be taken
            return _never_negative(below_1) and (is_undefined or _never_negative(at_1))
    expression = expression.xreplace(_positive_odds([expression]))
    top, bottom = fraction(together(canonical(expression)))
    return all(
        _is_never_negative(factor(part)) or all(map(_is_never_negative, Add.make_args(expand(part))))
        for part in (top, bottom)
    )


def _is_never_negative(term: Expr) -> bool:
    return all(bool(part.is_nonnegative) or is_positive(part) for part in Mul.make_args(term))


def _mentioned(left: Expr, right: Expr, defined: set[Expr]) -> dict[Expr, int]:
    """The symbols and rows of both sides that are not `defined`, each with its number of indices: a matrix has 2."""
    ranks = dict.fromkeys(scalars(left) | scalars(right), 0) | dict.fromkeys(_bases((left, right)), 1)
    ranks |= {entry.base: len(entry.indices) for side in (left, right) for entry in side.atoms(Indexed)}
    return {name: rank for name, rank in ranks.items() if name not in defined}


def split_given(given: Sequence[Equality]) -> tuple[list[Equality], list[Equality]]:
    """Definitions and side conditions among the equations `given`."""
    if not isinstance(given, (list, tuple)):
        raise TypeError(f"given: expected a list of equations Eq(left, right), got {given!r}")
    definitions: dict[Expr, Equality] = {}
    conditions: list[Equality] = []
    for equation in given:
        if not isinstance(equation, Equality):
            raise TypeError(f"given: expected equations Eq(left, right), got {equation!r}")
        left, _ = (as_expression("given", side) for side in equation.args)
        if left == n:
            raise ValueError(f"given: expected n to stay a symbol, got {equation!r}")
        name = _name_defined(equation)
        defines = isinstance(left, Symbol)
        if isinstance(left, Indexed):
            defines = len(left.indices) == 1 and left.indices[0].is_Symbol
        if defines and name not in definitions and not _reaches(equation.rhs, name, definitions):
            definitions[name] = equation
        else:
            conditions.append(equation)
    return list(definitions.values()), conditions


def _name_defined(definition: Equality) -> Expr:
    """The symbol or row that the left side stands for."""
    return definition.lhs.base if isinstance(definition.lhs, Indexed) else definition.lhs


def _reaches(meaning: Expr, name: Expr, definitions: Mapping[Expr, Equality]) -> bool:
    """Whether `meaning` has `name`, as it stands or by what others mean: a definition would go round in circles."""
    others = (other for other in definitions if meaning.has(other))
    return bool(meaning.has(name)) or any(_reaches(definitions[other].rhs, name, definitions) for other in others)


def _instances_of(claim: "_Claim", indices: Sequence[Expr]) -> "_Claim":
    """`claim` in exponentials, its conditions for each of `indices`."""
    instances = (instance for condition in claim.conditions for instance in _instances(condition, indices))
    return replace(claim, conditions=tuple(instances)).each(_in_exponentials)


def _instances(condition: Expr, indices: Sequence[Expr]) -> Iterator[Expr]:
    """`condition`, with each of `indices` for those that are free in it, and summed over the classes if one is."""
    own = [index for index in free_indices(condition) if index.is_Symbol]
    for chosen in product(indices, repeat=len(own)):
        yield rename_bound(condition, {*chosen}).xreplace(dict(zip(own, chosen)))
    if len(own) == 1:
        yield rename_bound(total(condition, *own), {*indices})


class _Side(Side):
    """A side whose needs are those that `_needs` tells."""

    @property
    def is_undefined(self) -> bool:
        return any(map(_is_never_met, self.needs))

    def each(self, change: Callable[[Expr], Expr]) -> "_Side":
        """All of it changed; where it is undefined, nothing but the need that says so."""
        needs = []
        for need in map(change, self.needs):
            if _is_never_met(need):
                return replace(self, needs=(need,))
            needs.append(need)
        return _Side(change(self.value), tuple(needs))


def _is_never_met(need: Expr) -> bool:
    """Whether `need` is a division by 0, or a root of a negative number, at every point."""
    if isinstance(need, Lambda):  # there may be no such class
        return False
    base, power = need
    return bool(power.is_negative and expand(base) == 0 or power.is_integer is False and base.is_negative)


@dataclass(frozen=True)
class _Claim:
    """That both sides are equal, and undefined at the same points, where all `conditions` are 0."""

    left: _Side
    right: _Side
    conditions: tuple[Expr, ...] = ()

    @property
    def parts(self) -> list[Expr]:
        return [self.left.value, self.right.value, *self.conditions]

    @property
    def undefined(self) -> list[bool]:
        return [self.left.is_undefined, self.right.is_undefined]

    def each(self, change: Callable[[Expr], Expr]) -> "_Claim":
        return _Claim(self.left.each(change), self.right.each(change), tuple(map(change, self.conditions)))

    def replaced(self, replacements: Mapping[Expr, Expr]) -> "_Claim":
        return self.each(lambda part: part.xreplace(replacements))


# --- step 1: one vocabulary -----------------------------------------------------------------------


def _check_names(parts: Sequence[Expr]) -> None:
    rows = {base.label for part in parts for base in part.atoms(IndexedBase)}
    both = shortest_first(rows & {symbol for part in parts for symbol in scalars(part)})
    if both:
        name = both[0]
        raise ValueError(f"left, right, given: expected one meaning of {name}, got a number and a row; write {name}[k]")


def _elementary(expression: Expr, definitions: Sequence[Equality]) -> _Side:
    """`expression` without derivatives, defined symbols, named functions or floats.

    What it needs is collected before each change, since SymPy may cancel what is 0 somewhere.
    """
    changes: list[Callable[[Expr], Expr]] = [partial(substitute_definition, equation=each) for each in definitions]
    changes *= len(definitions)  # one may stand in the meaning of another
    needs = _needs(expression)
    for change in (_plain, *changes, _without_names):
        expression, *needs = (_plain(change(part)) for part in (expression, *needs))
        needs = list(dict.fromkeys([*needs, *_needs(expression)]))
    return _Side(expression, tuple(needs))


def _plain(expression: Expr) -> Expr:
    return _carry_out_finite_sums(in_fractions(expression))


def _without_names(expression: Expr) -> Expr:
    """`expression` with its derivatives carried out and its named functions replaced by their definitions."""
    if not expression.has(DiracDelta):  # what is left is the derivative of a jump
        expression = evaluate_derivatives(expression).replace(DiracDelta, lambda *_: S.Zero)
    return with_deltas(in_definitions(expression.replace(own_tanh, tanh)))


def _is_covered(expression: Expr) -> bool:
    """Whether the rules here cover `expression` as it stands: a definition may cancel what they do not."""
    return _understood(_in_exponentials(_without_names(_plain(expression))))


_HYPERBOLIC, _INVERSE = (sinh, cosh, tanh, sech, csch, coth), (asinh, acosh, atanh)


def _in_exponentials(expression: Expr) -> Expr:
    return expression.rewrite(_HYPERBOLIC, exp).rewrite(_INVERSE, log)


def _needs(expression: Expr) -> list[Expr]:
    """What `expression` needs to be defined: (base, power) for its powers, (x, -1/2) for log(x) as for 1/sqrt(x).

    What a sum needs for each class is a function of it, k -> (base, power). What a branch needs is (1, power) in the
    others, as is what stands beside a delta where that is 0: 0 times anything. A condition needs nothing where one
    before it holds; where none holds, (0, -1) is needed. A derivative needs what its result does.
    """
    if not expression.args:
        return []
    if isinstance(expression, Derivative):
        result = evaluate_derivatives(expression)
        return [] if result.has(Derivative) else _needs(result)
    if isinstance(expression, Lambda):
        return [Lambda(expression.variables, need) for need in _needs(expression.expr)]
    if isinstance(expression, Sum):
        function, index, low, high = outermost(expression)
        if low.is_Integer and high.is_Integer:
            return [each for need in _needs(function) for each in _at_each(need, index, low, high)]
        return [Lambda(index, need) for need in _needs(function)]
    if isinstance(expression, Piecewise):
        found: list[Expr] = []
        otherwise = S.true
        for branch, condition in expression.args:
            found += _only_where(otherwise, _needs(condition))
            found += _only_where(And(otherwise, condition), _needs(branch))
            otherwise = And(otherwise, Not(condition))
        return found if otherwise == False else [*found, *_only_where(otherwise, [Tuple(0, -1)])]  # noqa: E712, of SymPy
    if isinstance(expression, _HYPERBOLIC + _INVERSE):  # by itself: SymPy would cancel what is 0 in tanh(x) coth(x)
        x = Dummy()
        in_x = _needs(_in_exponentials(expression.func(x)))
        return [need.xreplace({x: expression.args[0]}) for need in in_x] + _needs(expression.args[0])
    found = [need for part in expression.args for need in _needs(part)]
    if isinstance(expression, Mul):
        deltas = Mul(*(part for part in expression.args if _is_of_deltas(part)))
        return found if deltas == 1 else [*_only_where(Ne(deltas, 0), found)]
    if isinstance(expression, (Pow, log)):
        base, power = (expression.args[0], -S.Half) if isinstance(expression, log) else expression.as_base_exp()
        if isinstance(base, Abs) and power == -S.Half:
            base, power = base.args[0], S.NegativeOne
        found += [] if power.is_integer and power.is_positive else [Tuple(base, power)]
    return found


def _is_of_deltas(part: Expr) -> bool:
    return bool(part.atoms(KroneckerDelta)) and not part.replace(KroneckerDelta, lambda *_: S.One).free_symbols


def _only_where(condition: Boolean, needs: Iterable[Expr]) -> Iterator[Expr]:
    """`needs` as (1, power) where `condition` does not hold, without those that it meets."""
    for need in needs:
        need = rename_bound(need, condition.free_symbols)
        if not _exceeds_zero(_innermost(need)[0], _facts_of(condition)):
            yield _in_branch(condition, need)


def _in_branch(condition: Boolean, need: Expr) -> Expr:
    if isinstance(need, Lambda):
        return Lambda(need.variables, _in_branch(condition, need.expr))
    base, power = need
    return Tuple(Piecewise((base, condition), (S.One, True)), power)


def _facts_of(condition: Boolean) -> list[Fact]:
    """What the inequalities that `condition` joins by "and" say."""
    parts = [part for part in And.make_args(condition) if isinstance(part, (Gt, Ge, Lt, Le))]
    return [(part.gts - part.lts, isinstance(part, (Gt, Lt))) for part in parts]


def with_deltas(expression: Expr) -> Expr:
    """`expression` with Kronecker deltas for cases of indices such as i = k."""
    expression = expression.replace(_compares_indices, lambda condition: condition.simplify())
    return expression.replace(_is_case_of_indices, lambda cases: _settled_cases(cases).rewrite(KroneckerDelta))


def _compares_indices(expression: Expr) -> bool:
    return isinstance(expression, Boolean) and bool(expression.args) and all(map(is_class, expression.free_symbols))


def _is_case_of_indices(expression: Expr) -> bool:
    conditions = [condition for _, condition in expression.args] if isinstance(expression, Piecewise) else [None]
    return all(c == True or isinstance(c, (Eq, Ne)) and all(map(is_class, c.args)) for c in conditions)  # noqa: E712


def _settled_cases(cases: Piecewise) -> Piecewise:
    """Cases of indices, with numbers for the deltas that the conditions settle: SymPy would cancel 1 - delta."""
    known: dict[Expr, Expr] = {}
    branches = []
    for branch, condition in rename_bound(cases, {index for _, c in cases.args for index in c.free_symbols}).args:
        here = dict(known)
        if isinstance(condition, (Eq, Ne)):
            delta, value = KroneckerDelta(*condition.args), Integer(isinstance(condition, Eq))
            here[delta], known[delta] = value, 1 - value
        branches.append((branch.xreplace(here), condition))
    return Piecewise(*branches)


def in_fractions(expression: Expr) -> Expr:
    """`expression` with the decimals that its floats print as, as fractions."""
    return expression.xreplace({number: _decimal(number) for number in expression.atoms(Float)})


def _decimal(number: Float) -> Expr:
    """The decimal that `number` prints as."""
    near = float(number)
    return Rational(repr(near) if near == number else str(number))


def substitute_definition(expression: Expr, equation: Equality) -> Expr:
    """`expression` with what `equation` defines replaced by its meaning; derivatives by it are taken before."""
    defined, meaning = equation.lhs, equation.rhs
    name = defined.base if isinstance(defined, Indexed) else defined
    by_name = [part for part in expression.atoms(Derivative) if any(v.has(name) for v in part.variables)]
    expression = expression.xreplace({part: evaluate_derivatives(part) for part in by_name})
    if isinstance(defined, Symbol):
        return rename_bound(expression, {defined, *meaning.free_symbols}).xreplace({defined: meaning})
    (index,) = defined.indices
    whole = {function: in_definitions(function) for function in expression.atoms(RowFunction) if function.row == name}
    expression = expression.xreplace(whole)

    def at(entry: Expr) -> Expr:
        safe = rename_bound(meaning, entry.indices[0].free_symbols)
        return safe.xreplace({index: entry.indices[0]})

    expression = rename_bound(expression, {*free_indices(meaning)})
    entries = [entry for entry in expression.atoms(Indexed) if entry.base == defined.base]
    return expression.xreplace({entry: at(entry) for entry in entries})


def _carry_out_finite_sums(expression: Expr) -> Expr:
    """Sums with numbers for limits, written out; other sums, left."""
    if not expression.args or not expression.has(Sum):
        return expression
    if not isinstance(expression, Sum):
        return expression.func(*(_carry_out_finite_sums(part) for part in expression.args))
    function, index, low, high = outermost(expression)
    function = _carry_out_finite_sums(function)
    if low.is_Integer and high.is_Integer:
        return Add(*_at_each(function, index, low, high))
    return Sum(function, (index, low, high))


def _at_each(function: Expr, index: Expr, low: Expr, high: Expr) -> list[Expr]:
    """`function` with each number from `low` to `high` for `index`."""
    return [rename_bound(function, {index}).xreplace({index: Integer(m)}) for m in range(low, high + 1)]


# --- steps 2 and 3: cases -------------------------------------------------------------------------


def _proved(claim: _Claim) -> bool:
    if any(claim.undefined):
        return all(claim.undefined)
    claim = replace(claim, conditions=tuple(filter(_is_usable, claim.conditions)))
    if not (_understood(claim.left.value) and _understood(claim.right.value)):
        return False
    for symbol in shortest_first({symbol for part in claim.parts for symbol in scalars(part)}):
        if isinstance(domain_of(symbol), FiniteSet):
            return all(_proved(claim.replaced({symbol: value})) for value in domain_of(symbol))
    indices = sorted({index for part in claim.parts for index in free_indices(part)}, key=str)
    if not all(index.is_positive for index in indices):  # it may be no class
        return False
    for case in _coincidences(indices):
        distinct = set(case.values())
        facts = [(n - index, False) for index in distinct]
        if not _proved_by_signs(_without_deltas(claim.replaced(case), distinct), facts):
            return False
    return True


_KINDS = (Add, Mul, Pow, Number, NumberSymbol, Symbol, Indexed, KroneckerDelta, Sum, Piecewise, Max, Min)
_FUNCTIONS = (
    exp,
    Exponential,
    log,
    Abs,
    sign,
    Heaviside,
    sin,
    cos,
    atan,
    erf,
    AppliedUndef,
)  # with no poles but those of log


def _understood(expression: Expr) -> bool:
    """Whether the rules here cover `expression`: plain indices from 1 to n, and no other bound symbols."""
    if isinstance(expression, (ExprCondPair, Boolean)):
        return all(map(_understood, expression.args))
    known = isinstance(expression, _KINDS + _FUNCTIONS) or expression is S.ImaginaryUnit
    if not known or expression in (nan, oo, -oo, zoo):
        return False
    if isinstance(expression, Sum):
        return all(limit[1:] == (1, n) for limit in expression.limits) and _understood(expression.function)
    if isinstance(expression, Indexed):
        return all(map(is_class, expression.indices))
    if isinstance(expression, KroneckerDelta):
        return all(map(is_class, expression.args))
    return all(map(_understood, expression.args))


def _is_usable(condition: Expr) -> bool:
    """Whether the rules here cover `condition`, and its comparisons are defined everywhere."""
    return _understood(condition) and not any(map(_needs, condition.atoms(Relational)))


def _coincidences(indices: Sequence[Expr], distinct: Iterable[Expr] = ()) -> Iterator[dict[Expr, Expr]]:
    """Every way in which `indices` can coincide with each other and with some of `distinct`.

    Each is a dict from index to the one that stands for it.
    """
    if not indices:
        yield {index: index for index in distinct}
        return
    *rest, last = indices
    for case in _coincidences(rest, distinct):
        yield {**case, last: last}
        for leader in dict.fromkeys(case.values()):
            if not (leader.is_number and last.is_number):
                yield {**case, last: leader}


def _without_deltas(claim: _Claim, distinct: set[Expr]) -> _Claim:
    """`claim` without deltas, when the free indices `distinct` all differ."""

    def settle(side: _Side) -> _Side:
        needs = (settled for need in side.needs for settled in _settled_needs(need, distinct))
        return _Side(_settle_deltas(side.value, distinct), tuple(dict.fromkeys(needs)))

    conditions = tuple(_settle_deltas(condition, distinct) for condition in claim.conditions)
    return _Claim(settle(claim.left), settle(claim.right), conditions)


def _settled_needs(need: Expr, distinct: set[Expr]) -> Iterator[Expr]:
    """`need` at each of the indices `distinct`, and at all others."""
    bound: list[Expr] = []
    while isinstance(need, Lambda):
        need = rename_bound(need, {*bound, *distinct})
        bound += need.variables
        need = need.expr
    need = rename_bound(need, {*bound})
    for case in _coincidences(bound, sorted(distinct, key=str)):
        settled = _settle_deltas(need.xreplace(case), {*case.values()})
        for index in bound:
            settled = Lambda(index, settled) if case[index] == index else settled
        yield settled


def _settle_deltas(expression: Expr, distinct: set[Expr]) -> Expr:
    """`expression` without deltas, when the free indices `distinct` all differ."""
    expression = collapse(rename_bound(expression, distinct), others=False)
    deltas = [delta for delta in expression.atoms(KroneckerDelta) if set(delta.args) <= distinct]
    return expression.xreplace({delta: S.Zero for delta in deltas})


def _proved_by_signs(claim: _Claim, facts: list[Fact]) -> bool:
    """Whether the sides are proved equal where all `facts` hold.

    An expression that is linear in a symbol or entry is made positive, negative or zero by solving for that one. An
    entry z_i is then a number of its own, apart from the sums that contain it: what holds for every such number holds
    for z_i.
    """
    if any(claim.undefined):
        return all(claim.undefined)
    claim = claim.each(_in_signs)
    switch = _next_switch([*claim.parts, *claim.left.needs, *claim.right.needs])
    if switch is None:
        return _same_fractions(claim, facts)
    unknown = _solvable(switch)
    for value in (S.One, S.NegativeOne, S.Zero):
        case = claim.replaced({sign(switch): value})
        if unknown is not None:
            solution = {unknown: _solution(switch, unknown, value * _size_of(unknown))}
            case = case.replaced(solution)
            more = [(fact.xreplace(solution), strict) for fact, strict in facts + _domain_facts(unknown)]
        elif value != 0:
            more = [(value * switch, True), *facts]
        else:
            case, more = replace(case, conditions=(*case.conditions, switch)), facts
        required = [(way * condition, False) for condition in case.conditions for way in (1, -1)]
        if _feasible(more + required) and not _proved_by_signs(case, more):
            return False
    return True


@cache
def _in_signs(expression: Expr) -> Expr:
    """`expression` with its absolute values, maxima and comparisons of real numbers written with `sign`."""
    if not expression.has(Abs, sign, Heaviside, Max, Min, Boolean) or not expression.args:
        return expression
    if isinstance(expression, log) and isinstance(expression.args[0], Abs):
        return log(Abs(_in_signs(expression.args[0].args[0])))
    args = [_in_signs(part) for part in expression.args]
    if isinstance(expression, (Max, Min)) and all(part.is_extended_real for part in args):
        way = S.One if isinstance(expression, Max) else S.NegativeOne
        return reduce(lambda a, b: (a + b + way * (a - b) * _sign(a - b)) / 2, args)
    if isinstance(expression, (Abs, sign, Heaviside)) and args[0].is_extended_real:
        s = _sign(args[0])
        at_zero = args[1] if isinstance(expression, Heaviside) else 0
        return {Abs: args[0] * s, sign: s, Heaviside: (s + s**2) / 2 + at_zero * (1 - s**2)}[expression.func]
    if isinstance(expression, Relational) and all(part.is_extended_real for part in args):
        return expression.func(_sign(args[0] - args[1]), 0)
    return expression.func(*args)


@cache
def _sign(expression: Expr) -> Expr:
    """The sign of a real expression: a product of signs of factors that are written in one way only."""
    if expression.has(Piecewise, sign):  # those come first
        return sign(expression)
    result = S.One
    for part in Mul.make_args(factor(together(expression))):
        base, power = part.as_base_exp()
        if part.is_number or not power.is_Integer:
            result *= sign(part)
        elif is_positive(-base):
            result *= (-1) ** power
        elif not is_positive(base):
            backwards = base.could_extract_minus_sign()
            result *= sign(expand(-base if backwards else base)) ** abs(power) * (-1 if backwards else 1) ** power
    return result


def _next_switch(parts: Sequence[Expr]) -> Expr | None:
    """The shortest expression under a sign, not within another sign and free of bound indices."""
    bound = set().union(*map(bound_indices, parts))
    found = {s.args[0] for part in parts for s in part.atoms(sign)}
    innermost = shortest_first(s for s in found if not s.has(sign, Piecewise) and not bound & s.free_symbols)
    return innermost[0] if innermost else None


def _solvable(switch: Expr) -> Expr | None:
    """A symbol or entry in which `switch` is linear, rather one that may have either sign."""
    candidates = shortest_first(scalars(switch) | switch.atoms(Indexed))
    slopes = {unknown: _slope(switch, unknown) for unknown in candidates}
    linear = [unknown for unknown, slope in slopes.items() if slope.is_number and slope.is_nonzero]  # nan is neither
    return min(linear, key=lambda unknown: bool(unknown.is_nonnegative), default=None)


def _slope(expression: Expr, unknown: Expr) -> Expr:
    """The derivative by a symbol or by an entry that is taken as a number apart from its row."""
    x = Dummy()
    return expression.xreplace({unknown: x}).diff(x)


@cache
def _size_of(unknown: Expr) -> Expr:
    """A positive number in place of `unknown`: the same in all cases, so that what is known of it is found again."""
    return Dummy(str(unknown), positive=True)


def _solution(switch: Expr, unknown: Expr, value: Expr) -> Expr:
    """What `unknown` is where `switch`, linear in it, has the given value."""
    return expand(unknown - (switch - value) / _slope(switch, unknown))


@cache
def _domain_facts(unknown: Expr) -> list[Fact]:
    """What the domain of a symbol or entry says of it, as facts."""
    domain = domain_of(unknown)
    distances = {domain.inf: unknown - domain.inf, domain.sup: domain.sup - unknown}
    return [(distance, not domain.contains(end)) for end, distance in distances.items() if end.is_finite]


def _feasible(facts: list[Fact]) -> bool:
    """False if no numbers satisfy all `facts`, by eliminating one term of these linear inequalities after the other."""
    facts = [(in_fractions(fact), strict) for fact, strict in facts if not fact.has(nan, oo, -oo, zoo)]
    rows = [(expand(fact).as_coefficients_dict(), strict) for fact, strict in facts]
    terms = shortest_first({term for row, _ in rows for term in row if term != 1})
    for term in terms:
        known = _domain_facts(term) if isinstance(term, (Symbol, Indexed)) else [(term, True)] * is_positive(term)
        rows += [(expand(fact).as_coefficients_dict(), strict) for fact, strict in known]
    for term in terms:
        above, below = ([row for row in rows if way * row[0].get(term, 0) > 0] for way in (1, -1))
        rows = [row for row in rows if not row[0].get(term, 0)]
        for (a, a_strict), (b, b_strict) in product(above, below):
            keys = dict.fromkeys([*a, *b])
            rows.append(
                ({key: a.get(key, 0) / a[term] - b.get(key, 0) / b[term] for key in keys}, a_strict or b_strict)
            )
    return all(row.get(S.One, 0) > 0 or not strict and row.get(S.One, 0) == 0 for row, strict in rows)


# --- step 4: one way to write each thing ----------------------------------------------------------


def _same_fractions(claim: _Claim, facts: Sequence[Fact]) -> bool:
    """Whether two sides, free of signs outside sums, are equal and undefined at the same points."""
    claim = replace(claim, left=_without_met(claim.left, facts), right=_without_met(claim.right, facts))
    return _are_the_same(claim, facts) or _are_the_same(claim.replaced(_positive_odds(claim.parts)), facts)


def _without_met(side: _Side, facts: Sequence[Fact]) -> _Side:
    """`side` without the needs that are met since their base is positive, which `canonical` may hide."""
    return replace(side, needs=tuple(need for need in side.needs if not _exceeds_zero(_innermost(need)[0], facts)))


def _are_the_same(claim: _Claim, facts: Sequence[Fact]) -> bool:
    claim = claim.each(canonical)
    solved, unsolved = _solve_conditions(claim.conditions)
    claim = claim.replaced(solved)
    if any(claim.undefined):
        return all(claim.undefined)
    left, right = (_domain(side.needs, facts) for side in (claim.left, claim.right))
    return left == right and _is_zero(claim.left.value - claim.right.value, unsolved)


def _positive_odds(parts: Sequence[Expr]) -> dict[Expr, Expr]:
    """For each probability p between 0 and 1 in `parts` 1 / (1 + q), so that 1 - p is known to be positive."""
    open_unit = Interval.open(0, 1)
    found = {symbol for part in parts for symbol in scalars(part) if domain_of(symbol) == open_unit}
    odds = {symbol: 1 / (1 + Dummy(symbol.name, positive=True)) for symbol in shortest_first(found)}
    bases = [base for base in _bases(parts) if domain_of(base) == open_unit]
    rows = {base: IndexedBase(Dummy(str(base), positive=True)) for base in bases}
    for entry in {e for part in parts for e in part.atoms(Indexed) if e.base in rows}:
        odds[entry] = 1 / (1 + rows[entry.base][entry.indices])
    return odds


def _bases(parts: Sequence[Expr]) -> set[Expr]:
    return {base for part in parts for base in part.atoms(IndexedBase)}


def _solve_conditions(conditions: Iterable[Expr]) -> tuple[dict[Expr, Expr], list[Expr]]:
    """What the conditions make of some sums, entries and symbols, and the conditions that are not solved."""
    solved: dict[Expr, Expr] = {}
    unsolved: list[Expr] = []
    for condition in conditions:
        condition = _numerator(condition.xreplace(solved))
        solution = _solve_condition(condition)
        solved = {atom: value.xreplace(solution) for atom, value in solved.items()} | solution
        unsolved += [] if solution else [condition]
    return solved, unsolved


def _is_zero(difference: Expr, conditions: Sequence[Expr]) -> bool:
    numerator = _numerator(canonical(_numerator(difference)))
    if numerator.has(nan, oo, zoo):
        return False
    return numerator == 0 or _vanishes_as_multiple_sum(_remainder(numerator, conditions))


def _numerator(expression: Expr) -> Expr:
    return expand(fraction(together(expression))[0])


def _solve_condition(condition: Expr) -> dict[Expr, Expr]:
    """A side condition as a replacement for one of its sums, or else for one of its entries or symbols."""
    candidates = shortest_first(condition.atoms(Sum)) + shortest_first(condition.atoms(Indexed) | scalars(condition))
    for atom in candidates:
        slope = condition.coeff(atom, 1)
        rest = expand(condition - slope * atom)
        if slope.is_number and slope.is_nonzero and not rest.has(atom):
            return {atom: -rest / slope}
    return {}


def _remainder(numerator: Expr, conditions: Iterable[Expr]) -> Expr:
    """`numerator` less multiples of the polynomials `conditions`, all of which are 0."""
    conditions = [condition for condition in conditions if not any(map(_may_be_zero, preorder_traversal(condition)))]
    try:
        return expand(reduced(numerator, list(groebner(conditions)))[1])
    except BasePolynomialError:
        return numerator


def _may_be_zero(part: Expr) -> bool:
    """Whether `part` is a number of which SymPy does not see that it is none or 0."""
    return isinstance(part, Expr) and bool(part.is_number) and part.is_zero is None


def _vanishes_as_multiple_sum(polynomial: Expr) -> bool:
    """Whether a polynomial in sums and n vanishes, as one multiple sum for each degree.

    (sum_k f_k) (sum_k g_k) - n sum_k f_k g_k is the sum over a and b of f_a g_b - f_a g_a. It vanishes if the
    summand does once it is averaged over all orders of its indices.
    """
    summands: dict[int, Expr] = {}
    classes = [Dummy(f"a{number}", integer=True, positive=True) for number in range(MOST_SUMS)]
    for term in Add.make_args(polynomial):
        degree, summand = _as_multiple_sum(term, classes)
        summands[degree] = summands.get(degree, 0) + summand
    if summands.get(0, 0) != 0 or max(summands) > MOST_SUMS:
        return False
    claims = (
        _Claim(_Side(_symmetrised(summand, classes[:degree])), _Side(S.Zero)) for degree, summand in summands.items()
    )
    return all(map(_proved, claims))


MOST_SUMS = 4


def _as_multiple_sum(term: Expr, classes: Sequence[Expr]) -> tuple[int, Expr]:
    """How many sums multiply in `term`, and their summand, in which each sums over one of `classes`."""
    degree, summand, parts = 0, S.One, list(Mul.make_args(term))
    while parts:
        base, power = parts.pop().as_base_exp()
        if not ((base == n or isinstance(base, Sum)) and power.is_Integer and power.is_positive):
            summand *= base**power
            continue
        for _ in range(power):
            if base != n and degree < len(classes):
                function, index, _, _ = outermost(base)
                parts += Mul.make_args(function.xreplace({index: classes[degree]}))
            degree += 1
    return degree, summand


def _symmetrised(summand: Expr, classes: Sequence[Expr]) -> Expr:
    return Add(*(summand.xreplace(dict(zip(classes, order))) for order in permutations(classes)))


def _domain(needs: Iterable[Expr], facts: Sequence[Fact]) -> dict[tuple[str, Expr], int]:
    """What must not be 0, not be negative or be defined by `needs`, unless that is known.

    Each with how many classes there must be for that, those of free indices apart: none is without a class.
    """
    found: dict[tuple[str, Expr], int] = {}
    for need in sorted(needs, key=_classes_of, reverse=True):  # the fewest count
        found |= dict.fromkeys(_restrictions(need, facts), _classes_of(need))
    return found


def _restrictions(need: Expr, facts: Sequence[Fact]) -> Iterator[tuple[str, Expr]]:
    """What must not be 0, not be negative or be defined by one of the needs.

    Indices that sums bind are named by their places, since only the kind of what vanishes is compared.
    """
    bound = sorted(bound_indices(need), key=str)
    base, power = _innermost(need)
    if power.is_nonnegative and base.is_nonnegative or _exceeds_zero(base, facts):
        return
    factors = [f for f in factors_of(factor(together(base))) if not _exceeds_zero(f, facts)]
    if not power.is_number:  # it may be negative or not, whole or not
        if factors:
            yield "defined", _alike([Tuple(Mul(*factors), power)], bound)
        return
    if power.is_negative:
        for base in (_base(f) for f in factors if not (f.is_nonzero or _exceeds_zero(-f, facts))):
            yield "not 0", _alike([base, -base], bound)
    if not power.is_Integer:
        odd = [f for f in factors if not (f.is_nonnegative or f.as_base_exp()[1].is_even)]
        if odd:  # where another factor is 0, so is the root, unless that is excluded already
            yield "not negative", _alike([Mul(*(odd if power.is_negative else factors))], bound)


def _base(power: Expr) -> Expr:
    """What is 0 where `power` is: x for x**2."""
    base, exponent = power.as_base_exp()
    return base if exponent.is_nonzero else power


def _innermost(need: Expr) -> Expr:
    """`need` without the indices that it is a function of."""
    return _innermost(need.expr) if isinstance(need, Lambda) else need


def _classes_of(need: Expr) -> int:
    """How many indices `need` is a function of: so many classes it takes, since they differ."""
    return len(need.atoms(Lambda))


def _alike(forms: Sequence[Expr], bound: Sequence[Expr]) -> Expr:
    """The first of `forms` that mean the same, whatever the names of their `bound` indices."""
    orders = permutations(map(bound_class, range(len(bound))))
    return min((form.xreplace(dict(zip(bound, order))) for order in orders for form in forms), key=str)


def _exceeds_zero(expression: Expr, facts: Sequence[Fact]) -> bool:
    return is_positive(expression) or not _feasible([(-expression, False), *facts])
