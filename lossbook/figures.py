"""Every figure of the book, in one style, with its alt text.

Each function returns a `Figure`: a byte-stable SVG that carries the text that is read in its place.
Curves are computed from the catalogue; numbers in the alt text are those that are drawn.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch, Rectangle

from lossbook import functions, losses
from lossbook.data import ANIMALS, MEASUREMENTS, PICTURE_NAMES
from lossbook.digits import correct_digits as count_correct_digits
from lossbook.loss import Loss
from lossbook.training import Network, descend, fit_linear, standardise
from lossbook.types import ArrayLike

Given = ParamSpec("Given")
"""What a figure is drawn of."""

Curve = TypeVar("Curve")
"""What one curve is drawn of."""

BLUE, ORANGE, GREEN = "#0072b2", "#c04f00", "#00795a"
INK, QUIET = "#222222", "#767676"
STYLES = [(BLUE, "-"), (ORANGE, "--"), (GREEN, ":")]
"""Colour and line style go together, so that a figure reads in grey."""

NARROW = 4.8
"""The width in inches of a figure that a phone shows whole."""

BOX = {"boxstyle": "round,pad=0.5", "fc": "none", "ec": BLUE}
ARROW = {"arrowstyle": "->", "color": INK}
"""How numbers in boxes are joined."""

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

    def __init__(self, canvas: Canvas, alt: str) -> None:
        file = io.StringIO()
        with matplotlib.rc_context(STYLE):
            canvas.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        self.svg = file.getvalue()
        self.alt = alt

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        data = {"image/svg+xml": self.svg, "text/plain": f"Figure: {self.alt}"}
        return data, {"image/svg+xml": {"alt": self.alt}}


def _panels(count: int = 1, height: float = 3.2, width: float = 6.8) -> tuple[Canvas, np.ndarray]:
    """A canvas with `count` axes beside each other."""
    canvas = Canvas(figsize=(width, height), layout=ConstrainedLayoutEngine(wspace=0.08))
    return canvas, np.atleast_1d(canvas.subplots(1, count))


def _styled(draw: Callable[Given, tuple[Canvas, str]]) -> Callable[Given, Figure]:
    """`draw` in the book's style."""

    def styled(*args: Given.args, **kwargs: Given.kwargs) -> Figure:
        with matplotlib.rc_context(STYLE):
            return Figure(*draw(*args, **kwargs))

    styled.__doc__, styled.__name__ = draw.__doc__, draw.__name__
    return styled


def _with_styles(
    name: str, curves: Mapping[str, Curve], styles: Sequence[tuple[str, str]] = STYLES
) -> Iterator[tuple[tuple[str, Curve], tuple[str, str]]]:
    """Each of the `curves`, that is of the argument `name`, with a colour and a line of its own."""
    if len(curves) > len(styles):
        raise ValueError(f"{name}: expected at most {len(styles)}, got {len(curves)}")
    return zip(curves.items(), styles)


def signed(number: float) -> str:
    """`number` in short, with a true minus sign."""
    return f"{number:g}".replace("-", "−")


@_styled
def probabilities_by_picture(models: dict[str, np.ndarray], truth: np.ndarray) -> tuple[Canvas, str]:
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
        found = [name for name, right in zip(PICTURE_NAMES, rows.argmax(axis=1) == truth.argmax(axis=1)) if right]
        said.append(f"{name} gives {given}; the highest bar is the true one in {' and '.join(found) or 'none'}")
    axes[0].set_ylabel("probability")
    swatches = [Patch(color=color, label=label) for label, color in zip(ANIMALS, (BLUE, ORANGE, GREEN))]
    swatches.append(Patch(facecolor=QUIET, edgecolor="white", hatch="////", label="truth"))
    axes[0].legend(handles=swatches, loc="upper left", ncols=2, columnspacing=0.8, handlelength=1)
    return canvas, f"Bars of probability for three pictures. {'. '.join(said)}."


