"""Derivations that write themselves: one rule of differentiation a line, each line proved."""

from collections.abc import Iterator, Sequence

from sympy import (
    Abs,
    Add,
    Derivative,
    Dummy,
    Eq,
    Expr,
    Heaviside,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Ne,
    Piecewise,
    Pow,
    S,
    Sum,
    count_ops,
    exp,
    expand,
    factor,
    fraction,
    log,
    nan,
    oo,
    sign,
    zoo,
)
from sympy.functions.elementary.hyperbolic import HyperbolicFunction

from lossbook.checks import as_expression, as_variable
from lossbook.derivation import Derivation, StepError, StepUnproved
from lossbook.functions import RowFunction, ScalarFunction, in_one_sigmoid, in_softmax
from lossbook.indices import collapse, free_indices, fresh_index, rename_bound, shortest_first
from lossbook.notation import n, total
from lossbook.typeset import text


class NoRule(ValueError):
    """No rule of the book differentiates this expression."""


def explain(expression: Expr, symbol: Expr, name: Expr | None = None) -> Derivation:
    """The derivation of d expression / d symbol, from the definition to the result, one rule a line.

    `symbol` is a symbol or an entry of a row such as z[i]; whole numbers that count or name classes do not
    vary. Raises NoRule, which names the part that no rule covers or the line that no proof does, rather than skip it.
    """
    expression = rename_bound(as_expression("expression", expression), as_variable("symbol", symbol).free_symbols)
    if symbol == n or symbol in free_indices(expression):
        raise ValueError(f"symbol: expected what can vary, got {symbol}, which counts or names classes")
    if expression.has(nan, oo, -oo, zoo):
        raise ValueError(f"expression: expected finite numbers, got {expression}")
    if expression.has(Derivative):
        raise NoRule(f"expression: no rule differentiates {expression}, which has derivatives of its own")
    derivation = Derivation(Derivative(expression, symbol, evaluate=False), name, because="definition")
    for line, rule in list(_lines(derivation.start)):  # all of them before the first proof: a missing rule comes first
        base = _base_that_may_vanish(derivation.result)
        try:
            derivation.step(line, because=rule)
        except StepError as error:
            if base is not None:
                gap = f"the power rule needs a positive base, and {text(base)} may be 0 or less"
            elif isinstance(error, StepUnproved):
                gap = f"no proof was found of {text(line)}, which is what the rule gives ({rule})"
            else:
                raise
            raise NoRule(f"expression: {gap}") from error
    return derivation


def _base_that_may_vanish(line: Expr) -> Expr | None:
    """The base of a power that is differentiated in `line`, if the power is a symbol and the base may be 0 or less."""
    powers = {power for derivative in line.atoms(Derivative) for power in derivative.expr.atoms(Pow)}
    bases = (power.base for power in shortest_first(powers) if not power.exp.is_number)
    return next((base for base in bases if not base.is_positive), None)


def _lines(line: Expr) -> Iterator[tuple[Expr, str]]:
    """The lines after `line`, each with the name of the rule that gives it."""
    while line.has(Derivative):
        line, rule = _apply_one_rule(line)
        yield line, rule
    collapsed = collapse(line)
    if collapsed != line:
        yield collapsed, "the delta sets one term apart"


def _apply_one_rule(expression: Expr) -> tuple[Expr, str]:
    """`expression` with the first rule that fits applied wherever it fits, and the name of the rule."""
    nodes = _outermost_derivatives(expression)
    rewritten = {node: _differentiate_once(node.expr, node.variables[0]) for node in nodes}
    rule = rewritten[nodes[0]][0]
    line = expression.xreplace({node: result for node, (name, result) in rewritten.items() if name == rule})
    line = line.replace(lambda part: isinstance(part, Mul), _powers_raised)
    return line.replace(lambda part: isinstance(part, Mul), _numbers_in_front), rule


