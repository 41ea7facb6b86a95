"""What the mathematics promises of every loss, at numbers that hypothesis chooses: the same ones in each run."""

from functools import cache

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sympy import FiniteSet, oo

from lossbook import functions, losses
from lossbook.facts import is_convex, kinks, longest_gradient, steepest_slope
from lossbook.notation import DISTRIBUTIONS, DOMAINS, count


def given(*strategies):
    """Run a test at a few examples of the strategies: the same in every run, without a clock or a database."""
    repeated = hypothesis.settings(derandomize=True, max_examples=8, deadline=None, database=None)
    return lambda test: repeated(hypothesis.given(*strategies)(test))


EVERY_LOSS = pytest.mark.parametrize("name", losses.catalogue)
CLASS_LOSSES = [name for name, loss in losses.catalogue.items() if loss.over_classes]
SINGLE_LOSSES = [name for name, loss in losses.catalogue.items() if not loss.over_classes]
SOFTMAX_LOSSES = [name for name in CLASS_LOSSES if losses.catalogue[name].prediction not in DISTRIBUTIONS]
LABELLED_LOSSES = [name for name in CLASS_LOSSES if losses.catalogue[name].target not in DISTRIBUTIONS[:1]]
CONVEX_LOSSES = [name for name, loss in losses.catalogue.items() if is_convex(loss)]
RESIDUAL_LOSSES = ["squared_error", "absolute_error", "smooth_l1", "huber", "log_cosh", "pinball"]
MARGIN_LOSSES = ["hinge", "squared_hinge"]
LOGIT_LOSSES = ["binary_cross_entropy_with_logits", "sigmoid_squared_error", "focal"]


# --- what is drawn --------------------------------------------------------------------------------------


def numbers(domain=None):
    """Moderate numbers inside a domain: probabilities stay away from both ends, where losses have none."""
    if isinstance(domain, FiniteSet):
        return st.sampled_from(sorted(map(float, domain)))
    low, high = (-oo, oo) if domain is None else (domain.inf, domain.sup)
    margin = 1e-3 if domain is not None and domain.left_open else 0
    low, high = (-30 if low == -oo else float(low) + margin), (30 if high == oo else float(high) - margin)
    return st.floats(low, high, allow_subnormal=False)


def rows(symbol, samples, classes):
    """Rows of logits, or rows of probabilities; targets may be 0, predictions not."""
    scores = arrays(float, (samples, classes), elements=numbers())
    if symbol not in DISTRIBUTIONS:
        return scores
    return scores.map(lambda row: np.exp(row / 5) / np.exp(row / 5).sum(axis=-1, keepdims=True))


@st.composite
def cases(draw, name, samples=3):
    """A loss, predictions, targets and parameters."""
    loss = losses.catalogue[name]
    if loss.over_classes:
        classes = draw(st.integers(1, 5))
        prediction, target = (draw(rows(symbol, samples, classes)) for symbol in (loss.prediction, loss.target))
    else:
        whole = st.integers(0, 30).map(float) if loss.target == count else numbers(DOMAINS[loss.target])
        prediction = draw(arrays(float, samples, elements=numbers(DOMAINS[loss.prediction])))
        target = draw(arrays(float, samples, elements=whole))
    parameters = {
        keyword: draw(st.floats(0.1, 0.9 if DOMAINS[symbol].sup == 1 else 5))
        for keyword, (symbol, _) in loss.parameters.items()
    }
    return loss, prediction, target, parameters


def moderate():
    return arrays(float, 5, elements=numbers())


def close(left, right, size=1.0):
    """Whether numbers agree but for rounding, where numbers of `size` were added on the way."""
    np.testing.assert_allclose(left, right, rtol=1e-11, atol=1e-12 * np.max(size, initial=1.0))


# --- functions ------------------------------------------------------------------------------------------


@given(st.integers(1, 6).flatmap(lambda classes: arrays(float, (3, classes), elements=st.floats(-1e4, 1e4))))
def test_rows_of_a_softmax_are_distributions(z):
    p = functions.softmax.value(z)
    assert (p >= 0).all() and (p <= 1).all()
    close(p.sum(axis=-1), 1)
    close(functions.softmax_complement.value(z), 1 - p)


@given(arrays(float, (3, 4), elements=numbers()), numbers())
def test_a_constant_added_to_all_logits_changes_no_softmax_and_adds_to_logsumexp(z, constant):
    for function in (functions.softmax, functions.log_softmax):
        close(function.value(z + constant), function.value(z), 60)
    close(functions.logsumexp.value(z + constant), functions.logsumexp.value(z) + constant, 60)


