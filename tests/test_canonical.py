"""Each thing is written in one way, which keeps its value, and what is undefined stays undefined."""

from random import Random

import pytest
from plain_arithmetic import evaluate, mp
from sympy import Abs, E, IndexedBase, Integer, Rational, Symbol, exp, log, sqrt, symbols

from lossbook.canonical import Exponential, bound_class, canonical
from lossbook.indices import is_class
from lossbook.notation import i, j, k, l, n, total

a, b = symbols("a b", real=True)
T, U = symbols("T U", positive=True)
z, w = IndexedBase("z", real=True), IndexedBase("w", real=True)
CLASSES = 3

EXPRESSIONS = {
    "exponentials of sums": exp(2 * a - b / 3 + Rational(201, 7) * a * b + E),
    "exponentials of logarithms": exp(a + 3 * log(T) - log(U) / 2 + b * log(T)),
    "irrational multiples": exp(sqrt(2) * a - E * b) + T ** sqrt(2),
    "powers": T**a * U ** (b + 1) + a**2 + b**-3 + T**2,
    "powers of what may be negative": a**T,
    "logarithms of products": log(12 * T**3 / U) + log(T * exp(a) / (1 + U)),
    "logarithms of squares": log(a**2) + log(a**2 * T) + log(Abs(a * b)),
    "logarithms of what may be negative": log(a),
    "logarithms of cubes": log(a**3),
    "sums": total(a * z[k] ** 2 - 2 * z[k] / (1 + b**2) + T) / n,
    "fractions in sums": total((z[k] + a) / (T * (1 + z[k] ** 2))) - total(exp(z[k] - a)),
    "sums in sums": total(total(w[k, l] * z[k] * exp(z[l]) + z[l], l), k) - total(z[k] * total(w[k, l], l), k),
    "logarithms of sums": log(total(exp(z[k]))) - log(total(exp(z[k] - a))),
}


def points():
    random = Random(4)
    for _ in range(6):
        numbers = {symbol: mp.mpf(random.uniform(-2, 2)) for symbol in (a, b)}
        numbers |= {symbol: mp.mpf(random.uniform(0.2, 3)) for symbol in (T, U)}
        numbers |= {z[Integer(m)]: mp.mpf(random.uniform(-2, 2)) for m in range(1, CLASSES + 1)}
        rows = range(1, CLASSES + 1)
        yield numbers | {w[Integer(r), Integer(m)]: mp.mpf(random.uniform(-2, 2)) for r in rows for m in rows}


def value(expression, point):
    """The value at a point, None where it is no real number."""
    try:
        return evaluate(expression.replace(Exponential, exp), CLASSES, point)
    except ValueError:
        return None


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_canonical_expression_has_the_same_value(name):
    expression = EXPRESSIONS[name]
    for point in points():
        before, after = (value(each, point) for each in (expression, canonical(expression)))
        assert before is after is None or mp.almosteq(before, after, rel_eps=mp.mpf(10) ** -40)


@pytest.mark.parametrize(
    "left, right",
    [
        (exp(2 * a + b), exp(a) ** 2 * exp(b)),
        (exp(a / 3), exp(a) ** Rational(1, 3)),
        (T**a, exp(a * log(T))),
        (log(6 * T), log(2) + log(3) + log(T)),
        (log(12), 2 * log(2) + log(3)),
        (log(T * exp(a)), a + log(T)),
        (total(a), n * a),
        (total(2 * z[k] + a), 2 * total(z[j], j) + n * a),
        (total(total(w[k, l] * z[k], k), l), total(total(w[i, j] * z[i], i), j)),
        (total(exp(z[k] - a)), total(exp(z[k])) * exp(-a)),
    ],
)
def test_what_is_written_in_two_ways_is_canonical_in_one(left, right):
    assert canonical(left) == canonical(right)


def test_the_exponential_of_a_half_is_a_root_for_real_numbers_alone():
    whatever = Symbol("x")
    assert canonical(exp(a / 2)) == sqrt(Exponential(a))
    assert canonical(exp(whatever / 2)) == Exponential(whatever / 2)


def test_the_index_of_a_canonical_sum_is_a_class():
    assert bound_class(0) is bound_class(0) != bound_class(1)
    assert is_class(bound_class(0)) and bound_class(0).is_positive
