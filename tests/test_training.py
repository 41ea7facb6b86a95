"""Training walks downhill on gradients that are the slopes of its losses, and fits what it says it fits."""

import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import Max

from lossbook import data, functions, losses
from lossbook.loss import Loss
from lossbook.notation import prediction, value
from lossbook.training import (
    Network,
    confusion,
    descend,
    fit_linear,
    nearest_centroid,
    plausible_rates,
    spread,
    standardise,
    weights_of,
)

YEARS = np.stack([np.ones(24), data.YEARS - 1950.0], axis=1)


# --- networks -------------------------------------------------------------------------------------------


def batch(samples=7, inputs=4, classes=3):
    generator = np.random.default_rng(5)
    return generator.normal(size=(samples, inputs)), generator.integers(classes, size=samples)


@pytest.mark.parametrize("loss", [losses.softmax_cross_entropy, losses.softmax_squared_error])
@pytest.mark.parametrize("activation", [functions.tanh, functions.sigmoid, functions.softplus])
@pytest.mark.parametrize("sizes", [[4, 3], [4, 5, 3], [4, 2, 6, 3]], ids=str)
def test_every_gradient_of_a_network_is_the_slope_of_its_loss(sizes, activation, loss):
    features, labels = batch()
    network = Network(sizes, loss, activation, seed=2)
    network.biases = [np.linspace(-0.5, 0.5, len(biases)) for biases in network.biases]
    _, gradients = network.loss_and_gradients(features, labels)
    for layer, pair in enumerate(gradients):
        for array, gradient in zip((network.weights[layer], network.biases[layer]), pair):
            assert gradient.shape == array.shape
            for entry in np.ndindex(array.shape):
                here, values = array[entry], []
                for moved in (here + 1e-5, here - 1e-5):
                    array[entry] = moved
                    values.append(network.loss_and_gradients(features, labels)[0])
                array[entry] = here
                assert gradient[entry] == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5, abs=1e-9)


def test_scores_of_a_network_are_those_of_plain_loops():
    features, _ = batch(samples=2)
    network = Network([4, 2, 3], seed=1)
    network.biases = [np.array([0.1, -0.2]), np.array([1.0, 2.0, 3.0])]
    for sample, scores in zip(features, network.scores(features)):
        sums = [sum(network.weights[0][j, m] * sample[m] for m in range(4)) + network.biases[0][j] for j in range(2)]
        hidden = [np.tanh(a) for a in sums]
        for i in range(3):
            by_hand = sum(network.weights[1][i, j] * hidden[j] for j in range(2)) + network.biases[1][i]
            assert scores[i] == pytest.approx(by_hand, rel=1e-12)


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    first, again, other = Network([4, 8, 3], seed=3), Network([4, 8, 3], seed=3), Network([4, 8, 3], seed=4)
    assert all((a == b).all() for a, b in zip(first.weights, again.weights))
    assert (first.weights[0] != other.weights[0]).all()
    assert (Network([4, 3]).weights[0] == Network([4, 3], seed=0).weights[0]).all()


def test_weights_start_with_the_variance_of_one_over_the_inputs_and_biases_at_zero():
    network = Network([400, 300, 50])
    for weights, inputs in zip(network.weights, (400, 300)):
        assert weights.std() == pytest.approx(inputs**-0.5, rel=0.02) and abs(weights.mean()) < 0.02 * inputs**-0.5
    assert all((biases == 0).all() for biases in network.biases)


def test_a_training_step_subtracts_the_rate_times_the_gradient():
    features, labels = batch()
    network = Network([4, 5, 3], seed=0)
    before, biases = [w.copy() for w in network.weights], [b.copy() for b in network.biases]
    value, gradients = network.loss_and_gradients(features, labels)
    assert network.train(features, labels, rate=0.25, steps=1).tolist() == [value]
    for layer, (by_weights, by_biases) in enumerate(gradients):
        assert_allclose(network.weights[layer], before[layer] - 0.25 * by_weights, rtol=1e-15)
        assert_allclose(network.biases[layer], biases[layer] - 0.25 * by_biases, rtol=1e-15)


def test_a_hidden_layer_learns_exclusive_or_and_no_layer_cannot():
    corners, odd = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0]
    without, hidden = Network([2, 2], seed=0), Network([2, 4, 2], seed=0)
    assert without.train(corners, odd, rate=1, steps=2000)[-1] == pytest.approx(np.log(2), abs=1e-3)
    assert hidden.train(corners, odd, rate=1, steps=2000)[-1] < 0.02
    assert hidden.scores(corners).argmax(axis=1).tolist() == odd