def _numbers_in_front(product: Expr) -> Expr:
    """`product` with a factor such as 2 a - 2 b as 2 (a - b), so that the 2 meets the other numbers."""
    numbers, rest = zip(*(part.primitive() if isinstance(part, Add) else (S.One, part) for part in product.args))
    return Mul(*numbers, *rest)


def _powers_raised(product: Expr) -> Expr:
    """`product` with factors such as p and p^(a - 1) as p^a, where p is positive."""
    lowered = [p for p in product.args if isinstance(p, Pow) and p.base.is_positive and p.exp.as_coeff_Add()[0] == -1]
    for power in lowered:
        if power.base in product.args:
            rest = (part for part in product.args if part not in (power, power.base))
            product = Mul(*rest, power.base ** (power.exp + 1))
    return product


def _outermost_derivatives(expression: Expr) -> list[Expr]:
    if isinstance(expression, Derivative):
        return [expression]
    return list(dict.fromkeys(node for part in expression.args for node in _outermost_derivatives(part)))


def _differentiate_once(expression: Expr, symbol: Expr) -> tuple[str, Expr]:
    """The name of the rule for the outermost operation of `expression`, and what it gives."""

    def d(part: Expr) -> Expr:
        return _derivative(part, symbol)

    if expression == symbol or not _depends(expression, symbol):
        return "constant" if expression != symbol else "power rule", S.One if expression == symbol else S.Zero
    if isinstance(expression, Indexed):
        return "Kronecker delta", _same_entry(expression, symbol)
    if isinstance(expression, Add):
        return "sum rule", Add(*map(d, expression.args))
    if isinstance(expression, Mul) and _constants(expression, symbol)[0] != 1:
        return "constant factor", d(expression)
    if isinstance(expression, Sum) and all(limit[1:] == (1, n) for limit in expression.limits):
        return "sum rule", Sum(d(expression.function), *expression.limits)
    if isinstance(expression, Mul):
        return _differentiate_product(expression, symbol)
    if isinstance(expression, Pow) and not _depends(expression.exp, symbol):
        outer = expression.exp, expression.base ** (expression.exp - 1)
        return _chained("power rule", "outer power", outer, expression.base, symbol)
    if isinstance(expression, Pow) and not _depends(expression.base, symbol):
        outer = log(expression.base), expression
        return _chained("exponential", "outer exponential", outer, expression.exp, symbol)
    if isinstance(expression, Pow):
        base, exponent = expression.args
        return "power as exp of logarithm", expression * _derivative(exponent * log(base), symbol)
    if isinstance(expression, exp):
        return _chained("exponential", "outer exponential", [expression], expression.args[0], symbol)
    if isinstance(expression, log):
        return _chained("logarithm", "outer logarithm", [1 / expression.args[0]], expression.args[0], symbol)
    if isinstance(expression, Abs):
        return _chained(
            "absolute value", "outer absolute value", [sign(expression.args[0])], expression.args[0], symbol
        )
    if isinstance(expression, (ScalarFunction, HyperbolicFunction)):
        name = expression.func.__name__.replace("_", "-")
        return _chained(f"derivative of {name}", f"outer {name}", [expression.fdiff(1)], expression.args[0], symbol)
    if isinstance(expression, (sign, Heaviside)):
        return "constant away from the kink", S.Zero
    if isinstance(expression, (Max, Min)):
        parts = enumerate(expression.args, start=1)
        return "derivative of the greatest or least", Add(*(expression.fdiff(m) * d(part) for m, part in parts))
    if isinstance(expression, RowFunction):
        return _differentiate_row_function(expression, symbol)
    if isinstance(expression, Piecewise):
        comparisons = {part for _, condition in expression.args for part in condition.atoms(Eq, Ne)}
        if any(_depends(part, symbol) for part in comparisons):
            raise NoRule(f"expression: no rule gives the slope of {expression}, which has a branch for a single point")
        return "branch by branch", Piecewise(*((d(branch), condition) for branch, condition in expression.args))
    raise NoRule(f"expression: no rule differentiates {expression} by {symbol}")