@_styled
def stairs_and_ramp(moved: np.ndarray, rows: np.ndarray, truth: int) -> tuple[Canvas, str]:
    """Whether each of `rows` answers with the truth, and the probability that it misses, over what was moved."""
    canvas, (axis,) = _panels(height=2.8, width=NARROW)
    right, missed = rows.argmax(axis=1) == truth, 1 - rows[:, truth]
    axis.plot(moved, right, color=BLUE, drawstyle="steps-post", label="accuracy")
    axis.plot(moved, missed, color=ORANGE, linestyle="--", label="1 − p of the truth")
    axis.set(xlabel="probability moved to the truth")
    axis.legend(loc="center left")
    return canvas, (
        f"Accuracy is 0 until {moved[right][0]:.2f} is moved, jumps, and is 1 from there on. The missing probability "
        f"falls along a straight line from {missed[0]:.2f} to {missed[-1]:.2f}."
    )


@_styled
def sigmoid_and_slope() -> tuple[Canvas, str]:
    """The sigmoid, and below it its derivative."""
    z = np.linspace(-8, 8, 321)
    canvas, axes = _panels(2)
    curves = functions.sigmoid.value(z), functions.sigmoid.gradient_at(z)
    for axis, curve, title in zip(axes, curves, ("σ(z)", "∂σ/∂z = σ(z) σ(−z)")):
        axis.plot(z, curve, color=BLUE)
        axis.set(title=title, xlabel="score z", ylim=(0, 1.04 * curve.max()))
        axis.axvline(0, color=QUIET, linewidth=0.8, linestyle=":")
    slopes = functions.sigmoid.gradient_at(np.array([0.0, 6.0]))
    return canvas, (
        "Left: an S-shaped curve that rises from 0 to 1 and crosses one half at score 0. Right: its slope, a bell "
        f"that is {slopes[0]:.2f} at score 0 and has fallen to {slopes[1]:.4f} at scores −6 and 6."
    )


@_styled
def softmax_of_one_score(others: tuple[float, ...] = (1.0, -1.0)) -> tuple[Canvas, str]:
    """The probabilities of three classes while the first score moves and the other two stay."""
    z = np.linspace(-6, 6, 241)
    rows = np.stack([z, *(np.full_like(z, score) for score in others)], axis=-1)
    curves = functions.softmax.value(rows)
    canvas, (axis,) = _panels(width=NARROW)
    for number, (color, line) in enumerate(STYLES):
        axis.plot(z, curves[:, number], color=color, linestyle=line, label=f"class {number + 1}")
    axis.set(xlabel="score of class 1", ylabel="probability", ylim=(0, 1.02))
    axis.legend()
    start, end = curves[0], curves[-1]
    return canvas, (
        "Three curves over the score of class 1, from −6 to 6, while the other scores stay at "
        f"{signed(others[0])} and {signed(others[1])}. "
        f"Class 1 rises from {start[0]:.3f} to {end[0]:.3f}; class 2 falls from {start[1]:.3f} to {end[1]:.3f} and "
        f"class 3 from {start[2]:.3f} to {end[2]:.3f}. At every score the three add to 1."
    )


@_styled
def pushes(compared: dict[str, Loss]) -> tuple[Canvas, str]:
    """For a truth of 1: each loss and the size of its gradient over the score."""
    z = np.linspace(-8, 4, 241)
    canvas, axes = _panels(2)
    said = []
    for (name, loss), (color, line) in _with_styles("compared", compared):
        gradient = np.abs(loss.gradient_at(z, 1))
        axes[0].plot(z, loss.value(z, 1), color=color, linestyle=line, label=name)
        axes[1].plot(z, gradient, color=color, linestyle=line, label=name)
        at = np.abs(loss.gradient_at(np.array([-6.0, 0.0]), 1))
        said.append(f"the push of {name} is {at[0]:.3f} at score −6 and {at[1]:.3f} at score 0")
    axes[0].set(title="loss, truth 1", xlabel="score z", xticks=range(-8, 6, 2))
    axes[1].set(title="size of ∂L/∂z", xlabel="score z", xticks=range(-8, 6, 2))
    axes[0].legend()
    return canvas, f"Left: the losses over the score. Right: the sizes of their gradients; {'; '.join(said)}."


