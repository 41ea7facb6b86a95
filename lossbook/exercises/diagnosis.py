"""What kind of mistake is in a wrong answer?

No table of wrong answers: each kind of mistake is made on purpose, on the solution, and the answer is compared
with what comes out, or with the solution itself where the answer may be right. A wrong sign and a factor too
many are also mended, in the answer as it is written, and what comes out is compared with the solution. Nothing
is said of an expression that was not proved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations, permutations
from typing import TYPE_CHECKING, Any

from sympy import (
    Add,
    And,
    Derivative,
    Dummy,
    Eq,
    Expr,
    Function,
    GreaterThan,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    LessThan,
    Mul,
    Ne,
    Not,
    Piecewise,
    Pow,
    Rational,
    S,
    StrictGreaterThan,
    StrictLessThan,
    Sum,
    Symbol,
    cancel,
    log,
    preorder_traversal,
)
from sympy.functions.elementary.piecewise import ExprCondPair

from lossbook.exercises.answers import Answer, Written
from lossbook.exercises.points import Point, value
from lossbook.exercises.symbols import penalty, rate, samples, temperature
from lossbook.exercises.words import Words
from lossbook.functions import NamedFunction, in_softmax, log_sigmoid, log_softmax, sigmoid, softmax
from lossbook.indices import bound_indices, collapse, differentiate, free_indices, rename_bound, shortest_first
from lossbook.notation import (
    approximations,
    beta,
    delta,
    epsilon,
    i,
    k,
    l,
    logit,
    n,
    probabilities,
    probability,
    target,
    targets,
    total,
)
from lossbook.typeset import Formula, text

if TYPE_CHECKING:
    from lossbook.exercises.exercise import Exercise

KINDS = {
    "sign": "the answer is the right one with the other sign",
    "constant factor": "the answer is the right one times a constant, such as 2, 1/2, n or 1/n",
    "undefined": "the answer is right wherever it is defined, and undefined at some points",
    "wrong at the kink": "the answer is right everywhere but at a kink or jump",
    "wrong branch": "the answer is right on some branches of a piecewise, and wrong on another",
    "by probabilities": "the derivative was taken with respect to probabilities instead of scores",
    "missing factor": "a factor of the chain rule is missing",
    "extra factor": "the answer is the right one times a factor that does not belong there",
    "wrong term": "a term of a sum is missing or has a wrong sign or factor, or a function's argument a wrong sign",
    "index too many": "the answer has an index that the right one has not, as when a sum is forgotten",
    "only the true class": "the answer is right where the target is 1, and wrong elsewhere",
    "only two classes": "the answer is right for two classes, and not for every number of them",
    "only the diagonal": "the terms of a class with itself are right, those of two classes are wrong or missing",
    "only off the diagonal": "the terms of two classes are right, those of a class with itself are wrong or missing",
    "indices swapped": "the indices i and k, or rows and columns, are exchanged",
    "only one sample": "a function of arrays is right for one sample alone, and wrong for several at once",
    "only small numbers": "a function of arrays is right for small numbers, and overflows or loses digits for others",
}
"""Every kind of mistake that is told apart, and what it means."""

_symbols = (n, samples, beta, delta, epsilon, temperature, rate, penalty)
_powers = [symbol ** Rational(power) for power in "1 -1 2 -2 1/2 -1/2".split() for symbol in _symbols]
CONSTANTS = (S.One, *_powers, *(one / other for one, other in permutations(_symbols, 2)))
"""What a constant factor may be, but for a number."""


NOTHING = 1e-12
"""A value that is smaller than this is 0 but for rounding."""


@dataclass(frozen=True)
class Suspect:
    """A mistake made on purpose: its kind, what to tell the reader, and what would then be `expression` `where`."""

    kind: str
    words: Words
    expression: Expr
    where: object = None


def diagnose(exercise: Exercise, answer: Answer) -> tuple[str | None, Words | None]:
    """The kind of mistake in a wrong answer and what to tell of it, or two times None."""
    if answer.is_turned:
        alone = Words("It is right but for rows and columns, which are exchanged.")
        beside = Words("Rows and columns are exchanged, and that is not all.")
        return "indices swapped", alone if answer.is_same(exercise.solution) else beside
    if answer.is_same(exercise.solution):
        return "only small numbers", Words("It is right for small numbers only.")
    first = (_multiple, _chain, _region, _exchanged, _inner)
    found = _first(answer, chain(*(find(exercise, answer) for find in first))) or _as_written(exercise, answer)
    if found is None and answer.is_along_the_first_axis:
        told = "It takes the first axis for the classes, but they are on the last: one row is one sample."
        return "indices swapped", Words(told)
    if found is None and answer.is_right_alone:
        return "only one sample", Words("It is right for one sample alone, and wrong for several at once.")
    if found is None and answer.is_same_for_two_classes():
        return "only two classes", Words("It is right for {two}, and not for every {n}.", two=Formula(n, S(2)), n=n)
    others = (_diagonal, _extra, _true_class, _terms)
    found = found or _first(answer, chain(*(find(exercise, answer) for find in others)))
    return _index(exercise, answer) if found is None else (found.kind, _in_own_names(answer, found.words))


def _as_written(exercise: Exercise, answer: Answer) -> Suspect | None:
    """What is wrong with a sign or a factor in the form in which the answer is written."""
    if not isinstance(answer, Written):
        return None
    return (
        _first(answer.reversed, _signs(answer.written))
        or _first(answer, _parts_of_loss(exercise))
        or _first(answer.reversed, _factors_too_many(answer.written))
    )


def _in_own_names(answer: Answer, words: Words) -> Words:
    """`words` with p for sigmoid(z), or p_i for softmax(z, i), where the answer is written so."""
    if not isinstance(answer, Written):
        return words
    return Words(words.template, **{term: _named(part, answer) for term, part in words.terms.items()})


def _named(part: Any, answer: Written) -> Any:
    for name in [equation.lhs for equation in answer.definitions] if isinstance(part, Expr) else []:
        if isinstance(name, Indexed) and answer.written.has(name.base):
            part = _with_shares(part, name.base)
        elif name == probability and answer.written.has(name):
            _, part = _in_probability(part, logit)
    return part


def _first(answer: Answer, suspects: Iterable[Suspect]) -> Suspect | None:
    """The first of `suspects` that the answer is the same as."""
    return next((suspect for suspect in suspects if answer.is_same(suspect.expression, suspect.where)), None)


# --- sign and constant factor ------------------------------------------------------------------------


def _multiple(exercise: Exercise, answer: Answer) -> Iterator[Suspect]:
    """The solution times the constant that the answer seems to be a multiple by."""
    for factor in _ratios(answer, exercise.solution):
        if factor == -1:
            yield Suspect("sign", Words("The sign is wrong, and nothing else."), -exercise.solution)
        elif factor != 0:
            meant = ", with {N} the number of samples" if factor.has(samples) else ""
            words = Words(f"It is {{factor}} times the right answer{meant}.", factor=factor, N=samples)
            yield Suspect("constant factor", words, factor * exercise.solution)


def _ratios(answer: Answer, expression: Expr, rest: Expr = S.Zero) -> Iterator[Expr]:
    """The constants c with which the answer seems to be c times `expression`, plus `rest`."""
    pairs = list(_pairs(answer, expression, rest))
    for constant in CONSTANTS:
        ratio = _common_ratio(pairs, answer.defined(constant))
        if ratio is not None:
            yield ratio * constant
        if ratio is S.Zero:
            return


def _ratio(answer: Answer, expression: Expr, rest: Expr = S.Zero) -> Expr | None:
    """The number c with which the answer seems to be c times `expression`, plus `rest`."""
    try:
        return _common_ratio(_pairs(answer, expression, rest), S.One)
    except KeyError:  # the expression has a symbol or index that no point has
        return None


def _pairs(answer: Answer, expression: Expr, rest: Expr) -> Iterator[tuple[Point, Any, Any]]:
    """Points, each with the answer less `rest` and `expression`, where that is not 0."""
    for (point, own, other), (*_, less) in zip(answer.beside(expression), answer.beside(rest)):
        if None not in (own, other, less) and abs(other) > NOTHING:
            yield point, own - less, other


def _common_ratio(pairs: Iterable[tuple[Point, Any, Any]], constant: Expr) -> Expr | None:
    """The fraction that the first of each pair over the second over `constant` seems to be, or None if it varies."""
    ratio = None
    for point, own, right in pairs:
        if not constant.free_symbols <= {n, *point.values} or not value(constant, point):
            return None
        here = own / right / value(constant, point)
        if ratio is None:
            ratio = here
        if abs(here - ratio) > 1e-8 * abs(ratio) + NOTHING:
            return None
    if ratio is None or abs(float(ratio)) == float("inf"):
        return None
    return S(Fraction(float(ratio)).limit_denominator(60))


# --- kinks and branches ------------------------------------------------------------------------------


def _region(exercise: Exercise, answer: Answer) -> Iterator[Suspect]:
    """The solution away from its kinks, or away from the branch on which the answer seems to be wrong."""
    switches = answer.switches
    wrong: dict[tuple[int, ...], bool] = {}
    undefined = True
    for point, own, right in answer.beside(exercise.solution) if switches else ():
        sides = tuple(_side(switch, point) for switch in switches)
        is_wrong = not answer.agrees(own, right)
        wrong[sides] = wrong.get(sides, False) or is_wrong
        undefined &= own is None or not is_wrong
    inside = {sides: is_wrong for sides, is_wrong in wrong.items() if 0 not in sides}
    if inside and not any(inside.values()):
        at_kinks = [sides for sides, is_wrong in wrong.items() if is_wrong]
        for place, switch in enumerate(switches):
            if all(sides[place] == 0 for sides in at_kinks):
                kink = Formula(*_two_sides(switch))
                if undefined:
                    words = Words("It is undefined where {kink}, and right everywhere else.", kink=kink)
                else:
                    words = Words("It is right everywhere but at the kink, where {kink}.", kink=kink)
                kind = "undefined" if undefined else "wrong at the kink"
                yield Suspect(kind, words, exercise.solution, Ne(switch, 0))
    elif not all(inside.values()):
        conditions, sharp = _shared_by_the_wrong(wrong, switches)
        names = [f"condition{number}" for number in range(len(conditions))]
        where = " and ".join(f"{{{name}}}" for name in names)
        mistake = "undefined" if undefined else "wrong"
        if sharp:
            template = f"It is {mistake} where {where}, and right on the other side."
        else:
            template = f"It is {mistake} only where {where}, but not everywhere there."
        words = Words(template, **dict(zip(names, conditions)))
        kind = "undefined" if undefined else "wrong branch"
        yield Suspect(kind, words, exercise.solution, Not(And(*conditions)))


def _two_sides(switch: Expr) -> tuple[Expr, Expr]:
    """What is equal where `switch` is 0: its terms with a minus sign stand on the right."""
    right = Add(*(-term for term in Add.make_args(switch) if term.could_extract_minus_sign()))
    return switch + right, right


def _side(switch: Expr, point: Point) -> int:
    here = value(switch, point)
    return 0 if here is None else int(here > 0) - int(here < 0)


def _shared_by_the_wrong(found: dict[tuple[int, ...], bool], switches: Sequence[Expr]) -> tuple[list[Expr], bool]:
    """The fewest conditions that hold where the answer is wrong, and whether they do nowhere else."""
    inside = {sides: is_wrong for sides, is_wrong in found.items() if 0 not in sides}
    wrong, right = ([sides for sides, is_wrong in inside.items() if is_wrong == kind] for kind in (True, False))
    kept = [place for place in range(len(switches)) if len({sides[place] for sides in wrong}) == 1]
    for place in list(kept):
        others = [other for other in kept if other != place]
        if not any(all(sides[other] == wrong[0][other] for other in others) for sides in right):
            kept = others
    sharp = not any(all(sides[place] == wrong[0][place] for place in kept) for sides in right)
    conditions = []
    for place in kept:
        others = [other for other in kept if other != place]
        edge = [sides for sides in found if sides[place] == 0 and all(sides[o] == wrong[0][o] for o in others)]
        strict = not any(found[sides] for sides in edge)
        sharp = sharp and (strict or all(found[sides] for sides in edge))
        above, below = (StrictGreaterThan, StrictLessThan) if strict else (GreaterThan, LessThan)
        conditions.append((above if wrong[0][place] == 1 else below)(*_two_sides(switches[place])))
    return conditions, sharp


# --- the chain rule ----------------------------------------------------------------------------------


def _chain(exercise: Exercise, answer: Answer) -> Iterator[Suspect]:
    """The derivative by a probability, and the solution without some links of the chain or some of its factors."""
    if answer.is_same(S.Zero):  # as are some of these where targets and probabilities add to 1
        return
    if exercise.of is not None and len(exercise.by) == 1:
        yield from _through_probabilities(exercise, *exercise.by)
    for factor, link in exercise.times.items():
        kept = [other for other in exercise.times if other != factor]
        yield _missing_link(link, exercise.assembled(exercise.inner, kept))
    for missing, rest in _without_factors(exercise.solution):
        ratio = _ratio(answer, rest)
        if ratio:
            place = "" if missing.free_symbols.isdisjoint(bound_indices(exercise.solution)) else " in the sum"
            words = Words(f"A factor is missing{place}: {{factor}}.", factor=missing / ratio)
            yield Suspect("missing factor", words, ratio * rest)


def _missing_link(link: Sequence[Expr], rest: Expr) -> Suspect:
    top, bottom = (Symbol(text(part)) for part in link)
    words = Words("A link of the chain is missing: {link}.", link=Derivative(top, bottom, evaluate=False))
    return Suspect("missing factor", words, rest)


def _through_probabilities(exercise: Exercise, score: Expr) -> Iterator[Suspect]:
    """The loss is a function of probabilities, which are a sigmoid or a softmax of scores: either link left out."""
    if isinstance(exercise.of, NamedFunction):
        return
    over_classes = isinstance(score, Indexed)
    share, outer = (_in_shares if over_classes else _in_probability)(exercise.of, score)
    if outer.has(score.base if over_classes else score):
        return
    by_share = _in_scores(differentiate(outer, share), share, score)
    asked = list(exercise.times.values())[-1][1] if exercise.times else score
    told = "It is the derivative with respect to {share}, not with respect to {asked}."
    words = Words(told, share=share, asked=asked)
    yield Suspect("by probabilities", words, by_share)
    yield _missing_link((share, score), exercise.assembled(by_share, exercise.times))
    if not over_classes:
        yield _missing_link((Symbol("L"), share), exercise.assembled(sigmoid(score).diff(score), exercise.times))
        return
    (index,) = score.indices
    term = _in_scores(differentiate(outer, share.base[l]), share, score) * softmax(score.base, l).partial(index)
    own = Words("Only the term of the score's own class is there, but every share depends on every score.")
    yield Suspect("only the diagonal", own, exercise.assembled(term.xreplace({l: index}), exercise.times))
    others = Words("The term of the score's own class is missing.")
    rest = collapse(total((1 - KroneckerDelta(index, l)) * term, l))
    yield Suspect("only off the diagonal", others, exercise.assembled(rest, exercise.times))


def _in_probability(loss: Expr, score: Expr) -> tuple[Expr, Expr]:
    """The probability whose score this is, and `loss` as a function of it."""

    def probability_of(argument: Expr) -> Expr:
        return {score: probability, -score: 1 - probability}.get(argument, sigmoid(argument))

    outer = loss.replace(log_sigmoid, lambda z: log(probability_of(z))).replace(sigmoid, probability_of)
    return probability, outer


def _in_shares(loss: Expr, score: Expr) -> tuple[Expr, Expr]:
    """The share of the class whose score this is, and `loss` as a function of all shares."""
    shares = approximations if loss.has(probabilities) else probabilities
    return shares[score.indices], _with_shares(loss, shares)


def _with_shares(expression: Expr, shares: IndexedBase) -> Expr:
    """`expression` with an entry of `shares` for each softmax."""
    outer = expression.replace(log_softmax, lambda row, index: log(softmax(row, index)))
    outer = in_softmax(outer)
    return outer.replace(softmax, lambda row, index: shares[index])


def _in_scores(expression: Expr, share: Expr, score: Expr) -> Expr:
    """`expression` with a sigmoid or softmax for each probability."""
    if share == probability:
        return expression.xreplace({probability: sigmoid(score)})
    entries = [entry for entry in expression.atoms(Indexed) if entry.base == share.base]
    return expression.xreplace({entry: softmax(score.base, *entry.indices) for entry in entries})


MOST_FACTORS = 4


def _without_factors(solution: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Products of some factors of `solution`, and what is left without them."""
    factors = [factor for factor in _factors(solution) if factor.free_symbols][:MOST_FACTORS]
    for size in range(len(factors)):
        for chosen in dict.fromkeys(combinations(factors, size + 1)):
            rest = solution
            for factor in chosen:
                rest = _divided(rest, factor)
            if rest.free_symbols and all(part.function.has(IndexedBase) for part in rest.atoms(Sum)):
                yield Mul(*chosen), rest


