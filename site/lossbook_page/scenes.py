"""The figures that a reader moves: what each computes, from the catalogue alone, and what it draws."""

from math import inf

from sympy import Abs, Symbol, sympify

from lossbook import data, functions, losses
from lossbook.notation import beta, delta, i, logits, prediction, target, value
from lossbook.notation import logit as z
from lossbook_page.interactive import Mark, Panel, Scene, Slider
from lossbook_page.quantities import Along, Descent, Entry, Grid, LineFit, Places, Row

SCENES = {}
"""Every figure by its name."""


def symbol(name):
    return Symbol(name, real=True)


def line(style, *names, **options):
    return Mark("path", style, " ".join(names), **options)


def dot(style, at, *drags):
    return Mark("dot", style, at, drags=drags)


# --- chapter 2 ------------------------------------------------------------------------------------------

sigmoid = functions.sigmoid(z)
p, slope, reach = symbol("p"), symbol("slope"), 2.5
SCENES["sigmoid"] = Scene(
    inputs=[Slider(z, "score z", -8, 8, 0.1, -1)],
    quantities={
        "p": sigmoid,
        "mirror": functions.sigmoid(-z),
        "slope": sigmoid.diff(z),
        "left": z - reach,
        "right": z + reach,
        "low": p - reach * slope,
        "high": p + reach * slope,
    },
    still={"grid": Grid(-8, 8, 81), "curve": Along(sigmoid, z, "grid"), "slopes": Along(sigmoid.diff(z), z, "grid")},
    panels=[
        Panel(
            "σ(z) and its tangent",
            "The sigmoid from score −8 to 8, with a dot at the chosen score and the tangent through it.",
            "score z",
            (-8, 8),
            (0, 1),
            [-8, -4, 0, 4, 8],
            [0, 0.5, 1],
            [
                line("blue", "grid,curve", moves=False),
                line("orange", "left,low right,high"),
                dot("blue", "z,p", "z", ""),
            ],
        ),
        Panel(
            "slope σ(z) σ(−z)",
            "The slope of the sigmoid, a bell around score 0, with a dot at the chosen score.",
            "score z",
            (-8, 8),
            (0, 0.27),
            [-8, -4, 0, 4, 8],
            [0, 0.1, 0.2],
            [
                line("orange", "grid,slopes", moves=False),
                line("orange thin", "z,0 z,slope"),
                dot("orange", "z,slope", "z", ""),
            ],
        ),
    ],
    key=[("blue", "sigmoid"), ("orange", "tangent, and its slope")],
    table=[["", "σ(z)", "σ(−z)", "slope"], ["at the score", "p", "mirror", "slope"]],
    digits={"slope": 5},
    told="At score {z} the sigmoid is {p}, its mirror image {mirror}, and its slope {slope}.",
)

# --- chapter 4 ------------------------------------------------------------------------------------------

rivals = {"squared": losses.sigmoid_squared_error, "entropy": losses.binary_cross_entropy_with_logits}
first, rate, steps = symbol("first"), symbol("rate"), symbol("steps")
race, curves = {}, {"grid": Grid(-8, 8, 81)}
for name, loss in rivals.items():
    at, push = symbol(f"z_{name}"), symbol(f"push_{name}")
    of_yes = loss.expression.xreplace({target: 1})
    race |= {
        f"path_{name}": Descent(loss, first, 1, rate, steps, {}),
        f"sure_{name}": Along(sigmoid, z, f"path_{name}"),
        str(at): Entry(f"path_{name}", -1),
        f"p_{name}": sigmoid.xreplace({z: at}),
        f"loss_{name}": of_yes.xreplace({z: at}),
        str(push): -loss.gradient.xreplace({target: 1, z: at}),
        f"next_{name}": at + rate * push,
    }
    curves[f"curve_{name}"] = Along(of_yes, z, "grid")
