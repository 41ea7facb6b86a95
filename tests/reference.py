"""What each loss and function truly is: written by hand from its definition, in 400-digit arithmetic.

Nothing here knows how lossbook derives, proves or computes. Each loss of one number is a function that
returns its value, first and second derivative by the prediction; each loss of a row returns its value,
the list of its partial derivatives, and a function (i, k) -> second derivative. Arguments are floats,
taken for exactly what they are. At a kink, where every number between the one-sided derivatives is
right, the result is the pair of the two.
"""

from functools import cache

import mpmath
import numpy as np

mp = mpmath.MPContext()  # a context of its own: the precision of lossbook.counterexamples is left alone
mp.dps = 400  # 1 - p may be as small as 5e-324, and digits of it are wanted

ZERO, ONE = mp.mpf(0), mp.mpf(1)
PARTS = ("value", "gradient", "hessian")
METHODS = {"value": "value", "gradient": "gradient_at", "hessian": "hessian_at"}


def exact(*numbers):
    """Floats, taken for exactly what they are; numbers of more digits stay as they are."""
    return [number if isinstance(number, mp.mpf) else mp.mpf(float(number)) for number in numbers]


# --- losses of a residual -------------------------------------------------------------------------------


def residual_loss(function):
    """A loss of the residual as a loss of prediction and target."""

    @cache
    def loss(prediction, target, **parameters):
        prediction, target = exact(prediction, target)
        return function(prediction - target, **{name: mp.mpf(value) for name, value in parameters.items()})

    return loss


@residual_loss
def squared_error(r):
    return r**2, 2 * r, 2 * ONE


@residual_loss
def absolute_error(r):
    return abs(r), mp.sign(r) if r else (-ONE, ONE), ZERO


@residual_loss
def smooth_l1(r, beta=1):
    if abs(r) < beta:
        return r**2 / (2 * beta), r / beta, 1 / beta
    slope = mp.sign(r) if r else (-ONE, ONE)  # r = 0 here only if beta = 0
    return abs(r) - beta / 2, slope, (ZERO, 1 / beta) if abs(r) == beta > 0 else ZERO


@residual_loss
def huber(r, delta=1):
    if abs(r) < delta:
        return r**2 / 2, r, ONE
    return delta * (abs(r) - delta / 2), delta * mp.sign(r), (ZERO, ONE) if abs(r) == delta else ZERO


@residual_loss
def log_cosh(r):
    small = power(-2 * abs(r))  # cosh r = exp|r| (1 + small) / 2
    series = r**2 / 2 - r**4 / 12  # up to r^6 / 45
    value = abs(r) + mp.log((1 + small) / 2) if abs(r) > mp.mpf("1e-50") else series
    return value, mp.sign(r) * (1 - small) / (1 + small), 4 * small / (1 + small) ** 2


@residual_loss
def pinball(r, quantile=0.5):
    if r == 0:
        return ZERO, (-quantile, 1 - quantile), ZERO
    slope = 1 - quantile if r > 0 else -quantile
    return slope * r, slope, ZERO


# --- losses of a score and a label ----------------------------------------------------------------------


def pointwise(function):
    """A loss of exact numbers as a loss of floats."""

    @cache
    def loss(prediction, target, **parameters):
        return function(*exact(prediction, target), **{name: mp.mpf(value) for name, value in parameters.items()})

    return loss


@pointwise
def hinge(z, t):
    if t * z == 1:
        return ZERO, tuple(sorted((-t, ZERO))), ZERO
    return (1 - t * z, -t, ZERO) if t * z < 1 else (ZERO, ZERO, ZERO)


@pointwise
def squared_hinge(z, t):
    if t * z == 1:
        return ZERO, ZERO, (ZERO, 2 * ONE)
    return ((1 - t * z) ** 2, -2 * t * (1 - t * z), 2 * ONE) if t * z < 1 else (ZERO, ZERO, ZERO)


@pointwise
def poisson(z, y):
    """The count y at the rate exp(z): its negative log-likelihood without log(y!)."""
    rate = mp.exp(z)
    return rate - y * z, rate - y, rate