def _factors(expression: Expr) -> list[Expr]:
    """The factors of a product, of what is summed, and those that all branches share but one that is 0."""
    if isinstance(expression, Piecewise):
        first, *others = (_factors(branch) for branch, _ in expression.args if branch != 0)
        return [factor for factor in first if all(factor in other for other in others)]
    found = _without_powers(expression)
    return found + [factor for part in found if isinstance(part, Sum) for factor in _without_powers(part.function)]


def _without_powers(product: Expr) -> list[Expr]:
    """The factors of `product`, with x, x for the square of x."""
    found = []
    for factor in Mul.make_args(product):
        base, exponent = factor.as_base_exp()
        if exponent.is_Integer and abs(exponent) <= MOST_FACTORS:
            found += [base ** (exponent / abs(exponent))] * abs(exponent)
        else:
            found.append(factor)
    return found


def _divided(expression: Expr, factor: Expr) -> Expr:
    """`expression` without `factor`, wherever `_factors` finds it."""
    if isinstance(expression, Piecewise):
        return Piecewise(*((_divided(branch, factor), condition) for branch, condition in expression.args))
    parts = _without_powers(expression)
    if factor in parts:
        parts.remove(factor)
        return Mul(*parts)
    return Mul(
        *(part.func(_divided(part.function, factor), *part.limits) if isinstance(part, Sum) else part for part in parts)
    )