SCENES["race"] = Scene(
    inputs=[
        Slider(first, "start score", -8, 0, 0.5, -6),
        Slider(rate, "learning rate", 0.5, 10, 0.5, 1),
        Slider(steps, "steps taken", 0, 300, 1, 4, button="Step"),
    ],
    quantities={**race, "time": Places("path_squared")},
    still=curves,
    panels=[
        Panel(
            "the losses, and the next step",
            "Both losses over the score when the truth is 1: cross-entropy falls in a slope all "
            "the way, squared error runs flat on the left. On each a dot, with an arrow as long as its next step.",
            "score z",
            (-8, 8),
            (0, 8),
            [-8, -4, 0, 4, 8],
            [0, 2, 4, 6, 8],
            [
                line("blue", "grid,curve_squared", moves=False),
                line("orange", "grid,curve_entropy", moves=False),
                Mark("arrow", "blue", "z_squared,loss_squared next_squared,loss_squared"),
                Mark("arrow", "orange", "z_entropy,loss_entropy next_entropy,loss_entropy"),
                dot("blue", "z_squared,loss_squared"),
                dot("orange", "z_entropy,loss_entropy"),
            ],
        ),
        Panel(
            "probability of the truth",
            "The probability of the truth over the steps that were taken, a curve for each loss.",
            "step",
            (0, 300),
            (0, 1),
            [0, 100, 200, 300],
            [0, 0.5, 1],
            [
                line("blue", "time,sure_squared"),
                line("orange", "time,sure_entropy"),
                dot("blue", "steps,p_squared"),
                dot("orange", "steps,p_entropy"),
            ],
        ),
    ],
    key=[("blue", "squared error"), ("orange", "cross-entropy")],
    table=[
        ["", "score", "probability", "loss", "push −∂L/∂z"],
        *(
            [said, f"z_{name}", f"p_{name}", f"loss_{name}", f"push_{name}"]
            for name, said in (("squared", "squared error"), ("entropy", "cross-entropy"))
        ),
    ],
    digits={"z_squared": 3, "z_entropy": 3},
    told="After {steps} steps from {first} with rate {rate}: squared error gives the truth {p_squared}, "
    "cross-entropy {p_entropy}.",
)

# --- chapter 5 ------------------------------------------------------------------------------------------

scores = [symbol(f"z_{number}") for number in (1, 2, 3)]
ce, se = losses.softmax_cross_entropy, losses.softmax_squared_error
SCENES["three-scores"] = Scene(
    inputs=[
        Slider(score, f"score of class {number}{said}", -8, 8, 0.1, start)
        for number, score, said, start in zip((1, 2, 3), scores, ("", ", the truth", ""), (5, 1, 3))
    ],
    quantities={
        "z": Row(scores),
        "y": Row([0, 1, 0]),
        "p": functions.softmax(logits, i),
        "entropy": ce.expression,
        "squared": se.expression,
        "by_entropy": ce.gradient,
        "by_squared": se.gradient,
        "down_entropy": -ce.gradient,
        "down_squared": -se.gradient,
    },
    panels=[
        Panel(
            "probabilities, and the truth",
            "A bar for the probability of each class, and a ring at its truth: 0, 1 and 0.",
            "class",
            (0.4, 3.6),
            (0, 1),
            [1, 2, 3],
            [0, 0.5, 1],
            [
                *(Mark("path", "bar ink faint", f"{number},0 {number},p.{number - 1}") for number in (1, 2, 3)),
                *(
                    Mark("dot", "ink ring", f"{number},{truth}", moves=False)
                    for number, truth in ((1, 0), (2, 1), (3, 0))
                ),
            ],
        ),
        Panel(
            "pushes −∂L/∂z on the scores",
            "For each class two arrows, up where the loss pushes the score up: the left one "
            "by squared error, the right one by cross-entropy.",
            "class",
            (0.4, 3.6),
            (-1, 1),
            [1, 2, 3],
            [-1, -0.5, 0, 0.5, 1],
            [
                *(
                    Mark("arrow", style, f"{number + shift},0 {number + shift},down_{name}.{number - 1}")
                    for number in (1, 2, 3)
                    for name, style, shift in (("squared", "blue", -0.13), ("entropy", "orange", 0.13))
                )
            ],
        ),
    ],
    key=[
        ("arrow blue", "push of squared error, left"),
        ("arrow orange", "push of cross-entropy, right"),
        ("dot ink ring", "truth"),
    ],
    table=[
        ["", "class 1", "class 2", "class 3", "loss"],
        ["probability", "p.0", "p.1", "p.2", ""],
        ["∂ squared error", "by_squared.0", "by_squared.1", "by_squared.2", "squared"],
        ["∂ cross-entropy", "by_entropy.0", "by_entropy.1", "by_entropy.2", "entropy"],
    ],
    digits={"entropy": 3, "squared": 3}
    | {f"{row}.{place}": 3 for row in ("p", "by_entropy", "by_squared") for place in range(3)},
    told="Scores {z_1}, {z_2} and {z_3} give the probabilities {p.0}, {p.1} and {p.2}. Cross-entropy is {entropy}, "
    "with the gradient {by_entropy.0}, {by_entropy.1}, {by_entropy.2}; squared error is {squared}, with the gradient "
    "{by_squared.0}, {by_squared.1}, {by_squared.2}.",
)

