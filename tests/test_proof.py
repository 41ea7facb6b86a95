"""What proof.equal says of true identities, and of statements that are nearly true.

Near misses are made from the true identities by small changes. Each is known to be false from plain
arithmetic, which also checks every counterexample.
"""

from contextlib import suppress
from functools import cache
from itertools import product
from random import Random

import pytest
from plain_arithmetic import evaluate, mp
from sympy import (
    Abs,
    AccumBounds,
    Add,
    And,
    Derivative,
    DiracDelta,
    Eq,
    Float,
    Function,
    Heaviside,
    I,
    Indexed,
    IndexedBase,
    Integer,
    Integral,
    KroneckerDelta,
    Lambda,
    Matrix,
    Max,
    Min,
    Mul,
    Ne,
    Or,
    Piecewise,
    Pow,
    Product,
    Rational,
    S,
    Sum,
    Symbol,
    Tuple,
    acosh,
    asinh,
    atanh,
    cos,
    cosh,
    coth,
    csch,
    erf,
    exp,
    expand,
    log,
    nan,
    oo,
    sech,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    zoo,
)

from lossbook import losses, notation
from lossbook.functions import (
    log_cosh,
    log_sigmoid,
    log_softmax,
    logsumexp,
    sigmoid,
    softmax,
    softmax_complement,
    softplus,
    tanh,
)
from lossbook.notation import TARGETS_SUM_TO_ONE, count, delta, gamma, i, j, k, l, n, side, total
from lossbook.proof import equal, never_negative, substitute_definition

z, y, p, q = notation.logits, notation.targets, notation.probabilities, notation.approximations
s, t, prob, tau = notation.logit, notation.target, notation.probability, notation.quantile
a, b, c, r = (Symbol(name, real=True) for name in "abcr")
T = Symbol("T", positive=True)
negative = Symbol("m", negative=True)
other = Symbol("u", real=True, nonzero=True)
x = Symbol("x")  # complex, as far as SymPy knows
matrix = IndexedBase("w", real=True)
same = KroneckerDelta(i, j)
total_exp = total(exp(z[k]))
mean = total(z[k]) / n
log_odds = log(prob / (1 - prob))
hinge_gap = 1 - side * a


def d(expression, *symbols):
    return Derivative(expression, *symbols, evaluate=False)


def hidden(part):
    """0 where `part` is defined; SymPy does not see it before it is multiplied out."""
    return (part + 1) ** 2 - part**2 - 2 * part - 1


def is_above(gap):
    """1 where `gap` is positive, else 0."""
    return Max(sign(gap), 0)


def huber(residual):
    return Piecewise(
        (residual**2 / 2, Abs(residual) <= delta), (delta * (Abs(residual) - delta / 2), True)
    )  # fmt: skip


def smooth_l1(residual, beta):
    return Piecewise((residual**2 / (2 * beta), Abs(residual) < beta), (Abs(residual) - beta / 2, True))


