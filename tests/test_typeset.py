"""Expressions are written as one writes them by hand."""

import math
import re
from random import Random

import pytest
from latex_reader import Reader
from sympy import (
    Abs,
    Derivative,
    Eq,
    IndexedBase,
    KroneckerDelta,
    Lambda,
    Le,
    Lt,
    Mul,
    Piecewise,
    Rational,
    S,
    Sum,
    Symbol,
    exp,
    log,
    oo,
    sign,
    sqrt,
    symbols,
)

from lossbook import losses
from lossbook.cards import Card
from lossbook.functions import log_sigmoid, log_softmax, logsumexp, sigmoid, softmax, softmax_complement
from lossbook.notation import (
    TARGETS_SUM_TO_ONE,
    i,
    j,
    k,
    l,
    logit,
    n,
    prediction,
    probabilities,
    targets,
    total,
)
from lossbook.notation import logits as z
from lossbook.notation import probability as p
from lossbook.notation import target as y
from lossbook.proof import equal
from lossbook.typeset import Formula, latex, text

a, b = symbols("a b", real=True)

TEXTS = {
    "2*sigmoid(z)*log_sigmoid(z)": 2 * log_sigmoid(logit) * sigmoid(logit),
    "(1 - p)*log_softmax(z)_k": log_softmax(z, k) * (1 - p),
    "yhat - y - a": prediction - a - y,
    "(b*sign(yhat - y))/2": -b * sign(y - prediction) / 2,
    "(sign(yhat - y))/(1 + |yhat - y|)": -sign(y - prediction) / (1 + Abs(prediction - y)),
    "yhat - y - b*sign(yhat - y)": prediction - b * sign(prediction - y) - y,
    "∞": oo,
    "p - y": p - y,
    "1 - p": 1 - p,
    "-p": -p,
    "y - p": y - p,
    "1 + a**2": 1 + a**2,
    "k + 1": k + 1,
    "2*(p - y)": 2 * p - 2 * y,
    "2*(a - b)": 2 * a - 2 * b,
    "2*p*(a - b)": p * (2 * a - 2 * b),
    "a*b": Mul(Mul(-1, a, evaluate=False), Mul(-1, b, evaluate=False), evaluate=False),
    "a - b": a - b,
    "p*(1 - p)": p * (1 - p),
    "p*(1/2 - p)": p * (Rational(1, 2) - p),
    "(p - y)/(p*(1 - p))": (p - y) / (p * (1 - p)),
    "1/4 - a**2": Rational(1, 4) - a**2,
    "exp(-z)": exp(-logit),
    "sigmoid(z)*sigmoid(-z)": sigmoid(logit) * sigmoid(-logit),
    "1 + a/e": 1 + a / exp(1),
    "z_i": z[i],
    "z_2": z[2],
    "z_12": z[12],
    "z_{k + 1}": z[k + 1],
    "z_{k - 1} - z_k": z[k - 1] - z[k],
    "z_1*(n + 1)": (n + 1) * z[1],
    "w_ik": IndexedBase("w")[i, k],
    "w_{1,12}": IndexedBase("w")[1, 12],
    "softmax(z)_{k + 1}": softmax(z, k + 1),
    "{a if a > 0; b}": Piecewise((a, a > 0), (b, True)),
    "softmax(a + z)_i": softmax(Lambda(k, z[k] + a), i),
    "-a*(1 - b)": a * (b - 1),
    "Σ_k(-z_k*(1 - y_k))": total((targets[k] - 1) * z[k]),
    "a*Σ_k(z_k*sign(z_k - y_k))": -a * total(z[k] * sign(targets[k] - z[k])),
    "(Σ_k(z_k*(1 - y_k)))/p": -total((targets[k] - 1) * z[k]) / p,
    "softmax(z + z_1)_i": softmax(Lambda(k, z[k] + z[1]), i),
    "softmax(k ↦ z_k - a*δ_jk)_j": softmax(Lambda(l, z[l] - a * KroneckerDelta(l, j)), j),
    "softmax(k ↦ log_softmax(z)_k)_i": softmax(Lambda(j, log_softmax(z, j)), i),
    "δ_{i,k + 1}": KroneckerDelta(i, k + 1),
    "δ_ij": KroneckerDelta(i, j),
    "Σ_k(y_k*log(p_k))": total(targets[k] * log(probabilities[k])),
    "Σ_k≠i(z_k)": total((1 - KroneckerDelta(i, k)) * z[k]),
    "Σ_k≠i,j(z_k)": total((1 - KroneckerDelta(i, k)) * (1 - KroneckerDelta(j, k)) * z[k]),
    "Σ_{k from 2 to n}(z_k)": Sum(z[k], (k, 2, n)),
    "Σ_{k from 1 to 3}(z_k)": Sum(z[k], (k, 1, 3)),
    "Σ_{k≠i from 2 to n}(z_k)": Sum((1 - KroneckerDelta(i, k)) * z[k], (k, 2, n)),
    "Σ_l(Σ_{k from 1 to l - 1}(y_l*z_k))": total(Sum(z[k] * targets[l], (k, 1, l - 1)), l),
    "Σ_l(Σ_k(y_l*z_k))": total(total(z[k] * targets[l], k), l),
    "softmax(z)_i - y_i": softmax(z, i) - targets[i],
    "softmax(z)_i*(1 - softmax(z)_i)": softmax(z, i) * softmax_complement(z, i),
    "∂/∂z_i(softmax(z)_j)": Derivative(softmax(z, j), z[i]),
    "∂²L/∂z²": Derivative(Symbol("L"), logit, logit),
    "∂³L/∂z_i² ∂z_k": Derivative(Symbol("L"), z[i], z[i], z[k]),
}

