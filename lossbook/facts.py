"""What can be said of a loss beyond its value: where it has kinks, whether it is convex, how steep it gets.

Each answer is derived from the expression and proved, or says that it is not known.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, reduce, wraps
from itertools import combinations, product
from typing import TypeVar

from sympy import (
    Abs,
    AccumBounds,
    Add,
    Derivative,
    Dummy,
    E,
    Expr,
    FiniteSet,
    Function,
    Heaviside,
    Indexed,
    IndexedBase,
    Interval,
    KroneckerDelta,
    Limit,
    Max,
    Min,
    Mul,
    Piecewise,
    Poly,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    atan,
    cos,
    cosh,
    exp,
    expand,
    limit,
    log,
    nan,
    oo,
    real_roots,
    sign,
    sin,
    sinh,
    solve,
    solveset,
    sqrt,
    tanh,
    together,
    zoo,
)
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanAtom, BooleanFunction

from lossbook.canonical import is_positive
from lossbook.counterexamples import may_be
from lossbook.functions import NamedFunction, in_definitions, in_softmax, log_sigmoid, sigmoid, softmax
from lossbook.indices import collapse, shortest_first, write_out
from lossbook.loss import Loss
from lossbook.notation import REALS, TARGETS_SUM_TO_ONE, domain_of, i, j, k, n, total
from lossbook.proof import equal, in_fractions, never_negative

Answer = TypeVar("Answer")

_NO_NUMBERS = (oo, -oo, zoo, nan)


def _or_none(fact: Callable[[Loss], Answer]) -> Callable[[Loss], Answer | None]:
    """`fact`, and None for a loss for which SymPy does not know it, or compares what is no real number."""

    @wraps(fact)
    def known(loss: Loss) -> Answer | None:
        try:
            return fact(loss)
        except (NotImplementedError, TypeError, ValueError):
            return None

    return known


def _at_zeros_too(bound: Callable[[Loss], Expr | None]) -> Callable[[Loss], Expr | None]:
    """`bound`, which takes parameters as positive; None if it is passed where one of them is 0."""

    @wraps(bound)
    def everywhere(loss: Loss) -> Expr | None:
        size = bound(loss)
        for symbol, there in _at_zeros(loss).items():
            size_there = everywhere(there)
            if size is None or size_there is None:
                return None
            near = size.subs({parameter: 0 for parameter in size.free_symbols if parameter.name == symbol.name})
            if not near.has(oo, zoo) and not never_negative(near - size_there):
                return None
        return size

    return everywhere


@dataclass(frozen=True)
class Kink:
    """A point at which the slope jumps: if it jumps up, any number from `left` to `right` is a subgradient there.

    `target` is the one target that has this kink, or None if every target has it.
    """

    point: Expr
    left: Expr
    right: Expr
    target: Expr | None = None


@dataclass(frozen=True)
class Jump:
    """A point at which the loss itself jumps: it is `left` just below the point, `there` at it, `right` just above.

    At an end of the domain, it is `there` outside too. `target` is the one target that has this jump, or None if every
    target has it.
    """

    point: Expr
    left: Expr
    there: Expr
    right: Expr
    target: Expr | None = None


@_or_none
def kinks(loss: Loss) -> list[Kink]:
    """The kinks of a loss, each a `Kink` at a value of the prediction, in a fixed order; None if they are not known.

    A target that is one of a few numbers is taken in turn; parameters that are never negative are taken as
    positive. Over classes: of each entry of a loss that is a sum of one loss a class.
    """
    found = []
    for target, point, pieces in _turns(loss):
        left, right = (_at(loss, piece.diff(_variable(loss)), point) for piece in (pieces[0], pieces[-1]))
        if not _jumps(loss, point, pieces) and not _same(left, right):
            point, left, right = (_in_entries(loss, part) for part in (point, left, right))
            found.append(Kink(point, left, right, target))
    return found


@_or_none
def jumps(loss: Loss) -> list[Jump]:
    """The points at which the loss itself jumps, as `kinks` gives those at which its slope does."""
    found = []
    for target, point, pieces in _turns(loss) + _ends(loss):
        if _jumps(loss, point, pieces):
            left, there, right = (_in_entries(loss, _at(loss, piece, point)) for piece in pieces)
            found.append(Jump(_in_entries(loss, point), left, there, right, target))
    return found


@cache
@_or_none
def is_convex(loss: Loss) -> bool | None:
    """True if the loss is proved convex in its prediction, False if a counterexample is found, else None.

    Elementwise: the second derivative is never negative, the loss never jumps and its slope never jumps down. Over
    classes: each class adds such a loss, or the second derivative in every direction is a variance under the softmax.
    """
    at_zeros = [is_convex(there) for there in _at_zeros(loss).values()]
    if False in at_zeros or _somewhere_negative(loss):
        return False
    if None in at_zeros:
        return None
    bends, breaks = kinks(loss), jumps(loss)
    if bends is None or breaks is None:
        return None
    down = [kink for kink in bends if (kink.left - kink.right).is_positive]
    if _is_among_predictions(loss, [*breaks, *down]):
        return False
    if breaks or down:
        return None
    if not _is_separate(loss):
        return _is_variance(loss)
    curvature = loss.hessian.xreplace({k: i})
    return never_negative(curvature) and all(never_negative(kink.right - kink.left) for kink in bends) or None


@cache
@_or_none
@_at_zeros_too
def steepest_slope(loss: Loss) -> Expr | None:
    """The least upper bound of the size of the slope, of one entry of the gradient if there are classes.

    It is over all predictions and targets, and all numbers of classes: `oo` if there is no bound, None if it is
    not known. Parameters that are never negative are taken as positive; where one is 0, it is a bound. Where the
    gradient is a polynomial in probabilities, its greatest size is found exactly. The slope of any other convex loss of
    one number never falls, so it is largest in size at one of the ends of the domain.
    """
    breaks = jumps(loss)
    if breaks is None:
        return None
    if breaks:
        return oo if _is_among_predictions(loss, breaks) else None
    if _is_separate(loss):
        constant = _greatest_size_if_constant(loss, 1)
        greatest = _greatest_size_by_sigmoid(loss, loss.gradient) if constant is None else constant
        if greatest is not None or not is_convex(loss):
            return greatest
        sizes = _at_ends(loss, 1)
        return oo if any(size.has(oo, -oo) for size in sizes) else _over_targets(loss, Max(*map(_size, sizes)))
    chosen = Dummy("t", integer=True, positive=True)
    gradient = _at_one_hot_target(loss, chosen)
    if gradient is None:
        return None
    own, other = (gradient.xreplace(case) for case in ({chosen: i}, {KroneckerDelta(i, chosen): S.Zero}))
    return _greatest([_greatest_size_by_softmax(loss, own, [i]), _greatest_size_by_softmax(loss, other, [i, chosen])])


@cache
@_or_none
@_at_zeros_too
def slope_bound(loss: Loss) -> Expr | None:
    """An upper bound of the size of the slope, which need not be the least; None if none is known.

    It is `steepest_slope` where that is known. Where the slope of the focal loss is greatest, an equation holds that
    has no known solution in closed form. But the size of a sum is at most that of its terms together, a power of a
    sigmoid p is at most 1, and -p log p is at most 1/e.
    """
    least = steepest_slope(loss)
    if least is not None or loss.over_classes or jumps(loss) != []:
        return least
    parameters = {symbol for symbol, _ in loss.parameters.values()}
    sides = _at_ends_of_target(loss, loss.gradient) or []
    return _greatest([_bound_of_terms(side, parameters) for side in sides]) if sides else None


@cache
@_or_none
@_at_zeros_too
def longest_gradient(loss: Loss) -> Expr | None:
    """The least upper bound of the Euclidean length of the gradient of a class loss: `oo` if none, None if unknown.

    It is over all predictions and targets, and all numbers of classes. The gradient is linear in the targets, so its
    length is a convex function of them and largest where one class is right.
    """
    if not loss.over_classes or jumps(loss) is None:
        return None
    if _is_separate(loss):
        return oo if steepest_slope(loss) == oo else None
    chosen = Dummy("t", integer=True, positive=True)
    gradient = _at_one_hot_target(loss, chosen)
    if gradient is None:
        return None
    squared = _greatest_size_by_softmax(loss, total(gradient**2, i), [chosen])
    return squared if squared is None else sqrt(squared)


@cache
@_or_none
@_at_zeros_too
def greatest_curvature(loss: Loss) -> Expr | None:
    """The least upper bound of the size of the second derivative away from kinks: `oo` if none, None if unknown.

    Over classes: of one entry of the Hessian of a loss that is a sum of one loss a class.
    """
    if not _is_separate(loss) or kinks(loss) is None:
        return None
    constant = _greatest_size_if_constant(loss, 2)
    if constant is not None:
        return constant
    if any(size.has(oo, -oo) for size in _at_ends(loss, 2)):
        return oo
    return _greatest_size_by_sigmoid(loss, loss.hessian)


@cache
def _at_zeros(loss: Loss) -> dict[Symbol, Loss]:
    """For each parameter that may be 0, the loss where it is, if there is one."""
    zeros = [(keyword, symbol) for keyword, (symbol, _) in loss.parameters.items() if may_be(symbol, S.Zero)]
    there = {symbol: with_zero(loss, keyword) for keyword, symbol in zeros}
    return {symbol: loss for symbol, loss in there.items() if loss is not None}


def with_zero(loss: Loss, keyword: str) -> Loss | None:
    """The loss with 0 for a parameter, or None if there is none."""
    parameters = dict(loss.parameters)
    symbol, _ = parameters.pop(keyword)
    with suppress(TypeError, ValueError):  # what SymPy compares may become infinite, or the loss no real number
        return replace(loss, expression=loss.expression.subs(symbol, 0), parameters=parameters)
    return None


def _is_among_predictions(loss: Loss, places: Sequence[Kink | Jump]) -> bool:
    """Whether one of these places surely lies inside the domain of the prediction."""
    inside = domain_of(loss.prediction).interior
    return any(inside.contains(place.point) == True for place in places)  # noqa: E712, of SymPy


def _over_targets(loss: Loss, size: Expr) -> Expr | None:
    """The least upper bound of `size` over all numbers of classes, if it is one for all targets, else None."""
    steps = size.atoms(Piecewise, Heaviside, sign, KroneckerDelta)
    if str(loss.target) in map(str, size.free_symbols) or any(step.has(n) for step in steps):
        return None
    if never_negative(-size.diff(n)):
        return size.xreplace({n: S.One})
    return limit(size, n, oo) if never_negative(size.diff(n)) else None


def _size(slope: Expr) -> Expr:
    """|slope|, without the bars where its sign is proved."""
    if never_negative(slope):
        return slope
    return -slope if never_negative(-slope) else Abs(slope)


# --- the pieces of a loss of one number -----------------------------------------------------------


def _is_separate(loss: Loss) -> bool:
    """Whether the loss is of one number against one number, or a sum of such losses, one a class."""
    return not loss.over_classes or _share(loss) is not None


def _variable(loss: Loss) -> Expr:
    """The prediction as one number."""
    return _as_number(loss.prediction)


def _as_number(symbol: Symbol | IndexedBase) -> Symbol:
    """`symbol`, or one number in place of a row."""
    return Symbol(str(symbol), **symbol.assumptions0) if isinstance(symbol, IndexedBase) else symbol


def _in_entries(loss: Loss, expression: Expr) -> Expr:
    """`expression` with the entries i of the rows for the numbers in their place."""
    rows = [row for row in (loss.prediction, loss.target) if isinstance(row, IndexedBase)]
    return expression.xreplace({_as_number(row): row[i] for row in rows})


@cache
def _share(loss: Loss) -> Expr | None:
    """What one class adds to a class loss, its entries as numbers; None if the loss is no sum over classes."""
    sums = {a_sum: Dummy() for a_sum in loss.expression.atoms(Sum)}
    if any(len(a_sum.variables) > 1 for a_sum in sums):
        return None
    outside = loss.expression.xreplace(sums)
    factors = {a_sum: outside.diff(dummy) for a_sum, dummy in sums.items()}
    rest = expand(outside - Add(*(factor * sums[a_sum] for a_sum, factor in factors.items())))
    share = Add(*(factor * a_sum.function.xreplace({a_sum.variables[0]: i}) for a_sum, factor in factors.items()))
    share = share.xreplace({row[i]: _as_number(row) for row in (loss.prediction, loss.target)})
    known = {n, *map(_as_number, (loss.prediction, loss.target)), *(symbol for symbol, _ in loss.parameters.values())}
    is_of_numbers = rest.free_symbols | share.free_symbols <= known and not share.has(Sum)
    return share if is_of_numbers and not outside.has(IndexedBase) and not share.has(IndexedBase) else None


def _cases(loss: Loss) -> list[Expr]:
    """The loss of one number for each target of a few; parameters that are never negative are taken as positive.

    Decimals are the fractions that they print as: kinks are where something is exactly 0.
    """
    expression = _share(loss) if loss.over_classes else loss.expression
    if expression is None:
        raise NotImplementedError
    parameters = [symbol for symbol, _ in loss.parameters.values() if symbol.is_nonnegative]
    positive = {symbol: Symbol(symbol.name, positive=True) for symbol in parameters}
    expression, target = in_fractions(expression).xreplace(positive), _as_number(loss.target)
    return [expression if value is None else expression.xreplace({target: value}) for value in _few_targets(loss)]


def _few_targets(loss: Loss) -> list[Expr | None]:
    """Each target, if there are only a few numbers that it can be; else None for all of them."""
    values = domain_of(loss.target)
    return sorted(values) if isinstance(values, FiniteSet) else [None]


@cache
def _turns(loss: Loss) -> list[tuple[Expr | None, Expr, list[Expr]]]:
    """Where the loss of one number turns from one smooth piece to the next: a target, a point, and the pieces there.

    The pieces are what the loss is just below the point, at it and just above. A loss that is no sum over classes
    has none if it is smooth everywhere, and else they are not known.
    """
    if not _is_separate(loss):
        if _turning(loss.expression):
            raise NotImplementedError
        return []
    return [
        (target, point, [_beside(case, _variable(loss), point, side) for side in (-1, 0, 1)])
        for target, case in zip(_few_targets(loss), _cases(loss))
        for point in _points(loss, case)
    ]


def _ends(loss: Loss) -> list[tuple[Expr | None, Expr, list[Expr]]]:
    """The ends of the domain at which the loss of one number is finite, with its pieces there as `_turns` has them."""
    domain, variable = domain_of(loss.prediction), _variable(loss)
    found = []
    for target, case in zip(_few_targets(loss), _cases(loss)) if _is_separate(loss) else []:
        for end, sides in ((domain.inf, (0, 0, 1)), (domain.sup, (-1, 0, 0))):
            if end in domain and not _beside(case, variable, end, 0).subs(variable, end).has(*_NO_NUMBERS):
                found.append((target, end, [_beside(case, variable, end, side) for side in sides]))
    return found


def _pieces(loss: Loss) -> list[Expr]:
    """The smooth pieces of a loss of one number, for each target."""
    inside = S.Half if S.Half in domain_of(loss.prediction) else -S.Half
    return [
        _beside(case, _variable(loss), point, side)
        for case in _cases(loss)
        for point in _points(loss, case) or [inside]
        for side in (-1, 1)
    ]


def _greatest_size_if_constant(loss: Loss, order: int) -> Expr | None:
    """The greatest size of the derivative of this order, if it is constant on each smooth piece of the loss."""
    derivatives = [piece.diff(_variable(loss), order).expand() for piece in _pieces(loss)]
    if any(derivative.has(_variable(loss)) for derivative in derivatives):
        return None
    return _over_targets(loss, Max(*map(_size, derivatives)))


def _at_ends(loss: Loss, order: int) -> list[Expr]:
    """The limits of the derivative of this order at both ends of the domain of the prediction."""
    domain, variable = domain_of(loss.prediction), _variable(loss)
    return [
        _limit(_beside(case, variable, end, side).diff(variable, order), variable, end, side)
        for case in _cases(loss)
        for end, side in ((domain.inf, 1), (domain.sup, -1))
    ]


def _limit(expression: Expr, variable: Expr, end: Expr, side: int) -> Expr:
    expression = in_definitions(expression)
    if any(part.has(variable) for part in expression.atoms(Piecewise)):
        raise NotImplementedError  # of branches that a parameter chooses, SymPy takes one
    found = limit(together(expression), variable, end, "+" if side == 1 else "-")
    if found.has(Limit, AccumBounds, nan, zoo):
        raise NotImplementedError
    return found


def _at(loss: Loss, piece: Expr, point: Expr) -> Expr:
    """The value of a smooth expression at a point."""
    value = piece.subs(_variable(loss), point).expand()
    if value.has(*_NO_NUMBERS) or value.is_real is False:
        raise NotImplementedError
    return value if value.free_symbols else in_definitions(value)


def _jumps(loss: Loss, point: Expr, pieces: Sequence[Expr]) -> bool:
    left, there, right = (_at(loss, piece, point) for piece in pieces)
    return not (_same(left, there) and _same(there, right))


def _same(left: Expr, right: Expr) -> bool:
    verdict = equal(left, right)
    if verdict.kind == "unknown":
        raise NotImplementedError
    return bool(verdict)


_SMOOTH = (NamedFunction, exp, log, sin, cos, sinh, cosh, tanh, atan)
"""Functions that are smooth wherever they are defined."""

_CONDITIONS = (Relational, BooleanFunction, BooleanAtom)
"""Conditions that turn where a comparison does."""


def _turning(expression: Expr) -> set[Expr]:
    """What passes 0 where `expression` turns from one smooth piece to another, or is not smooth or not defined."""
    switches = expression.atoms(Abs, sign, Heaviside, Max, Min, Piecewise, KroneckerDelta)
    if not all(isinstance(part, _SMOOTH) for part in expression.atoms(Function) - switches):
        raise NotImplementedError
    if not all(isinstance(part, (Symbol, *_CONDITIONS)) for part in expression.atoms(Boolean)):
        raise NotImplementedError
    found = {part.args[0] for part in expression.atoms(Abs, sign, Heaviside)}
    found |= {a - b for part in expression.atoms(Max, Min) for a, b in combinations(part.args, 2)}
    found |= {comparison.lhs - comparison.rhs for comparison in expression.atoms(Relational)}
    found |= {part.args[0] for part in expression.atoms(log)}
    found |= {part.base for part in expression.atoms(Pow) if not (part.exp.is_integer and part.exp.is_nonnegative)}
    return {part for part in found if not is_positive(part)}


def _branches(expression: Expr) -> set[Expr]:
    """`expression` with each sign in it settled in each way."""
    switches = shortest_first(expression.atoms(Abs, sign, Heaviside, Max, Min, Relational))
    if not switches:
        return {expression}
    first = switches[0]
    if isinstance(first, Abs):
        ways = [first.args[0], -first.args[0]]
    elif isinstance(first, (Max, Min)):
        ways = list(first.args)
    else:
        ways = [S.true, S.false] if isinstance(first, Relational) else [S.NegativeOne, S.Zero, S.One]
    return {branch for way in ways for branch in _branches(expression.xreplace({first: way}))}


def _points(loss: Loss, expression: Expr) -> list[Expr]:
    """The points inside the domain at which a loss of one number may turn, in a fixed order."""
    variable, inside = _variable(loss), domain_of(loss.prediction).interior
    points: set[Expr] = set()
    for branch in {branch for part in _turning(expression) for branch in _branches(part)}:
        if branch.has(variable):
            roots = solveset(in_definitions(branch), variable, S.Reals)
            if not isinstance(roots, FiniteSet) and roots is not S.EmptySet or not all(root.is_real for root in roots):
                raise NotImplementedError
            points |= set(roots)
    return shortest_first(point for point in points if inside.contains(point) != False)  # noqa: E712, of SymPy


def _beside(expression: Expr, variable: Expr, point: Expr, side: int) -> Expr:
    """`expression` as it is just below `point` (`side` is -1), at it (0) or just above (1), without switches."""

    def settled(part: Expr) -> Expr:
        if not part.args or not part.has(variable):
            return part
        args = [settled(argument) for argument in part.args]
        if isinstance(part, Abs):
            return args[0] * way(args[0]) if args[0].has(variable) else _size(args[0])
        if isinstance(part, sign):
            return way(args[0])
        if isinstance(part, Heaviside):
            way_up = way(args[0])
            return (way_up + way_up**2) / 2 + args[1] * (1 - way_up**2)
        if isinstance(part, (Max, Min)):
            up = 1 if isinstance(part, Max) else -1
            return reduce(lambda a, b: (a + b + up * (a - b) * way(a - b)) / 2, args)
        if isinstance(part, Relational):
            return part.func(way(args[0] - args[1]), 0)
        return part.func(*args)

    def way(inner: Expr) -> Expr:
        if not inner.has(variable):
            return sign(inner)
        if point in (oo, -oo):
            known = _known_sign(_limit(inner, variable, point, side))
            if known:
                return known
        else:
            for order in range(5):
                there = in_definitions(inner.diff(variable, order).subs(variable, point)).expand()
                known = _known_sign(there)
                if known is None:
                    break
                if known != 0:
                    return known * S(side) ** order
        raise NotImplementedError

    return settled(expression)


@cache
def _known_sign(expression: Expr) -> Expr | None:
    """The sign of a number, or of an expression that has one sign at all points; None if it is not known."""
    if expression.is_number:
        return {True: S.Zero, False: sign(expression), None: None}[expression.equals(0)]
    return next((way for way in (S.Zero, S.One, S.NegativeOne) if equal(sign(expression), way)), None)


def _somewhere_negative(loss: Loss) -> bool:
    """Whether the second derivative is negative at one of a few points, its parameters at their defaults.

    Over classes, it is the second derivative by one of two entries. No point is one where the loss may turn.
    """
    defaults = {symbol: S(default) for symbol, default in loss.parameters.values()}
    parts = [in_definitions(part.xreplace(defaults)) for part in (loss.hessian, loss.expression)]
    if loss.over_classes:
        parts = [write_out(part, 2, {i: 1, k: 1}) for part in parts]
        (a, b), (s, t) = ([row[1], row[2]] for row in (loss.prediction, loss.target))
        tried = {a: "3 3/4", b: "0 1/4", s: "0", t: "1"}
    else:
        tried = {loss.prediction: "-3 -1 1/4 1/2 2", loss.target: "0 1 -1"}
    choices = (
        [(unknown, number) for number in map(Rational, numbers.split()) if may_be(unknown, number)]
        for unknown, numbers in tried.items()
    )
    curvature, turns = parts[0], _turning(parts[1])
    return not curvature.has(Derivative) and any(
        (curvature.xreplace(point).evalf(30) + Rational(1, 10**9)).is_negative  # and no 0 but for rounding
        for point in map(dict, product(*choices))
        if all(turn.xreplace(point).equals(0) is False for turn in turns)
    )


def _is_variance(loss: Loss) -> bool | None:
    """True if v'Hv is proved a variance under the softmax of the logits, else None."""
    v = IndexedBase("v")
    form = total(total(v[i] * loss.hessian * v[k], k), i)
    mean = total(softmax(loss.prediction, j) * v[j], j)
    variance = total(softmax(loss.prediction, k) * (v[k] - mean) ** 2)
    return True if equal(form, variance, [TARGETS_SUM_TO_ONE]) else None


