"""Where counterexamples are looked for, and how they are told."""

import pytest
from sympy import (
    Abs,
    IndexedBase,
    Integer,
    Integral,
    Interval,
    Max,
    Piecewise,
    Rational,
    Symbol,
    bell,
    log,
    nan,
    oo,
    sign,
    sqrt,
    symbols,
)

from lossbook.counterexamples import Counterexample, Side, find_counterexample, in_decimals, may_be, placements
from lossbook.notation import count, domain_of, i, k, logits, n, side, targets, total


def find(left, right, conditions, mentioned):
    """A counterexample to a claim whose sides need nothing that their values do not show."""
    return find_counterexample(Side(left), Side(right), list(map(Side, conditions)), mentioned, {})


@pytest.mark.parametrize("indices", [0, 1, 2, 3, 4])
def test_indices_coincide_in_as_many_ways_as_a_set_can_be_partitioned(indices):
    assert len(list(placements(indices, classes=6))) == bell(indices)


def test_no_more_classes_are_told_apart_than_there_are():
    assert list(placements(2, classes=1)) == [(1, 1)]
    assert len(list(placements(3, classes=2))) == 4  # not 1 2 3


def test_a_class_with_a_number_is_not_like_any_other():
    """Beside class 2, one index is class 2 or another; two are 2 2, 2 and another, or two others, alike or not."""
    assert list(placements(1, classes=4, numbered=[2])) == [(1,), (2,)]
    assert list(placements(2, classes=4, numbered=[2])) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]


def test_a_point_is_found_with_the_fewest_classes_that_show_the_difference():
    found = find(total(logits[k]), n * logits[1], [], {logits: 1})
    assert found.classes == 2 and list(found.point) == [n, logits[1], logits[2]]
    first, second = (float(found.point[logits[m]]) for m in (1, 2))
    assert float(found.left) == first + second and float(found.right) == 2 * first and first != second


def test_conditions_hold_at_a_counterexample():
    found = find(targets[i], targets[k], [total(targets[k]) - 1], {targets: 1})
    assert sum(number for entry, number in found.point.items() if entry.has(targets)) == 1
    assert find(total(targets[k]), 1 + 0 * n, [total(targets[k]) - 1], {targets: 1}) is None


def test_conditions_hold_for_each_class_that_there_is():
    found = find(total(targets[k]), total(logits[k]), [targets[i] * logits[i] - 1], {targets: 1, logits: 1})
    assert {*found.point} == {n, targets[1], logits[1]}


def test_there_are_as_many_classes_as_the_sides_number():
    assert find(logits[7], logits[1], [], {logits: 1}).classes == 7


def test_the_variable_of_an_integral_is_no_unknown():
    x = Symbol("x", real=True)
    assert find(Integral(x, (x, 0, 1)), Integer(1), [], {}) is None


def test_a_solution_that_does_not_hold_or_is_no_fraction_is_no_point():
    x, w = symbols("x w", real=True)
    assert find(x, Abs(x), [sqrt(w) - x], {x: 0, w: 0}) is None
    assert find(x**2, w, [x**2 - w], {x: 0, w: 0}) is find(w**2, x, [w**2 - x], {x: 0, w: 0}) is None


def test_what_is_defined_over_classes_brings_none_to_a_claim_without_any():
    x, c = symbols("x c", real=True)
    found = find_counterexample(Side(x), Side(2 * x), [], {x: 0}, {c: Side(total(logits[k]))})
    assert {*found.point} == {x}


def test_a_difference_beside_a_number_in_a_comparison_is_found():
    x = Symbol("x", real=True)
    at = Rational(7, 10)

    def differs(difference, threshold=at):
        step = Piecewise((1, Abs(x) < threshold), (0, True))
        return find(step + difference, step, [], {x: 0}) is not None

    assert differs(1 - sign(x - at) ** 2)  # there alone
    assert differs(Max(0, at - x) * Max(0, x - at + Rational(1, 1000)))
    assert differs(Max(0, -at - x) * Max(0, x + at + Rational(1, 1000)))
    assert differs(Max(0, x - 1) * Max(0, Rational(1001, 1000) - x), threshold=1)
    assert differs(Max(0, x - 5), threshold=1)  # where numbers are far from simple


def test_a_root_of_a_negative_number_is_none_though_a_product_of_two_would_be():
    x = Symbol("x", real=True)
    assert find((sqrt(x) + 1) * (sqrt(x) - 1), x - 1, [], {x: 0}).left is nan


