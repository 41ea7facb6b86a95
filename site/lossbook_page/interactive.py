"""Figures that a reader moves, written so that they read as plain text in JupyterLab:

    :::{interactive} sigmoid
    Past which score does another point of score change next to nothing?

    On the page of this chapter you can move the score and see the sigmoid, its slope and the tangent.
    :::

The name is one of `scenes.SCENES`. The first paragraph is the question that moving something answers, and becomes the
caption; the second tells readers of the notebook what waits on the page, and is left out there.

The page holds the first frame, drawn here from lossbook: an SVG a panel, with a table of the numbers and one sentence.
The marks that move carry the names of what they stand for; interactive.js computes the same quantities from printed
formulas and puts the marks where they belong. Without scripts, and on paper, the frame and its sentence remain.
"""

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from math import hypot, isfinite, log10

import numpy as np
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sympy import Symbol

from lossbook.figures import signed
from lossbook_page.javascript import BODIES
from lossbook_page.quantities import Value

SCRIPT = "interactive.js"
LEFT, TOP, RIGHT, BOTTOM = 46, 30, 16, 44
"""The room around the plot of a panel, in its units, for ticks and titles."""

logger = logging.getLogger(__name__)


@dataclass
class Slider:
    """An input: `symbol` from `low` to `high` in steps. `button` names one that goes on by a step."""

    symbol: Symbol
    label: str
    low: float
    high: float
    step: float
    start: float
    button: str = ""

    @property
    def name(self):
        return str(self.symbol)

    @property
    def digits(self):
        return max(0, *(-Decimal(str(number)).as_tuple().exponent for number in (self.step, self.start)))


@dataclass
class Mark:
    """Something drawn: `at` holds the places "x,y", each part a number or the name of a quantity, a row's too.

    `kind` is "path", "arrow", "points" or "dot"; `style` its classes. A mark that `moves` is placed anew by the script;
    with `drags`, the names of the inputs for x and y, it can be dragged.
    """

    kind: str
    style: str
    at: str
    moves: bool = True
    drags: tuple = ()


@dataclass
class Panel:
    """Axes and marks. `alt` says what is seen; a logarithmic axis is one of y."""

    title: str
    alt: str
    x_label: str
    x: tuple
    y: tuple
    x_ticks: list
    y_ticks: list
    marks: list
    logarithmic: bool = False
    width: float = 360
    height: float = 250

    @property
    def size(self):
        return self.width - LEFT - RIGHT, self.height - TOP - BOTTOM

    def pixel(self, x, y):
        """Where the point is in the plot; rounded, and not farther off than drawing programs bear."""
        (left, right), (low, high), (width, height) = self.x, self.y, self.size
        if self.logarithmic:
            y, low, high = (log10(max(number, 1e-300)) for number in (y, low, high))
        across, up = width * (x - left) / (right - left), height * (high - y) / (high - low)
        return tuple(round(min(max(number, -2000), 2000), 2) for number in (across, up))


@dataclass
class Scene:
    """A figure: inputs, quantities by name, panels, a key of line styles and names, and a table of quantities.

    `still` are quantities of marks that do not move. `table` has its head first, then rows of a name and quantities;
    `digits` says how many decimals a quantity is shown with, `words` by name what a quantity is called up to a limit:
    [(limit, word), ...]. `told` is a sentence with the names of quantities in braces.
    """

    inputs: list
    quantities: dict
    panels: list
    key: list
    table: list
    told: str
    digits: dict = field(default_factory=dict)
    words: dict = field(default_factory=dict)
    still: dict = field(default_factory=dict)

    def numbers(self, given=None, still=False):
        """Every quantity by name, for the given inputs or those of the first frame."""
        numbers = {slider.name: slider.start for slider in self.inputs} | (given or {})
        for name, quantity in (self.quantities | (self.still if still else {})).items():
            numbers[name] = _quantity(quantity).value(numbers)
        return numbers

    def script(self):
        """A function of JavaScript from the inputs to every quantity."""
        inputs = ", ".join(slider.name for slider in self.inputs)
        lines = [f"const {name} = {_quantity(quantity).script};" for name, quantity in self.quantities.items()]
        return (
            f"({{ {inputs} }}) => {{\n{chr(10).join(lines)}\nreturn {{ {', '.join([inputs, *self.quantities])} }};\n}}"
        )

    def decimals(self, name):
        return {slider.name: slider.digits for slider in self.inputs}.get(name, self.digits.get(name, 4))

    def shown(self, name, numbers):
        """A quantity as the reader sees it."""
        number = float(pick(numbers, name))
        if name in self.words:
            return next(word for limit, word in self.words[name] if number <= limit)
        return shown(number, self.decimals(name))

    def sentence(self, numbers):
        return re.sub(r"\{([^}]*)\}", lambda found: self.shown(found[1], numbers), self.told)