@_styled
def training_curves(paths: dict[str, np.ndarray]) -> tuple[Canvas, str]:
    """The probability of the truth after each step of training, one curve a loss."""
    canvas, (axis,) = _panels(width=NARROW)
    said = []
    for (name, path), (color, line) in _with_styles("paths", paths):
        probability = functions.sigmoid.value(path)
        axis.plot(probability, color=color, linestyle=line, label=name)
        half = np.flatnonzero(probability >= 0.5)
        said.append(f"{name} reaches one half after {half[0]} steps" if len(half) else f"{name} never reaches one half")
    axis.set(xlabel="step", ylabel="probability of the truth", ylim=(0, 1.02))
    axis.legend(loc="center left", bbox_to_anchor=(0.14, 0.5))
    return canvas, (
        f"The probability of the truth over {len(path) - 1} steps of training from the same start: {'; '.join(said)}."
    )


@_styled
def surprise() -> tuple[Canvas, str]:
    """The cross-entropy and the squared error of a sample over the probability that was given to what happened."""
    p = np.linspace(0.005, 1, 400)
    canvas, (axis,) = _panels(width=NARROW)
    axis.plot(p, losses.squared_error.value(p, 1), color=BLUE, label="squared error, (p − 1)²")
    axis.plot(p, losses.binary_cross_entropy.value(p, 1), color=ORANGE, linestyle="--", label="cross-entropy, −log p")
    axis.set(xlabel="probability given to what happened", ylabel="loss", ylim=(0, None))
    axis.legend()
    rare = losses.binary_cross_entropy.value(np.array([0.5, 0.01]), 1)
    return canvas, (
        f"Cross-entropy falls from above 5 to 0 as the probability goes from 0 to 1: it is {rare[0]:.2f} at one "
        f"half and {rare[1]:.2f} at 0.01. Squared error never exceeds 1."
    )


@_styled
def pipeline(scores: ArrayLike, truth: int) -> tuple[Canvas, str]:
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
    canvas, (axis,) = _panels(height=2.6)
    for column, (title, cells) in enumerate(columns.items()):
        axis.text(2 * column, 2.6, title, ha="center", weight="bold")
        for row, cell in enumerate(cells):
            height = 1 if len(cells) == 1 else len(cells) - 1 - row
            axis.text(2 * column, height, cell, ha="center", va="center", bbox=BOX)
    for start, end, name in ((0, 2, "softmax"), (2, 4, "cross-\nentropy"), (6, 4, "")):
        reach = 0.3 * (end - start)
        axis.annotate("", (end - reach, 1), (start + reach, 1), arrowprops=ARROW)
        axis.text((start + end) / 2, 1.15, name, ha="center", va="bottom", size=9.5)
    axis.set(xlim=(-1, 7), ylim=(-0.5, 3))
    axis.axis("off")
    given = ", ".join(columns["probabilities p"])
    return canvas, (
        f"Columns joined by arrows. The scores {', '.join(columns['scores z'])} become by softmax the probabilities "
        f"{given}. From them and from the one-hot truth {' '.join(columns['one-hot truth y'])} arrows lead to the "
        f"loss {loss:.3f}."
    )


