"""What other libraries call the losses of the catalogue, and what they mean by the name.

Each entry writes down the other library's definition as its documentation or source states it, in the
symbols of our loss. A test proves that it is `factor` times our expression, so that the table cannot be
wrong about a factor of two. Without a reduction, for one sample: most of these average unless told not to.

Checked in 2026 against
- PyTorch 2: the pages of torch.nn at docs.pytorch.org; torchvision/ops/focal_loss.py
- Keras 3: keras/src/losses/losses.py; it moves probabilities away from 0 and 1 by 1e-7 first
- optax 0.2: optax/losses/_regression.py and _classification.py
- scikit-learn 1: the pages of sklearn.metrics; sklearn/_loss/loss.py for its training losses, which are not public
"""

from dataclasses import dataclass

from sympy import Abs, Expr, Integer, Max, Min, Piecewise, Rational, S, exp, log

from lossbook import losses
from lossbook.functions import log_softmax, logsumexp, sigmoid, softplus
from lossbook.loss import Loss
from lossbook.losses import residual
from lossbook.notation import (
    approximations,
    beta,
    count,
    delta,
    gamma,
    k,
    logit,
    logits,
    prediction,
    probabilities,
    probability,
    quantile,
    side,
    target,
    targets,
    total,
)
from lossbook.types import Cell


@dataclass(frozen=True)
class Name:
    """A name in another library: its definition is `factor` times the expression of our loss.

    `note` says what else differs; with `hard_targets`, it holds for targets 0 and 1 only.
    """

    loss: str
    library: str
    name: str
    definition: Expr
    factor: Expr = S.One
    note: str = ""
    hard_targets: bool = False


HALF = Rational(1, 2)
size = Abs(residual)
log_sum = log(total(exp(logits[k])))
binary = -(target * log(probability) + (1 - target) * log(1 - probability))
with_sigmoid = binary.xreplace({probability: sigmoid(logit)})
from_logits = Max(logit, 0) - logit * target + log(1 + exp(-Abs(logit)))
categorical = -total(targets[k] * log(probabilities[k]))
with_softmax = -total(targets[k] * log_softmax(logits, k))
less_logsumexp = -total(targets[k] * (logits[k] - logsumexp(logits)))
l1_smoothed = Piecewise((HALF * residual**2 / beta, size < beta), (size - HALF * beta, True))
huber = Piecewise((HALF * residual**2, size < delta), (delta * (size - HALF * delta), True))
huber_closed = Piecewise((HALF * residual**2, size <= delta), (delta * size - HALF * delta**2, True))
quadratic = Min(size, delta)
is_above = Piecewise((1, residual > 0), (0, True))
above_below = quantile * Max(-residual, 0) + (1 - quantile) * Max(residual, 0)
rate_less_log = exp(logit) - count * logit
true_class = target * sigmoid(logit) + (1 - target) * (1 - sigmoid(logit))
focused = with_sigmoid * (1 - true_class) ** gamma
divergence = total(probabilities[k] * (log(probabilities[k]) - log(approximations[k])))

