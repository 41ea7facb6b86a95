"""What a figure shows, as quantities that stand on one another: computed here by lossbook, and printed for the browser.

A quantity is an expression in the inputs and in quantities before it, or one of the classes below, each of which has
`value(numbers)`, what it is for the given numbers by name, and `script`, the same as an expression of JavaScript.
"""

from dataclasses import dataclass

import numpy as np
from sympy import Basic, IndexedBase, Symbol, sympify

from lossbook import arrays
from lossbook.indices import bound_indices
from lossbook.loss import Loss
from lossbook.notation import i, k, n, prediction, value
from lossbook.training import descend, fit_linear
from lossbook_page.javascript import javascript


@dataclass
class Value:
    """The value of an expression; with a free class index, a row."""

    expression: Basic

    def value(self, numbers):
        expression = sympify(self.expression)
        rows = expression.atoms(IndexedBase)
        symbols = expression.atoms(Symbol) - {i, k, n} - {row.label for row in rows} - bound_indices(expression)
        given = {symbol: numbers[str(symbol)] for symbol in sorted(rows | symbols, key=str)}
        return arrays.evaluate(expression, given) if given else float(expression)

    @property
    def script(self):
        code = javascript(self.expression)
        if i not in getattr(self.expression, "free_symbols", ()):
            return code
        row = min(map(str, self.expression.atoms(IndexedBase)))
        return f"{row}.map((_, {i}) => {code})"


@dataclass
class Row:
    """A row of numbers and symbols."""

    entries: list

    def value(self, numbers):
        return np.array([Value(entry).value(numbers) for entry in self.entries])

    @property
    def script(self):
        return f"[{', '.join(javascript(sympify(entry)) for entry in self.entries)}]"


@dataclass
class Grid:
    """`count` numbers from `low` to `high`, at equal distances."""

    low: float
    high: float
    count: int

    def value(self, numbers):
        return np.linspace(self.low, self.high, self.count)

    @property
    def script(self):
        entry = f"{self.low} + {self.high - self.low} * k / {self.count - 1}"
        return f"Array.from({{ length: {self.count} }}, (_, k) => {entry})"


@dataclass
class Along:
    """An expression for each number of a row, taken for `symbol`."""

    expression: Basic
    symbol: Symbol
    row: str

    def value(self, numbers):
        row = numbers[self.row]
        return Value(self.expression).value(numbers | {str(self.symbol): row}) + np.zeros(len(row))

    @property
    def script(self):
        return f"{self.row}.map(({self.symbol}) => {javascript(self.expression)})"


@dataclass
class Entry:
    """One entry of a row; -1 is the last."""

    row: str
    place: int

    def value(self, numbers):
        return numbers[self.row][self.place]

    @property
    def script(self):
        return f"{self.row}.at({self.place})"


@dataclass
class Places:
    """0, 1, 2 ...: the place of each entry of a row."""

    row: str

    def value(self, numbers):
        return np.arange(len(numbers[self.row]))

    @property
    def script(self):
        return f"{self.row}.map((_, k) => k)"


@dataclass
class Descent:
    """Every prediction of `steps` steps of gradient descent from `start`; what is given is a number or a symbol."""

    loss: Loss
    start: object
    target: float
    rate: object
    steps: object
    parameters: dict

    def value(self, numbers):
        start, rate, steps = (float(Value(part).value(numbers)) for part in (self.start, self.rate, self.steps))
        given = {name: float(Value(part).value(numbers)) for name, part in self.parameters.items()}
        return descend(self.loss, start, self.target, rate, int(steps), **given)

    @property
    def script(self):
        gradient = _with_parameters(self.loss, self.parameters).xreplace({self.loss.target: sympify(self.target)})
        slope = f"({self.loss.prediction}) => {javascript(gradient)}"
        return (
            f"descend({slope}, {', '.join(javascript(sympify(part)) for part in (self.start, self.rate, self.steps))})"
        )


@dataclass
class LineFit:
    """Start and slope of the line for which a loss of the residual is least."""

    loss: Loss
    places: str
    values: str
    parameters: dict

    def value(self, numbers):
        places = numbers[self.places]
        given = {name: float(Value(part).value(numbers)) for name, part in self.parameters.items()}
        return fit_linear(self.loss, np.stack([np.ones(len(places)), places], axis=1), numbers[self.values], **given)

    @property
    def script(self):
        gradient = _with_parameters(self.loss, self.parameters).xreplace({value: sympify(0)})
        return f"fitLine(({prediction}) => {javascript(gradient)}, {self.places}, {self.values})"


def _with_parameters(loss, given):
    """The gradient of `loss` with its parameters as given: numbers or symbols."""
    return loss.gradient.xreplace({loss.parameters[name][0]: sympify(part) for name, part in given.items()})
