"""Exact values are those of arithmetic that does not know the library, and digits are counted as by hand."""

import mpmath
import numpy as np
import pytest

import reference
from lossbook import losses
from lossbook.digits import columns, correct_digits, exact, short


def number(digits):
    with mpmath.workdps(50):
        return mpmath.mpf(digits)


def close(a, b):
    with mpmath.workdps(50):
        return abs(a - b) <= mpmath.mpf(10) ** -48 * abs(b)


@pytest.mark.parametrize(
    "name, at, parameters",
    [
        ("huber", (-3.0, 0.25), {"delta": 1.5}),
        ("log_cosh", (1e-8, 0.0), {}),
        ("sigmoid_squared_error", (-30.0, 1.0), {}),
        ("binary_cross_entropy_with_logits", (745.0, 1.0), {}),
        ("binary_cross_entropy", (1e-50, 1.0), {}),
    ],
)
def test_exact_values_and_slopes_are_those_of_400_digit_arithmetic(name, at, parameters):
    value, slope, _ = getattr(reference, name)(*at, **parameters)
    loss = losses.get(name)
    with mpmath.workdps(50):
        assert close(exact(loss, *at, **parameters).item(), +mpmath.mpf(str(value)))
        assert close(exact(loss, *at, part="gradient", **parameters).item(), +mpmath.mpf(str(slope)))


def test_the_gradient_of_a_row_is_exact_for_labels_and_for_soft_targets():
    row, soft = [0.0, 40.0, -3.0], [0.25, 0.5, 0.25]
    with mpmath.workdps(100):
        powers = [mpmath.exp(mpmath.mpf(z)) for z in row]
        shares = [power / mpmath.fsum(powers) for power in powers]
        by_label = [share - (number == 1) for number, share in enumerate(shares)]
        by_soft = [share - mpmath.mpf(y) for share, y in zip(shares, soft)]
    found = exact(losses.softmax_cross_entropy, [row, row], [1, 1], part="gradient")
    assert found.shape == (2, 3)
    assert all(close(a, b) for a, b in zip(found[1], by_label))
    assert all(close(a, b) for a, b in zip(exact(losses.softmax_cross_entropy, row, soft, part="gradient"), by_soft))


def test_exact_values_have_the_shape_of_the_arguments():
    assert exact(losses.squared_error, [[1.0], [2.0]], [0.5, 0.0, 1.0]).shape == (2, 3)
    assert exact(losses.squared_error, [[1.0], [2.0]], [0.5, 0.0, 1.0])[1, 2] == 1
    assert exact(losses.squared_error, 0.1, 0.0).shape == ()
    # 0.1 is taken for the float that it is.
    tenth = "0.1000000000000000055511151231257827021181583404541015625"
    assert close(exact(losses.absolute_error, 0.1, 0.0).item(), number(tenth))


def test_an_exact_value_is_that_of_a_sample():
    with pytest.raises(TypeError, match="^reduction: expected none, since each sample has its own, got 'mean'"):
        exact(losses.squared_error, [1.0, 2.0], 0.0, reduction="mean")


def test_digits_are_counted_by_the_relative_error():
    truth = np.array([number(n) for n in ("3.14159265358979", "1e-300", "-2", "0", "5", "7")], dtype=object)
    computed = np.array([3.14160, 1.05e-300, 2.0, 0.0, np.nan, np.inf])
    # relative errors 2.3e-6, 0.05 and 2; right; nan and infinity
    assert correct_digits(computed, truth).tolist() == [5, 1, 0, 15, 0, 0]


def test_a_rounded_truth_has_all_digits_that_its_type_always_has():
    truth = exact(losses.binary_cross_entropy_with_logits, [1.0, 20.0], 1.0)
    rounded = np.array([float(number) for number in truth])
    assert correct_digits(rounded, truth).tolist() == [15, 15]
    assert correct_digits(rounded.astype(np.float32), truth).tolist() == [6, 6]
    assert correct_digits(np.array([1e-320]), np.array([number(0)], dtype=object)).tolist() == [0]


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="^loss: "):
        exact("huber", 1.0, 0.0)
    with pytest.raises(ValueError, match='^part: .*"value" or "gradient".*hessian'):
        exact(losses.huber, 1.0, 0.0, part="hessian")
    with pytest.raises(ValueError, match="^computed: .*\\(2,\\).*\\(1,\\)"):
        correct_digits([1.0], exact(losses.huber, [1.0, 2.0], 0.0))
    with pytest.raises(TypeError, match="^computed: .*float"):
        correct_digits([1, 2], exact(losses.huber, [1.0, 2.0], 0.0))
    with pytest.raises(TypeError, match="^gamma: "):
        exact(losses.huber, 1.0, 0.0, gamma=1)


def test_what_has_no_value_as_it_stands_is_refused():
    """0 log 0 is 0 for the array code, but the definition itself is undefined for a masked class."""
    with pytest.raises(ValueError, match="^prediction: .*1000 digits"):
        exact(losses.softmax_cross_entropy, [-np.inf, 0.0], 1)


def test_what_a_thousand_digits_cannot_tell_is_refused():
    # exp(-4000) is 1e-1737: with 1000 digits 1 + exp(-4000) is 1, with 2000 it is not.
    with pytest.raises(ValueError, match="^prediction: .*1000 digits"):
        exact(losses.binary_cross_entropy_with_logits, 4000.0, 1.0, part="value")


def test_columns_hold_the_values_in_short_and_their_right_digits():
    truth = exact(losses.squared_error, [1e-9, 3.0], 0.0)
    assert columns({"a": np.array([1e-18, 9.1])}, truth) == {"a": ["1e−18", "9.1"], "a: digits": pytest.approx([15, 1])}
    assert short([-1234.5, 0.0, float("inf")], 2) == ["−1.2e+03", "0", "inf"]
    assert short([4.2512e-18]) == ["4.25e−18"]


def test_an_exact_value_is_rounded_to_50_digits():
    with mpmath.workdps(50):
        assert exact(losses.binary_cross_entropy_with_logits, 0.0, 1.0).item() == mpmath.log(2)