@pointwise
def binary_cross_entropy(p, y):
    log_p, log_1p = (log_of(x) if weight else ZERO for x, weight in ((p, y), (1 - p, 1 - y)))
    gradient = (p - y) / (p * (1 - p))
    return -y * log_p - (1 - y) * log_1p, gradient, y / p**2 + (1 - y) / (1 - p) ** 2


@cache
def log_of(x):
    return mp.log(x)


@cache
def power(x):
    """exp(x), but 0 below 1e-1000, which no product with a float brings back into sight."""
    return mp.exp(x) if x > -2400 else ZERO


@cache
def share(z):
    """The sigmoid of z."""
    return 1 / (1 + power(-z)) if z > 0 else power(z) / (1 + power(z))


@cache
def surprise(z):
    """-log(sigmoid(z))."""
    return max(-z, ZERO) + mp.log1p(power(-abs(z)))


@pointwise
def binary_cross_entropy_with_logits(z, y):
    return y * surprise(z) + (1 - y) * surprise(-z), share(z) - y, share(z) * share(-z)


@pointwise
def sigmoid_squared_error(z, y):
    p, slope = share(z), share(z) * share(-z)
    return (p - y) ** 2, 2 * (p - y) * slope, 2 * slope**2 + 2 * (p - y) * slope * (1 - 2 * p)


@pointwise
def focal(z, y, gamma=2):
    """-(1 - p)^gamma log p, where p is the probability of the label y, 0 or 1."""
    label = 1 if y else -1
    p, q, s = share(label * z), share(-label * z), surprise(label * z)
    first = gamma * p * s + q
    second = gamma * p * first - p * q * (gamma * s - gamma - 1)
    return q**gamma * s, -label * q**gamma * first, q**gamma * second


ELEMENTWISE = {
    "squared_error": squared_error,
    "absolute_error": absolute_error,
    "smooth_l1": smooth_l1,
    "huber": huber,
    "log_cosh": log_cosh,
    "pinball": pinball,
    "hinge": hinge,
    "squared_hinge": squared_hinge,
    "poisson": poisson,
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "sigmoid_squared_error": sigmoid_squared_error,
    "focal": focal,
}


# --- losses of a row ------------------------------------------------------------------------------------


def _powers(z):
    """exp of a row less its greatest entry."""
    z = exact(*z)
    top = max(z)
    return [power(entry - top) for entry in z]


@cache
def shares(z):
    """The softmax of the tuple z; a class whose logit is -inf has none."""
    powers = _powers(z)
    whole = mp.fsum(powers)
    return [part / whole for part in powers]


@cache
def log_shares(z):
    """The logarithm of the softmax of the tuple z."""
    whole = log_sum(z)
    return [-mp.inf if entry == -mp.inf else mp.mpf(entry) - whole for entry in z]


@cache
def log_sum(z):
    """log(exp(z_1) + ... + exp(z_n))."""
    return max(exact(*z)) + mp.log(mp.fsum(_powers(z)))


def jacobian(p):
    """d softmax_i / d z_k."""
    return lambda i, k: p[i] * ((i == k) - p[k])


def inner(a, b):
    """The sum of products, with 0 times anything 0."""
    return mp.fsum(x * y for x, y in zip(a, b) if x and y)


@cache
def cross_entropy(p, y):
    p, y = exact(*p), exact(*y)
    logs = [log_of(q) if weight else ZERO for q, weight in zip(p, y)]
    return (
        -inner(y, logs),
        [-weight / q if weight else ZERO for q, weight in zip(p, y)],
        lambda i, k: y[i] / p[i] ** 2 if i == k and y[i] else ZERO,
    )


@cache
def kl_divergence(q, p):
    value, gradient, hessian = cross_entropy(q, p)
    return value + inner(exact(*p), [log_of(mp.mpf(entry)) if entry else ZERO for entry in p]), gradient, hessian


@cache
def softmax_cross_entropy(z, y):
    p, logs, y = shares(z), log_shares(z), exact(*y)
    whole, slope = mp.fsum(y), jacobian(p)
    return -inner(y, logs), [whole * a - b for a, b in zip(p, y)], lambda i, k: whole * slope(i, k)


