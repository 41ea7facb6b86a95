"""Well-known slips in published material: our own checkers refuse each, at a point that arithmetic confirms.

The claims are those of chapter 15, in our words; the chapter cites where they were read. Each is refused by the prover
or the gradient check, the refusal is redone in plain arithmetic, and the right line is accepted.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import Abs, Derivative, Eq, IndexedBase, Piecewise, S, Symbol, sqrt, symbols

from lossbook import functions, losses
from lossbook.checking import check_gradient
from lossbook.claims import Claim
from lossbook.notation import beta, delta, i, k, n, total, value
from lossbook.proof import equal

x, y, f, rows = (IndexedBase(name, real=True) for name in ("x", "y", "f", "r"))
intercept, slope, x_mean, y_mean = symbols("alpha beta xbar ybar", real=True)
residual = Symbol("r", real=True)
sigma = Symbol("sigma", positive=True)
MEANS = (
    Eq(intercept, y_mean - slope * x_mean),
    Eq(x_mean, total(x[k]) / n),
    Eq(y_mean, total(y[k]) / n),
)


def of_residual(loss):
    return loss.expression.subs({loss.prediction: residual, value: 0})


def least_squares():
    """The slope equation of least squares, rearranged in three lines, the second with a wrong sign."""
    claim = Claim(total(x[k] * (y[k] - intercept - slope * x[k])))
    for equation in MEANS:
        claim.given(equation)
    claim.step(total(x[k] * y[k] - (y_mean - slope * x_mean) * x[k] - slope * x[k] ** 2), because="put in alpha")
    claim.step(total(x[k] * y[k] - y_mean * x[k] - slope * x_mean * x[k] - slope * x[k] ** 2), because="multiply out")
    return claim.step(total(x[k] * y[k] - y_mean * x[k]) + slope * total(x_mean * x[k] - x[k] ** 2), because="two sums")


def test_least_squares_with_a_wrong_sign_breaks_in_its_second_line_and_there_alone():
    assert least_squares().judge().broken == [2]


def test_least_squares_with_the_sign_mended_is_proved():
    mended = least_squares()
    wrong = mended.steps[1].expression
    right = total(x[k] * y[k] - y_mean * x[k] + slope * x_mean * x[k] - slope * x[k] ** 2)
    assert equal(wrong, right, MEANS).kind == "refuted"
    claim = Claim(mended.start)
    for equation in MEANS:
        claim.given(equation)
    assert claim.step(mended.steps[0].expression, "put in alpha").step(right, "multiply out").judge()


def test_the_wrong_sign_is_wrong_in_plain_arithmetic():
    points, measured, b = np.array([1.0, 2.0, 4.0]), np.array([3.0, -1.0, 2.0]), 0.7
    a = measured.mean() - b * points.mean()
    start = (points * (measured - a - b * points)).sum()
    right = (points * measured - measured.mean() * points + b * points.mean() * points - b * points**2).sum()
    wrong = (points * measured - measured.mean() * points - b * points.mean() * points - b * points**2).sum()
    assert_allclose(start, right, rtol=1e-12)
    assert_allclose(start - wrong, 2 * b * points.mean() * points.sum(), rtol=1e-12)


def test_squaring_each_term_is_not_squaring_the_sum():
    claim = Claim(total(sqrt(rows[k] ** 2)) ** 2).step(total(rows[k] ** 2), because="squaring is monotone")
    judgement = claim.judge()
    assert judgement.broken == [1] and judgement.steps[0].verdict.counterexample.classes == 2


def test_the_optimum_of_squares_is_not_that_of_absolute_values():
    numbers = np.linspace(-1, 4, 501)[:, None]
    best = {
        name: float(numbers[losses.catalogue[name].value(numbers, [0.0, 0.0, 3.0]).sum(axis=1).argmin(), 0])
        for name in ("absolute_error", "squared_error")
    }
    assert_allclose([best["absolute_error"], best["squared_error"]], [0, 1], atol=1e-9)


def test_a_plotted_sum_of_absolute_residuals_is_not_the_sum_of_squares():
    residuals = y[k] - intercept - slope * x[k]
    assert equal(total(residuals**2), total(Abs(residuals))).kind == "refuted"


@pytest.mark.parametrize("scale, factor", [(S.One, 2), (1 / n, 2 / n)], ids=["squared norm", "mean squared error"])
def test_a_gradient_without_its_factor_is_refuted_and_with_it_is_proved(scale, factor):
    start = Derivative(scale * total((f[k] - y[k]) ** 2), f[i])
    assert Claim(start).step(f[i] - y[i], because="without the factor").judge().broken == [1]
    assert Claim(start).step(factor * (f[i] - y[i]), because="with it").judge()


@pytest.mark.parametrize("samples, factor", [(1, "1/2"), (5, "5/2"), (8, "4")])
def test_the_gradient_check_names_the_missing_factor_of_the_mean(samples, factor):
    predictions, truth = np.linspace(0.3, 2.0, samples), np.linspace(-1.0, 1.0, samples) ** 2 - 3
    report = check_gradient(lambda p: np.mean((p - truth) ** 2), lambda p: p - truth, at=predictions)
    assert {str(entry.factor) for entry in report.wrong} == {factor} and len(report.wrong) == samples


def test_two_samples_hide_the_missing_factor_of_the_mean():
    truth = np.array([0.5, -1.0])
    assert check_gradient(lambda p: np.mean((p - truth) ** 2), lambda p: p - truth, at=[1.0, 2.0])


@pytest.mark.parametrize("tail", [delta * (residual - delta / 2), delta * residual - delta / 2], ids=str)
def test_a_huber_tail_without_absolute_value_is_refuted_below_zero(tail):
    printed = Piecewise((residual**2 / 2, Abs(residual) < delta), (tail, True))
    judgement = Claim(of_residual(losses.huber)).step(printed, because="as printed").judge()
    assert judgement.broken == [1]
    assert printed.subs({residual: -3, delta: 1}) == -S(7) / 2
    assert losses.huber.value(-3.0, 0.0) == 2.5


def test_a_huber_tail_with_absolute_value_is_proved():
    right = Piecewise((residual**2 / 2, Abs(residual) < delta), (delta * (Abs(residual) - delta / 2), True))
    assert Claim(of_residual(losses.huber)).step(right, because="with bars").judge()


def test_what_was_called_huber_is_smooth_l1():
    called_huber = Piecewise((Abs(residual) - sigma / 2, Abs(residual) > sigma), (residual**2 / (2 * sigma), True))
    huber, smooth_l1 = of_residual(losses.huber), of_residual(losses.smooth_l1)
    assert equal(huber.subs(delta, sigma), called_huber).kind == "refuted"
    assert equal(smooth_l1.subs(beta, sigma), called_huber)
    assert equal(huber.subs(delta, sigma), sigma * called_huber)


def test_one_letter_stands_for_two_numbers():
    in_detection = Piecewise(
        ((sigma * residual) ** 2 / 2, Abs(residual) < 1 / sigma**2), (Abs(residual) - 1 / (2 * sigma**2), True)
    )
    smooth_l1 = of_residual(losses.smooth_l1)
    assert equal(smooth_l1.subs(beta, sigma), in_detection).kind == "refuted"
    assert equal(smooth_l1.subs(beta, 1 / sigma**2), in_detection)


def test_the_softmax_as_defined_overflows_where_ours_does_not():
    large = np.array([1000.0, 0.0, 0.0])
    with np.errstate(over="ignore", invalid="ignore"):
        as_defined = np.exp(large) / np.exp(large).sum()
    assert np.isnan(as_defined[0])
    assert functions.softmax.value(large).tolist() == [1, 0, 0]


def test_the_gradient_check_refuses_a_loss_on_the_overflowing_softmax():
    def loss(z):
        return -np.log((np.exp(z) / np.exp(z).sum())[0])

    with np.errstate(over="ignore", invalid="ignore"):
        with pytest.raises(ValueError, match="^function: expected a finite number"):
            check_gradient(loss, lambda z: z, at=[1000.0, 0.0, 0.0])