TRUE = {
    # numbers whose size is compared
    "a size beside that of a number": (Min(1 / sqrt(gamma), softplus(side)), Min(1 / sqrt(gamma), -log_sigmoid(-side))),
    "twice the size of a power less 1": (2 * Abs(Abs(a) ** gamma - 1), Abs(2 * Abs(a) ** gamma - 2)),
    # signs of products
    "the root of a size": (sqrt(Abs(a * b)), sqrt(Abs(a)) * sqrt(Abs(b))),
    "an odd power of a gap": (is_above(-2 * exp(a) * (b - c) ** 3), is_above(c - b)),
    "an even power of a gap": (
        Piecewise((1, (a - b) ** 2 * c > 0), (0, True)),
        Piecewise((1, (c > 0) & Ne(a, b)), (0, True)),
    ),
    "an odd power of what is negative": (
        Piecewise((1, (-1 - exp(a)) ** 3 * b > 0), (0, True)),
        Piecewise((1, b < 0), (0, True)),
    ),
    "an odd power of a negative number": (
        Piecewise((1, b * negative**3 > 0), (0, True)),
        Piecewise((1, b < 0), (0, True)),
    ),
    "an even power of a negative number": (
        Piecewise((1, b * negative**2 > 0), (0, True)),
        Piecewise((1, b > 0), (0, True)),
    ),
    "regions that do not meet": (Max(0, 2 * a - 3) * Max(0, 1 - a), Integer(0)),
    "a root beside a sign": (
        Piecewise((1, -sqrt(1 + a**2) * b / 3 > 0), (0, True)),
        Piecewise((1, b < 0), (0, True)),
    ),
    "a gap with factors": (
        Piecewise((1, 2 * a - b > 4), (0, True)),
        Piecewise((1, a - 2 > b / 2), (0, True)),
    ),
    "a step with its value at 0": (Heaviside(a, 1), Piecewise((1, a >= 0), (0, True))),
    "at least one class": (Abs(2 * n - 1), 2 * n - 1),
    "a logarithm in its branch": (
        Piecewise((log(a - 1), a > 1), (0, True)),
        Piecewise((log((a - 1) ** 2) / 2, a > 1), (0, True)),
    ),
    "an odd power of a circle's gap": (sign((a**2 + b**2 - 1) ** 3), sign(a**2 + b**2 - 1)),
    "the maximum of a negative multiple": (Max(0, b * negative), negative * Min(0, b)),
    "a truth is not above 1": (sign(t - 1 - exp(a)), Integer(-1)),
    "where its double is 3": (
        Piecewise((a, Eq(2 * a, 3)), (0, True)),
        Piecewise((Rational(3, 2), Eq(2 * a, 3)), (0, True)),
    ),
    "a logarithm of an entry in its branch": (
        Piecewise((log(z[i] - 1), z[i] > 1), (0, True)),
        Piecewise((log((z[i] - 1) ** 2) / 2, z[i] > 1), (0, True)),
    ),
    # what is not 0 and not negative
    "a pole from both sides": (1 / (a - b), -1 / (b - a)),
    "a pole that a negative number is not": (1 / (1 + 1 / negative), negative / (1 + negative)),
    "a power of a truth is defined": (hidden(t**gamma), Integer(0)),
    "a logarithm of a multiple": (hidden(log(count * b)), hidden(log(count) + log(b))),
    "logarithms of sizes in a sum": (total(log(Abs(z[k]))), total(log(z[k] ** 2)) / 2),
    # indices that coincide or differ
    "a delta where its indices differ": (Piecewise((a, Eq(i, j)), (b + c * same, True)), same * a + (1 - same) * b),
    # poles beside deltas
    "a pole beside a delta": (KroneckerDelta(i, k) / z[k], KroneckerDelta(i, k) / z[i]),
    # matrices
    "derivative by an entry of a matrix": (d(total(matrix[i, k] * y[k]), matrix[j, l]), KroneckerDelta(i, j) * y[l]),
    "sums over both indices swapped": (
        total(total(matrix[i, k] * y[k] * z[i], k), i),
        total(y[k] * total(matrix[i, k] * z[i], i)),
    ),
    "gradient by the inputs": (d(total(total(matrix[i, k] * y[k], k) * z[i], i), y[j]), total(matrix[i, j] * z[i], i)),
    # probabilities, of which 1 - p is known to be positive
    "the logarithm of odds": (log(prob / (1 - prob)), log(prob) - log(1 - prob)),
    "the logarithm of odds in a row": (log(p[i] / (1 - p[i])), log(p[i]) - log(1 - p[i])),
    "a power of a variance": ((prob * (1 - prob)) ** gamma, prob**gamma * (1 - prob) ** gamma),
    "the logarithm of a square": (log((1 - prob) ** 2), 2 * log(1 - prob)),
    "logarithms of squares in a sum": (total(log((1 - p[k]) ** 2)), 2 * total(log(1 - p[k]))),
    "the exponential of a sum that is 1": (exp(total(y[k])) * z[i], exp(1) * z[i], [TARGETS_SUM_TO_ONE]),
    "a power of a complement": ((1 - sigmoid(s)) ** gamma, sigmoid(-s) ** gamma),
    # signs, of what is linear in a symbol and of what is not
    "powers of sizes": (Abs(a) ** T * Abs(b) ** T, Abs(a * b) ** T),
    "undefined at 0 on both sides": (Abs(a) / a, sign(1 / a)),
    "a size that may be the logarithm of 0": (sqrt(Max(1, log(c))), sqrt(Max(1, log(Abs(a)))), [Eq(c, Abs(a))]),
    "a maximum with 1 / a": (sqrt(Max(1, 1 / a)) * Abs(a), sqrt(Max(1, 1 / a)) * Max(a, -a)),
    "undefined where no branch is taken": (Piecewise((1, r > 0)), Piecewise((1, r > 0), (2, r > 1))),
    "what a truth of at most 1 is far from": ((4 - t**2) / (2 - t), 2 + t),
    "one of two is 0": (log(Max(a, 0) + 1) + log(1 + Max(-a, 0)), log(1 + Abs(a))),
    "the logarithm of a ratio of sizes": (log((1 + Abs(a)) / (2 + Abs(b))), log(1 + Abs(a)) - log(2 + Abs(b))),
    "outside a circle and inside another": (Max(a**2 + b**2 - 4, 0) * Max(1 - a**2 - b**2, 0), S.Zero * a),
    "outside a circle, and farther": (is_above(a**2 + b**2 - 1) * (1 - sign(a**2 + b**2 - 1 + count)), S.Zero * a),
    "three that exclude each other": (
        is_above(2 * a**2 - b**2) * is_above(c**2 - 3 * a**2) * is_above(3 * b**2 - 2 * c**2),
        S.Zero * a,
    ),
    "a sum of three": (Sum(z[k], (k, 1, 3)), z[1] + z[2] + z[3]),
    # functions of one number
    "sigmoid's derivative": (d(sigmoid(s), s), sigmoid(s) * (1 - sigmoid(s))),
    "sigmoid's second derivative": (d(sigmoid(s), s, s), sigmoid(s) * (1 - sigmoid(s)) * (1 - 2 * sigmoid(s))),
    "sigmoid is odd about 1/2": (sigmoid(-s), 1 - sigmoid(s)),
    "sigmoid by exp": (sigmoid(s), exp(s) / (1 + exp(s))),
    "sigmoid by tanh": (sigmoid(s), (1 + tanh(s / 2)) / 2),
    "sigmoid's inverse": (log(sigmoid(s) / (1 - sigmoid(s))), s),
    "sigmoid of the log odds": (sigmoid(log_odds), prob),
    "the slope of the log odds": (d(log_odds, prob), 1 / (prob * (1 - prob))),
    "softplus's derivative": (d(softplus(s), s), sigmoid(s)),
    "softplus's second derivative": (d(softplus(s), s, s), sigmoid(s) * sigmoid(-s)),
    "softplus less its mirror": (softplus(s) - softplus(-s), s),
    "log-sigmoid is softplus mirrored": (log_sigmoid(s), -softplus(-s)),
    "tanh's derivative": (d(tanh(s), s), 1 - tanh(s) ** 2),
    "tanh's derivative by sech": (d(tanh(s), s), sech(s) ** 2),
    "csch and coth": (csch(s) ** 2, coth(s) ** 2 - 1),
    "coth under a sum": (total(coth(z[k])), total(1 / tanh(z[k]))),
    "atanh for the log odds": (2 * atanh(2 * prob - 1), log_odds),
    "asinh by log": (asinh(s), log(s + sqrt(s**2 + 1))),
    "acosh by log": (acosh(s), log(s + sqrt(s - 1) * sqrt(s + 1))),
    "log-cosh's derivative": (d(log_cosh(r), r), 2 * sigmoid(2 * r) - 1),
    "log-cosh by softplus": (log_cosh(r), softplus(2 * r) - r - log(2)),
    "log of a power": (log(s**2), 2 * log(Abs(s))),
    "half exponents": ((exp(s / 2) - 1) * (exp(s / 2) + 1), exp(s) - 1),
    "powers of e": (exp(s + 1), exp(s) * exp(1)),
    "logs of numbers": (log(12 * T), 2 * log(2) + log(3) + log(T)),
    "a logarithm that 0 makes 0": (a * log(1 - prob), S.Zero, [Eq(a, 0)]),
    # losses of one number
    "binary cross-entropy by p": (
        d(losses.binary_cross_entropy.expression, prob),
        (prob - t) / (prob * (1 - prob)),
    ),
    "binary cross-entropy by z": (d(losses.binary_cross_entropy_with_logits.expression, s), sigmoid(s) - t),
    "binary cross-entropy's curvature": (
        d(losses.binary_cross_entropy_with_logits.expression, s, s),
        sigmoid(s) * (1 - sigmoid(s)),
    ),
    "binary cross-entropy by softplus": (losses.binary_cross_entropy_with_logits.expression, softplus(s) - t * s),
    "the three factors of the chain rule": (
        (prob - t) / (prob * (1 - prob)) * d(sigmoid(s), s),
        prob - t,
        [Eq(prob, sigmoid(s))],
    ),
    "squared error after sigmoid": (
        d((sigmoid(s) - t) ** 2, s),
        2 * (sigmoid(s) - t) * sigmoid(s) * (1 - sigmoid(s)),
    ),
    "Poisson's gradient": (d(exp(s) - t * s, s), exp(s) - t),
    "focal with gamma 0": (losses.focal.expression.subs(gamma, 0), softplus(s) - t * s),
    "focal's gradient for y = 1": (
        d(-((1 - sigmoid(s)) ** gamma) * log(sigmoid(s)), s),
        (1 - sigmoid(s)) ** gamma * (gamma * sigmoid(s) * log(sigmoid(s)) - (1 - sigmoid(s))),
    ),
    "powers add": (prob**gamma * prob * (1 - prob) ** 2, prob ** (gamma + 2) * (1 / prob - 2 + prob)),
    # kinks
    "Huber with three branches": (
        losses.huber.expression.subs(losses.huber.prediction, r + losses.huber.target),
        huber(r),
    ),
    "Huber by minimum": (huber(r), Min(Abs(r), delta) * (Abs(r) - Min(Abs(r), delta) / 2)),
    "Huber is delta Smooth L1": (huber(r), delta * smooth_l1(r, delta)),
    "Huber's gradient": (d(huber(r), r), Max(-delta, Min(r, delta))),
    "Smooth L1's gradient": (d(smooth_l1(r, T), r), Piecewise((r / T, Abs(r) < T), (sign(r), True))),
    "absolute by maximum": (Abs(r), Max(r, -r)),
    "sign times size": (r, sign(r) * Abs(r)),
    "root of a square": (sqrt((a - b) ** 2), Abs(b - a)),
    "pseudo-Huber": (delta**2 * (sqrt(1 + (r / delta) ** 2) - 1), delta * (sqrt(delta**2 + r**2) - delta)),
    "pinball by maximum": (
        losses.pinball.expression.subs(losses.pinball.prediction, r + losses.pinball.target),
        Max(-tau * r, (1 - tau) * r),
    ),
    "pinball at one half": (Max(-r / 2, r / 2), Abs(r) / 2),
    "hinge by maximum": (Piecewise((hinge_gap, side * a < 1), (0, True)), Max(0, hinge_gap)),
    "squared hinge by residual": (Max(0, hinge_gap) ** 2, Piecewise(((side - a) ** 2, side * a < 1), (0, True))),
    "squared hinge's gradient": (d(Max(0, hinge_gap) ** 2, a), -2 * side * Max(0, hinge_gap)),
    "maximum of three": (Max(a, b, c), Max(a, Max(c, b))),
    "minimum of three": (Min(a, b, c), -Max(-a, -b, -c)),
    "maximum and minimum add": (Max(a, b) + Min(a, b), a + b),
    "clip by branches": (Min(Max(r, -1), 1), Piecewise((-1, r < -1), (1, r > 1), (r, True))),
    "and, or, not": (Piecewise((r, And(r > 0, r < 1)), (0, True)), Piecewise((0, Or(r <= 0, r >= 1)), (r, True))),
    "a branch never taken": (Piecewise((7, And(Abs(r) <= delta, r > delta)), (r, True)), r),
    "a branch outside (0, 1)": (Piecewise((7, prob > 2), (Abs(prob - 1), True)), 1 - prob),
    "Heaviside by branches": (r * Heaviside(r), Max(0, r)),
    # rows
    "softmax's Jacobian": (d(softmax(z, i), z[j]), softmax(z, i) * (same - softmax(z, j))),
    "softmax's Jacobian written out": (
        d(exp(z[i]) / total_exp, z[j]),
        same * exp(z[i]) / total_exp - exp(z[i]) * exp(z[j]) / total_exp**2,
    ),
    "softmax's own slope": (d(softmax(z, i), z[i]), softmax(z, i) * (1 - softmax(z, i))),
    "softmax's columns add to 0": (total(softmax(z, i) * (same - softmax(z, j)), i), Integer(0)),
    "softmax adds to 1": (total(softmax(z, i), i), Integer(1)),
    "softmax is shift-invariant": (softmax(Lambda(k, z[k] + c), i), softmax(z, i)),
    "centred logits add to 0, whatever the scale": (
        total((z[k] - mean) / sqrt(total((z[l] - mean) ** 2, l) / n + T)),
        Integer(0),
    ),
    "softmax of two is a sigmoid": (exp(z[1]) / (exp(z[1]) + exp(z[2])), sigmoid(z[1] - z[2])),
    "softmax with a temperature": (
        d(softmax(Lambda(k, z[k] / T), i), z[j]),
        softmax(Lambda(k, z[k] / T), i) * (same - softmax(Lambda(k, z[k] / T), j)) / T,
    ),
    "softmax's complement": (softmax_complement(z, i), (total_exp - exp(z[i])) / total_exp),
    "softmax's second derivative": (
        d(softmax(z, i), z[i], z[i]),
        softmax(z, i) * (1 - softmax(z, i)) * (1 - 2 * softmax(z, i)),
    ),
    "logsumexp's gradient": (d(logsumexp(z), z[i]), softmax(z, i)),
    "logsumexp's Hessian": (d(logsumexp(z), z[i], z[j]), same * softmax(z, i) - softmax(z, i) * softmax(z, j)),
    "logsumexp of a shifted row": (logsumexp(Lambda(k, z[k] + c)), logsumexp(z) + c),
    "log-softmax": (log_softmax(z, i), z[i] - logsumexp(z)),
    "log-softmax's gradient": (d(log_softmax(z, i), z[j]), same - softmax(z, j)),
    "cross-entropy by p": (d(losses.cross_entropy.expression, p[i]), -y[i] / p[i]),
    "softmax cross-entropy's gradient": (
        d(losses.softmax_cross_entropy.expression, z[i]),
        softmax(z, i) - y[i],
        [TARGETS_SUM_TO_ONE],
    ),
    "softmax cross-entropy's gradient for any y": (
        d(losses.softmax_cross_entropy.expression, z[i]),
        softmax(z, i) * total(y[k]) - y[i],
    ),
    "softmax cross-entropy's Hessian": (
        d(losses.softmax_cross_entropy.expression, z[i], z[j]),
        softmax(z, i) * (same - softmax(z, j)),
        [TARGETS_SUM_TO_ONE],
    ),
    "squared error after softmax": (
        d(losses.softmax_squared_error.expression, z[i]),
        2 * softmax(z, i) * (softmax(z, i) - y[i] - total(softmax(z, k) * (softmax(z, k) - y[k]))),
    ),
    "the gradient with p for softmax": (
        d(losses.softmax_cross_entropy.expression, z[i]),
        p[i] - y[i],
        [Eq(p[i], softmax(z, i)), TARGETS_SUM_TO_ONE],
    ),
    "divergence is cross-entropy less entropy": (
        total(p[k] * log(p[k] / q[k])),
        -total(p[k] * log(q[k])) + total(p[k] * log(p[k])),
    ),
    "divergence's gradient": (d(total(p[k] * log(p[k] / q[k])), q[i]), -p[i] / q[i]),
    "a product of probabilities": (
        total(log(p[k] * (1 - p[k]))),
        total(log(p[k])) + total(log(1 - p[k])),
    ),
    "smoothed labels": (
        total((tau / n + (1 - tau) * y[k]) * z[k]),
        tau * total(z[k]) / n + (1 - tau) * total(y[k] * z[k]),
    ),
    # sums
    "a layer's derivative": (
        d(logsumexp(Lambda(l, total(matrix[l, k] * y[k], k))), matrix[i, j]),
        softmax(Lambda(l, total(matrix[l, k] * y[k], k)), i) * y[j],
    ),
    "a decimal in an exponent": (sigmoid(1.7023 * s), 1 - sigmoid(-1.7023 * s)),
    "a decimal temperature": (d(logsumexp(Lambda(k, z[k] / 0.07)), z[i]), softmax(Lambda(k, z[k] / 0.07), i) / 0.07),
    "a logarithm of two sizes": (log(Abs(a * b)), log(Abs(a)) + log(Abs(b))),
    "a logarithm of two squares": (log(a**2 * b**2), 2 * log(Abs(a * b))),
    "definitions that follow each other": ((c - t) ** 2, (tanh(a * b) - t) ** 2, [Eq(r, a * b), Eq(c, tanh(r))]),
    "a sum below a line by another index": (1 / total(z[l], l), 1 / total(z[k])),
    "a logarithm of a sum by another index": (log(total(z[l] ** 2, l)), log(total(z[k] ** 2))),
    "a row defined by a free entry": (total(z[k]), n * q[k], [Eq(z[i], q[k])]),
    "a decimal in a derivative": (d(T**1.1, T), 1.1 * T**0.1),
    "a row defined by another": (logsumexp(z), logsumexp(q) + c, [Eq(z[i], q[i] + c)]),
    "shares that add only together": (total(exp(z[k]) / (1 + exp(z[k]))) + total(1 / (1 + exp(z[k]))), n),
    "shares times a sum": (
        c * total(z[k]) * total(sigmoid(z[k])) + c * total(z[k]) * total(sigmoid(-z[k])),
        n * c * total(z[k]),
    ),
    "a negative factor in a domain": (notation.epsilon / (notation.epsilon - 2) - 2 / (notation.epsilon - 2), S.One),
    "a pole of each class and of each pair": (
        total(1 / z[k]) + total(total((1 - KroneckerDelta(k, l)) / z[l], l), k),
        n * total(1 / z[k]),
    ),
    "variance in two ways": (n * total(z[k] ** 2) - total(z[k]) ** 2, total(total((z[k] - z[l]) ** 2, k), l) / 2),
    "double sums in either order": (
        total(total(z[k] / (exp(z[k]) + exp(z[l])), k), l),
        total(total(z[l] / (exp(z[k]) + exp(z[l])), k), l),
    ),
    "a pole in each of n equal sums": (total(total(1 / (1 + 1 / z[k]), k), l), n * total(1 / (1 + 1 / z[k]))),
    "a double sum of products": (total(total(z[k] * y[l], k), l), total(z[k]) * total(y[k])),
    "a renamed index": (total(y[k] * z[k], k), total(y[j] * z[j], j)),
    "a bound index with a free name": (d(total(z[i] ** 3, i), z[i]), 3 * z[i] ** 2),
    "a delta picks a term": (total(same * z[j] ** 2, j), z[i] ** 2),
    "a delta picks a quotient": (total(same / (z[j] - 1), j), 1 / (z[i] - 1)),
    "a delta below a line": (
        total(total(z[k] / (1 + KroneckerDelta(k, l) * z[l]), k), l),
        (n - 1) * total(z[k]) + total(z[k] / (1 + z[k])),
    ),
    "all but one": (total((1 - KroneckerDelta(i, k)) * exp(z[k])), total_exp - exp(z[i])),
    "a sum of constants": (total(c + z[i], k), n * (c + z[i])),
    "an absolute value a class": (d(total(Abs(z[k] - y[k])), z[i]), sign(z[i] - y[i])),
    "a maximum a class": (total(Max(z[k], 0)), total(Abs(z[k]) + z[k]) / 2),
    "poles that branches exclude": (
        total(Piecewise((1 / z[k], z[k] > 0), (0, True)) + Piecewise((1 / (z[k] + 1), z[k] > 1), (0, True))),
        total(Piecewise((0, z[k] <= 0), (1 / z[k], True))) + total(Piecewise((0, z[k] <= 1), (1 / (z[k] + 1), True))),
    ),
    "a sum that SymPy carried out": (total(KroneckerDelta(i, k) * z[k]).doit(), z[i]),
    "branches in a logarithm in a sum": (total(log(Piecewise((exp(z[k]), z[k] > 0), (1, True)))), total(Max(0, z[k]))),
    "branches under an absolute value": (Abs(Piecewise((r, r > 1), (0, True))), Piecewise((r, r > 1), (0, True))),
    "numbers for indices": (d(softmax(z, 1), z[2]), -softmax(z, 1) * softmax(z, 2)),
    "a pole that its case takes away": (Piecewise((1 / same, Eq(i, j)), (0, True)), same),
    "a definition of a bound index": (total(z[i], i), total(z[k]), [Eq(i, 2)]),
    # what lies in a domain
    "a class beyond the last": (Max(i - n, 0), Integer(0)),
    "a quotient by what is not 0": ((other**2 - other) / other, other - 1),
    "what a definition says": (exp(c), a, [Eq(c, log(a))]),
    "a root's square by its definition": (c**2, a, [Eq(c, sqrt(a))]),
}