LATEX = {
    r"\left|\hat{y} - y\right|^{\frac{3}{2}}": Abs(prediction - y) ** Rational(3, 2),
    r"{w}_{ij}": IndexedBase("w")[i, j],
    r"{w}_{i,12}": IndexedBase("w")[i, 12],
    "p - y": p - y,
    "1 - p": 1 - p,
    r"2 \, \left(a - b\right)": 2 * a - 2 * b,
    r"p \, \left(1 - p\right)": p * (1 - p),
    r"\frac{p - y}{p \, \left(1 - p\right)}": (p - y) / (p * (1 - p)),
    r"\sum_{k=1}^{n} {z}_{k}": total(z[k]),
    "{z}_{k + 1}": z[k + 1],
    "{w}_{i,k + 1}": IndexedBase("w")[i, k + 1],
    r"\operatorname{softmax}{\left(z \right)}_{k + 1}": softmax(z, k + 1),
    r"\operatorname{logsumexp}{\left(k \mapsto k \, {z}_{k} \right)}": logsumexp(Lambda(k, k * z[k])),
    r"\delta_{i, k + 1}": KroneckerDelta(i, k + 1),
    r"\sum_{k \ne i} {z}_{k}": total((1 - KroneckerDelta(i, k)) * z[k]),
    r"\sum_{k \ne i, j} {z}_{k}": total((1 - KroneckerDelta(i, k)) * (1 - KroneckerDelta(j, k)) * z[k]),
    r"\sum_{k=2, k \ne i, j}^{n} {z}_{k}": Sum(
        (1 - KroneckerDelta(i, k)) * (1 - KroneckerDelta(j, k)) * z[k], (k, 2, n)
    ),
    r"a \, \sum_{k=1}^{n} {z}_{k}": a * total(z[k]),
    r"\left(\sum_{k=1}^{n} {y}_{k}\right) \, \sum_{k=1}^{n} {z}_{k}": total(targets[k]) * total(z[k]),
    r"\delta_{i j}": KroneckerDelta(i, j),
    r"\frac{\partial}{\partial {z}_{i}} {z}_{j}": Derivative(z[j], z[i], evaluate=False),
    r"\frac{\partial^{2} L}{\partial z^{2}}": Derivative(Symbol("L"), logit, logit),
    r"\frac{\partial^{2} L}{\partial {z}_{i} \, \partial {z}_{k}}": Derivative(Symbol("L"), z[i], z[k]),
}