def test_a_difference_far_beyond_the_digits_of_a_float_is_one():
    x = Symbol("x", positive=True)
    assert find(x + 1, x + 1 + Rational(1, 10**20), [], {x: 0}) is not None
    assert str(find(log(x + 1), x + 1, [], {x: 0}).left) == "0.693147180559945"


def test_conditions_that_contradict_each_other_leave_no_point_and_one_said_twice_leaves_them_all():
    one, two = total(targets[k]) - 1, total(targets[k]) - 2
    assert find(targets[i], targets[k], [one, two], {targets: 1}) is None
    assert find(targets[i], targets[k], [one, 2 * one], {targets: 1}) is not None


def test_a_logarithm_of_0_tells_nothing_though_its_sign_would_be_a_number():
    x = Symbol("x", nonnegative=True)
    assert find(sign(log(x / 3)), -sign(log(3 / x)), [], {x: 0}) is None
    assert find(sign(log(x)), sign(log(2 * x)), [], {x: 0}).point[x] == 1


def test_the_logarithm_of_a_tiny_number_is_one_that_of_less_than_0_none():
    x, tiny = Symbol("x", positive=True), Rational(1, 10**40)
    assert find(log(tiny * x), log(2 * tiny * x), [], {x: 0}) is not None
    assert find(log(-x), x, [], {x: 0}).left is nan
    assert find(log(-tiny * x), x, [], {x: 0}) is None  # which may be 0 but for rounding


def test_a_difference_that_rounding_explains_is_none():
    tiny = Rational(1, 10**40)
    x = Symbol("x", real=True)
    assert find(x, x * (1 + tiny), [], {x: 0}) is None
    assert find(x, x + tiny, [], {x: 0}) is not None  # at x = 0


@pytest.mark.parametrize(
    "symbol, domain",
    [
        (targets, Interval(0, 1)),
        (targets[k], Interval(0, 1)),
        (side, {-1, 1}),
        (Symbol("a", positive=True), Interval.open(0, oo)),
        (Symbol("a", nonnegative=True), Interval(0, oo)),
        (Symbol("a", negative=True), Interval.open(-oo, 0)),
        (Symbol("a", nonpositive=True), Interval(-oo, 0)),
        (Symbol("a", real=True), Interval(-oo, oo)),
    ],
)
def test_the_domain_of_a_symbol_is_the_listed_one_or_what_its_assumptions_say(symbol, domain):
    assert domain_of(symbol) == domain


def test_what_a_symbol_may_be():
    assert may_be(count, Integer(3)) and not may_be(count, Rational(1, 2)) and not may_be(count, Integer(-1))
    assert may_be(targets[k], Rational(1, 2)) and not may_be(side, Rational(1, 2))
    row = IndexedBase("u", real=True, nonzero=True)
    assert may_be(row[1], Integer(-1)) and not may_be(row[1], Integer(0)) and not may_be(row, Integer(0))
    even = Symbol("m", even=True)
    assert may_be(even, Integer(2)) and not may_be(even, Integer(1))


def test_numbers_are_tried_that_are_not_simple_where_no_simple_one_is_admissible():
    x = Symbol("x", composite=True)
    assert find(Piecewise((1, x > 5), (0, True)), 0 * x, [], {x: 0}).point[x] == 6
    assert find(Piecewise((1, x > 50), (0, True)), 0 * x, [], {x: 0}) is None


def test_values_are_told_in_decimals():
    assert in_decimals(Rational(1, 3), 4) == "0.3333" and in_decimals(nan, 4) == "undefined"
    assert str(Counterexample(None, {}, Rational(1), nan)) == "the left side is 1.0 and the right side is undefined"


def test_the_sides_are_told_with_as_many_digits_as_set_them_apart():
    found = find(1 / (1 + logits[1] ** 2), (1 + Rational(1, 10**20)) / (1 + logits[1] ** 2), [], {logits: 1})
    assert str(found) == "at n = 1, z[1] = 0 the left side is 1.0 and the right side is 1.00000000000000000001"


def test_the_sides_are_told_to_15_digits():
    found = find(logits[1] / 3 + Rational(1, 3), logits[1] / 3 + Rational(2, 3), [], {logits: 1})
    assert str(found).endswith("the left side is 0.333333333333333 and the right side is 0.666666666666667")
    undefined = find(sqrt(-1 - logits[1] ** 2), Rational(2, 3) + 0 * logits[1], [], {logits: 1})
    assert str(undefined).endswith("the left side is undefined and the right side is 0.666666666666667")