def statement(name):
    left, right, *given = TRUE[name]
    return left, right, given[0] if given else []


@pytest.mark.parametrize("name", TRUE)
def test_a_true_identity_is_proved(name):
    left, right, given = statement(name)
    assert equal(left, right, given).kind == "proved"
    assert equal(right, left, given).kind == "proved"


def test_there_are_enough_true_identities():
    assert len(TRUE) >= 60


# --- points for plain arithmetic ------------------------------------------------------------------------

GRID = [Rational(x) for x in ("0", "1", "-1", "2", "-2", "1/2", "1/3", "-1/2", "1/4")]


def domain(symbol):
    """What a symbol or entry of the tests may be, as a predicate on numbers."""
    name = str(symbol.base if isinstance(symbol, Indexed) else symbol)
    if symbol == side:
        return lambda x: x in (1, -1)
    if name in ("p", "q", "tau"):
        return lambda x: 0 < x < 1
    if isinstance(symbol, Indexed) and name == "y" or symbol == t:
        return lambda x: 0 <= x <= 1
    if symbol.is_positive:
        return lambda x: x > 0
    return (lambda x: x >= 0) if symbol.is_nonnegative else (lambda x: True)


def symbols_of(*expressions):
    """The scalars, the rows and the free indices of `expressions`."""
    rows = {base for e in expressions for base in e.atoms(IndexedBase)}
    entries = [entry for e in expressions for entry in e.atoms(Indexed)]
    of_rows = [e.args[1:] for part in expressions for e in part.atoms(Function) if len(e.args) == 2]
    indices = {x for entry in entries for x in entry.indices} | {x for part in of_rows for x in part}
    indices |= {x for e in expressions for delta in e.atoms(KroneckerDelta) for x in delta.args}
    free = {x for e in expressions for x in e.free_symbols} - {n} - {row.label for row in rows}
    return {x for x in free if x.is_Symbol and x not in indices}, rows, {x for x in indices if x.is_Symbol}