# --- greatest sizes -------------------------------------------------------------------------------


def _greatest_size_by_sigmoid(loss: Loss, expression: Expr) -> Expr | None:
    """The least upper bound of |expression| if it is a polynomial in sigmoid(a) and linear in a target from 0 to 1.

    Here a is linear in the prediction, so that sigmoid(a) is any number between 0 and 1, whatever the target.
    """
    if loss.over_classes or domain_of(loss.prediction) != REALS:
        return None
    arguments = {part.args[0] for part in expression.atoms(sigmoid)}
    argument = min(arguments, key=str, default=S.Zero)
    slope = argument.diff(loss.prediction)
    if not arguments <= {argument, -argument} or not slope.is_number or slope == 0:
        return None
    share = Dummy("p")
    polynomial = expression.xreplace({sigmoid(argument): share, sigmoid(-argument): 1 - share})
    sides = _at_ends_of_target(loss, polynomial)
    return None if sides is None else _greatest([_greatest_size(side, [share]) for side in sides])


def _at_ends_of_target(loss: Loss, expression: Expr) -> list[Expr] | None:
    """`expression` at the ends of the targets' domain, where its size is largest; None if it is not linear in them."""
    if not expression.has(loss.target):
        return [expression]
    if domain_of(loss.target) != Interval(0, 1) or expression.diff(loss.target, 2) != 0:
        return None
    return [expression.xreplace({loss.target: end}) for end in (S.Zero, S.One)]


