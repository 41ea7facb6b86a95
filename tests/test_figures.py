"""Figures are stable SVG with words in their place; tables and training say what they compute."""

import re
from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lossbook import data, figures, losses
from lossbook.digits import exact
from lossbook.tables import Table
from lossbook.training import Network, descend


def to_the_right():
    """A network whose second class leads where the first feature is above its mean."""
    network = Network([2, 2])
    network.weights = [np.array([[-1.0, 0.0], [1.0, 0.0]])]
    return network


PATHS = {"squared error": np.linspace(-6, 1, 50), "cross-entropy": np.linspace(-6, 3, 50)}
RIVALS = {"squared error": losses.sigmoid_squared_error, "cross-entropy": losses.binary_cross_entropy_with_logits}

CLUSTERS = np.array([[30.0, 20.0], [31.0, 18.0], [50.0, 20.0], [52.0, 18.0]])
DIGITS = exact(losses.squared_error, [1.0, 2.0], 0.0)

FIGURES = {
    "probabilities": lambda: figures.probabilities_by_picture(data.MODELS, data.PICTURES),
    "stairs": lambda: figures.stairs_and_ramp(
        np.array([0.0, 0.3, 0.6]), np.array([[0.2, 0.8], [0.5, 0.5], [0.8, 0.2]]), 0
    ),
    "sigmoid": figures.sigmoid_and_slope,
    "softmax": figures.softmax_of_one_score,
    "pushes": lambda: figures.pushes(RIVALS),
    "training": lambda: figures.training_curves(PATHS),
    "surprise": figures.surprise,
    "pipeline": lambda: figures.pipeline([1, 5, 3], 1),
    "difference errors": lambda: figures.difference_errors(lambda x: x**3, lambda x: 3 * x**2, at=1.0),
    "optimum": lambda: figures.optimum_over_truth({"a": (np.linspace(0, 1, 11), np.linspace(0.1, 0.9, 11))}),
    "reliability": lambda: figures.reliability({"a": (np.array([0.2, 0.8]), np.array([0.1, 0.9]), np.array([5, 5]))}),
    "two minima": lambda: figures.two_minima([0, 0, 3]),
    "matrices": figures.matrix_products,
    "boundaries": lambda: figures.boundaries(
        CLUSTERS, CLUSTERS[:, 0] > 40, [0, 1, 2], [0, 3], {"a line": to_the_right()}
    ),
    "lines": lambda: figures.fitted_lines(data.YEARS, data.CALLS, {"a": (1.0, 0.5)}, "calls"),
    "estimates": lambda: figures.estimates_over_one_value(np.array([0.0, 1, 2, 3, 4]), delta=1),
    "neuron": lambda: figures.one_neuron(x=2.0, weight=-1.0, bias=0.5, truth=1),
    "network": lambda: figures.small_network(np.eye(3), np.array([1.0, -2.0, 0.5])),
    "regression losses": figures.regression_losses,
    "distances": lambda: figures.distance_over_steps({"a": 0.5 ** np.arange(30), "b": np.array([1.0, 0.0])}),
    "parabolas": lambda: figures.steps_on_a_parabola([0.1, 1.1]),
    "digits": lambda: figures.correct_digits(np.array([0.0, 1.0]), {"a": np.array([1.0, 4.1])}, DIGITS),
}


def test_every_figure_is_drawn_here():
    drawn = {name for draw in FIGURES.values() for name in (draw.__name__, *draw.__code__.co_names)}
    styled = figures.surprise.__code__
    assert {name for name, draw in vars(figures).items() if getattr(draw, "__code__", None) is styled} <= drawn


@pytest.mark.thorough(one_case_in=6)
@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_figure_is_the_same_svg_each_time_and_carries_its_alt_text(draw):
    figure = draw()
    assert figure.svg == draw().svg
    assert figure.svg.startswith("<?xml") and "<image" not in figure.svg
    content, metadata = figure._repr_mimebundle_()
    assert content["image/svg+xml"] == figure.svg
    assert metadata == {"image/svg+xml": {"alt": figure.alt}} and len(figure.alt) > 60


