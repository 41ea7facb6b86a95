"""Do things happen as often as a model says? Predicted probabilities compared with what happened."""

import numpy as np

from lossbook.arrays import as_floats
from lossbook.checks import as_count
from lossbook.tables import Table
from lossbook.types import ArrayLike


def reliability(predicted: ArrayLike, happened: ArrayLike, bins: int = 10) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean prediction, share that happened and number of samples, for each bin of predictions that is not empty.

    `predicted` holds probabilities, `happened` 1 or 0 for each, both of any one shape. The bins are equally wide: from
    0 to 1/bins, and so on to 1. Returns three arrays with one entry a bin, from low to high. Raises TypeError or
    ValueError that names the argument. Source: Murphy and Winkler 1977.
    """
    predicted, happened = _outcomes(predicted, happened)
    bins = as_count("bins", bins)
    if bins == 0:
        raise ValueError("bins: expected at least one bin, got 0")
    place = np.minimum((predicted * bins).astype(int), bins - 1)  # a prediction of 1 falls into the last bin
    count = np.bincount(place, minlength=bins)
    filled = count > 0
    sums = [np.bincount(place, weights=numbers, minlength=bins)[filled] for numbers in (predicted, happened)]
    return sums[0] / count[filled], sums[1] / count[filled], count[filled]


def expected_calibration_error(predicted: ArrayLike, happened: ArrayLike, bins: int = 10) -> float:
    """The sum over bins of (samples in the bin / samples) |mean prediction - share that happened|, from 0 to 1.

    Of true probabilities it is not 0 but the chance error of the shares, and a model that always predicts the share of
    positives has none. Source: Naeini, Cooper and Hauskrecht 2015.
    """
    mean, share, count = reliability(predicted, happened, bins)
    return float(np.sum(count * np.abs(mean - share)) / np.sum(count))


def distance_from(true: ArrayLike, predicted: ArrayLike) -> float:
    """The mean of |predicted - true|, where the true probabilities are known, as of data that were made up."""
    true, predicted = _probabilities("true", true), _probabilities("predicted", predicted)
    if true.shape != predicted.shape:
        raise ValueError(f"predicted: expected the shape {true.shape} of true, got {predicted.shape}")
    return float(np.mean(np.abs(predicted - true)))


def compared(models: dict[str, ArrayLike], happened: ArrayLike, true: ArrayLike) -> Table:
    """A table with a row a model: share of right answers, calibration error and distance from the true probabilities.

    `models` is a dict from names to predicted probabilities; an answer is right if it lies on the side of one half
    where the sample fell. Raises TypeError or ValueError that names the argument.
    """
    if not isinstance(models, dict):
        raise TypeError(f"models: expected a dict from names to predicted probabilities, got {models!r}")
    outcomes = [_outcomes(predicted, happened) for predicted in models.values()]
    return Table(
        {
            "": list(models),
            "right answers": [float(np.mean((predicted > 0.5) == happened)) for predicted, happened in outcomes],
            "calibration error": [expected_calibration_error(*outcome) for outcome in outcomes],
            "distance from the truth": [distance_from(true, predicted) for predicted in models.values()],
        },
        digits=3,
    )


def _probabilities(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as an array of probabilities, at least one."""
    probabilities = as_floats(name, value)
    if probabilities.size == 0:
        raise ValueError(f"{name}: expected at least one probability, got none")
    outside = ~((probabilities >= 0) & (probabilities <= 1))  # also nan
    if outside.any():
        raise ValueError(f"{name}: expected probabilities from 0 to 1, got {float(probabilities[outside][0])!r}")
    return probabilities


def _outcomes(predicted: ArrayLike, happened: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both as flat arrays: probabilities, and as many zeros and ones."""
    predicted, happened = _probabilities("predicted", predicted), as_floats("happened", happened)
    if predicted.shape != happened.shape:
        raise ValueError(f"happened: expected the shape {predicted.shape} of predicted, got {happened.shape}")
    neither = (happened != 0) & (happened != 1)
    if neither.any():
        raise ValueError(f"happened: expected 0 or 1, got {float(happened[neither][0])!r}")
    return predicted.ravel(), happened.ravel()
