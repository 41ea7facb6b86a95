"""SymPy expressions as plain mpmath arithmetic: sums are loops, derivatives are difference quotients.

Nothing here knows how lossbook proves, derives or compiles; functions are written again from their meaning.
"""

import mpmath
import sympy
from sympy import Indexed, IndexedBase, Integer, Lambda, Rational

from lossbook.notation import n

mp = mpmath.MPContext()  # a context of its own: the precision of lossbook.counterexamples is left alone
mp.dps = 50
mp.trap_complex = True  # the logarithm and the roots of a negative number are undefined, and raise a ValueError

ELEMENTWISE = {
    "exp": mp.exp,
    "log": mp.log,
    "sin": mp.sin,
    "cos": mp.cos,
    "tanh": mp.tanh,
    "cosh": mp.cosh,
    "sinh": mp.sinh,
    "sech": mp.sech,
    "csch": lambda x: 1 / mp.sinh(x),
    "coth": lambda x: 1 / mp.tanh(x),
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "Abs": abs,
    "sign": mp.sign,
    "Heaviside": lambda x, at_zero=mp.mpf("0.5"): at_zero if x == 0 else mp.mpf(x > 0),
    "Max": max,
    "Min": min,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "log_sigmoid": lambda x: -mp.log1p(mp.exp(-x)),
    "log_cosh": lambda x: mp.log(mp.cosh(x)),
}
OF_ROWS = {
    "logsumexp": lambda row: mp.log(mp.fsum(map(mp.exp, row))),
    "softmax": lambda row, i: mp.exp(row[i - 1]) / mp.fsum(map(mp.exp, row)),
    "softmax_complement": lambda row, i: 1 - mp.exp(row[i - 1]) / mp.fsum(map(mp.exp, row)),
    "log_softmax": lambda row, i: row[i - 1] - mp.log(mp.fsum(map(mp.exp, row))),
}
RELATIONS = {
    "StrictGreaterThan": lambda a, b: a > b,
    "StrictLessThan": lambda a, b: a < b,
    "GreaterThan": lambda a, b: a >= b,
    "LessThan": lambda a, b: a <= b,
    "Equality": lambda a, b: a == b,
    "Unequality": lambda a, b: a != b,
    "And": lambda *conditions: all(conditions),
    "Or": lambda *conditions: any(conditions),
    "Not": lambda condition: not condition,
    "BooleanTrue": lambda: True,
    "BooleanFalse": lambda: False,
}


def evaluate(expression, classes, values):
    """`expression` for this number of classes; `values` has every index, symbol and entry z[1], z[2] ..."""
    values = {key: mp.mpf(v.p) / v.q if isinstance(v, Rational) else v for key, v in values.items()}
    return _evaluate(sympy.sympify(expression), {**values, n: classes})


def _evaluate(e, values):
    def at(part):
        return _evaluate(part, values)

    name = type(e).__name__
    if isinstance(e, sympy.Float):
        return mp.mpf(repr(float(e)))
    if isinstance(e, Rational):
        return mp.mpf(e.p) / e.q
    if e.has(sympy.nan, sympy.zoo) and not e.args:
        raise ZeroDivisionError
    if e in (sympy.E, sympy.pi):
        return mp.e if e == sympy.E else mp.pi
    if isinstance(e, sympy.Symbol):
        return values[e]
    if isinstance(e, Indexed):
        return values[_entry(e, values)]
    if isinstance(e, sympy.KroneckerDelta):
        return mp.mpf(at(e.args[0]) == at(e.args[1]))
    if isinstance(e, sympy.Sum):
        *inner, (index, low, high) = e.limits
        function = sympy.Sum(e.function, *inner) if inner else e.function
        return mp.fsum(_evaluate(function, {**values, index: m}) for m in range(int(at(low)), int(at(high)) + 1))
    if isinstance(e, sympy.Derivative):
        return _derivative(e.expr, [v for v, count in e.variable_count for _ in range(int(count))], values)
    if isinstance(e, sympy.Piecewise):
        return next(at(branch) for branch, condition in e.args if at(condition))
    if name in OF_ROWS:
        return OF_ROWS[name](_row(e.args[0], values), *(int(at(index)) for index in e.args[1:]))
    if name in RELATIONS:
        return RELATIONS[name](*map(at, e.args))
    if name in ELEMENTWISE:
        return ELEMENTWISE[name](*map(at, e.args))
    if isinstance(e, sympy.Add):
        return mp.fsum(map(at, e.args))
    if isinstance(e, sympy.Mul):
        return mp.fprod(map(at, e.args))
    if isinstance(e, sympy.Pow):
        return at(e.base) ** at(e.exp)
    raise NotImplementedError(name)


def _entry(entry, values):
    """The entry of a row or matrix with numbers for its indices."""
    return entry.base[tuple(Integer(int(_evaluate(index, values))) for index in entry.indices)]


def _row(row, values):
    entries = (row[Integer(m)] if isinstance(row, IndexedBase) else row(Integer(m)) for m in range(1, values[n] + 1))
    assert isinstance(row, (IndexedBase, Lambda))
    return [_evaluate(entry, values) for entry in entries]


def _derivative(expression, variables, values):
    *others, last = variables
    if isinstance(last, Indexed):
        last = _entry(last, values)

    def function(x):
        inner = {**values, last: x}
        return _derivative(expression, others, inner) if others else _evaluate(expression, inner)

    return mp.diff(function, values[last])
