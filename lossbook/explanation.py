"""Derivations that write themselves: one rule of differentiation a line, each line proved."""

from sympy import (
    Abs, Add, Derivative, Dummy, Expr, Indexed, IndexedBase, KroneckerDelta, Mul, Piecewise, Pow, S, Sum, count_ops,
    exp, expand, factor, fraction, log, sign,
)

from lossbook.derivation import Derivation
from lossbook.functions import RowFunction, ScalarFunction, sigmoid, softmax, softmax_complement
from lossbook.indices import collapse, rename_bound
from lossbook.proof import equal


class NoRule(ValueError):
    """No rule of the book differentiates this expression."""


def explain(expression, symbol, name=None):
    """The derivation of d expression / d symbol, from the definition to the result, one rule a line.

    `symbol` is a symbol or an entry of a row such as z[i]. Raises NoRule, which names the part that no
    rule covers, rather than skip a line.
    """
    expression = rename_bound(expression, symbol.free_symbols)
    derivation = Derivation(Derivative(expression, symbol, evaluate=False), name, because="definition")
    while derivation.result.has(Derivative):
        line, rule = _apply_one_rule(derivation.result)
        derivation.step(line, because=rule)
    collapsed = collapse(derivation.result)
    if collapsed != derivation.result:
        derivation.step(collapsed, because="the delta sets one term apart")
    return derivation


def _apply_one_rule(expression):
    """`expression` with the first rule that fits applied wherever it fits, and the name of the rule."""
    nodes = _outermost_derivatives(expression)
    rewritten = {node: _differentiate_once(node.expr, node.variables[0]) for node in nodes}
    rule = rewritten[nodes[0]][0]
    return expression.xreplace({node: result for node, (name, result) in rewritten.items() if name == rule}), rule


def _outermost_derivatives(expression):
    if isinstance(expression, Derivative):
        return [expression]
    return list(dict.fromkeys(node for part in expression.args for node in _outermost_derivatives(part)))


def _differentiate_once(expression, symbol):
    """The name of the rule for the outermost operation of `expression`, and what it gives."""
    def d(part):
        return _derivative(part, symbol)

    if isinstance(expression, Indexed):
        return "Kronecker delta", KroneckerDelta(expression.indices[0], symbol.indices[0])
    if isinstance(expression, Add):
        return "sum rule", Add(*map(d, expression.args))
    if isinstance(expression, Mul) and _constants(expression, symbol)[0] != 1:
        return "constant factor", d(expression)
    if isinstance(expression, Sum):
        return "sum rule", Sum(d(expression.function), *expression.limits)
    if isinstance(expression, Mul):
        return _differentiate_product(expression, symbol)
    if isinstance(expression, Pow) and not _depends(expression.exp, symbol):
        outer = expression.exp, expression.base ** (expression.exp - 1)
        return _chained("power rule", "outer power", outer, expression.base, symbol)
    if isinstance(expression, exp):
        return _chained("exponential", "outer exponential", [expression], expression.args[0], symbol)
    if isinstance(expression, log):
        return _chained("logarithm", "outer logarithm", [1 / expression.args[0]], expression.args[0], symbol)
    if isinstance(expression, Abs):
        return _chained("absolute value", "outer absolute value", [sign(expression.args[0])], expression.args[0], symbol)
    if isinstance(expression, ScalarFunction):
        name = expression.func.__name__.replace("_", "-")
        return _chained(f"derivative of {name}", f"outer {name}", [expression.fdiff()], expression.args[0], symbol)
    if isinstance(expression, RowFunction) and isinstance(expression.row, IndexedBase):
        name = expression.func.__name__.replace("_", "-")
        return f"derivative of {name}", expression.partial(symbol.indices[0])
    if isinstance(expression, Piecewise):
        return "branch by branch", Piecewise(*((d(branch), condition) for branch, condition in expression.args))
    raise NoRule(f"expression: no rule differentiates {expression} by {symbol}")


def _differentiate_product(expression, symbol):
    top, bottom = fraction(expression)
    if bottom != 1:
        d_top, d_bottom = _derivative(top, symbol), _derivative(bottom, symbol)
        return "quotient rule", (d_top * bottom - top * d_bottom) / bottom**2
    terms = (
        Mul(*(_derivative(part, symbol) if part is chosen else part for part in expression.args))
        for chosen in expression.args
    )
    return "product rule", Add(*terms)


def _chained(rule, outer_name, outer, inner, symbol):
    """The rule for f(u): `outer` are the factors of f'(u)."""
    if inner == symbol:
        return rule, Mul(*outer)
    return f"chain rule, {outer_name}", Mul(*outer, _derivative(inner, symbol))


def _derivative(expression, symbol):
    """The derivative, not carried out, of what is left of `expression` without constants."""
    constant, expression = _constants(expression, symbol)
    if expression == 1:
        return S.Zero
    return constant * (S.One if expression == symbol else Derivative(expression, symbol, evaluate=False))


def _constants(expression, symbol):
    """The constant factors of `expression`, and the rest without the terms that are constant."""
    constant, expression = _independent(expression, symbol, as_Add=False)
    if isinstance(expression, Add):
        expression = _independent(expression, symbol, as_Add=True)[1]
        further, expression = _independent(expression, symbol, as_Add=False)
        constant *= further
    return constant, expression


def _independent(expression, symbol, as_Add):
    return expression.as_independent(symbol.base if isinstance(symbol, Indexed) else symbol, as_Add=as_Add)


def _depends(expression, symbol):
    return expression.has(symbol.base if isinstance(symbol, Indexed) else symbol)


def simplest(expression):
    """The shortest of `expression`, multiplied out, and factored, its sums made whole."""
    plain = expression.replace(softmax_complement, lambda row, index: 1 - softmax(row, index))
    plain = plain.replace(
        lambda e: isinstance(e, sigmoid) and e.args[0].could_extract_minus_sign(), lambda e: 1 - sigmoid(-e.args[0])
    )
    plain = collapse(plain, others=False)
    parts = {part: Dummy() for part in plain.atoms(Sum)}
    back = {dummy: part for part, dummy in parts.items()}
    flat = expand(plain.xreplace(parts))
    return min((expression, flat.xreplace(back), factor(flat).xreplace(back)), key=lambda e: (count_ops(e), str(e)))