NAMES = (
    Name("squared_error", "PyTorch", "MSELoss", residual**2),
    Name("squared_error", "Keras", "MeanSquaredError", residual**2),
    Name("squared_error", "optax", "squared_error", residual**2),
    Name("squared_error", "optax", "l2_loss", HALF * residual**2, HALF),
    Name("squared_error", "scikit-learn", "mean_squared_error", residual**2),
    Name("squared_error", "scikit-learn", "HalfSquaredError", HALF * residual**2, HALF),
    Name("absolute_error", "PyTorch", "L1Loss", size),
    Name("absolute_error", "Keras", "MeanAbsoluteError", size),
    Name("absolute_error", "scikit-learn", "mean_absolute_error", size),
    Name("absolute_error", "scikit-learn", "AbsoluteError", size),
    Name("smooth_l1", "PyTorch", "SmoothL1Loss(beta)", l1_smoothed),
    Name("smooth_l1", "PyTorch", "HuberLoss(delta=beta)", huber.xreplace({delta: beta}), beta),
    Name("smooth_l1", "Keras", "Huber(delta=beta)", huber_closed.xreplace({delta: beta}), beta),
    Name("smooth_l1", "optax", "huber_loss(delta=beta)", beta * l1_smoothed, beta),
    Name("huber", "PyTorch", "HuberLoss(delta)", huber),
    Name("huber", "PyTorch", "SmoothL1Loss(beta=delta)", l1_smoothed.xreplace({beta: delta}), 1 / delta),
    Name("huber", "Keras", "Huber(delta)", huber_closed),
    Name("huber", "optax", "huber_loss(delta)", HALF * quadratic**2 + delta * (size - quadratic)),
    Name(
        "huber",
        "scikit-learn",
        "HuberLoss(quantile)",
        huber_closed,
        note="where delta is that quantile of the sizes of the residuals",
    ),
    Name("log_cosh", "Keras", "LogCosh", residual + softplus(-2 * residual) - log(Integer(2))),
    Name("log_cosh", "optax", "log_cosh", log(exp(residual) + exp(-residual)) - log(Integer(2))),
    Name("pinball", "scikit-learn", "mean_pinball_loss(alpha=quantile)", above_below),
    Name("pinball", "scikit-learn", "PinballLoss(quantile)", -residual * (quantile - is_above)),
    Name("hinge", "Keras", "Hinge", Max(1 - side * prediction, 0)),
    Name("hinge", "optax", "hinge_loss", Max(0, 1 - prediction * side)),
    Name("hinge", "scikit-learn", "hinge_loss", Max(1 - side * prediction, 0)),
    Name("squared_hinge", "Keras", "SquaredHinge", Max(1 - side * prediction, 0) ** 2),
    Name("poisson", "PyTorch", "PoissonNLLLoss", rate_less_log),
    Name("poisson", "Keras", "Poisson", rate_less_log, note="given the rate exp(z), not its logarithm"),
    Name("poisson", "scikit-learn", "HalfPoissonLoss", rate_less_log),
    Name("binary_cross_entropy", "PyTorch", "BCELoss", binary, note="with each logarithm cut off at −100"),
    Name("binary_cross_entropy", "Keras", "BinaryCrossentropy", binary),
    Name("binary_cross_entropy", "scikit-learn", "log_loss", binary),
    Name("binary_cross_entropy_with_logits", "PyTorch", "BCEWithLogitsLoss", with_sigmoid),
    Name("binary_cross_entropy_with_logits", "Keras", "BinaryCrossentropy(from_logits=True)", from_logits),
    Name("binary_cross_entropy_with_logits", "optax", "sigmoid_binary_cross_entropy", from_logits),
    Name("binary_cross_entropy_with_logits", "scikit-learn", "HalfBinomialLoss", log(1 + exp(logit)) - target * logit),
    Name("focal", "torchvision", "sigmoid_focal_loss(alpha=-1)", focused, hard_targets=True),
    Name("focal", "Keras", "BinaryFocalCrossentropy(from_logits=True)", focused, hard_targets=True),
    Name("focal", "optax", "sigmoid_focal_loss", focused, hard_targets=True),
    Name("cross_entropy", "Keras", "CategoricalCrossentropy", categorical),
    Name("cross_entropy", "scikit-learn", "log_loss", categorical),
    Name("softmax_cross_entropy", "PyTorch", "CrossEntropyLoss", with_softmax),
    Name("softmax_cross_entropy", "Keras", "CategoricalCrossentropy(from_logits=True)", with_softmax),
    Name("softmax_cross_entropy", "optax", "softmax_cross_entropy", less_logsumexp),
    Name("softmax_cross_entropy", "scikit-learn", "HalfMultinomialLoss", log_sum - total(targets[k] * logits[k])),
    Name("kl_divergence", "PyTorch", "KLDivLoss", divergence, note="given the logarithm of q, not q"),
    Name("kl_divergence", "Keras", "KLDivergence", total(probabilities[k] * log(probabilities[k] / approximations[k]))),
    Name("kl_divergence", "optax", "kl_divergence", divergence, note="given the logarithm of q, not q"),
)
"""Every name that is known, a row each."""


def names(loss: Loss) -> list[Name]:
    """The names of a loss of the catalogue in other libraries."""
    return [name for name in NAMES if losses.catalogue[name.loss] is loss]


def in_words(name: Name) -> Cell:
    """A name, with its factor and its note, as a cell of a `listing.Listing`."""
    factor = [] if name.factor == 1 else [", ", name.factor, " times this loss"]
    notes = [f", {note}" for note in ("for targets 0 and 1" if name.hard_targets else "", name.note) if note]
    return [f"`{name.name}`", *factor, *notes]
