"""What is known to be true of the losses, as arithmetic that knows nothing of their derivation."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sympy import Indexed, Rational

from lossbook import functions, losses
from lossbook.notation import i, k, n
from reference import (
    CLASSES,
    ELEMENTWISE,
    EXAMPLES,
    FUNCTIONS,
    LOSSES,
    METHODS,
    PARTS,
    ROW_FUNCTIONS,
    TEXTBOOK,
    error_in_rows,
    error_in_ulps,
    mp,
)

EPS = 2.0**-52
every_loss = pytest.mark.parametrize("name", LOSSES)
every_elementwise_loss = pytest.mark.parametrize("name", ELEMENTWISE)
every_class_loss = pytest.mark.parametrize("name", sorted(CLASSES))
every_part = pytest.mark.parametrize("part", PARTS)


def compute(name, part, prediction, target, **options):
    return getattr(getattr(losses, name), METHODS[part])(prediction, target, **options)


def close(computed, true, ulps=4):
    """To a few units in the last place, whatever the size."""
    assert_allclose(computed, true, rtol=ulps * EPS, atol=0)


# --- three animals and two models -----------------------------------------------------------------------

TRUTH = [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
MODELS = {
    1: [[0.3, 0.3, 0.4], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]],
    2: [[0.1, 0.2, 0.7], [0.1, 0.7, 0.2], [0.3, 0.4, 0.3]],
}


@pytest.mark.parametrize("model, each, mean", [(1, (0.54, 0.54, 1.34), 2.42 / 3), (2, (0.14, 0.14, 0.74), 0.34)])
def test_squared_error_of_the_animals(model, each, mean):
    of_pictures = losses.squared_error.value(MODELS[model], TRUTH).sum(axis=-1)
    assert_allclose(of_pictures, each, rtol=1e-14)
    assert_allclose(of_pictures.mean(), mean, rtol=1e-14)


@pytest.mark.parametrize(
    "model, each, mean",
    [(1, (0.916290731874155, 0.916290731874155, 2.302585092994046), 1.378388852247452),
     (2, (0.356674943938732, 0.356674943938732, 1.203972804325936), 0.639107564067800)],
)  # fmt: skip
def test_cross_entropy_of_the_animals(model, each, mean):
    assert_allclose(losses.cross_entropy.value(MODELS[model], TRUTH), each, rtol=1e-14)
    assert_allclose(losses.cross_entropy.value(MODELS[model], TRUTH, reduction="mean"), mean, rtol=1e-14)


def test_softmax_of_the_scores_1_5_3():
    shares = [0.015876239976466766, 0.86681333219733487, 0.11731042782619836]
    assert_allclose(functions.softmax.value([1, 5, 3]), shares, rtol=1e-14)
    gradient = losses.softmax_cross_entropy.gradient_at([1, 5, 3], 1)
    assert_allclose(gradient, [0.015876239976466766, -0.13318666780266513, 0.11731042782619836], rtol=1e-14)
    assert_allclose(losses.softmax_cross_entropy.value([1, 5, 3], 1), 0.14293162849989953, rtol=1e-14)


# --- conventions, reconciled ----------------------------------------------------------------------------

RESIDUALS = np.array([-1e3, -3.0, -1.0, -0.5, -0.1, 0.0, 1e-9, 0.25, 1.0, 2.0, 7.0, 1e6])
LOGITS = np.array([-800.0, -40.0, -3.0, -0.5, 0.0, 1e-3, 1.0, 20.0, 33.3, 750.0])


@every_part
@pytest.mark.parametrize("delta", [1e-3, 0.5, 1.0, 3.0, 1e3])
def test_huber_is_delta_times_smooth_l1_with_beta_delta(part, delta):
    residuals = RESIDUALS if part != "hessian" else RESIDUALS[abs(RESIDUALS) != delta]  # where the slope has a kink
    smooth = compute("smooth_l1", part, residuals, 0.0, beta=delta)
    close(compute("huber", part, residuals, 0.0, delta=delta), delta * smooth)


def test_huber_with_delta_1_is_smooth_l1_with_beta_1_and_both_are_the_defaults():
    assert_array_equal(losses.huber.value(RESIDUALS, 0.0), losses.huber.value(RESIDUALS, 0.0, delta=1.0))
    assert_array_equal(losses.smooth_l1.value(RESIDUALS, 0.0), losses.smooth_l1.value(RESIDUALS, 0.0, beta=1.0))
    assert_array_equal(losses.smooth_l1.value(RESIDUALS, 0.0), losses.huber.value(RESIDUALS, 0.0))


def test_huber_grows_in_the_tail_with_the_size_of_the_residual():
    assert losses.huber.value(-3.0, 0.0, delta=1.0) == 2.5
    assert losses.huber.value(3.0, 0.0, delta=1.0) == 2.5


@every_part
def test_smooth_l1_is_l1_at_beta_0_and_tends_to_it(part):
    smooth = compute("smooth_l1", part, RESIDUALS, 0.0, beta=0.0)
    apart = RESIDUALS != 0  # the kink, where any subgradient will do
    assert_array_equal(smooth[apart], compute("absolute_error", part, RESIDUALS, 0.0)[apart])
    nearly = compute("smooth_l1", part, RESIDUALS, 0.0, beta=1e-200)
    assert_array_equal(nearly[apart], smooth[apart])


@every_part
def test_huber_is_half_the_squared_error_for_large_delta(part):
    close(compute("huber", part, RESIDUALS, 0.0, delta=1e200), compute("squared_error", part, RESIDUALS, 0.0) / 2)


@every_part
def test_the_median_pinball_is_half_the_absolute_error(part):
    apart = RESIDUALS[RESIDUALS != 0]
    for parameters in ({}, {"quantile": 0.5}):
        close(compute("pinball", part, apart, 0.0, **parameters), compute("absolute_error", part, apart, 0.0) / 2)


def test_pinball_charges_the_quantile_for_each_unit_too_low():
    assert_allclose(losses.pinball.value([1.0, 5.0], 3.0, quantile=0.9), [0.9 * 2, 0.1 * 2])
    assert_allclose(losses.pinball.gradient_at([1.0, 5.0], 3.0, quantile=0.9), [-0.9, 0.1])


def test_the_best_constant_is_the_mean_the_median_and_the_quantile():
    measured = np.array([0.0, 1.0, 2.0, 10.0, 20.0])
    constants = np.arange(0, 20.25, 0.25)[:, None]
    best = {
        name: constants[np.argmin(compute(name, "value", constants, measured, **parameters).sum(axis=-1)), 0]
        for name, parameters in {"squared_error": {}, "absolute_error": {}, "pinball": {"quantile": 0.7}}.items()
    }
    assert best == {"squared_error": 6.5, "absolute_error": 2.0, "pinball": 10.0}  # the mean, 6.6, on the grid


def test_log_cosh_is_half_a_square_when_small_and_a_shifted_absolute_value_when_large():
    close(losses.log_cosh.value(1e-100, 0.0), 0.5e-200)
    close(losses.log_cosh.value([1e200, -1e3], 0.0), [1e200, 1e3 - math.log(2)])


@every_part
def test_squared_hinge_is_the_square_of_hinge(part):
    z, t, _ = EXAMPLES["hinge"]
    hinge = [compute("hinge", each, z, t) for each in PARTS]
    square = {"value": hinge[0] ** 2, "gradient": 2 * hinge[0] * hinge[1], "hessian": 2 * hinge[1] ** 2}
    close(compute("squared_hinge", part, z, t), square[part])


def test_hinge_is_1_at_the_boundary_and_0_beyond_the_margin():
    assert_array_equal(losses.hinge.value([0.0, 0.0, 1.5, -1.5, -2.0], [1, -1, 1, -1, 1]), [1, 1, 0, 0, 3])


@every_part
def test_focal_with_gamma_0_is_binary_cross_entropy(part):
    labels = np.array([[0.0], [1.0]])
    plain = compute("binary_cross_entropy_with_logits", part, LOGITS, labels)
    close(compute("focal", part, LOGITS, labels, gamma=0.0), plain, ulps=16)


def test_focal_scales_cross_entropy_by_a_power_of_the_missing_probability():
    missing = 0.75  # at z = -log 3, y = 1
    cross_entropy = math.log(4)
    for gamma in (0.5, 1.0, 2.0, 5.0):
        value = losses.focal.value(-math.log(3), 1.0, gamma=gamma)
        assert_allclose(value, missing**gamma * cross_entropy, rtol=1e-14)
    assert losses.focal.value(-math.log(3), 1.0) == losses.focal.value(-math.log(3), 1.0, gamma=2.0)


def test_two_class_softmax_is_a_sigmoid_of_the_difference_of_logits():
    pairs = np.stack([LOGITS, np.zeros_like(LOGITS)], axis=-1)
    close(functions.softmax.value(pairs)[:, 0], functions.sigmoid.value(LOGITS))
    close(functions.log_softmax.value(pairs)[:, 0], functions.log_sigmoid.value(LOGITS))
    for label in (0, 1):
        both = compute("softmax_cross_entropy", "gradient", pairs, np.full(len(pairs), 1 - label))
        close(both[:, 0], compute("binary_cross_entropy_with_logits", "gradient", LOGITS, float(label)))
        close(both[:, 0], -both[:, 1])


def test_softmax_does_not_see_a_shift_of_all_logits():
    rows = np.array([[1.0, 5.0, 3.0], [-2.0, 0.0, 2.0]])
    assert_allclose(functions.softmax.value(rows), functions.softmax.value(rows + 1024), rtol=2.0**-51)


def test_cross_entropy_is_entropy_plus_divergence():
    q, p, _ = EXAMPLES["kl_divergence"]
    entropy = losses.cross_entropy.value(p, p)
    assert_allclose(entropy, [0, 1.039720770839918], rtol=1e-15)  # 1.5 log 2 for (1/4, 1/2, 1/4)
    assert_allclose(losses.cross_entropy.value(q, p), entropy + losses.kl_divergence.value(q, p), rtol=1e-15)


def test_divergence_is_0_between_equals_and_not_symmetric():
    assert losses.kl_divergence.value([0.25, 0.75], [0.25, 0.75]) == 0
    forth, back = losses.kl_divergence.value([[0.5, 0.5], [0.25, 0.75]], [[0.25, 0.75], [0.5, 0.5]])
    assert_allclose([forth, back], [0.75 * math.log(3) - math.log(2), math.log(2) - math.log(3) / 2], rtol=1e-14)


def test_cross_entropy_of_a_label_is_the_negative_log_likelihood():
    p, _, _ = EXAMPLES["cross_entropy"]
    close(losses.cross_entropy.value(p, [1, 2]), -np.log([p[0, 1], p[1, 2]]))


@pytest.mark.parametrize("probabilities_loss, logits_loss, link", [
    ("cross_entropy", "softmax_cross_entropy", "softmax"),
    ("binary_cross_entropy", "binary_cross_entropy_with_logits", "sigmoid"),
])  # fmt: skip
def test_a_loss_of_logits_is_the_loss_of_their_probabilities(probabilities_loss, logits_loss, link):
    z, y, _ = EXAMPLES[logits_loss]
    p = getattr(functions, link).value(z)
    assert_allclose(compute(probabilities_loss, "value", p, y), compute(logits_loss, "value", z, y), rtol=1e-14)


@pytest.mark.parametrize("link", ["softmax", "sigmoid"])
def test_squared_error_of_probabilities_from_logits(link):
    logits_loss = f"{link}_squared_error"
    z, y, _ = EXAMPLES[logits_loss]
    squares = losses.squared_error.value(getattr(functions, link).value(z), y)
    assert_allclose(compute(logits_loss, "value", z, y), squares.sum(axis=-1) if z.ndim == 2 else squares, rtol=1e-14)


def test_binary_cross_entropy_is_a_cross_entropy_of_two_classes():
    p, y, _ = EXAMPLES["binary_cross_entropy"]
    two = losses.cross_entropy.value(np.stack([p, 1 - p], axis=-1), np.stack([y, 1 - y], axis=-1))
    close(losses.binary_cross_entropy.value(p, y), two)


def test_poisson_is_smallest_where_the_rate_is_the_count():
    counts = np.array([1.0, 2.0, 17.0])
    assert_allclose(losses.poisson.gradient_at(np.log(counts), counts), 0, atol=1e-14)
    assert_allclose(losses.poisson.value(np.log(counts), counts), counts - counts * np.log(counts), rtol=1e-14)
    assert losses.poisson.value(0.0, 0.0) == 1


def test_softplus_lies_at_most_log_2_above_the_positive_part():
    above = functions.softplus.value(LOGITS) - np.maximum(LOGITS, 0)
    assert above.max() == functions.softplus.value(0.0) == math.log(2)
    assert (above >= 0).all()


def test_smoothed_labels_are_mixed_with_the_uniform_distribution():
    y = np.array([[0.0, 1.0, 0.0, 0.0], [0.5, 0.25, 0.25, 0.0]])
    assert_allclose(losses.smooth_labels(y, 0.1), 0.9 * y + 0.025, rtol=1e-15)
    assert_array_equal(losses.smooth_labels(y, 0.0), y)
    assert_array_equal(losses.smooth_labels(y, 1.0), np.full((2, 4), 0.25))
    assert_allclose(losses.smooth_labels(y, 0.3).sum(axis=-1), 1, rtol=1e-15)
    assert_array_equal(losses.smooth_labels([0.0, 1.0], 0.5), [0.25, 0.75])
    assert losses.smooth_labels(y.astype(np.float32), 0.1).dtype == np.float32
    assert losses.smooth_labels(np.zeros((0, 4)), 0.1).shape == (0, 4)


@pytest.mark.parametrize("table", [LOSSES, EXAMPLES, TEXTBOOK], ids=["LOSSES", "EXAMPLES", "TEXTBOOK"])
def test_each_loss_stands_in_each_table_of_the_reference(table):
    missing = losses.catalogue.keys() - table.keys()
    assert not missing, f"add {missing} to ELEMENTWISE or CLASSES, to EXAMPLES and to TEXTBOOK in tests/reference.py"
    assert table.keys() == losses.catalogue.keys()


def test_the_catalogue_names_every_loss():
    assert all(losses.catalogue[name] is getattr(losses, name) is losses.get(name) for name in LOSSES)


# --- where other libraries lose digits, with the true values --------------------------------------------


def test_binary_cross_entropy_does_not_clamp_the_logarithm():
    close(losses.binary_cross_entropy.value(1e-50, 1.0), 115.12925464970228)
    close(losses.binary_cross_entropy.gradient_at(1e-50, 1.0), -1e50)


def test_binary_cross_entropy_with_logits_keeps_small_losses_and_gradients():
    close(losses.binary_cross_entropy_with_logits.value(-33.3, 0.0), 3.4513877443742103e-15)
    close(losses.binary_cross_entropy_with_logits.gradient_at(40.0, 1.0), -4.248354255291589e-18)


def test_softplus_has_no_threshold():
    close(functions.softplus.value(20.756), 20.756000000967796)


def test_softmax_cross_entropy_keeps_small_losses():
    close(losses.softmax_cross_entropy.value([0.0, 50.0], 1), 1.9287498479639178e-22)


def test_smooth_l1_does_not_overflow_before_its_result():
    close(losses.smooth_l1.value(1e190, 0.0, beta=1e200), 5e179)


def test_log_cosh_of_a_small_residual_keeps_its_digits():
    close(losses.log_cosh.value(1e-8, 0.0), 5e-17)


def test_logsumexp_keeps_the_small_term():
    close(functions.logsumexp.value([0.0, -40.0]), 4.248354255291589e-18)


def test_softmax_cross_entropy_of_equal_logits_is_log_n_at_any_size():
    for size in (0.0, 1.0, 1e16, 1e300, -1e300):
        close(losses.softmax_cross_entropy.value([size] * 3, 2), 1.0986122886681098)


def test_softmax_of_large_logits_is_a_distribution():
    assert_array_equal(functions.softmax.value([1000.0, 0.0, 0.0]), [1, 0, 0])
    for size in (1e4, -1e4):
        sign = 1 if size > 0 else 0
        gradient = losses.softmax_cross_entropy.gradient_at([size, 0.0], [0.0, 1.0])
        assert_array_equal(gradient, [sign, -sign])


@every_part
def test_a_logit_of_minus_infinity_masks_its_class(part):
    masked = compute("softmax_cross_entropy", part, [1.0, -np.inf, 3.0], [0.0, 0.0, 1.0])
    plain = compute("softmax_cross_entropy", part, [1.0, 3.0], [0.0, 1.0])
    kept = masked if part == "value" else masked[[0, 2]] if part == "gradient" else masked[np.ix_([0, 2], [0, 2])]
    assert_array_equal(kept, plain)
    assert part == "value" or not masked[1].any()


def test_a_probability_of_0_costs_nothing_where_the_target_is_0():
    close(losses.cross_entropy.value([0.0, 0.25, 0.75], [0.0, 1.0, 0.0]), math.log(4))
    close(losses.kl_divergence.value([0.0, 0.25, 0.75], [0.0, 1.0, 0.0]), math.log(4))
    assert losses.binary_cross_entropy.value(0.0, 0.0) == losses.binary_cross_entropy.value(1.0, 1.0) == 0


def test_a_kink_has_one_of_its_subgradients():
    assert -1 <= losses.absolute_error.gradient_at(2.0, 2.0) <= 1
    assert -1 <= losses.smooth_l1.gradient_at(2.0, 2.0, beta=0.0) <= 1
    assert -0.9 <= losses.pinball.gradient_at(2.0, 2.0, quantile=0.9) <= 0.1
    assert -1 <= losses.hinge.gradient_at(1.0, 1.0) <= 0 <= losses.hinge.gradient_at(-1.0, -1.0) <= 1


# --- shapes, labels, reductions -------------------------------------------------------------------------


@every_elementwise_loss
@every_part
def test_an_elementwise_loss_broadcasts(name, part):
    prediction, target, parameters = EXAMPLES[name]
    table = compute(name, part, prediction[:, None], target, **parameters)
    assert table.shape == (6, 6)
    for row, one in enumerate(prediction):
        for column, other in enumerate(target):
            assert table[row, column] == compute(name, part, one, other, **parameters)


@every_class_loss
@pytest.mark.parametrize("leading", [(), (1,), (2,), (5, 2)])
def test_a_class_loss_takes_the_classes_on_the_last_axis(name, leading):
    prediction, target, _ = EXAMPLES[name]
    shape = (*leading, 3)
    whole = leading[-1:] == (2,)
    prediction, target = (np.broadcast_to(rows if whole else rows[0], shape) for rows in (prediction, target))
    assert np.shape(compute(name, "value", prediction, target)) == leading
    assert compute(name, "gradient", prediction, target).shape == shape
    hessian = compute(name, "hessian", prediction, target)
    assert hessian.shape == (*shape, 3)
    assert_allclose(hessian, np.swapaxes(hessian, -1, -2), rtol=1e-14)


@every_class_loss
@every_part
def test_whole_number_labels_are_one_hot_rows(name, part):
    prediction, _, _ = EXAMPLES[name]
    prediction = np.tile(prediction, (150, 1))
    for kind in (int, np.int8, np.uint16, np.uint64):
        labels = np.tile(np.array([2, 0], dtype=kind), 150)
        assert_array_equal(compute(name, part, prediction, labels), compute(name, part, prediction, np.eye(3)[labels]))
    assert_array_equal(compute(name, part, prediction[0], 2), compute(name, part, prediction[0], [0, 0, 1]))


@every_class_loss
def test_a_single_class_is_certain(name):
    rows = np.ones((4, 1))
    assert_array_equal(compute(name, "value", rows, rows), np.zeros(4))
    assert_array_equal(compute(name, "value", rows, np.zeros(4, int)), np.zeros(4))
    probabilities = "softmax" not in name
    assert_array_equal(compute(name, "gradient", rows, rows), -rows if probabilities else 0 * rows)
    assert_array_equal(compute(name, "hessian", rows, rows)[..., 0], rows if probabilities else 0 * rows)
    assert_array_equal(functions.softmax.value(rows), rows)
    assert_array_equal(functions.logsumexp.value(rows), np.ones(4))


@every_loss
def test_reductions_are_the_mean_and_the_sum_over_samples(name):
    prediction, target, parameters = EXAMPLES[name]
    each = compute(name, "value", prediction, target, **parameters)
    gradient = compute(name, "gradient", prediction, target, **parameters)
    for reduction, count in (("sum", 1), ("mean", len(prediction))):
        options = parameters | {"reduction": reduction}
        reduced = compute(name, "value", prediction, target, **options)
        assert np.ndim(reduced) == 0
        assert_allclose(reduced, math.fsum(each) / count, rtol=1e-14)
        assert_allclose(compute(name, "gradient", prediction, target, **options), gradient / count, rtol=1e-15)
        both = getattr(losses, name).value_and_gradient(prediction, target, **options)
        assert_array_equal(both[0], reduced)
        assert_allclose(both[1], gradient / count, rtol=1e-15)


def test_the_gradient_of_a_broadcast_mean_is_its_share():
    """Four samples come of the two predictions and two targets, each with a quarter of the mean."""
    gradient = losses.squared_error.gradient_at([[1.0], [2.0]], [0.0, 4.0], reduction="mean")
    assert_array_equal(gradient, [[0.5, -1.5], [1.0, -1.0]])


@every_loss
@every_part
def test_an_empty_batch_has_an_empty_result(name, part):
    prediction, target, parameters = EXAMPLES[name]
    result = compute(name, part, prediction[:0], target[:0], **parameters)
    assert result.shape == compute(name, part, prediction, target, **parameters)[:0].shape
    assert result.dtype == np.float64


def test_the_sum_over_an_empty_batch_is_0():
    assert losses.squared_error.value(np.zeros(0), np.zeros(0), reduction="sum") == 0
    assert losses.softmax_cross_entropy.value(np.zeros((0, 3)), np.zeros((0, 3)), reduction="sum") == 0


@every_loss
@every_part
def test_arguments_are_left_as_they_were(name, part):
    prediction, target, parameters = EXAMPLES[name]
    before = prediction.copy(), target.copy()
    result = compute(name, part, prediction, target, **parameters)
    assert_array_equal(prediction, before[0])
    assert_array_equal(target, before[1])
    assert not np.shares_memory(result, prediction) and not np.shares_memory(result, target)


@every_loss
@every_part
def test_strided_and_read_only_arrays_and_lists_give_the_same(name, part):
    prediction, target, parameters = EXAMPLES[name]
    expected = compute(name, part, prediction, target, **parameters)
    spread = np.repeat(prediction, 2, axis=0)[::2], np.asfortranarray(target)
    spread[0].flags.writeable = False
    assert_array_equal(compute(name, part, *spread, **parameters), expected)
    assert_array_equal(compute(name, part, prediction.tolist(), target.tolist(), **parameters), expected)


# --- float32 --------------------------------------------------------------------------------------------


@every_loss
@every_part
def test_float32_in_gives_float32_out_at_the_same_standard(name, part):
    prediction, target, parameters = EXAMPLES[name]
    result = compute(name, part, prediction.astype(np.float32), target.astype(np.float32), **parameters)
    assert result.dtype == np.float32
    double = compute(name, part, prediction, target, **parameters)
    tolerance = 8 * 2.0**-23 if name in ELEMENTWISE else 16 * 2.0**-23
    scale = np.abs(double) if name in ELEMENTWISE or part == "value" else np.abs(double).max(axis=-1, keepdims=True)
    assert (np.abs(result - double) <= tolerance * scale).all()


@pytest.mark.parametrize("name", ["binary_cross_entropy_with_logits", "log_cosh", "huber", "smooth_l1"])
@every_part
def test_float32_keeps_its_digits_where_it_nearly_overflows(name, part):
    numbers = np.array([0, 1e-38, 1e-30, 1e-19, 1e-8, 1e-4, 0.5, 15.25, 17, 33.3, 87.5, 104, 1e10, 1e30], np.float32)
    prediction = np.concatenate([-numbers, numbers])
    target = np.zeros_like(prediction)
    parameters = {"huber": {"delta": 2.0**60}, "smooth_l1": {"beta": 2.0**60}}.get(name, {})
    result = compute(name, part, prediction, target, **parameters)
    assert result.dtype == np.float32
    for computed, z in zip(result, prediction):
        true = LOSSES[name](float(z), 0.0, **parameters)[PARTS.index(part)]
        assert error_in_ulps(computed, true) <= 8, f"at {z!r}: {computed!r}, true {float(true)!r}"


@pytest.mark.parametrize("row", [[0, 50], [1000, 0, 0], [0, -40], [1e38, -1e38, 0], [-np.inf, 2, 1], [3e4, 3e4, 3e4]])
def test_float32_softmax_cross_entropy_keeps_its_digits(row):
    z = np.array(row, np.float32)
    y = np.eye(len(row), dtype=np.float32)[1]
    value, gradient, hessian = LOSSES["softmax_cross_entropy"](tuple(map(float, z)), tuple(map(float, y)))
    computed = [compute("softmax_cross_entropy", part, z, y) for part in PARTS]
    assert [part.dtype for part in computed] == [np.float32] * 3
    assert error_in_rows(computed[0][()], value, float(value)) <= 16
    matrix = [[hessian(i, k) for k in range(len(row))] for i in range(len(row))]
    for result, true in [(computed[1], gradient), *zip(computed[2], matrix)]:
        scale = max(float(abs(entry)) for entry in (gradient if true is gradient else sum(matrix, [])))
        assert max(error_in_rows(a, b, scale) for a, b in zip(result, true)) <= 16


@pytest.mark.parametrize("name", FUNCTIONS | ROW_FUNCTIONS)
def test_float32_functions_give_float32(name):
    z = np.array([[1.0, 5.0, 3.0]], np.float32)
    function = getattr(functions, name)
    for part in (function.value, function.gradient_at):
        assert part(z).dtype == np.float32
        assert_allclose(part(z), part(z.astype(np.float64)), rtol=16 * 2.0**-23)


@every_part
def test_float32_with_float64_gives_float64(part):
    prediction, target, _ = EXAMPLES["squared_error"]
    assert compute("squared_error", part, prediction.astype(np.float32), target).dtype == np.float64


# --- functions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROW_FUNCTIONS)
def test_shapes_of_row_functions(name):
    z = np.zeros((4, 2, 3))
    value_shape = (4, 2) if name == "logsumexp" else (4, 2, 3)
    assert getattr(functions, name).value(z).shape == value_shape
    assert getattr(functions, name).gradient_at(z).shape == (*value_shape, 3)
    assert getattr(functions, name).value(z[:0]).shape == (0, *value_shape[1:])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_shapes_of_elementwise_functions(name):
    for shape in ((), (0,), (2, 3)):
        assert np.shape(getattr(functions, name).value(np.zeros(shape))) == shape
        assert np.shape(getattr(functions, name).gradient_at(np.zeros(shape))) == shape


# --- differences, central and complex -------------------------------------------------------------------


def directions(name, prediction):
    """The directions in which the prediction of each sample can move, each with where the result is kept."""
    if name in ELEMENTWISE:
        return [(np.ones_like(prediction), ...)]
    return [(np.eye(3)[k], (..., k)) for k in range(3)]


@every_loss
def test_value_is_what_the_textbook_says(name):
    prediction, target, parameters = EXAMPLES[name]
    textbook = TEXTBOOK[name](prediction.astype(complex), target, **parameters).real
    assert_allclose(compute(name, "value", prediction, target, **parameters), textbook, rtol=1e-13, atol=1e-15)


@every_loss
def test_gradient_is_the_complex_step_of_the_textbook(name):
    prediction, target, parameters = EXAMPLES[name]
    gradient = compute(name, "gradient", prediction, target, **parameters)
    for direction, kept in directions(name, prediction):
        step = TEXTBOOK[name](prediction + 1e-30j * direction, target, **parameters).imag / 1e-30
        assert_allclose(gradient[kept], step, rtol=1e-12, atol=1e-14)


NOT_DISTRIBUTIONS = ("cross_entropy", "kl_divergence")  # a step would leave the rows that sum to 1


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in NOT_DISTRIBUTIONS])
@pytest.mark.parametrize("lower, upper", [("value", "gradient"), ("gradient", "hessian")])
def test_each_derivative_is_the_central_difference_of_what_it_derives(name, lower, upper):
    prediction, target, parameters = EXAMPLES[name]
    derivative = compute(name, upper, prediction, target, **parameters)
    for direction, kept in directions(name, prediction):
        above, below = (compute(name, lower, prediction + h * direction, target, **parameters) for h in (1e-6, -1e-6))
        assert_allclose((above - below) / 2e-6, derivative[kept], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["cross_entropy", "kl_divergence"])
def test_hessian_by_probabilities_is_diagonal_and_holds_the_target_over_the_square(name):
    prediction, target, _ = EXAMPLES[name]
    expected = np.eye(3) * (target / prediction**2)[:, None, :]
    close(compute(name, "hessian", prediction, target), expected)


# --- the symbols, without any array ---------------------------------------------------------------------


def at(expression, point, indices=()):
    """The number of 40 digits that `expression` has at `point`: numbers for symbols, tuples for rows."""
    values = {}
    for symbol, number in point.items():
        if isinstance(number, tuple):
            values |= {symbol[position + 1]: Rational(entry) for position, entry in enumerate(number)}
        else:
            values[symbol] = Rational(number)
    expression = functions.in_definitions(expression).subs(dict(zip((i, k), indices))).subs(n, 3).doit()
    left = expression.xreplace(values)
    assert not left.atoms(Indexed)
    return mp.mpf(str(left.evalf(40)))


def same(number, true):
    return abs(number - true) <= abs(true) * mp.mpf(10) ** -30


@every_elementwise_loss
def test_the_expressions_of_an_elementwise_loss_are_right_at_points(name):
    loss = getattr(losses, name)
    predictions, targets, parameters = EXAMPLES[name]
    for prediction, target in zip(predictions.tolist(), targets.tolist()):
        point = {loss.prediction: prediction, loss.target: target}
        point |= {loss.parameters[keyword][0]: number for keyword, number in parameters.items()}
        trues = LOSSES[name](prediction, target, **parameters)
        for expression, true in zip((loss.expression, loss.gradient, loss.hessian), trues):
            assert same(at(expression, point), true)


@pytest.mark.thorough(one_case_in=2)
@every_class_loss
def test_the_expressions_of_a_class_loss_are_right_at_points(name):
    loss = getattr(losses, name)
    for prediction, target in zip(*(rows.tolist() for rows in EXAMPLES[name][:2])):
        if 0 in target and name == "kl_divergence":
            continue  # 0 log 0 is a rule of the arrays
        point = {loss.prediction: tuple(prediction), loss.target: tuple(target)}
        value, gradient, hessian = LOSSES[name](tuple(prediction), tuple(target))
        assert same(at(loss.expression, point), value)
        for row in range(3):
            assert same(at(loss.gradient, point, [row + 1]), gradient[row])
            for column in range(3):
                assert same(at(loss.hessian, point, [row + 1, column + 1]), hessian(row, column))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("z", [-2.5, -0.25, 0.0, 0.375, 3.0])
def test_the_definition_of_a_function_of_one_number_is_right_at_points(name, z):
    function = getattr(functions, name).symbolic()
    value, derivative = FUNCTIONS[name](mp.mpf(z))
    assert same(at(function, {function.args[0]: z}), value)
    assert same(at(function.diff(function.args[0]), {function.args[0]: z}), derivative)


@pytest.mark.parametrize("name", ROW_FUNCTIONS)
@pytest.mark.parametrize("row", [(1.0, 5.0, 3.0), (-0.5, 0.25, 2.0)])
def test_the_definition_of_a_function_of_a_row_is_right_at_points(name, row):
    function = getattr(functions, name).symbolic()
    value, derivative = ROW_FUNCTIONS[name](row)
    point = {function.args[0]: row}
    slope = function.diff(function.args[0][k])
    for column in range(3):
        if name == "logsumexp":
            assert same(at(function, point), value)
            assert same(at(slope, point, [1, column + 1]), derivative(column))
            continue
        assert same(at(function, point, [column + 1]), value[column])
        for other in range(3):
            assert same(at(slope, point, [column + 1, other + 1]), derivative(column, other))


@pytest.mark.parametrize("shape", [(1,), (4,), (2, 7)])
def test_a_mean_is_over_all_samples_whatever_their_axes(shape):
    for name, target in (("squared_error", 0.5), ("softmax_squared_error", [0.2, 0.3, 0.5])):
        target = np.broadcast_to(target, shape + np.shape(target))
        each = losses.catalogue[name].gradient_at(np.ones(target.shape), target)
        mean = losses.catalogue[name].gradient_at(np.ones(target.shape), target, reduction="mean")
        assert_allclose(mean, each / math.prod(shape), rtol=1e-15)
