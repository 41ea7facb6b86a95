"""What array code is written: the ways that keep digits, avoid overflow and save time, as they stand in `arrays`.

That its numbers are right is tested in tests/test_accuracy.py, where another way might pass, only slower or by luck.
"""

from textwrap import dedent

import numpy as np
import pytest
from sympy import Abs, KroneckerDelta, Max, Ne, Piecewise, Symbol, log, sign, sqrt, symbols

from lossbook import arrays, losses
from lossbook.functions import sigmoid, softmax, softmax_complement
from lossbook.loss import Loss
from lossbook.notation import i, k, logits, n, targets, total

a, b = symbols("a b", real=True)
q = Symbol("q", positive=True)


def code_of(expression, arguments, labels_for=None):
    """The code as it is written, without the lines that begin its functions."""
    source = arrays.compile((expression,), tuple(arguments), labels_for).source
    return [line.strip() for line in source.splitlines() if line and not line.startswith("def ")]


def lines(code):
    return dedent(code).strip().splitlines()


OF_LOSSES = {
    ("huber", "expression"): """
        residual = yhat - y
        t0 = constant(xp, delta, yhat)
        t1 = constant(xp, -delta, yhat)
        t2 = xp.clip(residual, t1, t0)
        t3 = residual - t2
        t4 = 0.5 * t2
        t5 = t3 + t4
        t6 = t2 * t5
        return t6,
    """,
    ("huber", "gradient"): """
        residual = yhat - y
        t0 = constant(xp, delta, yhat)
        t1 = constant(xp, -delta, yhat)
        t2 = xp.clip(residual, t1, t0)
        return t2,
    """,
    ("pinball", "gradient"): """
        residual = yhat - y
        t0 = constant(xp, 1 - tau, yhat)
        t1 = constant(xp, -tau, yhat)
        t2 = residual < 0
        t3 = xp.where(t2, t1, t0)
        return t3,
    """,
    ("log_cosh", "hessian"): """
        residual = yhat - y
        t0 = 2 * residual
        t1 = logistic_parts(xp, t0)
        t2 = sigmoid(xp, t0, t1, mirrored=True)
        t3 = 4 * t2
        t4 = sigmoid(xp, t0, t1, mirrored=False)
        t5 = t3 * t4
        return t5,
    """,
    ("binary_cross_entropy_with_logits", "expression"): """
        sign = 1 - 2 * y
        turned = sign * z
        t0 = logistic_parts(xp, turned)
        t1 = softplus_parts(xp, t0)
        t2 = softplus(xp, turned, t1, mirrored=False)
        return t2,
        t0 = logistic_parts(xp, z)
        t1 = softplus_parts(xp, t0)
        t2 = softplus(xp, z, t1, mirrored=True)
        t3 = weighted(xp, y, t2)
        t4 = 1 - y
        t5 = softplus(xp, z, t1, mirrored=False)
        t6 = weighted(xp, t4, t5)
        t7 = t3 + t6
        return t7,
        return chosen(xp, y, at_labels(xp, z, y), between(xp, z, y))
    """,
    ("poisson", "gradient"): """
        t0 = exp_difference(xp, z, y)
        return t0,
    """,
    ("binary_cross_entropy", "gradient"): """
        t0 = odds_difference(xp, p, y)
        return t0,
    """,
    ("binary_cross_entropy", "hessian"): """
        t0 = ratio(xp, y, p)
        t1 = ratio(xp, t0, p)
        t2 = 1 - y
        t3 = 1 - p
        t4 = ratio(xp, t2, t3)
        t5 = ratio(xp, t4, t3)
        t6 = t1 + t5
        return t6,
    """,
    ("binary_cross_entropy_with_logits", "gradient"): """
        sign = 1 - 2 * y
        turned = sign * z
        t0 = logistic_parts(xp, turned)
        t1 = sigmoid(xp, turned, t0, mirrored=False)
        return sign * t1,
        t0 = logistic_parts(xp, z)
        t1 = sigmoid_difference(xp, z, t0, y)
        return t1,
        return chosen(xp, y, at_labels(xp, z, y), between(xp, z, y))
    """,
    ("softmax_squared_error", "gradient"): """
        t0 = row_parts(xp, z)
        t1 = softmax(xp, t0)
        t2 = softmax_complement(xp, t0)
        t3 = difference(xp, t1, t2, y)
        t4 = softmax_slope_of_difference(xp, t0, t3, y)
        t5 = 2 * t4
        return t5,
    """,
    ("cross_entropy", "hessian"): """
        t0 = y[..., :, None]
        t1 = ratio(xp, t0, p[..., :, None])
        t2 = ratio(xp, t1, p[..., :, None])
        t3 = same_class(xp, p)
        t4 = xp.where(t3, t2, 0)
        return t4,
    """,
    ("kl_divergence", "expression"): """
        t0 = log_ratio(xp, p, q)
        t1 = weighted_sum(xp, p, t0)
        return t1,
    """,
}