FALLING = Loss(
    name="falling", expression=-((prediction - value) ** 2), prediction=prediction, target=value, source="a test"
)
BAD = {
    "one layer size": (lambda: Network([4]), ValueError, "sizes"),
    "an empty layer": (lambda: Network([4, 0, 3]), ValueError, "sizes"),
    "half a unit": (lambda: Network([4, 2.5, 3]), TypeError, "sizes"),
    "a loss of one number": (lambda: Network([4, 3], loss=losses.huber), TypeError, "loss"),
    "an activation by name": (lambda: Network([4, 3], activation="tanh"), TypeError, "activation"),
    "a softmax as activation": (lambda: Network([4, 3], activation=functions.softmax), TypeError, "activation"),
    "too few features": (lambda: Network([4, 3]).scores([[1.0, 2.0]]), ValueError, "features"),
    "a single row": (lambda: Network([2, 3]).scores([1.0, 2.0]), ValueError, "features"),
    "features with nan": (lambda: Network([2, 3]).scores([[1.0, np.nan]]), ValueError, "features"),
    "features as text": (lambda: Network([2, 3]).scores("ab"), TypeError, "features"),
    "a label too high": (lambda: Network([2, 3]).loss_and_gradients([[1.0, 2.0]], [3]), ValueError, "target"),
    "too few labels": (lambda: Network([2, 3]).loss_and_gradients([[1.0, 2.0]], [0, 1]), ValueError, "target"),
    "a negative rate": (lambda: Network([2, 3]).train([[1.0, 2.0]], [0], rate=-1, steps=1), ValueError, "rate"),
    "half a step": (lambda: Network([2, 3]).train([[1.0, 2.0]], [0], rate=1, steps=0.5), TypeError, "steps"),
    "a loss by name": (lambda: fit_linear("huber", YEARS, data.CALLS), TypeError, "loss"),
    "a loss that is none of the residual": (lambda: fit_linear(losses.poisson, YEARS, data.CALLS), ValueError, "loss"),
    "a loss over classes": (lambda: fit_linear(losses.softmax_cross_entropy, YEARS, data.CALLS), ValueError, "loss"),
    "a flat row of features": (lambda: fit_linear(losses.huber, YEARS[:, 1], data.CALLS), ValueError, "features"),
    "one target too few": (lambda: fit_linear(losses.huber, YEARS, data.CALLS[1:]), ValueError, "features"),
    "a single sample": (lambda: fit_linear(losses.huber, YEARS[:1], data.CALLS[:1]), ValueError, "features"),
    "a target of nan": (lambda: fit_linear(losses.huber, YEARS[:2], [1.0, np.nan]), ValueError, "target"),
    "an unknown parameter": (lambda: fit_linear(losses.huber, YEARS, data.CALLS, beta=1), TypeError, "beta"),
    "more errors than birds": (lambda: plausible_rates(5, 4), ValueError, "count"),
    "no birds": (lambda: plausible_rates(0, 0), ValueError, "count"),
    "weights of a loss by name": (lambda: weights_of("huber", [1.0]), TypeError, "loss"),
    "a column that does not vary": (lambda: standardise([[1.0, 2.0]], like=[[1.0, 2], [1, 3]]), ValueError, "like"),
    "labels that are no whole numbers": (lambda: confusion([0.5], [0], 2), TypeError, "truth"),
    "an answer too high": (lambda: confusion([0, 1], [0, 2], 2), ValueError, "answers"),
    "a negative truth": (lambda: confusion([0, -1], [0, 1], 2), ValueError, "truth"),
    "an answer too few": (lambda: confusion([0, 1], [0], 2), ValueError, "answers"),
    "a label too few": (lambda: nearest_centroid([[1.0], [2.0]], [0], [[1.0]]), ValueError, "labels"),
    "a spread of nan": (lambda: spread([1.0, np.nan]), ValueError, "residuals"),
    "a spread of infinity": (lambda: spread([1.0, np.inf]), ValueError, "residuals"),
    "a spread of nothing": (lambda: spread([]), ValueError, "residuals"),
    "an infinite feature": (lambda: fit_linear(losses.huber, [[1.0], [np.inf]], [1.0, 2.0]), ValueError, "features"),
    "an infinite target": (lambda: fit_linear(losses.huber, [[1.0], [1.0]], [1.0, np.inf]), ValueError, "target"),
    "an infinite input": (lambda: Network([2, 3]).scores([[1.0, np.inf]]), ValueError, "features"),
    "a number for all sizes": (lambda: Network(3), TypeError, "sizes"),
    "rows of other columns": (lambda: standardise([[1.0, 2.0]], like=[[1.0], [2.0]]), ValueError, "features"),
    "unseen rows of other columns": (lambda: nearest_centroid([[1.0]], [0], [[1.0, 2.0]]), ValueError, "unseen"),
    "no rows to be near to": (lambda: nearest_centroid(np.ones((0, 1)), [], [[1.0]]), ValueError, "features"),
    "a truth that is no row": (lambda: confusion(5, [1], 2), ValueError, "truth"),
    "features that are no rows": (lambda: nearest_centroid(5.0, [0], [[1.0]]), ValueError, "features"),
    "a number to be like": (lambda: standardise([[1.0]], 3.0), ValueError, "like"),
    "no rows to be like": (lambda: standardise([[1.0]], np.empty((0, 1))), ValueError, "like"),
    "a loss that falls": (lambda: fit_linear(FALLING, [[1.0]] * 2, [0.0, 1.0]), ValueError, "loss"),
    "an interval turned round": (lambda: plausible_rates(1, 2, z=-1), ValueError, "z"),
    "an interval of text": (lambda: plausible_rates(1, 2, z="1.96"), TypeError, "z"),
}