def _quantity(quantity):
    return quantity if hasattr(quantity, "script") else Value(quantity)


def pick(numbers, name):
    """A number, a quantity by its name, or an entry of a row: "p.0"."""
    if re.fullmatch(r"-?[\d.]+", name):
        return float(name)
    name, _, place = name.partition(".")
    return numbers[name][int(place)] if place else numbers[name]


def shown(number, digits):
    """`number` with so many decimals, or as a power of ten where these say nothing; as `shown` of interactive.js."""
    if number and (abs(number) >= 1e5 or abs(number) < 10.0**-digits / 2 and digits):
        mantissa, _, exponent = f"{number:.1e}".partition("e")
        raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{mantissa} · 10{raised}".replace("-", "−")
    text = str(Decimal(number).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
    return text.replace("-", "−") if float(text) else text.replace("-", "")


# --- the first frame ------------------------------------------------------------------------------------


def points(mark, panel, numbers):
    """The finite places of a mark in its plot."""
    found = []
    for pair in mark.at.split():
        columns = np.broadcast_arrays(*(pick(numbers, name) for name in pair.split(",")))
        found += [panel.pixel(x, y) for x, y in zip(*map(np.ravel, columns)) if isfinite(x) and isfinite(y)]
    return found


def drawing(mark, panel, numbers):
    """The attributes that place a mark, as `place` of interactive.js: `d` of a path, or `cx` and `cy` of a dot."""
    places = points(mark, panel, numbers)
    if mark.kind == "dot":
        return {"cx": _text(places[0][0]), "cy": _text(places[0][1])} if places else {"cx": "-2000", "cy": "-2000"}
    if mark.kind == "points":
        return {"d": "".join(f"M{_text(x)} {_text(y)}h0" for x, y in places)}
    path = "M" + "L".join(f"{_text(x)} {_text(y)}" for x, y in places) if places else ""
    return {"d": path + (_head(*places) if mark.kind == "arrow" and len(places) == 2 else "")}


def _head(start, end):
    """The head of an arrow, if the arrow is long enough to have one."""
    across, up = (there - here for here, there in zip(start, end))
    length = hypot(across, up)
    if length < 2:
        return ""
    size = min(8, length) / length
    sides = [(end[0] - size * (across + turn * up), end[1] - size * (up - turn * across)) for turn in (0.6, -0.6)]
    (x1, y1), (x2, y2) = sides
    return f"M{_text(x1)} {_text(y1)}L{_text(end[0])} {_text(end[1])}L{_text(x2)} {_text(y2)}"


def _text(number):
    return f"{number:.2f}".rstrip("0").rstrip(".") if round(number, 2) else "0"


def _tag(tag, content=None, /, **attributes):
    written = "".join(
        f' {key.replace("_", "-").strip("-")}="{escape(str(part))}"' for key, part in attributes.items() if part != ""
    )
    return f"<{tag}{written}>" if content is None else f"<{tag}{written}>{content}</{tag}>"


def _svg(panel, numbers):
    width, height = panel.size
    axes = []
    for tick in panel.x_ticks:
        number, name = tick if isinstance(tick, tuple) else (tick, signed(tick))
        x = panel.pixel(number, panel.y[0])[0]
        axes.append(_tag("path", "", _class="grid", d=f"M{_text(x)} {height}v4"))
        axes.append(_tag("text", name, x=_text(x), y=height + 20, text_anchor="middle"))
    for tick in panel.y_ticks:
        number, name = tick if isinstance(tick, tuple) else (tick, signed(tick))
        y = panel.pixel(panel.x[0], number)[1]
        axes.append(_tag("path", "", _class="grid", d=f"M0 {_text(y)}h{width}"))
        axes.append(_tag("text", name, x=-7, y=_text(y + 4), text_anchor="end"))
    if not panel.logarithmic and panel.y[0] < 0 < panel.y[1]:
        axes.append(_tag("path", "", _class="axis", d=f"M0 {_text(panel.pixel(panel.x[0], 0)[1])}h{width}"))
    axes.append(_tag("text", panel.title, _class="title", x=-LEFT + 2, y=-14))
    axes.append(_tag("text", panel.x_label, x=width / 2, y=height + 39, text_anchor="middle"))
    lines = "".join(_drawn(mark, panel, numbers) for mark in panel.marks if mark.kind != "dot")
    dots = "".join(_drawn(mark, panel, numbers) for mark in panel.marks if mark.kind == "dot")
    plot = _tag("svg", lines, width=width, height=height)
    inner = _tag("g", "".join(axes) + plot + dots, transform=f"translate({LEFT} {TOP})")
    return _tag(
        "svg",
        inner,
        _class="panel",
        role="img",
        aria_label=panel.alt,
        viewBox=f"0 0 {panel.width} {panel.height}",
        width=panel.width,
        height=panel.height,
        data_x="{} {}".format(*panel.x),
        data_y="{} {}".format(*panel.y),
        data_size=f"{width} {height}",
        data_log="1" if panel.logarithmic else "",
    )


def _drawn(mark, panel, numbers):
    """A mark's tag; before one that is dragged, a larger circle for the finger."""
    attributes = {"_class": f"{mark.kind} {mark.style}", "data_at": mark.at if mark.moves else ""} | drawing(
        mark, panel, numbers
    )
    if mark.kind != "dot":
        return _tag("path", "", data_kind=mark.kind if mark.moves else "", **attributes)
    dot = _tag("circle", "", r=5, data_kind="dot" if mark.moves else "", **attributes)
    if not mark.drags:
        return dot
    x, y = mark.drags
    return dot + _tag(
        "circle", "", r=20, data_kind="dot", data_drag_x=x, data_drag_y=y, **(attributes | {"_class": "handle js-only"})
    )


def html(name, scene):
    """The figure without its caption: controls, panels, key, table, and the sentence that says it."""
    numbers = scene.numbers(still=True)
    rows = []
    for slider in scene.inputs:
        place = f"{name}-{slider.name}"
        at = scene.shown(slider.name, numbers)
        rows.append(
            _tag(
                "div",
                _tag("label", escape(slider.label), _for=place)
                + _tag("output", at, _for=place, aria_live="off", data_shown=slider.name)
                + _tag(
                    "input",
                    type="range",
                    id=place,
                    name=slider.name,
                    min=slider.low,
                    max=slider.high,
                    step=slider.step,
                    value=slider.start,
                    autocomplete="off",
                    aria_valuetext=at,
                    data_digits=slider.digits,
                ),
                _class="slider",
            )
        )
    buttons = [
        _tag("button", escape(slider.button), type="button", data_step=slider.name)
        for slider in scene.inputs
        if slider.button
    ]
    rows.append(_tag("div", "".join(buttons) + _tag("button", "Start again", type="button"), _class="buttons"))
    controls = _tag("div", "".join(rows), _class="controls js-only")
    panels = _tag("div", "".join(_svg(panel, numbers) for panel in scene.panels), _class="panels")
    key = "".join(
        _tag(
            "li",
            _tag("svg", _sample(style), width=30, height=12, viewBox="0 0 30 12", aria_hidden="true") + escape(said),
        )
        for style, said in scene.key
    )
    head, *body = scene.table
    table = _tag("tr", "".join(_tag("th", escape(cell), scope="col") if cell else "<td></td>" for cell in head))
    lines = "".join(
        _tag("tr", _tag("th", escape(first), scope="row") + "".join(_cell(scene, cell, numbers) for cell in cells))
        for first, *cells in body
    )
    table = _tag("div", _tag("table", _tag("thead", table) + _tag("tbody", lines)), _class="table-wrapper numbers")
    told = _tag("p", escape(scene.sentence(numbers)), _class="told", role="status", data_told=scene.told)
    return controls + panels + (_tag("ul", key, _class="key") if key else "") + table + told


def _sample(style):
    if "dot" in style:
        return _tag("circle", "", _class=style, cx=15, cy=6, r=5)
    return _tag("path", "", _class=style, d="M1 6h28")


def _cell(scene, name, numbers):
    if name not in scene.words and name.partition(".")[0] not in numbers:
        return _tag("td", escape(name))
    words = "|".join(f"{limit}:{word}" for limit, word in scene.words.get(name, ())).replace("inf:", "Infinity:")
    return _tag(
        "td",
        escape(scene.shown(name, numbers)),
        data_shown=name,
        data_digits=scene.decimals(name),
        data_words=words,
        data_exact=repr(float(pick(numbers, name))),
    )


# --- the directive --------------------------------------------------------------------------------------


class interactive(nodes.General, nodes.Element):
    pass


class Interactive(SphinxDirective):
    required_arguments = 1
    has_content = True

    def run(self):
        from lossbook_page.scenes import SCENES

        name = self.arguments[0]
        paragraphs = [part for part in "\n".join(self.content).split("\n\n") if part.strip()]
        problem = None
        if name not in SCENES:
            problem = f"expected one of {', '.join(SCENES)}"
        elif len(paragraphs) != 2 or "?" not in paragraphs[0]:
            problem = "expected a question, an empty line, and what readers of the notebook should know"
        if problem:
            logger.warning("interactive %r: %s", name, problem, location=(self.env.docname, self.lineno))
            return []
        parsed, messages = self.state.inline_text(" ".join(paragraphs[0].split()), self.lineno)
        return [interactive("", nodes.paragraph("", "", *parsed), *messages, scene=name)]


def visit_interactive(writer, node):
    from lossbook_page.scenes import SCENES

    scene = SCENES[node["scene"]]
    kind = "interactive" if len(scene.panels) > 1 else "interactive alone"
    writer.body.append(f'<figure class="{kind}" data-scene="{node["scene"]}"><figcaption>')


def depart_interactive(writer, node):
    from lossbook_page.scenes import SCENES

    writer.body.append(f"</figcaption>{html(node['scene'], SCENES[node['scene']])}</figure>\n")


def ask_for_script(app, page, template, context, doctree):
    if doctree and doctree.next_node(interactive):
        app.add_js_file(SCRIPT, loading_method="defer")


def put_script(site):
    """interactive.js with the bodies of functions and the scenes' formulas before it, less comments and indents."""
    from lossbook_page.scenes import SCENES

    script = site / "_static" / SCRIPT
    scenes = "".join(f'"{name}": {scene.script()},\n' for name, scene in SCENES.items())
    own = script.read_text("utf-8")
    text = f"(() => {{\n{BODIES.read_text('utf-8')}\nconst SCENES = {{\n{scenes}}};\n{own}}})();\n"
    script.write_text(re.sub(r"^(?:\s*//.*)?\n|^[ ]+", "", text, flags=re.MULTILINE), "utf-8")


def setup(app):
    app.add_directive("interactive", Interactive)
    app.add_node(interactive, html=(visit_interactive, depart_interactive))
    app.connect("html-page-context", ask_for_script)