@_styled
def one_neuron(x: float, weight: float, bias: float, truth: int) -> tuple[Canvas, str]:
    """From the input to the loss, with the numbers in the boxes; below, the three factors on the way back."""
    score = weight * x + bias
    probability = functions.sigmoid.value(score)
    loss, by_probability = losses.binary_cross_entropy.value_and_gradient(probability, truth)
    slope = functions.sigmoid.gradient_at(score)
    there = {"weight w": weight, "score z": score, "probability p": probability, "loss L": loss}
    back = {"∂z/∂w": x, "∂p/∂z": slope, "∂L/∂p": by_probability}
    canvas, (axis,) = _panels(height=2.4)
    for column, (name, number) in enumerate(there.items()):
        axis.text(2 * column, 1.75, name, ha="center", weight="bold")
        axis.text(2 * column, 1, signed(round(float(number), 4)), ha="center", va="center", bbox=BOX)
    for column, name in enumerate((f"· {signed(x)} + {signed(bias)}", "sigmoid", f"truth {truth:g}")):
        axis.annotate("", (2 * column + 1.4, 1), (2 * column + 0.6, 1), arrowprops=ARROW)
        axis.text(2 * column + 1, 1.25, name, ha="center", va="bottom", size=9.5)
    arrow_back = {**ARROW, "color": ORANGE, "linestyle": "--"}
    for column, (name, number) in enumerate(back.items()):
        factor = f"{name} = {signed(round(float(number), 4))}"
        axis.annotate("", (2 * column + 0.2, 0.3), (2 * column + 1.8, 0.3), arrowprops=arrow_back)
        axis.text(2 * column + 1, 0.05, factor, ha="center", va="top", color=ORANGE)
    axis.set(xlim=(-0.8, 6.8), ylim=(-0.5, 2))
    axis.axis("off")
    forward = ", ".join(f"{name} {signed(round(float(number), 4))}" for name, number in there.items())
    backward = ", ".join(f"{name} = {signed(round(float(number), 4))}" for name, number in back.items())
    return canvas, (
        f"Four boxes joined by arrows to the right: {forward}. Dashed arrows lead back, with a factor each: {backward}."
    )


@_styled
def small_network(weights: np.ndarray, inputs: np.ndarray) -> tuple[Canvas, str]:
    """Three inputs, nodes 1 to 3, joined to three outputs, nodes 4 to 6, by the weights w41 to w63."""
    scores = weights @ inputs
    canvas, (axis,) = _panels(height=4.4)
    along: dict[str, Any] = {"ha": "center", "va": "bottom", "rotation_mode": "anchor", "transform_rotates_text": True}
    for row, (score, from_inputs) in enumerate(zip(scores, weights)):
        for column, weight in enumerate(from_inputs):
            axis.plot([0.12, 1.88], [-column, -row], color=QUIET, linewidth=0.8, zorder=1)
            rise = column - row
            angle = np.degrees(np.arctan2(rise, 1.76))
            label = f"$w_{{{row + 4}{column + 1}}}$ = {signed(weight)}"
            axis.text(1.49, -row - 0.22 * rise + 0.02, label, size=9.5, rotation=angle, **along)
        axis.text(2.25, -row, f"score $z_{row + 4}$ = {signed(score)}", va="center")
    for column, x in enumerate(inputs):
        axis.text(-0.25, -column, f"$x_{column + 1}$ = {signed(x)}", ha="right", va="center")
    for name, (x, y) in enumerate([(0, 0), (0, -1), (0, -2), (2, 0), (2, -1), (2, -2)], start=1):
        box = {"boxstyle": "circle,pad=0.4", "fc": "none", "ec": BLUE}
        axis.text(x, y, str(name), ha="center", va="center", bbox=box, zorder=2)
    axis.set(xlim=(-0.9, 3.2), ylim=(-2.4, 0.5))
    axis.axis("off")
    given = ", ".join(signed(x) for x in inputs)
    rows = "; ".join(f"into node {row + 4} lead {', '.join(map(signed, line))}" for row, line in enumerate(weights))
    results = ", ".join(map(signed, scores))
    return canvas, (
        f"Nodes 1 to 3 on the left hold the inputs {given}. Each is joined to each of the nodes 4 to 6 on the "
        f"right. The weights from nodes 1, 2 and 3: {rows}. The scores of nodes 4, 5 and 6 are {results}."
    )


