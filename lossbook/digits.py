"""How many digits of a computed loss are right? It is held against the expression itself in 50-digit arithmetic.

>>> from lossbook import losses
>>> truth = exact(losses.squared_error, [0.1, 40.0], [1e-20, 0.0])
>>> correct_digits(np.array([0.01, 1601.0]), truth)
array([15,  3])
"""

from collections.abc import Callable, Iterable
from math import floor
from typing import Any

import mpmath
import numpy as np
from sympy import Expr, Rational, lambdify

from lossbook.functions import in_definitions
from lossbook.indices import free_indices, write_out
from lossbook.loss import Loss, check_loss
from lossbook.notation import i
from lossbook.types import ArrayLike

DIGITS = 50
"""To how many digits an exact value is known."""

WORKING_DIGITS = 1000
"""What is computed with: exp(-745) has 323 zeros before its first digit, and 1 + exp(-745) must not lose it."""

METHODS = {"value": "value", "gradient": "gradient_at"}


def exact(loss: Loss, prediction: ArrayLike, target: ArrayLike, part: str = "value", **parameters: Any) -> np.ndarray:
    """The value or the gradient of `loss` to 50 digits, as an array of mpmath numbers of the shape of that part.

    Arguments are taken as in `loss.value`; floats are taken for exactly what they are. The definition is evaluated as
    it stands, with 1000 digits and again with 2000. Raises ValueError if the two do not agree to 50 digits.
    """
    check_loss(loss)
    if part not in METHODS:
        raise ValueError(f'part: expected "value" or "gradient", got {part!r}')
    if "reduction" in parameters:
        given = parameters["reduction"]
        raise TypeError(f"reduction: expected none, since each sample has its own, got {given!r}")
    shape = getattr(loss, METHODS[part])(prediction, target, **parameters).shape
    prediction, target = np.asarray(prediction), np.asarray(target)
    expression = in_definitions(loss.expression if part == "value" else loss.gradient)
    expression = expression.xreplace({s: Rational(parameters.get(k, d)) for k, (s, d) in loss.parameters.items()})
    if loss.over_classes:
        return _over_classes(loss, expression, prediction, target, shape)
    function = lambdify((loss.prediction, loss.target), expression, "mpmath")
    pairs = np.broadcast(prediction, target)
    return np.array([_evaluated(function, pair) for pair in pairs] + [None], dtype=object)[:-1].reshape(shape)


def correct_digits(computed: ArrayLike, truth: ArrayLike) -> np.ndarray:
    """How many leading digits of each computed number are right: 0 for a wrong one, for nan and for infinity.

    The whole part of -log10(|computed - truth| / |truth|), at most as many as the computed dtype always holds: 15 for
    float64, 6 for float32. Both arrays have one shape. Where the truth is 0 only 0 is right.
    """
    computed, truth = np.asarray(computed), np.asarray(truth, dtype=object)
    if computed.shape != truth.shape:
        raise ValueError(f"computed: expected the shape {truth.shape} of truth, got {computed.shape}")
    if not np.issubdtype(computed.dtype, np.floating):
        raise TypeError(f"computed: expected floats, got {computed.dtype}")
    most = int(np.finfo(computed.dtype).precision)
    counts = [_count(float(number), exactly, most) for number, exactly in zip(computed.flat, truth.flat)]
    return np.array(counts, dtype=int).reshape(computed.shape)


def _count(number: float, exactly: Any, most: int) -> int:
    if not np.isfinite(number):
        return 0
    with mpmath.workdps(DIGITS):
        error = abs(mpmath.mpf(number) - exactly)
        if error == 0:
            return most
        if exactly == 0:
            return 0
        return max(0, min(most, floor(-mpmath.log10(error / abs(exactly)))))


def _over_classes(
    loss: Loss, expression: Expr, prediction: np.ndarray, target: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """The exact part for each row; whole-number labels are made one-hot."""
    classes = prediction.shape[-1]
    if target.ndim < prediction.ndim:
        target = np.eye(classes)[target]
    entries = [row[m] for row in (loss.prediction, loss.target) for m in range(1, classes + 1)]
    places = [{i: m} for m in range(1, classes + 1)] if i in free_indices(expression) else [{}]
    functions = [lambdify(entries, write_out(expression, classes, place), "mpmath") for place in places]
    rows = np.concatenate([prediction, target], axis=-1).reshape(-1, 2 * classes)
    values = [_evaluated(function, row) for row in rows for function in functions]
    return np.array([*values, None], dtype=object)[:-1].reshape(shape)


def _evaluated(function: Callable[..., Any], arguments: Iterable[float]) -> Any:
    """`function` of the floats `arguments`, to 50 digits."""
    results = []
    for working_digits in (WORKING_DIGITS, 2 * WORKING_DIGITS):
        with mpmath.workdps(working_digits):
            results.append(mpmath.mpf(function(*(mpmath.mpf(float(number)) for number in arguments))))
    with mpmath.workdps(DIGITS):
        rough, fine = (+result for result in results)
        if not abs(rough - fine) <= mpmath.mpf(10) ** (1 - DIGITS) * abs(fine):  # also if both are nan
            numbers = [float(number) for number in arguments]
            raise ValueError(f"prediction: expected numbers for which {WORKING_DIGITS} digits suffice, got {numbers}")
        return fine


def short(numbers: Iterable[float], significant: int = 3) -> list[str]:
    """Each number with a few significant digits, in powers of ten where it is large or small: 4.25e−18."""
    return [f"{float(number):.{significant}g}".replace("-", "−") for number in numbers]


def columns(codes: dict[str, np.ndarray], truth: ArrayLike) -> dict[str, Any]:
    """Columns for a table: what each code computed, in short, and how many digits of it are right.

    `codes` maps a name to its array, `truth` is what `exact` gives.
    """
    values = {name: short(computed) for name, computed in codes.items()}
    return values | {f"{name}: digits": correct_digits(computed, truth) for name, computed in codes.items()}
