"""Value, gradient and Hessian of every loss against 400-digit arithmetic, where float64 code goes wrong.

Elementwise parts are right to 8 units in the last place, parts of class losses to 16 * 2^-52 of the
row's scale: the largest true entry of the row, or of the matrix; of a divergence, whose terms have both
signs, the largest term. No result is a nan, and none is infinite unless the true one is beyond the
largest float.

One thing the code does not do: where a part passes through 0 at a logit that is no float, as
sigmoid(z) - 0.3 does, the logits next to the root already differ in all their digits. There, and only
for logits up to 37, where sigmoid(z) reaches the last float below 1, a result may instead be off by four times
what moving a logit to the next float changes. Roots at 0 get no such allowance.
"""

import tracemalloc
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from sympy import Heaviside, IndexedBase, Max, Min, Piecewise, Symbol, log, pi, symbols

from lossbook import arrays, functions, losses
from lossbook.loss import Loss
from lossbook.notation import count, gamma, k, logits, prediction, probability, quantile, side, total, value
from reference import (
    CLASSES,
    ELEMENTWISE,
    EXAMPLES,
    FUNCTIONS,
    METHODS,
    PARTS,
    ROW_FUNCTIONS,
    error,
    error_in_rows,
    error_in_ulps,
    exact,
    log_of,
    mp,
    share,
    ulp,
)

ULPS = 8
ROW_UNITS = 16

every_part = pytest.mark.parametrize("part", PARTS)


@pytest.fixture(params=["NumPy", pytest.param("Numba", marks=pytest.mark.thorough)], autouse=True)
def computed_by(request):
    if request.param == "Numba":
        pytest.importorskip("numba")
        arrays.use_numba()
    yield
    arrays.use_numba(False)


def report(errors, limit):
    """Fail with the worst of `errors`, pairs of an error and the input that it was found at."""
    worst, where = max(errors, key=lambda pair: pair[0])
    assert worst <= limit, f"off by {worst:.3g} units at {where}: see 'Add a loss' in CONTRIBUTING.md"


def report_ulps(points, computed, trues):
    """Fail with the worst of the results at `points`, in units in the last place."""
    report([(error_in_ulps(a, b), f"{z!r}: {a!r}") for z, a, b in zip(points, computed, trues)], ULPS)


# --- the hostile grid -----------------------------------------------------------------------------------

random = np.random.default_rng(20260101)

TINY_TO_HUGE = [10.0**power for power in (-300, -200, -160, -155, -150, -100, -50, -20, -17, -16, -15, -12, -8, -5, -3)]
MODERATE = [0.1, 0.25, 0.5, 0.6875, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 17.0, 18.5, 20.0, 20.756, 25.0, 30.0]
SATURATED = [33.3, 36.0, 36.75, 37.0, 37.5, 38.0, 40.0, 50.0, 100.0, 300.0, 354.5, 355.5, 372.0, 500.0, 700.0]
SUBNORMAL = [708.25, 709.5, 709.79, 710.0, 740.0, 744.4, 745.2, 746.0]
OVERFLOWING = [1e3, 1e4, 1e8, 1e16, 1e100, 1e154, 1e200, 1e300]


def both_signs(numbers):
    return np.array(sorted({sign * float(number) for number in numbers for sign in (-1, 1)} | {0.0}))


LOGITS = both_signs([*TINY_TO_HUGE, *MODERATE, *SATURATED, *SUBNORMAL, *OVERFLOWING, *random.uniform(0, 40, 40)])
BINARY = np.array([0.0, 1.0])
SOFT = np.array([5e-324, 1e-300, 1e-17, 1e-3, 0.25, 0.3, 0.5, 0.9, 1 - 2.0**-53])

RESIDUALS = both_signs([*(10.0**power for power in range(-200, 201, 8)), 3e-200, 7e199, *random.lognormal(0, 5, 40)])
SCALES = [1e-160, 1e-100, 1e-20, 1e-3, 0.3, 1.0, 2.0, 1e3, 1e20, 1e100, 1e160, 1e200]
PAIRS = [(1 + 2.0**-52, 1.0), (1e200, -1e200), (1e16, 1.0), (0.1, 0.3), (-7.25, 3.5), (1e-200, 1e-190), (5e-324, 0.0)]