@given(arrays(float, (3, 4), elements=numbers()))
def test_logsumexp_lies_between_the_greatest_logit_and_that_plus_log_n(z):
    above = functions.logsumexp.value(z) - z.max(axis=-1)
    assert (above >= 0).all() and (above <= np.log(4) + 1e-12).all()
    close(functions.logsumexp.gradient_at(z), functions.softmax.value(z))


@given(arrays(float, (2, 4), elements=numbers()))
def test_the_slopes_of_a_softmax_are_symmetric_and_add_to_0(z):
    slopes = functions.softmax.gradient_at(z)
    close(slopes, np.swapaxes(slopes, -1, -2))
    close(slopes.sum(axis=-1), 0)


@given(arrays(float, 5, elements=numbers()))
def test_mirrored_scores(z):
    sigmoid, softplus = functions.sigmoid.value, functions.softplus.value
    close(sigmoid(z) + sigmoid(-z), 1)
    close(softplus(z) - softplus(-z), z, 30)
    close(functions.log_sigmoid.value(z), -softplus(-z))
    close(functions.tanh.value(-z), -functions.tanh.value(z))
    close(functions.tanh.value(z), 2 * sigmoid(2 * z) - 1)
    close(functions.log_cosh.value(-z), functions.log_cosh.value(z))


@given(arrays(float, 5, elements=numbers()))
def test_two_logits_make_a_softmax_a_sigmoid_of_their_difference(z):
    close(functions.softmax.value(np.stack([z, np.zeros_like(z)], axis=-1))[:, 0], functions.sigmoid.value(z))


# --- every loss -----------------------------------------------------------------------------------------


@EVERY_LOSS
@given(st.data())
def test_value_and_gradient_are_value_and_gradient_at(name, data):
    loss, prediction, target, parameters = data.draw(cases(name))
    for reduction in (None, "mean", "sum"):
        value, gradient = loss.value_and_gradient(prediction, target, reduction=reduction, **parameters)
        np.testing.assert_array_equal(value, loss.value(prediction, target, reduction=reduction, **parameters))
        np.testing.assert_array_equal(gradient, loss.gradient_at(prediction, target, reduction=reduction, **parameters))


@EVERY_LOSS
@given(st.data())
def test_a_sample_does_not_depend_on_the_samples_beside_it(name, data):
    loss, prediction, target, parameters = data.draw(cases(name))
    for compute in (loss.value, loss.gradient_at, loss.hessian_at):
        together = compute(prediction, target, **parameters)
        for number in range(len(prediction)):
            np.testing.assert_array_equal(together[number], compute(prediction[number], target[number], **parameters))


@EVERY_LOSS
@given(st.data())
def test_reductions_are_sums_and_means_over_samples(name, data):
    loss, prediction, target, parameters = data.draw(cases(name))
    values = loss.value(prediction, target, **parameters)
    close(loss.value(prediction, target, reduction="sum", **parameters), values.sum(), abs(values))
    close(loss.value(prediction, target, reduction="mean", **parameters), values.mean(), abs(values))
    gradient = loss.gradient_at(prediction, target, **parameters)
    close(loss.gradient_at(prediction, target, reduction="mean", **parameters) * len(values), gradient, abs(gradient))


@pytest.mark.parametrize("name", [name for name in losses.catalogue if name not in ("poisson", "cross_entropy")])
@given(st.data())
def test_a_loss_is_never_negative(name, data):
    loss, prediction, target, parameters = data.draw(cases(name))
    assert (loss.value(prediction, target, **parameters) >= -1e-12).all()


@pytest.mark.parametrize("name", CONVEX_LOSSES)
@given(st.data())
def test_a_convex_loss_lies_above_its_tangents_and_below_its_chords(name, data):
    loss, a, target, parameters = data.draw(cases(name))
    if loss.over_classes:
        b = data.draw(rows(loss.prediction, *a.shape))
    else:
        b = data.draw(arrays(float, a.shape, elements=numbers(DOMAINS[loss.prediction])))
    at_a, at_b, between = (loss.value(p, target, **parameters) for p in (a, b, (a + b) / 2))
    rise = loss.gradient_at(a, target, **parameters) * (b - a)
    rise = rise.sum(axis=-1) if loss.over_classes else rise
    rounding = 1e-11 * (1 + abs(at_a) + abs(at_b) + abs(rise))
    assert (at_b >= at_a + rise - rounding).all()
    assert (between <= (at_a + at_b) / 2 + rounding).all()


