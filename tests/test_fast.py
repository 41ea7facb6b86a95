"""exp and log1p by Numba against mpmath, loops against array code, and what `arrays.use_numba` changes."""

import importlib
import subprocess
import sys

import numpy as np
import pytest

from lossbook import arrays, losses
from reference import error_in_ulps, mp

pytest.importorskip("numba")
fast = importlib.import_module("lossbook.fast")
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


@pytest.fixture
def numba():
    arrays.use_numba()
    yield
    arrays.use_numba(False)


NUMBERS = [size * sign for size in (0, 1e-300, 1e-5, 0.3, 1, 2, 37, 80.5, 700, 746, 1e5, 1e30) for sign in (1, -1)]
TARGETS = {
    "squared_error": (0, 1), "absolute_error": (0, 1), "smooth_l1": (0, 0.5), "huber": (0, 2), "pinball": (0, 1),
    "hinge": (-1, 1), "squared_hinge": (-1, 1), "binary_cross_entropy_with_logits": (0, 1),
    "sigmoid_squared_error": (0, 1),
}  # fmt: skip


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", TARGETS)
def test_a_loop_computes_what_array_code_does(numba, monkeypatch, name, dtype):
    loop, loops = fast.loop, []
    monkeypatch.setattr(fast, "loop", lambda *given: loops.append(loop(*given)) or loops[-1])
    predictions = np.array(NUMBERS, dtype)[:, None]
    targets = np.array(TARGETS[name], dtype)
    loss = losses.catalogue[name]
    parameters = dict.fromkeys(loss.parameters, 0.6)
    by_loop = loss.value_and_gradient(predictions, targets, **parameters)
    assert loops and None not in loops
    monkeypatch.setattr(fast, "loop", lambda *given: None)
    for result, expected in zip(by_loop, loss.value_and_gradient(predictions, targets, **parameters)):
        assert result.dtype == dtype and result.shape == (len(NUMBERS), 2)
        np.testing.assert_array_equal(result, expected)


def test_a_loop_reads_arrays_in_any_order_of_memory(numba):
    numbers = random.normal(size=(6, 4))
    transposed = losses.huber.gradient_at(numbers.T[::-1], 0.0)
    np.testing.assert_array_equal(transposed, np.clip(numbers, -1, 1).T[::-1])


def test_what_has_other_operations_is_no_loop():
    numbers = np.ones(3)
    assert fast.loop(lambda xp, x: (xp.tanh(x),), [numbers]) is None
    assert fast.loop(lambda xp, x: (x**0.5,), [numbers]) is None
    assert fast.loop(lambda xp, x: (x if x > 0 else -x,), [numbers]) is None


def test_each_operation_in_a_loop_is_that_of_arrays():
    x, y = np.array([-2.0, -0.5, 0.0, 0.5, 2.0]), np.array([2.0, -0.5, 1.0, -4.0, 8.0])

    def code(xp, x, y, p):
        inside = (x >= -1) & (x <= p / 2) | (y == 8)
        return (
            xp.where(inside, 1 - x, 3 / y),
            xp.clip(x, -p, p) + xp.minimum(y, 1) * xp.maximum(x, y),
            -xp.abs(x) - xp.sign(x) + xp.astype(x < y, x.dtype) + xp.asarray(1 - p, dtype=x.dtype),
        )

    results = np.empty((3, 5))
    fast.loop(code, [x, y, 1.0])(x, y, 1.0, *results)
    np.testing.assert_array_equal(results, [
        [1.5, 1.5, 1, 0.5, -1],
        [1, -0.25 + 0.0, 1, -2 + 0.5, 9],
        [-2 + 1 + 1, -0.5 + 1, 0 + 1, -0.5 - 1, -2 - 1 + 1],
    ])  # fmt: skip


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_are_copied_and_their_entries_found_in_both_orders_of_memory(order):
    rows = np.array([[3, 1, 3], [2, 0.5, 0.25]], order=order)
    places = np.array([[2], [1]])
    np.testing.assert_array_equal(fast.take_along_axis(rows, places, axis=-1), [[3], [0.5]])
    greatest, others = fast.greatest_and_others(rows)
    np.testing.assert_array_equal(greatest, [[3], [2]])
    np.testing.assert_array_equal(others, [[4], [0.75]])
    fast.put_along_axis(rows, places, np.array([[7.0], [8.0]]), axis=-1)
    np.testing.assert_array_equal(rows, [[3, 1, 7], [2, 8, 0.25]])
    copied = np.empty((2, 3))
    fast.copyto(copied, rows)
    np.testing.assert_array_equal(copied, rows)
    fast.copyto(copied, 5)
    np.testing.assert_array_equal(copied, np.full((2, 3), 5))
    fast.copyto(copied[0], rows[0])
    np.testing.assert_array_equal(copied, [rows[0], [5, 5, 5]])


def test_use_numba_is_used_until_it_is_no_longer(numba):
    logits = random.normal(size=1000)
    by_numba = losses.poisson.value(logits, 0.0)
    arrays.use_numba(False)
    by_numpy = losses.poisson.value(logits, 0.0)
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