def _inner(exercise: Exercise, answer: Answer) -> Iterator[Suspect]:
    """The derivative with the inner derivative of one function forgotten, all of it or all but a minus sign."""
    if exercise.of is None or len(exercise.by) != 1:
        return
    (symbol,) = exercise.by
    whole = exercise.of.definition() if isinstance(exercise.of, NamedFunction) else exercise.of
    whole = rename_bound(whole, symbol.free_symbols)
    name = symbol.base if isinstance(symbol, Indexed) else symbol
    still = IndexedBase(Dummy()) if isinstance(symbol, Indexed) else Dummy()
    for outer in shortest_first(whole.atoms(Function, Pow) - whole.atoms(NamedFunction)):
        inner = outer.args[0]
        if isinstance(inner, (ExprCondPair, Indexed, Symbol)) or not inner.has(name):
            continue
        for slope, but in ((1, ""), (-1, ", all but a minus sign")):
            sloped = inner.xreplace({name: still}) + slope * (symbol - symbol.xreplace({name: still}))
            changed = whole.xreplace({outer: outer.func(sloped, *outer.args[1:])})
            forgotten = differentiate(changed, symbol).xreplace({still: name})
            words = Words(f"The inner derivative of {{inner}} is missing{but}.", inner=inner)
            yield Suspect("missing factor", words, exercise.assembled(forgotten, exercise.times))


