"""The tables of the reference pages, each read from the modules that it tells of."""

from itertools import groupby
from typing import Any

from sympy import Expr, IndexedBase, oo

from lossbook import functions
from lossbook.elsewhere import in_words, names
from lossbook.facts import is_convex, kinks, slope_bound, steepest_slope
from lossbook.indices import collapse, rename_bound
from lossbook.listing import Listing, join
from lossbook.loss import Loss
from lossbook.losses import catalogue
from lossbook.notation import DOMAINS, MEANINGS, count, domain_in_words, i, k, logit, n
from lossbook.proof import equal
from lossbook.types import Cell


def symbols() -> Listing:
    """Every symbol of `notation`: how it is written, what it means, where it lives."""
    rows = []
    for (meaning, domain), found in groupby(MEANINGS, key=lambda symbol: (MEANINGS[symbol], _domain(symbol))):
        written = [symbol[i] if isinstance(symbol, IndexedBase) else symbol for symbol in found]
        rows.append([join(([symbol] for symbol in written), ", "), meaning, domain])
    return Listing(["symbol", "meaning", "where it lives"], rows)


def _domain(symbol: Expr) -> Cell:
    if symbol in DOMAINS:
        return [domain_in_words(symbol)]
    return ["a whole number from 1 ", *(["up"] if symbol == n else ["to ", n])]


def named_functions() -> Listing:
    """Every named function, its definition and its derivative, in terms of the same functions; softmax(z)_i is p_i."""
    rows = []
    for name, function in functions.catalogue.items():
        start = function.symbolic()
        definition = rename_bound(start.definition(), {k})  # the derivative is by z_k
        rows.append([f"`{name}`", start, definition, collapse(start.first_derivative())])
    return Listing(["name", "written", "definition", "derivative"], rows, shares=True)


def overview() -> Listing:
    """Every loss of the catalogue in a line: what it compares, whether it is convex, its kinks, its steepest slope."""
    rows = []
    for name, loss in catalogue.items():
        convex = {True: "yes", False: "no", None: "not known"}[is_convex(loss)]
        rows.append([f"`{name}`", _kind(loss), convex, _kinks(loss), _steepest(loss)])
    return Listing(["loss", "prediction", "convex", "kinks", "steepest slope"], rows)


def _kind(loss: Loss) -> str:
    """What the loss takes for a prediction, from the domain of its symbol."""
    is_probability = DOMAINS[loss.prediction].sup == 1
    if loss.over_classes:
        return "a row of probabilities" if is_probability else "a row of logits"
    if is_probability:
        return "a probability"
    if loss.prediction == logit:
        return "the logarithm of a count" if loss.target == count else "a logit"
    return "a number"


def _kinks(loss: Loss) -> Cell | str:
    found = kinks(loss)
    if not found:
        return "not known" if found is None else "none"
    points = dict.fromkeys(kink.point for kink in found)
    return ["at ", *join(([point] for point in points), " and ")]


def _steepest(loss: Loss) -> Cell | str:
    size, bound = steepest_slope(loss), slope_bound(loss)
    if bound is None:
        return "not known"
    if size is None:
        return ["below ", bound]
    return "without bound" if size == oo else [size]


def elsewhere() -> Listing:
    """What other libraries call each loss of the catalogue, with the factor between; tests prove each factor."""
    rows = []
    for loss in catalogue.values():
        found = groupby(names(loss), key=lambda name: name.library)
        cells = [[f"{library}: ", *join(map(in_words, of_library))] for library, of_library in found]
        rows.append([loss.name, join(cells, ". ") if cells else "no name known"])
    return Listing(["loss", "elsewhere"], rows)


def judged(claims: dict[str, tuple[Any, ...]]) -> Listing:
    """What `proof.equal` finds of each claim, given as {words: (left, right)} or {words: (left, right, conditions)}."""
    return Listing(["claim", "verdict"], [[words, str(equal(*sides))] for words, sides in claims.items()])