def points(expressions, given, count=24):
    """Points of many kinds: (number of classes, values), half of them on a grid that hits kinks."""
    generator = Random(1)
    scalars, rows, indices = symbols_of(*expressions, *(part for e in given for part in e.args))
    least = max([1] + [int(x) for e in expressions for entry in e.atoms(Indexed) for x in entry.indices if x.is_number])
    for number in range(count):
        classes = max(least, 1 + number % 4)
        values = {index: generator.randint(1, classes) for index in sorted(indices, key=str)}
        unknowns = sorted(scalars, key=str)
        for row in sorted(rows, key=str):
            unknowns += [row[m] for m in product(range(1, classes + 1), repeat=2 if row == matrix else 1)]
        for symbol in unknowns:
            pool = (
                GRID
                if number % 2 or symbol in (side,)
                else [Rational(generator.randint(-3000, 3000), 1009) for _ in range(40)]
            )
            values[symbol] = generator.choice([x for x in pool if domain(symbol)(x)])
        if TARGETS_SUM_TO_ONE in given:
            entries = [y[m] for m in range(1, classes + 1)]
            size = sum(values[entry] for entry in entries)
            values |= {entry: values[entry] / size if size else Rational(1, classes) for entry in entries}
        with suppress(ValueError, ZeroDivisionError):  # a definition that is undefined there
            yield classes, with_definitions(values, classes, given)


def with_definitions(values, classes, given):
    """`values`, and those of the symbols that `given` defines."""
    values = dict(values)
    for equation in given:
        if equation.lhs.is_Symbol:
            values[equation.lhs] = evaluate(equation.rhs, classes, values)
        elif isinstance(equation.lhs, Indexed):
            row, (index,) = equation.lhs.base, equation.lhs.indices
            values |= {row[m]: evaluate(equation.rhs, classes, {**values, index: m}) for m in range(1, classes + 1)}
    return values


def value(side, classes, values):
    """The value of a side, None where it is not a real number."""
    try:
        number = mp.mpmathify(evaluate(side, classes, values))
    except (ZeroDivisionError, StopIteration, ValueError):
        return None
    return number.real if mp.isfinite(number) and abs(number.imag) <= mp.mpf(10) ** -30 * abs(number.real) else None


def differ(left, right):
    if left is None or right is None:
        return left is not right
    return abs(left - right) > mp.mpf(10) ** -20 * max(abs(left), abs(right), mp.mpf(10) ** -10)


def is_false(left, right, given):
    """Whether plain arithmetic finds a point where both sides are real numbers and differ."""
    for classes, values in points((left, right), given):
        numbers = value(left, classes, values), value(right, classes, values)
        if None not in numbers and differ(*numbers):
            return True
    return False


def check_counterexample(left, right, given, found):
    """The counterexample is admissible, meets the conditions, and the sides differ there as it says."""
    classes = found.classes or 1
    for symbol, number in found.values.items():
        assert 1 <= number <= classes if symbol in (i, j, k, l) else domain(symbol)(number), (symbol, number)
    values = with_definitions(found.values, classes, given)
    for equation in given:
        if isinstance(equation.lhs, Sum):
            assert evaluate(equation.lhs - equation.rhs, classes, values) == pytest.approx(0, abs=1e-40)
    numbers = [value(part, classes, values) for part in (left, right)]
    assert differ(*numbers), found
    for number, said in zip(numbers, (found.left, found.right)):
        assert said is nan if number is None else mp.almosteq(number, mp.mpmathify(said), 1e-12, 1e-25), found


# --- near misses by small changes -----------------------------------------------------------------------


def small_changes(expression):
    """(what was changed, the changed expression), for every part that a slip could change."""
    tiny = Rational(1, 10**12)
    yield "negated", -expression
    yield "doubled", 2 * expression
    yield "halved", expression / 2
    yield "divided by n", expression / n
    yield "1e-12 more", expression + tiny
    yield "1e-12 times itself more", expression * (1 + tiny)
    for what, changed in changes_inside(expression):
        yield what, changed


def changes_inside(e):
    if isinstance(e, (Add, Mul)) and len(e.args) > 1:
        for position, part in enumerate(e.args):
            others = e.args[:position] + e.args[position + 1 :]
            yield f"without {part}", e.func(*others)
            if isinstance(e, Add):
                yield f"sign of {part} flipped", e.func(*others, -part)
                yield f"{part} doubled", e.func(*others, 2 * part)
    if isinstance(e, Pow):
        yield f"{e} raised", Pow(e.base, e.exp + 1)
    if isinstance(e, Sum):
        index = e.variables[-1]
        yield "1/n before a sum", e / n
        for free in sorted({i, j} & e.free_symbols, key=str):
            yield f"{index} captured as {free}", Sum(e.function.xreplace({index: free}), (free, 1, n))
    if isinstance(e, KroneckerDelta):
        yield "diagonal only", S.One
        yield "off-diagonal only", S.Zero
    if isinstance(e, (Indexed, softmax)):
        for other in (i, j, Integer(1)):
            if e.args[1] != other:
                yield f"{e.args[1]} for {other}", e.func(e.args[0], other, *e.args[2:])
        return
    if isinstance(e, (sigmoid, sign, exp)):
        yield f"{e.func.__name__} mirrored", e.func(-e.args[0])
    if isinstance(e, Max):
        yield "least for greatest", Min(*e.args)
    if isinstance(e, Min):
        yield "greatest for least", Max(*e.args)
    if isinstance(e, Piecewise):
        for position, (branch, condition) in enumerate(e.args):
            for what, changed in [*changes_inside(branch), ("1 more on one branch", branch + 1)]:
                pairs = [*e.args[:position], (changed, condition), *e.args[position + 1 :]]
                yield f"on one branch {what}", Piecewise(*pairs)
        return
    if not isinstance(e, (Lambda, IndexedBase)):
        for position, part in enumerate(e.args):
            if part.is_Symbol or isinstance(part, (Lambda, IndexedBase)) or not hasattr(part, "is_commutative"):
                continue
            for what, changed in changes_inside(part):
                yield what, e.func(*e.args[:position], changed, *e.args[position + 1 :])


CHANGES_EACH = 4


@cache
def near_misses(name):
    """Up to CHANGES_EACH false statements near a true one, spread over all kinds of change."""
    left, right, given = statement(name)
    changes = [(what, changed) for what, changed in small_changes(right) if changed != right]
    Random(name).shuffle(changes)
    found = []
    for what, changed in changes:
        if len(found) < CHANGES_EACH and is_false(left, changed, given):
            found.append((what, changed))
    return found


@cache
def judged(name):
    left, _, given = statement(name)
    return [(what, changed, equal(left, changed, given)) for what, changed in near_misses(name)]


@pytest.mark.thorough(one_case_in=16)
@pytest.mark.parametrize("name", TRUE)
def test_no_near_miss_of_it_is_proved(name):
    left, _, given = statement(name)
    for what, changed, verdict in judged(name):
        assert verdict.kind != "proved", what
        if verdict.kind == "refuted":
            check_counterexample(left, changed, given, verdict.counterexample)


@pytest.mark.thorough
def test_near_misses_are_many_and_nearly_all_refuted():
    kinds = [verdict.kind for name in TRUE for _, _, verdict in judged(name)]
    assert len(kinds) >= 200
    assert kinds.count("refuted") >= 0.99 * len(kinds), kinds.count("unknown")


# --- near misses by hand --------------------------------------------------------------------------------