@cache
def softmax_squared_error(z, y):
    p, slope = shares(z), jacobian(shares(z))
    error = [a - b for a, b in zip(p, exact(*y))]
    mean = inner(p, error)  # of the error, under p
    spread = inner(p, [a + b for a, b in zip(p, error)])

    def hessian(i, k):
        """d/dz_k of 2 p_i (error_i - mean), where d mean / d z_k = p_k (p_k + error_k - spread)."""
        return 2 * (slope(i, k) * (error[i] - mean + p[i]) - p[i] * p[k] * (p[k] + error[k] - spread))

    return inner(error, error), [2 * a * (b - mean) for a, b in zip(p, error)], hessian


CLASSES = {
    "cross_entropy": cross_entropy,
    "kl_divergence": kl_divergence,
    "softmax_cross_entropy": softmax_cross_entropy,
    "softmax_squared_error": softmax_squared_error,
}


# --- functions: value and derivative --------------------------------------------------------------------

FUNCTIONS = {
    "sigmoid": lambda z: (share(z), share(z) * share(-z)),
    "softplus": lambda z: (surprise(-z), share(z)),
    "log_sigmoid": lambda z: (-surprise(z), share(-z)),
    "log_cosh": lambda z: log_cosh(float(z), 0.0)[:2],
    "tanh": lambda z: log_cosh(float(z), 0.0)[1:],
}
"""z -> value and derivative."""

ROW_FUNCTIONS = {
    "logsumexp": lambda z: (log_sum(z), lambda k: shares(z)[k]),
    "softmax": lambda z: (shares(z), jacobian(shares(z))),
    "softmax_complement": lambda z: ([1 - p for p in shares(z)], lambda i, k: -jacobian(shares(z))(i, k)),
    "log_softmax": lambda z: (log_shares(z), lambda i, k: (i == k) - shares(z)[k]),
}
"""A tuple z -> value, one number or one an entry, and its derivative by z_k as a function of the indices."""


# --- moderate points, away from kinks -------------------------------------------------------------------

_SCORES = np.array([-2.5, -0.75, -0.25, 0.375, 1.5, 3.0])
_MEASURED = np.array([0.5, -1.0, 0.25, 0.0, -0.125, 1.25])
_SIDES = np.array([1.0, 1.0, -1.0, -1.0, 1.0, -1.0])
_LABELS = np.array([1.0, 0.0, 0.25, 1.0, 0.5, 0.0])
_PROBABILITIES = np.array([0.125, 0.25, 0.375, 0.625, 0.75, 0.9375])
_ROWS = np.array([[1.0, 5.0, 3.0], [-0.5, 0.25, 2.0]])
_ROW_PROBABILITIES = np.array([[0.125, 0.625, 0.25], [0.5, 0.375, 0.125]])
_ROW_LABELS = np.array([[0.0, 1.0, 0.0], [0.25, 0.5, 0.25]])

EXAMPLES = {
    "squared_error": (_SCORES, _MEASURED, {}),
    "absolute_error": (_SCORES, _MEASURED, {}),
    "smooth_l1": (_SCORES, _MEASURED, {"beta": 0.75}),
    "huber": (_SCORES, _MEASURED, {"delta": 1.25}),
    "log_cosh": (_SCORES, _MEASURED, {}),
    "pinball": (_SCORES, _MEASURED, {"quantile": 0.875}),
    "hinge": (_SCORES, _SIDES, {}),
    "squared_hinge": (_SCORES, _SIDES, {}),
    "poisson": (_SCORES, np.array([0.0, 1.0, 2.0, 3.0, 0.0, 17.0]), {}),
    "binary_cross_entropy": (_PROBABILITIES, _LABELS, {}),
    "binary_cross_entropy_with_logits": (_SCORES, _LABELS, {}),
    "sigmoid_squared_error": (_SCORES, _LABELS, {}),
    "focal": (_SCORES, np.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.0]), {"gamma": 1.5}),
    "cross_entropy": (_ROW_PROBABILITIES, _ROW_LABELS, {}),
    "kl_divergence": (_ROW_PROBABILITIES, _ROW_LABELS, {}),
    "softmax_cross_entropy": (_ROWS, _ROW_LABELS, {}),
    "softmax_squared_error": (_ROWS, _ROW_LABELS, {}),
}
"""For each loss predictions, targets and parameters, each exact in float32 too."""