def _bound_of_terms(expression: Expr, parameters: set[Expr]) -> Expr | None:
    """The sizes of the terms of `expression`, each bounded by itself, together; None if one is not bounded so."""
    sizes = [_bound_of_term(term, parameters) for term in Add.make_args(expression)]
    return None if None in sizes else Add(*sizes)


def _bound_of_term(term: Expr, parameters: set[Expr]) -> Expr | None:
    """A bound of a product of numbers, parameters, powers of sigmoids p and p log p."""
    factors = Mul.make_args(term)
    logarithms = [factor for factor in factors if isinstance(factor, log_sigmoid)]
    if any(sigmoid(*logarithm.args) not in factors for logarithm in logarithms):
        return None
    others = [factor for factor in factors if factor not in logarithms and not _is_power_of_sigmoid(factor)]
    if any(factor.free_symbols - parameters for factor in others):
        return None
    return _size(Mul(*others)) / E ** len(logarithms)


def _is_power_of_sigmoid(factor: Expr) -> bool:
    base, power = factor.as_base_exp()
    return isinstance(base, sigmoid) and bool(power.is_nonnegative)


def _at_one_hot_target(loss: Loss, chosen: Expr) -> Expr | None:
    """The gradient where class `chosen` is right, if it is linear in the targets: there |gradient| is largest."""
    if domain_of(loss.target) != Interval(0, 1):
        return None
    scale = Dummy("s")
    scaled = _with_entries(loss.gradient, loss.target, lambda index: scale * loss.target[index])
    if collapse(scaled.diff(scale, 2)).doit() != 0:
        return None
    gradient = _with_entries(loss.gradient, loss.target, lambda index: KroneckerDelta(index, chosen))
    return collapse(in_softmax(gradient), others=False)