FALSE = {
    "a condition that leaves both signs": (Abs(a), a, [Eq(a + b, 1)]),
    "the last class": (sign(n - i) * z[i], z[i]),
    "no class is the first": (KroneckerDelta(1, i), Integer(0)),
    "a delta in an exponent": (total(exp(same * z[j]), j), n * 1),
    "a pole that the other case does not have": (
        Piecewise((0, Eq(i, j)), (1 / (1 - same), True)),
        Integer(1),
    ),
    "a pole that the case of a class takes away": (
        total(Piecewise((0, Eq(i, k)), (z[k] / (1 - KroneckerDelta(i, k)), True))),
        total(z[k]),
    ),
    "a row with a definition of its index": (logsumexp(Lambda(k, z[k])), a, [Eq(k, 2)]),
    "a condition with a root": (sign(a), Integer(1), [Eq(a * b - b, sqrt(t))]),
    "the sign of what two conditions define": (sign(a), Integer(1), [Eq((side - a) / b, 1 / sqrt(c)), Eq(c, b**2)]),
    "a pole where a delta adds to 0": ((same + a) / b, Piecewise(((same + a) / b, Ne(same + a, 0)), (0, True))),
    "a pole in every class": (total(1 / (1 + 1 / hidden(z[k]))), Integer(0)),
    "a pole that it takes two classes for": (
        total(total(hidden(1 / Piecewise((1, Eq(k, l)), (z[k], True))), k), l),
        total(hidden(1 / z[k])),
    ),
    "a pole where no entry is positive": (
        total(z[k] * Piecewise((1 / (a - b), z[k] > 0), (0, True))),
        total(Piecewise((1 / (a - b), z[k] > 0), (0, True))) + 1,
        [Eq(a - b, 0)],
    ),
    "the logarithm of a squared gap": (log((1 - 2 * prob) ** 2), 2 * log(1 - 2 * prob)),
    "the logarithm of a squared gap in a row": (log((1 - 2 * p[i]) ** 2), 2 * log(1 - 2 * p[i])),
    "a decimal exponent's sign": (log(prob * exp(1.7023 * T)), log(prob) - 1.7023 * T),
    "a decimal exponent's inverse": (log(prob * exp(1.7023 * T)), log(prob) + 1.7023 / T),
    "the sign on a circle": (sign(a**2 + b**2 - 1) ** 2, 1 + 0 * a),
    "outside a circle": (Abs(a**2 + b**2 - 1), 1 - a**2 - b**2),
    "one over one over 0": (1 / (1 + 1 / Abs(s)), Abs(s) / (1 + Abs(s))),
    "a matrix and its transpose": (matrix[i, j], matrix[j, i]),
    "a sum over the wrong index": (total(matrix[i, k] * y[k]), total(matrix[k, i] * y[k])),
    "an entry's indices swapped": (d(total(matrix[i, k] * y[k]), matrix[j, l]), KroneckerDelta(i, l) * y[j]),
    "1e-12 more": (sigmoid(s), sigmoid(s) + Rational(1, 10**12)),
    "1e-12 times itself more": (exp(s), exp(s) * (1 + Rational(1, 10**12))),
    "1e-12 more as a float": (sigmoid(s), sigmoid(s) + 1e-12),
    "an eleventh digit short": (r / 3, 0.33333333333 * r),
    "log of a square": (log(s**2), 2 * log(s)),
    "root of a square": (sqrt(s**2), s),
    "root of a squared difference": (sqrt((a - b) ** 2), a - b),
    "log of a product": (log(a * b), log(a) + log(b)),
    "right for positive z": (Abs(s), s),
    "right for r > -1": (Abs(r + 1), r + 1),
    "right for small residuals": (huber(r), r**2 / 2),
    "right for large residuals": (huber(r), delta * (Abs(r) - delta / 2)),
    "right for positive residuals": (huber(r), Piecewise((r**2 / 2, r <= delta), (delta * (r - delta / 2), True))),
    "the tail without its absolute value": (
        huber(r),
        Piecewise((r**2 / 2, Abs(r) <= delta), (delta * (r - delta / 2), True)),
    ),
    "right with delta 1": (huber(r), smooth_l1(r, delta)),
    "Smooth L1 is delta Huber": (smooth_l1(r, delta), delta * huber(r)),
    "wrong only at the kink": (sign(r), Piecewise((1, r >= 0), (-1, True))),
    "wrong only at one end": (huber(r), Piecewise((r**2 / 2, Abs(r) < delta), (0, Eq(r, delta)), (huber(r), True))),
    "undefined only at the kink": (r / Abs(r), sign(r)),
    "undefined at 1": ((r**2 - 1) / (r - 1), r + 1),
    "undefined at 0": (1 / (1 / r), sign(r) ** 2 * r + Piecewise((1, Eq(r, 0)), (0, True))),
    "undefined at 0 with tanh": (tanh(r) * coth(r), Integer(1)),
    "undefined at 0 with sinh": (sinh(r) * csch(r), Integer(1)),
    "undefined at 0 below a line": (1 / (coth(r) - 1), (exp(2 * r) - 1) / 2),
    "undefined at 0 beside exp": ((exp(r) - exp(-r)) / tanh(r), exp(r) + exp(-r)),
    "undefined at 0 in two terms": (coth(r) - 2 * csch(2 * r), tanh(r)),
    "undefined at a score of 0": (total(csch(z[k]) * sinh(z[k])), n),
    "acosh of cosh below 0": (acosh(cosh(r)), r),
    "a pole at a root that is 0": (r * hidden(1 / (sqrt(5 + 2 * sqrt(6)) - sqrt(2) - sqrt(3))), Integer(0)),
    "undefined everywhere": (1 / ((1 + T) ** 2 - expand((1 + T) ** 2)), r),
    "wrong only at 0, beside a power": (t ** Symbol("g", real=True), t ** Symbol("g", real=True) + 1 - sign(t) ** 2),
    "wrong only at 0, beside a root": (sqrt(r), sqrt(r) + 1 - sign(r) ** 2),
    "wrong between the branches": (Max(0, 1 - r), Piecewise((1 - r, r < 2), (0, True))),
    "maximum of two for three": (Max(a, b, c), Max(a, b)),
    "or for and": (Piecewise((r, And(r > 0, r < 1)), (0, True)), Piecewise((r, Or(r > 0, r < 1)), (0, True))),
    "hinge without its sign": (d(Max(0, hinge_gap) ** 2, a), -2 * Max(0, hinge_gap)),
    "the derivative by p instead of z": (
        d(losses.binary_cross_entropy_with_logits.expression, s),
        (sigmoid(s) - t) / (sigmoid(s) * (1 - sigmoid(s))),
    ),
    "the derivative by z instead of p": (d(losses.binary_cross_entropy.expression, prob), prob - t),
    "the gradient by rows of p": (
        d(losses.softmax_cross_entropy.expression, z[i]),
        -y[i] / softmax(z, i),
        [TARGETS_SUM_TO_ONE],
    ),
    "the factor 2 of the norm": (d(total((z[k] - y[k]) ** 2), z[i]), z[i] - y[i]),
    "the mean for the sum": (d(total((z[k] - y[k]) ** 2), z[i]), 2 * (z[i] - y[i]) / n),
    "targets that need not sum to 1": (d(losses.softmax_cross_entropy.expression, z[i]), softmax(z, i) - y[i]),
    "probabilities that need not sum to 1": (total(p[k]), Integer(1)),
    "only one-hot": (total(y[k] ** 2), Integer(1), [TARGETS_SUM_TO_ONE]),
    "the diagonal only": (d(softmax(z, i), z[j]), same * softmax(z, i) * (1 - softmax(z, i))),
    "the diagonal everywhere": (d(softmax(z, i), z[j]), softmax(z, i) * (1 - softmax(z, i))),
    "off the diagonal everywhere": (d(softmax(z, i), z[j]), -softmax(z, i) * softmax(z, j)),
    "i and j swapped": (d(softmax(z, i), z[j]), softmax(z, i) * (same - softmax(z, i))),
    "i and j swapped in a row of two": (z[i] * y[j], z[j] * y[i]),
    "right for n = 1": (softmax(z, i), Integer(1)),
    "right for n = 1, sums": (total(z[k] * y[k]), total(z[k]) * total(y[k])),
    "right for n <= 2": (
        total(total(total((z[k] - z[l]) * (z[l] - z[j]) * (z[j] - z[k]) * z[k] ** 2 * z[l], k), l), j),
        Integer(0),
    ),
    "right for n = 2": (total((1 - KroneckerDelta(i, k)) * z[k]), z[1] + z[2] - z[i]),
    "two classes for n": (softmax(z, 1), sigmoid(z[1] - z[2])),
    "1 - p for two classes": (softmax(z, 1), 1 - softmax(z, 2)),
    "the uniform row": (softmax(z, i), 1 / n),
    "n squared for n": (total(total(z[k], k), l), n**2 * total(z[k])),
    "a dropped sum": (total(total(z[k] * y[l], k), l), y[l] * total(z[k])),
    "a dropped sum of constants": (total(total(z[k], k), l), total(z[k])),
    "a sum from 2": (total(z[k]), Sum(z[k], (k, 2, n))),
    "a condition on a sum from 2": (total(z[k]), Integer(0), [Eq(Sum(z[k], (k, 2, n)), 0)]),
    "a sum to n - 1": (total(z[k]), Sum(z[k], (k, 1, n - 1))),
    "a sum to i": (total(z[k]), Sum(z[k], (k, 1, i))),
    "a sum of 3": (total(z[k]), z[1] + z[2] + z[3]),
    "a captured index of a sum below a line": (
        total(exp(z[k]) / (2 + n * exp(2 * z[k]))),
        total(exp(z[k]) / (2 + total(exp(z[k] + z[l]), l))),
    ),
    "a captured index in a row of sums": (
        d(logsumexp(Lambda(l, total(matrix[l, k] * y[k], k))), matrix[i, j]),
        softmax(Lambda(l, total(matrix[l, k] * y[k], k)), i) * total(y[k]),
    ),
    "a size over its number": (Abs(r) / r, sign(r)),
    "a pole that every term of a sum hides": (total((2 * z[k] - 2) / (z[k] - 1)), 2 * n),
    "a pole that one class does not have": (
        total((1 - KroneckerDelta(i, k)) / KroneckerDelta(i, k)) + 1,
        total((1 - KroneckerDelta(i, k)) / KroneckerDelta(i, k)) + 2,
    ),
    "sizes over their numbers": (total(Abs(z[k]) / z[k]), total(sign(z[k]))),
    "a pole at a truth of 1": (1 / (1 + 1 / (1 - side)), (1 - side) / 3),
    "a pole at a sign of 0": (1 / (2 + 1 / sign(r)), Piecewise((Rational(1, 3), r > 0), (1, r < 0), (0, True))),
    "a comparison of a quotient": (Piecewise((1, 1 / r > 0), (0, True)), Piecewise((1, r > 0), (0, True))),
    "a captured index": (total(z[k] * y[i], k), total(z[i] * y[i], i)),
    "a captured index of a double sum": (total(total(z[k] * y[l], k), l), total(z[k] * y[k])),
    "a captured index in a derivative": (d(total(z[i] ** 2, i), z[i]), total(2 * z[i], i)),
    "a product of sums": (total(z[k]) ** 2, total(z[k] ** 2)),
    "a product of five sums": (total(z[k]) ** 5, total(z[k] ** 5)),
    "a quotient of sums": (total(z[k]) / total(exp(z[k])), total(z[k] / exp(z[k]))),
    "a logarithm of a sum": (logsumexp(z), total(z[k])),
    "a log of a shifted row": (logsumexp(Lambda(k, z[k] + c)), logsumexp(z) + n * c),
    "a scaled row": (softmax(Lambda(k, c * z[k]), i), softmax(z, i)),
    "a shift of one class": (softmax(Lambda(k, z[k] + c * KroneckerDelta(k, i)), i), softmax(z, i)),
    "a temperature's factor": (
        d(softmax(Lambda(k, z[k] / T), i), z[j]),
        softmax(Lambda(k, z[k] / T), i) * (same - softmax(Lambda(k, z[k] / T), j)),
    ),
    "the temperature's derivative": (d(logsumexp(Lambda(k, z[k] / T)), T), -total(z[k] * softmax(z, k)) / T**2),
    "an absolute value a class": (total(Abs(z[k])), Abs(total(z[k]))),
    "a maximum a class": (total(Max(z[k], 0)), Max(total(z[k]), 0)),
    "shares that do not add up": (total(exp(z[k]) / (1 + exp(z[k]))) + total(1 / (2 + exp(z[k]))), n),
    "an asymmetric double sum": (
        total(total(z[k] ** 2 * z[l] / (exp(z[k]) + exp(z[l])), k), l),
        total(total(z[k] ** 2 * z[l] / (exp(z[k]) + 2 * exp(z[l])), k), l),
    ),
    "powers of sums": (total(p[k]) ** gamma, total(p[k] ** gamma)),
    "powers that multiply": (prob**gamma * prob**2, prob ** (2 * gamma)),
    "gamma 2 for gamma": ((1 - prob) ** gamma, (1 - prob) ** 2),
    "focal without its second term": (
        d(-((1 - sigmoid(s)) ** gamma) * log(sigmoid(s)), s),
        -((1 - sigmoid(s)) ** (gamma + 1)),
    ),
    "the Poisson rate for its logarithm": (d(exp(s) - t * s, s), 1 - t / s),
    "a given that is not given": (p[i] - y[i], softmax(z, i) - y[i]),
    "a given of another row": (p[i] - y[i], softmax(z, i) - y[i], [Eq(p[i], softmax(z, j))]),
    "a given that is not of both rows": (p[i] * z[i], y[i] * z[i], [Eq(p[i], softmax(z, i))]),
    "equal where given only": (r, Integer(1), [TARGETS_SUM_TO_ONE]),
    "a number for an index": (z[i], z[1]),
    "two numbers for indices": (z[1], z[2]),
    "a delta of numbers": (KroneckerDelta(i, 1), KroneckerDelta(i, 2)),
    "half of a sigmoid's argument": (sigmoid(2 * s), 2 * sigmoid(s)),
    "tanh for sigmoid": (sigmoid(s), tanh(s)),
    "exp of a product": (exp(a * b), exp(a) * exp(b)),
    "log of a sum": (log(1 + exp(s)), log(exp(s))),
    "softplus for large z": (softplus(s), Max(s, 0)),
    "log-cosh for large r": (log_cosh(r), Abs(r) - log(2)),
    "entropy's sign": (total(p[k] * log(p[k] / q[k])), total(p[k] * log(p[k])) + total(p[k] * log(q[k]))),
    "divergence is symmetric": (total(p[k] * log(p[k] / q[k])), total(q[k] * log(q[k] / p[k]))),
    "a branch at one point only": (Piecewise((1, Eq(r, Rational(7, 3))), (0, True)), Integer(0)),
    "a branch beyond a hundred": (Piecewise((1, r > 100), (0, True)), Integer(0)),
    "a branch beyond a million": (Piecewise((1, r > 10**6), (0, True)), Integer(0)),
    "a narrow branch": (
        Piecewise((1, And(r > Rational(41, 100), r < Rational(42, 100))), (0, True)), Integer(0),
    ),
    "a branch at the end of a domain": (Piecewise((1, prob > Rational(999, 1000)), (0, True)), Integer(0)),
    "the end of an interval": (Piecewise((1, r > 5), (0, True)), Piecewise((1, r >= 5), (0, True))),
    "equal up to five classes": (n * (n - 1) * (n - 2) * (n - 3) * (n - 4) * (n - 5), Integer(0)),
    "a square of soft targets": (total(y[k] ** 2), total(y[k]), [TARGETS_SUM_TO_ONE]),
    "a cube without its sign": (Abs(r) ** 3, r**3),
    "a root of either sign": (r, Integer(1), [Eq(r**2, 1)]),
    "a logarithm where a case before leaves it out": (
        Piecewise((0, a <= 0), (1, log(a) > 0), (2, True)) + hidden(log(a)),
        Piecewise((0, a <= 0), (1, log(a) > 0), (2, True)),
    ),
    "a root in a branch": (Piecewise((hidden(sqrt(a)), b > 0), (0, True)), Integer(0)),
    "a power of a negative number": (1 + hidden(a**gamma), Integer(1)),
    "a root beside a whole power": (hidden(sqrt(a)) + a**count, a**count),
    "a root beside a power of any kind": (hidden(sqrt(a)) + a**gamma, a**gamma),
    "a logarithm beside a pole": ((log(r) + 1) ** 2 - log(r) ** 2 - 2 * log(r) + 1 / r, 1 + 1 / r),
    "a logarithm of what its branch makes negative": (
        Piecewise((cosh(log(a - 1)), a < -1), (0, True)),
        Piecewise(((a - 1 + 1 / (a - 1)) / 2, a < -1), (0, True)),
    ),
    "a class in a condition alone": (Piecewise((0, Eq(i, 1)), (z[2], True)), z[2]),
    "a class less the last": (Max(n - i, 0), Integer(0)),
}  # fmt: skip


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_is_refuted(name):
    left, right, *given = FALSE[name]
    given = given[0] if given else []
    verdict = equal(left, right, given)
    assert verdict.kind == "refuted"
    check_counterexample(left, right, given, verdict.counterexample)


