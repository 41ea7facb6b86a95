"""Sums over classes and deltas mean for every n what they mean written out for 1, 2, 3 and 4 classes."""

from itertools import product

import pytest
from plain_arithmetic import evaluate, mp
from sympy import Derivative, Integer, KroneckerDelta, Lambda, Rational, Sum, Symbol, exp, log

from lossbook.functions import catalogue, log_softmax, logsumexp, softmax, softmax_complement
from lossbook.indices import (
    bound_indices,
    collapse,
    differentiate,
    evaluate_derivatives,
    free_indices,
    fresh_index,
    is_class,
    outermost,
    rename_bound,
    scalars,
    split_guard,
    write_out,
)
from lossbook.notation import i, j, k, l, n, total
from lossbook.notation import logits as z
from lossbook.notation import targets as y

ik, jk, ij, kl = (KroneckerDelta(*pair) for pair in ((i, k), (j, k), (i, j), (k, l)))
c = Symbol("c", real=True)

SUMS = {
    "a sum": total(z[k] * y[k]),
    "a constant": total(c),
    "constant factors": total(c * z[i] * y[k]),
    "a delta": total(ik * z[k] ** 2),
    "a delta in a product": total((z[k] - ik) * exp(y[k] * z[k])),
    "a delta in a function": total(exp(ik * z[k]) * y[k]),
    "a power of a delta": total((ik - y[k]) ** 3),
    "two deltas": total((ik - z[k]) * (jk - y[k])),
    "a delta of free indices": total(ij * z[k]),
    "a delta of a number": total(KroneckerDelta(k, 1) * z[k]),
    "all but one": total((1 - ik) * z[k]),
    "all but two": total((1 - ik) * (1 - jk) * exp(z[k])),
    "a double sum": total(total(z[k] * y[l], k), l),
    "a delta of both indices": total(total(kl * z[k] * y[l], k), l),
    "a delta inside a double sum": total(total(ik * z[k] * (y[l] - kl), k), l),
    "a sum in a sum": total(z[k] * log(total(exp(z[k] * y[l]), l))),
    "a sum of one name twice": total(z[k] * total(y[k] ** 2)),
    "all pairs but the same class twice": total(total((1 - kl) * (z[k] - z[l]) ** 2 * y[k], k), l),
    "pairs beside a free class": total(total((1 - kl) * (1 - ik) * z[k] * y[l], k), l),
    "a quotient of sums": total(exp(z[k]) * ik) / total(exp(z[k])),
    "a bound index with a free name": z[i] * total(y[i] ** 2, i),
}
by_name = pytest.mark.parametrize("name", SUMS)


def points():
    for classes in (1, 2, 3, 4):
        for first, second in product((1, 2), repeat=2) if classes > 1 else [(1, 1)]:
            values = {
                row[m]: mp.mpf(3 * m * m + 2 * number + 1) / 31
                for number, row in enumerate((z, y))
                for m in range(1, 5)
            }
            yield classes, {i: first, j: second, k: 1, l: 1, c: mp.mpf("0.7"), **values}


def assert_same(left, right):
    for classes, values in points():
        assert mp.almosteq(evaluate(left, classes, values), evaluate(right, classes, values), 1e-20)


@by_name
@pytest.mark.parametrize("others", [True, False], ids=["all but one", "whole sums"])
def test_collapsing_deltas_keeps_the_value(name, others):
    collapsed = collapse(SUMS[name], others)
    assert_same(collapsed, SUMS[name])
    assert not any(
        outermost(s)[1] in d.args and not others for s in collapsed.atoms(Sum) for d in s.atoms(KroneckerDelta)
    )


@by_name
def test_renaming_bound_indices_keeps_the_value(name):
    renamed = rename_bound(SUMS[name], {i, j, k, l})
    assert not bound_indices(renamed) & {i, j, k, l}
    assert_same(renamed, SUMS[name])


def test_the_index_of_a_function_of_classes_is_renamed_where_it_is_avoided_and_only_there():
    row = Lambda(k, c * z[k])
    renamed = rename_bound(row, {k, j})
    assert renamed.variables == (l,) and renamed(i) == c * z[i]
    assert rename_bound(row, {i, j}).variables == (k,)


def test_a_row_may_be_written_without_its_index():
    assert softmax(z / c, i) == softmax(Lambda(k, z[k] / c), i)
    assert logsumexp(z + k * y) == logsumexp(Lambda(j, z[j] + k * y[j]))
    assert softmax(z, i).args == (z, i)


@pytest.mark.parametrize("row", [z[i], z + z[1], c, i, Lambda((k, l), z[k])], ids=str)
def test_a_row_function_is_of_a_row(row):
    with pytest.raises(TypeError, match="^softmax: expected a row such as the book's logits, got "):
        softmax(row, i)