def _with_entries(expression: Expr, row: IndexedBase, entry: Callable[[Expr], Expr]) -> Expr:
    return expression.replace(lambda e: isinstance(e, Indexed) and e.base == row, lambda e: entry(e.indices[0]))


def _greatest_size_by_softmax(loss: Loss, expression: Expr, classes: Sequence[Expr]) -> Expr | None:
    """The least upper bound of |expression|, a polynomial in p = softmax(logits): entries of `classes`, sums of powers.

    The rows p are all those of positive numbers that add to 1. What the other classes have adds to r = 1 - p_i - ...,
    and their m-th powers add to something between 0, if there are ever more of them, and r^m, if there is one. If the
    expression is linear in one such sum, one of these two ends is the worst.
    """
    shares = {index: Dummy(str(index)) for index in classes}
    rest = 1 - Add(*shares.values())
    power_sums: dict[Expr, Expr] = {}

    def in_shares(a_sum: Expr) -> Expr:
        base, power = a_sum.function.as_base_exp()
        if base != softmax(loss.prediction, *a_sum.variables):
            return a_sum
        others = rest if power == 1 else power_sums.setdefault(power, Dummy(f"S{power}"))
        return sum(share**power for share in shares.values()) + others

    expression = collapse(expression, others=False).replace(lambda e: isinstance(e, Sum), in_shares)
    expression = expression.xreplace({softmax(loss.prediction, index): share for index, share in shares.items()})
    if len(power_sums) > 1 or any(expand(expression).diff(dummy, 2) != 0 for dummy in power_sums.values()):
        return None
    of_one = {dummy: rest**power for power, dummy in power_sums.items()}
    ends = [expression.xreplace(of_one), expression.xreplace(dict.fromkeys(of_one, S.Zero))]
    return _greatest([_greatest_size(end, list(shares.values())) for end in dict.fromkeys(ends)])


