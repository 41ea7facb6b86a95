"""The symbols that the whole book shares, and the domain of each.

A name without a plural is one number (`logit`, written z); its plural is a row with one entry a class
(`logits`, written z_1 ... z_n). Rows are indexed by i, j, k and l, which run from 1 to n.
"""

from sympy import Eq, FiniteSet, IndexedBase, Interval, Sum, Symbol, oo, symbols

n = Symbol("n", integer=True, positive=True)
"""The number of classes."""

i, j, k, l = symbols("i j k l", integer=True, positive=True)
"""Indices of classes, each from 1 to n."""

logit = Symbol("z", real=True)
logits = IndexedBase("z", real=True)
"""Scores: what the last layer gives before it is made a probability."""

probability = Symbol("p", positive=True)
probabilities = IndexedBase("p", positive=True)
"""Predicted probabilities, between 0 and 1."""

target = Symbol("y", nonnegative=True)
targets = IndexedBase("y", nonnegative=True)
"""The truth, between 0 and 1: one-hot where a single class is right."""

prediction = Symbol("yhat", real=True)
value = Symbol("y", real=True)
"""Regression: what is predicted, and the measured value that it is compared with."""

side = Symbol("y", real=True, nonzero=True)
"""The truth as +1 or -1, where the sign of the prediction decides."""

count = Symbol("y", integer=True, nonnegative=True)
"""The truth as a number of events; the prediction is the logarithm of the rate that was expected."""

approximations = IndexedBase("q", positive=True)
"""A distribution that stands in for `probabilities`."""

beta = Symbol("beta", nonnegative=True)
delta = Symbol("delta", positive=True)
gamma = Symbol("gamma", nonnegative=True)
quantile = Symbol("tau", positive=True)
"""Parameters of losses: where smooth_l1 and huber turn linear, the focus of focal, the quantile of pinball."""

DOMAINS = {
    logit: Interval(-oo, oo),
    logits: Interval(-oo, oo),
    probability: Interval.open(0, 1),
    probabilities: Interval.open(0, 1),
    approximations: Interval.open(0, 1),
    target: Interval(0, 1),
    targets: Interval(0, 1),
    prediction: Interval(-oo, oo),
    value: Interval(-oo, oo),
    side: FiniteSet(-1, 1),
    count: Interval(0, oo),
    beta: Interval(0, oo),
    delta: Interval.open(0, oo),
    gamma: Interval(0, oo),
    quantile: Interval.open(0, 1),
}
"""Where each symbol lives. A symbol that is not listed lives where its assumptions let it."""


def total(term, index=k):
    """The sum of `term` over all classes: term(1) + ... + term(n), with `index` running from 1 to n."""
    return Sum(term, (index, 1, n))


DISTRIBUTIONS = (probabilities, approximations, targets)
"""Rows that add to 1."""

TARGETS_SUM_TO_ONE = Eq(total(targets[k]), 1)
"""What makes a row of targets a distribution over the classes."""
