"""`explain` writes derivations that are right, one named rule a line, or says which rule is missing."""

from random import Random

import pytest
import sympy
from plain_arithmetic import evaluate, mp
from sympy import (
    Abs,
    And,
    Derivative,
    Eq,
    Function,
    Heaviside,
    IndexedBase,
    Integer,
    Lambda,
    Max,
    Min,
    Ne,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    cos,
    cosh,
    exp,
    log,
    sign,
    sinh,
    sqrt,
)

from lossbook import functions, losses, notation
from lossbook.explanation import NoRule, explain
from lossbook.functions import log_cosh, log_softmax, logsumexp, sigmoid, softmax, softplus, tanh
from lossbook.notation import gamma, i, j, k, l, n, probability, total
from lossbook.typeset import text

z, y, s = notation.logits, notation.targets, notation.logit
x, b, c = (Symbol(name, real=True) for name in "xbc")
a, T = Symbol("a", positive=True), Symbol("T", positive=True)

RULES = {
    "constant", "constant factor", "sum rule", "product rule", "quotient rule", "power rule", "exponential",
    "logarithm", "absolute value", "Kronecker delta", "branch by branch", "power as exp of logarithm",
    "constant away from the kink",
    "derivative of the greatest or least", "the delta sets one term apart", "multiplied out and collected",
    "derivative of cosh", "derivative of sinh", "chain rule, outer sinh",
    "targets sum to 1", "chain rule, outer power", "chain rule, outer exponential", "chain rule, outer logarithm",
    "chain rule, outer absolute value",
    *(f"derivative of {name.replace('_', '-')}" for name in functions.catalogue),
    *(f"chain rule, outer {name.replace('_', '-')}" for name in functions.catalogue),
}  # fmt: skip

EXPRESSIONS = {
    "a constant": (Integer(7), x),
    "the variable": (x, x),
    "a polynomial": (3 * x**4 - x**2 / 2 + 5, x),
    "a quotient of polynomials": ((x**2 + 1) / (x**4 + x + 5), x),
    "a constant over a power": (c / (1 + x**2) ** 3, x),
    "a root": (sqrt(1 + x**2), x),
    "a real power": ((1 + x**2) ** Rational(7, 3), x),
    "a symbolic power": (sigmoid(x) ** gamma, x),
    "a variable exponent": (a**x, x),
    "a variable exponent by its base": (a**x, a),
    "a composed exponent": (a ** (x**2 + 1), x),
    "the number to its own power": (a**a, a),
    "base and exponent": ((1 + x**2) ** exp(-x), x),
    "a Gaussian": (exp(-(x**2) / 2), x),
    "a product with an exponential": (x**2 * exp(-x), x),
    "three factors": (x * exp(x) * log(1 + x**2), x),
    "a logarithm of a logarithm": (log(1 + log(1 + exp(x))), x),
    "an exponential of an exponential": (exp(-exp(-x)), x),
    "tanh by exponentials": ((exp(x) - exp(-x)) / (exp(x) + exp(-x)), x),
    "a hyperbolic cosine": (log(cosh(x)), x),
    "a hyperbolic sine and tangent": (sinh(x**2) * sympy.tanh(x), x),
    "sigmoid of a polynomial": (sigmoid(3 * x**2 - x), x),
    "softplus of tanh": (softplus(2 * tanh(x)), x),
    "an odd power of an absolute value": (Abs(x - 2) ** 3, x),
    "a shifted absolute value": (Abs(x**2 - c), x),
    "a sign": (x * sign(x), x),
    "a step": (x**2 * Heaviside(x), x),
    "a maximum": (Max(0, 1 - x), x),
    "a minimum of three": (Min(x, c, x**2), x),
    "two branches": (Piecewise((x**2, x > 0), (-x * exp(x), True)), x),
    "branches by a parameter": (Piecewise((c * x**2, Abs(x) <= a), (a * Abs(x), True)), a),
    "nested branches": (Piecewise((Piecewise((x, x < 1), (x**2, True)), x > 0), (0, True)) ** 2, x),
    "a temperature": (log_cosh(x / T), T),
    "a sum of squares": (total((z[k] - y[k]) ** 2), z[i]),
    "an entry": (z[i], z[j]),
    "a function of one entry": (exp(-z[i]) * z[i], z[j]),
    "a product of sums": (total(z[k] ** 2) * total(exp(z[k])), z[i]),
    "a logarithm of a sum": (log(total(exp(-z[k]))), z[j]),
    "a root of a sum": (sqrt(total(z[k] ** 2)), z[i]),
    "a double sum": (total(total(z[k] * z[l] * y[k], k), l), z[i]),
    "a sum by a parameter": (total(a ** z[k]), a),
    "a sum over an index that is free outside": (total(z[i] ** 3, i), z[i]),
    "branches in a sum": (total(Piecewise((z[k] ** 2, z[k] > 0), (0, True))), z[i]),
    "a weighted logsumexp": (log(total(y[k] * exp(z[k]))), z[i]),
    "softmax of a scaled row by the scale": (softmax(Lambda(k, z[k] / T), i), T),
    "softmax of a scaled row": (softmax(Lambda(k, z[k] / T), i), z[j]),
    "log-softmax of a shifted row by the shift": (log_softmax(Lambda(k, z[k] + c * y[k]), i), c),
    "logsumexp of powers": (logsumexp(Lambda(k, z[k] ** 2)), z[j]),
    "a row shifted by an entry of its own": (logsumexp(Lambda(k, z[k] + z[i])), z[i]),
    "a row with a sum over the index that is asked for": (softmax(Lambda(k, total((z[k] - y[j]) ** 2, j)), j), z[i]),
    "numbers for indices": (softmax(z, 1).definition() * z[2], z[2]),
    "a focal loss of rows": (-total(y[k] * (1 - softmax(z, k)) ** 2 * log_softmax(z, k)), z[i]),
}
for name, loss in losses.catalogue.items():
    EXPRESSIONS[f"loss {name}"] = loss.expression, loss.variable
