"""One card a loss: its definition, its derivatives and what is known of it, all derived."""

from sympy import oo

from lossbook.elsewhere import names
from lossbook.facts import is_convex, kinks, steepest_slope
from lossbook.notation import DOMAINS
from lossbook.typeset import latex


class Card:
    """The card of a loss of the catalogue; it shows itself in a notebook and on a page."""

    def __init__(self, loss):
        self.loss = loss

    def rows(self):
        """The lines of the card: what is said, and the answer in Markdown."""
        loss = self.loss
        entry = loss.prediction[loss.variable.indices[0]] if loss.over_classes else loss.prediction
        yield "prediction", f"${latex(entry)}$ {_domain(loss.prediction)}"
        target = loss.target[loss.variable.indices[0]] if loss.over_classes else loss.target
        yield "target", f"${latex(target)}$ {_domain(loss.target)}"
        for keyword, (symbol, default) in loss.parameters.items():
            yield f"parameter `{keyword}`", f"${latex(symbol)}$ {_domain(symbol)}, by default {default}"
        yield "gradient", f"${latex(loss.gradient)}$"
        yield "second derivative", f"${latex(loss.hessian)}$"
        yield "convex", {True: "yes, proved", False: "no, by a counterexample", None: "not known"}[is_convex(loss)]
        for kink in kinks(loss):
            where = f"at ${latex(entry)} = {latex(kink.point)}$"
            yield "kink", f"{where} any number from ${latex(kink.left)}$ to ${latex(kink.right)}$ is a subgradient"
        steepest = steepest_slope(loss)
        if steepest is not None:
            yield "steepest slope", "without bound" if steepest == oo else f"${latex(steepest)}$"
        for name in names(loss):
            factor = "" if name.factor == 1 else f", which is ${latex(name.factor)}$ times this loss"
            yield name.library, f"`{name.name}`{factor}"
        if loss.source:
            yield "source", loss.source

    def _repr_markdown_(self):
        lines = [f"**{self.loss.name}**", self.loss._repr_latex_(), "| | |\n|---|---|"]
        return "\n\n".join(lines) + "".join(f"\n| {name} | {_in_cell(answer)} |" for name, answer in self.rows())

    def __str__(self):
        return "\n".join([repr(self.loss), *(f"{name}: {answer}" for name, answer in self.rows())])

    __repr__ = __str__


def _domain(symbol):
    domain = DOMAINS.get(symbol)
    return "" if domain is None else f"in ${latex(domain)}$"


def _in_cell(answer):
    """Markdown that does not end its cell of a table."""
    return answer.replace(r"\left|", r"\left\vert ").replace(r"\right|", r"\right\vert ")
