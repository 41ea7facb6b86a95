"""Sums over classes and Kronecker deltas, for a number of classes that stays a symbol.

SymPy differentiates such sums correctly but leaves two things to its caller: a bound index that has
the name of a free one is captured without a word, and a delta inside a sum stays where it is.
"""

from collections.abc import Iterable, Mapping
from itertools import chain, count

from sympy import (
    Add,
    Derivative,
    Expr,
    Indexed,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Lambda,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    factor_terms,
)

from lossbook.notation import INDICES, n


def bound_indices(expression: Expr) -> set[Expr]:
    """The indices that the sums of `expression` run over, and those of rows such as k -> z_k + c."""
    return {index for binder in expression.atoms(Sum, Lambda) for index in binder.variables}


def outermost(a_sum: Expr) -> tuple[Expr, Expr, Expr, Expr]:
    """The outermost summation of `a_sum`: what is summed, its index and both limits.

    SymPy keeps a sum of sums as one `Sum` with several limits, the innermost first.
    """
    *inner, (index, low, high) = a_sum.limits
    return Sum(a_sum.function, *inner) if inner else a_sum.function, index, low, high


def free_indices(expression: Expr) -> list[Expr]:
    """The indices (symbols and whole numbers) of `expression` that no sum binds, in a fixed order.

    They stand in entries and deltas; i, j, k and l are indices wherever they stand.
    """
    if expression in INDICES:
        return [expression]
    if isinstance(expression, Sum):
        function, bound, low, high = outermost(expression)
        limits = (low.free_symbols | high.free_symbols) - {n}
        found = [*limits, *(index for index in free_indices(function) if index != bound)]
        return sorted(set(found), key=_place)
    if isinstance(expression, Lambda):
        return [index for index in free_indices(expression.expr) if index not in expression.variables]
    if isinstance(expression, (Indexed, KroneckerDelta)):
        found = expression.indices if isinstance(expression, Indexed) else expression.args
    elif getattr(expression, "class_index", None) is not None:
        found = [expression.class_index, *free_indices(expression.row)]
    else:
        found = [index for part in expression.args for index in free_indices(part)]
    return sorted(set(found), key=_place)


def _place(index: Expr) -> tuple[bool, str]:
    return not index.is_number, str(index)


def is_class(index: Expr) -> bool:
    """Whether `index` names a class: a whole number from 1 up, or a symbol for one, but not n."""
    return bool(index.is_Integer and index > 0 or index.is_Symbol and index.is_integer and index != n)


def scalars(expression: Expr) -> set[Expr]:
    """The symbols of `expression` that stand for one number: neither indices, nor n, nor names of rows."""
    if isinstance(expression, Symbol):
        return {expression} - {n, *INDICES}
    if isinstance(expression, (Indexed, IndexedBase, KroneckerDelta)):
        return set()
    if isinstance(expression, (Sum, Lambda)):
        function = expression.function if isinstance(expression, Sum) else expression.expr
        return scalars(function) - set(expression.variables)
    found = {symbol for part in expression.args for symbol in scalars(part)}
    return found.difference(free_indices(expression)) if found else found


def shortest_first(expressions: Iterable[Expr]) -> list[Expr]:
    """`expressions` in a fixed order, the shorter ones first."""
    return sorted(expressions, key=lambda expression: (len(str(expression)), str(expression)))


def rename_bound(expression: Expr, avoid: set[Expr]) -> Expr:
    """`expression` with every bound index that is in `avoid` renamed to one that is not."""
    if not expression.args or not expression.has(Sum, Lambda):
        return expression
    if isinstance(expression, Lambda) and len(expression.variables) == 1:
        function, index = _renamed(rename_bound(expression.expr, avoid), expression.variables[0], avoid)
        return Lambda(index, function)
    if not isinstance(expression, Sum):
        return expression.func(*(rename_bound(part, avoid) for part in expression.args))
    function, index, low, high = outermost(expression)
    function, index = _renamed(rename_bound(function, avoid), index, avoid)
    return Sum(function, (index, low, high))


def _renamed(function: Expr, index: Expr, avoid: set[Expr]) -> tuple[Expr, Expr]:
    """`function` and the `index` bound in it, which gets another name if it is in `avoid`."""
    if index not in avoid:
        return function, index
    new = fresh_index(avoid | function.free_symbols | bound_indices(function))
    return function.xreplace({index: new}), new


def fresh_index(taken: set[Expr]) -> Expr:
    """An index that is not `taken`: the first of k, j, l, m, k1, k2, ..."""
    names = chain("kjlm", (f"k{number}" for number in count(1)))
    indices = (Symbol(name, integer=True, positive=True) for name in names)
    return next(index for index in indices if index not in taken)


