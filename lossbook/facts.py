"""What can be said of a loss beyond its value: where it has kinks, whether it is convex, how steep it gets.

Each answer is derived from the expression and proved, or says that it is not known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from sympy import (
    Abs,
    Add,
    Dummy,
    E,
    Expr,
    FiniteSet,
    Heaviside,
    Indexed,
    IndexedBase,
    Interval,
    KroneckerDelta,
    Max,
    Mul,
    Poly,
    S,
    Sum,
    Symbol,
    expand,
    limit,
    oo,
    real_roots,
    sign,
    solve,
    sqrt,
)
from sympy.core.relational import Relational

from lossbook.functions import RowFunction, in_definitions, log_sigmoid, sigmoid, softmax, softmax_complement
from lossbook.indices import collapse, shortest_first, write_out
from lossbook.loss import Loss
from lossbook.notation import TARGETS_SUM_TO_ONE, domain_of, i, j, k, total
from lossbook.proof import equal, never_negative


@dataclass(frozen=True)
class Kink:
    """A point at which the slope jumps: any number between `left` and `right` is a subgradient there.

    `target` is the one target that has this kink, or None if every target has it.
    """

    point: Expr
    left: Expr
    right: Expr
    target: Expr | None = None


def kinks(loss: Loss) -> list[Kink]:
    """The kinks of an elementwise loss, each where the prediction takes a value, in a fixed order.

    A target that is one of a few numbers is taken in turn; parameters that are never negative are taken as
    positive. A class loss of the catalogue has none.
    """
    if loss.over_classes:
        return []
    found = []
    for target, gradient in zip(_few_targets(loss), _cases(loss, loss.gradient)):
        for point in _boundaries(gradient, loss.prediction):
            left, right = (_beside(gradient, loss.prediction, point, side) for side in (-1, 1))
            if left != right:
                found.append(Kink(point, left, right, target))
    return found


@cache
def is_convex(loss: Loss) -> bool | None:
    """True if the loss is proved convex in its prediction, False if a counterexample is found, else None.

    Elementwise: the second derivative is never negative and the slope never jumps down. Over classes: the
    Hessian is diagonal and never negative, or v'Hv is a variance under the softmax of the logits.
    """
    if _somewhere_negative(loss):
        return False
    if loss.over_classes:
        return _is_convex_over_classes(loss)
    return never_negative(loss.hessian) and all(never_negative(kink.right - kink.left) for kink in kinks(loss)) or None


@cache
def steepest_slope(loss: Loss) -> Expr | None:
    """The least upper bound of the size of the slope, of one entry of the gradient if there are classes.

    It is over all predictions and targets, and all numbers of classes: oo if there is no bound, None if it is
    not known. Where the gradient is a polynomial in probabilities, its greatest size is found exactly. The slope of
    any other convex loss of one number never falls, so it is largest in size at one of the ends of the domain.
    """
    if _is_separate(loss):
        greatest = _greatest_size_by_sigmoid(loss, loss.gradient)
        if greatest is not None or not is_convex(loss):
            return greatest
        sizes = _at_ends(loss, loss.gradient)
        return oo if any(size.has(oo, -oo) for size in sizes) else _over_targets(loss, Max(*map(_size, sizes)))
    chosen = Dummy("t", integer=True, positive=True)
    gradient = _at_one_hot_target(loss, chosen)
    if gradient is None:
        return None
    own, other = (gradient.xreplace(case) for case in ({chosen: i}, {KroneckerDelta(i, chosen): S.Zero}))
    return _greatest([_greatest_size_by_softmax(loss, own, [i]), _greatest_size_by_softmax(loss, other, [i, chosen])])


@cache
def slope_bound(loss: Loss) -> Expr | None:
    """An upper bound of the size of the slope, which need not be the least; None if none is known.

    It is `steepest_slope` where that is known. Where the slope of the focal loss is greatest, an equation holds that
    has no known solution in closed form. But the size of a sum is at most that of its terms together, a power of a
    sigmoid p is at most 1, and -p log p is at most 1/e.
    """
    least = steepest_slope(loss)
    if least is not None or loss.over_classes:
        return least
    parameters = {symbol for symbol, _ in loss.parameters.values()}
    sides = _at_ends_of_target(loss, loss.gradient) or []
    return _greatest([_bound_of_terms(side, parameters) for side in sides]) if sides else None


@cache
def longest_gradient(loss: Loss) -> Expr | None:
    """The least upper bound of the Euclidean length of the gradient of a class loss; oo without one, None if unknown.

    It is over all predictions and targets, and all numbers of classes. The gradient is linear in the targets, so its
    length is a convex function of them and largest where one class is right.
    """
    if not loss.over_classes:
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
def greatest_curvature(loss: Loss) -> Expr | None:
    """The least upper bound of the size of the second derivative, away from kinks; oo without one, None if unknown.

    Over classes: of one entry of the Hessian of a loss that is a sum of one loss a class.
    """
    if not _is_separate(loss):
        return None
    curvatures = _cases(loss, loss.hessian)
    variable = _variable(loss)
    if all(curvature.diff(variable) == 0 for curvature in curvatures):
        sizes = [_size(value) for curvature in curvatures for value in _pieces(curvature, variable)]
        return _over_targets(loss, Max(*sizes))
    if any(size.has(oo, -oo) for size in _at_ends(loss, loss.hessian)):
        return oo
    return _greatest_size_by_sigmoid(loss, loss.hessian)


def _over_targets(loss: Loss, size: Expr) -> Expr | None:
    """`size` if it is that for all targets, else None."""
    return None if str(loss.target) in map(str, size.free_symbols) else size


def _size(slope: Expr) -> Expr:
    """|slope|, without the bars where its sign is proved."""
    if never_negative(slope):
        return slope
    return -slope if never_negative(-slope) else Abs(slope)


def _is_separate(loss: Loss) -> bool:
    """Whether the loss is of one number against one number, or a sum of such losses, one a class."""
    return not loss.over_classes or not loss.gradient.has(Sum, RowFunction)


def _variable(loss: Loss) -> Expr:
    """What the gradient is taken by, as one number."""
    return Symbol(str(loss.prediction), real=True) if loss.over_classes else loss.prediction


def _cases(loss: Loss, expression: Expr) -> list[Expr]:
    """A derivative of the loss for each value of a target that has only a few; parameters taken as positive.

    Entries of a loss over separate classes are written as numbers.
    """
    positive = {symbol: Symbol(symbol.name, positive=True) for symbol, _ in loss.parameters.values()}
    if loss.over_classes:
        positive[loss.target[i]] = Symbol(str(loss.target), nonnegative=True)
        expression = expression.xreplace({k: i, loss.prediction[i]: _variable(loss)})
    expression = expression.xreplace(positive)
    return [expression if value is None else expression.xreplace({loss.target: value}) for value in _few_targets(loss)]


def _few_targets(loss: Loss) -> list[Expr | None]:
    """Each target, if there are only a few numbers that it can be; else None for all of them."""
    values = domain_of(loss.target)
    return sorted(values) if isinstance(values, FiniteSet) else [None]


def _at_ends(loss: Loss, derivative: Expr) -> list[Expr]:
    """The limits of a derivative of the loss at both ends of the domain of the prediction."""
    domain, variable = domain_of(loss.prediction), _variable(loss)
    limits = []
    for case in _cases(loss, derivative):
        for end, side in ((domain.inf, 1), (domain.sup, -1)):
            resolved = _beside(case, variable, end, side, substitute=False)
            limits.append(limit(in_definitions(resolved), variable, end, "+" if side == 1 else "-"))
    return limits


def _pieces(expression: Expr, variable: Expr) -> list[Expr]:
    """The values of an expression that is constant between the points at which it jumps."""
    points = _boundaries(expression, variable) or [S.Zero]
    return [_beside(expression, variable, point, way) for point in points for way in (-1, 1)]


def _boundaries(expression: Expr, variable: Expr) -> list[Expr]:
    """Where an expression under an absolute value, sign or comparison passes through 0."""
    crossed = {part.args[0] for part in expression.atoms(Abs, sign, Heaviside)}
    for comparison in expression.atoms(Relational):
        difference = comparison.lhs - comparison.rhs
        sizes = list(difference.atoms(Abs))
        crossed |= {difference.xreplace({size: way * size.args[0] for size in sizes}) for way in (1, -1)}
    return shortest_first({point for part in crossed for point in solve(part, variable)})


def _beside(expression: Expr, variable: Expr, point: Expr, side: int, substitute: bool = True) -> Expr:
    """`expression` just beside `point`: every sign under which it changes is settled there."""

    def settled(part: Expr) -> Expr:
        if not part.args or isinstance(part, IndexedBase):
            return part
        args = [settled(argument) for argument in part.args]
        if isinstance(part, Abs):
            return args[0] * way(args[0])
        if isinstance(part, sign):
            return way(args[0])
        if isinstance(part, Relational):
            return part.func(way(args[0] - args[1]), 0)
        return part.func(*args)

    def way(inner: Expr) -> Expr:
        slope = inner.diff(variable)
        if point in (oo, -oo):
            return sign(slope * point) if slope != 0 else sign(inner)
        there = inner.subs(variable, point).expand()
        return sign(there) if there != 0 else sign(slope * side)

    result = settled(expression)
    return result.subs(variable, point).expand() if substitute else result


def _somewhere_negative(loss: Loss) -> bool:
    """Whether the second derivative is negative at one of a few points, its parameters at their defaults.

    Over classes, it is the second derivative by one of two entries.
    """
    curvature = loss.hessian.xreplace({symbol: S(default) for symbol, default in loss.parameters.values()})
    curvature, domain = in_definitions(curvature), domain_of(loss.prediction)
    if loss.over_classes:
        curvature = write_out(curvature, 2, {i: 1, k: 1})
        first, second = (S(3), S.Zero) if S(3) in domain else (S(3) / 4, S.One / 4)
        predicted = {loss.prediction[1]: first, loss.prediction[2]: second}
        points = [predicted | {loss.target[1]: S.Zero, loss.target[2]: S.One}]
    else:
        values = domain_of(loss.target)
        truths = sorted(values) if isinstance(values, FiniteSet) else [S.Zero, S.One]
        numbers = [number for number in (S(-3), S(-1), S.Half / 2, S.Half, S(2)) if number in domain]
        points = [{loss.prediction: number, loss.target: truth} for number in numbers for truth in truths]
    return any(curvature.xreplace(point).evalf(30).is_negative for point in points)


def _is_convex_over_classes(loss: Loss) -> bool | None:
    own = loss.hessian.xreplace({k: i})
    if equal(loss.hessian, KroneckerDelta(i, k) * own):
        return never_negative(own) or None
    v = IndexedBase("v", real=True)
    form = total(total(v[i] * loss.hessian * v[k], k), i)
    mean = total(softmax(loss.prediction, j) * v[j], j)
    variance = total(softmax(loss.prediction, k) * (v[k] - mean) ** 2)
    return True if equal(form, variance, [TARGETS_SUM_TO_ONE]) else None


# --- greatest sizes -------------------------------------------------------------------------------


def _greatest_size_by_sigmoid(loss: Loss, expression: Expr) -> Expr | None:
    """The least upper bound of |expression| if it is a polynomial in sigmoid(a) and linear in a target from 0 to 1.

    Here a is linear in the prediction, so that sigmoid(a) is any number between 0 and 1, whatever the target.
    """
    if loss.over_classes:
        return None
    arguments = {part.args[0] for part in expression.atoms(sigmoid)}
    argument = next((a for a in sorted(arguments, key=str) if not a.could_extract_minus_sign()), S.Zero)
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
    """A bound of a product of numbers, parameters, powers of sigmoids p and one p log p."""
    factors = Mul.make_args(term)
    logarithms = [factor for factor in factors if isinstance(factor, log_sigmoid)]
    if len(logarithms) > 1 or any(sigmoid(*logarithm.args) not in factors for logarithm in logarithms):
        return None
    others = [factor for factor in factors if factor not in logarithms and not _is_power_of_sigmoid(factor)]
    if any(factor.free_symbols - parameters for factor in others):
        return None
    return _size(Mul(*others)) / (E if logarithms else 1)


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
    return collapse(gradient.replace(softmax_complement, lambda row, index: 1 - softmax(row, index)), others=False)


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
        if base != softmax(loss.prediction, *a_sum.variables) or not (power.is_Integer and power > 0):
            return a_sum
        others = rest if power == 1 else power_sums.setdefault(power, Dummy(f"S{power}"))
        return sum(share**power for share in shares.values()) + others

    expression = collapse(expression, others=False).replace(lambda e: isinstance(e, Sum), in_shares)
    expression = expression.xreplace({softmax(loss.prediction, index): share for index, share in shares.items()})
    if len(power_sums) > 1 or any(expand(expression).diff(dummy, 2) != 0 for dummy in power_sums.values()):
        return None
    ends = [
        expression.xreplace({dummy: (rest**power if alone else S.Zero) for power, dummy in power_sums.items()})
        for alone in (True, False)
    ]
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
        if any(number.free_symbols or number.is_real is None for number in numbers):
            return None
        if all(number >= 0 for number in numbers):
            values.append(expand(polynomial.xreplace(point)))
    return values


def _level_points(polynomial: Expr, free: Sequence[Expr]) -> list[dict[Expr, Expr]]:
    """Every point at which all derivatives of `polynomial` are 0; any one point if it is constant."""
    slopes = [polynomial.diff(share) for share in free]
    if all(slope == 0 for slope in slopes):
        return [{share: S.Zero for share in free}]
    if any(slope.is_number and slope != 0 for slope in slopes):
        return []
    if len(free) == 1:
        return [{free[0]: root} for root in dict.fromkeys(real_roots(Poly(slopes[0], free[0])))]
    return solve(slopes, free, dict=True)


def _greatest(sizes: Sequence[Expr | None]) -> Expr | None:
    return None if None in sizes else Max(*sizes)