# --- terms and factors -------------------------------------------------------------------------------


def _terms(exercise: Exercise, answer: Answer) -> Iterator[Suspect]:
    """The solution without one of its terms, or with another sign, factor or fewer factors of it."""
    for term, others in _terms_and_others(exercise.solution):
        rest = Add(*others)
        for ratio in _ratios(answer, term, rest):
            if ratio == 0:
                words = Words("A term is missing: {term}.", term=term)
            elif ratio == -1:
                words = Words("The sign of the term {own} is wrong.", own=-term)
            else:
                told = "The term {own} is wrong: it is {factor} times what it should be."
                words = Words(told, own=ratio * term, factor=ratio)
            if ratio == 0 or _shows(ratio * term, others):
                yield Suspect("wrong term", words, rest + ratio * term)
        for missing, left in _without_factors(term):
            ratio = _ratio(answer, left, rest)
            if ratio and _shows(ratio * left, others):
                told = "A factor of the term {own} is missing: {factor}."
                words = Words(told, own=ratio * left, factor=missing / ratio)
                yield Suspect("missing factor", words, rest + ratio * left)


def _parts_of_loss(exercise: Exercise) -> Iterator[Suspect]:
    """The solution with the other sign for the derivative of one term of the loss."""
    for part in exercise.of.args if isinstance(exercise.of, Add) else ():
        slope = part
        for symbol in exercise.by:
            slope = differentiate(slope, symbol)
        words = Words("The derivative of {part} has the wrong sign.", part=part)
        yield Suspect("wrong term", words, exercise.solution - 2 * exercise.assembled(slope, exercise.times))


