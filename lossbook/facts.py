"""What can be said of a loss beyond its value: where it has kinks, whether it is convex, how steep it gets.

Each answer is derived from the expression and proved, or says that it is not known.
"""

from dataclasses import dataclass

from sympy import Abs, Expr, FiniteSet, Heaviside, IndexedBase, KroneckerDelta, Max, S, Symbol, limit, oo, sign, solve
from sympy.core.relational import Relational

from lossbook.functions import in_definitions, softmax
from lossbook.indices import write_out
from lossbook.notation import DOMAINS, TARGETS_SUM_TO_ONE, i, j, k, total
from lossbook.proof import equal, never_negative


@dataclass(frozen=True)
class Kink:
    """A point at which the slope jumps: any number between `left` and `right` is a subgradient there."""

    point: Expr
    left: Expr
    right: Expr


def kinks(loss):
    """The kinks of an elementwise loss, each where the prediction takes a value, in a fixed order.

    A target that is one of a few numbers is taken in turn; parameters that are never negative are taken as
    positive. A class loss of the catalogue has none.
    """
    if loss.over_classes:
        return []
    found = []
    for gradient in _cases(loss):
        for point in _boundaries(gradient, loss.prediction):
            left, right = (_beside(gradient, loss.prediction, point, side) for side in (-1, 1))
            if left != right:
                found.append(Kink(point, left, right))
    return found


def is_convex(loss):
    """True if the loss is proved convex in its prediction, False if a counterexample is found, else None.

    Elementwise: the second derivative is never negative and the slope never jumps down. Over classes: the
    Hessian is diagonal and never negative, or v'Hv is a variance under the softmax of the logits.
    """
    if loss.over_classes:
        return _is_convex_over_classes(loss)
    if never_negative(loss.hessian) and all(never_negative(kink.right - kink.left) for kink in kinks(loss)):
        return True
    return False if _somewhere_negative(loss) else None


def steepest_slope(loss):
    """The least upper bound of the size of the slope of a convex elementwise loss; oo if there is none, None if unknown.

    The slope of a convex loss never falls, so it is largest in size at one of the ends of the domain.
    """
    if loss.over_classes or not is_convex(loss):
        return None
    domain = DOMAINS.get(loss.prediction, S.Reals)
    sizes = []
    for gradient in _cases(loss):
        for end, side in ((domain.inf, 1), (domain.sup, -1)):
            resolved = _beside(gradient, loss.prediction, end, side, substitute=False)
            sizes.append(limit(in_definitions(resolved), loss.prediction, end, "+" if side == 1 else "-"))
    return oo if any(size.has(oo, -oo) for size in sizes) else Max(*map(_size, sizes))


def _size(slope):
    """|slope|, without the bars where its sign is proved."""
    if never_negative(slope):
        return slope
    return -slope if never_negative(-slope) else Abs(slope)


def _cases(loss):
    """The gradient, for each value of a target that has only a few; parameters taken as positive."""
    positive = {symbol: Symbol(symbol.name, positive=True) for symbol, _ in loss.parameters.values()}
    gradient = loss.gradient.xreplace(positive)
    values = DOMAINS.get(loss.target)
    if isinstance(values, FiniteSet):
        return [gradient.xreplace({loss.target: value}) for value in sorted(values)]
    return [gradient]


def _boundaries(expression, variable):
    """Where an expression under an absolute value, sign or comparison passes through 0."""
    crossed = {part.args[0] for part in expression.atoms(Abs, sign, Heaviside)}
    for comparison in expression.atoms(Relational):
        difference = comparison.lhs - comparison.rhs
        sizes = list(difference.atoms(Abs))
        crossed |= {difference.xreplace({size: way * size.args[0] for size in sizes}) for way in (1, -1)}
    points = {point for part in crossed for point in solve(part, variable)}
    return sorted(points, key=lambda point: (len(str(point)), str(point)))


def _beside(expression, variable, point, side, substitute=True):
    """`expression` just beside `point`: every sign under which it changes is settled there."""

    def settled(part):
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

    def way(inner):
        slope = inner.diff(variable)
        if point in (oo, -oo):
            return sign(slope * point) if slope != 0 else sign(inner)
        there = inner.subs(variable, point).expand()
        return sign(there) if there != 0 else sign(slope * side)

    result = settled(expression)
    return result.subs(variable, point).expand() if substitute else result


def _somewhere_negative(loss):
    """Whether the second derivative is negative at one of a few points, its parameters at their defaults."""
    curvature = loss.hessian.xreplace({symbol: S(default) for symbol, default in loss.parameters.values()})
    domain = DOMAINS.get(loss.prediction, S.Reals)
    points = [number for number in (S(-3), S(-1), S.Half / 2, S.Half, S(2)) if number in domain]
    return any(
        in_definitions(curvature.xreplace({loss.prediction: point, loss.target: truth})).evalf(30).is_negative
        for point in points
        for truth in (S.Zero, S.One)
    )


def _is_convex_over_classes(loss):
    own = loss.hessian.xreplace({k: i})
    if equal(loss.hessian, KroneckerDelta(i, k) * own):
        return never_negative(own) or None
    v = IndexedBase("v", real=True)
    form = total(total(v[i] * loss.hessian * v[k], k), i)
    mean = total(softmax(loss.prediction, j) * v[j], j)
    variance = total(softmax(loss.prediction, k) * (v[k] - mean) ** 2)
    if equal(form, variance, [TARGETS_SUM_TO_ONE]):
        return True
    curvature = write_out(in_definitions(loss.hessian), 2, {i: 1, k: 1})
    numbers = {loss.prediction[1]: S(3), loss.prediction[2]: S.Zero, loss.target[1]: S.Zero, loss.target[2]: S.One}
    return False if curvature.xreplace(numbers).evalf(30).is_negative else None