# --- statements that the rules do not cover --------------------------------------------------------------

f = Function("f")
irrational = Symbol("u", irrational=True)
branched = Piecewise((1, c > 0), (1 / b, True))

UNKNOWN = {
    "a pole that a definition hides": (a / b, Integer(1), [Eq(a, b)]),
    "a pole that a definition hides in a polynomial": ((a**2 - b**2) / (a - b), a + b, [Eq(a, 2 * b)]),
    "a pole of a function that a definition hides": (c * tan(r) - b * tan(r), Integer(0), [Eq(c, b)]),
    "a class that a definition hides": (a * z[i + 1], Integer(0), [Eq(a, 0)]),
    "a pole at equal indices that a definition hides": (a / (1 - same), Integer(0), [Eq(a, 0)]),
    "a function with poles that a definition puts in": (hidden(a), Integer(0), [Eq(a, tan(r))]),
    "a pole of a derivative that its factor hides": (d(log(a), a) * a, Integer(1)),
    "a pole of a derivative that a definition hides": (d(a**2 / b, a), Integer(2), [Eq(a, b)]),
    "a pole of a derivative that names hide": (
        d(a * log_cosh(s) / log((exp(s) + exp(-s)) / 2), a),
        Integer(1),
    ),
    "a pole that a sum of one hides": (Sum(z[k] / z[1], (k, 1, 1)), Integer(1)),
    "a pole that decimals hide": (1 / (1 + 1 / (exp(0.5 * a) - exp(a / 2))), Integer(0)),
    "the size of a sum over a row": (Abs(logsumexp(z)), Abs(a + logsumexp(Lambda(l, z[l] - a)))),
    "the sign of a power": (sign(t**gamma), sign(t)),
    "no branch, times 0": (c * Piecewise((1, r > 0)), Integer(0), [Eq(c, 0)]),
    "a logarithm beside a power of either sign": (hidden(log(count)) + count**b, count**b),
    "a logarithm beside that of a power": (hidden(log(count)) + log(count**gamma), log(count**gamma)),
    "a pole of one term that others hide": (
        total(1 / (z[k] - 1)) - 1 / (z[i] - 1),
        total((1 - KroneckerDelta(i, k)) / (z[k] - 1)),
    ),
    "a pole that a delta hides": (1 / (1 + 1 / same), same / 2),
    "a pole between all pairs": (
        total(total(1 + 1 / (z[k] - z[l]), k), l) - total(total(1 / (z[k] - z[l]), k), l),
        n**2,
    ),
    "a function with poles": ((tan(r) + 1) ** 2 - tan(r) ** 2 - 2 * tan(r), Integer(1)),
    "an index past the last class": (total(z[k + 1]), total(z[k])),
    "a shifted index": (z[i + 1] - z[i + 1] * sin(r) ** 2, z[i + 1] * sin(r + 0) ** 2),
    "a delta past the last class": (total(KroneckerDelta(k, l + 1)), Integer(1)),
    "n for an index": (z[n], z[i]),
    "a product over classes": (Product(p[k], (k, 1, n)), exp(total(p[k]))),
    "an integral": (Integral(r, (r, 0, 1)), Integer(1)),
    "an infinite sum": (Sum(z[k], (k, 1, oo)), total(z[k])),
    "an unknown function": (f(r), r),
    "a logarithm of a complex power": (log(exp(x)), x),
    "a complex exponent": (log(exp(I * r)), I * r),
    "an absolute value of a complex number": (Abs(x) ** 2, x**2),
    "a root of a complex square": (sqrt(exp(x)), exp(x / 2)),
    "nan": (nan, nan),
    "infinity": (oo + r, oo),
    "minus infinity": (-oo, -oo),
    "complex infinity": (zoo, zoo),
    "atanh beyond 1": (atanh(r) - log(1 + r) / 2, -log(1 - r) / 2),
    "acosh below 0": (acosh(r), log(r + sqrt(r**2 - 1))),
    "a delta function": (r * DiracDelta(r), Integer(0)),
    "a derivative of symbolic order": (Derivative(exp(s), (s, n)), exp(s)),
    "the logarithm of a size": (log(b), log(Abs(b)) + hidden(log(b))),
    "the logarithm of the square of any number": (log(x**2) + hidden(log(x)), 2 * log(x)),
    "0 to the power 0 that a condition hides": (a**c, exp(c * log(a)), [Eq(c, 0)]),
    "the root of a square times what may be negative": (hidden(sqrt(expand((a - 1) ** 2 * b))), hidden(sqrt(b))),
    "0 to the power 0": (Max(a, 0) ** Max(a, 0), exp(Max(a, 0) * log(Max(a, 0)))),
    "no real number in one case": (
        Heaviside(branched * T, 0),
        1 - Heaviside(-Abs(branched) * sign(branched) * T, 1),
    ),
    # nothing is said where these conditions do not hold
    "a condition of a number that is 0 in disguise": (a, Integer(0), [Eq((cos(1) ** 2 + sin(1) ** 2 - 1) * a, 0)]),
    "a condition that is a quotient": (b / a, Integer(1), [Eq(a / b, 1)]),
    "a condition that is a quotient of entries": (z[i] / y[i], Integer(1), [Eq(y[k] / z[k], 1)]),
    "a condition on logarithms": (sin(2 * Abs(a)), 2 * sin(a) * cos(a), [Eq(log(b) - log(a), 0)]),
    "a condition that is a root": (Abs(a), a, [Eq(sqrt(b + 1) - a, 0)]),
    "a definition by a number that is not in the claim": (Abs(a), a, [Eq(T, a - b**2)]),
    "a definition that is undefined for some numbers": (Abs(a), a, [Eq(c, b * log(a))]),
    "a definition just beyond its domain": (t, Integer(5), [Eq(t, 1 + exp(-3 * s))]),
    "a definition that its symbol never reaches": (s, Integer(7), [Eq(side, tanh(3 * s))]),
    "a definition that only its meaning restricts": (Abs(a), a, [Eq(c, sigmoid(log(a)))]),
    "a definition of each class that its meaning restricts": (
        Abs(z[i]),
        z[i],
        [Eq(y[k], softmax(Lambda(l, log(z[l])), k))],
    ),
    "a condition of which a term cancels": (sign(a) ** 2, Integer(1), [Eq(b + 1 / a, 1 / a)]),
    "a condition that is infinite where the sides differ": (sign(b) ** 2, Integer(1), [Eq(Abs(log(Abs(b))), 2)]),
    "a condition that only its terms restrict": (Abs(a), a, [Eq(sigmoid(log(a)), b + 1)]),
    "a condition on a row that its terms restrict": (
        Abs(z[i]),
        z[i],
        [Eq(total(softmax(Lambda(l, log(z[l])), k)), 1)],
    ),
    # what rounding makes of a number that is 0 or whole
    "the sign of a tail": (sign(1 - erf(a**2)), Integer(1)),
    "one over a tail": ((sin(r) ** 2 + cos(r) ** 2) / (1 - sigmoid(2 * a**2)), 1 + exp(2 * a**2)),
    "one over 0 in disguise": (1 / (sin(r) ** 2 + cos(r) ** 2 - 1), sqrt(-1 - a**2)),
    "nothing of one over 0 in disguise": (exp(1 / (sin(r) ** 2 + cos(r) ** 2 - 1)), sqrt(-T)),
    "orthogonal rows keep the norm": (
        total(total(total(matrix[i, k] * matrix[j, k] * z[i] * z[j], i), j), k),
        total(z[i] ** 2, i),
        [Eq(total(matrix[i, k] * matrix[j, k]), same)],
    ),
    "a sign of 0 in disguise": (sign(sin(a) ** 2 + cos(a) ** 2 - 1), Integer(0)),
    "a step at 0 in disguise": (Heaviside(sin(a) ** 2 + cos(a) ** 2 - 1), Rational(1, 2)),
    "a case of 1 in disguise": (Piecewise((1, Eq(sin(a) ** 2 + cos(a) ** 2, 1)), (0, True)), Integer(1)),
    "a power of 2 in disguise": (a ** (2 * (sin(b) ** 2 + cos(b) ** 2)), a**2),
    "sech of a quotient": (sech(1 / a) * (sin(r) ** 2 + cos(r) ** 2), 1 / cosh(1 / a)),
    "csch of a quotient": (csch(1 / a) * (sin(r) ** 2 + cos(r) ** 2), 1 / sinh(1 / a)),
    # needs that SymPy cancels
    "a sigmoid of a logarithm": (sigmoid(log(a)), Abs(sigmoid(log(a)))),
    "logarithms in a row": (logsumexp(Lambda(k, log(z[k]))), log(total(Abs(z[k]))) + total(hidden(log(z[k])))),
    "a logarithm behind another condition": (
        Piecewise((1, And(a > 0, log(a) > 0)), (5, True)) * (sin(r) ** 2 + cos(r) ** 2),
        Piecewise((1, log(a) > 0), (5, True)),
    ),
    # comparisons of what is no number at some points
    "a comparison of what a case makes infinite": (Piecewise((1, 1 / (1 - same) > 0), (0, True)), Integer(1)),
    "a comparison of what a definition makes infinite": (
        Piecewise((1, 1 / (a - b) > 0), (0, True)),
        b,
        [Eq(a, b)],
    ),
    "the greatest of what a definition makes infinite": (Max(c, 1 / (a - b)), b, [Eq(a, b)]),
    "a comparison of what a definition makes imaginary": (
        Piecewise((1, sqrt(a) > c), (0, True)),
        b,
        [Eq(a, -T)],
    ),
    "a comparison of what one class makes infinite": (
        Sum(Piecewise((1, 1 / (k - 2) > 0), (0, True)), (k, 1, 3)),
        z[i],
    ),
    "a sign that a condition leaves undefined": (sign(b) * b, b, [Eq(exp(1 / b), side)]),
    "a symbol of which no number is known": (irrational, 2 * irrational + 1),
    "a set of numbers": (AccumBounds(0, 1), a),
    "a size to the power of itself": (Abs(a) ** Abs(a), exp(Abs(a) * log(Abs(a)))),
    "a whole number that may be no class": (total(KroneckerDelta(k, count)), Integer(1)),
    "a whole number that may exceed n": (
        Max(count - n, 0) + KroneckerDelta(count, 1),
        KroneckerDelta(count, 1),
    ),
    "a whole number that may be negative": (total(KroneckerDelta(k, Symbol("m", integer=True))), Integer(1)),
    "a definition that its symbol's domain restricts": (sin(2 * Abs(a)), 2 * sin(a) * cos(a), [Eq(T, a)]),
    "the size of a root": (Abs(sqrt(a)) + sin(r) ** 2, sqrt(a) + 1 - cos(r) ** 2),
    "the square of a logarithm's size": (Abs(log(a)) ** 2 + sin(r) ** 2, log(a) ** 2 + 1 - cos(r) ** 2),
    "the size of a power of either sign": (Abs(a**a), sqrt(a ** (2 * a))),
}


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("name", UNKNOWN)
def test_what_the_rules_do_not_cover_is_never_proved(name):
    assert equal(*UNKNOWN[name]).kind == "unknown"


