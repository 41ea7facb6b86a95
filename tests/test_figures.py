"""Figures are stable SVG with words in their place; tables and training say what they compute."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lossbook import data, figures, losses
from lossbook.tables import Table
from lossbook.training import descend

PATHS = {"squared error": np.linspace(-6, 1, 50), "cross-entropy": np.linspace(-6, 3, 50)}
RIVALS = {"squared error": losses.sigmoid_squared_error, "cross-entropy": losses.binary_cross_entropy_with_logits}

FIGURES = {
    "probabilities": lambda: figures.probabilities_by_picture(data.MODELS, data.PICTURES),
    "sigmoid": figures.sigmoid_and_slope,
    "softmax": figures.softmax_of_one_score,
    "pushes": lambda: figures.pushes(RIVALS),
    "training": lambda: figures.training_curves(PATHS),
    "surprise": figures.surprise,
    "pipeline": lambda: figures.pipeline([1, 5, 3], 1),
}


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
    assert "0.016, 0.867, 0.117" in FIGURES["pipeline"]().alt and "loss 0.143" in FIGURES["pipeline"]().alt
    assert "0.25 at score 0" in FIGURES["sigmoid"]().alt
    # -6 + 7 t / 49 is 0 after 42 steps, -6 + 9 t / 49 only between 32 and 33.
    assert "squared error reaches one half after 42 steps" in FIGURES["training"]().alt
    assert "cross-entropy reaches one half after 33 steps" in FIGURES["training"]().alt


def test_a_table_writes_numbers_alike_down_a_column():
    table = Table({"score": [-2.0, 0.0], "p": [0.1192, 0.5], "<b>": ["x & y", "z"]}, digits=2)
    assert str(table) == "score     p    <b>\n−2     0.12  x & y\n0      0.50      z"
    assert "<td>x &amp; y</td>" in table._repr_html_() and '<th scope="row">−2</th>' in table._repr_html_()


def test_a_table_refuses_columns_of_different_length():
    with pytest.raises(ValueError, match="^columns: .*'a': 1.*'b': 2"):
        Table({"a": [1], "b": [1, 2]})


def test_descent_on_squared_error_shrinks_the_residual_by_a_constant_factor():
    path = descend(losses.squared_error, [5.0, -1.0], 3.0, rate=0.1, steps=20)
    assert_allclose(path, 3 + np.multiply.outer(0.8 ** np.arange(21), [2.0, -4.0]), rtol=1e-13)