@pytest.mark.parametrize("written", TEXTS)
def test_text_of(written):
    assert text(TEXTS[written]) == written


@pytest.mark.parametrize("written", LATEX)
def test_latex_of(written):
    assert latex(LATEX[written]) == written


def test_shares_are_written_p_where_that_is_asked_for():
    assert latex(softmax(z, i), shares=True) == "p_{i}" and text(softmax(z, i), shares=True) == "p_i"
    assert latex(softmax(z, i) ** 2, shares=True) == "p_{i}^{2}"
    assert latex(log_softmax(z, i), shares=True) == r"\log p_{i}"


def test_a_complement_has_brackets_unless_it_stands_alone():
    complement = softmax_complement(z, i)
    assert latex(complement, shares=True) == "1 - p_{i}" and text(complement, shares=True) == "1 - p_i"
    assert text(2 * complement, shares=True) == "2*(1 - p_i)" and text(1 - complement, shares=True) == "1 - (1 - p_i)"
    assert latex(complement**2, shares=True) == r"\left(1 - p_{i}\right)^{2}"


def test_a_formula_joins_its_sides():
    assert str(Formula(p - y, 1 - y)) == "p - y = 1 - y"
    assert Formula(p - y, 1 - y)._repr_latex_() == "$$p - y = 1 - y$$"
    assert latex(Eq(p, y).lhs) == "p"


@pytest.mark.parametrize("residual", [prediction - y, y - prediction], ids=["as it is written", "turned round"])
def test_a_size_and_a_condition_of_a_residual_take_the_truth_from_the_prediction(residual):
    assert text(Abs(residual)) == "|yhat - y|"
    assert text(residual > 0) == ("yhat - y > 0" if residual == prediction - y else "yhat - y < 0")
    assert text(sign(residual)) == ("sign(yhat - y)" if residual == prediction - y else "-sign(yhat - y)")


def test_the_longer_side_of_a_condition_stands_first():
    assert text(a < b) == "a < b" and text(b < a) == "b < a"
    assert text(Lt(0, prediction)) == "yhat > 0" and text(Le(a, prediction - y)) == "yhat - y ≥ a"
    assert text(prediction - b < 0) == "yhat - b < 0"
    assert text(y - prediction < a) == "y - yhat < a"


def test_a_number_stands_last_in_a_condition():
    assert text(a < -1) == latex(a < -1) == "a < -1"
    assert text(a < 0.1) == "a < 0.1" and text(a >= Rational(-1, 2)) == "a ≥ -1/2"
    assert text(Lt(0, y)) == "y > 0" and text(Lt(0, y - prediction)) == "yhat - y < 0"


def test_text_does_not_depend_on_how_it_was_built():
    assert text(p - y) == text(-(y - p)) == text(-y + p)


def random_expression(random, depth):
    """A sum or product of smaller ones, with the differences, signs and quotients that the writer turns round."""
    if depth == 0:
        leaves = [p, 1 - p, p - y, y - p, p - 1, a - b, 2 * a - 2 * b, -y, S(2), -S(3), Rational(1, 2)]
        return random.choice([*leaves, exp(-a), sign(y - a), Abs(y - a)])
    left, right = (random_expression(random, depth - 1) for _ in range(2))
    return random.choice(
        [left + right, left - right, left * right, -left * right, left / (1 + right**2), left**2 - right]
    )


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("seed", range(150))
def test_what_is_written_is_what_was_meant(seed):
    """Read back as Python, at a point where every difference has a size of its own."""
    expression = random_expression(Random(seed), 3)
    point = {p: 0.3, y: 0.85, a: 1.7, b: -0.6}
    names = {
        "exp": math.exp,
        "sign": lambda x: math.copysign(1, x),
        "abs": abs,
        **{s.name: v for s, v in point.items()},
    }
    written = re.sub(r"\|([^|]*)\|", r"abs(\1)", text(expression))
    assert eval(written, names) == pytest.approx(float(expression.xreplace(point)), rel=1e-9, abs=1e-12)


def test_a_minus_sign_before_a_sum_keeps_its_brackets():
    assert text(Mul(-1, -a - b, evaluate=False)) == "-(-a - b)"