def _greatest_size(polynomial: Expr, shares: Sequence[Expr]) -> Expr | None:
    """The largest |polynomial| where the numbers `shares` are 0 or more and add to at most 1; None if unknown.

    It is found at a point where every derivative is 0, inside or on one of the faces on which some of the shares,
    or what they leave of 1, are 0.
    """
    if not polynomial.is_polynomial(*shares) or polynomial.free_symbols - set(shares):
        return None
    values, rest = [], 1 - Add(*shares)
    for count in range(len(shares) + 1):
        for zeros in combinations([*shares, rest], count):
            free = [share for share in shares if share not in zeros]
            face = {share: S.Zero for share in shares if share in zeros}
            if rest in zeros:
                face[free[-1]] = 1 - Add(*free[:-1])
                free = free[:-1]
            found = _values_where_level(expand(polynomial.xreplace(face)), free, face, rest)
            if found is None:
                return None
            values += found
    return Max(*map(Abs, values))


def _values_where_level(
    polynomial: Expr, free: Sequence[Expr], face: dict[Expr, Expr], rest: Expr
) -> list[Expr] | None:
    """The values of `polynomial` at the points of a face where it is level; None if they are not single points."""
    try:
        points = _level_points(polynomial, free)
    except NotImplementedError:  # SymPy cannot find all roots
        return None
    values = []
    for point in points:
        if set(point) != set(free):
            return None
        place = {**{share: value.xreplace(point) for share, value in face.items()}, **point}
        numbers = [*place.values(), rest.xreplace(place)]
        if any(number.is_real is False for number in numbers):
            continue
        if any(number.is_real is None for number in numbers):
            return None
        if all(number >= 0 for number in numbers):
            values.append(expand(polynomial.xreplace(point)))
    return values


def _level_points(polynomial: Expr, free: Sequence[Expr]) -> list[dict[Expr, Expr]]:
    """Every point at which all derivatives of `polynomial` are 0; none if one always is: its share may be 0 as well."""
    slopes = [polynomial.diff(share) for share in free]
    if S.Zero in slopes:
        return []
    if not free:
        return [{}]
    if len(free) == 1:
        return [{free[0]: root} for root in dict.fromkeys(real_roots(Poly(slopes[0], free[0])))]
    return solve(slopes, free, dict=True)


def _greatest(sizes: Sequence[Expr | None]) -> Expr | None:
    return None if None in sizes else Max(*sizes)