PROBABILITIES = np.array(
    [5e-324, 1e-310, 1e-300, 1e-160, 1e-100, 1e-50, 1e-20, 2.0**-53, 1e-8, 0.1, 0.3, np.nextafter(0.3, 1), 0.5,
     0.5 + 2.0**-53, 0.7, 0.9, 1 - 1e-8, 1 - 2.0**-40, 1 - 2.0**-52, 1 - 2.0**-53, *random.uniform(0, 1, 30)]
)  # fmt: skip


def crossed(predictions, targets):
    """Each prediction with each target."""
    return np.array(list(product(predictions, targets)))


def residuals_near(kink):
    """Residuals everywhere, and more of them about the kink at +-`kink`."""
    near = [kink, np.nextafter(kink, 0), np.nextafter(kink, np.inf), kink / 2, kink / 3, kink * 2, kink * 1e-20]
    zero_target = np.array([[r, 0.0] for r in [*RESIDUALS, *both_signs(near)]])
    return np.concatenate([zero_target, PAIRS])


def margins():
    """Scores about the margin of 1, with both targets."""
    scores = [*TINY_TO_HUGE, *MODERATE, 1 - 2.0**-53, 1 + 2.0**-52, 0.999, 1.001, 1e16, 1e100, 1e150, 1e200]
    return crossed(both_signs(scores), [-1.0, 1.0])


@cache
def points(name):
    """(parameters, points) pairs, where the points are rows of a prediction and a target."""
    loss = losses.catalogue[name]
    if name == "smooth_l1":
        return [({"beta": beta}, residuals_near(beta or 1.0)) for beta in [0.0, *SCALES]]
    if name == "huber":
        return [({"delta": delta}, residuals_near(delta)) for delta in SCALES]
    if name == "pinball":
        return [({"quantile": q}, residuals_near(1.0)) for q in (1e-300, 1e-20, 0.1, 0.5, 0.9, 1 - 2.0**-53)]
    if name == "focal":
        return [({"gamma": gamma}, crossed(LOGITS, BINARY)) for gamma in (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)]
    if loss.target is value:
        return [({}, residuals_near(1.0))]
    if loss.target is side:
        return [({}, margins())]
    if loss.target is count:
        return [({}, crossed(LOGITS[abs(LOGITS) <= 1e200], [0.0, 1.0, 2.0, 7.0, 1e6]))]
    return [({}, crossed(PROBABILITIES if loss.prediction is probability else LOGITS, [*BINARY, *SOFT]))]


ROOT_IN_LOGITS = ("poisson", "binary_cross_entropy_with_logits", "sigmoid_squared_error", "focal")


def unit_about(name, z, y, parameters, number, result, true):
    """A unit in the last place of the true result, or near a root half of what moving z to the next float changes."""
    unit = ulp(true, result.dtype)
    if name not in ROOT_IN_LOGITS or abs(z) > 37:
        return unit
    below, above = (ELEMENTWISE[name](z + step, y, **parameters) for step in (-1, 1))
    # A square only touches 0; there its gradient changes sign.
    changing = PARTS.index("gradient") if name == "sigmoid_squared_error" and number == 0 else number
    if mp.sign(below[changing]) == mp.sign(above[changing]):
        return unit
    next_float = np.nextafter(result.dtype.type(z), result.dtype.type(np.inf))
    return max(unit, abs(ELEMENTWISE[name](next_float, y, **parameters)[number] - true) / 2)


def errors_of(name, part, predictions, targets, parameters):
    """The error of a part at each sample, in units, and where it was found."""
    number = PARTS.index(part)
    computed = getattr(getattr(losses, name), METHODS[part])(predictions, targets, **parameters)
    assert computed.shape == predictions.shape and computed.dtype == predictions.dtype
    for z, y, result in zip(predictions.tolist(), targets.tolist(), computed):
        true = ELEMENTWISE[name](z, y, **parameters)[number]
        where = f"{(z, y)}, {parameters}: {result!r}"
        if isinstance(true, tuple):
            yield error_in_ulps(result, true), where
        else:
            yield error(result, true, unit_about(name, z, y, parameters, number, result, true)), where