def _differentiate_row_function(expression: Expr, symbol: Expr) -> tuple[str, Expr]:
    name = expression.func.__name__.replace("_", "-")
    if isinstance(expression.row, IndexedBase):
        return f"derivative of {name}", expression.partial(symbol.indices[0])
    index = fresh_index(expression.free_symbols | symbol.free_symbols)
    inner = _derivative(rename_bound(expression.entry(index), symbol.free_symbols), symbol)
    return f"chain rule, outer {name}", total(expression.partial(index) * inner, index)


def _differentiate_product(expression: Expr, symbol: Expr) -> tuple[str, Expr]:
    top, bottom = fraction(expression, exact=True)
    if bottom != 1:
        d_top, d_bottom = _derivative(top, symbol), _derivative(bottom, symbol)
        if not d_top.has(Derivative) and not d_bottom.has(Derivative):  # or it would cancel unseen
            d_top = Derivative(top, symbol, evaluate=False) if isinstance(bottom, Add) else d_top
            d_bottom = Derivative(bottom, symbol, evaluate=False) if isinstance(top, Add) else d_bottom
        return "quotient rule", (d_top * bottom - top * d_bottom) / bottom**2
    factors = expression.args
    terms = (
        Mul(*factors[:place], _derivative(part, symbol), *factors[place + 1 :]) for place, part in enumerate(factors)
    )
    return "product rule", Add(*terms)


def _chained(rule: str, outer_name: str, outer: Sequence[Expr], inner: Expr, symbol: Expr) -> tuple[str, Expr]:
    """The rule for f(u): `outer` are the factors of f'(u)."""
    if inner == symbol:
        return rule, Mul(*outer)
    return f"chain rule, {outer_name}", Mul(*outer, _derivative(inner, symbol))


def _derivative(expression: Expr, symbol: Expr) -> Expr:
    """The derivative, not carried out, of what is left of `expression` without constants."""
    constant, expression = _constants(expression, symbol)
    if expression == 1:
        return S.Zero
    return constant * (S.One if expression == symbol else Derivative(expression, symbol, evaluate=False))


def _constants(expression: Expr, symbol: Expr) -> tuple[Expr, Expr]:
    """The constant factors of `expression`, and the rest without the terms that are constant."""
    constant, factors = _split(Mul.make_args(expression), symbol)
    if len(factors) == 1 and isinstance(factors[0], Add):
        terms = Add(*_split(factors[0].args, symbol)[1])
        further, factors = _split(Mul.make_args(terms), symbol)
        constant += further
    return Mul(*constant), Mul(*factors)


def _split(parts: Sequence[Expr], symbol: Expr) -> tuple[list[Expr], list[Expr]]:
    """Those of `parts` that are constant, and those that are not."""
    return [p for p in parts if not _depends(p, symbol)], [p for p in parts if _depends(p, symbol)]


def _depends(expression: Expr, symbol: Expr) -> bool:
    """Whether `expression` varies with `symbol`; z_1 does not vary with z_2."""
    if not isinstance(symbol, Indexed):
        return expression.has(symbol)
    if isinstance(expression, Indexed):
        return expression.base == symbol.base and _same_entry(expression, symbol) != 0
    return expression == symbol.base or any(_depends(part, symbol) for part in expression.args)


def _same_entry(entry: Expr, other: Expr) -> Expr:
    """1 where two entries of a row, or of a matrix, are the same one, and 0 elsewhere."""
    return Mul(*map(KroneckerDelta, entry.indices, other.indices))


def simplest(expression: Expr) -> Expr:
    """The shortest of `expression`, multiplied out, and factored, its sums made whole."""
    plain = collapse(in_one_sigmoid(in_softmax(expression)), others=False)
    parts = {part: Dummy() for part in plain.atoms(Sum)}
    back = {dummy: part for part, dummy in parts.items()}
    flat = expand(plain.xreplace(parts))
    return min((expression, flat.xreplace(back), factor(flat).xreplace(back)), key=lambda e: (count_ops(e), str(e)))