for name, function in functions.catalogue.items():
    start = function.symbolic()
    EXPRESSIONS[f"function {name}"] = start, z[j] if start.has(z) else s
    EXPRESSIONS[f"definition of {name}"] = start.definition(), z[j] if start.has(z) else s

DERIVATIONS = {}


def derivation(name):
    if name not in DERIVATIONS:
        DERIVATIONS[name] = explain(*EXPRESSIONS[name])
    return DERIVATIONS[name]


def points(expression):
    """Three points with 1, 2 and 4 classes, away from kinks."""
    generator = Random(0)
    rows = expression.atoms(IndexedBase)
    numbered = [x for base in rows for e in expression.atoms(type(z[i])) for x in e.indices if x.is_Integer]
    for classes in (max([1, *numbered]), max([2, *numbered]), 4):
        symbols = sorted(expression.atoms(Symbol) | {i, j} | rows, key=str)
        values = {}
        for symbol in symbols:
            if symbol in (i, j):
                values[symbol] = generator.randint(1, classes)
            elif symbol in rows:
                low = 0.1 if symbol[1].is_nonnegative else -2
                values |= {symbol[m]: mp.mpf(generator.uniform(low, 0.9)) for m in range(1, classes + 1)}
            else:
                values[symbol] = mp.mpf(generator.uniform(0.1 if symbol.is_nonnegative else -2, 0.9))
        yield classes, values


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_result_is_the_derivative(name):
    expression, symbol = EXPRESSIONS[name]
    result = derivation(name).result
    assert not result.has(Derivative)
    for classes, values in points(Derivative(expression, symbol, evaluate=False) + symbol):
        slope = evaluate(Derivative(expression, symbol, evaluate=False), classes, values)
        assert mp.almosteq(evaluate(result, classes, values), slope, 1e-15, 1e-20)


@pytest.mark.thorough(one_case_in=2)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_each_line_is_one_named_rule_and_proved(name):
    steps = derivation(name).steps
    assert steps
    for step in steps:
        assert step.because in RULES
        assert step.verdict.kind == "proved"


@pytest.mark.parametrize("name", losses.catalogue)
def test_a_loss_derives_its_own_gradient(name):
    loss = losses.catalogue[name]
    assert {step.because for step in loss.derivation().steps} <= RULES


def test_an_exponential_with_a_minus_sign_is_a_factor_and_not_a_denominator():
    assert explain(x * exp(-x), x).steps[0].because == "product rule"


def test_the_lines_of_a_quotient():
    lines = explain((1 + x) / (1 + x**2), x)
    assert [step.because for step in lines.steps] == ["quotient rule", "power rule"]


