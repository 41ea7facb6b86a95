"""Gradient descent on derived gradients."""

import numpy as np
from sympy import Interval, oo

from lossbook.arrays import as_floats
from lossbook.checks import as_count, as_number
from lossbook.loss import Loss


def descend(loss, start, target, rate, steps):
    """Walk downhill on `loss` from the prediction `start`, each step `rate` times the gradient long.

    z(t + 1) = z(t) - rate * dL/dz at z(t). Returns every z from the start on, with one more leading
    axis of length steps + 1. Raises TypeError or ValueError if the rate is no positive number or the steps
    no whole number from 0 up.
    """
    if not isinstance(loss, Loss):
        raise TypeError(f"loss: expected a Loss such as losses.squared_error, got {loss!r}")
    rate = as_number("rate", rate, Interval.open(0, oo))
    path = [as_floats("start", start)]
    if np.isnan(path[0]).any():
        raise ValueError("start: expected numbers, got nan")
    for _ in range(as_count("steps", steps)):
        path.append(path[-1] - rate * loss.gradient_at(path[-1], target))
    return np.array(path)
