"""Arrays held against the domains of the symbols that they stand for: one clear line if a number lies outside."""

from functools import cache

from sympy import Expr, IndexedBase

from lossbook.notation import DISTRIBUTIONS, domain_of
from lossbook.types import Array, Namespace

INFINITY = float("inf")


def check_domain(xp: Namespace, name: str, array: Array, symbol: Expr) -> None:
    """Raise if `array` leaves the closure of the domain of `symbol`, or its rows are no distributions."""
    from lossbook import arrays

    if 0 in array.shape or arrays.is_lazy(array):
        return
    low, high, allowed, is_distribution = _limits(symbol)
    least, greatest = xp.min(array), xp.max(array)
    inside = low <= least and greatest <= high and -INFINITY < least and greatest < INFINITY  # false for nan
    if not inside:
        check_finite(xp, name, array, may_mask=isinstance(symbol, IndexedBase) and low == -INFINITY)
    if allowed or not inside:
        outside = (array != allowed[0]) & (array != allowed[1]) if allowed else (array < low) | (array > high)
        if xp.any(outside):
            ends = f"from {low:g} to {high:g}" if low > -INFINITY else f"up to {high:g}"
            interval = ends if high < INFINITY else f"from {low:g} up"
            expected = " or ".join(f"{number:g}" for number in allowed) or interval
            raise ValueError(f"{name}: expected numbers {expected}, got {float(array[outside][0])!r}")
    if is_distribution:
        sums = xp.sum(array, axis=-1)
        wrong = xp.abs(sums - 1) > 1e-6 + array.shape[-1] * 8 * xp.finfo(array.dtype).eps
        if xp.any(wrong):
            raise ValueError(f"{name}: expected rows that sum to 1, got one that sums to {float(sums[wrong][0])!r}")


def check_finite(xp: Namespace, name: str, array: Array, may_mask: bool = False) -> None:
    """Raise if `array` has nan or infinities; with `may_mask`, a -inf in a row with others masks its class."""
    finite = xp.isfinite(array)
    if xp.any(array != array):
        raise ValueError(f"{name}: expected numbers, got nan")
    if not xp.all(finite) and (not may_mask or xp.any(array == INFINITY) or not xp.all(xp.any(finite, axis=-1))):
        expected = "finite numbers, or -inf for a masked class" if may_mask else "finite numbers"
        raise ValueError(f"{name}: expected {expected}, got {float(array[~finite][0])!r}")


@cache
def _limits(symbol: Expr) -> tuple[float, float, list[float], bool]:
    """The ends of the domain of `symbol`, its numbers if they are finitely many, and whether its rows add to 1."""
    domain = domain_of(symbol)
    allowed = [float(number) for number in domain] if domain.is_FiniteSet else []
    return float(domain.inf), float(domain.sup), allowed, symbol in DISTRIBUTIONS


def check_labels(xp: Namespace, labels: Array, classes: int) -> None:
    """Raise if `labels` are not the numbers of classes."""
    if 0 in labels.shape or (xp.min(labels) >= 0 and xp.max(labels) < classes):
        return
    wrong = labels[(labels < 0) | (labels >= classes)]
    raise ValueError(f"target: expected labels from 0 to {classes - 1}, got {int(wrong[0])}")