@pytest.mark.parametrize("name, part", OF_LOSSES)
def test_the_code_of_a_loss(name, part):
    loss = losses.get(name)
    arguments = (loss.prediction, loss.target, *(symbol for symbol, _ in loss.parameters.values()))
    assert code_of(getattr(loss, part), arguments) == lines(OF_LOSSES[name, part])


AT_LABELS = {
    "softmax_cross_entropy": """
        t0 = row_parts(xp, z)
        t1 = softmax(xp, t0)
        t2 = parts_at_label(xp, t0, y)
        t3 = softmax_complement(xp, t2)[..., 0]
        t4 = 0 - t3
        t5 = with_label(xp, t1, y, t4)
        return t5,
    """,
    "cross_entropy": """
        t0 = at_label(xp, p, y)
        t1 = t0[..., 0]
        t2 = 1 / t1
        t3 = 0 - t2
        t4 = xp.zeros_like(p)
        t5 = with_label(xp, t4, y, t3)
        return t5,
    """,
}


@pytest.mark.parametrize("name", AT_LABELS)
def test_the_code_of_a_gradient_for_labels(name):
    loss = losses.get(name)
    assert code_of(loss.gradient, (loss.prediction, loss.target), loss.target) == lines(AT_LABELS[name])


def test_labels_are_made_rows_where_a_sum_remains():
    loss = losses.softmax_squared_error
    code = ["y = one_hot(xp, y, z)", *lines(OF_LOSSES["softmax_squared_error", "gradient"])]
    assert code_of(loss.gradient, (loss.prediction, loss.target), loss.target) == code


def test_the_sum_of_the_other_targets_is_known_for_labels():
    expression = total((1 - KroneckerDelta(i, k)) * targets[k]) * total(logits[k] ** 2)
    assert code_of(expression, (logits, targets), targets) == lines("""
        y = one_hot(xp, y, z)
        t0 = z * z
        t1 = xp.sum(t0, axis=-1)
        t2 = t1[..., None]
        t3 = 1 - y
        t4 = t2 * t3
        return t4,
    """)  # fmt: skip


def test_a_loss_with_a_parameter_has_code_for_labels_too():
    loss = losses.focal
    arguments = (loss.prediction, loss.target, loss.parameters["gamma"][0])
    assert len(arrays.compile((loss.expression,), arguments).cases) == 2


of_others = total((1 - KroneckerDelta(i, k)) * softmax(logits, k) * logits[k])
slope = softmax(logits, i) * softmax_complement(logits, i) * logits[i] - softmax(logits, i) * of_others

