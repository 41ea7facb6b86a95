"""One card a loss: its definition, its derivatives and what is known of it, all derived."""

from collections.abc import Iterator
from functools import cached_property
from itertools import groupby

from sympy import Derivative, Expr, IndexedBase, S, Symbol, count_ops, oo, powsimp

from lossbook.counterexamples import may_be
from lossbook.derivation import StepUnproved
from lossbook.elsewhere import in_words, names
from lossbook.explanation import NoRule, simplest
from lossbook.facts import (
    Jump,
    Kink,
    greatest_curvature,
    is_convex,
    jumps,
    kinks,
    longest_gradient,
    slope_bound,
    steepest_slope,
    with_zero,
)
from lossbook.indices import differentiate
from lossbook.listing import Listing, join
from lossbook.loss import Loss
from lossbook.notation import DISTRIBUTIONS, domain_in_words, i, k
from lossbook.proof import never_negative
from lossbook.types import Cell
from lossbook.typeset import Formula


class Card:
    """The card of a loss; it shows itself in a notebook, on a page and in a terminal."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    @cached_property
    def formulas(self) -> list[Formula]:
        """What is written large: the definition, the gradient and the second derivative."""
        loss = self.loss
        try:
            gradient = loss.derivation().result
        except (NoRule, StepUnproved):
            gradient = loss.gradient
        by = loss.prediction[k] if loss.over_classes else loss.prediction
        return [
            Formula(Symbol("L"), loss.expression),
            Formula(Derivative(Symbol("L"), loss.variable), _shortest(gradient)),
            Formula(Derivative(Symbol("L"), loss.variable, by), _shortest(differentiate(gradient, by), loss.hessian)),
        ]

    @cached_property
    def rows(self) -> list[tuple[str, Cell]]:
        """What is said of the loss, a title and an answer each; an answer is a list of words and expressions."""
        return list(_rows(self.loss))

    def _repr_markdown_(self) -> str:
        formulas = [formula._repr_latex_() for formula in self.formulas]
        return "\n\n".join([f"**{self.loss.name}**", *formulas, Listing([], self.rows)._repr_markdown_()])

    def __str__(self) -> str:
        return "\n".join([self.loss.name, *map(str, self.formulas), str(Listing([], self.rows))])

    __repr__ = __str__


def _rows(loss: Loss) -> Iterator[tuple[str, Cell]]:
    for title, symbol in {"prediction": loss.prediction, "target": loss.target}.items():
        together = ", adding to 1" if symbol in DISTRIBUTIONS else ""
        yield title, [_entry(symbol), f", {domain_in_words(symbol)}{together}"]
    for keyword, (symbol, default) in loss.parameters.items():
        yield f"parameter {keyword}", [symbol, f", {domain_in_words(symbol)}; {default} if not given"]
    yield "convex", [{True: "yes, proved", False: "no, by a counterexample", None: "not known"}[is_convex(loss)]]
    yield "kinks", _kinks(loss)
    if jumps(loss):
        yield "jumps", _jumps(loss)
    if loss.over_classes:
        yield "steepest slope", _bound(steepest_slope(loss), "by one entry of the prediction")
        yield "longest gradient", _bound(longest_gradient(loss), "over all entries together")
    else:
        yield "steepest slope", _steepest(loss)
        yield "greatest curvature", _bound(greatest_curvature(loss), _away_from(loss))
    for library, found in groupby(names(loss), key=lambda name: name.library):
        yield library, join(map(in_words, found))
    if loss.source:
        yield "source", [loss.source]


def _entry(symbol: Expr) -> Expr:
    return symbol[i] if isinstance(symbol, IndexedBase) else symbol


def _shortest(*ways: Expr) -> Expr:
    """The shortest of several ways to write the same, and of each simplified."""
    return min([*ways, *map(simplest, ways), *map(powsimp, ways)], key=count_ops)


def _kinks(loss: Loss) -> Cell:
    found = kinks(loss)
    if found is None:
        return ["not known"]
    if not found:
        from_zero = {keyword: symbol for keyword, (symbol, _) in loss.parameters.items() if may_be(symbol, S.Zero)}
        above = [symbol for keyword, symbol in from_zero.items() if not _is_smooth(with_zero(loss, keyword))]
        return ["none", *(part for symbol in above for part in (" for ", symbol > 0))]
    return join(
        [
            *_where(loss, kink),
            *(", each slope from ", kink.left, " to ", kink.right, " is a subgradient"),
        ]
        if never_negative(kink.right - kink.left)
        else [*_where(loss, kink), ", the slope goes from ", kink.left, " to ", kink.right]
        for kink in found
    )


def _jumps(loss: Loss) -> Cell:
    return join(
        [*_where(loss, jump), ", the loss is ", jump.left, " below, ", jump.there, " there and ", jump.right, " above"]
        for jump in jumps(loss) or []
    )


def _where(loss: Loss, place: Kink | Jump) -> Cell:
    of_target = [_entry(loss.target), " is ", place.target, " and "] if place.target is not None else []
    return ["where ", *of_target, _entry(loss.prediction), " is ", place.point]


def _away_from(loss: Loss) -> str:
    """What the second derivative leaves out, in words."""
    found = [title for title, places in {"kinks": kinks(loss), "jumps": jumps(loss)}.items() if places]
    return f"away from the {' and '.join(found)}" if found else ""


def _is_smooth(loss: Loss | None) -> bool:
    return loss is not None and kinks(loss) == []


def _steepest(loss: Loss) -> Cell:
    if steepest_slope(loss) is None and slope_bound(loss) is not None:
        return [*_bound(slope_bound(loss)), "; the least such number has no known closed form"]
    return _bound(steepest_slope(loss))


def _bound(size: Expr | None, of: str = "") -> Cell:
    """A least upper bound in words, with decimals where it is not a fraction."""
    if size is None:
        return ["not known"]
    if size == oo:
        return ["without bound"]
    if size == 0:
        return [f"0, {of}" if of else "0"]
    decimals = [f", about {float(size):.4f}"] if size.is_number and not size.is_rational else []
    return ["at most ", size, *decimals, f", {of}" if of else ""]
