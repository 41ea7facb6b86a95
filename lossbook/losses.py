"""The catalogue: each loss once, as an expression. Everything else is derived from it.

Conventions: residual = prediction - target; squared_error has no 1/2, huber has it inside delta,
smooth_l1 is r^2 / (2 beta) inside beta; poisson takes the logarithm of the rate.
"""

from sympy import Abs, Piecewise, exp, log

from lossbook import notation
from lossbook.checks import as_entry, as_number
from lossbook.domains import check_domain
from lossbook.functions import log_cosh as log_cosh_function
from lossbook.functions import log_sigmoid, log_softmax, sigmoid, softmax
from lossbook.loss import Loss
from lossbook.notation import (
    approximations,
    beta,
    count,
    delta,
    domain_of,
    gamma,
    i,
    k,
    logit,
    logits,
    n,
    prediction,
    probabilities,
    probability,
    quantile,
    side,
    target,
    targets,
    total,
    value,
)
from lossbook.types import Array, ArrayLike

residual = prediction - value

squared_error = Loss(
    name="squared error",
    expression=residual**2,
    prediction=prediction,
    target=value,
    source="Legendre 1805",
)

absolute_error = Loss(
    name="absolute error",
    expression=Abs(residual),
    prediction=prediction,
    target=value,
    source="Boscovich 1757",
)

smooth_l1 = Loss(
    name="smooth L1",
    expression=Piecewise((residual**2 / (2 * beta), Abs(residual) < beta), (Abs(residual) - beta / 2, True)),
    prediction=prediction,
    target=value,
    parameters={"beta": (beta, 1)},
    source="Girshick 2015",
)

huber = Loss(
    name="Huber",
    expression=Piecewise((residual**2 / 2, Abs(residual) < delta), (delta * (Abs(residual) - delta / 2), True)),
    prediction=prediction,
    target=value,
    parameters={"delta": (delta, 1)},
    source="Huber 1964",
)

log_cosh = Loss(
    name="log-cosh",
    expression=log_cosh_function(residual),
    prediction=prediction,
    target=value,
    source="Green 1990",
)

pinball = Loss(
    name="pinball",
    expression=Piecewise((-quantile * residual, residual < 0), ((1 - quantile) * residual, True)),
    prediction=prediction,
    target=value,
    parameters={"quantile": (quantile, 0.5)},
    source="Koenker and Bassett 1978",
)

hinge = Loss(
    name="hinge",
    expression=Piecewise((1 - side * prediction, side * prediction < 1), (0, True)),
    prediction=prediction,
    target=side,
    source="Cortes and Vapnik 1995",
)

squared_hinge = Loss(
    name="squared hinge",
    expression=Piecewise(((1 - side * prediction) ** 2, side * prediction < 1), (0, True)),
    prediction=prediction,
    target=side,
    source="Cortes and Vapnik 1995",
)

poisson = Loss(
    name="Poisson",
    expression=exp(logit) - count * logit,
    prediction=logit,
    target=count,
    source="Nelder and Wedderburn 1972",
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

focal = Loss(
    name="focal",
    expression=-(
        target * sigmoid(-logit) ** gamma * log_sigmoid(logit)
        + (1 - target) * sigmoid(logit) ** gamma * log_sigmoid(-logit)
    ),
    prediction=logit,
    target=target,
    parameters={"gamma": (gamma, 2)},
    source="Lin et al. 2017",
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

kl_divergence = Loss(
    name="Kullback-Leibler divergence",
    expression=total(probabilities[k] * log(probabilities[k] / approximations[k])),
    prediction=approximations,
    target=probabilities,
    source="Kullback and Leibler 1951",
)

catalogue = {name: loss for name, loss in globals().items() if isinstance(loss, Loss)}
"""Every loss, by its name."""


def get(name: str) -> Loss:
    """The loss of the catalogue that is called `name`. Raises ValueError that suggests the nearest name."""
    return as_entry("name", name, catalogue, "a loss of the catalogue")


smoothed_targets = (1 - notation.epsilon) * targets[i] + notation.epsilon / n
"""The targets y_i after label smoothing."""


def smooth_labels(y: ArrayLike, epsilon: float) -> Array:
    """(1 - epsilon) y + epsilon / n: targets that give every one of the n classes a little.

    `y` holds rows of targets on the last axis, `epsilon` lies in [0, 1]. Returns an array of the shape of y,
    computed from `smoothed_targets`. Source: Szegedy et al. 2016.
    """
    from lossbook import arrays

    y = arrays.as_rows("y", y)
    xp = arrays.namespace(y)
    check_domain(xp, "y", y, targets)
    part = arrays.constant(xp, as_number("epsilon", epsilon, domain_of(notation.epsilon)), y)
    return arrays.compile((smoothed_targets,), (targets, notation.epsilon))(xp, y, part)[0]
