"""Training on derived gradients: gradient descent, reweighted least squares and a small network."""

from collections.abc import Sequence
from functools import cache
from math import sqrt
from typing import Any

import numpy as np
from sympy import Derivative, Interval, oo

from lossbook import functions, losses
from lossbook.arrays import as_floats
from lossbook.checks import as_count, as_number
from lossbook.domains import check_finite
from lossbook.loss import Loss, check_loss
from lossbook.proof import equal
from lossbook.types import ArrayLike


def descend(loss: Loss, start: ArrayLike, target: ArrayLike, rate: float, steps: int, **parameters: Any) -> np.ndarray:
    """Walk downhill on `loss` from the prediction `start`, each step `rate` times the gradient long.

    z(t + 1) = z(t) - rate * dL/dz at z(t). Returns every z from the start on, in the shape of the gradient with one
    more leading axis of length steps + 1. Raises TypeError or ValueError if the rate is no positive number or the steps
    no whole number from 0 up.
    """
    check_loss(loss)
    rate = as_number("rate", rate, Interval.open(0, oo))
    start = _as_numbers("start", start)
    path = [start + np.zeros_like(loss.gradient_at(start, target, **parameters))]  # one start for many targets
    for _ in range(as_count("steps", steps)):
        path.append(path[-1] - rate * loss.gradient_at(path[-1], target, **parameters))
    return np.array(path)


# --- linear fits ----------------------------------------------------------------------------------------

SMALLEST_RESIDUAL = 1e-8
"""Of the typical size of a residual: below it, the weight of a sample stops growing."""

SMALLEST_SHARE = 1e-13
"""Of the largest target: smaller residuals are rounding."""

MOST_REWEIGHTINGS = 10_000


def weights_of(loss: Loss, residual: np.ndarray, **parameters: Any) -> np.ndarray:
    """gradient / residual: what each sample counts for, if `loss` is fitted as a weighted sum of squares.

    It has the shape of `residual`, which should not be 0 where the loss has a kink.
    """
    check_loss(loss)
    return loss.gradient_at(residual, 0, **parameters) / residual


def fit_linear(loss: Loss, features: ArrayLike, target: ArrayLike, **parameters: Any) -> np.ndarray:
    """The coefficients c that make the sum of loss(features @ c, target) least, for a loss of the residual.

    `features` has shape (samples, coefficients), `target` (samples,). Where the loss is least, the sum of
    gradient * features is 0. With gradient = weight * residual this is a weighted least-squares problem if the
    weights are known; they are taken from the fit before, until the fit no longer moves. Of a convex loss whose
    weight falls as the residual grows this finds the least sum, or one of several that are equally low; an absolute
    error is rounded off below a hundred-millionth of the typical residual. Raises ValueError if the loss is not one
    of the residual, the shapes do not match or it does not settle. Source: Holland and Welsch 1977.
    """
    check_loss(loss)
    if not _is_of_the_residual(loss):
        raise ValueError(f"loss: expected a loss of prediction - target, got {loss.name}")
    features, target = _as_numbers("features", features), _as_numbers("target", target)
    if (
        features.ndim != 2
        or target.shape != features.shape[:1]
        or len(features) < features.shape[1]
        or not features.size
    ):
        raise ValueError(
            "features: expected a row of numbers for each target, at least as many as columns, "
            f"got {features.shape} for {target.shape}"
        )
    coefficients = np.linalg.lstsq(features, target, rcond=None)[0]
    typical = np.abs(features @ coefficients - target).mean()
    smallest = max(SMALLEST_RESIDUAL * typical, SMALLEST_SHARE * np.abs(target).max()) or 1.0
    for _ in range(MOST_REWEIGHTINGS):
        residual = features @ coefficients - target
        residual = np.where(residual < 0, -1, 1) * np.maximum(np.abs(residual), smallest)
        weights = weights_of(loss, residual, **parameters)
        if weights.min() < 0:
            raise ValueError(
                f"loss: expected one that grows with the residual, {loss.name} falls at {residual[weights < 0][0]:g}"
            )
        root = np.sqrt(weights)
        last, coefficients = coefficients, np.linalg.lstsq(root[:, None] * features, root * target, rcond=None)[0]
        if np.abs(features @ (coefficients - last)).max() <= smallest:
            return coefficients
    raise ValueError(f"loss: expected fits that settle, {loss.name} still moves after {MOST_REWEIGHTINGS} rounds")


