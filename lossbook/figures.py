"""Every figure of the book, in one style, with its alt text.

Each function returns a `Figure`: a byte-stable SVG that carries the text that is read in its place.
Curves are computed from the catalogue; numbers in the alt text are those that are drawn.
"""

import io

import matplotlib
import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch

from lossbook import functions, losses
from lossbook.data import ANIMALS, PICTURE_NAMES

BLUE, ORANGE, GREEN = "#0072b2", "#c04f00", "#00795a"
INK, QUIET = "#222222", "#767676"
STYLES = [(BLUE, "-"), (ORANGE, "--"), (GREEN, ":")]
"""Colour and line style go together, so that a figure reads in grey."""

STYLE = {
    "svg.hashsalt": "lossbook",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 2,
    "legend.frameon": False,
    "hatch.linewidth": 0.8,
}


class Figure:
    """An SVG and its alt text, shown by notebooks; the same input always gives the same bytes."""

    def __init__(self, canvas, alt):
        file = io.StringIO()
        with matplotlib.rc_context(STYLE):
            canvas.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        self.svg = file.getvalue()
        self.alt = alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {"image/svg+xml": self.svg, "text/plain": f"Figure: {self.alt}"}
        return data, {"image/svg+xml": {"alt": self.alt}}


def _panels(count=1, height=3.2):
    """A canvas with `count` axes beside each other."""
    canvas = Canvas(figsize=(6.8, height), layout="constrained")
    return canvas, np.atleast_1d(canvas.subplots(1, count))


def _styled(draw):
    """`draw` in the book's style."""

    def styled(*args, **kwargs):
        with matplotlib.rc_context(STYLE):
            return Figure(*draw(*args, **kwargs))

    styled.__doc__, styled.__name__ = draw.__doc__, draw.__name__
    return styled


def _signed(number):
    """`number` in short, with a true minus sign."""
    return f"{number:g}".replace("-", "−")


@_styled
def probabilities_by_picture(models, truth):
    """For each model a panel: the probabilities of each animal in each picture, the true animal hatched."""
    canvas, axes = _panels(len(models))
    said = []
    for axis, (name, rows) in zip(axes, models.items()):
        axis.set_xticks(range(len(rows)), PICTURE_NAMES)
        for animal, color in enumerate((BLUE, ORANGE, GREEN)):
            bars = axis.bar(np.arange(len(rows)) + 0.27 * (animal - 1), rows[:, animal], 0.25, color=color)
            for bar, is_truth in zip(bars, truth[:, animal]):
                bar.set_hatch("////" if is_truth else "")
                bar.set_edgecolor("white" if is_truth else color)
        axis.set(title=name, xlabel="picture", ylim=(0, 0.8))
        given = ", ".join(f"{p:.1f} to the true {ANIMALS[row.argmax()]}" for p, row in zip(rows[truth == 1], truth))
        said.append(f"{name} gives {given}")
    axes[0].set_ylabel("probability")
    swatches = [Patch(color=color, label=label) for label, color in zip(ANIMALS, (BLUE, ORANGE, GREEN))]
    swatches.append(Patch(facecolor=QUIET, edgecolor="white", hatch="////", label="truth"))
    axes[0].legend(handles=swatches, loc="upper left", ncols=2, columnspacing=0.8, handlelength=1)
    return canvas, f"Bars of probability for three pictures. {'; '.join(said)}. The highest bar is the true one in pictures 1 and 2 of both models, and in neither model in picture 3."


@_styled
def sigmoid_and_slope():
    """The sigmoid, and below it its derivative."""
    z = np.linspace(-8, 8, 321)
    canvas, axes = _panels(2)
    curves = functions.sigmoid.value(z), functions.sigmoid.gradient_at(z)
    for axis, curve, title in zip(axes, curves, ("σ(z)", "dσ/dz = σ(z) σ(−z)")):
        axis.plot(z, curve, color=BLUE)
        axis.set(title=title, xlabel="score z", ylim=(0, 1.04 * curve.max()))
        axis.axvline(0, color=QUIET, linewidth=0.8, linestyle=":")
    slopes = functions.sigmoid.gradient_at(np.array([0.0, 6.0]))
    return canvas, (
        "Left: an S-shaped curve that rises from 0 to 1 and crosses one half at score 0. Right: its slope, a bell "
        f"that is {slopes[0]:.2f} at score 0 and has fallen to {slopes[1]:.4f} at scores −6 and 6."
    )


@_styled
def softmax_of_one_score(others=(1.0, -1.0)):
    """The probabilities of three classes while the first score moves and the other two stay."""
    z = np.linspace(-6, 6, 241)
    rows = np.stack([z, *(np.full_like(z, score) for score in others)], axis=-1)
    curves = functions.softmax.value(rows)
    canvas, (axis,) = _panels()
    for number, (color, line) in enumerate(STYLES):
        axis.plot(z, curves[:, number], color=color, linestyle=line, label=f"class {number + 1}")
    axis.set(xlabel="score of class 1", ylabel="probability", ylim=(0, 1.02))
    axis.legend()
    start, end = curves[0], curves[-1]
    return canvas, (
        f"Three curves over the score of class 1, from −6 to 6, while the other scores stay at {_signed(others[0])} and {_signed(others[1])}. "
        f"Class 1 rises from {start[0]:.3f} to {end[0]:.3f}; class 2 falls from {start[1]:.3f} to {end[1]:.3f} and "
        f"class 3 from {start[2]:.3f} to {end[2]:.3f}. At every score the three add to 1."
    )