@pytest.mark.thorough(one_case_in=6)
@pytest.mark.parametrize("name", ELEMENTWISE)
@every_part
def test_an_elementwise_loss_is_right_to_the_last_digits(name, part):
    report([e for parameters, pairs in points(name) for e in errors_of(name, part, *pairs.T, parameters)], ULPS)


@pytest.mark.thorough(one_case_in=6)
@pytest.mark.parametrize("name", ELEMENTWISE)
@every_part
def test_an_elementwise_loss_is_right_to_the_last_digits_in_float32(name, part):
    """On the part of the grid, and with the parameters, that float32 has room for.

    The parameters are the numbers that were given; a kink of float32 lies at the float32 nearest to its parameter.
    """
    errors = []
    for parameters, pairs in points(name):
        if all(number == 0 or 1e-37 < number < 1e37 and number != 1 - 2.0**-53 for number in parameters.values()):
            if part == "hessian":
                parameters = {keyword: float(np.float32(number)) for keyword, number in parameters.items()}
            pairs = pairs[np.all(abs(pairs) < 1e36, axis=1)].astype(np.float32)
            if name == "binary_cross_entropy":
                pairs = pairs[(pairs[:, 0] > 0) & (pairs[:, 0] < 1)]
            errors += errors_of(name, part, *pairs.T, parameters)
    report(errors, ULPS)


def test_what_is_computed_of_a_parameter_is_rounded_last():
    """1 - 0.999 is 0.001: the float32 nearest to 0.999 would make 0.00100005 of it."""
    slopes = losses.pinball.gradient_at(np.float32([2, -1]), np.float32([0, 0]), quantile=0.999)
    assert slopes.tolist() == np.float32([0.001, -0.999]).tolist()


