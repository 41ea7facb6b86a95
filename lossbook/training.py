"""Gradient descent on derived gradients."""

import numpy as np


def descend(loss, start, target, rate, steps):
    """Walk downhill on `loss` from the prediction `start`, each step `rate` times the gradient long.

    z(t + 1) = z(t) - rate * dL/dz at z(t). Returns every z from the start on, with one more leading
    axis of length steps + 1. Raises ValueError if the rate is not positive or the steps are negative.
    """
    if not rate > 0:
        raise ValueError(f"rate: expected a positive number, got {rate!r}")
    if steps < 0:
        raise ValueError(f"steps: expected a whole number from 0 up, got {steps!r}")
    path = [np.asarray(start, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] - rate * loss.gradient_at(path[-1], target))
    return np.array(path)