@cache
def _is_of_the_residual(loss: Loss) -> bool:
    """Whether `loss` does not change when prediction and target grow by the same."""
    if loss.over_classes:
        return False
    return bool(equal(Derivative(loss.expression, loss.prediction), -Derivative(loss.expression, loss.target)))


def spread(residuals: ArrayLike) -> float:
    """1.4826 times the median absolute deviation (MAD): for normal errors their standard deviation, bad ones or no.

    Source: Hampel 1974.
    """
    residuals = _as_numbers("residuals", residuals)
    if residuals.size == 0:
        raise ValueError("residuals: expected at least one, got none")
    return 1.4826 * np.median(np.abs(residuals - np.median(residuals)))


# --- networks -------------------------------------------------------------------------------------------


class Network:
    """Layers, each of which multiplies what comes in by its weights, adds its biases, and activates the sums.

        network = Network([4, 8, 3], seed=0)
        network.train(features, labels, rate=1, steps=500)
        network.scores(features).argmax(axis=1)

    `sizes` counts the numbers that come in, the units of each hidden layer and the classes: `[4, 3]` has no hidden
    layer. Row i of weights[l] holds what leads to unit i of layer l + 1. The last layer is not activated: its sums
    are the scores that `loss` is taken of. The weights start as normal numbers of variance 1 / inputs, the biases at 0.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        loss: Loss = losses.softmax_cross_entropy,
        activation: type[functions.ScalarFunction] = functions.tanh,
        seed: int = 0,
    ) -> None:
        if not isinstance(sizes, (list, tuple)):
            raise TypeError(f"sizes: expected a list of whole numbers, got {sizes!r}")
        sizes = [as_count("sizes", size) for size in sizes]
        if len(sizes) < 2 or 0 in sizes:
            raise ValueError(f"sizes: expected two or more numbers from 1 up, got {sizes}")
        if not isinstance(loss, Loss) or not loss.over_classes:
            raise TypeError(f"loss: expected a loss over classes such as losses.softmax_cross_entropy, got {loss!r}")
        if not isinstance(activation, type) or not issubclass(activation, functions.ScalarFunction):
            raise TypeError(f"activation: expected a function of one number such as functions.tanh, got {activation!r}")
        generator = np.random.default_rng(as_count("seed", seed))
        shapes = list(zip(sizes[1:], sizes))
        self.loss, self.activation = loss, activation
        self.weights = [generator.normal(size=shape) / sqrt(shape[1]) for shape in shapes]
        self.biases = [np.zeros(units) for units, _ in shapes]

    def scores(self, features: ArrayLike) -> np.ndarray:
        """The scores of each class, of shape (samples, classes), for features of shape (samples, inputs)."""
        return self._forward(features)[1][-1]

    def loss_and_gradients(
        self, features: ArrayLike, target: ArrayLike
    ) -> tuple[float, list[tuple[np.ndarray, np.ndarray]]]:
        """The mean loss, and for each layer its derivatives by the weights and by the biases, shaped as they are."""
        inputs, sums = self._forward(features)
        value, by_sums = self.loss.value_and_gradient(sums[-1], target, reduction="mean")
        gradients: list[tuple[np.ndarray, np.ndarray]] = []
        for layer in reversed(range(len(self.weights))):
            gradients.insert(0, (by_sums.T @ inputs[layer], by_sums.sum(axis=0)))
            if layer > 0:
                by_inputs = by_sums @ self.weights[layer]
                by_sums = by_inputs * self.activation.gradient_at(sums[layer - 1])
        return value, gradients

    def train(self, features: ArrayLike, target: ArrayLike, rate: float, steps: int) -> np.ndarray:
        """Take `steps` steps downhill on all samples at once; the mean loss before each of them."""
        rate = as_number("rate", rate, Interval.open(0, oo))
        values = []
        for _ in range(as_count("steps", steps)):
            value, gradients = self.loss_and_gradients(features, target)
            values.append(float(value))
            for layer, (by_weights, by_biases) in enumerate(gradients):
                self.weights[layer] = self.weights[layer] - rate * by_weights
                self.biases[layer] = self.biases[layer] - rate * by_biases
        return np.array(values)

    def _forward(self, features: ArrayLike) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """What goes into each layer, and the sums that it makes of it."""
        features = _as_rows_like("features", features, self.weights[0])
        sums: list[np.ndarray] = []
        entering: list[np.ndarray] = []
        for weights, biases in zip(self.weights, self.biases):
            entering.append(self.activation.value(sums[-1]) if sums else features)
            sums.append(entering[-1] @ weights.T + biases)
        return entering, sums


def standardise(features: ArrayLike, like: ArrayLike) -> np.ndarray:
    """`features` less the mean of the rows `like`, over their standard deviation, column by column."""
    like = _as_rows("like", like)
    features = _as_rows_like("features", features, like)
    deviations = like.std(axis=0)
    if not deviations.all():
        raise ValueError("like: expected columns that vary, got one that is constant")
    return (features - like.mean(axis=0)) / deviations


def nearest_centroid(features: ArrayLike, labels: ArrayLike, unseen: ArrayLike) -> np.ndarray:
    """For each row of `unseen`, the label whose rows of `features` have the nearest mean."""
    features = _as_rows("features", features)
    unseen = _as_rows_like("unseen", unseen, features)
    labels = _as_labels("labels", labels, len(features))
    known = np.unique(labels)
    means = np.array([features[labels == label].mean(axis=0) for label in known])
    return known[np.linalg.norm(unseen[:, None] - means, axis=2).argmin(axis=1)]


def confusion(truth: ArrayLike, answers: ArrayLike, classes: int) -> np.ndarray:
    """How often class i (a row) was taken for class j (a column), of shape (classes, classes).

    >>> confusion(truth=np.array([0, 0, 1]), answers=np.array([0, 1, 1]), classes=2)
    array([[1, 1],
           [0, 1]])
    """
    counts = np.zeros((as_count("classes", classes),) * 2, dtype=int)
    truth = _as_labels("truth", truth, None, classes)
    np.add.at(counts, (truth, _as_labels("answers", answers, len(truth), classes)), 1)
    return counts


def plausible_rates(count: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The lowest and highest rate at which `count` of `total` independent events is no surprise: Wilson's score
    interval (Wilson 1927).

    The ends are the rates p for which count / total is z standard deviations sqrt(p (1 - p) / total) away from p:
    for z = 1.96 an interval of about 95 % confidence.
    """
    count, total = as_count("count", count), as_count("total", total)
    z = as_number("z", z, Interval.open(0, oo))
    if not 0 <= count <= total or total == 0:
        raise ValueError(f"count: expected at most the total, and a total from 1 up, got {count} of {total}")
    centre = (count + z**2 / 2) / (total + z**2)
    reach = z / (total + z**2) * sqrt(count * (total - count) / total + z**2 / 4)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _as_numbers(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as an array of finite floats."""
    array = as_floats(name, value)
    check_finite(np, name, array)
    return array


def _as_rows(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as rows of finite floats, at least one."""
    rows = _as_numbers(name, value)
    if rows.ndim != 2 or len(rows) == 0:
        raise ValueError(f"{name}: expected rows of numbers, at least one, got shape {rows.shape}")
    return rows


def _as_rows_like(name: str, value: ArrayLike, like: np.ndarray) -> np.ndarray:
    """`value` as rows of finite floats, as many in each row as in those of `like`."""
    rows = _as_numbers(name, value)
    if rows.ndim != 2 or rows.shape[1:] != like.shape[1:]:
        raise ValueError(f"{name}: expected rows of {like.shape[-1]} numbers, got shape {rows.shape}")
    return rows


def _as_labels(name: str, value: ArrayLike, samples: int | None, classes: int | None = None) -> np.ndarray:
    """`value` as a row of whole numbers from 0 up, below `classes` and `samples` of them if these are given."""
    labels = np.asarray(value)
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"{name}: expected whole-number labels, got {labels.dtype}")
    if labels.ndim != 1 or samples not in (None, len(labels)):
        raise ValueError(f"{name}: expected {samples or 'a row of'} labels, got shape {labels.shape}")
    wrong = labels[(labels < 0) | (False if classes is None else labels >= classes)]
    if len(wrong):
        upper = "up" if classes is None else f"to {classes - 1}"
        raise ValueError(f"{name}: expected labels from 0 {upper}, got {wrong[0]}")
    return labels
