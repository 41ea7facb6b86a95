"""exp and log1p by Numba against mpmath, and what `arrays.use_numba` changes."""

import subprocess
import sys

import numpy as np
import pytest

from lossbook import arrays, losses
from reference import error_in_ulps, mp

fast = pytest.importorskip("lossbook.fast", exc_type=ImportError)
random = np.random.default_rng(20261127)
SIZES = 10 ** random.uniform(-320, 0, 200)
POINTS = {
    "exp": [*random.uniform(-745, 709.7, 300), *random.uniform(-1, 1, 300), *SIZES, *-SIZES],
    "log1p": [
        *random.uniform(-1, 3, 600),
        *SIZES,
        *-SIZES,
        *10 ** random.uniform(0, 308, 200),
        2**-0.5 - 1,
        2**0.5 - 1,
    ],
}
SPECIAL = {
    "exp": [(0, 1), (-np.inf, 0), (np.inf, np.inf), (-746, 0), (709.79, np.inf), (-1e300, 0), (1e300, np.inf)],
    "log1p": [(0, 0), (-1, -np.inf), (np.inf, np.inf), (-1.5, np.nan), (-np.inf, np.nan)],
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", POINTS)
def test_a_function_is_right_within_one_unit(name, dtype):
    with np.errstate(all="ignore"):
        points = np.array(POINTS[name]).astype(dtype)
        results = getattr(fast, name)(points)
    points = points[np.isfinite(results)]
    assert results.dtype == dtype and len(points) > 600
    for point, result in zip(points.tolist(), results[np.isfinite(results)]):
        assert error_in_ulps(result, getattr(mp, name)(mp.mpf(point))) <= 1, point


@pytest.mark.parametrize("name", SPECIAL)
def test_a_function_ends_where_the_true_one_does(name):
    points, expected = zip(*SPECIAL[name], (np.nan, np.nan))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(getattr(fast, name)(np.array(points)), expected)


def test_rows_in_any_order_of_memory_are_computed_alike():
    square = random.normal(size=(6, 6))
    np.testing.assert_array_equal(fast.exp(square.T[::2]), fast.exp(square).T[::2])


def test_use_numba_is_used_until_it_is_no_longer():
    logits = random.normal(size=1000)
    by_numpy = losses.poisson.value(logits, 0.0)
    arrays.use_numba()
    try:
        by_numba = losses.poisson.value(logits, 0.0)
    finally:
        arrays.use_numba(False)
    np.testing.assert_array_equal(by_numba, fast.exp(logits))
    assert np.any(by_numba != by_numpy)
    np.testing.assert_array_equal(losses.poisson.value(logits, 0.0), by_numpy)


def test_without_numba_it_is_named():
    code = """
import sys
sys.modules["numba"] = None
from lossbook import arrays, losses
try:
    arrays.use_numba()
except ImportError as error:
    print(error)
print(losses.squared_error.value([1.0], 0.0))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "use_numba needs the package numba: pip install numba\n[1.]\n"