def _signs(written: Expr) -> Iterator[Suspect]:
    """What a reader has written, with the sign of one term of a sum turned, of two, or of a function's argument."""
    sums = [part for part in preorder_traversal(written) if isinstance(part, Add)]
    for size in (1, 2):
        for part in sums:
            place = "" if part == written else " in {whole}"
            for terms in combinations(part.args, size) if size < len(part.args) else ():
                if size == 1:
                    words = Words(f"The sign of the term {{own}}{place} is wrong.", own=terms[0], whole=part)
                else:
                    told = f"The signs of the terms {{own}} and {{other}}{place} are wrong."
                    words = Words(told, own=terms[0], other=terms[1], whole=part)
                yield Suspect("wrong term", words, written.xreplace({part: part - 2 * Add(*terms)}))
    for part in shortest_first(written.atoms(Function) - written.atoms(Piecewise)):
        if len(part.args) == 1:
            words = Words("The sign of the argument of {whole} is wrong.", whole=part)
            yield Suspect("wrong term", words, written.xreplace({part: part.func(-part.args[0])}))


def _factors_too_many(written: Expr) -> Iterator[Suspect]:
    """What a reader has written, without some factors of one of its products."""
    for part in preorder_traversal(written):
        for factor, rest in _without_factors(part) if isinstance(part, (Mul, Pow)) else ():
            if part == written:
                words = Words("There is a factor too many: {factor}.", factor=factor)
            else:
                words = Words("There is a factor too many in {whole}: {factor}.", factor=factor, whole=part)
            yield Suspect("extra factor", words, written.xreplace({part: rest}))