# --- chapter 9 ------------------------------------------------------------------------------------------

r = prediction
SQUARED, ABSOLUTE, SMOOTH, HUBER = (
    [part.xreplace({value: 0, delta: beta}) for part in (loss.expression, loss.gradient)]
    for loss in (losses.squared_error, losses.absolute_error, losses.smooth_l1, losses.huber)
)
RULERS = {
    "L2": (SQUARED, "blue"),
    "L1": (ABSOLUTE, "orange"),
    "huber": (HUBER, "ink"),
    "smooth": (SMOOTH, "green"),
}
SAID = {"L2": "L2", "L1": "L1", "huber": "Huber", "smooth": "smooth L1"}
SCENES["rulers"] = Scene(
    inputs=[Slider(r, "residual r", -4, 4, 0.1, 1.5), Slider(beta, "β, and Huber’s δ", 0.1, 3, 0.1, 2)],
    quantities={
        "grid": Grid(-4, 4, 81),
        **{
            f"{part}_{name}": expression
            for name, (both, _) in RULERS.items()
            for part, expression in zip(("value", "slope"), both)
        },
        **{
            f"{part}s_{name}": Along(expression, r, "grid")
            for name in ("smooth", "huber")
            for part, expression in zip(("value", "slope"), RULERS[name][0])
        },
        "back": -beta,
    },
    still={
        "corner": Row([-4, -1e-9, 0, 1e-9, 4]),
        "line": Row([-4, 4]),
        "values_L2": Along(SQUARED[0], r, "grid"),
        "slopes_L2": Along(SQUARED[1], r, "line"),
        "values_L1": Along(ABSOLUTE[0], r, "corner"),
        "slopes_L1": Along(ABSOLUTE[1], r, "corner"),
    },
    panels=[
        Panel(
            title,
            alt,
            "residual r",
            (-4, 4),
            heights,
            [-4, -2, 0, 2, 4],
            ticks,
            [
                Mark("path", "limit", f"back,{heights[0]} back,{heights[1]}"),
                Mark("path", "limit", f"beta,{heights[0]} beta,{heights[1]}"),
                line("blue", f"{'grid' if part == 'value' else 'line'},{part}s_L2", moves=False),
                line("orange", f"corner,{part}s_L1", moves=False),
                line("ink", f"grid,{part}s_huber"),
                line("green", f"grid,{part}s_smooth"),
                *(dot(style, f"yhat,{part}_{name}", "yhat", "") for name, (_, style) in RULERS.items()),
            ],
        )
        for part, title, heights, ticks, alt in (
            (
                "value",
                "what it costs",
                (0, 6),
                [0, 2, 4, 6],
                "L2, L1, smooth L1 and Huber's loss over the residual, with dots at "
                "the chosen residual. Dashed upright lines stand at minus and plus beta.",
            ),
            (
                "slope",
                "how hard it pulls: dL/dr",
                (-4, 4),
                [-4, -2, 0, 2, 4],
                "The slopes of the four losses over the residual: L2's a straight line, L1's a jump from −1 to 1, "
                "the other two straight between minus and plus beta, then level.",
            ),
        )
    ],
    key=[(style, SAID[name]) for name, (_, style) in RULERS.items()],
    table=[
        ["", *SAID.values()],
        ["value", *(f"value_{name}" for name in RULERS)],
        ["slope", *(f"slope_{name}" for name in RULERS)],
    ],
    digits={f"{part}_{name}": 3 for part in ("value", "slope") for name in RULERS},
    told="Residual {yhat}, β {beta}. L2 costs {value_L2} and pulls with {slope_L2}; L1 {value_L1} and {slope_L1}; "
    "smooth L1 {value_smooth} and {slope_smooth}; Huber {value_huber} and {slope_huber}.",
)