@_styled
def matrix_products() -> tuple[Canvas, str]:
    """The products of a layer, forward and back, as blocks of their shapes, the size that is summed over marked."""
    sizes = {"m": 5, "n": 3, "u": 4}
    products = {  # each block with the size of its rows and of its columns
        "forward": (("H", "m", "u"), ("Wᵀ", "u", "n"), ("Z", "m", "n")),
        "back to the units": (("G", "m", "n"), ("W", "n", "u"), ("∂L/∂H", "m", "u")),
        "back to the weights": (("Gᵀ", "n", "m"), ("H", "m", "u"), ("∂L/∂W", "n", "u")),
    }
    canvas, (axis,) = _panels(height=4.8)
    said, top = [], 0.0
    for title, blocks in products.items():
        tallest = max(sizes[rows] for _, rows, _ in blocks)
        axis.text(-0.4, top - tallest / 2, title, ha="right", va="center")
        left = 1.0
        for number, (name, rows, columns) in enumerate(blocks):
            width, height = sizes[columns], sizes[rows]
            low = top - (tallest + height) / 2
            axis.add_patch(Rectangle((left, low), width, height, facecolor="none", edgecolor=BLUE, linewidth=1.6))
            axis.text(left + width / 2, low + height / 2, name, ha="center", va="center")
            for side, (x, y, ha, va) in {
                rows: (left - 0.15, low + height / 2, "right", "center"),
                columns: (left + width / 2, low + height + 0.1, "center", "bottom"),
            }.items():
                summed = (number, side) in {(0, blocks[0][2]), (1, blocks[1][1])}
                style = {"color": ORANGE, "weight": "bold", "style": "italic"} if summed else {"color": INK}
                axis.text(x, y, side, ha=ha, va=va, fontsize=9.5, **style)
            if number < 2:
                axis.text(left + width + 0.9, top - tallest / 2, "·="[number], ha="center", va="center", fontsize=14)
            left += width + 2.8
        (first, _, over), (second, _, _), (result, rows, columns) = blocks
        said.append(f"{title}: {first} times {second} gives {result}, {rows} by {columns}, and sums over {over}")
        top -= tallest + 1.9
    axis.set(xlim=(-8, 20), ylim=(top + 1.6, 1), aspect="equal")
    axis.axis("off")
    return canvas, f"Three products of matrices as blocks. {'. '.join(said)}."


@_styled
def boundaries(
    points: np.ndarray, chosen: np.ndarray, test: np.ndarray, train: np.ndarray, networks: dict[str, Network]
) -> tuple[Canvas, str]:
    """The bills `test`, Chinstraps (`chosen`) filled, and where each network gives its two classes equal scores.

    The networks were trained on points that were standardised like the points `train`.
    """
    points, chosen, like = points[test], chosen[test], points[train]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * (high - low)
    grid = [np.linspace(a, b, 241) for a, b in zip(low - margin, high + margin)]
    plane = np.stack(np.meshgrid(*grid), axis=-1)
    canvas, (axis,) = _panels(height=4.2)
    axis.plot(*points[~chosen].T, "o", ms=5, markerfacecolor="none", markeredgecolor=QUIET, label="other species")
    axis.plot(*points[chosen].T, "^", ms=6, color=GREEN, label="Chinstrap")
    said = []
    for (name, network), (color, line) in _with_styles("networks", networks):
        lead = np.diff(network.scores(standardise(plane.reshape(-1, 2), like)), axis=1)[:, 0]
        axis.contour(*grid, lead.reshape(plane.shape[:2]), levels=[0], colors=color, linestyles=line, linewidths=2)
        axis.plot([], [], color=color, linestyle=line, label=name)
        found = np.diff(network.scores(standardise(points, like)), axis=1)[:, 0] > 0
        right, wrong = (found & chosen).sum(), (found & ~chosen).sum()
        said.append(f"{name}: {right} of {chosen.sum()} Chinstraps and {wrong} others")
    axis.set(xlabel=MEASUREMENTS[0], ylabel=MEASUREMENTS[1])
    axis.legend(fontsize=9.5, loc="lower left")
    return canvas, (
        f"{len(points)} birds by {MEASUREMENTS[0]} and {MEASUREMENTS[1]}, Chinstraps as triangles. Each network's "
        f"boundary cuts off a region at the upper right; inside it are, for {'; for '.join(said)}."
    )


