"""A gradient check finds what is wrong, where and by what factor, and takes no kink for a mistake."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from lossbook import checking, losses
from lossbook.checking import Entry, Slope, check_gradient
from reference import EXAMPLES

SCORES = np.array([1.0, 5.0, 3.0])


def softmax(z):
    shares = np.exp(z - z.max())
    return shares / shares.sum()


def cross_entropy(z):
    return -np.log(softmax(z)[1])


def cross_entropy_gradient(z):
    return softmax(z) - np.array([0.0, 1.0, 0.0])


def verdicts(report):
    return [entry.verdict for entry in report.entries]


def test_a_right_gradient_passes():
    report = check_gradient(cross_entropy, cross_entropy_gradient, SCORES)
    assert report and verdicts(report) == ["right"] * 3
    assert repr(report) == "right in all 3 entries"
    assert [entry.index for entry in report.entries] == [(0,), (1,), (2,)]


def test_the_gradient_may_be_an_array_and_the_point_a_number_or_a_matrix():
    assert check_gradient(math.sin, math.cos(1.0), 1.0)
    assert check_gradient(lambda w: (w**2).sum(), np.array([[2.0, 4.0]]), [[1.0, 2.0]])
    assert check_gradient(lambda w: (w**2).sum(), [[2, 4]], [[1, 2]])


SMOOTH = {
    "exponential": (np.exp, mpmath.exp),
    "sine": (np.sin, mpmath.cos),
    "fast sine": (lambda x: np.sin(20 * x), lambda x: 20 * mpmath.cos(20 * x)),
    "seventh power": (lambda x: x**7, lambda x: 7 * x**6),
    "logarithm": (lambda x: np.log(6 + x), lambda x: 1 / (6 + x)),
    "log-cosh": (lambda x: np.logaddexp(x, -x), mpmath.tanh),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_a_smooth_slope_is_measured_to_its_error_estimate_and_has_no_kink(name):
    function, derivative = SMOOTH[name]
    for at in [0.0, 1e-6, 1e-3, *np.linspace(-5, 5, 21)]:
        (entry,) = check_gradient(function, 0.0, at).entries
        true = float(derivative(mpmath.mpf(float(at))))
        slope = entry.measured
        assert slope.kink_distance is None and slope.left == slope.right == slope.value
        assert abs(slope.value - true) <= max(checking.SURE * slope.error, 1e-10 * abs(true))
        assert slope.error <= 1e-12 * max(abs(true), abs(function(at)), 1)


ON_PROBABILITIES = ("binary_cross_entropy", "cross_entropy", "kl_divergence")  # their rows cannot be moved one by one


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("name", sorted(set(losses.catalogue) - set(ON_PROBABILITIES)))
def test_the_catalogue_passes_and_a_thousandth_more_does_not(name):
    loss, generator = losses.catalogue[name], np.random.default_rng(7)
    for scale in (0.03, 1.0, 5.0):
        for target in (0, 2) if loss.over_classes else EXAMPLES[name][1][[0, -1]]:
            at = scale * generator.normal(size=3 if loss.over_classes else ())
            gradient = np.asarray(loss.gradient_at(at, target))
            assert check_gradient(lambda z: loss.value(z, target), gradient, at)
            report = check_gradient(lambda z: loss.value(z, target), 1.001 * gradient, at)
            for entry in report.entries:
                assert entry.verdict == ("wrong" if gradient[entry.index] else "right")


def test_a_function_of_probabilities_is_checked_within_its_domain():
    loss = losses.binary_cross_entropy
    assert check_gradient(lambda p: loss.value(p, 1), loss.gradient_at(0.05, 1), 0.05, reach=0.04)
    with pytest.raises(ValueError, match="^prediction: expected numbers from 0 to 1"):
        check_gradient(lambda p: loss.value(p, 1), loss.gradient_at(0.05, 1), 0.05)


@pytest.mark.parametrize(
    "factor, said",
    [
        (-1, "all by their sign"),
        (2, "all by the factor 2"),
        (0.5, "all by the factor 1/2"),
        (1 / 3, "all by the factor 1/3"),
        (-2, "all by the factor -2"),
    ],
)
def test_a_common_factor_is_named(factor, said):
    report = check_gradient(cross_entropy, lambda z: factor * cross_entropy_gradient(z), SCORES)
    assert not report and verdicts(report) == ["wrong"] * 3
    assert report.summary().splitlines()[0] == f"wrong in 3 of 3 entries, {said}"


def test_a_wrong_entry_is_found_where_it_stands():
    def slipped(w):
        gradient = 2 * w
        gradient[1, 0] *= -1
        return gradient

    report = check_gradient(lambda w: (w**2).sum(), slipped, np.arange(1.0, 7.0).reshape(3, 2))
    (entry,) = report.wrong
    assert entry.index == (1, 0) and entry.factor == -1
    assert repr(report) == "wrong in 1 of 6 entries\n  [1, 0] the sign is wrong: got -6, measured 6"


def test_as_many_entries_are_told_as_can_be_read():
    def told(*factors):
        return str(check_gradient(lambda x: (x**2).sum(), 2 * np.array(factors), np.ones(len(factors)))).split("\n")

    assert told(1, 1) == ["right in all 2 entries"]
    assert told(0.5, 0.25)[0] == "wrong in 2 of 2 entries" and told(0.5, 1)[0] == "wrong in 1 of 2 entries"
    assert len(told(*[0.5] * 5)) == 6 and "more" not in told(*[0.5] * 5)[-1]
    assert len(told(*[0.5] * 6)) == 7 and told(*[0.5] * 6)[-1] == "  and 1 more"


def test_a_number_where_zero_should_be_and_a_missing_slope_have_no_factor():
    report = check_gradient(lambda x: x[0] ** 2, np.array([0.0, 0.3]), [1.0, 1.0])
    assert [entry.factor for entry in report.wrong] == [None, None]
    assert "[0] got 0, measured 2" in repr(report) and "[1] got 0.3, measured 0" in repr(report)


@pytest.mark.parametrize("given", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_is_wrong_everywhere(given):
    report = check_gradient(lambda x: (x**2).sum(), np.array([given, 4.0]), [1.0, 2.0])
    assert verdicts(report) == ["wrong", "right"] and report.entries[0].relative_error == math.inf


@pytest.mark.parametrize("kind, at", [(np.float16, 3.0), (np.float32, 3.0), (np.float32, 0.3), (np.float32, 1e3)])
def test_a_function_may_compute_in_fewer_digits_and_return_a_float(kind, at):
    def function(x):
        return float(kind(x) ** 2)

    assert check_gradient(function, 2 * float(at), at)
    assert not check_gradient(function, 4 * float(at), at)


def test_a_wrong_number_that_is_no_simple_multiple_has_no_factor():
    (entry,) = check_gradient(np.exp, math.e * 1.01237, 1.0).wrong
    assert entry.factor is None and entry.what_is_wrong() == "got 2.75191, measured 2.71828"
    assert_allclose(entry.relative_error, 0.01237 / 1.01237, rtol=1e-9)


def test_a_number_that_is_0_and_should_be_0_has_no_error():
    (entry,) = check_gradient(lambda x: x**2, 0.0, 0.0).entries
    assert entry.given == entry.measured.value == 0 and entry.relative_error == 0


@pytest.mark.parametrize("ratio, factor", [(12 / 11, Fraction(12, 11)), (-0.5, Fraction(-1, 2)), (83 / 82, None)])
def test_a_factor_that_may_be_chance_is_not_named(ratio, factor):
    """A slope known to a millionth: of the numbers that close to it one in twenty is a fraction over 82 or less."""
    assert Entry((), ratio, Slope(1.0, 1e-6, 1.0, 1.0), "wrong").factor == factor


def test_slopes_beside_a_kink_are_extrapolated_from_small_steps():
    (entry,) = check_gradient(lambda x: abs(x) + np.sin(20 * x), 20.0, 0.0).entries
    assert_allclose([entry.measured.left, entry.measured.right], [19, 21], rtol=1e-12)


def test_slopes_beside_a_kink_are_exact_where_the_function_bends_too():
    (entry,) = check_gradient(lambda x: abs(x) + np.exp(3 * x), 3.0, 0.0).entries
    assert abs(entry.measured.left - 2) < 1e-11 and abs(entry.measured.right - 4) < 1e-11


def test_a_function_that_is_constant_has_no_slope():
    assert verdicts(check_gradient(lambda x: 1.0, 0.0, at=1.0)) == ["right"]


def test_a_factor_is_read_within_the_relative_error_of_the_slope():
    small, large = (Slope(size, 1e-6 * size, size, size, None) for size in (1e-3, 1e3))
    assert [Entry((), 2.00001 * slope.value, slope, "wrong").factor for slope in (small, large)] == [2, 2]
    assert Entry((), 2.001 * large.value, large, "wrong").factor is None


def test_coarse_steps_do_not_spoil_the_estimate_of_the_error():
    (entry,) = check_gradient(lambda x: np.sin(20 * x), 0.0, 1.0, reach=4).entries
    assert_allclose(entry.measured.value, 20 * math.cos(20), rtol=1e-13)
    assert entry.measured.error < 2e-12


def test_a_transposed_gradient_is_recognised():
    weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    report = check_gradient(lambda w: (w**3).sum(), lambda w: 3 * w.T**2, weights)
    assert repr(report).startswith("wrong in 2 of 4 entries: the transposed gradient would be right")
    assert not check_gradient(lambda w: (w**3).sum(), lambda w: -3 * w**2, weights).transposed


def test_an_error_of_a_millionth_is_found_and_one_below_the_tolerance_is_not():
    assert not check_gradient(np.exp, math.e * (1 + 3e-6), 1.0)
    assert check_gradient(np.exp, math.e * (1 + 3e-7), 1.0)
    assert not check_gradient(np.exp, math.e * (1 + 3e-7), 1.0, tolerance=1e-8)


@pytest.mark.parametrize("given", [-1, -0.3, 0, 1])
def test_at_a_kink_any_subgradient_is_accepted(given):
    report = check_gradient(abs, float(given), 0.0)
    assert report and verdicts(report) == ["subgradient"]
    assert "kink here: the slope is -1 on the left and 1 on the right" in repr(report)


def test_at_a_kink_the_slope_is_the_mean_of_both_sides():
    (entry,) = check_gradient(lambda x: max(3 * x, x), 1.0, 0.0).entries
    assert entry.measured.value == pytest.approx(2) and entry.measured.kink_distance == 0
    assert (entry.measured.left, entry.measured.right) == pytest.approx((1, 3))


def test_at_a_kink_a_number_outside_the_one_sided_slopes_is_wrong():
    report = check_gradient(abs, 1.5, 0.0)
    assert repr(report) == "wrong: a kink: expected a number from -1 to 1, got 1.5"


def test_the_kinks_of_the_catalogue_are_found():
    # Where the prediction is the target; the hinge bends where their product is 1.
    l1 = losses.smooth_l1, 2.0, {"beta": 0}
    bends = [(losses.absolute_error, 2.0, {}), (losses.pinball, 2.0, {}), (losses.hinge, 1.0, {}), l1]
    for loss, at, parameters in bends:
        report = check_gradient(
            lambda z: loss.value(z, at, **parameters), lambda z: loss.gradient_at(z, at, **parameters), at
        )
        assert report and verdicts(report) == ["subgradient"], loss


@pytest.mark.parametrize("distance", [1e-7, 1e-5, 1e-3, 0.03])
@pytest.mark.parametrize("side", [1, -1])
def test_beside_a_kink_the_slope_of_this_side_is_measured(distance, side):
    report = check_gradient(lambda x: abs(x) + np.exp(x) / 2, lambda x: side + np.exp(x) / 2, side * distance)
    assert report and verdicts(report) == ["right"]
    assert not check_gradient(lambda x: abs(x) + np.exp(x) / 2, lambda x: -side + np.exp(x) / 2, side * distance)


@pytest.mark.parametrize("distance", [1e-15, 1e-10, 1e-9, 3e-9])
def test_a_kink_nearer_than_the_steps_counts_as_here(distance):
    (entry,) = check_gradient(abs, 1.0, distance).entries
    assert entry.verdict == "subgradient"
    assert_allclose([entry.measured.left, entry.measured.right], [-1, 1], atol=1e-6)


def test_a_kink_that_bends_down_is_a_kink_too():
    report = check_gradient(lambda x: -abs(x), 0.3, 0.0)
    assert report and verdicts(report) == ["subgradient"]
    assert not check_gradient(lambda x: -abs(x), 1.3, 0.0)


def test_at_a_large_number_the_steps_are_large():
    (entry,) = check_gradient(np.log, 1e-10, 1e10).entries
    assert entry.verdict == "right"
    assert_allclose(entry.measured.value, 1e-10, rtol=1e-10)


def test_a_step_is_as_long_as_it_is_after_rounding():
    # Numbers near 1e8 are 1.5e-8 apart: of the steps from 1e-4 down some are rounded by much, the last to nothing.
    (entry,) = check_gradient(lambda x: x - 1e8, 1.0, 1e8 + 0.3, reach=1e-12).entries
    assert entry.verdict == "right"
    assert_allclose(entry.measured.value, 1, rtol=1e-9)


def test_a_factor_is_not_read_into_noise():
    (entry,) = check_gradient(lambda x: 1e12 + x, 1.2345, 1.0).wrong
    assert entry.factor is None


def test_a_kink_near_is_told():
    assert "kink near, within 2e-05" in repr(check_gradient(abs, 1.0, 1e-5))


@pytest.mark.parametrize("slope", [1e-12, 1e-6])
def test_a_slope_that_rounding_hides_is_not_called_right(slope):
    """Rounding leaves nothing of the first, and the second is known to a tenth of itself."""
    report = check_gradient(lambda x: 1e6 + slope * x, slope, 1.0)
    assert report and verdicts(report) == ["unresolved"]
    assert repr(report) == ("not checked\n  1 entry too small beside the rounding error of the function")


def test_a_noisy_function_proves_nothing():
    noise = np.random.default_rng(0)
    report = check_gradient(lambda x: x**2 + noise.normal(scale=0.01), 2.0, 1.0)
    assert verdicts(report) != ["right"]


def test_a_function_in_float32_is_checked_to_its_own_precision():
    def function(x):
        return np.exp(x.astype(np.float32))

    assert check_gradient(function, math.e, 1.0)
    assert not check_gradient(function, math.e * 1.01, 1.0)


def test_steps_that_leave_the_domain_are_left_out():
    with np.errstate(invalid="ignore"):
        assert check_gradient(np.log, 1000.0, 1e-3)
        assert not check_gradient(np.log, 500.0, 1e-3)
        with pytest.raises(ValueError, match="^reach: .*finite"):
            check_gradient(np.log, 1e12, 1e-12)
        assert check_gradient(np.log, 1e12, 1e-12, reach=1e-13)


def test_neither_the_point_nor_the_gradient_is_changed():
    at, given = SCORES.copy(), cross_entropy_gradient(SCORES)

    def spoiled_after(function):
        def greedy(z):
            result = function(z)
            z[:] = 0
            return result

        return greedy

    assert check_gradient(spoiled_after(cross_entropy), given, at)
    assert check_gradient(spoiled_after(cross_entropy), spoiled_after(cross_entropy_gradient), at)
    assert (at == SCORES).all() and (given == cross_entropy_gradient(SCORES)).all()


def test_one_number_that_is_right_is_called_right_and_its_error_is_told_in_the_table():
    assert repr(check_gradient(np.exp, math.e, 1.0)) == "right"
    assert "below 1e−9" in str(check_gradient(lambda x: 2 * x, 2.0, 1.0).table())
    assert "1.0e−03" in str(check_gradient(np.exp, 1.001 * math.e, 1.0).table())


def test_a_gradient_of_nan_is_wrong():
    assert verdicts(check_gradient(math.sin, math.nan, 1.0)) == ["wrong"]


WRONG_CALLS = [
    ("function", TypeError, lambda: check_gradient(3.0, [1.0], [1.0])),
    ("function", ValueError, lambda: check_gradient(lambda z: z, [1.0, 1.0], [1.0, 1.0])),
    ("function", ValueError, lambda: check_gradient(lambda z: 1j * z[0], [1.0], [1.0])),
    ("function", ValueError, lambda: check_gradient(lambda z: np.nan, 1.0, 1.0)),
    ("gradient", ValueError, lambda: check_gradient(np.sum, [1.0], [1.0, 2.0])),
    ("gradient", TypeError, lambda: check_gradient(np.sum, "up", [1.0, 2.0])),
    ("at", ValueError, lambda: check_gradient(np.sum, [1.0], [np.nan])),
    ("at", TypeError, lambda: check_gradient(np.sum, [1.0], ["a"])),
    ("tolerance", ValueError, lambda: check_gradient(np.sum, [1.0], [1.0], tolerance=0)),
    ("tolerance", ValueError, lambda: check_gradient(np.sum, [1.0], [1.0], tolerance=1)),
    ("reach", ValueError, lambda: check_gradient(np.sum, [1.0], [1.0], reach=-1)),
]


@pytest.mark.parametrize("argument, error, call", WRONG_CALLS)
def test_a_wrong_call_says_which_argument_it_was(argument, error, call):
    with pytest.raises(error, match=f"^{argument}: expected"):
        call()


def test_the_table_has_a_row_an_entry():
    table = str(check_gradient(cross_entropy, [1.0, 2.0, 3.0], SCORES).table())
    assert len(table.splitlines()) == 4 and "−0.133187" in table and "wrong" in table