@pytest.mark.parametrize("name", CONVEX_LOSSES)
@given(st.data())
def test_the_hessian_of_a_convex_loss_is_positive_semi_definite(name, data):
    loss, prediction, target, parameters = data.draw(cases(name))
    hessian = loss.hessian_at(prediction, target, **parameters)
    if not loss.over_classes:
        assert (hessian >= 0).all()
        return
    np.testing.assert_allclose(hessian, np.swapaxes(hessian, -1, -2), rtol=1e-13, atol=1e-300)
    assert (np.linalg.eigvalsh(hessian) >= -1e-13 * (1 + abs(hessian).max())).all()


@EVERY_LOSS
@given(st.data())
def test_no_slope_is_steeper_than_the_bound_that_is_proved(name, data):
    loss, prediction, target, parameters = data.draw(cases(name))
    gradient = loss.gradient_at(prediction, target, **parameters)
    sizes = [abs(gradient).max(), np.linalg.norm(gradient, axis=-1).max() if loss.over_classes else 0]
    values = {symbol.name: parameters[keyword] for keyword, (symbol, _) in loss.parameters.items()}
    for bound, size in zip(proved_bounds(loss), sizes):
        if bound not in (None, oo):
            bound = bound.subs({symbol: values[symbol.name] for symbol in bound.free_symbols})
            assert size <= float(bound) * (1 + 1e-14)


@cache
def proved_bounds(loss):
    return steepest_slope(loss), longest_gradient(loss)


@EVERY_LOSS
@given(st.data())
def test_the_slope_is_that_of_small_steps(name, data):
    loss, prediction, target, parameters = data.draw(cases(name, samples=1))
    step = 1e-5 * np.ones_like(prediction)
    if loss.over_classes:
        step = 1e-5 * data.draw(arrays(float, prediction.shape, elements=st.floats(-1, 1, allow_subnormal=False)))
        if loss.prediction in DISTRIBUTIONS:  # rows that are tried must add to 1 again
            step = (step - step.mean(axis=-1, keepdims=True)) * prediction.min(axis=-1, keepdims=True)
    ahead, here, behind = (loss.value(prediction + way * step, target, **parameters)[0] for way in (1, 0, -1))
    rise = (loss.gradient_at(prediction, target, **parameters) * step).sum()
    rounding = 1e-13 * (1 + abs(here))
    curved = 10 * (step**2).sum() * (1 + abs(loss.hessian_at(prediction, target, **parameters)).max())
    least, most = sorted([ahead - here, here - behind])  # at a kink, the slopes of both sides
    assert least - rounding - curved <= rise <= most + rounding + curved


# --- losses over classes --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
@given(st.data())
def test_the_gradient_by_logits_adds_to_0_if_the_targets_add_to_1(name, data):
    loss, z, target, _ = data.draw(cases(name))
    close(loss.gradient_at(z, target).sum(axis=-1), 0)
    close(loss.hessian_at(z, target).sum(axis=-1), 0)


@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
@given(st.data(), numbers())
def test_a_constant_added_to_all_logits_changes_neither_loss_nor_gradient(name, data, constant):
    loss, z, target, _ = data.draw(cases(name))
    close(loss.value(z + constant, target), loss.value(z, target), 60)
    close(loss.gradient_at(z + constant, target), loss.gradient_at(z, target), 60)


@pytest.mark.parametrize("name", CLASS_LOSSES)
@given(st.data())
def test_classes_have_no_order(name, data):
    loss, prediction, target, _ = data.draw(cases(name))
    order = np.array(data.draw(st.permutations(range(prediction.shape[-1]))))
    close(loss.value(prediction[:, order], target[:, order]), loss.value(prediction, target), 60)
    gradient = loss.gradient_at(prediction, target)
    close(loss.gradient_at(prediction[:, order], target[:, order]), gradient[:, order], abs(gradient))


@pytest.mark.parametrize("name", LABELLED_LOSSES)
@given(st.data())
def test_a_label_is_its_one_hot_row(name, data):
    loss, prediction, _, _ = data.draw(cases(name))
    classes = prediction.shape[-1]
    labels = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=3, max_size=3)))
    one_hot = np.eye(classes)[labels]
    for compute in (loss.value, loss.gradient_at, loss.hessian_at):
        close(compute(prediction, labels), compute(prediction, one_hot))