@_styled
def difference_errors(function: Callable[..., Any], derivative: Callable[..., Any], at: float) -> tuple[Canvas, str]:
    """The error of the forward and of the central difference over the step, both axes logarithmic."""
    steps = 2.0 ** -np.arange(1, 52)
    slope = derivative(at)
    quotients = {
        "forward": (function(at + steps) - function(at)) / steps,
        "central": (function(at + steps) - function(at - steps)) / (2 * steps),
    }
    canvas, (axis,) = _panels(height=3.6, width=NARROW)
    said = []
    for (name, quotient), (color, line) in zip(quotients.items(), STYLES):
        error = np.maximum(np.abs(quotient / slope - 1), np.finfo(float).eps / 2)
        axis.loglog(steps, error, color=color, linestyle=line, label=name)
        least = int(error.argmin())
        said.append(f"the {name} difference falls to {error[least]:.0e} at a step of {steps[least]:.0e}")
    axis.set(xlabel="step h", ylabel="relative error of the slope")
    axis.legend()
    return canvas, (
        f"Two curves in the shape of a U over the step, from {steps[-1]:.0e} to {steps[0]:g}, with ragged left arms: "
        f"{', and '.join(said)}. To the right of its lowest point each rises smoothly, to the left it rises in jags."
    ).replace("e-", "e−")


@_styled
def optimum_over_truth(optima: dict[str, tuple[np.ndarray, ...]]) -> tuple[Canvas, str]:
    """For each loss the probability at which its mean is least, over the true probability."""
    canvas, (axis,) = _panels(height=3.6, width=NARROW)
    said = []
    for (name, (truth, optimum)), (color, line) in _with_styles("optima", optima):
        axis.plot(truth, optimum, color=color, linestyle=line, label=name)
        said.append(f"{name} {', '.join(f'{p:.3f}' for p in np.interp([0.1, 0.5, 0.9], truth, optimum))}")
    axis.set(xlabel="true probability", ylabel="probability with the least mean loss", xlim=(0, 1), ylim=(0, 1))
    axis.legend(loc="lower right", fontsize=9.5)
    return canvas, (
        "Curves from the lower left to the upper right. At true probabilities of 0.1, 0.5 and 0.9 the mean loss is "
        f"least at: {'; '.join(said)}."
    )


@_styled
def reliability(tables: dict[str, tuple[np.ndarray, ...]]) -> tuple[Canvas, str]:
    """For each model the share of positives in each bin of its predictions, over the mean prediction of the bin."""
    canvas, (axis,) = _panels(height=3.6, width=NARROW)
    axis.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8)
    said = []
    for ((name, (predicted, happened, _)), (color, line)), marker in zip(_with_styles("tables", tables), "os^"):
        marks = {"marker": marker, "markersize": 5, "clip_on": False}
        axis.plot(predicted, happened, color=color, linestyle=line, label=name, **marks)
        ends = [f"it says {predicted[end]:.2f} on average where {happened[end]:.2f} happen" for end in (0, -1)]
        said.append(f"{name}: {ends[0]}, and {ends[1]}")
    axis.set(xlabel="predicted probability", ylabel="share that happened", xlim=(0, 1), ylim=(0, 1))
    axis.legend(loc="lower right", fontsize=9.5)
    return canvas, (
        "Shares that happened over what was predicted, bin by bin, beside the diagonal. In the first and the last bin, "
        f"{'; '.join(said)}."
    )


@_styled
def two_minima(values: ArrayLike) -> tuple[Canvas, str]:
    """The sum of squared and the sum of absolute residuals of `values` from one number, over that number."""
    values = np.asarray(values, dtype=float)
    numbers = np.linspace(values.min() - 0.5, values.max() + 0.5, 401)
    canvas, axes = _panels(2)
    said = []
    for axis, (name, loss), (color, line) in zip(
        axes, {"squared": losses.squared_error, "absolute": losses.absolute_error}.items(), STYLES
    ):
        sums = loss.value(numbers[:, None], values).sum(axis=1)
        best = numbers[sums.argmin()]
        axis.plot(numbers, sums, color=color, linestyle=line)
        axis.axvline(best, color=QUIET, linewidth=0.8, linestyle=":")
        axis.set(title=f"sum of {name} residuals", xlabel="number a", ylim=(0, None))
        said.append(f"the sum of {name} residuals is least at {signed(round(best, 2))}")
    given = ", ".join(signed(value) for value in values)
    return canvas, (
        f"Two curves over a number a, for the values {given}: on the left a parabola, on the right straight "
        f"pieces with corners; {' and '.join(said)}."
    )