BY_THE_GREATEST = {
    "hinge": Max(0, 1 - side * prediction),
    "squared_hinge": Max(0, 1 - side * prediction) ** 2,
    "absolute_error": Max(prediction - value, value - prediction),
    "pinball": -Min(quantile * (prediction - value), (quantile - 1) * (prediction - value)),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", BY_THE_GREATEST)
def test_a_loss_by_the_greatest_of_several_is_as_right_as_by_regions(name, dtype):
    by_regions = losses.catalogue[name]
    loss = replace(by_regions, expression=BY_THE_GREATEST[name])
    targets = np.array([-1.0, 1.0], dtype)
    predictions = np.setdiff1d(RESIDUALS[abs(RESIDUALS) < 1e18].astype(dtype), targets)  # at kinks slopes may differ
    for method in METHODS.values():
        result, expected = (getattr(one, method)(predictions[:, None], targets) for one in (loss, by_regions))
        assert result.dtype == dtype and np.all(abs(result - expected) <= 2 * np.spacing(abs(expected)))


def test_a_step_has_its_value_at_0():
    step = replace(losses.absolute_error, expression=Heaviside(prediction - value))
    assert step.value([-1.0, 0.0, 2.0], 0.0).tolist() == [0, 0.5, 1]
    assert replace(step, expression=Heaviside(prediction - value, 1)).value([-1e-300, 0.0], 0.0).tolist() == [0, 1]
    assert step.gradient_at([-1.0, 2.0], 0.0).tolist() == [0, 0]


SMALL_LOGITS = LOGITS[abs(LOGITS) < 1e-2]


@every_part
@pytest.mark.parametrize("name, y", [
    ("binary_cross_entropy_with_logits", 0.5), ("sigmoid_squared_error", 0.5), ("poisson", 1.0),
])  # fmt: skip
def test_a_root_at_logit_0_keeps_its_digits(name, y, part):
    """There sigmoid(z) - 1/2 = z / 4 and exp(z) - 1 = z."""
    computed = getattr(getattr(losses, name), METHODS[part])(SMALL_LOGITS, y)
    report_ulps(SMALL_LOGITS, computed, [ELEMENTWISE[name](z, y)[PARTS.index(part)] for z in SMALL_LOGITS.tolist()])


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("method", ["value", "gradient_at"])
def test_a_function_of_one_number_is_right_to_the_last_digits(name, method):
    computed = getattr(getattr(functions, name), method)(LOGITS)
    report_ulps(LOGITS, computed, [FUNCTIONS[name](mp.mpf(z))[method == "gradient_at"] for z in LOGITS.tolist()])


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("part", ["value", "gradient"])
def test_a_function_of_the_opposite_number_is_right_to_the_last_digits(name, part):
    """A reader's own loss that holds f(z) and f(-z): they share what they have in common."""
    z, y = symbols("z y", real=True)
    function = getattr(functions, name)
    mirrored = Loss(name="mirrored", expression=function(-z), prediction=z, target=y)
    both = Loss(name="both", expression=function(z) + y * function(-z), prediction=z, target=y)
    sign = 1 if part == "value" else -1
    trues = [sign * FUNCTIONS[name](-mp.mpf(number))[part == "gradient"] for number in LOGITS.tolist()]
    report_ulps(LOGITS, getattr(mirrored, METHODS[part])(LOGITS, 0.0), trues)
    report_ulps(LOGITS, getattr(both, METHODS[part])(LOGITS, 0.0), [sign * t for t in trues[::-1]])


# --- rows -----------------------------------------------------------------------------------------------


def dyadic(z):
    """`z` rounded so that the differences of its entries are floats."""
    return np.round(z * 2.0**20) / 2.0**20


def rows_of_logits(classes):
    """Equal, tied, saturated, masked and ordinary rows."""
    first = np.eye(classes)[0]
    sizes = [1e-300, 1e-16, 1.0, 10.0, 37.0, 50.0, 700.0, 745.0, 1e4, 1e16, 1e300]
    rows = [np.full(classes, size) for size in (0.0, 1e-300, -1e-300, 1.0, 1e16, 1e300, -1e300)]
    rows += [sign * size * first for size in sizes for sign in (-1, 1)]
    rows += [size * dyadic(np.linspace(-1, 1, classes)) for size in (1e-300, 1.0, 40.0, 400.0, 1e300)]
    rows += [size * (first + np.eye(classes)[-1]) for size in (1.0, 50.0, 1e300)]
    rows += [np.where(first > 0, -np.inf, np.linspace(0, size, classes)) for size in (0.0, 1.0, 50.0, 1e300)]
    rows += [np.where(np.arange(classes) == classes - 1, size, -np.inf) for size in (0.0, -1e300, 1e300)]
    rows += [dyadic(size * random.normal(size=classes)) for size in (1, 1, 10, 10, 100)]
    rows = [row for row in rows if max(row) > -np.inf]
    rows += [50 * first + 1e4, np.where(np.arange(classes) < 2, 1e16, 0.0), np.arange(classes) * 2.0**-40]
    return rows


def labels_of(row):
    """One-hot rows of targets, one over two classes, and one over all; nothing on a masked class."""
    classes, open_ = len(row), np.flatnonzero(row > -np.inf)
    for label in {open_[0], open_[-1], open_[len(open_) // 2]}:
        yield np.eye(classes)[label]
    if len(open_) > 1:
        soft = np.zeros(classes)
        soft[open_[0]], soft[open_[-1]] = 0.625, 0.375
        yield soft
        soft = np.zeros(classes)
        soft[open_] = random.dirichlet(np.ones(len(open_)))
        yield soft


def rows_of_probabilities(classes):
    for small in (5e-324, 1e-300, 1e-160, 1e-17, 2.0**-53, 1e-8, 0.01):
        row = np.full(classes, max(small / (classes - 1), 5e-324))
        row[-1] = min(1 - small, 1 - 2.0**-53)
        yield row
    yield np.full(classes, 1 / classes)
    for _ in range(3):
        yield random.dirichlet(np.ones(classes))


def near(p):
    """A distribution that differs from `p` in its last digits only."""
    step = 2.0**-44 * p[0]
    return p + step * (np.eye(len(p))[0] - np.eye(len(p))[-1])


@cache
def class_points(name, classes):
    if name in ("softmax_cross_entropy", "softmax_squared_error"):
        rows = rows_of_logits(classes)
        if classes > 100:
            rows = rows[::5]
        pairs = [(row, label) for row in rows for label in labels_of(row)]
    else:
        rows = list(rows_of_probabilities(classes))
        pairs = [(row, label) for row in rows for label in labels_of(row)]
        pairs += [(near(row), row) for row in rows[-4:]]
        if name == "kl_divergence":
            pairs += list(zip(rows, rows[1:]))
            # log 3 is a small difference of large logarithms, and a sum of subnormal terms
            pairs += [(row, row * np.where(row < 1e-8, 3, 1)) for row in rows]
    return [np.array(side) for side in zip(*pairs)]


def largest(numbers):
    """The largest size among `numbers`, as a float."""
    return float(min(max(map(abs, numbers)), mp.mpf(np.finfo(float).max)))


def value_scale(name, prediction, target, true):
    """The row's scale of a value: itself, or the largest term of a divergence, whose terms have both signs."""
    if name != "kl_divergence":
        return float(true)
    q, p = exact(*prediction), exact(*target)
    return largest([true, *(b * (log_of(b) - log_of(a)) for a, b in zip(q, p) if b)])


def moved_by_a_float(name, row, label, part, chosen, kind):
    """The most that an entry of a part changes if a logit moves to the next float; none for logits beyond 37."""
    if not name.startswith("softmax") or max(map(abs, row)) > 37:
        return 0.0
    trues = part_of(name, row, label, part, chosen)
    changes = [0] * len(trues)
    for k, logit in enumerate(row):
        next_float = np.nextafter(kind(logit), kind(np.inf))
        moved = part_of(name, (*row[:k], next_float, *row[k + 1 :]), label, part, chosen)
        changes = [change + abs(a - b) for change, a, b in zip(changes, moved, trues)]
    return float(max(changes))


def part_of(name, row, label, part, chosen):
    """The true entries of a part, in a list: of a Hessian, those at the chosen indices."""
    true = CLASSES[name](row, label)[PARTS.index(part)]
    return [true] if part == "value" else true if part == "gradient" else sum(entries(true, chosen), [])


def entries(matrix, chosen):
    """The entries of a matrix, given as a function, at the chosen indices."""
    return [[matrix(i, k) for k in chosen] for i in chosen]


def error_in_part(name, part, prediction, target, result):
    """The error of a part of one row, of many classes at a few entries."""
    row, label, classes = tuple(prediction.tolist()), tuple(target.tolist()), len(prediction)
    # Among the few those with the greatest logits and targets, and so the scale.
    some = sorted({0, 1, 500, 999, *np.argsort(row)[-3:], *np.argsort(label)[-3:]})
    chosen = range(classes) if classes <= 10 else some
    true = part_of(name, row, label, part, chosen)
    scale = value_scale(name, row, label, *true) if part == "value" else largest(true)
    entries_here = result[np.ix_(chosen, chosen)] if part == "hessian" else result
    found = max(error_in_rows(a, b, scale) for a, b in zip(np.ravel(entries_here), true))
    if found > ROW_UNITS:
        unit = scale * float(np.finfo(result.dtype).eps)
        found *= unit / max(unit, moved_by_a_float(name, row, label, part, chosen, result.dtype.type) / 4)
    return found


def check_class_loss(name, part, predictions, targets):
    """Fail with the worst error of a part of a class loss."""
    computed = getattr(getattr(losses, name), METHODS[part])(predictions, targets)
    report([
        (error_in_part(name, part, *row), f"{row[0][:10]}, {row[1][:10]}: {np.array2string(row[2], threshold=10)}")
        for row in zip(predictions, targets, computed)
    ], ROW_UNITS)  # fmt: skip


@pytest.mark.thorough(one_case_in=12)
@pytest.mark.parametrize("name", CLASSES)
@every_part
@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
def test_a_class_loss_is_right_to_the_last_digits_of_its_row(name, part, classes):
    predictions, targets = class_points(name, classes)
    if part == "hessian" and classes == 1000:
        predictions, targets = predictions[::3], targets[::3]
    check_class_loss(name, part, predictions, targets)


@pytest.mark.thorough(one_case_in=6)
@pytest.mark.parametrize("name", CLASSES)
@every_part
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_a_class_loss_is_right_to_the_last_digits_of_its_row_in_float32(name, part, classes):
    """On the rows that float32 has room for; it has fewer floats between 1 and the probabilities next to it."""
    predictions, targets = class_points(name, classes)
    fits = np.all((abs(predictions) < 1e36) | np.isinf(predictions), axis=1)
    predictions, targets = predictions[fits].astype(np.float32), targets[fits].astype(np.float32)
    if not name.startswith("softmax"):
        positive = np.all(predictions > 0, axis=1)
        predictions, targets = predictions[positive], targets[positive]
    check_class_loss(name, part, predictions, targets)


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "softmax_squared_error"])
@every_part
@pytest.mark.parametrize("classes", [2, 3])
def test_soft_labels_near_the_probabilities_are_right_to_the_last_digits(name, part, classes):
    rows = np.random.default_rng(5)
    check_class_loss(name, part, rows.normal(0, 2, (100, classes)), rows.dirichlet(np.ones(classes), 100))


def test_the_logarithm_of_a_ratio_is_right_to_the_last_digits():
    """1 + (a - b) / b, which is 0.01 where b is 100 times a, would be a difference of two that are nearly equal."""
    a, b = symbols("a b", positive=True)
    loss = Loss(name="log ratio", expression=log(a / b), prediction=a, target=b)
    pairs = crossed(
        [1e-300, 1e-17, 1e-3, 0.01, 0.1, 0.3, 0.9, 1.0, 1.1, 7.0, 1e3, 1e300], [1e-300, 0.3, 1.0, 7.0, 1e300]
    )
    trues = [mp.log(mp.mpf(above) / mp.mpf(below)) for above, below in pairs.tolist()]
    report_ulps(pairs.tolist(), loss.value(*pairs.T), trues)


def test_classes_that_tie_are_told_apart_by_their_labels():
    """Both have p = 1/2 but for 1e-22; p - y would round 1e-6 - 3e-6 as a part of 1/2."""
    logits, labels = np.array([[50.0, 50.0, 0.0]]), np.array([[1e-6, 3e-6, 1 - 4e-6]])
    check_class_loss("softmax_squared_error", "gradient", logits, labels)
    np.testing.assert_allclose(losses.softmax_squared_error.gradient_at(logits, labels)[0, 0], 1e-6, rtol=1e-15)


def test_the_slope_of_an_expected_cost_keeps_the_differences_of_costs():
    """p_i (c_i - sum_k p_k c_k), where a cost of 1e8 more for every class changes nothing."""
    cost = IndexedBase("c", real=True)
    loss = Loss(name="cost", expression=total(functions.softmax(logits, k) * cost[k]), prediction=logits, target=cost)
    z, c = [0.3, -1.0, 0.1], [1e8 + 0.5, 1e8 + 3.0, 1e8]
    shares = [mp.exp(entry) / mp.fsum(map(mp.exp, z)) for entry in map(mp.mpf, z)]
    mean = mp.fsum(p * a for p, a in zip(shares, c))
    trues = [p * (a - mean) for p, a in zip(shares, c)]
    report([(error_in_rows(a, b, largest(trues)), z) for a, b in zip(loss.gradient_at(z, c), trues)], ROW_UNITS)


def test_a_divergence_of_subnormal_terms_keeps_its_digits():
    """999 terms of 1.5e-323 log 3, which are 3.3 of the smallest floats each."""
    approximation, truth = np.full(1000, 5e-324), np.full(1000, 1.5e-323)
    approximation[-1] = truth[-1] = 1 - 2.0**-53
    value = losses.kl_divergence.value(approximation, truth)
    assert abs(mp.mpf(float(value)) / mp.mpf(5e-324) - 999 * 3 * mp.log(3)) < 1


@pytest.mark.thorough(one_case_in=6)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("power", [0.0, 0.3, 1.0, 2.5, 5.0, 10.0, 1e3, 1e10, 1e18, 1e200, 1e300])
def test_a_power_of_a_sigmoid_is_right_to_the_last_digits(power, dtype):
    """Beyond a power of 10 up to the rounding of exp(-|z|), less than a unit, which a power multiplies.

    Its share of the result is power sigmoid(-|z|) times that, which is never more than the logarithm of the result. In
    float32 the power times it is rounded by as much again, and a subnormal result may be 0.
    """
    z, y = symbols("z y", real=True)
    loss = Loss(name="power", expression=functions.sigmoid(z) ** gamma + 0 * y, prediction=z, target=y,
                parameters={"gamma": (gamma, 1)})  # fmt: skip
    logits = LOGITS[abs(LOGITS) <= np.finfo(dtype).max].astype(dtype)
    power, roundings = float(dtype(min(power, float(np.finfo(dtype).max)))), 2 if dtype is np.float32 else 1
    computed, trues = loss.value(logits, 0.0, gamma=power), [share(mp.mpf(z)) ** mp.mpf(power) for z in logits.tolist()]
    for logit, result, true in zip(logits, computed, trues):
        multiplied = -roundings * mp.log(true) if power > 10 and result > 0 else 0
        is_lost = dtype is np.float32 and power > 10 and result == 0 and true < np.finfo(dtype).tiny
        assert is_lost or error_in_ulps(result, true) <= ULPS + multiplied, (logit, result)


@pytest.mark.parametrize("power, residual, gradient, hessian", [
    (1.5, 0.0, 0.0, None), (1.5, 1e-300, 1.5e-150, 0.75e150), (2, 1e200, 2e200, 2.0), (1.5, -4.0, -3.0, 0.375),
    (1, 3.0, 1.0, 0.0), (1.5, 1e160, 1.5e80, 7.5e-81),
])  # fmt: skip
def test_the_slopes_of_a_power_that_is_a_parameter_lose_no_digits(power, residual, gradient, hessian):
    """q |r|^(q - 1) sign(r) and q (q - 1) |r|^(q - 2)."""
    a, y = symbols("a y", real=True)
    q = Symbol("q", positive=True)
    loss = Loss("power", abs(a - y) ** q, a, y, {"q": (q, 1)})
    np.testing.assert_allclose(loss.gradient_at(residual, 0.0, q=power), gradient, rtol=4e-15)
    if hessian is not None:
        np.testing.assert_allclose(loss.hessian_at(residual, 0.0, q=power), hessian, rtol=4e-15)


def test_constants_are_numbers_and_outside_all_cases_there_is_none():
    a, y = symbols("a y", real=True)
    normal = Loss("normal", (a - y) ** 2 / 2 + log(2 * pi) / 2, a, y)
    assert error_in_ulps(normal.value(3.0, 1.0), 2 + mp.log(2 * mp.pi) / 2) <= ULPS
    halves = Loss("halves", Piecewise((a - y, a < y), ((a - y) ** 2, a >= y)), a, y)
    assert halves.value([-1.0, 3.0], 0.0).tolist() == [-1, 9]
    bounded = Loss("bounded", Piecewise((a - y, a < y), ((a - y) ** 2, a < y + 1)), a, y)
    np.testing.assert_array_equal(bounded.value([-1.0, 0.5, 3.0], 0.0), [-1, 0.25, np.nan])


def test_functions_of_one_number_have_their_limits_at_infinity():
    ends = np.array([-np.inf, np.inf])
    assert functions.softplus.value(ends).tolist() == [0, np.inf]
    assert functions.log_sigmoid.value(ends).tolist() == [-np.inf, 0]


def test_focal_has_its_slope_up_to_the_largest_float():
    """-sigmoid(-z)^gamma (...) is -1 far on the wrong side, where gamma |z| is infinite."""
    largest = np.finfo(np.float64).max
    assert losses.focal.gradient_at([-largest, -1e308], 1.0).tolist() == [-1, -1]
    assert losses.focal.gradient_at(np.float32([-3e38, -2e38]), np.float32(1)).tolist() == [-1, -1]
    assert losses.focal.hessian_at(np.float32([-3e38, -1e38]), np.float32(1)).tolist() == [0, 0]


def test_a_hessian_takes_little_more_memory_than_it_has():
    logits, labels = np.zeros((64, 200)), np.zeros(64, int)
    tracemalloc.start()
    result = losses.softmax_squared_error.hessian_at(logits, labels)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * result.nbytes


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "softmax_squared_error"])
@every_part
def test_differences_of_logits_that_are_no_floats_cost_no_digits(name, part):
    """0.1 - 100.2 is rounded by 7e-15, which exp would make 32 units: the rounding error is part of the logit."""
    rows = np.array([[-0.1, 100.2], [101.9, -111.36], [252.21, -20.08], [0.3, 1e-17], [1 / 3, -700.7]])
    computed = getattr(getattr(losses, name), METHODS[part])(rows, [1, 0, 0, 1, 0])
    errors = []
    for row, label, result in zip(rows, np.eye(2)[[1, 0, 0, 1, 0]], computed):
        true = CLASSES[name](tuple(row.tolist()), tuple(label.tolist()))[PARTS.index(part)]
        trues = [true] if part == "value" else true if part == "gradient" else sum(entries(true, range(2)), [])
        errors += [(error_in_rows(a, b, largest(trues)), f"{row}: {result}") for a, b in zip(np.ravel(result), trues)]
    report(errors, ROW_UNITS)