def test_what_is_true_but_out_of_reach_is_not_refuted():
    assert equal(sin(r) ** 2 + cos(r) ** 2 - 1, 0).kind == "unknown"
    assert equal(sin(2 * r), 2 * sin(r) * cos(r)).kind == "unknown"


def test_sides_that_are_undefined_at_the_same_points_are_proved_equal():
    assert equal(softmax(Lambda(k, 1 / z[k]), i), exp(1 / z[i]) / total(exp(1 / z[k])))
    assert equal(1 / Max(1, log(side - 1)), 1 / Max(1, log(side - 1)) + side**2 - 1)


def test_decimals_are_what_they_print_as():
    assert equal(0.1 * r, r / 10)
    assert equal(0.5 * r, r / 2)
    for number, near in ((Float("1.00000000000000000001", 30), 1), (Float("1e-400"), 0), (Float("1e400"), 1)):
        assert equal(number * r, near * r).kind == "refuted"


def test_cases_of_indices_are_deltas():
    assert equal(Piecewise((1, Eq(i, j)), (0, True)), same)
    assert equal(total(Piecewise((z[k], Eq(k, i)), (0, True))), z[i])
    assert equal(total(Piecewise((z[k], Ne(k, i)), (y[k], True))), total(z[k]) - z[i] + y[i])
    assert equal(total(Piecewise((z[k], Ne(k, i)), (0, True))), total(z[k])).kind == "refuted"


def test_a_condition_with_a_free_index_holds_for_every_class():
    assert equal(y[i] ** 2 * c, y[i] * c, [Eq(y[i] ** 2, y[i])])
    assert equal(z[i] * c, c * T, [Eq(z[k], T)])
    assert equal(total(z[k]), n * T, [Eq(z[k], T)])
    one_hot, symmetric = [Eq(y[k] ** 2, y[k]), TARGETS_SUM_TO_ONE], [Eq(matrix[i, j], matrix[j, i])]
    assert equal(total(y[k] ** 2), total(y[k]), one_hot)
    assert equal(y[i] ** 3 * y[j] ** 2, y[i] * y[j], one_hot)
    assert equal(y[1] ** 2 * z[i], y[1] * z[i], one_hot)
    assert equal(total(y[k] ** 2) * z[1] * z[i], total(y[k]) * z[1] * z[i], [Eq(y[i] ** 2, y[i])])
    assert equal(total((q[k] - y[k]) ** 2), 1 - 2 * total(q[k] * y[k]) + total(q[k] ** 2), one_hot)
    assert equal(matrix[l, k] - matrix[k, l], 0, symmetric)
    assert not equal(y[i] ** 2, 1, one_hot) and not equal(matrix[l, k], matrix[l, l], symmetric)