# --- chapter 10 -----------------------------------------------------------------------------------------

walks, forty = {}, 40
for name, loss, given, both in (
    ("L2", losses.squared_error, {}, SQUARED),
    ("L1", losses.absolute_error, {}, ABSOLUTE),
    ("smooth", losses.smooth_l1, {"beta": beta}, SMOOTH),
):
    walks |= {
        f"path_{name}": Descent(loss, first, 0, rate, forty, given),
        f"far_{name}": Along(Abs(r), r, f"path_{name}"),
        f"height_{name}": Along(both[0], r, f"path_{name}"),
        f"end_{name}": Entry(f"path_{name}", -1),
    }
    if name != "L1":
        curvature = sympify(loss.hessian).xreplace({r: 0, value: 0}).subs(beta > 0, True)
        walks |= {
            f"limit_{name}": 2 / curvature,
            f"factor_{name}": 1 - rate * curvature,
            f"fate_{name}": Abs(1 - rate * curvature),
        }
SCENES["rate-and-curvature"] = Scene(
    inputs=[
        Slider(rate, "learning rate η", 0.02, 1.2, 0.02, 0.4),
        Slider(beta, "β of smooth L1", 0.1, 2, 0.1, 1),
        Slider(first, "first residual", 0.15, 4.15, 0.1, 1.35),
    ],
    quantities={
        **walks,
        "time": Places("path_L2"),
        "grid": Grid(-4.5, 4.5, 91),
        "curve_smooth": Along(SMOOTH[0], r, "grid"),
    },
    still={"curve_L2": Along(SQUARED[0], r, "grid")},
    panels=[
        Panel(
            "the steps on L2 and smooth L1",
            "The parabola of L2 and the curve of smooth L1, each with the places of 40 steps, joined by thin lines.",
            "residual r",
            (-4.5, 4.5),
            (0, 6),
            [-4, -2, 0, 2, 4],
            [0, 2, 4, 6],
            [
                line("blue faint", "grid,curve_L2", moves=False),
                line("green faint", "grid,curve_smooth"),
                line("blue thin", "path_L2,height_L2"),
                line("green thin", "path_smooth,height_smooth"),
                Mark("points", "blue", "path_L2,height_L2"),
                Mark("points", "green", "path_smooth,height_smooth"),
            ],
        ),
        Panel(
            "distance from the truth",
            "The distance of the prediction from the truth over 40 steps, on a logarithmic scale, a "
            "curve for each loss.",
            "step",
            (0, 40),
            (1e-4, 100),
            [0, 10, 20, 30, 40],
            [(1e-4, "10⁻⁴"), (1e-2, "0.01"), (1, "1"), (100, "100")],
            [line("blue", "time,far_L2"), line("orange", "time,far_L1"), line("green", "time,far_smooth")],
            logarithmic=True,
        ),
    ],
    key=[("blue", "L2"), ("orange", "L1"), ("green", "smooth L1")],
    table=[
        ["", "2 / curvature", "factor", "after 40 steps", "and so"],
        ["L2", "limit_L2", "factor_L2", "end_L2", "fate_L2"],
        ["L1", "–", "–", "end_L1", "hovers"],
        ["smooth L1", "limit_smooth", "factor_smooth", "end_smooth", "fate_smooth"],
    ],
    digits={"limit_L2": 2, "limit_smooth": 2, "factor_L2": 2, "factor_smooth": 2},
    words={
        "fate_L2": [(1 - 1e-9, "settles"), (1 + 1e-9, "jumps"), (inf, "runs away")],
        "fate_smooth": [(1 - 1e-9, "settles"), (inf, "hovers")],
    },
    told="With rate {rate} and β {beta} from {first}: L2 {fate_L2}, after 40 steps at {end_L2}; L1 hovers, "
    "at {end_L1}; smooth L1 {fate_smooth}, at {end_smooth}.",
)