@given(st.data())
def test_softmax_cross_entropy_is_cross_entropy_of_the_softmax(data):
    loss, z, target, _ = data.draw(cases("softmax_cross_entropy"))
    p = functions.softmax.value(z)
    usable = (p > 1e-300).all(axis=-1)
    close(loss.value(z, target)[usable], losses.cross_entropy.value(p[usable], target[usable]), 60)
    close(loss.gradient_at(z, target), p - target)


@given(st.data())
def test_divergence_is_cross_entropy_less_entropy_and_0_where_the_two_agree(data):
    loss, q, p, _ = data.draw(cases("kl_divergence"))
    cross_entropy = losses.cross_entropy
    close(loss.value(q, p), cross_entropy.value(q, p) - cross_entropy.value(p, p), 10)
    close(loss.value(p, p), 0)
    close(loss.gradient_at(q, p), cross_entropy.gradient_at(q, p))


@given(st.data(), numbers(DOMAINS[losses.notation.epsilon]))
def test_smoothed_labels_still_add_to_1_and_mix_the_loss_with_that_of_even_targets(data, epsilon):
    loss, z, y, _ = data.draw(cases("softmax_cross_entropy"))
    smooth = losses.smooth_labels(y, epsilon)
    close(smooth.sum(axis=-1), 1)
    even = np.full_like(y, 1 / y.shape[-1])
    mixed = (1 - epsilon) * loss.value(z, y) + epsilon * loss.value(z, even)
    close(loss.value(z, smooth), mixed, 60)


# --- losses of one number -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RESIDUAL_LOSSES)
@given(st.data(), numbers())
def test_a_loss_of_the_residual_moves_with_both_and_is_0_without_one(name, data, shift):
    loss, prediction, target, parameters = data.draw(cases(name))
    moved = loss.value(prediction + shift, target + shift, **parameters)
    close(moved, loss.value(prediction, target, **parameters), 4000)
    assert (loss.value(target, target, **parameters) == 0).all()


@pytest.mark.parametrize("name", RESIDUAL_LOSSES[:-1])
@given(st.data())
def test_the_sign_of_a_residual_turns_the_slope_and_leaves_the_loss(name, data):
    loss, prediction, target, parameters = data.draw(cases(name))
    np.testing.assert_array_equal(
        loss.value(prediction, target, **parameters), loss.value(target, prediction, **parameters)
    )
    np.testing.assert_array_equal(
        loss.gradient_at(prediction, target, **parameters), -loss.gradient_at(target, prediction, **parameters)
    )


@pytest.mark.parametrize("name", MARGIN_LOSSES)
@given(st.data())
def test_a_margin_loss_depends_on_side_times_score_and_is_0_from_margin_1_on(name, data):
    loss, score, side, _ = data.draw(cases(name))
    np.testing.assert_array_equal(loss.value(score, side), loss.value(-score, -side))
    np.testing.assert_array_equal(loss.value(score, side) == 0, score * side >= 1)


@pytest.mark.parametrize("name", LOGIT_LOSSES)
@given(st.data())
def test_yes_and_no_are_exchanged_with_the_sign_of_the_logit(name, data):
    loss, z, y, parameters = data.draw(cases(name))
    y = np.round(y)
    close(loss.value(z, y, **parameters), loss.value(-z, 1 - y, **parameters))
    close(loss.gradient_at(z, y, **parameters), -loss.gradient_at(-z, 1 - y, **parameters))


@given(moderate())
def test_two_classes_make_softmax_losses_sigmoid_losses(z):
    logits, both = np.stack([z, np.zeros_like(z)], axis=-1), np.arange(5) % 2
    yes = 1 - both
    close(losses.softmax_cross_entropy.value(logits, both), losses.binary_cross_entropy_with_logits.value(z, yes))
    close(losses.softmax_squared_error.value(logits, both), 2 * losses.sigmoid_squared_error.value(z, yes))


@given(st.data())
def test_pinball_at_one_half_is_half_the_absolute_error_and_opposite_quantiles_mirror(data):
    loss, a, y, parameters = data.draw(cases("pinball"))
    close(loss.value(a, y, quantile=0.5), losses.absolute_error.value(a, y) / 2)
    opposite = 1 - parameters["quantile"]
    close(loss.value(a, y, **parameters), loss.value(y, a, quantile=opposite))