@pytest.mark.parametrize("name", ROW_FUNCTIONS)
@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
def test_a_function_of_a_row_is_right_to_the_last_digits_of_the_row(name, classes):
    rows = np.array(rows_of_logits(classes))[:: 5 if classes > 100 else 1]
    computed = getattr(functions, name).value(rows)
    errors = []
    for row, result in zip(rows, computed):
        true = ROW_FUNCTIONS[name](tuple(row.tolist()))[0]
        if name == "logsumexp":
            found = error_in_rows(result, true, float(abs(true)))
        else:
            masked = [entry == -mp.inf for entry in true]
            assert (result[masked] == -np.inf).all()
            finite = [entry for entry in true if entry != -mp.inf]
            scale = largest(finite)
            found = max(error_in_rows(a, b, scale) for a, b in zip(result[np.invert(masked)], finite))
        errors.append((found, f"{row[:10]}: {np.array2string(result, threshold=10)}"))
    report(errors, ROW_UNITS)


@pytest.mark.parametrize("name", ROW_FUNCTIONS)
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_the_derivative_of_a_function_of_a_row_is_right_to_the_last_digits_of_the_matrix(name, classes):
    rows = np.array(rows_of_logits(classes))
    computed = getattr(functions, name).gradient_at(rows)
    errors = []
    for row, result in zip(rows, computed):
        derivative = ROW_FUNCTIONS[name](tuple(row.tolist()))[1]
        if name == "logsumexp":
            true = [derivative(k) for k in range(classes)]
        else:
            true = sum(entries(derivative, range(classes)), [])
        scale = largest(true)
        found = max(error_in_rows(a, b, scale) for a, b in zip(result.ravel(), true))
        errors.append((found, f"{row}: {result}"))
    report(errors, ROW_UNITS)