@_styled
def pushes(compared):
    """For a truth of 1: each loss and the size of its gradient over the score."""
    z = np.linspace(-8, 4, 241)
    canvas, axes = _panels(2)
    said = []
    for (name, loss), (color, line) in zip(compared.items(), STYLES):
        gradient = np.abs(loss.gradient_at(z, 1))
        axes[0].plot(z, loss.value(z, 1), color=color, linestyle=line, label=name)
        axes[1].plot(z, gradient, color=color, linestyle=line, label=name)
        at = np.abs(loss.gradient_at(np.array([-6.0, 0.0]), 1))
        said.append(f"the push of {name} is {at[0]:.3f} at score −6 and {at[1]:.3f} at score 0")
    axes[0].set(title="loss, truth 1", xlabel="score z", xticks=range(-8, 5, 2))
    axes[1].set(title="size of ∂L/∂z", xlabel="score z", xticks=range(-8, 5, 2))
    axes[0].legend()
    return canvas, f"Left: the losses over the score. Right: the sizes of their gradients; {'; '.join(said)}."


@_styled
def training_curves(paths):
    """The probability of the truth after each step of training, one curve a loss."""
    canvas, (axis,) = _panels()
    said = []
    for (name, path), (color, line) in zip(paths.items(), STYLES):
        probability = functions.sigmoid.value(path)
        axis.plot(probability, color=color, linestyle=line, label=name)
        half = np.flatnonzero(probability >= 0.5)
        said.append(f"{name} reaches one half after {half[0]} steps" if len(half) else f"{name} never reaches one half")
    axis.set(xlabel="step", ylabel="probability of the truth", ylim=(0, 1.02))
    axis.legend()
    return canvas, f"The probability of the truth over {len(path) - 1} steps of training from the same start: {'; '.join(said)}."


@_styled
def surprise():
    """The cross-entropy of a sample over the probability that was given to what happened."""
    p = np.linspace(0.005, 1, 400)
    canvas, (axis,) = _panels()
    axis.plot(p, losses.binary_cross_entropy.value(p, 1), color=BLUE, label="cross-entropy, −log p")
    axis.plot(p, losses.squared_error.value(p, 1), color=ORANGE, linestyle="--", label="squared error, (p − 1)²")
    axis.set(xlabel="probability given to what happened", ylabel="loss", ylim=(0, None))
    axis.legend()
    rare = losses.binary_cross_entropy.value(np.array([0.5, 0.01]), 1)
    return canvas, (
        f"Cross-entropy falls from above 5 to 0 as the probability goes from 0 to 1: it is {rare[0]:.2f} at one half and "
        f"{rare[1]:.2f} at 0.01. Squared error never exceeds 1."
    )


@_styled
def pipeline(scores, truth):
    """From scores through probabilities to the loss, with the numbers of one picture in the boxes."""
    scores = np.asarray(scores, dtype=float)
    probabilities = functions.softmax.value(scores)
    loss = losses.softmax_cross_entropy.value(scores, truth)
    columns = {
        "scores z": [f"{score:g}" for score in scores],
        "probabilities p": [f"{p:.3f}" for p in probabilities],
        "loss L": [f"{loss:.3f}"],
        "one-hot truth y": [str(int(number == truth)) for number in range(len(scores))],
    }
    canvas = Canvas(figsize=(6.8, 2.6), layout="constrained")
    axis = canvas.subplots()
    for column, (title, cells) in enumerate(columns.items()):
        axis.text(2 * column, 2.6, title, ha="center", weight="bold")
        for row, cell in enumerate(cells):
            height = 1 if len(cells) == 1 else len(cells) - 1 - row
            axis.text(2 * column, height, cell, ha="center", va="center", bbox={"boxstyle": "round,pad=0.5", "fc": "none", "ec": BLUE})
    for start, end, name in ((0, 2, "softmax"), (2, 4, "cross-\nentropy"), (6, 4, "")):
        reach = 0.3 * (end - start)
        axis.annotate("", (end - reach, 1), (start + reach, 1), arrowprops={"arrowstyle": "->", "color": INK})
        axis.text((start + end) / 2, 1.15, name, ha="center", va="bottom", size=9.5)
    axis.set(xlim=(-1, 7), ylim=(-0.5, 3))
    axis.axis("off")
    given = ", ".join(columns["probabilities p"])
    return canvas, (
        f"Columns joined by arrows. The scores {', '.join(columns['scores z'])} become by softmax the probabilities "
        f"{given}. From them and from the one-hot truth {' '.join(columns['one-hot truth y'])} arrows lead to the loss {loss:.3f}."
    )