@_styled
def regression_losses(beta: float = 1) -> tuple[Canvas, str]:
    """Squared error, absolute error and smooth L1 over the residual, and beside them their gradients."""
    residual = np.linspace(-3, 3, 601)
    compared: dict[str, tuple[Loss, dict[str, Any]]] = {
        "L2, squared error": (losses.squared_error, {}),
        "L1, absolute error": (losses.absolute_error, {}),
        f"smooth L1, β = {beta:g}": (losses.smooth_l1, {"beta": beta}),
    }
    canvas, axes = _panels(2)
    said = []
    for (name, (loss, parameters)), (color, line) in _with_styles("compared", compared):
        value, gradient = loss.value_and_gradient(residual, 0, **parameters)
        if loss is losses.absolute_error:
            gradient[residual == 0] = np.nan  # no stroke across the jump
        axes[0].plot(residual, value, color=color, linestyle=line, label=name)
        axes[1].plot(residual, gradient, color=color, linestyle=line, label=name)
        at = loss.gradient_at(np.array([0.1, 3.0]), 0, **parameters)
        said.append(
            f"{name} is {loss.value(3.0, 0, **parameters):g} at residual 3, with slope {at[1]:g} there and "
            f"{at[0]:g} at 0.1"
        )
    axes[0].set(title="loss", xlabel="residual r", ylim=(0, 6))
    axes[0].legend(loc="upper center", fontsize=8.5, handlelength=1.4)
    axes[1].set(title="slope ∂L/∂r", xlabel="residual r", ylim=(-3, 3))
    return canvas, (
        f"Left: three losses over residuals from −3 to 3. Right: their slopes. {'; '.join(said)}. The slope of L1 "
        "jumps from −1 to 1 at residual 0."
    )


@_styled
def distance_over_steps(paths: dict[str, np.ndarray]) -> tuple[Canvas, str]:
    """How far each path still is from 0 after each step, on a logarithmic scale."""
    canvas, (axis,) = _panels(width=NARROW)
    said = []
    for (name, path), (color, line) in _with_styles("paths", paths):
        distance, soon = np.abs(path), min(20, len(path) - 1)
        axis.plot(np.where(distance > 0, distance, np.nan), color=color, linestyle=line, label=name)
        ends = [f"{distance[step]:.2g} away after {step} steps" for step in (soon, len(path) - 1)]
        said.append(f"{name} is {' and '.join(ends)}")
    axis.set(xlabel="step", ylabel="distance from the truth", yscale="log", ylim=(1e-4, None))
    axis.legend()
    return canvas, f"Distance from the truth over the steps, logarithmic: {'; '.join(said)}."


@_styled
def steps_on_a_parabola(rates: list[float], start: float = 2.0, steps: int = 5) -> tuple[Canvas, str]:
    """Gradient descent on the squared error, drawn on its curve, a panel for each rate."""
    canvas, axes = _panels(len(rates), height=3)
    said = []
    for axis, rate in zip(axes, rates):
        path = descend(losses.squared_error, start, 0, rate, steps)
        reach = 1.15 * np.abs(path).max()
        residual = np.linspace(-reach, reach, 201)
        axis.plot(residual, losses.squared_error.value(residual, 0), color=QUIET, linewidth=1)
        axis.plot(path, losses.squared_error.value(path, 0), color=BLUE, marker="o", markersize=4, linewidth=1)
        axis.set(title=f"rate {rate:g}", xlabel="residual r")
        said.append(f"with rate {rate:g}, {', '.join(signed(round(float(r), 2)) for r in path)}")
    axes[0].set_ylabel("squared error")
    return canvas, f"Parabolas with the points that gradient descent visits from residual {start:g}: {'; '.join(said)}."