@pytest.mark.parametrize("call, error, argument", BAD.values(), ids=BAD)
def test_bad_input_is_refused_by_the_name_of_the_argument(call, error, argument):
    with pytest.raises(error, match=f"^{argument}: "):
        call()


CUBE = replace(FALLING, expression=(prediction - value) ** 3 / 3)
TOLD = {
    "loss: expected one that grows with the residual, falling falls at -3": lambda: fit_linear(
        CUBE, np.ones((3, 1)), [0.0, 3.0, 6.0]
    ),
    "loss: expected a loss of prediction - target, got softmax cross-entropy": lambda: fit_linear(
        losses.softmax_cross_entropy, YEARS, data.CALLS
    ),
    "features: expected rows of 2 numbers, got shape (1, 3)": lambda: standardise(np.ones((1, 3)), YEARS),
    "answers: expected 2 labels, got shape (1,)": lambda: confusion([0, 1], [0], 2),
    "truth: expected a row of labels, got shape ()": lambda: confusion(5, [1], 2),
}


@pytest.mark.parametrize("message", TOLD)
def test_what_is_wrong_is_told(message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        TOLD[message]()


def test_a_label_out_of_range_is_told_the_range():
    with pytest.raises(ValueError, match="^answers: expected labels from 0 to 1, got 2$"):
        confusion([0, 1], [0, 2], 2)
    with pytest.raises(ValueError, match="^labels: expected labels from 0 up, got -1$"):
        nearest_centroid([[1.0], [2.0]], [0, -1], [[1.0]])


# --- linear fits ----------------------------------------------------------------------------------------


def test_squared_error_fits_by_the_normal_equations():
    fitted = fit_linear(losses.squared_error, YEARS, data.CALLS)
    assert_allclose(fitted, np.linalg.solve(YEARS.T @ YEARS, YEARS.T @ data.CALLS), rtol=1e-10)


@pytest.mark.parametrize("last", [2.9, 10.0, 1000.0])
def test_absolute_error_fits_as_well_as_the_best_line_through_two_points(last):
    calls = np.append(data.CALLS[:-1], last)
    through_two = [np.linalg.solve(YEARS[[a, b]], calls[[a, b]]) for a, b in combinations(range(24), 2)]
    least = min(np.abs(YEARS @ line - calls).sum() for line in through_two)  # one of them is always best
    found = fit_linear(losses.absolute_error, YEARS, calls)
    assert np.abs(YEARS @ found - calls).sum() == pytest.approx(least, rel=1e-6)


@pytest.mark.parametrize(
    "name, parameters",
    [
        ("huber", {"delta": 0.6}),
        ("smooth_l1", {"beta": 0.6}),
        ("log_cosh", {}),
        ("huber", {"delta": 100.0}),
    ],
)
def test_at_a_smooth_fit_the_gradients_add_to_zero_and_no_step_goes_further_down(name, parameters):
    loss = losses.get(name)
    fitted = fit_linear(loss, YEARS, data.CALLS, **parameters)
    slopes = loss.gradient_at(YEARS @ fitted, data.CALLS, **parameters) @ YEARS
    assert_allclose(slopes, 0, atol=1e-5)
    least = loss.value(YEARS @ fitted, data.CALLS, reduction="sum", **parameters)
    for step in np.random.default_rng(0).normal(size=(50, 2)) * [0.1, 0.01]:
        assert loss.value(YEARS @ (fitted + step), data.CALLS, reduction="sum", **parameters) > least


def test_a_huge_delta_gives_the_mean_and_a_tiny_one_the_median():
    alike, values = np.ones((5, 1)), np.array([0.0, 1, 2, 3, 100])
    assert fit_linear(losses.huber, alike, values, delta=1000.0) == pytest.approx([21.2], rel=1e-9)
    assert fit_linear(losses.huber, alike, values, delta=1e-3) == pytest.approx([2.0], abs=2e-3)
    assert fit_linear(losses.pinball, alike, values, quantile=0.7) == pytest.approx([3.0], abs=1e-5)


def test_a_perfect_line_is_found_whatever_the_loss():
    for loss in (losses.squared_error, losses.absolute_error, losses.huber):
        assert_allclose(fit_linear(loss, YEARS, YEARS @ [3.0, -2.0]), [3, -2], atol=1e-9)


def test_as_many_samples_as_coefficients_are_enough():
    assert_allclose(fit_linear(losses.squared_error, [[1.0, 0.0], [0.0, 1.0]], [2.0, 3.0]), [2, 3])


def test_a_quantile_of_small_numbers_is_found():
    assert_allclose(fit_linear(losses.pinball, np.ones((5, 1)), [0.0, 0.1, 0.2, 0.3, 0.4], quantile=0.75), [0.3])


def test_a_perfect_line_of_large_numbers_is_found():
    features = np.stack([np.ones(6), np.arange(6.0)], axis=1)
    assert_allclose(fit_linear(losses.absolute_error, features, features @ [1e6, 3e6]), [1e6, 3e6], rtol=1e-12)


def test_a_loss_may_be_flat():
    tube = Loss(name="tube", expression=Max(abs(prediction - value) - 0.1, 0), prediction=prediction, target=value)
    targets = np.array([0.0, 0.05, 0.3, 1.0, 1.2])
    (here,) = fit_linear(tube, np.ones((5, 1)), targets)
    assert all(tube.value(here, targets).sum() <= tube.value(here + step, targets).sum() for step in (-0.01, 0.01))


def test_a_weight_is_the_gradient_over_the_residual():
    residuals = np.array([-4.0, -0.5, 0.5, 4.0])
    assert weights_of(losses.huber, residuals, delta=1.0).tolist() == [0.25, 1, 1, 0.25]
    assert weights_of(losses.absolute_error, residuals).tolist() == [0.25, 2, 2, 0.25]
    assert weights_of(losses.squared_error, residuals).tolist() == [2, 2, 2, 2]


def test_the_spread_is_the_standard_deviation_of_normal_errors_and_ignores_one_wild_number():
    errors = np.random.default_rng(0).normal(3, 2, size=100_001)
    assert spread(errors) == pytest.approx(2, rel=0.02)
    assert spread(np.append(errors, 1e9)) == pytest.approx(spread(errors), rel=1e-4)
    assert spread([1.0, 2, 3, 4, 100]) == pytest.approx(1.4826)


# --- counting -------------------------------------------------------------------------------------------


def test_plausible_rates_are_those_of_a_test_by_hand():
    # At both ends the count is 1.96 standard deviations from what the rate lets expect.
    for rate in plausible_rates(6, 171):
        assert abs(6 - 171 * rate) / np.sqrt(171 * rate * (1 - rate)) == pytest.approx(1.96, rel=1e-9)
    assert plausible_rates(0, 10)[0] == 0 and plausible_rates(10, 10)[1] == 1
    assert sum(plausible_rates(5, 10, z=0.5)) == pytest.approx(1)
    assert plausible_rates(5, 10) == pytest.approx((0.2366, 0.7634), abs=5e-5)  # Wilson's interval, as tabulated


def test_confusion_counts_truth_by_rows_and_answers_by_columns():
    counts = confusion(np.array([0, 0, 1, 2, 2]), np.array([0, 2, 1, 2, 2]), 3)
    assert counts.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 2]]


def test_the_nearest_centroid_is_found_by_distance():
    known, labels = np.array([[0.0, 0], [2, 0], [10, 10], [10, 12]]), np.array([0, 0, 1, 1])
    assert nearest_centroid(known, labels, np.array([[1.0, 5], [9, 7], [1, 0]])).tolist() == [0, 1, 0]
    assert nearest_centroid(known, 5 * labels, np.array([[9.0, 7]])).tolist() == [5]  # labels need not be consecutive


def test_standardised_columns_have_mean_0_and_standard_deviation_1_by_the_rows_they_follow():
    rows = np.array([[1.0, 10], [3, 30]])
    assert standardise(rows, like=rows).tolist() == [[-1, -1], [1, 1]]
    assert standardise(np.array([[2.0, 40]]), like=rows).tolist() == [[0, 2]]


def test_descent_takes_whole_numbers_for_floats():
    assert descend(losses.squared_error, 1, 0, rate=0.25, steps=2).tolist() == [1, 0.5, 0.25]


def test_one_start_walks_to_many_targets():
    path = descend(losses.squared_error, 0.0, [1.0, -2.0], rate=0.25, steps=2)
    assert path.tolist() == [[0, 0], [0.5, -1], [0.75, -1.5]]  # each step covers half of what is left
