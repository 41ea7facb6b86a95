"""The catalogue: each loss once, as an expression. Everything else is derived from it."""

from sympy import Abs, log

from lossbook.functions import log_sigmoid, log_softmax, sigmoid, softmax
from lossbook.loss import Loss
from lossbook.notation import (
    k, logit, logits, prediction, probabilities, probability, target, targets, total, value,
)

squared_error = Loss(
    name="squared error",
    expression=(prediction - value) ** 2,
    prediction=prediction,
    target=value,
    source="Legendre 1805",
)

absolute_error = Loss(
    name="absolute error",
    expression=Abs(prediction - value),
    prediction=prediction,
    target=value,
    source="Boscovich 1757",
)

binary_cross_entropy = Loss(
    name="binary cross-entropy",
    expression=-(target * log(probability) + (1 - target) * log(1 - probability)),
    prediction=probability,
    target=target,
    source="Good 1952",
)

binary_cross_entropy_with_logits = Loss(
    name="binary cross-entropy with logits",
    expression=-(target * log_sigmoid(logit) + (1 - target) * log_sigmoid(-logit)),
    prediction=logit,
    target=target,
    source="Cox 1958",
)

sigmoid_squared_error = Loss(
    name="sigmoid squared error",
    expression=(sigmoid(logit) - target) ** 2,
    prediction=logit,
    target=target,
    source="Brier 1950",
)

cross_entropy = Loss(
    name="cross-entropy",
    expression=-total(targets[k] * log(probabilities[k])),
    prediction=probabilities,
    target=targets,
    source="Good 1952",
)

softmax_cross_entropy = Loss(
    name="softmax cross-entropy",
    expression=-total(targets[k] * log_softmax(logits, k)),
    prediction=logits,
    target=targets,
    source="Bridle 1990",
)

softmax_squared_error = Loss(
    name="softmax squared error",
    expression=total((softmax(logits, k) - targets[k]) ** 2),
    prediction=logits,
    target=targets,
    source="Brier 1950",
)

catalogue = {name: loss for name, loss in globals().items() if isinstance(loss, Loss)}
"""Every loss, by its name."""
