"""What is derived of kinks, convexity and steepness holds where it is measured."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import (
    Abs,
    Contains,
    Eq,
    Heaviside,
    IndexedBase,
    Interval,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    Symbol,
    exp,
    floor,
    log,
    oo,
    sign,
    sin,
    sqrt,
    symbols,
)

from lossbook import facts, losses
from lossbook.cards import Card
from lossbook.exercises.symbols import hidden, samples
from lossbook.facts import (
    greatest_curvature,
    is_convex,
    jumps,
    kinks,
    longest_gradient,
    slope_bound,
    steepest_slope,
)
from lossbook.functions import log_cosh, log_sigmoid, logsumexp, sigmoid, softmax, softplus
from lossbook.loss import Loss
from lossbook.notation import (
    DOMAINS,
    INDICES,
    MEANINGS,
    TARGETS_SUM_TO_ONE,
    count,
    domain_in_words,
    epsilon,
    i,
    k,
    l,
    logit,
    logits,
    n,
    prediction,
    probabilities,
    probability,
    quantile,
    side,
    target,
    targets,
    total,
    value,
)
from lossbook.proof import equal
from lossbook.typeset import text
from reference import EXAMPLES

ELEMENTWISE = [name for name, loss in losses.catalogue.items() if not loss.over_classes]
a, b, c = symbols("a b c")


def points(name, count=400):
    """Predictions and targets inside the domains of an elementwise loss."""
    random = np.random.default_rng(5)
    of_probability = losses.catalogue[name].prediction is probability
    inside = random.uniform(0.01, 0.99, count) if of_probability else random.normal(0, 4, count)
    return inside, random.choice(EXAMPLES[name][1], count)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_loss_is_convex_just_where_no_chord_passes_below_it(name):
    loss = losses.catalogue[name]
    a, y = points(name)
    b = np.roll(a, 1)
    gap = (loss.value(a, y) + loss.value(b, y)) / 2 - loss.value((a + b) / 2, y)
    assert is_convex(loss) is bool((gap >= -1e-12).all())


@pytest.mark.parametrize("name", [name for name, loss in losses.catalogue.items() if loss.over_classes])
def test_a_class_loss_is_convex_just_where_no_hessian_has_a_negative_eigenvalue(name):
    loss, random = losses.catalogue[name], np.random.default_rng(6)
    rows = random.normal(0, 3, (300, 4))
    if name in ("cross_entropy", "kl_divergence"):
        rows = np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)
    least = np.linalg.eigvalsh(loss.hessian_at(rows, np.eye(4)[random.integers(0, 4, 300)])).min()
    assert is_convex(loss) is bool(least >= -1e-9)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("absolute_error", [("y", "-1", "1")]),
        ("pinball", [("y", "-tau", "1 - tau")]),
        ("hinge", [("-1", "0", "1"), ("1", "-1", "0")]),
    ],
)
def test_a_kink_has_a_point_and_a_slope_to_either_side(name, expected):
    found = [(str(kink.point), str(kink.left), str(kink.right)) for kink in kinks(losses.catalogue[name])]
    assert found == expected


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_kinks_are_where_the_slope_jumps(name):
    """Measured across each kink, and across each eighth, as the targets are, where a kink that is not found may lie."""
    loss = losses.catalogue[name]
    defaults = {symbol: number for symbol, number in loss.parameters.values()}
    for y in set(EXAMPLES[name][1]):
        here = [kink for kink in kinks(loss) if kink.target is None or float(kink.target) == y]
        known = {float(kink.point.subs({loss.target: y, **defaults})): kink.right - kink.left for kink in here}
        places = {*known, *np.arange(-4, 4.125, 0.125)}
        for place in places if loss.prediction is not probability else [0.25, 0.5, 0.75]:
            jump = loss.gradient_at(place + 1e-9, y) - loss.gradient_at(place - 1e-9, y)
            assert jump == pytest.approx(float(known.get(place, S.Zero).subs(defaults)), abs=1e-6), (place, y)


def test_a_kink_that_one_target_has_names_it():
    assert [(kink.target, kink.point) for kink in kinks(losses.hinge)] == [(-1, -1), (1, 1)]
    assert "where y is -1 and yhat is -1, each slope from 0 to 1" in str(losses.hinge.card())
    assert [kink.target for kink in kinks(losses.absolute_error)] == [None]


@pytest.mark.thorough
def test_a_parameter_is_named_where_its_0_brings_a_kink_alone():
    said = {name: str(losses.catalogue[name].card()) for name in ("smooth_l1", "focal")}
    assert "kinks: none for beta > 0" in said["smooth_l1"]  # at 0 it is the absolute error
    assert "kinks: none\n" in said["focal"]  # at 0 it is binary cross-entropy


def test_a_parameter_is_named_where_there_is_no_loss_at_its_0():
    b = Symbol("b", nonnegative=True)
    for expression in ((prediction - value) ** 2 / b, log(1 + b * (prediction - value) ** 2) / b):
        own = Loss(name="own", expression=expression, prediction=prediction, target=value, parameters={"b": (b, 1)})
        assert "kinks: none for b > 0" in str(own.card())


def test_a_card_says_which_rows_add_to_1():
    rows = dict(losses.softmax_cross_entropy.card().rows)
    assert "".join(map(str, rows["target"])).endswith(", one number a class, each from 0 to 1, adding to 1")
    assert "adding" not in "".join(map(str, rows["prediction"]))


@pytest.mark.parametrize("name", ["absolute_error", "pinball"])
def test_slopes_beside_a_kink_are_the_difference_quotients(name):
    loss = losses.catalogue[name]
    (kink,) = kinks(loss)
    half = {symbol: 0.5 for symbol in (kink.left + kink.right).free_symbols | kink.left.free_symbols}
    for side, slope in ((-1e-6, kink.left), (1e-6, kink.right)):
        assert (loss.value(2 + side, 2.0) - loss.value(2.0, 2.0)) / side == pytest.approx(float(slope.xreplace(half)))


PARAMETERS = {"delta": 1, "beta": 1, "tau": 0.5}


def number(bound):
    """A bound as a float, its parameters at their defaults."""
    return float(bound.subs({symbol: PARAMETERS[symbol.name] for symbol in bound.free_symbols}))


def grid(name):
    """Predictions from one end of the domain to the other, and targets to either side."""
    scores = np.linspace(-30, 30, 20001)
    predictions = 1 / (1 + np.exp(-0.7 * scores)) if losses.catalogue[name].prediction is probability else scores
    return predictions, EXAMPLES[name][1][:, None]


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("bound_of, part", [(steepest_slope, "gradient_at"), (greatest_curvature, "hessian_at")])
def test_a_greatest_size_is_never_passed_and_nearly_reached(name, bound_of, part):
    loss = losses.catalogue[name]
    bound, sizes = bound_of(loss), np.abs(getattr(loss, part)(*grid(name)))
    if bound is None:
        pytest.skip("not known")
    if bound == oo:
        assert sizes.max() > 50
    else:
        assert sizes.max() <= number(bound) + 1e-15
        assert sizes.max() == pytest.approx(number(bound), rel=1e-6)


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("gamma", [0, 0.3, 1, 2, 5, 40])
def test_the_slope_of_the_focal_loss_is_bounded(gamma):
    """By 1 + gamma / e; the greatest slopes are above 1 for every gamma but 0."""
    bound = slope_bound(losses.focal)
    (symbol,) = bound.free_symbols
    sizes = np.abs(losses.focal.gradient_at(*grid("focal"), gamma=gamma))
    assert float(bound.subs(symbol, gamma)) == pytest.approx(1 + gamma / np.e, rel=1e-15)
    assert (1 - 1e-12 if gamma == 0 else 1) < sizes.max() <= float(bound.subs(symbol, gamma))
    assert ["at most ", bound] == dict(losses.focal.card().rows)["steepest slope"][:2]


@pytest.mark.parametrize(
    "expression, bound",
    [
        (target * log_sigmoid(logit) * sigmoid(-logit), 1 + exp(-1)),
        (target * log_sigmoid(logit) ** 2, None),  # the slope has a logarithm without its sigmoid
        (target * log_sigmoid(logit) ** 2 * sigmoid(logit) ** 2, None),  # and here it is a square
        (log_sigmoid(logit) * logit, None),
        (target**2 * log_sigmoid(logit), None),  # not linear in the target
    ],
)
def test_a_slope_that_these_rules_do_not_bound_has_no_bound(expression, bound):
    assert slope_bound(Loss(name="trial", expression=expression, prediction=logit, target=target)) == bound


@pytest.mark.parametrize("name", losses.catalogue)
def test_a_bound_of_the_slope_is_the_least_one_where_that_is_known(name):
    least = steepest_slope(losses.catalogue[name])
    assert least is None or slope_bound(losses.catalogue[name]) == least


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.8])
def test_the_pinball_slope_is_the_larger_of_its_two_sides(quantile):
    bound = steepest_slope(losses.pinball)
    bound = bound.subs({symbol: quantile for symbol in bound.free_symbols})
    sizes = np.abs(losses.pinball.gradient_at([-1.0, 1.0], 0.0, quantile=quantile))
    assert float(bound) == pytest.approx(sizes.max())


BOUNDS = {
    "softmax_cross_entropy": (1, sqrt(2)),
    "softmax_squared_error": (Rational(16, 27), None),
    "cross_entropy": (oo, oo),
    "kl_divergence": (oo, oo),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_of_class_losses(name):
    loss = losses.catalogue[name]
    assert (steepest_slope(loss), longest_gradient(loss)) == BOUNDS[name]
    assert greatest_curvature(loss) == (oo if name in ("cross_entropy", "kl_divergence") else None)


@pytest.mark.parametrize("classes", [2, 3, 5, 40])
@pytest.mark.parametrize("name", ["softmax_cross_entropy", "softmax_squared_error"])
def test_no_gradient_over_classes_passes_its_bound(name, classes):
    loss, random = losses.catalogue[name], np.random.default_rng(classes)
    rows = random.normal(0, random.choice([0.3, 1, 3, 10], (20000, 1)), (20000, classes))
    soft = random.dirichlet(np.full(classes, 0.2), 20000)
    hard = np.eye(classes)[random.integers(0, classes, 20000)]
    gradients = np.concatenate([loss.gradient_at(rows, y) for y in (soft, hard)])
    assert np.abs(gradients).max() <= float(BOUNDS[name][0]) + 1e-12
    if BOUNDS[name][1] is not None:
        assert np.linalg.norm(gradients, axis=-1).max() <= float(BOUNDS[name][1]) + 1e-12


def test_bounds_over_classes_are_nearly_reached():
    sure_and_wrong = losses.softmax_cross_entropy.gradient_at([30.0, 0.0, 0.0], 1)
    assert np.abs(sure_and_wrong).max() == pytest.approx(1, abs=1e-12)
    assert np.linalg.norm(sure_and_wrong) == pytest.approx(np.sqrt(2), abs=1e-12)
    third = losses.softmax_squared_error.gradient_at([0.0, np.log(2)], 0)  # p = 1/3 for the class that is right
    assert np.abs(third).max() == pytest.approx(16 / 27, rel=1e-14)
    for name in ("cross_entropy", "kl_divergence"):
        assert np.abs(losses.catalogue[name].gradient_at([1e-9, 1 - 1e-9], [1.0, 0.0])).max() > 1e8


def a_class_loss(expression):
    return Loss(name="trial", expression=expression, prediction=logits, target=targets)


@pytest.mark.thorough(one_case_in=5)
@pytest.mark.parametrize(
    "expression, expected",
    [
        (total(targets[k] * softmax(logits, k)), Rational(1, 4)),  # p (1 - p) at the class that is right
        (total(targets[k] ** 2 * softmax(logits, k)), None),  # not linear in the targets
        (total(softmax(logits, k) ** 3 + softmax(logits, k) ** 2), None),  # sums of two powers
        (total(softmax(logits, k) ** 2 - softmax(logits, k) ** 3), None),
        (total(softmax(logits, k) ** 2) ** 2, None),  # a power of a sum
        (total(targets[k] * (1 - targets[k]) * softmax(logits, k)), None),  # 0 where one class is right
        (total(softmax(logits, k) ** 3), None),  # level where no radical is plainly real
        (total(logits[k] * targets[k] * softmax(logits, k)), None),  # logits beside probabilities
    ],
)
def test_the_slope_of_a_class_loss_of_ones_own_is_right_or_unknown(expression, expected):
    assert steepest_slope(a_class_loss(expression)) == expected


def test_a_slope_that_takes_ever_more_classes_to_reach_is_bounded_as_on_paper():
    """The gradient is 2 p (p - sum p^2). If ever more others share 1 - p, that goes to 2 p^2 (1 - p)."""
    loss, random = a_class_loss(total(softmax(logits, k) ** 2)), np.random.default_rng(2)
    assert steepest_slope(loss) == Rational(8, 27)
    rows = random.normal(0, random.choice([0.3, 1, 3, 10], (20000, 1)), (20000, 5))
    assert np.abs(loss.gradient_at(rows, np.full(rows.shape, 0.2))).max() < 8 / 27
    crowd = np.zeros(100001)
    crowd[0] = np.log(2 * 100000)  # p = 2/3
    assert loss.gradient_at(crowd, 0)[0] == pytest.approx(8 / 27, rel=1e-4)


def test_the_slope_of_a_sigmoid_of_ones_own_is_right_or_unknown():
    def slope(expression):
        return steepest_slope(Loss(name="trial", expression=expression, prediction=logit, target=target))

    assert slope(sigmoid(3 * logit)) == Rational(3, 4)
    assert slope((sigmoid(logit) - target) ** 2 / 2) == Rational(4, 27)
    assert slope(sigmoid(logit) * sigmoid(2 * logit)) is None
    assert slope(target**2 * sigmoid(logit)) is None
    assert slope(sigmoid(exp(logit))) is None


def test_a_bound_is_right_where_radicals_of_real_roots_are_complex():
    """The slope 2 p^2 (1 - p) (2 p^2 - 1) is steepest at a root of a cubic with three real roots."""
    loss = Loss(name="trial", expression=sigmoid(logit) ** 4 - sigmoid(logit) ** 2, prediction=logit, target=target)
    sizes = np.abs(loss.gradient_at(np.linspace(-30, 30, 200001), 0.0))
    assert sizes.max() == pytest.approx(float(steepest_slope(loss)), rel=1e-7)


def test_a_counterexample_to_convexity_lies_in_the_domain():
    """The second derivative of p^2 - p^4 / 9 is negative only where p is above 1.2."""
    inside = total((1 - targets[k]) * (probabilities[k] ** 2 - probabilities[k] ** 4 / 9))
    assert is_convex(Loss(name="trial", expression=inside, prediction=probabilities, target=targets)) is not False


def test_smoothed_targets_still_add_to_one():
    assert equal(total(losses.smoothed_targets.xreplace({i: k})), 1, [TARGETS_SUM_TO_ONE])
    assert losses.smoothed_targets.xreplace({epsilon: 0}) == targets[i]


def test_every_symbol_of_the_notation_says_what_it_means():
    from lossbook import notation

    named = [value for value in vars(notation).values() if isinstance(value, (Symbol, IndexedBase))]
    assert len(named) > 20 and set(named) == set(MEANINGS) and set(DOMAINS) <= set(MEANINGS)
    assert all(isinstance(meaning, list) for meaning in MEANINGS.values())


def test_what_is_assumed_of_a_symbol_is_what_its_domain_says():
    for symbol, domain in DOMAINS.items():
        entry = symbol[k] if isinstance(symbol, IndexedBase) else symbol
        assert entry.is_real and domain.contains(0) != bool(entry.is_nonzero)
        assert bool(entry.is_nonnegative) == bool(domain.inf >= 0)
    assert hidden.is_real and all(symbol.is_integer and symbol.is_positive for symbol in (*INDICES, n, samples))


@pytest.mark.parametrize(
    "symbol, words",
    [
        (prediction, "any number"),
        (logits, "one number a class, each any number"),
        (probability, "between 0 and 1"),
        (targets, "one number a class, each from 0 to 1"),
        (side, "−1 or 1"),
        (count, "a whole number from 0 up"),
        (losses.huber.parameters["delta"][0], "a number above 0"),
        (losses.smooth_l1.parameters["beta"][0], "a number from 0 up"),
        (Symbol("b", negative=True), "a number below 0"),
        (Symbol("b", nonpositive=True), "a number up to 0"),
    ],
)
def test_a_domain_in_words(symbol, words):
    assert domain_in_words(symbol) == words


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("name", losses.catalogue)
def test_a_card_shows_the_loss_and_what_is_known_of_it(name):
    card = losses.catalogue[name].card()
    shown = card._repr_markdown_()
    titles = ["prediction", "target", "convex", "kinks", "steepest slope", "source"]
    assert shown.startswith(f"**{losses.catalogue[name].name}**\n\n$$L = ")
    assert all(f"\n| {title} | " in shown and f"\n{title}: " in str(card) for title in titles)
    assert all(row.count("|") == 3 for row in shown.splitlines() if row.startswith("| "))
    assert "$" not in str(card) and "\\" not in str(card) and repr(card) == str(card)


def test_a_card_in_plain_text():
    assert (
        str(losses.absolute_error.card())
        == """absolute error
