"""Expressions are written as one writes them by hand."""

import math
import re
from random import Random

import pytest
from sympy import Abs, Derivative, Eq, KroneckerDelta, Mul, Rational, S, exp, log, sign, symbols

from lossbook.functions import sigmoid, softmax, softmax_complement
from lossbook.notation import i, j, k, l, logit, logits as z, probabilities, probability as p, target as y, targets, total
from lossbook.typeset import Formula, latex, text

a, b = symbols("a b", real=True)

TEXTS = {
    "p - y": p - y,
    "1 - p": 1 - p,
    "-p": -p,
    "2*(a - b)": 2 * a - 2 * b,
    "a - b": a - b,
    "p*(1 - p)": p * (1 - p),
    "(p - y)/(p*(1 - p))": (p - y) / (p * (1 - p)),
    "1/4 - a**2": Rational(1, 4) - a**2,
    "exp(-z)": exp(-logit),
    "sigmoid(z)*sigmoid(-z)": sigmoid(logit) * sigmoid(-logit),
    "z_i": z[i],
    "z_2": z[2],
    "δ_ij": KroneckerDelta(i, j),
    "Σ_k(y_k*log(p_k))": total(targets[k] * log(probabilities[k])),
    "Σ_k≠i(z_k)": total((1 - KroneckerDelta(i, k)) * z[k]),
    "Σ_k≠i,j(z_k)": total((1 - KroneckerDelta(i, k)) * (1 - KroneckerDelta(j, k)) * z[k]),
    "Σ_l(Σ_k(y_l*z_k))": total(total(z[k] * targets[l], k), l),
    "softmax(z)_i - y_i": softmax(z, i) - targets[i],
    "softmax(z)_i*(1 - softmax(z)_i)": softmax(z, i) * softmax_complement(z, i),
    "∂/∂z_i(softmax(z)_j)": Derivative(softmax(z, j), z[i]),
}

LATEX = {
    "p - y": p - y,
    "1 - p": 1 - p,
    r"2 \, \left(a - b\right)": 2 * a - 2 * b,
    r"p \, \left(1 - p\right)": p * (1 - p),
    r"\frac{p - y}{p \, \left(1 - p\right)}": (p - y) / (p * (1 - p)),
    r"\sum_{k=1}^{n} {z}_{k}": total(z[k]),
    r"\sum_{k \ne i} {z}_{k}": total((1 - KroneckerDelta(i, k)) * z[k]),
    r"\sum_{k \ne i, j} {z}_{k}": total((1 - KroneckerDelta(i, k)) * (1 - KroneckerDelta(j, k)) * z[k]),
    r"\delta_{i j}": KroneckerDelta(i, j),
    r"\frac{\partial}{\partial {z}_{i}} {z}_{j}": Derivative(z[j], z[i], evaluate=False),
}


@pytest.mark.parametrize("written", TEXTS)
def test_text_of(written):
    assert text(TEXTS[written]) == written


@pytest.mark.parametrize("written", LATEX)
def test_latex_of(written):
    assert latex(LATEX[written]) == written


def test_a_formula_joins_its_sides():
    assert str(Formula(p - y, 1 - y)) == "p - y = 1 - y"
    assert Formula(p - y, 1 - y)._repr_latex_() == "$$p - y = 1 - y$$"
    assert latex(Eq(p, y).lhs) == "p"


def test_text_does_not_depend_on_how_it_was_built():
    assert text(p - y) == text(-(y - p)) == text(-y + p)


def random_expression(random, depth):
    """A sum or product of smaller ones, with the differences, signs and quotients that the writer turns round."""
    if depth == 0:
        leaves = [p, 1 - p, p - y, y - p, p - 1, a - b, 2 * a - 2 * b, -y, S(2), -S(3), Rational(1, 2)]
        return random.choice([*leaves, exp(-a), sign(y - a), Abs(y - a)])
    left, right = (random_expression(random, depth - 1) for _ in range(2))
    return random.choice([left + right, left - right, left * right, -left * right, left / (1 + right**2), left**2 - right])


@pytest.mark.parametrize("seed", range(150))
def test_what_is_written_is_what_was_meant(seed):
    """Read back as Python, at a point where every difference has a size of its own."""
    expression = random_expression(Random(seed), 3)
    point = {p: 0.3, y: 0.85, a: 1.7, b: -0.6}
    names = {"exp": math.exp, "sign": lambda x: math.copysign(1, x), "abs": abs, **{s.name: v for s, v in point.items()}}
    written = re.sub(r"\|([^|]*)\|", r"abs(\1)", text(expression))
    assert eval(written, names) == pytest.approx(float(expression.xreplace(point)), rel=1e-9, abs=1e-12)


def test_a_minus_sign_before_a_sum_keeps_its_brackets():
    assert text(Mul(-1, -a - b, evaluate=False)) == "-(-a - b)"