LETTERS = {"p": p, "y": y, "a": a, "b": b, "z": logit, "i": i, "j": j, "k": k, "l": l}
ROWS = {"z": z, "y": targets, "p": probabilities, "q": IndexedBase("q", positive=True)}


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("seed", range(150))
def test_what_is_typeset_is_what_was_meant(seed):
    """Read back by a reader of LaTeX, at a point where every difference has a size of its own."""
    expression = random_expression(Random(seed), 3)
    point = {p: 0.3, y: 0.85, a: 1.7, b: -0.6}
    read = Reader(latex(expression), LETTERS, ROWS).read()
    assert float(read.xreplace(point)) == pytest.approx(float(expression.xreplace(point)), rel=1e-9, abs=1e-12)


def random_class_expression(random, depth):
    """Like `random_expression`, over classes: entries, deltas, softmax and its kin, sums, sums without a class."""
    if depth == 0:
        leaves = [z[i], targets[i], probabilities[k], targets[i] - softmax(z, i), softmax_complement(z, k)]
        return random.choice(
            [*leaves, log_softmax(z, i), 1 - probabilities[i], KroneckerDelta(i, k), logsumexp(z), S(2), -S(1)]
        )
    left, right = (random_class_expression(random, depth - 1) for _ in range(2))
    summed = total(left.xreplace({k: l}) * targets[j], j)
    without = total((1 - KroneckerDelta(i, l)) * right.xreplace({i: k, k: l}), l)
    plain = [left + right, left - right, -left * right, left / (1 + right**2)]
    return random.choice([*plain, left - summed, without * left])


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("seed", range(50))
def test_what_is_typeset_over_classes_is_what_was_meant(seed):
    expression = random_class_expression(Random(seed), 2)
    read = Reader(latex(expression), LETTERS, ROWS).read()
    assert equal(read, expression)


@pytest.mark.thorough(one_case_in=5)
@pytest.mark.parametrize("name", losses.catalogue)
def test_a_card_read_back_states_the_loss_its_gradient_and_its_hessian(name):
    loss = losses.catalogue[name]
    letters = {**LETTERS, "y": loss.target, r"\hat{y}": loss.prediction}
    letters |= {latex(symbol): symbol for symbol, _ in loss.parameters.values()}
    shown = [formula._repr_latex_().strip("$").split(" = ", 1) for formula in Card(loss).formulas]
    assert [left for left, _ in shown] == [r"L", *(latex(Derivative(Symbol("L"), *by)) for by in _taken_by(loss))]
    for (_, right), meant in zip(shown, (loss.expression, loss.gradient, loss.hessian)):
        assert equal(Reader(right, letters, ROWS).read(), meant, [TARGETS_SUM_TO_ONE] if loss.target is targets else [])


def _taken_by(loss):
    first = loss.prediction[i] if loss.over_classes else loss.prediction
    second = loss.prediction[k] if loss.over_classes else loss.prediction
    return [(first,), (first, second)]


@pytest.mark.parametrize(
    "written, meant",
    [
        (r"- \frac{a}{2}", -a / 2),
        (r"a - b \, p", a - b * p),
        (r"\left(a - b\right)^{2}", (a - b) ** 2),
        (r"\sqrt{a} + e^{- a}", sqrt(a) + exp(-a)),
        (r"\sum_{k \ne i} {z}_{k} \, {y}_{k}", total((1 - KroneckerDelta(i, k)) * z[k] * targets[k])),
        (r"\log \sigma{\left(z\right)} - \log{\left(a \right)}", log(sigmoid(logit)) - log(a)),
    ],
)
def test_the_reader_reads_as_one_reads(written, meant):
    read = Reader(written, LETTERS, ROWS).read()
    assert read == meant or equal(read, meant)


@pytest.mark.parametrize("written", ["", "a +", r"\frac{a}", r"\left(a", "a b", r"\unknown", r"{z}_{", "a)"])
def test_the_reader_refuses_what_it_does_not_know(written):
    with pytest.raises((ValueError, KeyError)):
        Reader(written, LETTERS, ROWS).read()