# --- the reference itself -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_reference_holds_the_derivatives_of_its_own_values(name):
    """Central differences with a step of 2^-400 leave 160 digits."""
    step, mistake = mp.mpf(2) ** -400, mp.mpf(10) ** -100
    predictions, targets, parameters = EXAMPLES[name]
    for prediction, target in zip(predictions.tolist(), targets.tolist()):
        if name in CLASSES:
            loss, moved, size = CLASSES[name], moved_entry, len(target)
            prediction, target = tuple(prediction), tuple(target)
        else:
            loss, moved, size = ELEMENTWISE[name], lambda z, k, by: mp.mpf(z) + by, 1
        _, gradient, hessian = loss(prediction, target, **parameters)
        for k in range(size):
            above, below = (loss(moved(prediction, k, by), target, **parameters) for by in (step, -step))
            slope = (above[0] - below[0]) / (2 * step)
            assert abs(slope - (gradient[k] if name in CLASSES else gradient)) < mistake
            for i in range(size):
                a, b = (side[1][i] if name in CLASSES else side[1] for side in (above, below))
                assert abs((a - b) / (2 * step) - (hessian(i, k) if name in CLASSES else hessian)) < mistake


def moved_entry(row, k, by):
    return tuple(mp.mpf(entry) + (by if i == k else 0) for i, entry in enumerate(row))


def test_the_ends_of_the_unit_interval_have_one_sided_slopes():
    """-log(p) has the slope -1 at p = 1, -log(1 - p) has the slope 1 at p = 0."""
    slopes = losses.binary_cross_entropy.gradient_at([1.0, 0.0], [1.0, 0.0])
    assert slopes.tolist() == [-1, 1]


def test_a_difference_of_mirrored_sigmoids_keeps_its_digits_near_0():
    """sigmoid(-z) - sigmoid(z) is -tanh(z / 2)."""
    z, y = symbols("z y", real=True)
    mirrored = Loss(name="mirrored", expression=functions.sigmoid(-z) - functions.sigmoid(z), prediction=z, target=y)
    report_ulps(LOGITS, mirrored.value(LOGITS, 0.0), [-mp.tanh(mp.mpf(number) / 2) for number in LOGITS.tolist()])
