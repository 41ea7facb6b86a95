"""Fractions of polynomials in symbols, exponentials, logarithms and sums over classes, each written in one way only.

Exponentials of sums are products, logarithms of products are sums, and sums over classes are taken term by term. So
two expressions that are equal by these rules become the same expression, or the same once they are multiplied out.
"""

from functools import cache

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    Mul,
    Piecewise,
    Pow,
    S,
    Sum,
    exp,
    expand,
    expand_log,
    factor,
    fraction,
    log,
    sign,
    together,
)

from lossbook.indices import outermost
from lossbook.notation import n

LARGEST_POWER = 100
"""exp(c t) is a power of exp(t) for a rational c of smaller numbers: polynomials of a high degree take long."""


class Exponential(Function):
    """exp, but not joined to other exponentials by SymPy when they are multiplied."""

    def _eval_is_real(self) -> bool | None:
        return self.args[0].is_real

    def _eval_is_positive(self) -> bool | None:
        return self.args[0].is_real

    def _eval_evalf(self, prec: int) -> Expr:
        return exp(*self.args)._eval_evalf(prec)


def canonical(expression: Expr) -> Expr:
    """`expression` as a fraction in symbols, entries, exponentials, logarithms and sums."""
    if expression is S.Exp1:
        return Exponential(S.One)
    if not expression.args or isinstance(expression, (Indexed, IndexedBase, sign, Piecewise)):
        return expression
    if isinstance(expression, Sum):
        function, index, _, _ = outermost(expression)
        return _canonical_sum(canonical(function), index)
    args = [canonical(part) for part in expression.args]
    if isinstance(expression, (exp, Exponential)):
        return _exponential(args[0])
    if isinstance(expression, log):
        return _logarithm(args[0])
    if isinstance(expression, Pow) and not args[1].is_Integer and is_positive(args[0]):
        return _exponential(args[1] * _logarithm(args[0]))
    return expression.func(*args)


def _exponential(exponent: Expr) -> Expr:
    """exp of a sum as a product, exp(c t) as exp(t)^c for a simple rational c, and exp(c log t) as t^c."""
    result = S.One
    for term in Add.make_args(expand(exponent)):
        coefficient, rest = term.as_coeff_Mul()
        if isinstance(rest, log) and coefficient.is_Rational:
            result *= rest.args[0] ** coefficient
        elif coefficient.is_Rational and max(abs(coefficient.p), coefficient.q) > LARGEST_POWER and rest.is_real:
            result *= Exponential(abs(coefficient) * rest) ** sign(coefficient)
        elif coefficient.is_Integer or coefficient.is_Rational and rest.is_real:
            result *= Exponential(rest) ** coefficient
        else:
            result *= Exponential(term)
    return result


def _logarithm(argument: Expr) -> Expr:
    """The logarithm of a product as a sum of logarithms, where the factors are never negative."""
    argument = factor(together(argument))
    terms = []
    for part in factors_of(argument):
        base, power = part.as_base_exp()
        if power.is_even and base.is_real and not base.is_nonnegative:
            base = Abs(base)
        if base.is_zero or not power.is_real or not (is_positive(base) or base.is_nonnegative and power.is_positive):
            return log(argument)
        if isinstance(base, Exponential):
            terms.append(power * base.args[0])
        else:
            terms.append(power * (expand_log(log(base), factor=True) if base.is_Integer else log(base)))
    return Add(*terms)


def factors_of(product: Expr) -> list[Expr]:
    """The factors of `product`, those of its absolute values each with bars of its own."""
    factors: list[Expr] = []
    for part in Mul.make_args(product):
        inner = Mul.make_args(factor(part.args[0])) if isinstance(part, Abs) else ()
        factors += map(Abs, inner) if inner else [part]
    return factors


def is_positive(expression: Expr) -> bool:
    """Whether `expression` is seen to be positive: a number that is, or a product or sum of such."""
    if isinstance(expression, Sum):
        return is_positive(expression.function)
    if isinstance(expression, (Add, Mul)):
        return bool(expression.is_positive) or all(is_positive(part) for part in expression.args)
    if isinstance(expression, Pow):
        return is_positive(expression.base) and bool(expression.exp.is_real)
    return bool(expression.is_positive)


def _canonical_sum(function: Expr, index: Expr) -> Expr:
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
            name = bound_class(_depth(dependent))
            result += constant / outer * Sum(dependent.xreplace({index: name}), (name, 1, n))
    return result


def _depth(expression: Expr) -> int:
    """How deep the sums in `expression` are nested."""
    if not expression.args:
        return 0
    if isinstance(expression, Sum):
        return _depth(expression.function) + len(expression.limits)
    return max(_depth(part) for part in expression.args)


@cache
def bound_class(depth: int) -> Expr:
    """The index of a sum that has other sums nested in it to this depth."""
    return Dummy(f"k{depth}", integer=True, positive=True)