@_styled
def fitted_lines(years: np.ndarray, values: np.ndarray, lines: dict[str, np.ndarray], unit: str) -> tuple[Canvas, str]:
    """Values over years, and lines through them: `lines` maps a name to its start in the first year and its slope."""
    canvas, (axis,) = _panels(height=3.8, width=NARROW)
    axis.plot(years, values, "o", color=INK, markersize=5)
    said = []
    for (name, (start, slope)), (color, line) in _with_styles("lines", lines):
        heights = start + slope * (years - years[0])
        axis.plot(years, heights, color=color, linestyle=line, label=name)
        said.append(f"the line of {name} rises by {slope:.3f} a year and ends at {heights[-1]:.2f}")
    axis.set(xlabel="year", ylabel=unit)
    axis.legend(loc="upper left")
    top = values.argmax()
    return canvas, (
        f"{len(values)} points from {years[0]} to {years[-1]}: they start at {values[0]:.2f}, "
        f"the highest is {values[top]:.2f} in {years[top]}, the last is {values[-1]:.2f}. "
        f"Through them, {'; '.join(said)}."
    )


@_styled
def estimates_over_one_value(values: np.ndarray, delta: float) -> tuple[Canvas, str]:
    """Left: mean, median and Huber's estimate while the last value moves. Right: that value's pull on a prediction."""
    alike, moved, centre = np.ones((len(values), 1)), np.linspace(0, 20, 201), 2.0
    moving = [np.append(values[:-1], last) for last in moved]
    estimates = {
        "mean": [row.mean() for row in moving],
        "median": [np.median(row) for row in moving],
        "Huber": [fit_linear(losses.huber, alike, row, delta=delta)[0] for row in moving],
    }
    pulls = {
        "mean": -losses.squared_error.gradient_at(centre, moved),
        "median": -losses.absolute_error.gradient_at(centre, moved),
        "Huber": -losses.huber.gradient_at(centre, moved, delta=delta),
    }
    canvas, axes = _panels(2)
    said = []
    for name, (color, line) in zip(estimates, STYLES):
        axes[0].plot(moved, estimates[name], color=color, linestyle=line, label=name)
        axes[1].plot(moved, pulls[name], color=color, linestyle=line)
        ends = estimates[name][0], estimates[name][-1]
        said.append(f"the {name} goes from {ends[0]:.2f} to {ends[1]:.2f}")
    axes[0].set(title="estimate", xlabel="value of the moved year", ylim=(0, 9))
    axes[1].set(title=f"pull on a prediction of {centre:g}", xlabel="value of the moved year", ylim=(-6, 6))
    axes[0].legend(loc="upper left")
    return canvas, (
        f"Left: while one value moves from {moved[0]:g} to {moved[-1]:g}, {'; '.join(said)}. Right: the pull "
        "of that value on a prediction: a straight line without end for squared error, a step for absolute error, "
        "and for Huber a slope that turns flat."
    )


@_styled
def correct_digits(scores: np.ndarray, codes: dict[str, np.ndarray], truth: np.ndarray) -> tuple[Canvas, str]:
    """The number of right digits over the score: `codes` maps a name to its values, `truth` holds the exact ones."""
    canvas, (axis,) = _panels(width=NARROW)
    said = []
    for (name, values), (color, line) in _with_styles("codes", codes, STYLES[::-1]):
        counts = count_correct_digits(values, truth)
        axis.plot(scores, counts, color=color, linestyle=line, marker="o", markersize=4, label=name)
        pairs = ", ".join(f"{count} at {signed(score)}" for score, count in zip(scores, counts))
        said.append(f"{name}: {pairs}")
    axis.set(xlabel="score z", ylabel="right digits", ylim=(-0.5, 16), xticks=scores[::2], yticks=range(0, 20, 5))
    axis.legend(loc="lower left")
    return canvas, f"How many digits of each code's answer are right, over the score. {'; '.join(said)}."