def _shows(term: Expr, others: Sequence[Expr]) -> bool:
    """Whether `term` is seen in its sum with `others`: none of them is a multiple of it, which it would join."""
    return not any(cancel(other / term).is_number for other in others)


def _terms_and_others(expression: Expr) -> Iterator[tuple[Expr, list[Expr]]]:
    """Each term of the sums in a product, such as a b of a (b + c), and the other terms."""
    for factor in () if isinstance(expression, Piecewise) else Mul.make_args(expression):
        before = expression / factor
        if isinstance(factor, Add):
            for term in factor.args:
                yield before * term, [before * other for other in factor.args if other != term]
        elif isinstance(factor, Sum):
            for term, others in _terms_and_others(factor.function):
                first, *rest = (before * factor.func(part, *factor.limits) for part in (term, *others))
                yield first, rest


def _extra(exercise: Exercise, answer: Answer) -> Iterator[Suspect]:
    """The solution times a factor: one that it has already, a symbol p of the exercise, 1 - p or p (1 - p)."""
    indices = free_indices(exercise.solution)
    rows = [part for part in exercise.uses if isinstance(part, IndexedBase)]
    known = [part for part in exercise.uses if isinstance(part, Symbol)]
    known += [row[index] for row in rows for index in indices]
    slopes = [part for symbol in known for part in (1 - symbol, symbol * (1 - symbol))]
    for factor in dict.fromkeys([*known, *slopes, *_factors(exercise.solution)]):
        ratio = _ratio(answer, factor * exercise.solution) if factor.free_symbols else None
        if ratio:
            words = Words("There is a factor too many: {factor}.", factor=ratio * factor)
            yield Suspect("extra factor", words, ratio * factor * exercise.solution)