OF_EXPRESSIONS = {
    "the slope of a power": (q * Abs(a) ** q * sign(a) / Abs(a), (a, b, q), """
        t0 = constant(xp, q, a)
        t1 = xp.abs(a)
        t2 = constant(xp, q - 1, a)
        t3 = t1 ** t2
        t4 = xp.sign(a)
        t5 = t0 * t3 * t4
        return t5,
    """),
    "whole powers": (a**5 + a**3, (a, b), """
        t0 = a * a * a
        t1 = a ** 5
        t2 = t0 + t1
        return t2,
    """),
    "a fourth power in a product": (a**4 * b, (a, b), """
        t0 = b * a * a * a * a
        return t0,
    """),
    "a fifth power in a product": (a**5 * b, (a, b), """
        t0 = a ** 5
        t1 = b * t0
        return t1,
    """),
    "a fourth power": (a**4, (a, b), """
        t0 = a * a * a * a
        return t0,
    """),
    "an even power beside one of a size": (a**2 * Abs(a) ** q, (a, b, q), """
        t0 = xp.abs(a)
        t1 = constant(xp, q, a)
        t2 = t0 ** t1
        t3 = a * a * t2
        return t3,
    """),
    "an odd power beside one of a size": (a * Abs(a) ** q / Abs(a), (a, b, q), """
        t0 = xp.abs(a)
        t1 = constant(xp, q - 1, a)
        t2 = t0 ** t1
        t3 = a * t2
        return t3,
    """),
    "the root of a parameter": (a * sqrt(q), (a, b, q), """
        t0 = constant(xp, q, a)
        t1 = t0 ** 0.5
        t2 = a * t1
        return t2,
    """),
    "logarithms": (log(1 + a) + log(2 + a), (a, b), """
        t0 = xp.log1p(a)
        t1 = 2 + a
        t2 = xp.log(t1)
        t3 = t0 + t2
        return t3,
    """),
    "over powers": (a**-2 + 3 / b, (a, b), """
        t0 = a * a
        t1 = 1 / t0
        t2 = 3
        t3 = ratio(xp, t2, b)
        t4 = t1 + t3
        return t4,
    """),
    "thirds and quarters": (a * b / 3 + a / 4, (a, b), """
        t0 = 0.25 * a
        t1 = a / 3
        t2 = t1 * b
        t3 = t0 + t2
        return t3,
    """),
    "tops between bottoms": (a**2 * b / ((a + 2) * (b + 1)), (a, b), """
        t0 = 1 + b
        t1 = ratio(xp, b, t0)
        t2 = t1 * a
        t3 = 2 + a
        t4 = ratio(xp, t2, t3)
        t5 = t4 * a
        return t5,
    """),
    "nothing otherwise": (Piecewise((a, a < b), (b, a > b + 1)), (a, b), """
        t0 = 1 + b
        t1 = a > t0
        t2 = xp.where(t1, b, xp.nan)
        t3 = a < b
        t4 = xp.where(t3, a, t2)
        return t4,
    """),
    "one branch": (Piecewise((a, a < b)), (a, b), """
        t0 = a < b
        t1 = xp.where(t0, a, xp.nan)
        return t1,
    """),
    "where two differ": (Piecewise((a, Ne(a, b)), (b + 1, True)), (a, b), """
        t0 = 1 + b
        t1 = a != b
        t2 = xp.where(t1, a, t0)
        return t2,
    """),
    "the greatest of a parameter": (Max(q, a - b), (a, b, q), """
        residual = a - b
        t0 = constant(xp, q, a)
        t1 = xp.maximum(t0, residual)
        return t1,
    """),
    "the number of classes": (a + n * logits[k], (a, logits), """
        t0 = z.shape[-1]
        t1 = t0 * z
        t2 = a + t1
        return t2,
    """),
    "the greatest": (Max(0, a, b - a), (a, b), """
        t0 = b - a
        t1 = constant(xp, 0, a)
        t2 = xp.maximum(t0, a)
        t3 = xp.maximum(t2, t1)
        return t3,
    """),
    "mirrored sigmoids": (sigmoid(-a) - sigmoid(a), (a, b), """
        t0 = 0.5 * a
        t1 = xp.tanh(t0)
        t2 = 0 - t1
        return t2,
    """),
    "a slope of a row": (slope, (logits, targets), """
        t0 = row_parts(xp, z)
        t1 = softmax_slope(xp, t0, z)
        return t1,
    """),
    "a slope of a row for each of a row": (slope * logits[k], (logits, targets), """
        t0 = z[..., :, None]
        t1 = row_parts(xp, z)
        t2 = softmax(xp, t1)
        t3 = t2[..., :, None]
        t4 = softmax_complement(xp, t1)
        t5 = t4[..., :, None]
        t6 = t0 * t3 * t5
        t7 = z * t2
        t8 = sum_of_others(xp, t7)
        t9 = t8[..., :, None]
        t10 = t9 * t3
        t11 = t6 - t10
        t12 = t11 * z[..., None, :]
        return t12,
    """),
    "the sum of the others": (total((1 - KroneckerDelta(i, k)) * logits[k]), (logits, targets), """
        t0 = sum_of_others(xp, z)
        return t0,
    """),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_EXPRESSIONS)
def test_the_code_of_an_expression(name):
    expression, arguments, code = OF_EXPRESSIONS[name]
    assert code_of(expression, arguments) == lines(code)


def test_an_index_that_is_bound_in_a_sum_and_free_outside_is_two():
    row = np.array([1.0, 2.0, 4.0])
    expression = total((2 - KroneckerDelta(i, k)) * logits[k]) * logits[k]
    np.testing.assert_array_equal(arrays.evaluate(expression, {logits: row}), np.outer(14 - row, row))


@pytest.mark.parametrize(
    "expression, at",
    [
        (Piecewise((a - b, Abs(a - b) < 1), (1, True)), [0.5, 1, 1, 1]),
        (Piecewise((a - b, Abs(a - b) < 1), (-1, True)), [0.5, -1, -1, -1]),
        (Piecewise((a - b, Abs(a - b) < 1), (sign(a - b) * (2 - Abs(a - b)), True)), [0.5, -1, 1, 0]),
        (Piecewise((a - b, Abs(a - b) < 1), (7, a > b + 2), (sign(a - b), True)), [0.5, 7, -1, 1]),
        (Piecewise((a - b, Abs(a - b) > 1), (sign(a - b), True)), [1, 3, -3, 2]),
    ],
)
def test_what_goes_on_in_no_straight_line_is_not_clipped(expression, at):
    loss = Loss(name="own", expression=expression, prediction=a, target=b)
    np.testing.assert_array_equal(loss.value([0.5, 3.0, -3.0, 2.0], 0.0), at)
