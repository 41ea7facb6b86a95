"""The symbols that the whole book shares, and the domain of each.

A name without a plural is one number (`logit`, written z); its plural is a row with one entry a class
(`logits`, written z_1 ... z_n). Rows are indexed by i, j, k and l, which run from 1 to n.
"""

from sympy import Eq, Expr, FiniteSet, Indexed, IndexedBase, Interval, Set, Sum, Symbol, oo

DOMAINS: dict[Expr, Set] = {}
"""Where each symbol lives. A symbol that is not listed lives where its assumptions let it."""

MEANINGS: dict[Expr, list[str | Expr]] = {}
"""What each symbol of this module means, in words and other symbols."""


def _define(symbol: Expr, meaning: str | list[str | Expr], domain: Set | None = None) -> Expr:
    """`symbol`, once its meaning and its domain are written down."""
    MEANINGS[symbol] = [meaning] if isinstance(meaning, str) else meaning
    if domain is not None:
        DOMAINS[symbol] = domain
    return symbol


def _index(name: str) -> Expr:
    return _define(Symbol(name, integer=True, positive=True), "the index of a class")


REALS, OPEN_UNIT, UNIT = Interval(-oo, oo), Interval.open(0, 1), Interval(0, 1)

n = _define(Symbol("n", integer=True, positive=True), "the number of classes")
INDICES = i, j, k, l = tuple(map(_index, "ijkl"))

# Scores: what the last layer gives before it is made a probability.
logit = _define(Symbol("z", real=True), "a logit: the score of one yes-or-no question", REALS)
logits = _define(IndexedBase("z", real=True), "logits: the scores of the classes", REALS)

probability = _define(Symbol("p", positive=True), "the predicted probability of a yes", OPEN_UNIT)
probabilities = _define(
    IndexedBase("p", positive=True), "the predicted probabilities of the classes, which add to 1", OPEN_UNIT
)

target = _define(Symbol("y", nonnegative=True), "the truth: 1 for yes, 0 for no, or between them", UNIT)
targets = _define(IndexedBase("y", nonnegative=True), "the truth, one-hot or soft; its entries add to 1", UNIT)
epsilon = _define(
    Symbol("epsilon", nonnegative=True), "label smoothing: how much of the truth is shared out evenly", UNIT
)

# Regression.
prediction = _define(
    Symbol("yhat", real=True), "what is predicted: a measured value, or a score whose sign decides", REALS
)
value = _define(Symbol("y", real=True), "the measured value that a prediction is compared with", REALS)

side = _define(
    Symbol("y", real=True, nonzero=True), "the truth where the sign of the prediction decides", FiniteSet(-1, 1)
)
count = _define(
    Symbol("y", integer=True, nonnegative=True),
    ["the truth as a number of events; its prediction, ", logit, ", is the logarithm of the expected number"],
    Interval(0, oo),
)

approximations = _define(
    IndexedBase("q", positive=True),
    ["a distribution that stands in for ", probabilities, "; its entries add to 1"],
    OPEN_UNIT,
)

# Parameters of losses.
beta = _define(Symbol("beta", nonnegative=True), "smooth L1: the residual at which it turns linear", Interval(0, oo))
delta = _define(Symbol("delta", positive=True), "Huber: the residual at which it turns linear", Interval.open(0, oo))
gamma = _define(Symbol("gamma", nonnegative=True), "focal: how little an easy example counts", Interval(0, oo))
quantile = _define(Symbol("tau", positive=True), "pinball: the quantile that is predicted", OPEN_UNIT)


def total(term: Expr, index: Expr = k) -> Expr:
    """The sum of `term` over all classes: term(1) + ... + term(n), with `index` running from 1 to n."""
    return Sum(term, (index, 1, n))


DISTRIBUTIONS = (probabilities, approximations, targets)
"""Rows that add to 1."""

TARGETS_SUM_TO_ONE = Eq(total(targets[k]), 1)
"""What makes a row of targets a distribution over the classes."""


def domain_of(symbol: Expr) -> Set:
    """Where a symbol, or each entry of a row, lives: as `DOMAINS` lists it, or else as its assumptions say."""
    listed = DOMAINS.get(symbol.base if isinstance(symbol, Indexed) else symbol)
    if listed is not None:
        return listed
    if symbol.is_positive:
        return Interval.open(0, oo)
    if symbol.is_negative:
        return Interval.open(-oo, 0)
    if symbol.is_nonpositive:
        return Interval(-oo, 0)
    return Interval(0, oo) if symbol.is_nonnegative else REALS


def domain_in_words(symbol: Expr) -> str:
    """Where `symbol` lives, in words: "a number from 0 to 1"."""
    domain = domain_of(symbol)
    one_of_many = "one number a class, each " if isinstance(symbol, IndexedBase) else ""
    if isinstance(domain, FiniteSet):
        return " or ".join(map(str, sorted(domain))).replace("-", "−")
    if domain == REALS:
        return f"{one_of_many}any number"
    kind = "a whole number" if symbol.is_integer else "a number"
    if domain.sup == oo:
        return f"{one_of_many}{kind} {f'above {domain.inf}' if domain.left_open else f'from {domain.inf} up'}"
    if domain.inf == -oo:
        return f"{one_of_many}{kind} {'below' if domain.right_open else 'up to'} {domain.sup}"
    between = "between {} and {}" if domain.left_open else "from {} to {}"
    return f"{one_of_many}{between.format(domain.inf, domain.sup)}"