# --- as a textbook prints them --------------------------------------------------------------------------


def total_cross_entropy(p, y):
    return -(y * np.log(p)).sum(axis=-1)


def plain_softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def plain_sigmoid(z):
    return 1 / (1 + np.exp(-z))


def two_class(p, y):
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def size(r):
    """The absolute value, continued to complex numbers near the real line."""
    return np.where(r.real < 0, -r, r)


def positive_part(x):
    return np.where(x.real > 0, x, 0)


def missing(z, y):
    return y * (1 - plain_sigmoid(z)) + (1 - y) * plain_sigmoid(z)


TEXTBOOK = {
    "squared_error": lambda a, y: (a - y) ** 2,
    "absolute_error": lambda a, y: size(a - y),
    "smooth_l1": lambda a, y, beta: np.where(
        size(a - y).real < beta, (a - y) ** 2 / (2 * beta), size(a - y) - beta / 2
    ),
    "huber": lambda a, y, delta: np.where(
        size(a - y).real <= delta, (a - y) ** 2 / 2, delta * size(a - y) - delta**2 / 2
    ),
    "log_cosh": lambda a, y: np.log(np.cosh(a - y)),
    "pinball": lambda a, y, quantile: quantile * positive_part(y - a) + (1 - quantile) * positive_part(a - y),
    "hinge": lambda z, t: positive_part(1 - t * z),
    "squared_hinge": lambda z, t: positive_part(1 - t * z) ** 2,
    "poisson": lambda z, y: np.exp(z) - y * z,
    "binary_cross_entropy": two_class,
    "binary_cross_entropy_with_logits": lambda z, y: two_class(plain_sigmoid(z), y),
    "sigmoid_squared_error": lambda z, y: (plain_sigmoid(z) - y) ** 2,
    "focal": lambda z, y, gamma: missing(z, y) ** gamma * two_class(plain_sigmoid(z), y),
    "cross_entropy": total_cross_entropy,
    "kl_divergence": lambda q, p: total_cross_entropy(q, p) + (p * np.log(np.where(p > 0, p, 1))).sum(axis=-1),
    "softmax_cross_entropy": lambda z, y: total_cross_entropy(plain_softmax(z), y),
    "softmax_squared_error": lambda z, y: ((plain_softmax(z) - y) ** 2).sum(axis=-1),
}
"""Each loss as a textbook prints it, in NumPy that also takes complex predictions."""

LOSSES = ELEMENTWISE | CLASSES


# --- comparison -----------------------------------------------------------------------------------------


def ulp(size, dtype):
    """The distance from `size` to the next float of `dtype`."""
    return float(np.spacing(dtype.type(min(float(abs(size)), float(np.finfo(dtype).max) / 2))))


def error(computed, true, unit):
    """The error of the float `computed` in multiples of `unit`.

    Infinite for a nan, and for an inf where the true result is finite. Zero beyond the largest float,
    where inf is right, and between the two ends of a kink.
    """
    if np.isnan(computed):
        return np.inf
    if isinstance(true, tuple):
        low, high = true
        return 0.0 if low <= mp.mpf(float(computed)) <= high else min(error(computed, end, unit) for end in true)
    if abs(true) > float(np.finfo(computed.dtype).max):
        return 0.0 if np.sign(computed) == mp.sign(true) else np.inf
    if np.isinf(computed):
        return np.inf
    return float(abs(mp.mpf(float(computed)) - true) / unit)


def error_in_ulps(computed, true, size=None):
    """The error of `computed` in units in the last place of `size`, by default of the true result."""
    size = true if size is None else size
    return error(computed, true, ulp(max(map(abs, size)) if isinstance(size, tuple) else size, computed.dtype))


def error_in_rows(computed, true, scale):
    """The error in units of 2^-52 (2^-23 in float32) of `scale`, the largest true entry of the row."""
    kind = np.finfo(computed.dtype)
    return error(computed, true, max(float(kind.eps) * scale, float(kind.smallest_subnormal)))
