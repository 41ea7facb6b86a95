"""What other libraries call the losses of the catalogue, and what they mean by the name.

Each entry writes down the other library's definition as its documentation states it, in the symbols of
our loss. A test proves that it is `factor` times our expression, so that the table cannot be wrong
about a factor of two. Without a reduction, for one sample.
"""

from dataclasses import dataclass

from sympy import Abs, Expr, Integer, Max, Min, Piecewise, Rational, S, exp, log

from lossbook import losses
from lossbook.functions import log_softmax, logsumexp, sigmoid, softplus
from lossbook.losses import residual
from lossbook.notation import (
    approximations, beta, count, delta, k, logit, logits, prediction, probabilities, probability, quantile,
    side, target, targets, total,
)


@dataclass(frozen=True)
class Name:
    """A name in another library: its definition is `factor` times the expression of our loss."""

    loss: str
    library: str
    name: str
    definition: Expr
    factor: Expr = S.One


HALF = Rational(1, 2)
size = Abs(residual)
log_sum = log(total(exp(logits[k])))
binary = -(target * log(probability) + (1 - target) * log(1 - probability))
from_logits = Max(logit, 0) - logit * target + log(1 + exp(-Abs(logit)))
l1_smoothed = Piecewise((HALF * residual**2 / beta, size < beta), (size - HALF * beta, True))
two_sided = Piecewise((HALF * residual**2, size <= delta), (delta * size - HALF * delta**2, True))
quadratic = Min(size, delta)

NAMES = (
    Name("squared_error", "PyTorch", "MSELoss", residual**2),
    Name("squared_error", "Keras", "MeanSquaredError", residual**2),
    Name("squared_error", "optax", "squared_error", residual**2),
    Name("squared_error", "optax", "l2_loss", HALF * residual**2, HALF),
    Name("squared_error", "scikit-learn", "HalfSquaredError", HALF * residual**2, HALF),
    Name("absolute_error", "PyTorch", "L1Loss", size),
    Name("absolute_error", "Keras", "MeanAbsoluteError", size),
    Name("absolute_error", "scikit-learn", "AbsoluteError", size),
    Name("smooth_l1", "PyTorch", "SmoothL1Loss(beta)", l1_smoothed),
    Name("smooth_l1", "optax", "huber_loss(delta=beta)", beta * l1_smoothed, beta),
    Name("huber", "PyTorch", "HuberLoss(delta)", two_sided),
    Name("huber", "PyTorch", "SmoothL1Loss(beta=delta)", l1_smoothed.xreplace({beta: delta}), 1 / delta),
    Name("huber", "Keras", "Huber(delta)", quadratic**2 / 2 + delta * (size - quadratic)),
    Name("huber", "optax", "huber_loss(delta)", HALF * quadratic**2 + delta * (size - quadratic)),
    Name("huber", "scikit-learn", "HuberLoss(delta)", two_sided),
    Name("log_cosh", "Keras", "LogCosh", residual + softplus(-2 * residual) - log(Integer(2))),
    Name("log_cosh", "optax", "log_cosh", log(exp(residual) + exp(-residual)) - log(Integer(2))),
    Name("pinball", "scikit-learn", "PinballLoss(quantile)", Max(-quantile * residual, (1 - quantile) * residual)),
    Name("hinge", "Keras", "Hinge", Max(1 - side * prediction, 0)),
    Name("hinge", "optax", "hinge_loss", Max(0, 1 - prediction * side)),
    Name("squared_hinge", "Keras", "SquaredHinge", Max(1 - side * prediction, 0) ** 2),
    Name("poisson", "PyTorch", "PoissonNLLLoss", exp(logit) - count * logit),
    Name("poisson", "optax", "poisson_nll_loss", exp(logit) - count * logit),
    Name("poisson", "scikit-learn", "HalfPoissonLoss", exp(logit) - count * logit),
    Name("binary_cross_entropy", "PyTorch", "BCELoss", binary),
    Name("binary_cross_entropy", "Keras", "BinaryCrossentropy", binary),
    Name("binary_cross_entropy_with_logits", "PyTorch", "BCEWithLogitsLoss", binary.xreplace({probability: sigmoid(logit)})),
    Name("binary_cross_entropy_with_logits", "Keras", "BinaryCrossentropy(from_logits=True)", from_logits),
    Name("binary_cross_entropy_with_logits", "optax", "sigmoid_binary_cross_entropy", from_logits),
    Name("binary_cross_entropy_with_logits", "scikit-learn", "HalfBinomialLoss", log(1 + exp(logit)) - target * logit),
    Name("cross_entropy", "Keras", "CategoricalCrossentropy", -total(targets[k] * log(probabilities[k]))),
    Name("softmax_cross_entropy", "PyTorch", "CrossEntropyLoss", -total(targets[k] * log_softmax(logits, k))),
    Name("softmax_cross_entropy", "optax", "softmax_cross_entropy", -total(targets[k] * (logits[k] - logsumexp(logits)))),
    Name("softmax_cross_entropy", "scikit-learn", "HalfMultinomialLoss", log_sum - total(targets[k] * logits[k])),
    Name("kl_divergence", "PyTorch", "KLDivLoss", total(probabilities[k] * (log(probabilities[k]) - log(approximations[k])))),
    Name("kl_divergence", "Keras", "KLDivergence", total(probabilities[k] * log(probabilities[k] / approximations[k]))),
)
"""Every name that is known, a row each."""


def names(loss):
    """The names of a loss of the catalogue in other libraries."""
    return [name for name in NAMES if losses.catalogue[name.loss] is loss]