def differentiate(expression: Expr, symbol: Expr) -> Expr:
    """d expression / d symbol, where `symbol` is a symbol or an entry of a row such as z[i].

    Deltas are collapsed: sum_k f(k) delta_ik is written f(i). Indices are taken to be in 1..n.
    """
    expression = rename_bound(expression, symbol.free_symbols)
    return collapse(expression.diff(symbol))


def evaluate_derivatives(expression: Expr) -> Expr:
    """`expression` with every unevaluated derivative carried out, innermost first."""
    if not expression.has(Derivative):
        return expression
    if isinstance(expression, Derivative):
        inner = evaluate_derivatives(expression.expr)
        if not all(count.is_Integer for _, count in expression.variable_count):
            return expression
        for symbol, count in expression.variable_count:
            for _ in range(int(count)):
                inner = differentiate(inner, symbol)
        return inner
    return expression.func(*(evaluate_derivatives(part) for part in expression.args))


def collapse(expression: Expr, others: bool = True) -> Expr:
    """`expression` with each delta that a sum runs over carried out, and constants moved before sums.

    A delta is 0 or 1, so f(delta) is f(1) delta + f(0) (1 - delta), and the sum over k of f(delta_ik)
    is f(1) at k = i plus the sum of f(0) over all k other than i. That sum is kept as it is, since it
    loses no digits; with `others=False` it is written as the whole sum less its term at k = i.
    """
    if not expression.args or not expression.has(Sum):
        return expression
    if not isinstance(expression, Sum):
        return expression.func(*(collapse(part, others) for part in expression.args))
    function, index, low, high = outermost(expression)
    function = collapse(function, others)
    if (low, high) != (S.One, n):
        return Sum(function, (index, low, high))
    function = rename_bound(function, function.free_symbols)
    inner = bound_indices(function)
    deltas = [d for d in function.atoms(KroneckerDelta) if index in d.args and not inner & set(d.args)]
    terms, guard = [], S.One
    for delta in sorted(deltas, key=str):
        other = next(argument for argument in delta.args if argument != index)
        function = rename_bound(function, {index, other})
        without, within = (function.xreplace({delta: value}) for value in (S.Zero, S.One))
        terms.append(((guard * within) if others else within - without).xreplace({index: other}))
        guard *= (1 - delta) if others else 1
        function = without
    return Add(*terms, move_constants_out(function, guard, index)).replace(_is_power_of_guard, lambda e: e.base)


def move_constants_out(function: Expr, guard: Expr, index: Expr) -> Expr:
    """The sum of `guard * function` over the classes, with the factors free of `index` before the sum."""
    constant, dependent = factor_terms(function).as_independent(index, as_Add=False)
    if constant == 0:
        return S.Zero
    if dependent == guard == 1:
        return n * constant
    return constant * Sum(guard * dependent, (index, 1, n))


def _is_power_of_guard(e: Expr) -> bool:
    """Whether `e` is a power of 1 less a delta, which is 0 or 1 as its base is; of a delta, SymPy knows."""
    is_power = isinstance(e, Pow) and isinstance(1 - e.base, KroneckerDelta)
    return is_power and e.exp.is_Integer and e.exp.is_positive


def split_guard(a_sum: Expr) -> tuple[Expr, list[Expr], Expr]:
    """The index of `a_sum`, the classes that its factors (1 - delta) leave out, and what is summed."""
    function, index, _, _ = outermost(a_sum)
    left_out, kept = [], []
    for part in Mul.make_args(function):
        delta = next(iter(part.atoms(KroneckerDelta)), None)
        if delta is not None and part == 1 - delta and index in delta.args:
            left_out.append(next(argument for argument in delta.args if argument != index))
        else:
            kept.append(part)
    return index, left_out, Mul(*kept)


def write_out(expression: Expr, classes: int, values: Mapping[Expr, int] | Iterable[tuple[Expr, int]] = ()) -> Expr:
    """`expression` for a concrete number of classes, its sums written out.

    `values` gives the free indices their numbers, as a dict such as {i: 1, k: 2}.
    """
    replacements = {index: Integer(number) for index, number in dict(values).items()}
    return _write_out(expression, {**replacements, n: Integer(classes)})


def _write_out(expression: Expr, replacements: dict[Expr, Expr]) -> Expr:
    if isinstance(expression, Sum):
        function, index, low, high = outermost(expression)
        first, last = low.xreplace(replacements), high.xreplace(replacements)
        terms = (
            _write_out(function, {**replacements, index: Integer(number)})
            for number in range(int(first), int(last) + 1)
        )
        return sum(terms, S.Zero)
    if isinstance(expression, IndexedBase) or not expression.args:
        return replacements.get(expression, expression)
    return expression.func(*(_write_out(part, replacements) for part in expression.args))
