"""A reader's answer, and one that is an expression: what it is at small points, and what can be proved of it."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import product
from typing import Any

import mpmath
from sympy import Abs, Eq, Expr, IndexedBase, Integer, KroneckerDelta, Ne, Piecewise, S, sign, sympify
from sympy.core.relational import Equality, Relational

from lossbook.counterexamples import Counterexample
from lossbook.exercises.points import Point, same, small_points, value
from lossbook.functions import in_definitions
from lossbook.indices import free_indices, rename_bound, write_out
from lossbook.notation import i, k, n, prediction
from lossbook.proof import Verdict, equal, split_given, substitute_definition, with_deltas


class Answer:
    """An answer, an expression or a function of arrays, beside the `solution`, with what it may rely on.

    What `diagnosis` asks of it is answered by `Written` and `computed.Computed`, each in its own way.
    """

    agrees: Callable[[Any, Any], bool]
    """Whether two values, one of the answer and one of an expression, are the same."""

    def __init__(self, solution: Expr, given: Sequence[Equality]) -> None:
        self.given = given
        self.definitions, self.conditions = split_given(given)
        self.solution = self.defined(solution)

    def defined(self, expression: Expr) -> Expr:
        """`expression` with what its symbols stand for, such as softmax(z, i) for p_i."""
        for equation in self.definitions:
            expression = substitute_definition(expression, equation)
        return expression

    def beside(self, expression: Expr) -> Iterator[tuple[Point, Any, Any]]:
        """Points, smallest first, each with the value of the answer and of `expression`."""
        raise NotImplementedError

    def is_same(self, expression: Expr, where: Any = None) -> bool:
        """Whether the answer is `expression`, everywhere or where a condition holds."""
        raise NotImplementedError

    def is_same_for_two_classes(self) -> bool:
        """Whether the answer is the solution for two classes, whatever it is for more."""
        raise NotImplementedError

    @property
    def switches(self) -> list[Expr]:
        """What changes its sign where the answer or the solution changes its branch."""
        raise NotImplementedError

    @property
    def is_turned(self) -> bool:
        """Whether the answer is right but for rows and columns, which are exchanged."""
        return False

    @property
    def is_right_alone(self) -> bool:
        """Whether the answer is right for each sample alone, whatever it is for several at once."""
        return False

    @property
    def is_along_the_first_axis(self) -> bool:
        """Whether the answer is right for arrays with classes on the first axis and samples on the last."""
        return False

    @property
    def normalised(self) -> list[IndexedBase]:
        """The rows that are given to add to 1."""
        return [next(iter(condition.lhs.atoms(IndexedBase))) for condition in self.conditions]

    def seems(self, expression: Expr, where: Any = None) -> bool:
        """Whether the answer is `expression` at every point that was tried and meets the condition `where`."""
        held = False
        try:
            for point, own, other in self.beside(expression):
                if where is None or holds(where, point):
                    held = True
                    if not self.agrees(own, other):
                        return False
        except KeyError:  # the expression has a symbol or index that no point has, so it is another one
            return False
        return held


class Written(Answer):
    """An answer that is an expression."""

    agrees = staticmethod(same)

    def __init__(self, expression: Expr, solution: Expr, given: Sequence[Equality] = ()) -> None:
        super().__init__(solution, given)
        self.written = with_deltas(expression)
        self.expression = self.defined(self.written)

    @cached_property
    def reversed(self) -> "Written":
        """The solution as an answer, and the answer as its solution: what one lacks is too much in the other."""
        return Written(self.solution, self.written, self.given)

    @cached_property
    def tries(self) -> list[tuple[Point, Any]]:
        """The points that are tried, each with the value of the answer."""
        points = small_points([self.solution, self.expression], self.normalised)
        return [(point, value(self.expression, point)) for point in points]

    def beside(self, expression: Expr) -> Iterator[tuple[Point, Any, Any]]:
        """Each point that was tried, the answer there, and `expression` there."""
        expression = self.defined(expression)
        return ((point, own, value(expression, point)) for point, own in self.tries)

    def is_same(self, expression: Expr, where: Any = None) -> bool:
        """Whether this is proved."""
        return self.seems(expression, where) and bool(self.verdict(expression, where))

    def verdict(self, expression: Expr, where: Any = None) -> Verdict:
        """What the prover says of the claim that the answer is `expression`."""
        left, right = (rename_bound(side, {i, k}) for side in (self.expression, self.defined(expression)))
        if where == Eq(i, k):
            left, right = (side.xreplace({k: i}) for side in (left, right))
        elif where == Ne(i, k):
            left, right = (side * (1 - KroneckerDelta(i, k)) for side in (left, right))
        elif where is not None:
            left, right = (Piecewise((side, where), (0, True)) for side in (left, right))
        return equal(left, right, self.conditions)

    @property
    def switches(self) -> list[Expr]:
        return switches(self.solution, self.expression)

    def is_same_for_two_classes(self) -> bool:
        """Whether this is proved."""
        if not any(in_definitions(side).has(n) for side in (self.expression, self.solution)):
            return False
        if not self.seems(self.solution, Eq(n, 2)):
            return False
        found = {*free_indices(self.expression), *free_indices(self.solution)}
        indices = sorted((index for index in found if not index.is_number), key=str)
        conditions = [Eq(write_out(condition.lhs, 2), condition.rhs) for condition in self.conditions]
        for numbers in product((1, 2), repeat=len(indices)):
            own, right = (in_definitions(side) for side in (self.expression, self.solution))
            case = dict(zip(indices, numbers))
            if not equal(write_out(own, 2, case), write_out(right, 2, case), conditions):
                return False
        return True

    @cached_property
    def counterexample(self) -> Counterexample | None:
        """The smallest point at which the answer is not the solution, or None if none was found."""
        for point, own, right in self.beside(self.solution):
            if not same(own, right):
                return Counterexample(point.classes, point.values, _number(own), _number(right))
        return None


def switches(*expressions: Expr) -> list[Expr]:
    """What changes its sign where one of `expressions` changes its branch."""
    found = {part.args[0] for e in expressions for part in e.atoms(Abs, sign)}
    found |= {comparison.lhs - comparison.rhs for e in expressions for comparison in e.atoms(Relational)}
    return sorted(set(map(_upright, found)), key=str)


def _upright(switch: Expr) -> Expr:
    """`switch` with the sign that its negative would get too: positive for the prediction."""
    backwards = -switch if switch.could_extract_minus_sign() else switch
    return -backwards if backwards.coeff(prediction) == -1 else backwards


def holds(condition: Any, point: Point) -> bool:
    """Whether `condition` is true at `point`."""
    placed = condition.xreplace({n: Integer(point.classes or 1), **point.indices})
    try:
        return placed.xreplace(point.numbers) == True  # noqa: E712
    except TypeError:  # a side of it is divided by 0
        return False


def _number(number: Any) -> Expr:
    return S.NaN if number is None else sympify(mpmath.nstr(number, 15))