def test_the_lines_of_a_sum_over_classes():
    lines = explain(log(total(exp(z[k]))), z[i])
    assert [step.because for step in lines.steps] == [
        "chain rule, outer logarithm", "sum rule", "chain rule, outer exponential", "Kronecker delta",
        "the delta sets one term apart",
    ]  # fmt: skip
    assert lines.result == exp(z[i]) / total(exp(z[k]))


def test_what_does_not_vary_is_constant_at_once():
    assert [step.because for step in explain(exp(z[1]), z[2]).steps] == ["constant"]
    first = explain(exp(z[1]) * exp(z[2]) ** 2, z[2]).steps[0]
    assert first.because == "constant factor" or not first.expression.has(Derivative(exp(z[1]), z[2], evaluate=False))
    assert not any(
        step.expression.has(Derivative(z[1], z[2], evaluate=False)) for step in derivation("numbers for indices").steps
    )


@pytest.mark.parametrize(
    "expression, part",
    [
        (sympy.tan(x), "tan(x)"),
        (exp(x) * cos(x), "cos(x)"),
        (x + sympy.gamma(x**2), "gamma(x**2)"),
        (log(1 + Function("f")(x) ** 2), "f(x)"),
        (Piecewise((sympy.floor(x), x > 0), (x, True)), "floor(x)"),
        (sympy.Integral(exp(-x * c), (c, 0, 1)), "Integral"),
        (x * Derivative(Function("f")(x), x), "Derivative"),
    ],
    ids=str,
)
def test_a_missing_rule_is_named_with_its_part(expression, part):
    with pytest.raises(NoRule, match=r"^expression: no rule differentiates ") as caught:
        explain(expression, x)
    assert part in str(caught.value)


def test_a_missing_rule_in_a_sum_is_named():
    with pytest.raises(NoRule, match=r"no rule differentiates cos\(z\[k\]\) by z\[i\]"):
        explain(total(cos(z[k])), z[i])


@pytest.mark.parametrize(
    "expression, symbol, base",
    [
        ((a * x + b) ** gamma, x, "a*x + b"),
        (x**gamma, x, "x"),
        (Abs(x) ** gamma, x, "|x|"),
        (exp(x) * (exp(x) - 1) ** (2 * gamma), x, "exp(x) - 1"),
        (total(z[k]) ** gamma, z[i], "Σ_k(z_k)"),
        ((x**2 - c) ** gamma, x, "x**2 - c"),
    ],
)
def test_a_power_of_what_may_be_0_is_a_gap_and_not_called_false(expression, symbol, base):
    """At a base of 0 and a power of 1 the slope is 1, and the rule's power of 0, 0^0, only says so by convention."""
    with pytest.raises(NoRule) as caught:
        explain(expression, symbol)
    assert str(caught.value) == f"expression: the power rule needs a positive base, and {base} may be 0 or less"


@pytest.mark.parametrize("base", [exp(x), x**2 + 1, T, 1 - probability])
def test_the_power_rule_holds_for_any_power_of_what_is_positive(base):
    symbol = next(iter(base.free_symbols))
    slope = explain(base**gamma, symbol).result
    at = {symbol: Rational(1, 3), gamma: Rational(7, 5)}
    h = Rational(1, 10**12)
    around = [(base**gamma).subs({**at, symbol: at[symbol] + way * h}).evalf(60) for way in (1, -1)]
    assert abs(float((around[0] - around[1]) / (2 * h) - slope.subs(at).evalf(60))) < 1e-20


@pytest.mark.parametrize("ends", [(1, 3), (2, n)])
def test_a_sum_that_does_not_run_over_all_classes_is_a_gap(ends):
    with pytest.raises(NoRule, match=r"no rule differentiates Sum\(z\[k\]\*\*2, "):
        explain(1 + Sum(z[k] ** 2, (k, *ends)), z[i])


@pytest.mark.parametrize("condition", [Eq(x, 1), Ne(x, 1), And(x > 0, Ne(x**2, 1))])
def test_a_branch_for_a_single_point_is_a_gap(condition):
    """x where it is not 1, and 1 where it is, is x: its slope at 1 is not that of the 1."""
    with pytest.raises(NoRule, match="no rule gives the slope of Piecewise.*, which has a branch for a single point"):
        explain(Piecewise((x**2, condition), (1, True)), x)
    assert explain(Piecewise((x**2, Eq(c, 1)), (1, True)), x).result == Piecewise((2 * x, Eq(c, 1)), (0, True))