# --- chapter 11 -----------------------------------------------------------------------------------------

year, calls = symbol("year"), symbol("calls")
lines = {
    "years": Row([*(int(at) for at in data.YEARS[:-1] - 1950), year - 1950]),
    "recorded": Row([*map(float, data.CALLS[:-1]), calls]),
}
for name, loss, given in (("squares", losses.squared_error, {}), ("robust", losses.huber, {"delta": delta})):
    b, w = symbol(f"b_{name}"), symbol(f"w_{name}")
    off = symbol(f"off_{name}")
    lines |= {
        f"line_{name}": LineFit(loss, "years", "recorded", given),
        str(b): Entry(f"line_{name}", 0),
        str(w): Entry(f"line_{name}", 1),
        f"start_{name}": b - 22 * w,
        f"end_{name}": b + 52 * w,
        f"says_{name}": b + 23 * w,
        str(off): b + w * (year - 1950) - calls,
        f"pull_{name}": Abs(loss.gradient.xreplace({prediction: off, value: 0})),
    }
SCENES["calls"] = Scene(
    inputs=[
        Slider(calls, "calls typed for 1973", 0, 40, 0.1, 2.9),
        Slider(year, "year typed instead of 1973", 1930, 2000, 1, 1973),
        Slider(delta, "δ of Huber", 0.5, 10, 0.1, 0.6),
    ],
    quantities=lines,
    panels=[
        Panel(
            "calls in tens of millions",
            "The telephone calls of 24 years, of which six stand far above the others, with the line of "
            "squared error and Huber's line. The ringed point, the record of 1973, can be moved.",
            "year",
            (1928, 2002),
            (-4, 42),
            [(at, str(at)) for at in (1930, 1950, 1970, 1990)],
            [0, 10, 20, 30, 40],
            [
                line("blue", "1928,start_squares 2002,end_squares"),
                line("green", "1928,start_robust 2002,end_robust"),
                *(
                    Mark("dot", "small", f"{at},{number}", moves=False)
                    for at, number in zip(data.YEARS[:-1], data.CALLS[:-1])
                ),
                dot("ink ring", "year,calls", "year", "calls"),
            ],
            height=330,
        )
    ],
    key=[("blue", "squared error"), ("green", "Huber"), ("dot ink ring", "the record of 1973")],
    table=[
        ["", "slope", "for 1973", "its pull"],
        ["squared error", "w_squares", "says_squares", "pull_squares"],
        ["Huber", "w_robust", "says_robust", "pull_robust"],
    ],
    digits={"w_squares": 3, "w_robust": 3, "says_squares": 2, "says_robust": 2, "pull_squares": 2, "pull_robust": 2},
    told="The record says {calls} in {year}. Squared error rises by {w_squares} a year and says {says_squares} of "
    "1973; Huber with δ {delta} rises by {w_robust} and says {says_robust}. The record pulls with {pull_squares} and "
    "{pull_robust}.",
)