@pytest.mark.parametrize("function", catalogue.values())
def test_a_function_has_as_many_arguments_as_its_definition(function):
    arguments = function.symbolic().args
    for wrong in (arguments[:-1], (*arguments, i)):
        with pytest.raises(TypeError, match=f"{function.__name__} takes exactly {len(arguments)} argument"):
            function(*wrong)


def test_functions_of_rows_are_real_and_shares_are_not_negative():
    assert logsumexp(z).is_real and log_softmax(z, i).is_real and softmax(z, i).is_positive
    assert softmax_complement(z, i).is_nonnegative and softmax_complement(z, i).is_positive is None  # 0 of a lone class


def test_bound_indices_are_called_k_j_l_m_and_then_k_with_a_number():
    taken = []
    for _ in range(7):
        taken.append(fresh_index(set(taken)))
    assert [index.name for index in taken] == ["k", "j", "l", "m", "k1", "k2", "k3"]


@pytest.mark.thorough(one_case_in=3)
@by_name
@pytest.mark.parametrize("row", [z, y], ids=str)
def test_differentiating_is_a_difference_quotient(name, row):
    assert_same(differentiate(SUMS[name], row[i]), Derivative(SUMS[name], row[i], evaluate=False))
    assert_same(differentiate(SUMS[name], row[1]), Derivative(SUMS[name], row[1], evaluate=False))


@by_name
def test_writing_out_is_an_explicit_sum(name):
    for classes, values in points():
        written = write_out(SUMS[name], classes, {i: values[i], j: values[j]})
        assert not written.has(Sum, KroneckerDelta, n, k, l)
        assert mp.almosteq(evaluate(written, classes, values), evaluate(SUMS[name], classes, values), 1e-20)


def test_derivatives_inside_an_expression_are_carried_out():
    nested = y[i] * Derivative(softmax(z, i), z[i], z[j], evaluate=False)
    assert_same(evaluate_derivatives(nested), nested)
    assert not evaluate_derivatives(nested).has(Derivative)
    assert_same(
        differentiate(log_softmax(Lambda(k, c * z[k]), i), c), Derivative(log_softmax(Lambda(k, c * z[k]), i), c)
    )


def test_free_indices_are_those_that_no_sum_binds():
    assert free_indices(total(ik * z[k] * y[j])) == [i, j]
    assert free_indices(z[2] * total(z[k])) == [2]
    assert free_indices(z[k] * total(z[k])) == [k]
    assert free_indices(total(total(kl * z[i], k), l)) == [i]
    assert free_indices(softmax(z, j) + total(softmax(z, k))) == [j]
    assert free_indices(Sum(z[k], (k, 1, i))) == [i]
    assert free_indices(Lambda(k, z[k] * y[i])) == [i]
    assert free_indices(softmax(Lambda(k, z[k] * y[i]), j)) == [i, j]
    assert free_indices(total(c)) == []


def test_a_class_is_a_whole_number_from_1_up_or_a_symbol_for_one():
    assert is_class(Integer(1)) and is_class(Integer(2)) and is_class(i)
    assert not any(map(is_class, (Integer(0), Integer(-1), Rational(1, 2), c, n, i + 1, exp(c))))


def test_scalars_are_neither_indices_nor_n_nor_rows():
    assert scalars(c * softmax(z, i) + n * total(c * z[k] * y[j])) == {c}
    assert scalars(Lambda(k, c * z[k])) == {c}
    own = Symbol("m", integer=True, positive=True)
    assert scalars(c * own * z[own]) == {c}
    assert scalars(softmax(z, i)) == scalars(z[i]) == scalars(ij) == scalars(n) == set()


def test_a_power_of_1_less_a_delta_is_what_its_base_is():
    def at_i(exponent):
        return collapse(total(KroneckerDelta(i, k) * (1 - KroneckerDelta(j, k)) ** exponent * z[k]))

    assert at_i(2) == at_i(1) == (1 - ij) * z[i]
    assert at_i(-1) == z[i] / (1 - ij) and at_i(c) == (1 - ij) ** c * z[i]


def test_bound_indices_are_those_of_all_sums():
    assert bound_indices(total(total(z[k] * y[l], k), l) + z[i]) == {k, l}


def test_the_classes_that_a_sum_leaves_out_are_split_off():
    assert split_guard(total((1 - ik) * (1 - jk) * z[k])) == (k, [i, j], z[k])
    assert split_guard(total((1 - kl) * z[k])) == (k, [l], z[k])
    assert split_guard(total((1 - kl) * z[l], l)) == (l, [k], z[l])
    assert split_guard(total(z[k])) == (k, [], z[k])


def test_the_sum_over_all_classes_of_a_delta_is_one():
    assert collapse(total(ik)) == 1
    assert collapse(total(1 - ik), others=False) == n - 1


def test_a_sum_over_some_classes_stays():
    assert collapse(Sum(ik * z[k], (k, 2, n))) == Sum(ik * z[k], (k, 2, n))