def test_a_line_that_is_not_proved_is_a_gap():
    expression = exp(c + Sum(z[k], (k, 2, n)))
    with pytest.raises(NoRule) as caught:
        explain(expression, c)
    found = f"no proof was found of {text(expression)}, which is what the rule gives (chain rule, outer exponential)"
    assert str(caught.value) == f"expression: {found}"


def test_a_power_less_one_times_its_base_is_the_power_unless_the_base_may_be_0():
    result = explain((1 - softmax(z, j) ** T) / T, z[i]).result
    assert text(result, shares=True) == "-p_j**T*(δ_ij*(1 - p_j) - p_i*(1 - δ_ij))"
    assert text(explain(c * c ** (T - 1) * x**2, x).result) == "2*c*c**(T - 1)*x"


@pytest.mark.parametrize("expression, lines", [
    (2 * T * x / (T + x), ["2*T*∂/∂x(x/(T + x))", "(2*T*((T + x)*∂x/∂x - x))/((T + x)**2)", "(2*T**2)/((T + x)**2)"]),
    ((x + 1) / x, ["(x - (1 + x)*∂x/∂x)/(x**2)", "-1/(x**2)"]),
    ((x + 1) / (x + 3), ["((3 + x)*∂/∂x(1 + x) - (1 + x)*∂/∂x(3 + x))/((3 + x)**2)", "2/((3 + x)**2)"]),
])  # fmt: skip
def test_the_difference_of_a_quotient_is_seen_before_its_terms_cancel(expression, lines):
    assert [text(step.expression) for step in explain(expression, x).steps] == lines


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="expression: expected a SymPy expression, got the string 'x'"):
        explain("x", x)
    with pytest.raises(TypeError, match="symbol: expected a symbol or an entry of a row"):
        explain(x**2, x**2)


def test_what_counts_or_names_classes_does_not_vary():
    for expression, symbol in [(total(z[k]), n), (k * z[k], k), (softmax(z, i), i), (z[k] ** 2, k)]:
        with pytest.raises(ValueError, match=f"^symbol: expected what can vary, got {symbol}, which counts or names"):
            explain(expression, symbol)
    assert explain(total(k * c * z[k]), c).result == total(k * z[k])


@pytest.mark.parametrize("number", [sympy.nan, sympy.oo, sympy.zoo, -sympy.oo * x], ids=str)
def test_what_is_no_number_has_no_derivative(number):
    with pytest.raises(ValueError, match="^expression: expected finite numbers, got "):
        explain(number, x)


def test_a_factor_that_comes_twice_is_differentiated_once_in_each_term():
    squared = sympy.Mul(sigmoid(x), sigmoid(x), evaluate=False)
    result = explain(squared, x).result
    assert sympy.expand(result - 2 * sigmoid(x) ** 2 * sigmoid(-x)) == 0


def test_an_entry_of_a_matrix_varies_with_itself_alone():
    weights, inputs = IndexedBase("w", real=True), IndexedBase("x", real=True)
    score = total(weights[i, k] * inputs[k])
    assert explain(score, weights[i, j]).result == inputs[j]
    assert explain(weights[1, 2] * weights[2, 1], weights[1, 2]).result == weights[2, 1]
    assert explain(score.subs(i, 1), weights[2, 1]).result == 0


@pytest.mark.parametrize("expression, lines", [
    ((s - y[i]) * 2 * exp(s), ["2*((z - y_i)*∂/∂z(exp(z)) + exp(z))", "2*((z - y_i)*exp(z) + exp(z))"]),
    (((s - y[i]) ** 2 - 1) ** 2, ["-2*(1 - (z - y_i)**2)*∂/∂z((z - y_i)**2)", "-4*(z - y_i)*(1 - (z - y_i)**2)"]),
    (sqrt((s - y[i]) ** 2 + 1),
     ["(∂/∂z((z - y_i)**2))/(2*sqrt(1 + (z - y_i)**2))", "(z - y_i)/(sqrt(1 + (z - y_i)**2))"]),
])  # fmt: skip
def test_numbers_stand_in_front_and_meet(expression, lines):
    assert [text(step.expression) for step in explain(expression, s).steps] == lines