# --- classes and their indices -----------------------------------------------------------------------


def _exchanged(exercise: Exercise, answer: Answer) -> Iterator[Suspect]:
    """The solution with k for i and i for k."""
    exchanged = rename_bound(exercise.solution, {i, k}).xreplace({i: k, k: i})
    yield Suspect("indices swapped", Words("It is right with {i} for {k} and {k} for {i}.", i=i, k=k), exchanged)


def _diagonal(exercise: Exercise, answer: Answer) -> Iterator[Suspect]:
    """The solution for a class with itself, and for two classes."""
    if {i, k} <= set(free_indices(answer.solution)):
        diagonal = Words("It is right where {k} is {i}, and wrong where {k} is not {i}.", i=i, k=k)
        yield Suspect("only the diagonal", diagonal, exercise.solution, Eq(i, k))
        others = Words("It is right where {k} is not {i}, and wrong where {k} is {i}.", i=i, k=k)
        yield Suspect("only off the diagonal", others, exercise.solution, Ne(i, k))


def _true_class(exercise: Exercise, answer: Answer) -> Iterator[Suspect]:
    """The solution where the target is 1."""
    for truth in (target, targets[i]):
        if exercise.solution.has(truth):
            words = Words("It is right where {one}, and not for every target.", one=Formula(truth, S.One))
            yield Suspect("only the true class", words, exercise.solution, Eq(truth, 1))


def _index(exercise: Exercise, answer: Answer) -> tuple[str | None, Words | None]:
    """What to tell of an index that the answer has and the right one has not."""
    if isinstance(answer, Written):
        for index in free_indices(answer.expression):
            if index.is_number or index in free_indices(answer.solution):
                continue
            summed = Written(total(answer.expression, index), exercise.solution, exercise.given)
            if summed.is_same(exercise.solution):
                return "index too many", Words("A sum over {index} is missing.", index=index)
            return "index too many", Words("Your answer has the index {index}, the right one has not.", index=index)
    return None, None