def test_a_condition_with_a_number_holds_for_that_class():
    assert equal(total(z[k]) * z[1], 0, [Eq(z[1], 0)])
    assert equal(total(z[k]), Sum(z[k], (k, 2, n)), [Eq(z[1], 0)]).kind != "refuted"
    assert equal(z[2] * c, 0, [Eq(z[1], 0)]).kind == "refuted"


def test_the_sign_of_a_negative_number_is_minus_1_and_that_of_its_square_1():
    u, w = Symbol("u", negative=True), Symbol("w", real=True)
    assert equal(Abs(u * w), -u * Abs(w)).kind == "proved"
    assert equal(sign(u**3 * w), -sign(w)).kind == "proved"
    assert equal(sign(u**2 * w), sign(w)).kind == "proved"
    assert equal(sign(u * w), sign(w)).kind == "refuted"


def test_a_condition_on_the_number_under_a_sign_is_used():
    assert equal(Abs(a), -a, [Eq(a, -T)])
    assert equal(Abs(a - b), b - a, [Eq(a - b + T, 0)])
    assert equal(Abs(a) * b, a * Abs(b), [Eq(a - b, 0)])
    assert equal((c - a) ** 2, (1 - c * a) ** 2, [Eq(c**2, 1)])
    assert equal(Abs(a), a, [Eq(Piecewise((1, 1 / a > 0), (0, True)), 1)]).kind == "unknown"


def test_a_condition_on_what_stands_in_an_exponential_is_used():
    assert equal(exp(a), exp(b), [Eq(a - b, 0)])
    assert equal(exp(z[1]), exp(z[2]), [Eq(z[1], z[2])])
    assert equal(exp(total(z[k])), exp(Rational(3, 2)), [Eq(2 * total(z[k]), 3)])
    assert equal(exp(total(z[k])), exp(6), [Eq(2 * total(z[k]), 3)]).kind == "refuted"


def test_an_equation_for_each_entry_of_a_matrix_is_a_condition():
    assert equal(matrix[k, l], z[k] * y[l], [Eq(matrix[i, j], z[i] * y[j])])


def test_a_definition_leaves_functions_of_other_rows_as_they_are():
    assert substitute_definition(p[j] + softmax(z, j), Eq(p[i], softmax(z, i))) == 2 * softmax(z, j)


def test_definitions_that_go_round_in_circles_are_conditions():
    assert equal(a, 0, [Eq(a, 2 * b), Eq(b, 3 * a)])
    assert equal(b, c, [Eq(a, b), Eq(a, c)])
    assert not equal(a, b, [Eq(a, b + b**2), Eq(b, c + c**2), Eq(c, a + a**2)])


def test_what_rounding_makes_of_0_is_no_counterexample():
    spread = sqrt(total((z[k] - total(z[l], l) / n) ** 2)), sqrt(total(z[k] ** 2) - total(z[k]) ** 2 / n)
    assert equal(*spread).kind != "refuted"


def test_the_number_of_classes_stays_a_symbol():
    with pytest.raises(ValueError, match="^given: expected n to stay a symbol, got Eq"):
        equal(softmax(z, 1), sigmoid(z[1] - z[2]), [Eq(n, 2)])


def test_text_is_never_evaluated():
    with pytest.raises(TypeError, match="left: expected a SymPy expression, got the string 'z'"):
        equal("z", s)
    with pytest.raises(TypeError, match="given: expected equations"):
        equal(s, s, [s])
    for left, right in ((Matrix([a]), Matrix([b])), (Tuple(a), Tuple(b))):
        with pytest.raises(TypeError, match="given: expected a SymPy expression that stands for one number"):
            equal(a, b, [Eq(left, right)])


def test_a_name_is_a_number_or_a_row():
    with pytest.raises(ValueError, match="expected one meaning of z, got a number and a row"):
        equal(s + z[k], z[k])
    with pytest.raises(ValueError, match="expected one meaning of p, got a number and a row"):
        equal(total(p[k]), 1, [Eq(prob, sigmoid(s))])


def test_a_proof_does_not_write_out_classes(monkeypatch):
    monkeypatch.setattr("lossbook.counterexamples.write_out", lambda *_: pytest.fail("a proof wrote out sums"))
    for name in ("softmax cross-entropy's gradient", "softmax's Jacobian", "squared error after softmax"):
        assert equal(*statement(name))


def test_a_counterexample_has_a_number_for_all_that_is_written_but_what_is_defined():
    assert {*equal(d(a * b, a), 2 * b).counterexample.values} == {a, b}
    assert {*equal(softmax(z, i), 1 / n).counterexample.values} == {i, z[1], z[2]}
    assert {*equal(prob, t, [Eq(prob, sigmoid(s))]).counterexample.values} == {t, s}
    of_two_classes = equal(p[i] * z[i], y[i] * z[i], [Eq(p[i], softmax(z, i))]).counterexample  # p is below 1
    assert {*of_two_classes.values} == {i, y[1], y[2], z[1], z[2]}


def test_what_is_defined_lies_in_its_domain_for_every_class_and_brings_no_classes_of_its_own():
    assert equal(total(Abs(z[k])), total(z[k]) + total(sin(z[k]) ** 2 + cos(z[k]) ** 2 - 1), [Eq(p[i], z[i])]).kind == (
        "unknown"
    )
    found = equal(a, b, [Eq(c, total(z[k]))]).counterexample
    assert found.classes is None and {*found.values} == {a, b}


def test_what_is_negative_below_one_half_is_not_never_negative():
    assert never_negative(t * (1 - t)) and not never_negative(2 * t - 1)
    assert never_negative(prob * (1 - prob)) and not never_negative(1 - 2 * prob)


def test_what_is_negative_at_1_alone_is_not_never_negative():
    assert not never_negative(2 * sign(1 - t) - 1)
    assert not never_negative(1 - 2 * Piecewise((1, Eq(t, 1)), (0, True)))
    assert not never_negative(1 + Piecewise((1 / (1 - t), a > 0), (-3, Eq(t, 1)), (1, True)))
    assert never_negative(t / (1 - t)) and never_negative((t - 1) * log(1 - t))  # which are nothing at 1
    assert never_negative(1 / (k - 2)) is never_negative(Max(1 / (k - 2), 0) - 1) is False


def test_what_sympy_fails_on_is_not_never_negative():
    assert never_negative(Max(1 / (1 - t), 0) - 2) is False


def test_the_counterexample_reads_well():
    found = equal(d(softmax(z, i), z[j]), same * softmax(z, i) * (1 - softmax(z, i))).counterexample
    assert str(found) == (
        "at n = 2, i = 1, j = 2, z[1] = 0, z[2] = 1 the left side is -0.196611933241482 and the right side is 0.0"
    )
    assert str(equal(r / Abs(r), sign(r))) == "refuted: at r = 0 the left side is undefined and the right side is 0.0"


def test_a_derivative_by_a_defined_symbol_is_taken_before_its_meaning_is_put_in():
    assert equal(d(-log(prob), prob) * d(sigmoid(s), s), prob - 1, [Eq(prob, sigmoid(s))])
    assert equal(d(-log(prob), prob), 1 / prob, [Eq(prob, sigmoid(s))]).kind == "refuted"
    assert equal(d(prob, s), prob * (1 - prob), [Eq(prob, sigmoid(s))])
    assert equal(d(log(p[i]), p[k]), KroneckerDelta(i, k) / p[i], [Eq(p[i], softmax(z, i))])


def test_what_becomes_infinite_as_it_is_computed_is_unknown():
    m = Symbol("m", integer=True, nonnegative=True)
    step = Heaviside((m * log(sign(m)) + 1) / (log(sign(m)) + 1 / m))
    assert equal(Heaviside(m), step).kind == "unknown"


def test_four_sums_multiply():
    others = total(z[k]) * total(y[k]) * total(p[k])
    assert equal(others * (total(sigmoid(z[k])) + total(sigmoid(-z[k]))), n * others)


def test_a_factor_below_a_root_counts_where_the_root_is_0_and_not_where_it_divides():
    square = expand(a * (b + 1) ** 2)
    assert equal(1 / sqrt(square), 1 / (sqrt(a) * Abs(b + 1)))
    assert equal(1 / sqrt(expand(a * (gamma + b**2))), 1 / (sqrt(a) * sqrt(gamma + b**2)))
    assert equal(sqrt(square), sqrt(a) * Abs(b + 1)).kind == "refuted"  # at b = -1, where a is negative


def test_a_power_with_an_unknown_exponent_is_defined_where_its_base_lets_it():
    assert equal(hidden(T**a), 0)
    assert not equal(hidden(b**a), 0)


def test_what_divides_in_a_sum_of_sums_stays_there():
    assert equal(total(z[k] / total(exp(matrix[k, l]), l)), total(z[k])).kind == "refuted"