L = |yhat - y|
∂L/∂yhat = sign(yhat - y)
∂²L/∂yhat² = 0
prediction: yhat, any number
target: y, any number
convex: yes, proved
kinks: where yhat is y, each slope from -1 to 1 is a subgradient
steepest slope: at most 1
greatest curvature: 0, away from the kinks
PyTorch: L1Loss
Keras: MeanAbsoluteError
scikit-learn: mean_absolute_error; AbsoluteError
source: Boscovich 1757"""
    )


def test_a_card_gives_decimals_to_what_is_no_fraction():
    shown = losses.softmax_cross_entropy.card()._repr_markdown_()
    assert r"$\sqrt{2}$, about 1.4142, over all entries together" in shown


def test_a_card_names_a_parameter_only_where_its_0_makes_a_kink():
    a, y = symbols("a y", real=True)
    b = Symbol("b", positive=True)
    rounded = Loss(
        name="rounded", expression=sqrt((a - y) ** 2 + b**2), prediction=a, target=y, parameters={"b": (b, 1)}
    )
    assert dict(rounded.card().rows)["kinks"] == dict(losses.focal.card().rows)["kinks"] == ["none"]
    beta = losses.smooth_l1.parameters["beta"][0]
    assert dict(losses.smooth_l1.card().rows)["kinks"] == ["none", " for ", beta > 0]


def test_a_card_says_where_the_least_bound_is_not_known():
    assert "; the least such number has no known closed form" in dict(losses.focal.card().rows)["steepest slope"]
    unknown = Loss(name="unknown", expression=sin(prediction**2) * value, prediction=prediction, target=value)
    assert dict(unknown.card().rows)["steepest slope"] == ["not known"]


def test_a_loss_of_ones_own_has_all_of_this_in_three_lines():
    a, y = symbols("a y", real=True)
    quartic = Loss(name="quartic error", expression=(a - y) ** 4, prediction=a, target=y)
    assert is_convex(quartic) and kinks(quartic) == [] and steepest_slope(quartic) == oo
    assert text(quartic.derivation().result) == "4*(a - y)**3"
    assert_allclose(quartic.gradient_at([0.0, 2.0], 1.0), [-4, 4])
    assert "12 \\, \\left(a - y\\right)^{2}" in Card(quartic)._repr_markdown_()
    assert "source" not in str(quartic.card())


def test_symbols_of_ones_own_live_where_their_assumptions_let_them():
    """The loss a + b / a of a positive number has a gradient without bound at 0, and no kink for any b."""
    a, b = symbols("a b", positive=True)
    own = Loss(name="own", expression=a + b / a, prediction=a, target=Symbol("y", real=True), parameters={"b": (b, 1)})
    assert dict(own.card().rows)["prediction"] == [a, ", a number above 0"]
    assert dict(own.card().rows)["parameter b"] == [b, ", a number above 0; 1 if not given"]
    assert dict(own.card().rows)["kinks"] == ["none"]
    assert is_convex(own) and steepest_slope(own) == oo
    assert domain_in_words(Symbol("m", integer=True, nonnegative=True)) == "a whole number from 0 up"


def test_nothing_is_called_convex_that_is_not():
    a, y = symbols("a y", real=True)
    for expression in ((a - y) ** 3, -((a - y) ** 2), (a - y) ** 4 - (a - y) ** 2, -Abs(a - y), sin(a - y)):
        assert not is_convex(Loss(name="wrong", expression=expression, prediction=a, target=y))


def test_a_size_that_depends_on_the_target_is_no_bound_over_targets():
    z, y = logit, target
    steep = Loss(name="steep", expression=z * sigmoid(y), prediction=z, target=y)
    assert steepest_slope(steep) is None
    bowl = Loss(name="bowl", expression=y * prediction**2, prediction=prediction, target=y)
    assert greatest_curvature(bowl) is None
    bowls = Loss(name="bowls", expression=total(targets[k] * logits[k] ** 2), prediction=logits, target=targets)
    assert greatest_curvature(bowls) is None


def test_a_factor_that_does_not_change_at_infinity_keeps_its_sign():
    bowl = Loss(name="bowl", expression=Abs(value) * prediction**2, prediction=prediction, target=value)
    assert steepest_slope(bowl) == oo


def test_a_constant_that_is_written_as_a_sum_of_shares_changes_no_bound():
    """The softmax adds to 1, so this is cross-entropy and 1: its gradient p - y is longest at p_i = 1, y_k = 1."""
    expression = losses.softmax_cross_entropy.expression + total(softmax(logits, k))
    loss = Loss(name="more", expression=expression, prediction=logits, target=targets)
    assert steepest_slope(loss) == 1 and longest_gradient(loss) == sqrt(2)


# --- losses of one's own: kinks and jumps ---------------------------------------------------------

residual, margin = prediction - value, side * prediction
HALF = Rational(1, 2)


def own(expression, prediction=prediction, target=value, **parameters):
    return Loss(name="own", expression=expression, prediction=prediction, target=target, parameters=parameters)


OWN = {
    "hinge": own(Max(0, 1 - margin), target=side),
    "minus hinge": own(-Max(0, 1 - margin), target=side),
    "ramp": own(Min(1, Max(0, 1 - margin)), target=side),
    "squared hinge": own(Max(0, 1 - margin) ** 2, target=side),
    "modified Huber": own(Piecewise((Max(0, 1 - margin) ** 2, margin >= -1), (-4 * margin, True)), target=side),
    "negative part": own(Min(residual, 0)),
    "negative part by a step": own(residual * Heaviside(-residual)),
    "capped absolute error": own(Min(Abs(residual), 1)),
    "insensitive": own(Max(Abs(residual) - 1, 0)),
    "squared insensitive": own(Max(Abs(residual) - 1, 0) ** 2),
    "greatest of three lines": own(Max(0, residual, 2 * residual - 1)),
    "pinball": own(Max(-quantile * residual, (1 - quantile) * residual), quantile=(quantile, 0.5)),
    "expectile": own(Abs(quantile - Heaviside(-residual)) * residual**2, quantile=(quantile, 0.5)),
    "0-1": own(Piecewise((1, margin < 0), (0, True)), target=side),
    "0-1 by a step": own(Heaviside(-margin), target=side),
    "0-1 by a sign": own((1 - sign(margin)) / 2, target=side),
    "jump up": own(Piecewise((residual**2, residual < 1), (residual**2 + 5, True))),
    "jump down": own(Piecewise((residual**2 + 5, residual < 0), (residual**2, True))),
    "decimals": own(-Abs(0.1 * prediction - 0.3)),
    "decimals of both": own(-Abs(0.1 * prediction - 0.3 * value)),
    "decimals in a region": own(-Piecewise((0.3 * residual - 0.1, 0.3 * residual > 0.1), (0, True))),
}


def places(found):
    """Kinks or jumps as text, each a point and what is said of it."""
    return [tuple(map(str, vars(place).values())) for place in found]


@pytest.mark.parametrize("name", OWN)
def test_a_loss_of_ones_own_is_convex_just_where_no_chord_passes_below_it(name):
    loss, random = OWN[name], np.random.default_rng(7)
    a, b, y = random.normal(0, 3, 4000), random.normal(0, 3, 4000), random.choice([-1.0, 1.0], 4000)
    gap = (loss.value(a, y) + loss.value(b, y)) / 2 - loss.value((a + b) / 2, y)
    assert is_convex(loss) is bool((gap >= -1e-12).all())


@pytest.mark.parametrize("name", OWN)
def test_slopes_of_ones_own_are_within_their_bounds_away_from_kinks(name):
    loss, random = OWN[name], np.random.default_rng(8)
    a, y = random.normal(0, 3, 4000), random.choice([-1.0, 1.0], 4000)
    for bound, sizes in (
        (steepest_slope(loss), loss.gradient_at(a, y)),
        (greatest_curvature(loss), loss.hessian_at(a, y)),
    ):
        bound = bound.subs({symbol: 0.5 for symbol in bound.free_symbols})
        assert bound == oo or np.abs(sizes).max() == pytest.approx(float(bound))


@pytest.mark.parametrize(
    "name, expected",
    [
        ("hinge", [("-1", "0", "1", "-1"), ("1", "-1", "0", "1")]),
        ("minus hinge", [("-1", "0", "-1", "-1"), ("1", "1", "0", "1")]),
        ("ramp", [("0", "1", "0", "-1"), ("-1", "0", "1", "-1"), ("0", "0", "-1", "1"), ("1", "-1", "0", "1")]),
        ("negative part", [("y", "1", "0", "None")]),
        ("negative part by a step", [("y", "1", "0", "None")]),
        (
            "capped absolute error",
            [("y", "-1", "1", "None"), ("y + 1", "1", "0", "None"), ("y - 1", "0", "-1", "None")],
        ),
        ("insensitive", [("y + 1", "0", "1", "None"), ("y - 1", "-1", "0", "None")]),
        ("greatest of three lines", [("y", "0", "1", "None"), ("y + 1", "1", "2", "None")]),
        ("pinball", [("y", "-tau", "1 - tau", "None")]),
        ("decimals", [("3", "1/10", "-1/10", "None")]),
        ("decimals of both", [("3*y", "1/10", "-1/10", "None")]),
        ("decimals in a region", [("y + 1/3", "0", "-3/10", "None")]),
        *((name, []) for name in ("squared hinge", "modified Huber", "squared insensitive", "expectile", "0-1")),
    ],
)
def test_kinks_of_ones_own_are_where_the_slope_jumps(name, expected):
    assert places(kinks(OWN[name])) == expected


@pytest.mark.parametrize(
    "name, expected",
    [
        ("0-1", [("0", "0", "0", "1", "-1"), ("0", "1", "0", "0", "1")]),
        ("0-1 by a step", [("0", "0", "1/2", "1", "-1"), ("0", "1", "1/2", "0", "1")]),
        ("0-1 by a sign", [("0", "0", "1/2", "1", "-1"), ("0", "1", "1/2", "0", "1")]),
        ("jump up", [("y + 1", "1", "6", "6", "None")]),
        ("jump down", [("y", "5", "0", "0", "None")]),
        ("hinge", []),
    ],
)
def test_jumps_are_where_the_loss_itself_is_not_continuous(name, expected):
    assert places(jumps(OWN[name])) == expected
    assert expected == [] or steepest_slope(OWN[name]) == oo


def test_a_single_point_apart_from_all_others_is_a_jump():
    apart = own(Piecewise((1, Eq(prediction, value)), (0, True)))
    assert places(jumps(apart)) == [("y", "0", "1", "0", "None")]
    assert is_convex(apart) is False


from_0 = Symbol("x", nonnegative=True)


@pytest.mark.parametrize(
    "expression, there, right",
    [
        (Piecewise((-1, Eq(from_0, 0)), (from_0, True)), "-1", "0"),
        (Piecewise((5, from_0 <= 0), (from_0, True)), "5", "0"),
        (from_0 + sign(from_0), "0", "1"),
        (from_0 - Heaviside(-from_0, 1), "-1", "0"),
    ],
)
def test_a_jump_at_an_end_of_the_domain_leaves_convexity_open(expression, there, right):
    loss = Loss(name="own", expression=expression + 0 * value, prediction=from_0, target=value)
    assert places(jumps(loss)) == [("0", there, there, right, "None")]
    assert is_convex(loss) is steepest_slope(loss) is None


def test_a_jump_at_an_upper_end_is_seen_too():
    expression = Piecewise((2 * epsilon, epsilon < 1), (3, epsilon <= 1), (7, True)) + 0 * value
    loss = Loss(name="own", expression=expression, prediction=epsilon, target=value)
    assert places(jumps(loss)) == [("1", "2", "3", "3", "None")]
    assert is_convex(loss) is None


@pytest.mark.parametrize(
    "expression",
    [
        from_0 * Abs(from_0),
        from_0 * sign(from_0),
        -log(from_0),
        1 / from_0,
        Piecewise((1 / from_0, from_0 <= 0), (from_0, True)),
    ],
)
def test_no_jump_is_seen_at_an_end_where_the_loss_goes_on_or_is_no_number(expression):
    loss = Loss(name="own", expression=expression + 0 * value, prediction=from_0, target=value)
    assert jumps(loss) == [] and is_convex(loss)


def test_no_slope_of_a_part_of_a_sigmoid_is_called_the_steepest():
    loss = Loss(name="own", expression=sigmoid(from_0 + 1) + 0 * value, prediction=from_0, target=value)
    assert steepest_slope(loss) != Rational(1, 4)  # at -1, outside the domain


def test_a_card_says_where_the_loss_jumps():
    shown = str(OWN["0-1"].card())
    assert "where y is 1 and yhat is 0, the loss is 1 below, 0 there and 0 above\n" in shown
    assert "convex: no, by a counterexample\nkinks: none\njumps: " in shown
    assert "steepest slope: without bound\ngreatest curvature: 0, away from the jumps" in shown
    assert not any("jumps" in str(loss.card()) for loss in (losses.hinge, losses.pinball))


def test_a_slope_that_jumps_down_has_no_subgradients():
    assert "kinks: where yhat is y, the slope goes from 1 to 0\n" in str(OWN["negative part"].card())


def test_entries_of_a_class_loss_have_kinks_and_jumps():
    distance = total(Abs(logits[k] - targets[k]))
    assert places(kinks(a_class_loss(distance))) == [("y[i]", "-1", "1", "None")]
    assert "kinks: where z_i is y_i, each slope from -1 to 1 is a subgradient" in str(a_class_loss(distance).card())
    assert is_convex(a_class_loss(distance)) and is_convex(a_class_loss(-distance)) is False
    assert is_convex(a_class_loss(total(Min(logits[k], 0)))) is False
    wrong = a_class_loss(total(Piecewise((targets[k], logits[k] < 0), (0, True))))
    assert places(jumps(wrong)) == [("0", "y[i]", "0", "0", "None")]
    assert is_convex(wrong) is False and steepest_slope(wrong) == longest_gradient(wrong) == oo


@pytest.mark.parametrize(
    "expression",
    [
        Piecewise((1, total(logits[k]) < 0), (0, True)),
        sqrt(total((logits[k] - targets[k]) ** 2)),
        total(Abs(softmax(logits, k) - targets[k]) ** 3),
    ],
)
def test_kinks_between_entries_are_not_known(expression):
    loss = a_class_loss(expression)
    assert kinks(loss) is jumps(loss) is steepest_slope(loss) is longest_gradient(loss) is None
    assert not is_convex(loss)


def test_a_class_loss_that_is_smooth_has_no_kinks():
    """Cross-entropy as on paper, its logarithm of a sum of what is positive."""
    written_out = log(total(exp(logits[k]))) - total(targets[k] * logits[k])
    assert kinks(a_class_loss(written_out)) == jumps(a_class_loss(written_out)) == []


def test_a_kink_lies_among_the_predictions():
    assert kinks(own(Abs(probability - 2), probability, target)) == []
    assert places(kinks(own(Abs(probability - target), probability, target))) == [("y", "-1", "1", "None")]
    assert kinks(own(Abs(prediction**2 - value))) is None  # whose roots are numbers for some y alone


@pytest.mark.parametrize(
    "expression",
    [
        1 / residual**2,
        -log(residual),
        -log(Abs(residual)),
        sqrt(Abs(residual)),
        -(Abs(residual) ** Rational(2, 3)),
        floor(prediction),
        Piecewise((residual**2, residual > 0)),
        Piecewise((1, Contains(prediction, Interval(0, 1))), (0, True)),
        Abs(sin(prediction)),
        Abs(exp(prediction) - value),
    ],
)
def test_what_is_not_known_of_a_loss_is_not_said(expression):
    loss = own(expression)
    assert kinks(loss) is greatest_curvature(loss) is None and not is_convex(loss)
    assert "kinks: not known\nsteepest slope: not known" in str(loss.card())


@pytest.mark.parametrize(
    "loss",
    [
        own(exp(logit) - Abs(sigmoid(logit) - HALF), logit, target),
        own(Abs((prediction - value) / value)),
        own(Abs(quantile - Heaviside(-residual)) * residual**2, quantile=(quantile, 0.5)),
    ],
)
def test_a_card_of_any_loss_is_shown(loss):
    assert "kinks: " in str(loss.card()) and "| kinks | " in loss.card()._repr_markdown_()


def test_a_parameter_of_either_sign_is_not_taken_as_positive():
    c = Symbol("c", real=True)
    loss = own(c * Abs(residual), c=(c, 1))
    assert not is_convex(loss)
    assert steepest_slope(loss) == Abs(c)


fold = Symbol("b", nonnegative=True)


def test_what_a_parameter_does_at_0_alone_is_seen():
    """|r| turned upside down there; 10 times as steep there."""
    assert is_convex(own((2 * sign(fold) - 1) * Abs(residual), b=(fold, 1))) is False
    assert is_convex(own(Abs(residual) * (1 - 2 * 0**fold), b=(fold, 1))) is False
    steep = own(Abs(residual) * Piecewise((1, fold > 0), (10, True)), b=(fold, 1))
    assert steepest_slope(steep) is None and is_convex(steep)
    curved = own(residual**2 * Piecewise((1, fold > 0), (10, True)), b=(fold, 1))
    assert greatest_curvature(curved) is None
    assert is_convex(own(residual**2 + fold * Abs(residual), b=(fold, 1)))


def test_what_a_target_does_at_1_alone_is_seen():
    assert not is_convex(own((2 * sign(1 - target) - 1) * prediction**2, target=target))
    assert not is_convex(own((1 - 2 * 0 ** (1 - target)) * prediction**2, target=target))


def test_no_rounding_of_0_is_a_negative_second_derivative():
    line = log(1 + exp(prediction)) - log(1 + exp(-prediction)) - value * prediction
    assert is_convex(own(line))
    assert is_convex(own((exp(prediction) + 1) ** 2 - exp(2 * prediction) - 2 * exp(prediction)))


def test_a_step_whose_argument_is_0_has_its_value_there():
    b = Symbol("b", nonnegative=True)
    steep = steepest_slope(own(b * prediction * Heaviside(1 - b, 1), b=(b, 1)))
    assert steep.subs(next(iter(steep.free_symbols)), 1) == 1


@pytest.mark.parametrize(
    "expression",
    [
        Min(Abs(prediction), Abs(value)),
        Piecewise((prediction**2, Abs(prediction) < Abs(value)), (value**2, True)),
        Max(prediction, 0, value),
        Max(prediction - Max(0, value), 0),
        Abs(prediction) + Abs(prediction - value),
        Heaviside(-Abs(value) - Abs(prediction), 1),
    ],
)
def test_what_depends_on_the_sign_of_the_target_is_not_known(expression):
    """Where the target is 0 or has the other sign, the loss turns elsewhere or in another way."""
    loss = own(expression)
    assert kinks(loss) is is_convex(loss) is steepest_slope(loss) is None


def test_what_depends_on_the_sign_of_a_parameter_is_not_known():
    b, c = Symbol("b", nonnegative=True), Symbol("c", real=True)
    assert is_convex(own(Min(Abs(residual), Abs(c)), c=(c, 1))) is None
    assert steepest_slope(own(Max(prediction, 1, b), b=(b, 2))) is None
    assert steepest_slope(own(Abs(prediction - 1) + Abs(prediction - b), b=(b, 1))) is None
    assert greatest_curvature(own(Abs((b - 1) * prediction + prediction**2), b=(b, 1))) is None


def test_what_is_complex_between_its_points_has_no_kinks():
    assert kinks(own(Abs(prediction) + (prediction - 2) ** Rational(3, 2))) is None


def test_slopes_beside_a_kink_are_numbers_in_definitions_and_else_in_names():
    number, name = own(Abs(prediction - 1) * sigmoid(prediction)), own(Abs(residual) * sigmoid(prediction))
    assert [kink.right for kink in kinks(number)] == [1 / (1 + exp(-1))]
    assert [kink.right for kink in kinks(name)] == [sigmoid(value)]


def test_a_second_derivative_that_is_hardly_negative_is():
    assert is_convex(own(-(residual**2) / 1000)) is False


def test_a_product_of_probabilities_and_their_logarithms_is_bounded():
    """Each p log p is at most 1/e in size."""
    p, q = sigmoid(logit), sigmoid(-logit)
    one = facts._bound_of_term(p * log_sigmoid(logit), set())
    two = facts._bound_of_term(-3 * p**2 * q * p.func(2 * logit) * log_sigmoid(2 * logit) * log_sigmoid(-logit), set())
    assert (one, two) == (exp(-1), 3 * exp(-2))
    assert facts._bound_of_term(p * log_sigmoid(-logit), set()) is None


def test_a_negative_prediction_has_its_pieces():
    below = Symbol("yhat", negative=True)
    assert steepest_slope(own(below * Heaviside(Rational(3, 2) - exp(below), 1), below)) == 1
    assert steepest_slope(own(below * Heaviside(exp(below) - Rational(3, 2), 1), below)) == 0


def test_a_bound_that_jumps_with_the_number_of_classes_is_not_known():
    factor = Piecewise((5, Eq(n, 2)), (1, True))
    loss = Loss(
        name="own", expression=factor * total(Abs(logits[k] - targets[k])), prediction=logits, target=targets
    )  # fmt: skip
    assert steepest_slope(loss) is slope_bound(loss) is None


@pytest.mark.parametrize(
    "expression",
    [
        Min(1 / fold, 1) * prediction**2,
        sqrt(fold - 1) * prediction**2,
        Piecewise((prediction**2, 1 / fold > 2), (Abs(prediction), True)),
        0 ** Abs(prediction) + 0 * fold,
    ],
)
def test_facts_of_what_is_no_real_number_are_none_and_no_error(expression):
    loss = own(expression, b=(fold, 2))
    assert steepest_slope(loss) is slope_bound(loss) is longest_gradient(loss) is None
    assert jumps(loss) == [] and is_convex(loss) is not False


def test_no_bound_rests_on_one_branch_of_a_parameter():
    """Where b is below 1/2 it is the square, whose slope has no bound."""
    b = Symbol("b", positive=True)
    assert steepest_slope(own(Piecewise((prediction**2, b < HALF), (Abs(prediction), True)), b=(b, 2))) is None


def test_a_sum_of_sums_is_no_sum_of_one_loss_a_class():
    """Each |z - y| stands in it n times: its slope has no bound."""
    double = Loss(
        name="double", expression=total(total(Abs(logits[k] - targets[k]), k), l), prediction=logits, target=targets
    )
    assert steepest_slope(double) is None and kinks(double) is None


def test_no_counterexample_to_convexity_is_a_target_that_cannot_be_or_a_point_where_the_loss_turns():
    below, above = Symbol("y", negative=True), Symbol("y", integer=True, positive=True)
    assert is_convex(own(-below * prediction**2, target=below)) is not False
    assert is_convex(own((above - HALF) * prediction**2, target=above)) is not False
    assert is_convex(own(below * prediction**2, target=below)) is False
    the_square = Piecewise((8 - prediction**2, Eq(prediction, 2)), (prediction**2, True))
    assert is_convex(own(the_square)) is not False


@pytest.mark.parametrize("factor, curvature, slope", [(1 / n, 2, 1), (n, oo, oo), (S.One, 2, 1)])
def test_bounds_are_over_all_numbers_of_classes(factor, curvature, slope):
    differences = logits[k] - targets[k]
    assert greatest_curvature(a_class_loss(factor * total(differences**2))) == curvature
    assert steepest_slope(a_class_loss(factor * total(Abs(differences)))) == slope


@pytest.mark.parametrize("polynomial, greatest", [
    (a * b, Rational(1, 4)), (a - b, 1), (a * b * (1 - a - b), Rational(1, 27)), (a**2 - b, 1), (b**2 - a / 2, 1),
    (a * b - a / 5, Rational(1, 5)), (a**2 + b**2 - a * b / 2, 1), (2 * a * b - a, 1), (a**2 + b**2 + c**2, 1),
    (HALF + 0 * a, HALF), (a - a**2, Rational(1, 4)), (b + 2, 3),
])  # fmt: skip
def test_the_greatest_size_of_a_polynomial_in_shares_is_found_on_every_face(polynomial, greatest):
    """Worked out by hand, for numbers that are 0 or more and add to at most 1."""
    assert facts._greatest_size(polynomial, [a, b, c] if polynomial.has(c) else [a, b]) == greatest


def test_a_function_of_a_whole_row_is_no_sum_over_classes():
    entropy = Loss("row", logsumexp(logits) - total(targets[k] * logits[k]), logits, targets)
    assert is_convex(entropy) and steepest_slope(entropy) == 1 and longest_gradient(entropy) == sqrt(2)
    assert is_convex(replace(entropy, expression=total(logits[k] ** 2) / 8 - logsumexp(logits))) is not True
    assert steepest_slope(replace(entropy, expression=logsumexp(logits) ** 2)) is None


@pytest.mark.thorough
def test_a_jump_is_seen_where_it_takes_arithmetic_to_see_it():
    a, y = symbols("a y", real=True)
    expressions = (
        2 * exp(a) + Piecewise((exp(a), softplus(a) < 1), (0, True)),
        Piecewise((a**2, log_cosh(a) < 1), (0, True)),
        a**4 + 50 * a**2 + Piecewise((1, a**3 - a - 1 > 0), (0, True)),
    )
    assert [is_convex(Loss("jump", expression, a, y)) for expression in expressions] == [False, None, False]


def test_a_bound_near_a_parameters_0_is_compared_with_the_one_there():
    near_0 = own(Abs(residual) * Piecewise((1 + 20 * fold, fold > 0), (10, True)), b=(fold, 1))
    assert steepest_slope(near_0) is None
    c = Symbol("c", positive=True)
    assert str(steepest_slope(own(c * Abs(residual) * (1 + fold), b=(fold, 1), c=(c, 1)))) == "b*c + c"


def test_no_loss_is_looked_at_where_a_parameter_cannot_be_0():
    b = Symbol("b", positive=True)
    assert is_convex(own(Piecewise((residual**2, exp(b) > 1), (-(residual**2), True)), b=(b, 1))) is not False


def test_a_size_whose_sign_is_proved_has_no_bars():
    mirrored = own(Max((quantile - 1) * residual, quantile * residual), quantile=(quantile, 0.5))
    assert steepest_slope(mirrored) == Max(quantile, 1 - quantile)


def test_bounds_at_the_ends_of_the_domain_are_limits_from_inside():
    assert greatest_curvature(own(Abs(1 - 3 * exp(-prediction) + exp(-2 * prediction)))) == oo
    assert greatest_curvature(own(prediction**3)) == greatest_curvature(own(-exp(prediction))) == oo
    assert steepest_slope(own(epsilon**2 - Abs(1 - epsilon), epsilon)) == 3
    assert steepest_slope(own(5 * (1 - epsilon) ** 2 - Abs((epsilon + 1) ** 2 - 1), epsilon)) == 12
    for share in (epsilon, 1 - epsilon):  # the second derivative is infinite at the other side of the end
        assert greatest_curvature(own(exp(-1 / share), epsilon)) is None


def test_a_step_at_an_end_is_1_inside():
    assert places(jumps(own(Heaviside(epsilon, 0), epsilon))) == [("0", "0", "0", "1", "None")]
    assert places(jumps(own(Heaviside(1 - epsilon, 0), epsilon))) == [("1", "1", "0", "0", "None")]
