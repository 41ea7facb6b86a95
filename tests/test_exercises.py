"""What the exercises say of right answers, of wrong ones, and of what is no answer at all.

The wrong answers and the kinds of mistakes in them were written down by hand; each counterexample is computed
again by plain arithmetic, which knows nothing of the diagnosis.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from plain_arithmetic import evaluate, mp
from sympy import (
    Abs,
    Derivative,
    DiracDelta,
    Eq,
    Float,
    Function,
    Heaviside,
    I,
    IndexedBase,
    Integer,
    Integral,
    KroneckerDelta,
    Matrix,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    Sum,
    Symbol,
    asinh,
    atanh,
    cos,
    cosh,
    exp,
    log,
    nan,
    oo,
    pi,
    sech,
    sign,
    sin,
    sinh,
    sqrt,
    tanh,
)

from lossbook import exercises, losses, notation
from lossbook.exercises.diagnosis import KINDS
from lossbook.exercises.exercise import Exercise
from lossbook.exercises.points import Point, small_points
from lossbook.exercises.points import value as value_at
from lossbook.exercises.symbols import (
    bias,
    feature,
    features,
    hidden,
    penalty,
    rate,
    second_derivative,
    step,
    temperature,
    third_derivative,
    values,
    weight,
    weights,
)
from lossbook.exercises.words import Words
from lossbook.functions import log_sigmoid, log_softmax, logsumexp, sigmoid, softmax, softmax_complement, softplus
from lossbook.indices import bound_indices
from lossbook.notation import beta, count, delta, epsilon, i, j, k, n, prediction, quantile, side, total, value
from lossbook.typeset import latex, text

z, y, p, q = notation.logits, notation.targets, notation.probabilities, notation.approximations
s, t, prob = notation.logit, notation.target, notation.probability
r = prediction - value
same = KroneckerDelta(i, k)
x, w, h = features, weights, step
half = Rational(1, 2)
CHAPTERS = len(list((Path(__file__).parent.parent / "chapters").glob("*.ipynb")))
each_chapter = pytest.mark.parametrize("chapter", range(1, CHAPTERS + 1))
soft = softmax(z, i)
mean_slope = total((p[k] - y[k]) * p[k])
hidden_sum = total((p[k] - y[k]) * w[k])
slope_of_tanh = 1 - tanh(hidden) ** 2


def inside_delta(inner, outer):
    return Piecewise((inner, Abs(r) < delta), (outer, True))


def inside_beta(inner, outer):
    return Piecewise((inner, Abs(r) < beta), (outer, True))


def inside_margin(inner, outer):
    return Piecewise((inner, side * prediction < 1), (outer, True))


WRONG = {
    "surviving_term": [
        (log(p[i]), "sign"),
        (-2 * log(p[i]), "constant factor"),
        (-log(p[k]), "indices swapped"),
        (-log(1 - p[i]), None),
        (-1 / p[i], None),
        (-p[i], None),
    ],
    "share_of_the_others": [
        (p[i] - 1, "sign"),
        (3 * (1 - p[i]), "constant factor"),
        (1 - p[k], "indices swapped"),
        (p[i], None),
        (1 + p[i], "wrong term"),
        (1 - p[i] ** 2, "extra factor"),
    ],
    "squared_error_of_one_picture": [
        ((p[i] - 1) ** 2, "wrong term"),
        (total(p[k] ** 2) - 2 * p[i], None),
        (total(p[k] ** 2) + 1, None),
        (-total(p[k] ** 2) + 2 * p[i] - 1, "sign"),
        ((total(p[k] ** 2) - 2 * p[i] + 1) / 2, "constant factor"),
        ((total(p[k] ** 2) - 2 * p[i] + 1) / n, "constant factor"),
        (total((p[k] - 1) ** 2), None),
        (2 * (1 - p[i]) ** 2, "only two classes"),
    ],
    "sigmoid_slope": [
        (sigmoid(s) * (sigmoid(s) - 1), "sign"),
        (2 * prob * (1 - prob), "constant factor"),
        (prob, "missing factor"),
        (1 - sigmoid(s), "missing factor"),
        (exp(s) / (1 + exp(s)), "missing factor"),
        (1 / (1 + exp(-s)) ** 2, "missing factor"),
        (prob**2 * (1 - prob), "extra factor"),
    ],
    "sigmoid_mirror": [
        (prob - 1, "sign"),
        (-prob, "wrong term"),
        (1 / prob, None),
        (2 * (1 - prob), "constant factor"),
        (prob, None),
        (1 - prob**2, "extra factor"),
    ],
    "score_of_probability": [
        (log((1 - prob) / prob), "sign"),
        (log(prob), None),
        (prob / (1 - prob), None),
        (2 * log(prob / (1 - prob)), "constant factor"),
        (log(prob / (1 - prob)) / 3, "constant factor"),
        (log(prob) + log(1 - prob), "wrong term"),
    ],
    "sigmoid_curvature": [
        (prob * (1 - prob) * (2 * prob - 1), "sign"),
        (prob * (1 - prob), "missing factor"),
        (1 - 2 * prob, "missing factor"),
        (prob * (1 - prob) * (1 - 2 * prob) / 2, "constant factor"),
        (prob * (1 - 2 * prob), "missing factor"),
        (prob * (1 - prob) ** 2, "wrong term"),
    ],
    "softplus_slope": [
        (-sigmoid(s), "sign"),
        (1 / (1 + exp(s)), "missing factor"),
        (exp(s), None),
        (half * exp(s) / (1 + exp(s)), "constant factor"),
        (1 / (1 + exp(s)) * exp(2 * s), None),
        (prob * (1 - prob), "extra factor"),
    ],
    "softmax_slope": [
        (p[i] * (1 - p[i]), "only the diagonal"),
        (same * p[i] * (1 - p[i]), "only the diagonal"),
        (-p[i] * p[k], "only off the diagonal"),
        (-(1 - same) * softmax(z, i) * softmax(z, k), "only off the diagonal"),
        (p[i] * (p[k] - same), "sign"),
        (p[i] * (1 - p[i]) * (2 * same - 1), "only two classes"),
        (n * p[i] * (same - p[k]), "constant factor"),
        (same - p[k], "missing factor"),
        (p[i], "missing factor"),
        (p[i] * (same - p[i]), "only the diagonal"),
        (p[i] * (same + p[k]), "wrong term"),
    ],
    "softmax_own_slope": [
        (-soft * (1 - soft), "sign"),
        (p[i] * (1 - p[i]) / n, "constant factor"),
        (p[k] * (1 - p[k]), "indices swapped"),
        (p[i], "missing factor"),
        (-(p[i] ** 2), None),
        (p[i] * total(p[k] ** 2), None),
        (1 - p[i], "missing factor"),
        (n * p[i] * (1 - p[i]) / 2, "constant factor"),
        ((1 - p[i]) * (1 - (n - 1) * (1 - p[i])), "extra factor"),
        (p[1] * p[2], "only two classes"),
        (p[i] * (same - p[k]), "index too many"),
    ],
    "softmax_of_two": [
        (z[2] - z[1], "sign"),
        (z[1], "wrong term"),
        ((z[1] - z[2]) / 2, "constant factor"),
        (z[1] + z[2], "wrong term"),
        (exp(z[1]) / (exp(z[1]) + exp(z[2])), None),
        (exp(z[1] - z[2]), None),
    ],
    "logsumexp_gradient": [
        (-soft, "sign"),
        (exp(z[i]), None),
        (1 / total(exp(z[k])), "missing factor"),
        (softmax(z, k), "indices swapped"),
        (soft / n, "constant factor"),
        (p[i] * (1 - p[i]), "extra factor"),
    ],
    "log_softmax_gradient": [
        (1 - p[i], "only the diagonal"),
        (-p[k], "only off the diagonal"),
        (p[k] - same, "sign"),
        (same - p[i], "indices swapped"),
        (same * (1 - p[i]), "only the diagonal"),
        (2 * (same - p[k]), "constant factor"),
        (p[i] * (same - p[k]), "extra factor"),
        (same + p[k], "wrong term"),
        ((2 * same - 1) * (1 - p[i]), "only two classes"),
    ],
    "warm_softmax_slope": [
        (p[i] * (same - p[k]), "constant factor"),
        (temperature * p[i] * (same - p[k]), "constant factor"),
        (p[i] * (p[k] - same) / temperature, "sign"),
        (p[i] * (1 - p[i]) / temperature, "only the diagonal"),
        (-p[i] * p[k] / temperature, "only off the diagonal"),
        (p[i] * (same - p[k]) / temperature**2, "constant factor"),
        (n * p[i] * (same - p[k]) / temperature**2, "constant factor"),
    ],
    "sigmoid_squared_error_gradient": [
        (2 * (prob - t), "by probabilities"),
        (2 * (t - prob) * prob * (1 - prob), "sign"),
        ((prob - t) * prob * (1 - prob), "constant factor"),
        (2 * (prob - t) * prob, "missing factor"),
        (prob * (1 - prob), "missing factor"),
        (prob - t, "missing factor"),
        (2 * (prob - t) * prob * (1 + prob), "wrong term"),
    ],
    "hardest_push": [
        (log(2), "sign"),
        (Rational(1, 3), None),
        (S.Zero, None),
        (-2 * log(2), "constant factor"),
        (log(Rational(1, 3)), None),
        (Float(-0.6931), None),
        (pi, None),
        (Integer(10) ** 400, None),
    ],
    "softmax_squared_error_gradient": [
        (2 * (p[i] - y[i]), "by probabilities"),
        (2 * (p[i] - y[i]) * p[i] * (1 - p[i]), "only the diagonal"),
        (-2 * p[i] * (p[i] - y[i] - mean_slope), "sign"),
        (p[i] * (p[i] - y[i] - mean_slope), "constant factor"),
        (2 * (p[i] - y[i] - mean_slope), "missing factor"),
        (2 * p[i] * (p[i] - y[i]), "wrong term"),
        (-2 * p[i] * (mean_slope - (p[i] - y[i]) * p[i]), "only off the diagonal"),
        (2 * p[i] * (p[i] - y[i]) / n, None),
    ],
    "binary_cross_entropy_by_probability": [
        ((t - prob) / (prob * (1 - prob)), "sign"),
        (prob - t, "missing factor"),
        (1 / (prob * (1 - prob)), "missing factor"),
        ((prob - t) / prob, "missing factor"),
        (-t / prob - (1 - t) / (1 - prob), "missing factor"),
        (2 * (prob - t) / (prob * (1 - prob)), "constant factor"),
        (-t / prob, "only the true class"),
    ],
    "binary_cross_entropy_by_score": [
        (t - sigmoid(s), "sign"),
        ((prob - t) / (prob * (1 - prob)), "by probabilities"),
        (prob * (1 - prob), "missing factor"),
        (2 * (prob - t), "constant factor"),
        (prob, "wrong term"),
        ((prob - t) * prob * (1 - prob), "extra factor"),
        (2 * (prob - t) * prob * (1 - prob), "extra factor"),
        (sigmoid(-s) - t, "wrong term"),
    ],
    "cross_entropy_by_probability": [
        (y[i] / p[i], "sign"),
        (-y[i] / (n * p[i]), "constant factor"),
        (-1 / p[i], "missing factor"),
        (-y[k] / p[k], "indices swapped"),
        (-total(y[k] / p[k]), None),
        (p[i] - y[i], None),
        (-y[i] * log(p[i]), None),
    ],
    "softmax_cross_entropy_gradient": [
        (y[i] - p[i], "sign"),
        (-y[i] / p[i], "by probabilities"),
        (-y[i] * (1 - p[i]), "only the diagonal"),
        ((1 - y[i]) * p[i], "only off the diagonal"),
        (p[k] - y[k], "indices swapped"),
        ((p[i] - y[i]) / n, "constant factor"),
        (p[i], "wrong term"),
        ((1 - p[i]) * (p[i] - y[i]), "extra factor"),
        (p[i] - y[i] + (n - 2) * p[i], "only two classes"),
        (p[i] - 1, "only the true class"),
    ],
    "softmax_cross_entropy_hessian": [
        (p[i] * (1 - p[i]), "only the diagonal"),
        (-p[i] * p[k], "only off the diagonal"),
        (p[i] * (p[k] - same), "sign"),
        (p[i] * (same - p[k]) / 2, "constant factor"),
        (same - p[k], "missing factor"),
        ((2 * same - 1) * p[i] * (1 - p[i]), "only two classes"),
        (p[i] * (same - p[k]) - y[i], None),
    ],
    "best_constant": [
        (1 - t, None),
        (-t, "sign"),
        (half * t, "constant factor"),
        (half + 0 * t, None),
        (t**2, "extra factor"),
        (t / (1 - t), "extra factor"),
    ],
    "weight_gradient_of_one_neuron": [
        ((t - prob) * feature, "sign"),
        (prob - t, "missing factor"),
        ((prob - t) / (prob * (1 - prob)), "by probabilities"),
        ((prob - t) / (prob * (1 - prob)) * feature, "missing factor"),
        (prob * (1 - prob) * feature, "missing factor"),
        (2 * (prob - t) * feature, "constant factor"),
        ((prob - t) * weight, None),
        (feature, "missing factor"),
        ((sigmoid(weight * feature) - t) * feature, None),
    ],
    "bias_gradient_of_one_neuron": [
        (t - prob, "sign"),
        ((prob - t) * feature, "extra factor"),
        ((prob - t) / (prob * (1 - prob)), "by probabilities"),
        (prob * (1 - prob), "missing factor"),
        ((prob - t) / 2, "constant factor"),
        ((prob - t) * bias, "extra factor"),
    ],
    "weight_gradient_with_squared_error": [
        ((prob - t) * feature, "missing factor"),
        (2 * (prob - t) * feature, "missing factor"),
        (2 * (prob - t), "by probabilities"),
        (2 * (prob - t) * prob * (1 - prob), "missing factor"),
        ((prob - t) * prob * (1 - prob) * feature, "constant factor"),
        (-2 * (prob - t) * prob * (1 - prob) * feature, "sign"),
        (prob * (1 - prob) * feature, "missing factor"),
        (2 * (prob - t) * prob * feature, "missing factor"),
    ],
    "weight_after_one_step": [
        (weight + rate * (prob - t) * feature, "wrong term"),
        (weight - rate * (prob - t), "missing factor"),
        (weight - (prob - t) * feature, "wrong term"),
        (-rate * (prob - t) * feature, "wrong term"),
        (rate * (prob - t) * feature - weight, "sign"),
        (2 * weight - 2 * rate * (prob - t) * feature, "constant factor"),
    ],
    "weight_gradient": [
        ((p[k] - y[k]) * x[i], "indices swapped"),
        ((y[i] - p[i]) * x[k], "sign"),
        (p[i] - y[i], "missing factor"),
        (-y[i] / p[i] * x[k], "missing factor"),
        (-y[i] / p[i], "by probabilities"),
        ((p[i] - y[i]) * x[i], "only the diagonal"),
        (same * (p[i] - y[i]) * x[k], "extra factor"),
        (-y[i] * (1 - p[i]) * x[k], "only the diagonal"),
        ((p[i] - y[i]) * x[k] / n, "constant factor"),
        (x[k], "missing factor"),
    ],
    "gradient_without_normalised_targets": [
        (p[i] - y[i], "missing factor"),
        (y[i] - p[i] * total(y[k]), "sign"),
        (total(y[k]) - y[i], "missing factor"),
        (-y[i] / p[i], "by probabilities"),
        (-y[i] * (1 - p[i]), "only the diagonal"),
        (p[i] * (total(y[k]) - y[i]), "only off the diagonal"),
        (n * (p[i] * total(y[k]) - y[i]), "constant factor"),
    ],
    "gradient_for_one_label": [
        (same - p[k], "sign"),
        (p[i] - 1, "only the diagonal"),
        (p[k], "only off the diagonal"),
        (p[i] - same, "indices swapped"),
        (-same / p[k], "by probabilities"),
        ((p[k] - same) / 2, "constant factor"),
        (p[k] + same, "wrong term"),
        (p[k] * (p[k] - same), "extra factor"),
    ],
    "hidden_gradient": [
        (total(weights[k]), "missing factor"),
        (-hidden_sum, "sign"),
        (hidden_sum / n, "constant factor"),
        (total(w[k]), "missing factor"),
        (total(-y[k] / p[k] * w[k]), "missing factor"),
        (total(p[k] * w[k]), "wrong term"),
        (total((p[k] - y[k]) ** 2 * w[k]), "extra factor"),
        (total(-y[k] * (1 - p[k]) * w[k]), "only the diagonal"),
        (total(y[k] * w[k]), None),
        (S.Zero, None),
        (Sum(p[i] - y[i], (i, 1, n)) * total(w[k]), None),
        ((p[1] - y[1]) * w[1] + (p[2] - y[2]) * w[2], "only two classes"),
        ((p[i] - y[i]) * w[i], "index too many"),
    ],
    "hidden_score_gradient": [
        (hidden_sum, "missing factor"),
        (-slope_of_tanh * hidden_sum, "sign"),
        (slope_of_tanh * total(w[k]), "missing factor"),
        (tanh(hidden) * hidden_sum, None),
        (slope_of_tanh, "missing factor"),
        (2 * slope_of_tanh * hidden_sum, "constant factor"),
        ((1 - tanh(hidden)) * hidden_sum, "missing factor"),
    ],
    "squared_error_gradient": [
        (r, "constant factor"),
        (-2 * r, "sign"),
        (2 * prediction, "wrong term"),
        (2 * Abs(r), "wrong branch"),
        (2 * r**2, "extra factor"),
        (r / 2, "constant factor"),
        (S(2), None),
        (-4 * r, "constant factor"),
    ],
    "absolute_error_gradient": [
        (sign(value - prediction), "sign"),
        (r / Abs(r), "undefined"),
        (Piecewise((1, r > 0), (-1, True)), "wrong at the kink"),
        (Piecewise((1, r >= 0), (-1, True)), "wrong at the kink"),
        (Piecewise((1, r > 0), (-1, r < 0)), "undefined"),
        (S.One, "wrong branch"),
        (Abs(r), None),
        (2 * sign(r), "constant factor"),
        (Piecewise((1, r > 0), (0, True)), "wrong branch"),
        (r, None),
    ],
    "smooth_l1": [
        (inside_beta(r**2 / (2 * beta), r - beta / 2), "wrong branch"),
        (inside_beta(r**2 / (2 * beta), Abs(r)), "wrong branch"),
        (inside_beta(r**2 / 2, Abs(r) - beta / 2), "wrong branch"),
        (inside_beta(r**2 / 2, beta * (Abs(r) - beta / 2)), "constant factor"),
        (r**2 / (2 * beta), "wrong branch"),
        (inside_beta(-(r**2) / (2 * beta), beta / 2 - Abs(r)), "sign"),
        (Abs(r) - beta / 2, "wrong branch"),
        (r**2, None),
    ],
    "smooth_l1_gradient": [
        (inside_beta(r / beta, 1), "wrong branch"),
        (inside_beta(r, sign(r)), "wrong branch"),
        (inside_beta(-r / beta, -sign(r)), "sign"),
        (inside_beta(r / (2 * beta), sign(r)), "wrong branch"),
        (r / beta, "wrong branch"),
        (inside_beta(r, beta * sign(r)), "constant factor"),
        (Piecewise((r / beta, Abs(r) < beta), (0, Eq(Abs(r), beta)), (sign(r), True)), "wrong at the kink"),
        (sign(r), "wrong branch"),
        (inside_beta(Abs(r) / beta, 1), "wrong branch"),
    ],
    "huber_gradient": [
        (r * Min(1, delta / Abs(r)), "undefined"),
        (Piecewise((r, Abs(r) < 2 * delta), (delta, r > -delta), (r / 2, True)), "wrong branch"),
        (inside_delta(r, sign(r)), "wrong branch"),
        (inside_delta(r, delta), "wrong branch"),
        (inside_delta(2 * r, delta * sign(r)), "wrong branch"),
        (inside_delta(-r, -delta * sign(r)), "sign"),
        (inside_delta(r / delta, sign(r)), "constant factor"),
        (r, "wrong branch"),
        (inside_delta(r, -delta * sign(r)), "wrong branch"),
        (Piecewise((r, Abs(r) < delta), (0, Eq(Abs(r), delta)), (delta * sign(r), True)), "wrong at the kink"),
        (Piecewise((r, Abs(r) < delta), (delta * sign(r), Abs(r) > delta)), "undefined"),
    ],
    "huber_from_smooth_l1": [
        (1 / delta, "constant factor"),
        (-delta, "sign"),
        (2 * delta, "constant factor"),
        (S.One, "constant factor"),
        (delta**2, "constant factor"),
        (delta + 1, None),
    ],
    "residual_after_one_step": [
        (2 * rate * r, None),
        ((1 - rate) * r, "wrong term"),
        ((1 + 2 * rate) * r, "wrong term"),
        (-(1 - 2 * rate) * r, "sign"),
        (1 - 2 * rate, "missing factor"),
        (prediction - 2 * rate * r, None),
        (2 * (1 - 2 * rate) * r, "constant factor"),
    ],
    "residual_after_one_step_of_absolute_error": [
        (r - rate, "wrong branch"),
        (r + rate * sign(r), "wrong term"),
        ((1 - rate) * r, None),
        (rate * sign(r) - r, "sign"),
        (Piecewise((r - rate, r > 0), (r + rate, True)), "wrong at the kink"),
        (prediction - rate * sign(r), "wrong term"),
        (r - sign(r), "wrong term"),
    ],
    "largest_stable_rate": [
        (half, "constant factor"),
        (S(2), "constant factor"),
        (S(-1), "sign"),
        (S.Zero, None),
        (1 + sqrt(2), None),
    ],
    "largest_stable_rate_of_smooth_l1": [
        (beta, "constant factor"),
        (-2 * beta, "sign"),
        (2 / beta, "constant factor"),
        (S(2), "constant factor"),
        (beta**2, "constant factor"),
        (beta + 2, None),
    ],
    "best_constant_of_squared_error": [
        (total(values[k]), "constant factor"),
        (-total(values[k]) / n, "sign"),
        (total(values[k]) / 2, "constant factor"),
        (values[1], None),
        ((values[1] + values[2]) / 2, "only two classes"),
        (values[k] / n, "index too many"),
        (2 * total(values[k]) / n, "constant factor"),
        (total(values[k] ** 2) / n, "extra factor"),
    ],
    "weight_of_an_outlier": [
        (inside_delta(1, delta), "wrong branch"),
        (inside_delta(1, delta / r), "wrong branch"),
        (inside_delta(r, delta / Abs(r)), "wrong branch"),
        (S.One, "wrong branch"),
        (inside_delta(-1, -delta / Abs(r)), "sign"),
        (inside_delta(1, 1 / Abs(r)), "wrong branch"),
        (inside_delta(half, half * delta / Abs(r)), "constant factor"),
        (Min(1, delta / Abs(r)), "undefined"),
        (Min(delta, Abs(r)) / Abs(r), "undefined"),
    ],
    "pinball_gradient": [
        (Piecewise((quantile, r < 0), (quantile - 1, True)), "sign"),
        (Piecewise((-quantile, r < 0), (quantile, True)), "wrong branch"),
        (Piecewise((-quantile, r <= 0), (1 - quantile, True)), "wrong at the kink"),
        (Piecewise((quantile, r < 0), (1 - quantile, True)), "wrong branch"),
        (-quantile, "wrong branch"),
        (Piecewise((quantile - 1, r < 0), (quantile, True)), None),
        (Piecewise((-quantile / 2, r < 0), ((1 - quantile) / 2, True)), "constant factor"),
    ],
    "log_cosh_gradient": [
        (-tanh(r), "sign"),
        (1 / tanh(r), None),
        (2 * tanh(r), "constant factor"),
        (sign(r), None),
        (1 / cosh(r), "missing factor"),
        (sigmoid(r), None),
    ],
    "log_cosh_curvature": [
        (tanh(r) ** 2 - 1, "sign"),
        (1 / cosh(r), None),
        ((1 - tanh(r) ** 2) / 4, "constant factor"),
        (1 - tanh(r), "missing factor"),
        (sigmoid(2 * r), "missing factor"),
        (sigmoid(2 * r) * 4, "missing factor"),
    ],
    "forward_difference_of_squared_error": [
        (-h, "sign"),
        (h / 2, "constant factor"),
        (h**2, "extra factor"),
        (2 * r + h, None),
        (S.Zero, None),
        (h * r, "extra factor"),
    ],
    "forward_difference_error": [
        (h * second_derivative, "constant factor"),
        (-h * second_derivative / 2, "sign"),
        (h**2 * second_derivative / 2, "extra factor"),
        (second_derivative / 2, "missing factor"),
        (h / 2, "missing factor"),
        (h * third_derivative / 2, None),
    ],
    "central_difference_error": [
        (h**2 * third_derivative / 3, "constant factor"),
        (h**2 * third_derivative / 2, "constant factor"),
        (-(h**2) * third_derivative / 6, "sign"),
        (h**2 / 6, "missing factor"),
        (h * third_derivative / 6, "missing factor"),
        (h * second_derivative / 2, None),
        (third_derivative / 6, "missing factor"),
    ],
    "focal_gradient": [
        (2 * prob * (1 - prob) ** 2 * log(prob), None),
        (-((1 - prob) ** 2) * (2 * prob * log(prob) - (1 - prob)), "sign"),
        (2 * (1 - prob) * log(prob) - (1 - prob) ** 2 / prob, "by probabilities"),
        (prob * (1 - prob), "missing factor"),
        (2 * (1 - prob) ** 2 * (2 * prob * log(prob) - (1 - prob)), "constant factor"),
        (2 * prob * log(prob) - (1 - prob), "missing factor"),
        (prob - 1, "missing factor"),
        ((1 - prob) ** 2 * (prob - 1), "wrong term"),
        ((1 - prob) ** 2 * (-2 * prob * log(prob) - (1 - prob)), "wrong term"),
    ],
    "label_smoothing_gradient": [
        (p[i] - y[i], None),
        ((1 - epsilon) * y[i] + epsilon / n - p[i], "sign"),
        (p[i] - (1 - epsilon) * y[i], "wrong term"),
        (p[i] - (1 - epsilon) * y[i] + epsilon / n, "wrong term"),
        (p[i] - (1 - epsilon) * y[i] - epsilon / 2, "only two classes"),
        (p[i] - (1 - epsilon) * y[i] - epsilon, "wrong term"),
        (p[k] - (1 - epsilon) * y[k] - epsilon / n, "indices swapped"),
        (n * (p[i] - (1 - epsilon) * y[i] - epsilon / n), "constant factor"),
        (-((1 - epsilon) * y[i] + epsilon / n) / p[i], "by probabilities"),
    ],
    "poisson_gradient": [
        (count - exp(s), "sign"),
        (exp(s), "wrong term"),
        (s - count, None),
        (2 * (exp(s) - count), "constant factor"),
        (exp(s) - count * s, "extra factor"),
        (s * exp(s) - count, "extra factor"),
    ],
    "hinge_gradient": [
        (Piecewise((-side, side * prediction < 1)), "undefined"),
        (inside_margin(side, 0), "sign"),
        (inside_margin(-1, 0), "missing factor"),
        (inside_margin(-2 * side, 0), "constant factor"),
        (-side, "wrong branch"),
        (Piecewise((-side, side * prediction <= 1), (0, True)), "wrong at the kink"),
        (S.Zero, "wrong branch"),
        (inside_margin(-side, -side * prediction), "wrong branch"),
        (Piecewise((-side, side * prediction < 0), (0, True)), "wrong branch"),
        (Piecewise((-side, side * prediction < 1), (0, side * prediction > 1)), "undefined"),
    ],
    "squared_hinge_gradient": [
        (inside_margin(2 * side * (1 - side * prediction), 0), "sign"),
        (inside_margin(-side * (1 - side * prediction), 0), "constant factor"),
        (inside_margin(2 * (1 - side * prediction), 0), "missing factor"),
        (-2 * side * (1 - side * prediction), "wrong branch"),
        (inside_margin(-2 * side, 0), "missing factor"),
        (inside_margin(-2 * (1 - side * prediction), 0), "missing factor"),
        (inside_margin(-2 * side * (1 - side * prediction), 1), "wrong branch"),
        (inside_margin((1 - side * prediction) ** 2, 0), "wrong branch"),
    ],
    "kl_divergence_gradient": [
        (p[i] / q[i], "sign"),
        (-p[k] / q[k], "indices swapped"),
        (-1 / q[i], "missing factor"),
        (-q[i] / p[i], None),
        (log(p[i] / q[i]), None),
        (-p[i] / (n * q[i]), "constant factor"),
        (q[i] - p[i], None),
    ],
    "kl_divergence_by_score": [
        (p[i] - q[i], "sign"),
        (-p[i] / q[i], "by probabilities"),
        (-p[i] * (1 - q[i]), "only the diagonal"),
        ((1 - p[i]) * q[i], "only off the diagonal"),
        (2 * (softmax(z, i) - p[i]), "constant factor"),
        (q[k] - p[k], "indices swapped"),
        (q[i], "wrong term"),
    ],
    "huber_value": [
        (inside_delta(r**2 / 2, delta * (r - delta / 2)), "wrong branch"),
        (inside_delta(r**2, delta * (Abs(r) - delta / 2)), "wrong branch"),
        (inside_delta(r**2 / 2, delta * Abs(r)), "wrong branch"),
        (inside_delta(r**2 / (2 * delta), Abs(r) - delta / 2), "constant factor"),
        (-inside_delta(r**2 / 2, delta * (Abs(r) - delta / 2)), "sign"),
        (r**2 / 2, "wrong branch"),
        (inside_delta(r**2 / 2, Abs(r) - delta / 2), "wrong branch"),
        (inside_delta(r**2 / 2, delta * (Abs(r) - half)), "wrong branch"),
    ],
    "mean_squared_error_gradient": [
        (2 * total((weight * x[k] - values[k]) * x[k]), "constant factor"),
        (total((weight * x[k] - values[k]) * x[k]) / n, "constant factor"),
        (2 * total(weight * x[k] - values[k]) / n, "missing factor"),
        (-2 * total((weight * x[k] - values[k]) * x[k]) / n, "sign"),
        (2 * total(weight * x[k] ** 2 - values[k]) / n, "missing factor"),
        (total((weight * x[k] - values[k]) * x[k]), "constant factor"),
        (2 * total(x[k]) / n, "missing factor"),
    ],
    "squared_norm_gradient": [
        (z[i] - values[i], "constant factor"),
        (-2 * (z[i] - values[i]), "sign"),
        (2 * (z[k] - values[k]), "indices swapped"),
        (2 * total(z[k] - values[k]), "missing factor"),
        (2 * z[i], "wrong term"),
        (2 * (z[i] - values[i]) ** 2, "extra factor"),
        (2 * (z[i] - values[i]) / n, "constant factor"),
    ],
    "ridge_gradient": [
        (2 * (weight * feature - value) * feature, "wrong term"),
        ((weight * feature - value) * feature + penalty * weight, "constant factor"),
        (-2 * (weight * feature - value) * feature - 2 * penalty * weight, "sign"),
        (2 * (weight * feature - value) + 2 * penalty * weight, "missing factor"),
        (2 * (weight * feature - value) * feature + penalty * weight, "wrong term"),
        (2 * (weight * feature - value) * feature - 2 * penalty * weight, "wrong term"),
        (2 * (weight * feature - value) * feature + 2 * penalty * weight**2, "extra factor"),
    ],
}


def exponential_share(index):
    return exp(z[index]) / Sum(exp(z[j]), (j, 1, n))


RIGHT = {
    "surviving_term": [-log(p[i]), log(1 / p[i])],
    "share_of_the_others": [1 - p[i], (1 - p[i] ** 2) / (1 + p[i])],
    "squared_error_of_one_picture": [
        total(p[k] ** 2) - 2 * p[i] + 1,
        (1 - p[i]) ** 2 + total((1 - same) * p[k] ** 2),
        Sum((p[j] - KroneckerDelta(i, j)) ** 2, (j, 1, n)),
        total(p[k] ** 2) - 2 * p[i] + total(p[k]),
        total(p[k] ** 2) - p[i] ** 2 + total((1 - same) * p[k]) ** 2,
    ],
    "sigmoid_slope": [
        prob * (1 - prob),
        sigmoid(s) * (1 - sigmoid(s)),
        sigmoid(s) * sigmoid(-s),
        exp(-s) / (1 + exp(-s)) ** 2,
        exp(s) / (1 + exp(s)) ** 2,
        1 / (2 + 2 * cosh(s)),
        1 / (4 * cosh(s / 2) ** 2),
        (1 - tanh(s / 2) ** 2) / 4,
        sech(s / 2) ** 2 / 4,
        Rational(1, 4) - (sigmoid(s) - half) ** 2,
    ],
    "sigmoid_mirror": [1 - prob, (1 - prob**2) / (1 + prob)],
    "score_of_probability": [
        log(prob / (1 - prob)),
        log(prob) - log(1 - prob),
        -log(1 / prob - 1),
        2 * atanh(2 * prob - 1),
    ],
    "sigmoid_curvature": [
        prob * (1 - prob) * (1 - 2 * prob),
        sigmoid(s) * sigmoid(-s) * (sigmoid(-s) - sigmoid(s)),
        exp(s) * (1 - exp(s)) / (1 + exp(s)) ** 3,
        -tanh(s / 2) * sigmoid(s) * sigmoid(-s),
    ],
    "softplus_slope": [prob, exp(s) / (1 + exp(s)), 1 / (1 + exp(-s)), (1 + tanh(s / 2)) / 2],
    "softmax_slope": [
        p[i] * (same - p[k]),
        softmax(z, i) * (same - softmax(z, k)),
        p[k] * (same - p[i]),
        same * p[i] - p[i] * p[k],
        same * p[i] * (1 - p[i]) - (1 - same) * p[i] * p[k],
        Piecewise((p[i] * (1 - p[i]), Eq(i, k)), (-p[i] * p[k], True)),
        Piecewise((p[i] * (1 - p[i]), Eq(i - k, 0)), (-p[i] * p[k], True)),
        Piecewise((-p[i] * p[k], (i < k) | (i > k)), (p[i] * (1 - p[i]), True)),
        same * soft * softmax_complement(z, i) - (1 - same) * soft * softmax(z, k),
        exponential_share(i) * (same - exponential_share(k)),
        (same * exp(z[i]) * Sum(exp(z[j]), (j, 1, n)) - exp(z[i] + z[k])) / Sum(exp(z[j]), (j, 1, n)) ** 2,
    ],
    "softmax_own_slope": [p[i] * (1 - p[i]), soft - soft**2, exponential_share(i) * (1 - exponential_share(i))],
    "softmax_of_two": [z[1] - z[2], -(z[2] - z[1]), log(exp(z[1]) / exp(z[2]))],
    "logsumexp_gradient": [p[i], soft, exponential_share(i), exp(log_softmax(z, i)), exp(z[i] - logsumexp(z))],
    "log_softmax_gradient": [
        same - p[k],
        same * (1 - p[i]) - (1 - same) * p[k],
        same - exponential_share(k),
        Piecewise((1 - p[i], Eq(i, k)), (-p[k], True)),
    ],
    "warm_softmax_slope": [
        p[i] * (same - p[k]) / temperature,
        (same * p[i] - p[i] * p[k]) / temperature,
        p[k] * (same - p[i]) / temperature,
        softmax(z / temperature, i) * (same - softmax(z / temperature, k)) / temperature,
    ],
    "sigmoid_squared_error_gradient": [
        2 * (prob - t) * prob * (1 - prob),
        2 * (sigmoid(s) - t) * exp(-s) / (1 + exp(-s)) ** 2,
        (prob - t) * (1 - prob) * 2 * prob,
    ],
    "hardest_push": [
        -log(2),
        log(half),
        log(Rational(1, 3)) - log(Rational(2, 3)),
        -2 * atanh(Rational(1, 3)),
        -asinh(Rational(3, 4)),
    ],
    "softmax_squared_error_gradient": [
        2 * p[i] * (p[i] - y[i] - mean_slope),
        2 * p[i] * ((p[i] - y[i]) - Sum((p[j] - y[j]) * p[j], (j, 1, n))),
        total(2 * (p[k] - y[k]) * p[k] * (same - p[i])),
    ],
    "binary_cross_entropy_by_probability": [
        (prob - t) / (prob * (1 - prob)),
        (1 - t) / (1 - prob) - t / prob,
        -t / prob + (1 - t) / (1 - prob),
    ],
    "binary_cross_entropy_by_score": [
        prob - t,
        sigmoid(s) - t,
        1 / (1 + exp(-s)) - t,
        (1 - t) * sigmoid(s) - t * sigmoid(-s),
        (prob - t) / (prob * (1 - prob)) * prob * (1 - prob),
    ],
    "cross_entropy_by_probability": [-y[i] / p[i], -total(same * y[k] / p[k])],
    "softmax_cross_entropy_gradient": [
        p[i] - y[i],
        soft - y[i],
        exponential_share(i) - y[i],
        p[i] * total(y[k]) - y[i],
        -total(y[k] * (same - p[i])),
        -y[i] * (1 - p[i]) + p[i] * total((1 - same) * y[k]),
    ],
    "softmax_cross_entropy_hessian": [
        p[i] * (same - p[k]),
        total(y[j], j) * p[i] * (same - p[k]),
        exponential_share(k) * (same - exponential_share(i)),
    ],
    "best_constant": [t, 1 - (1 - t)],
    "weight_gradient_of_one_neuron": [
        (prob - t) * feature,
        (sigmoid(s) - t) * feature,
        (sigmoid(weight * feature + bias) - t) * feature,
        feature / (1 + exp(-weight * feature - bias)) - t * feature,
    ],
    "bias_gradient_of_one_neuron": [prob - t, sigmoid(weight * feature + bias) - t],
    "weight_gradient_with_squared_error": [
        2 * (prob - t) * prob * (1 - prob) * feature,
        2 * feature * (sigmoid(s) - t) * exp(-s) / (1 + exp(-s)) ** 2,
    ],
    "weight_after_one_step": [
        weight - rate * (prob - t) * feature,
        weight + rate * feature * (t - sigmoid(weight * feature + bias)),
    ],
    "weight_gradient": [(p[i] - y[i]) * x[k], x[k] * exponential_share(i) - x[k] * y[i]],
    "gradient_without_normalised_targets": [
        p[i] * total(y[k]) - y[i],
        -total(y[k] * (same - p[i])),
        p[i] * total((1 - same) * y[k]) - y[i] * (1 - p[i]),
    ],
    "gradient_for_one_label": [p[k] - same, softmax(z, k) - same, exponential_share(k) - same],
    "hidden_gradient": [
        hidden_sum,
        Sum((p[j] - y[j]) * w[j], (j, 1, n)),
        total(p[k] * w[k]) - total(y[k] * w[k]),
    ],
    "hidden_score_gradient": [
        slope_of_tanh * hidden_sum,
        hidden_sum / cosh(hidden) ** 2,
        sech(hidden) ** 2 * hidden_sum,
        total((p[k] - y[k]) * w[k] * slope_of_tanh),
    ],
    "squared_error_gradient": [2 * r, 2 * prediction - 2 * value, -2 * (value - prediction)],
    "absolute_error_gradient": [
        sign(r),
        -sign(value - prediction),
        Piecewise((1, r > 0), (-1, r < 0), (0, True)),
        2 * Heaviside(r, half) - 1,
    ],
    "smooth_l1": [
        inside_beta(r**2 / (2 * beta), Abs(r) - beta / 2),
        Piecewise((r - beta / 2, r >= beta), (-r - beta / 2, r <= -beta), (r**2 / (2 * beta), True)),
        Piecewise((r**2 / (2 * beta), Abs(r) <= beta), (Abs(r) - beta / 2, True)),
        Min(Abs(r), beta) ** 2 / (2 * beta) + Max(Abs(r) - beta, 0),
    ],
    "smooth_l1_gradient": [
        inside_beta(r / beta, sign(r)),
        Piecewise((sign(r), Abs(r) >= beta), (r / beta, True)),
        Max(-1, Min(1, r / beta)),
        Piecewise((1, r >= beta), (-1, r <= -beta), (r / beta, True)),
        r / Max(Abs(r), beta),
        sign(r) * Min(1, Abs(r) / beta),
        Piecewise((r / beta, Abs(r) <= beta), (r / Abs(r), True)),
    ],
    "huber_gradient": [
        inside_delta(r, delta * sign(r)),
        Max(-delta, Min(r, delta)),
        Piecewise((delta, r > delta), (-delta, r < -delta), (r, True)),
        Piecewise((r, Abs(r) <= delta), (delta * r / Abs(r), True)),
    ],
    "huber_from_smooth_l1": [delta],
    "residual_after_one_step": [(1 - 2 * rate) * r, r - 2 * rate * r, prediction - 2 * rate * r - value],
    "residual_after_one_step_of_absolute_error": [
        r - rate * sign(r),
        Piecewise((r - rate, r > 0), (r + rate, r < 0), (0, True)),
    ],
    "largest_stable_rate": [S.One, 1, Rational(2, 2), 1.0],
    "largest_stable_rate_of_smooth_l1": [2 * beta, beta + beta],
    "best_constant_of_squared_error": [total(values[k]) / n, total(values[k] / n), Sum(values[j], (j, 1, n)) / n],
    "weight_of_an_outlier": [
        inside_delta(1, delta / Abs(r)),
        Piecewise((1, Abs(r) <= delta), (delta / Abs(r), True)),
    ],
    "pinball_gradient": [
        Piecewise((-quantile, r < 0), (1 - quantile, True)),
        Heaviside(r, 1) - quantile,
        Piecewise((1 - quantile, prediction >= value), (-quantile, True)),
    ],
    "log_cosh_gradient": [
        tanh(r),
        2 * sigmoid(2 * r) - 1,
        sinh(r) / cosh(r),
        (exp(r) - exp(-r)) / (exp(r) + exp(-r)),
    ],
    "log_cosh_curvature": [1 - tanh(r) ** 2, sech(r) ** 2, 1 / cosh(r) ** 2, 4 * sigmoid(2 * r) * sigmoid(-2 * r)],
    "forward_difference_of_squared_error": [h],
    "forward_difference_error": [h * second_derivative / 2],
    "central_difference_error": [h**2 * third_derivative / 6],
    "focal_gradient": [
        (1 - prob) ** 2 * (2 * prob * log(prob) - (1 - prob)),
        2 * prob * (1 - prob) ** 2 * log(prob) - (1 - prob) ** 3,
        (2 * sigmoid(s) * log_sigmoid(s) - sigmoid(-s)) * sigmoid(-s) ** 2,
        -2 * prob * (1 - prob) ** 2 * softplus(-s) - (1 - prob) ** 3,
    ],
    "label_smoothing_gradient": [
        p[i] - (1 - epsilon) * y[i] - epsilon / n,
        p[i] - y[i] + epsilon * (y[i] - 1 / n),
        exponential_share(i) - ((1 - epsilon) * y[i] + epsilon / n),
    ],
    "poisson_gradient": [exp(s) - count],
    "hinge_gradient": [
        inside_margin(-side, 0),
        Piecewise((0, side * prediction >= 1), (-side, True)),
        -side * Heaviside(1 - side * prediction, 0),
    ],
    "squared_hinge_gradient": [
        inside_margin(-2 * side * (1 - side * prediction), 0),
        inside_margin(2 * prediction - 2 * side, 0),
        -2 * side * Max(0, 1 - side * prediction),
    ],
    "kl_divergence_gradient": [-p[i] / q[i]],
    "kl_divergence_by_score": [q[i] - p[i], soft - p[i], exponential_share(i) - p[i]],
    "huber_value": [
        inside_delta(r**2 / 2, delta * (Abs(r) - delta / 2)),
        Piecewise((r**2 / 2, Abs(r) <= delta), (delta * Abs(r) - delta**2 / 2, True)),
        Min(Abs(r), delta) * (Abs(r) - Min(Abs(r), delta) / 2),
    ],
    "mean_squared_error_gradient": [
        2 * total((weight * x[k] - values[k]) * x[k]) / n,
        total(2 * (weight * x[k] - values[k]) * x[k]) / n,
        2 * weight * total(x[k] ** 2) / n - 2 * total(x[k] * values[k]) / n,
    ],
    "squared_norm_gradient": [2 * (z[i] - values[i]), 2 * z[i] - 2 * values[i], total(2 * same * (z[k] - values[k]))],
    "ridge_gradient": [
        2 * (weight * feature - value) * feature + 2 * penalty * weight,
        2 * weight * (feature**2 + penalty) - 2 * value * feature,
    ],
}


# --- functions of arrays: written here from their meaning --------------------------------------------


def shares(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def safe_softplus(scores):
    return np.maximum(scores, 0) + np.log1p(np.exp(-np.abs(scores)))


def safe_logsumexp(scores):
    top = scores.max(axis=-1, keepdims=True)
    return top[..., 0] + np.log(np.exp(scores - top).sum(axis=-1))


def shares_at_one_height(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum(axis=-1, keepdims=True)


def shares_of_clipped(scores):
    powers = np.exp(np.clip(scores, -500, 500))
    return powers / powers.sum(axis=-1, keepdims=True)


def logsumexp_above_the_mean(scores):
    middle = scores.mean(axis=-1, keepdims=True)
    return middle[..., 0] + np.log(np.exp(scores - middle).sum(axis=-1))


def naive_binary_cross_entropy(scores, truth):
    probability = 1 / (1 + np.exp(-scores))
    return -(truth * np.log(probability) + (1 - truth) * np.log(1 - probability))


def batch_gradient(scores, truth, inputs):
    return (shares(scores) - truth).T @ inputs / len(scores)


RIGHT_FUNCTIONS = {
    "stable_softplus": [safe_softplus, lambda scores: np.logaddexp(0, scores)],
    "stable_logsumexp": [safe_logsumexp, lambda scores: np.logaddexp.reduce(scores, axis=-1)],
    "stable_softmax": [shares, lambda scores: np.exp(scores - safe_logsumexp(scores)[..., None])],
    "stable_binary_cross_entropy": [
        lambda scores, truth: safe_softplus(scores) - truth * scores,
        lambda scores, truth: truth * safe_softplus(-scores) + (1 - truth) * safe_softplus(scores),
    ],
    "batch_weight_gradient": [
        batch_gradient,
        lambda scores, truth, inputs: np.einsum("si,sk->ik", shares(scores) - truth, inputs) / inputs.shape[0],
    ],
}

WRONG_FUNCTIONS = {
    "stable_softplus": [
        (lambda scores: safe_softplus(scores) + 1j * scores, None),
        (lambda scores: safe_softplus(scores).astype(str), None),
        (lambda scores: np.log(1 + np.exp(scores)), "only small numbers"),
        (lambda scores: np.where(abs(scores) < 20, safe_softplus(scores), np.maximum(scores, 0)), "only small numbers"),
        (lambda scores: -safe_softplus(scores), "sign"),
        (lambda scores: 2 * safe_softplus(scores), "constant factor"),
        (lambda scores: safe_softplus(-scores), None),
        (lambda scores: np.maximum(scores, 0), None),
        (lambda scores: safe_softplus(scores).sum(), None),
        (lambda scores: scores if scores > 0 else safe_softplus(scores), None),
        (lambda scores: scores * np.nan, None),
    ],
    "stable_logsumexp": [
        (lambda scores: np.log(np.exp(scores).sum(axis=-1)), "only small numbers"),
        (lambda scores: scores.max() + np.log(np.exp(scores - scores.max()).sum(axis=-1)), "only small numbers"),
        (logsumexp_above_the_mean, "only small numbers"),
        (lambda scores: -safe_logsumexp(scores), "sign"),
        (lambda scores: safe_logsumexp(scores) / 2, "constant factor"),
        (lambda scores: safe_logsumexp(scores.T), "indices swapped"),
        (lambda scores: scores.max(axis=-1), None),
        (lambda scores: safe_logsumexp(scores[:1]), "only one sample"),
        (lambda scores: safe_logsumexp(scores - scores.max(axis=-1, keepdims=True)), None),
    ],
    "stable_softmax": [
        (lambda scores: np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True), "only small numbers"),
        (shares_at_one_height, "only small numbers"),
        (shares_of_clipped, "only small numbers"),
        (lambda scores: np.nan_to_num(np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)), "only small numbers"),
        (lambda scores: -shares(scores), "sign"),
        (lambda scores: shares(scores) * scores.shape[-1], "constant factor"),
        (lambda scores: np.exp(scores) / np.exp(scores).sum(), "only one sample"),
        (lambda scores: np.exp(scores) / np.exp(scores).sum(axis=-1), "only one sample"),
        (lambda scores: shares(scores.T).T, "indices swapped"),
        (lambda scores: 1 - shares(scores), None),
        (lambda scores: np.where(scores.shape[-1] == 2, 1, 2) * shares(scores), "only two classes"),
        (lambda scores: shares(scores)[:, 0], None),
    ],
    "stable_binary_cross_entropy": [
        (naive_binary_cross_entropy, "only small numbers"),
        (lambda scores, truth: truth * scores - safe_softplus(scores), "sign"),
        (lambda scores, truth: (safe_softplus(scores) - truth * scores) / 2, "constant factor"),
        (lambda scores, truth: safe_softplus(scores), None),
        (lambda scores, truth: safe_softplus(scores) - (1 - truth) * scores, None),
        (lambda scores: safe_softplus(scores), None),
        (lambda scores, truth: 1 / 0, None),
    ],
    "batch_weight_gradient": [
        (lambda scores, truth, inputs: inputs.T @ (shares(scores) - truth), "indices swapped"),
        (lambda scores, truth, inputs: (shares(scores) - truth).T @ inputs, "constant factor"),
        (lambda scores, truth, inputs: (shares(scores) - truth).T @ inputs / scores.shape[-1], "constant factor"),
        (lambda scores, truth, inputs: 2 * batch_gradient(scores, truth, inputs), "constant factor"),
        (
            lambda scores, truth, inputs: (shares_at_one_height(scores) - truth).T @ inputs / len(inputs),
            "only small numbers",
        ),
        (lambda scores, truth, inputs: -batch_gradient(scores, truth, inputs), "sign"),
        (lambda scores, truth, inputs: batch_gradient(scores, truth, inputs).T, "indices swapped"),
        (lambda scores, truth, inputs: (-truth / shares(scores)).T @ inputs / len(inputs), "missing factor"),
        (lambda scores, truth, inputs: (-truth * (1 - shares(scores))).T @ inputs / len(inputs), "only the diagonal"),
        (lambda scores, truth, inputs: batch_gradient(scores, truth, np.ones_like(inputs)), "missing factor"),
        (lambda scores, truth, inputs: shares(scores).T @ inputs / len(inputs), "wrong term"),
        (lambda scores, truth, inputs: (shares(scores) - truth) @ inputs, None),
        (lambda scores, truth, inputs: None, None),
    ],
}


# --- right and wrong ---------------------------------------------------------------------------------


@each_chapter
def test_every_chapter_has_exercises(chapter):
    mine = [name for name, exercise in exercises.catalogue.items() if exercise.chapter == chapter]
    assert len(mine) >= 3, f"add exercises with chapter={chapter} to a module of lossbook/exercises: three at least"


def test_exercises_stand_in_the_order_of_the_chapters():
    numbered = [(exercise.chapter, name) for name, exercise in exercises.catalogue.items()]
    late = [after[1] for before, after in zip(numbered, numbered[1:]) if after[0] < before[0]]
    assert late == [], "define these above the exercises of later chapters"


def test_the_tables_cover_every_exercise():
    right, wrong = RIGHT | RIGHT_FUNCTIONS, WRONG | WRONG_FUNCTIONS
    missing = exercises.catalogue.keys() - (right.keys() & wrong.keys())
    assert not missing, f"add {missing} to RIGHT and WRONG here, or to the tables of functions"
    assert right.keys() == wrong.keys() == exercises.catalogue.keys()
    few = [name for name, answers in wrong.items() if len(answers) < 5]
    assert few == [], "give these five wrong answers at least, each with its kind of mistake or None"


def test_the_tables_have_every_kind_of_mistake():
    kinds = {kind for answers in (WRONG | WRONG_FUNCTIONS).values() for _, kind in answers}
    assert kinds == {None, *KINDS}


@pytest.mark.thorough(one_case_in=6)
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_is_proved_in_any_form(name):
    exercise = exercises.get(name)
    for answer in [exercise.solution, *RIGHT[name]]:
        feedback = exercise.check(answer)
        assert feedback.verdict == "proved", answer
        assert feedback.right and feedback and feedback.mistake is None and feedback.counterexample is None
        assert "proved" in str(feedback)


@pytest.mark.thorough(one_case_in=12)
@pytest.mark.parametrize("name", WRONG)
def test_the_mistake_in_a_wrong_answer_is_named_and_shown(name):
    exercise = exercises.get(name)
    for answer, kind in WRONG[name]:
        feedback = exercise.check(answer)
        assert (feedback.mistake, feedback.verdict) == (kind, "refuted"), (answer, str(feedback))
        assert not feedback and not feedback.right and "proved" not in str(feedback)
        assert_differs(exercise, answer, feedback.counterexample)
        if feedback.counterexample.classes == 3:
            assert_equal_for_two_classes(exercise, answer)
        else:
            assert feedback.counterexample.classes in (None, 2) and kind != "only two classes"


def assert_differs(exercise, answer, counterexample):
    """Plain arithmetic gives both sides of the counterexample, and they differ."""
    numbers = {symbol: mp.mpf(v.p) / v.q for symbol, v in counterexample.values.items()}
    for equation in reversed(exercise.given):
        numbers |= meanings(equation, counterexample.classes, numbers)
    sides = []
    for expression in (answer, exercise.solution):
        try:
            sides.append(evaluate(expression, counterexample.classes, numbers))
        except (ZeroDivisionError, StopIteration):  # a Piecewise of which no case holds
            sides.append(mp.nan)
    for mine, theirs in zip(sides, (counterexample.left, counterexample.right)):
        assert mp.isnan(mine) and theirs is nan or abs(mine - mp.mpf(str(theirs))) <= 1e-13 * max(1, abs(mine))
    assert mp.isnan(sides[0]) or abs(sides[0] - sides[1]) > 1e-9


def assert_equal_for_two_classes(exercise, answer):
    for scores in ((0, 1), (2, -1), (3, 5)):
        numbers = {i: Integer(1), k: Integer(2), epsilon: half, y[1]: S.One, y[2]: S.Zero, weight: S(3)}
        numbers |= {p[1]: Rational(1, 4), p[2]: Rational(3, 4)}
        numbers |= {row[m]: Integer(score) for row in (z, x, w, values) for m, score in enumerate(scores, start=1)}
        numbers = {symbol: mp.mpf(v.p) / v.q for symbol, v in numbers.items()}
        for equation in reversed(exercise.given):
            numbers |= meanings(equation, 2, numbers)
        assert abs(evaluate(answer, 2, numbers) - evaluate(exercise.solution, 2, numbers)) < 1e-20


def meanings(equation, classes, numbers):
    """What the symbol or the entries on the left side of `equation` are, or nothing for a side condition."""
    defined = equation.lhs
    if isinstance(defined, Symbol):
        return {defined: evaluate(equation.rhs, classes, numbers)}
    if isinstance(defined, Sum):
        return {}
    (index,) = defined.indices
    return {defined.base[m]: evaluate(equation.rhs, classes, {**numbers, index: m}) for m in range(1, classes + 1)}


@pytest.mark.parametrize("name", RIGHT_FUNCTIONS)
def test_a_right_function_passes(name):
    for function in RIGHT_FUNCTIONS[name]:
        feedback = exercises.get(name).check(function)
        assert feedback.verdict == "tried" and feedback and "tried, not proved" in str(feedback)


def test_it_is_said_how_often_a_function_was_called():
    called = []

    def counting(scores):
        called.append(scores)
        return np.logaddexp(0, scores)

    said = str(exercises.stable_softplus.check(counting))
    assert len(called) > 20 and f"Right in all {len(called)} calls" in said


def test_a_wrong_number_of_a_function_is_shown_with_six_digits():
    said = str(exercises.stable_softplus.check(lambda scores: 0 * scores + 0.7))
    assert said.endswith("it returns [0.7], and should return [0.693147].")


def test_a_counterexample_shows_arrays_as_nested_lists():
    said = str(exercises.stable_softmax.check(lambda scores: scores * 0 + 0.25))
    assert said.endswith("For z = [[0, 0]] it returns [[0.25, 0.25]], and should return [[0.5, 0.5]].")


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("name", WRONG_FUNCTIONS)
def test_the_mistake_in_a_wrong_function_is_named_and_shown(name):
    exercise = exercises.get(name)
    for number, (function, kind) in enumerate(WRONG_FUNCTIONS[name]):
        feedback = exercise.check(function)
        assert (feedback.mistake, feedback.verdict) == (kind, "refuted"), (number, str(feedback))
        shown = feedback.counterexample
        inputs = list(shown.inputs.values())
        if not shown.problem:
            with np.errstate(all="ignore"):
                np.testing.assert_array_equal(function(*inputs), shown.output)
            same_shape = shown.output.shape == shown.expected.shape
            assert not same_shape or not np.allclose(shown.output, shown.expected, atol=1e-12)
        np.testing.assert_allclose(RIGHT_FUNCTIONS[name][0](*inputs), shown.expected, rtol=1e-9, atol=1e-12)


def test_rows_that_add_to_1_are_tried_one_hot_equal_and_unequal():
    points = [point for point in small_points([y[i]], normalised=[y]) if point.classes == 2]
    rows = {tuple(point.values[y[m]] for m in (1, 2)) for point in points}
    assert {(1, 0), (0, 1), (half, half), (Rational(1, 3), Rational(2, 3))} <= rows


def test_every_way_to_choose_small_numbers_is_tried_the_smallest_first():
    points = [tuple(point.values.values()) for point in small_points([t + prob])]
    assert len(points) == len(set(points)) == 7 * 5 and points[0] == (Rational(1, 2), 0)
    tried = [point.values[beta] for point in small_points([beta])]
    assert tried == list(map(Rational, "1 2 3 1/2 1/3 2/3 1/4 3/4 0".split()))
    assert all(point.classes is None and not point.indices for point in small_points([z[2]]))


def test_a_point_without_a_class_for_an_index_has_no_value():
    with pytest.raises(KeyError):
        value_at(z[i] - z[1], Point(2, {}, {z[1]: S.One, z[2]: S.One}))


def test_a_function_is_called_with_targets_that_add_to_1():
    def gradient(scores, truth, inputs):
        assert np.allclose(truth.sum(axis=1), 1)
        return batch_gradient(scores, truth, inputs)

    assert exercises.batch_weight_gradient.check(gradient)


def test_a_function_of_one_score_may_have_features():
    neuron = Exercise(
        chapter=6, question="", hints=(), of=losses.binary_cross_entropy_with_logits.expression, by=(notation.logit,),
        times={features[k]: (notation.logit, Symbol("w_k"))}, arguments=(notation.logit, t, features), mean=True,
    )  # fmt: skip
    assert neuron.check(lambda score, truth, x: (1 / (1 + np.exp(-score)) - truth) @ x / len(x))
    wrong = neuron.check(lambda score, truth, x: (1 / (1 + np.exp(-score)) - truth) @ x)
    assert wrong.mistake == "constant factor" and wrong.counterexample.expected.shape == (2,)


def test_a_counterexample_is_the_smallest():
    shown = exercises.softmax_slope.check(p[i] * (same + p[k])).counterexample
    assert (shown.classes, list(shown.values.values())) == (2, [1, 1, 0, 0])
    shown = exercises.huber_gradient.check(inside_delta(r, delta)).counterexample
    assert shown.values == {prediction: 0, value: 1, delta: 1}


# --- what the derived solutions are held against -----------------------------------------------------

DERIVATIVES = [name for name, exercise in exercises.catalogue.items() if exercise.of is not None]
NUMBERS = {
    s: "0.7",
    t: "0.3",
    prob: "0.6",
    prediction: "0.4",
    value: "1.9",
    side: "-1",
    count: "2",
    delta: "0.8",
    beta: "0.8",
    quantile: "0.2",
    epsilon: "0.1",
    temperature: "2",
    weight: "1.2",
    feature: "0.9",
    penalty: "0.3",
}
ROWS = {
    z: "0.3 -1.1 0.8",
    y: "0.2 0.5 0.3",
    p: "0.5 0.2 0.3",
    q: "0.1 0.3 0.6",
    x: "1 2 -1",
    values: "3 1 2",
    w: "2 -1 0.5",
}


@pytest.mark.parametrize("name", [name for name in DERIVATIVES if not exercises.get(name).times])
def test_a_solution_is_the_derivative_that_difference_quotients_measure(name):
    exercise = exercises.get(name)
    ordinary = {symbol: mp.mpf(number) for symbol, number in NUMBERS.items()}
    for row, numbers in ROWS.items():
        ordinary |= {row[m]: mp.mpf(number) for m, number in enumerate(numbers.split(), start=1)}
    for first, second in ((1, 1), (1, 2), (3, 2)):
        point = {**ordinary, i: Integer(first), k: Integer(second)}
        measured = evaluate(Derivative(exercise.of, *exercise.by, evaluate=False), 3, point)
        assert abs(measured - evaluate(exercise.solution, 3, point)) < 1e-12


def test_a_solution_may_tell_two_pairs_of_classes_apart():
    slope = Exercise(chapter=3, question="", hints=(), of=z[i] * z[k], by=(z[j],)).solution
    row = {z[1]: mp.mpf(2), z[2]: mp.mpf(3), z[3]: mp.mpf(5)}
    for classes, expected in {(1, 1, 1): 4, (1, 2, 1): 3, (1, 2, 2): 2, (1, 2, 3): 0, (3, 3, 2): 0}.items():
        assert evaluate(slope, 3, {**row, **dict(zip((i, k, j), map(Integer, classes)))}) == expected


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_derivation_ends_at_the_solution(name):
    exercise = exercises.get(name)
    derivation = exercise.derivation()
    assert exercise.arguments or exercise.check(derivation.result)
    assert all(step.verdict for step in derivation.steps)
    assert not exercise.times or derivation.name.has(Derivative) and derivation.start.has(Derivative)


def test_a_solution_is_in_its_shortest_form():
    assert str(exercises.sheet(3)).count("softmax(z/T)_i*(δ_ik - softmax(z/T)_k))/T") == 1
    assert exercises.kl_divergence_by_score.solution == softmax(z, i) - p[i]


def test_a_derivation_begins_with_the_links_of_the_chain():
    first = str(exercises.weight_gradient_of_one_neuron.derivation()).splitlines()[0]
    assert first.split("   ")[0] == "∂L/∂w = x*∂/∂z(-y*log_sigmoid(z) - (1 - y)*log_sigmoid(-z))"


def test_an_exercise_without_a_derivative_has_no_derivation():
    with pytest.raises(ValueError, match="^derivation: sigmoid_mirror"):
        exercises.sigmoid_mirror.derivation()


# --- what is said ------------------------------------------------------------------------------------


def test_feedback_reads_like_a_teacher():
    check = exercises.softmax_cross_entropy_gradient.check
    assert str(check(p[i] - y[i])) == "Right, and proved for every number of classes."
    wrong = check(y[i] - p[i])
    assert str(wrong) == (
        "Not yet. The sign is wrong, and nothing else. At n = 2, i = 1, y_1 = 1, y_2 = 0, z_1 = 0, z_2 = 0 your answer "
        "is 0.5, and the right one is −0.5."
    )
    assert wrong._repr_markdown_().endswith("${z}_{2} = 0$ your answer is 0.5, and the right one is −0.5.")
    assert "A link of the chain is missing: ∂z/∂w." in str(exercises.weight_gradient_of_one_neuron.check(prob - t))
    assert "It is 1/n times the right answer." in str(check((p[i] - y[i]) / n))
    assert "wrong where |yhat - y| > delta" in str(exercises.huber_gradient.check(r))
    above = Piecewise((1, r > 0), (-1, True))
    assert "at the kink, where yhat = y" in str(exercises.absolute_error_gradient.check(above))


SAID = {
    "a division by 0 is no kink": (
        "weight_of_an_outlier",
        Min(1, delta / Abs(r)),
        "It is undefined where yhat = y, and right everywhere else.",
    ),
    "a region that is partly right": (
        "huber_gradient",
        Piecewise((r, Abs(r) < 2 * delta), (delta, r > -delta), (r / 2, True)),
        "It is wrong only where |yhat - y| > delta, but not everywhere there.",
    ),
    "the edge of a region for beta above 0": (
        "smooth_l1_gradient",
        inside_beta(Abs(r) / beta, 1),
        "It is wrong where yhat < y, and right on the other side.",
    ),
    "a region whose condition divides by 0": (
        "squared_error_gradient",
        Piecewise((2 * r, 1 / r > 0), (-2 * r, True)),
        "It is wrong where 1/(yhat - y) ≤ 0, and right on the other side.",
    ),
    "the fewest conditions of a region": (
        "huber_gradient",
        Piecewise((delta, r > delta), (r, True)),
        "It is wrong where yhat < y and |yhat - y| > delta, and right on the other side.",
    ),
    "a factor that one branch lacks": (
        "smooth_l1_gradient",
        inside_beta(r, sign(r)),
        "It is wrong where |yhat - y| < beta, and right on the other side.",
    ),
    "a factor that all branches lack": ("hinge_gradient", inside_margin(-1, 0), "A factor is missing: y."),
    "k that counts inputs": (
        "weight_gradient",
        (p[i] - y[i]) * x[i],
        "It is right where k is i, and wrong where k is not i.",
    ),
    "n that counts values": (
        "best_constant_of_squared_error",
        total(values[k]) / (3 * n - 4),
        "It is right for n = 2, and not for every n.",
    ),
    "what was asked for": (
        "weight_gradient_of_one_neuron",
        (prob - t) / (prob * (1 - prob)),
        "It is the derivative with respect to p, not with respect to w.",
    ),
    "the sign of a term": (
        "weight_after_one_step",
        weight + rate * (prob - t) * feature,
        "The sign of the term eta*x*(p - y) is wrong.",
    ),
    "a sign within a product": (
        "softmax_own_slope",
        p[i] * (1 + p[i]),
        "The sign of the term p_i in 1 + p_i is wrong.",
    ),
    "a sign below the line": (
        "binary_cross_entropy_by_probability",
        (prob - t) / (prob * (1 + prob)),
        "The sign of the term p in 1 + p is wrong.",
    ),
    "two signs of one bracket": (
        "focal_gradient",
        (1 - prob) ** 2 * (2 * prob * log(prob) + (1 - prob)),
        "The signs of the terms 1 and -p in 1 + 2*p*log(p) - p are wrong.",
    ),
    "the sign of an argument": (
        "sigmoid_slope",
        exp(s) / (1 + exp(-s)) ** 2,
        "The sign of the argument of exp(z) is wrong.",
    ),
    "a sign that is lost over one denominator": (
        "binary_cross_entropy_by_probability",
        (prob + t - 2 * prob * t) / (prob * (1 - prob)),
        "The derivative of -y*log(p) has the wrong sign.",
    ),
    "a factor too many in a sum": (
        "mean_squared_error_gradient",
        2 * total((weight * x[k] ** 2 - values[k]) * x[k]) / n,
        "There is a factor too many in w*x_k**2: x_k.",
    ),
    "one power too few": (
        "focal_gradient",
        (1 - prob) * (2 * prob * log(prob) - (1 - prob)),
        "A factor is missing: 1 - p.",
    ),
    "a constant above for below the line": (
        "warm_softmax_slope",
        temperature * p[i] * (same - p[k]),
        "It is T**2 times the right answer.",
    ),
    "the root of a constant": (
        "largest_stable_rate_of_smooth_l1",
        2 * sqrt(beta),
        "It is 1/sqrt(beta) times the right answer.",
    ),
    "a factor of a term": (
        "residual_after_one_step",
        (1 - rate) * r,
        "The term -eta*(yhat - y) is wrong: it is 1/2 times what it should be.",
    ),
    "a symbol that a term lacks": (
        "weight_after_one_step",
        weight - rate * (prob - t),
        "A factor of the term -eta*(p - y) is missing: x.",
    ),
    "a symbol that a term lacks beside a number": (
        "weight_after_one_step",
        weight - 2 * rate * (prob - t),
        "A factor of the term -2*eta*(p - y) is missing: x/2.",
    ),
    "a term left out": ("ridge_gradient", 2 * (weight * feature - value) * feature, "A term is missing: 2*lambda*w."),
    "a term of a sum over classes": ("hidden_gradient", total(p[k] * w[k]), "A term is missing: Σ_i(-w_i*y_i)."),
    "an inner derivative": (
        "binary_cross_entropy_by_probability",
        -t / prob - (1 - t) / (1 - prob),
        "The inner derivative of 1 - p is missing.",
    ),
    "an inner derivative but for its sign": (
        "sigmoid_slope",
        1 / (1 + exp(-s)) ** 2,
        "The inner derivative of 1 + exp(-z) is missing, all but a minus sign.",
    ),
    "a factor too many": (
        "binary_cross_entropy_by_score",
        2 * (prob - t) * prob * (1 - prob),
        "There is a factor too many: 2*p*(1 - p).",
    ),
    "a missing factor with its 2": (
        "weight_gradient_with_squared_error",
        (prob - t) * feature,
        "A factor is missing: 2*p*(1 - p).",
    ),
    "the true class": (
        "weight_gradient",
        (p[i] - 1) * x[k],
        "It is right where y_i = 1, and not for every target.",
    ),
    "the reader's name of a function": ("sigmoid_slope", 1 - sigmoid(s), "A factor is missing: sigmoid(z)."),
    "the reader's name of a share": ("softmax_own_slope", p[i], "A factor is missing: 1 - p_i."),
    "the shares of a loss": (
        "softmax_cross_entropy_gradient",
        -y[i] / p[i],
        "It is the derivative with respect to p_i, not with respect to z_i.",
    ),
    "the sign of a whole argument": (
        "weight_gradient_of_one_neuron",
        (sigmoid(-weight * feature - bias) - t) * feature,
        "The sign of the argument of sigmoid(-b - w*x) is wrong.",
    ),
    "a factor too many three times": ("softplus_slope", prob**4, "There is a factor too many: p**3."),
    "a factor too many, multiplied out": ("softplus_slope", prob - prob**2, "There is a factor too many: 1 - p."),
    "a factor of the truth too many, multiplied out": (
        "best_constant",
        t - t**2,
        "There is a factor too many: 1 - y.",
    ),
    "a factor too many of a class, multiplied out": (
        "logsumexp_gradient",
        p[i] - p[i] ** 2,
        "There is a factor too many: 1 - p_i.",
    ),
    "a factor too many of class 1, multiplied out": (
        "softmax_of_two",
        z[1] ** 2 - z[1] * z[2],
        "There is a factor too many: z_1.",
    ),
    "a forgotten sum": ("hidden_gradient", (p[i] - y[i]) * w[i], "A sum over i is missing."),
    "an index of no one": (
        "softmax_own_slope",
        p[i] * (same - p[k]),
        "Your answer has the index k, the right one has not.",
    ),
}


@pytest.mark.thorough(one_case_in=4)
@pytest.mark.parametrize("name", SAID)
def test_what_is_said_points_at_the_place(name):
    exercise, answer, sentence = SAID[name]
    assert f"Not yet. {sentence} At " in str(exercises.get(exercise).check(answer))


def test_a_function_that_changes_its_input_is_told_so():
    def lowered(scores):
        scores -= scores.max(axis=-1, keepdims=True)
        return shares(scores)

    said = str(exercises.stable_softmax.check(lowered))
    assert said == "Not yet. For z = [[1, 0]] it changed its input z in place."


@pytest.mark.thorough
def test_what_is_wrong_with_the_axes_or_a_term_of_an_array_is_told():
    mixed = str(exercises.stable_softmax.check(lambda scores: np.exp(scores) / np.exp(scores).sum(axis=-1)))
    assert "It is right for one sample alone, and wrong for several at once." in mixed and "it stopped with" in mixed
    turned = str(exercises.stable_logsumexp.check(lambda scores: safe_logsumexp(scores.T)))
    assert "It takes the first axis for the classes, but they are on the last: one row is one sample." in turned
    check = exercises.batch_weight_gradient.check
    added = str(check(lambda scores, truth, inputs: (shares(scores) + truth).T @ inputs / len(inputs)))
    assert "The sign of the term x_k*y_i is wrong." in added
    exchanged = str(check(lambda *arrays: batch_gradient(*arrays).T))
    assert "It is right but for rows and columns, which are exchanged." in exchanged
    exchanged = str(check(lambda *arrays: 2 * batch_gradient(*arrays).T))
    assert "Rows and columns are exchanged, and that is not all." in exchanged
    mean = check(lambda scores, truth, inputs: (shares(scores) - truth).T @ inputs / scores.shape[-1])
    assert "It is N/n times the right answer, with N the number of samples." in str(mean)


@pytest.mark.thorough
def test_an_answer_that_is_0_lacks_no_link():
    for answer in (S.Zero, Sum((p[i] - y[i]) * w[k], (i, 1, n))):
        for exercise in (exercises.hidden_gradient, exercises.hidden_score_gradient):
            said = str(exercise.check(answer))
            assert "missing" not in said and "0 times" not in said


def test_a_region_has_its_edge_where_the_answer_is_wrong_on_it_too():
    lifted = exercises.smooth_l1.check(Piecewise((r**2 / (2 * beta), Abs(r) < beta), (Abs(r), True)))
    assert "wrong where |yhat - y| ≥ beta" in str(lifted)  # by beta / 2
    unbent = exercises.huber_gradient.check(r)
    assert "wrong where |yhat - y| > delta" in str(unbent)  # on the edge r is delta, which is right


def test_an_answer_that_is_wrong_on_a_kink_too_is_not_called_right_there():
    tail = Piecewise((5, Eq(r, 0)), (r, Abs(r) < delta), (delta, True))
    said = str(exercises.huber_gradient.check(tail))
    assert said == "Not yet. At delta = 1, y = 0, yhat = 0 your answer is 5, and the right one is 0."


def test_a_case_without_an_otherwise_that_is_wrong_too_is_answered():
    said = str(exercises.hinge_gradient.check(Piecewise((prediction, side * prediction < 1))))
    assert said == "Not yet. At y = 1, yhat = 0 your answer is 0, and the right one is −1."


def test_points_are_not_called_classes():
    exercise = exercises.mean_squared_error_gradient
    assert str(exercise.check(exercise.solution)) == "Right, and proved for every n."


@pytest.mark.parametrize("name", exercises.catalogue)
def test_no_index_of_a_question_is_bound_and_free(name):
    asked = exercises.get(name).asked
    for derivative in (term for term in asked.terms.values() if isinstance(term, Derivative)):
        by = set().union(*(symbol.free_symbols for symbol in derivative.variables))
        assert not bound_indices(derivative.expr) & by


def test_a_symbol_that_an_answer_uses_is_typeset_whatever_its_name():
    shown = exercises.softmax_slope._repr_markdown_()
    assert "written with logits ($z$), probabilities ($p$), softmax, KroneckerDelta, $i$, $k$, $n$." in shown


@pytest.mark.parametrize("name", WRONG)
def test_an_exercise_lists_the_functions_of_its_solution(name):
    exercise = exercises.get(name)
    listed = str(exercise).splitlines()[1]
    for function in (Abs, KroneckerDelta, Piecewise, Sum, exp, log, sign):
        assert not exercise.solution.has(function) or re.search(rf"\b{function.__name__}\b", listed)


def test_the_list_of_what_an_answer_is_written_with_is_complete():
    assert str(exercises.smooth_l1).splitlines()[1:] == [
        "Your answer is written with prediction (yhat), value (y), beta, Abs, Piecewise.",
        "from lossbook.notation import prediction, value, beta",
        "from sympy import Abs, Piecewise",
    ]
    assert "Your answer is a number, written with log.\nfrom sympy import log" in str(exercises.hardest_push)
    assert str(exercises.largest_stable_rate).endswith("Your answer is a number.")


def test_a_rounded_number_is_asked_for_exactly():
    assert str(exercises.hardest_push.check(-0.693)) == (
        "Not yet. It has a rounded number: write it exactly, as in Rational(1, 3). Your answer is −0.693, and the "
        "right one is −0.693147."
    )
    for wrong in (0.25, 2.0, 1 / 1024, 0.5 * prob, 1j):
        assert "write it exactly" not in str(exercises.sigmoid_slope.check(wrong))


def test_two_numbers_that_differ_are_shown_with_enough_digits():
    assert "is −0.6931471805599453, and the right one is −0.69314718055994531." in str(
        exercises.hardest_push.check(log(0.5))
    )
    assert "is 0.16666666666666666, and the right one is 0.16666666666666667." in str(
        exercises.central_difference_error.check(h**2 * third_derivative * (1 / 6))
    )
    short = exercises.stable_softplus.check(lambda scores: safe_softplus(scores.astype(np.float32)))
    assert str(short).endswith("it returns [0.693147182], and should return [0.693147181].")


def test_a_row_of_probabilities_is_shown_as_a_distribution():
    for name, wrong in (("surviving_term", -log(1 - p[i])), ("squared_error_of_one_picture", total((p[k] - 1) ** 2))):
        shown = exercises.get(name).check(wrong).counterexample.values
        assert shown[p[1]] + shown[p[2]] == 1


def test_the_number_of_samples_is_named():
    summed = exercises.batch_weight_gradient.check(lambda scores, truth, x: (shares(scores) - truth).T @ x)
    assert "It is N times the right answer, with N the number of samples." in str(summed)


def test_one_point_is_no_points():
    unknown = exercises.hardest_push.check(-log(2) * (sin(1) ** 2 + cos(1) ** 2))
    assert str(unknown).startswith("Not known: it agrees with the solution at 1 point, but")


def test_what_is_neither_proved_nor_refuted_is_said_to_be_unknown():
    feedback = exercises.sigmoid_slope.check(prob * (1 - prob) * (sin(s) ** 2 + cos(s) ** 2))
    assert feedback.verdict == "unknown" and not feedback and feedback.counterexample is None
    assert "no proof was found" in str(feedback) and "Right" not in str(feedback)


def test_an_answer_that_is_nowhere_a_number_is_wrong():
    feedback = exercises.sigmoid_slope.check(nan)
    assert feedback.verdict == "refuted" and feedback.counterexample.left is nan and "undefined" in str(feedback)
    assert exercises.sigmoid_slope.check(oo).verdict == "refuted"
    assert exercises.sigmoid_slope.check(I * prob).verdict == "refuted"


@pytest.mark.thorough
def test_feedback_does_not_depend_on_the_order_of_sets():
    code = (
        "from lossbook import exercises\n"
        "from lossbook.exercises.symbols import features\n"
        "from lossbook.notation import *\n"
        "print(exercises.weight_gradient.check((probabilities[k] - targets[k]) * features[i]))\n"
        "print(exercises.smooth_l1_gradient.check(prediction))\n"
        "print(exercises.softmax_slope)"
    )
    shown = set()
    for seed in ("1", "2", "3"):
        surroundings = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=surroundings)
        shown.add(run.stdout)
    assert len(shown) == 1


# --- questions and hints -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", exercises.catalogue)
def test_an_exercise_shows_its_question_and_what_the_answer_is_written_with(name):
    exercise = exercises.get(name)
    assert exercise.name == name and name.isidentifier() and getattr(exercises, name) is exercise
    for shown in (repr(exercise), exercise._repr_markdown_()):
        assert "Your answer is" in shown and not {"{}", "None"} & set(shown.split())
    assert exercise._repr_markdown_().count("$") % 2 == 0
    scope = {}
    exec("\n".join(exercise.imports()), scope)
    imported = [thing for key, thing in scope.items() if key != "__builtins__"]
    assert exercise.arguments or set(imported) == set(exercise.written_with)


@pytest.mark.parametrize("name", exercises.catalogue)
def test_hints_come_in_steps(name):
    exercise = exercises.get(name)
    assert len(exercise.hints) >= 2
    hints = [str(exercise.hint(number)) for number in range(1, len(exercise.hints) + 1)]
    assert str(exercise.hint()) == hints[0] and len(set(hints)) == len(hints)
    for number in (0, len(hints) + 1):
        with pytest.raises(ValueError, match=f"^number: expected a number from 1 to {len(hints)}"):
            exercise.hint(number)


@each_chapter
def test_a_sheet_has_the_question_the_hints_and_the_solution_of_each_exercise_of_its_chapter(chapter):
    mine = [exercise for exercise in exercises.catalogue.values() if exercise.chapter == chapter]
    sheet = exercises.sheet(chapter)
    page, written = sheet._repr_markdown_(), str(sheet)
    names = [exercise.name for exercise in mine]
    assert re.findall(r"^\*\*`(\w+)`\*\* ", page, re.MULTILINE) == names
    assert [line.partition(".")[0] for line in written.splitlines() if line[0] != " "] == names
    assert page.count("<summary>Solution</summary>") == sum(not exercise.arguments for exercise in mine)
    for exercise, on_page in zip(mine, page.split("**`")[1:]):
        hints = [exercise.hint(number) for number in range(1, len(exercise.hints) + 1)]
        folds = [f"Hint {number}</summary>\n\n{hint._repr_markdown_()}" for number, hint in enumerate(hints, start=1)]
        places = [on_page.index(fold) for fold in folds]
        assert places == sorted(places) and "</details>" not in on_page[: places[-1]]  # each hint holds the next
        assert all(f"Hint {number}: {hint}" in written for number, hint in enumerate(hints, start=1))
        if not exercise.arguments:
            assert latex(exercise.solution) in on_page and f"Solution: {text(exercise.solution)}" in written


@pytest.mark.parametrize("chapter, error", [(0, ValueError), (99, ValueError), (-1, ValueError), ("1", TypeError)])
def test_a_chapter_that_there_is_not_has_no_sheet(chapter, error):
    with pytest.raises(error, match="^chapter: expected a"):
        exercises.sheet(chapter)


def test_a_sentence_names_a_term_that_it_lacks():
    for show in (str, Words._repr_markdown_):
        with pytest.raises(ValueError, match=r"^no term rr for 'The slope is \{rr\}, not \{r\}\.'$"):
            show(Words("The slope is {rr}, not {r}.", r=r))


def test_get_suggests_the_nearest_name():
    assert exercises.get("softmax_slope") is exercises.softmax_slope
    with pytest.raises(ValueError, match="^name: expected an exercise, got .*; did you mean 'softmax_slope'"):
        exercises.get("softmax_slop")
    with pytest.raises(TypeError, match="^name: expected a string"):
        exercises.get(3)


# --- what is no answer -------------------------------------------------------------------------------

own_z = Symbol("z")
NO_EXPRESSIONS = [
    "sigmoid(z)",
    "__import__('os').getcwd()",
    None,
    True,
    [1, 2],
    Matrix([1]),
    lambda z: z,
    sigmoid,
    Eq(s, 1),
    s < 1,
]


@pytest.mark.parametrize("answer", NO_EXPRESSIONS)
def test_an_answer_is_a_sympy_expression(answer):
    with pytest.raises(TypeError, match="^answer: expected a SymPy expression( that stands for one number)?, got"):
        exercises.sigmoid_slope.check(answer)


@pytest.mark.parametrize("answer", ["np.exp", None, s, exp(s), 3.0, softplus, exp], ids=str)
def test_where_the_exercise_says_so_an_answer_is_a_function(answer):
    with pytest.raises(TypeError, match="^answer: expected a function of the arrays logit, got"):
        exercises.stable_softplus.check(answer)


whole = Symbol("m", integer=True)  # which may be 0 or less
STRANGERS = {
    "sigmoid_slope": [
        (sigmoid(own_z), "^answer: expected the book's z, a number, .*`from lossbook.notation import logit`$"),
        (sigmoid(z[1]), "^answer: expected the book's z, a number, .*`from lossbook.notation import logit`$"),
        (Symbol("c") * prob, "^answer: expected an expression in logit, probability, sigmoid, got one with c$"),
        (Function("f")(s), r"^answer: expected known functions, got f\(z\)"),
        (Derivative(sigmoid(s), s), "^answer: expected the derivative carried out"),
        (Integral(sigmoid(s), s), "^answer: expected the integral carried out"),
        (DiracDelta(s), "^answer: expected functions with known values"),
        (i * prob, "^answer: expected an expression in logit, probability, sigmoid, got one with i$"),
    ],
    "softmax_slope": [
        (s * p[i], "^answer: expected the book's z, a row, .*`from lossbook.notation import logits`$"),
        (IndexedBase("p")[i], "^answer: expected the book's p, a row, .* import probabilities`$"),
        (z[0] * p[i], r"^answer: expected one class for each entry, such as z\[i\], got z\[0\]$"),
        (z[i, k], r"^answer: expected one class for each entry, such as z\[i\], got z\[i, k\]$"),
        (z[i + 1], r"^answer: expected one class for each entry"),
        (p[n], r"^answer: expected one class for each entry, such as p\[i\], got p\[n\]$"),
        (softmax(z, 0), r"^answer: expected one class for each entry, such as softmax\(z, i\), got softmax\(z, 0\)$"),
        (softmax(z, i + 1), r"^answer: expected one class for each entry, such as softmax\(z, i\), got "),
        (p * (1 - p), r"^answer: expected the entries of a row, such as p\[i\], got the whole row p$"),
        (p[Symbol("i")], "^answer: expected the book's i"),
        (Sum(p[Symbol("m")], (Symbol("m"), 1, n)), "^answer: expected an index such as .* import k`, got .* m$"),
        (Sum(p[whole], (whole, 1, n)), "^answer: expected an index such as .* import k`, got .* m$"),
        (Sum(p[k], (k, 1, 3)), "^answer: expected sums from 1 to n, got "),
        (Sum(p[k], (k, 1, Symbol("n"))), "^answer: expected the book's n, a number, .* import n`$"),
    ],
    "hardest_push": [(s, "^answer: expected a number, got one with z$")],
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_symbol_that_is_not_the_exercises_is_named(name):
    for answer, message in STRANGERS[name]:
        with pytest.raises(ValueError, match=message):
            exercises.get(name).check(answer)


# --- what it stands on -------------------------------------------------------------------------------


def test_the_exercises_need_sympy_alone():
    code = (
        "import sys; sys.modules['numpy'] = sys.modules['matplotlib'] = None\n"
        "from lossbook import exercises\n"
        "from lossbook.notation import probability\n"
        "exercises.softmax_slope.derivation()\n"
        "print(exercises.sigmoid_slope.check(2 * probability).mistake, exercises.stable_softmax.hint())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.startswith("missing factor In exp(z_i)/")
