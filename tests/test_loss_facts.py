"""What is derived of kinks, convexity and steepness holds where it is measured."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import Abs, oo, sin, symbols

from lossbook import losses
from lossbook.cards import Card
from lossbook.facts import is_convex, kinks, steepest_slope
from lossbook.loss import Loss
from lossbook.typeset import text

ELEMENTWISE = [name for name, loss in losses.catalogue.items() if not loss.over_classes]
NOT_CONVEX = {"sigmoid_squared_error", "softmax_squared_error", "focal"}
TARGETS = {"hinge": [-1.0, 1.0], "squared_hinge": [-1.0, 1.0], "poisson": [0.0, 3.0]}


def points(name, count=400):
    """Predictions and targets inside the domains of an elementwise loss."""
    random = np.random.default_rng(5)
    inside = random.uniform(0.01, 0.99, count) if name == "binary_cross_entropy" else random.normal(0, 4, count)
    return inside, random.choice(TARGETS.get(name, [0.0, 1.0]), count)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_loss_is_convex_just_where_no_chord_passes_below_it(name):
    loss = losses.catalogue[name]
    a, y = points(name)
    b = np.roll(a, 1)
    gap = (loss.value(a, y) + loss.value(b, y)) / 2 - loss.value((a + b) / 2, y)
    assert is_convex(loss) is (name not in NOT_CONVEX)
    assert (gap >= -1e-12).all() is np.bool_(name not in NOT_CONVEX)


@pytest.mark.parametrize("name", [name for name, loss in losses.catalogue.items() if loss.over_classes])
def test_a_class_loss_is_convex_just_where_no_hessian_has_a_negative_eigenvalue(name):
    loss, random = losses.catalogue[name], np.random.default_rng(6)
    rows = random.normal(0, 3, (300, 4))
    if name in ("cross_entropy", "kl_divergence"):
        rows = np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)
    least = np.linalg.eigvalsh(loss.hessian_at(rows, np.eye(4)[random.integers(0, 4, 300)])).min()
    assert is_convex(loss) is (name not in NOT_CONVEX)
    assert (least < -1e-9) == (name in NOT_CONVEX)


@pytest.mark.parametrize("name, expected", [
    ("absolute_error", [("y", "-1", "1")]),
    ("pinball", [("y", "-tau", "1 - tau")]),
    ("hinge", [("-1", "0", "1"), ("1", "-1", "0")]),
    *((name, []) for name in ELEMENTWISE if name not in ("absolute_error", "pinball", "hinge")),
])
def test_kinks_are_where_the_slope_jumps(name, expected):
    found = [(str(kink.point), str(kink.left), str(kink.right)) for kink in kinks(losses.catalogue[name])]
    assert found == expected


@pytest.mark.parametrize("name", ["absolute_error", "pinball"])
def test_slopes_beside_a_kink_are_the_difference_quotients(name):
    loss = losses.catalogue[name]
    (kink,) = kinks(loss)
    half = {symbol: 0.5 for symbol in (kink.left + kink.right).free_symbols | kink.left.free_symbols}
    for side, slope in ((-1e-6, kink.left), (1e-6, kink.right)):
        assert (loss.value(2 + side, 2.0) - loss.value(2.0, 2.0)) / side == pytest.approx(float(slope.xreplace(half)))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_steepest_slope_is_never_passed_and_nearly_reached(name):
    loss = losses.catalogue[name]
    bound = steepest_slope(loss)
    if name in NOT_CONVEX:
        assert bound is None
        return
    ends = np.array([1e-9, 1 - 1e-9]) if name == "binary_cross_entropy" else np.array([-300.0, 300.0])
    steepest = max(np.abs(loss.gradient_at(ends, y)).max() for y in TARGETS.get(name, [0.0, 1.0]))
    if bound == oo:
        assert steepest > 100
        return
    values = {"delta": 1, "tau": 0.5, "y": 1}
    bound = float(bound.subs({symbol: values[symbol.name] for symbol in bound.free_symbols}))
    a, y = points(name)
    assert np.abs(loss.gradient_at(a, y)).max() <= bound + 1e-15
    assert steepest == pytest.approx(bound)


@pytest.mark.parametrize("name", losses.catalogue)
def test_a_card_shows_the_loss_and_what_is_known_of_it(name):
    card = Card(losses.catalogue[name])
    shown = card._repr_markdown_()
    assert losses.catalogue[name]._repr_latex_() in shown
    assert all(f"\n| {title} | " in shown for title in ("gradient", "second derivative", "convex", "source"))
    assert all(row.count("|") == 3 for row in shown.splitlines() if row.startswith("| ") and row != "| | |")


def test_a_loss_of_ones_own_has_all_of_this_in_three_lines():
    a, y = symbols("a y", real=True)
    quartic = Loss(name="quartic error", expression=(a - y) ** 4, prediction=a, target=y)
    assert is_convex(quartic) and kinks(quartic) == [] and steepest_slope(quartic) == oo
    assert text(quartic.derivation().result) == "4*(a - y)**3"
    assert_allclose(quartic.gradient_at([0.0, 2.0], 1.0), [-4, 4])
    assert "12 \\, \\left(a - y\\right)^{2}" in Card(quartic)._repr_markdown_()


def test_nothing_is_called_convex_that_is_not():
    a, y = symbols("a y", real=True)
    for expression in ((a - y) ** 3, -((a - y) ** 2), (a - y) ** 4 - (a - y) ** 2, -Abs(a - y), sin(a - y)):
        assert not is_convex(Loss(name="wrong", expression=expression, prediction=a, target=y))