@given(moderate(), moderate(), st.floats(0.01, 10))
def test_huber_is_delta_times_smooth_l1(a, y, turn):
    close(losses.huber.value(a, y, delta=turn), turn * losses.smooth_l1.value(a, y, beta=turn))
    close(losses.huber.gradient_at(a, y, delta=turn), turn * losses.smooth_l1.gradient_at(a, y, beta=turn))


@given(st.data())
def test_binary_cross_entropy_is_never_below_the_entropy_of_its_target(data):
    loss, p, y, _ = data.draw(cases("binary_cross_entropy"))
    inside = (y > 0) & (y < 1)
    assert (loss.value(p, y)[inside] >= loss.value(y[inside], y[inside]) - 1e-12).all()


@given(arrays(float, 5, elements=st.floats(1, 30)))
def test_poisson_is_least_where_the_rate_is_the_count(y):
    y = np.round(y)
    best = np.log(y)
    close(losses.poisson.gradient_at(best, y), 0, y)
    for way in (-0.5, 0.5):
        assert (losses.poisson.value(best + way, y) > losses.poisson.value(best, y)).all()


# --- limits in the parameters ---------------------------------------------------------------------------


@given(moderate(), moderate())
def test_smooth_l1_becomes_l1_as_beta_goes_to_0(a, y):
    l1 = losses.absolute_error
    np.testing.assert_array_equal(losses.smooth_l1.value(a, y, beta=0), l1.value(a, y))
    np.testing.assert_array_equal(losses.smooth_l1.gradient_at(a, y, beta=0), l1.gradient_at(a, y))
    for beta in (1.0, 1e-3, 1e-6):
        below = l1.value(a, y) - losses.smooth_l1.value(a, y, beta=beta)
        assert (below >= -1e-14).all() and (below <= beta / 2 + 1e-14).all()


@given(moderate(), moderate())
def test_huber_is_half_the_square_once_delta_exceeds_the_residuals(a, y):
    residual = a - y
    far = abs(residual).max() + 1
    close(losses.huber.value(a, y, delta=far), residual**2 / 2)
    close(losses.huber.gradient_at(a, y, delta=far), residual)
    assert (losses.huber.value(a, y, delta=1) <= residual**2 / 2 + 1e-12).all()


@given(moderate(), moderate())
def test_huber_over_delta_becomes_l1_as_delta_goes_to_0(a, y):
    for turn in (1e-3, 1e-6):
        below = losses.absolute_error.value(a, y) - losses.huber.value(a, y, delta=turn) / turn
        assert (below >= -1e-9).all() and (below <= turn).all()


@given(moderate(), arrays(float, 5, elements=st.floats(0, 1)))
def test_focal_without_focus_is_binary_cross_entropy(z, y):
    plain = losses.binary_cross_entropy_with_logits
    close(losses.focal.value(z, y, gamma=0), plain.value(z, y))
    close(losses.focal.gradient_at(z, y, gamma=0), plain.gradient_at(z, y))
    close(losses.focal.hessian_at(z, y, gamma=0), plain.hessian_at(z, y))


@given(moderate(), st.floats(0, 5), st.floats(0, 5))
def test_more_focus_never_raises_a_focal_loss(z, first, second):
    less, more = sorted([first, second])
    at_less, at_more = (losses.focal.value(z, 1, gamma=gamma) for gamma in (less, more))
    assert (at_more <= at_less * (1 + 1e-12)).all()


@given(moderate(), moderate())
def test_log_cosh_lies_between_l1_less_log_2_and_half_the_square(a, y):
    value, l1 = losses.log_cosh.value(a, y), losses.absolute_error.value(a, y)
    assert (value >= l1 - np.log(2) - 1e-13).all()
    assert (value <= np.minimum(l1, l1**2 / 2) * (1 + 1e-14)).all()


@pytest.mark.parametrize("name", [name for name in SINGLE_LOSSES if not kinks(losses.catalogue[name])])
@given(st.data())
def test_a_slope_without_kinks_is_continuous(name, data):
    loss, prediction, target, parameters = data.draw(cases(name))
    near = np.nextafter(prediction, 0.5)
    jump = abs(loss.gradient_at(near, target, **parameters) - loss.gradient_at(prediction, target, **parameters))
    assert (jump <= 1e-8 * (1 + abs(loss.gradient_at(prediction, target, **parameters)))).all()