def test_alt_text_says_the_numbers_that_are_drawn():
    assert "0.4 to the true pig, 0.4 to the true dog, 0.1 to the true cat" in FIGURES["probabilities"]().alt
    by_one = figures.probabilities_by_picture({"one": np.eye(3)}, np.eye(3)).alt
    assert by_one.endswith("the highest bar is the true one in 1 (pig) and 2 (dog) and 3 (cat).")
    assert "b is 0 away after 1 steps and 0 away after 1 steps" in FIGURES["distances"]().alt
    assert "0 until 0.30 is moved" in FIGURES["stairs"]().alt and "from 0.80 to 0.20" in FIGURES["stairs"]().alt
    assert "0.016, 0.867, 0.117" in FIGURES["pipeline"]().alt and "loss 0.143" in FIGURES["pipeline"]().alt
    assert "0.25 at score 0" in FIGURES["sigmoid"]().alt
    # -6 + 7 t / 49 is 0 after 42 steps, -6 + 9 t / 49 only between 32 and 33.
    assert "squared error reaches one half after 42 steps" in FIGURES["training"]().alt
    assert "cross-entropy reaches one half after 33 steps" in FIGURES["training"]().alt


def test_alt_text_says_where_minima_optima_and_shares_lie():
    minima = FIGURES["two minima"]().alt
    assert (
        "squared residuals is least at 1 " in minima and "absolute residuals is least at 0." in minima
    )  # mean, median
    assert "a 0.180, 0.500, 0.820" in FIGURES["optimum"]().alt  # 0.1 + 0.8 p
    assert "it says 0.80 on average where 0.90 happen" in FIGURES["reliability"]().alt


def test_alt_text_says_what_boundaries_lines_estimates_and_digits_show():
    # Of three birds tested one is a Chinstrap, to the right of the mean (30 + 52) / 2.
    assert "a line: 1 of 1 Chinstraps and 0 others" in FIGURES["boundaries"]().alt
    assert "Gᵀ times H gives ∂L/∂W, n by u, and sums over m" in FIGURES["matrices"]().alt
    assert "a rises by 0.500 a year and ends at 12.50" in FIGURES["lines"]().alt  # 1 + 23 / 2
    # 0, 1, 2, 3 and one that moves from 0 to 20: means 6 / 5 and 26 / 5, medians 1 and 2.
    estimates = FIGURES["estimates"]().alt
    assert "the mean goes from 1.20 to 5.20; the median goes from 1.00 to 2.00" in estimates
    assert "a: 15 at 0, 1 at 1" in FIGURES["digits"]().alt  # 4.1 for 4 is off by 0.025


def test_no_weight_of_the_small_network_is_written_over_another():
    label = r"<!-- \$w_.*?translate\((\S+) (\S+)\)(?: rotate\((\S+)\))?"
    places = re.findall(label, FIGURES["network"]().svg, re.DOTALL)
    assert len(places) == 9
    along = [float(x) + 1j * float(y) + np.arange(31) * np.exp(1j * np.radians(float(a or 0))) for x, y, a in places]
    assert min(np.abs(np.subtract.outer(one, other)).min() for one, other in combinations(along, 2)) > 9.5  # the type


def test_a_table_writes_numbers_alike_down_a_column():
    table = Table({"score": [-2.0, 0.0], "p": [0.1192, 0.5], "<b>": ["x & y", "z"]}, digits=2)
    assert str(table) == "score     p  <b>\n−2     0.12  x & y\n0      0.50  z"
    assert '<td class="text-left">x &amp; y</td>' in table._repr_html_()
    assert '<th scope="row">−2</th>' in table._repr_html_()


def test_numbers_written_by_hand_stand_right_and_have_a_true_minus_sign():
    table = Table({"step": ["1e-06", "-4e-06"], "needed": ["12", "> 3000"], "verdict": ["wrong", "scikit-learn"]})
    assert str(table) == "step    needed  verdict\n1e−06       12  wrong\n−4e−06  > 3000  scikit-learn"


def test_a_table_refuses_columns_of_different_length():
    with pytest.raises(ValueError, match="^columns: .*'a': 1.*'b': 2"):
        Table({"a": [1], "b": [1, 2]})


def test_a_figure_with_more_curves_than_styles_is_refused():
    with pytest.raises(ValueError, match="^paths: expected at most 3, got 4$"):
        figures.training_curves(dict.fromkeys("abcd", np.linspace(-1, 1, 5)))


def test_descent_on_squared_error_shrinks_the_residual_by_a_constant_factor():
    path = descend(losses.squared_error, [5.0, -1.0], 3.0, rate=0.1, steps=20)
    assert_allclose(path, 3 + np.multiply.outer(0.8 ** np.arange(21), [2.0, -4.0]), rtol=1e-13)
