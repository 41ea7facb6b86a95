"""A reader's answer that is a function of arrays: what it returns for small numbers, and for hostile ones."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any

from sympy import Eq, Expr, IndexedBase, Integer, S
from sympy.core.relational import Equality

from lossbook.counterexamples import digits_apart
from lossbook.exercises.answers import Answer, switches
from lossbook.exercises.points import Point, small_points, value
from lossbook.exercises.symbols import features, samples
from lossbook.indices import free_indices
from lossbook.notation import i, k, logit, logits, n, target, targets
from lossbook.types import Array

TRIES = 24
"""How many samples are tried for each number of classes, one by one and then all at once."""

HOSTILE = ((1000, 0), (-1000, 0), (1000, -1000), (1000, 998), (-1000, -1000), (40, 0), (-40, 0), (20, 0), (-20, 0))
"""Scores of two classes at which a formula that is right on paper overflows, takes the logarithm of a number that
rounds to 0 or leaves out a term that is not yet 0; the first of the two is the score where there are no classes."""

RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""How far a number of the function's may be off by rounding."""


@dataclass(frozen=True)
class Call:
    """One call of a reader's function: its samples and inputs, what it returned, or what went wrong.

    A matrix that came with rows and columns exchanged is kept as it should be, and `turned` says so.
    """

    points: Sequence[Point]
    inputs: dict[Expr, Array]
    output: Array = None
    problem: str = ""
    turned: bool = False


@dataclass(frozen=True)
class WrongCall:
    """A call that shows that a function is wrong: what went in, what came out, what should have, or what went wrong."""

    inputs: dict[str, Array]
    output: Array
    expected: Array
    problem: str = ""

    def __str__(self) -> str:
        given = ", ".join(f"{name} = {_listed(array)}" for name, array in self.inputs.items())
        if self.problem:
            return f"For {given} {self.problem}."
        digits = digits_apart(_listed, self.output, self.expected, 6)
        returned, right = (_listed(array, digits) for array in (self.output, self.expected))
        return f"For {given} it returns {returned}, and should return {right}."

    _repr_markdown_ = __str__


class Computed(Answer):
    """An answer that is a function of arrays: one sample along the first axis, classes on the last.

    It returns the solution's value for each sample, with an axis for each free index, or the mean over samples.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        solution: Expr,
        arguments: Sequence[Expr],
        mean: bool = False,
        given: Sequence[Equality] = (),
    ) -> None:
        super().__init__(solution, given)
        self.function = function
        self.arguments = arguments
        self.mean = mean
        self.indices = free_indices(self.solution)

    @staticmethod
    def agrees(own: Any, other: Any) -> bool:
        """Whether a number of the function's is the value but for rounding in float64."""
        return None not in (own, other) and bool(abs(own - other) <= RELATIVE * abs(other) + ABSOLUTE)

    def is_same(self, expression: Expr, where: Any = None) -> bool:
        """Whether this holds at all the small points."""
        return self.seems(expression, where)

    def is_same_for_two_classes(self) -> bool:
        """Whether this holds at all the small points."""
        return self.seems(self.solution, Eq(n, 2))

    def beside(self, expression: Expr) -> Iterator[tuple[Point, Any, Any]]:
        """Each entry of what the function returned, and what it would be for `expression`."""
        expression = self.defined(expression)
        for call in self.calls:
            right = self.values(expression, call.points)
            own = [None] * len(right) if call.problem else map(_finite, call.output.ravel())
            yield from zip(self._entries(call.points), own, right)

    @cached_property
    def calls(self) -> list[Call]:
        """Calls with small numbers: one sample, the smallest first, then several at once."""
        alone, together = [], []
        for classes in (2, 3):
            unindexed = self.solution.xreplace({i: S.One, k: S.One})
            points = list(islice(small_points([unindexed], self.normalised, [classes]), TRIES))
            points = [self._with_last_feature(point, number) for number, point in enumerate(points)]
            alone += [self._call([point]) for point in points]
            together += [self._call(points[:3]), self._call(points)]
        return alone + together

    @cached_property
    def hostile_calls(self) -> list[Call]:
        """Calls with scores of any size: one sample, then the same beside a sample whose scores are 0."""
        calls = []
        for scores, truth in product(HOSTILE, (S.Zero, S.One)):
            points = [_sample(scores, truth), _sample((0, 0), truth)]
            calls += [self._call(points[:1]), self._call(points)]
        return calls

    @cached_property
    def counterexample(self) -> WrongCall | None:
        """The smallest call that went wrong or returned something else than the solution, or None."""
        import numpy as np

        call = next((call for call in (*self.calls, *self.hostile_calls) if not self._is_right(call)), None)
        if call is None:
            return None
        inputs = {str(argument): array for argument, array in call.inputs.items()}
        expected = np.array(self.values(self.solution, call.points), dtype=float).reshape(self.shape(call.points))
        return WrongCall(inputs, call.output.T if call.turned else call.output, expected, call.problem)

    @property
    def switches(self) -> list[Expr]:
        return switches(self.solution)

    @property
    def is_turned(self) -> bool:
        return self.calls[0].turned

    @property
    def is_right_alone(self) -> bool:
        return all(self._is_right(call) for call in self.calls if len(call.points) == 1)

    @property
    def is_along_the_first_axis(self) -> bool:
        import numpy as np

        def turned(*arrays: Array) -> Array:
            return np.transpose(self.function(*(array.T for array in arrays)))

        return Computed(turned, self.solution, self.arguments, self.mean, self.given).is_same(self.solution)

    def _is_right(self, call: Call) -> bool:
        if call.problem or call.turned:
            return False
        pairs = zip(map(_finite, call.output.ravel()), self.values(self.solution, call.points))
        return all(self.agrees(own, right) for own, right in pairs)

    def _with_last_feature(self, point: Point, number: int) -> Point:
        """`point` with one feature more than classes, so that rows and columns cannot be confused."""
        if features not in self.arguments:
            return point
        return Point(point.classes, {}, {**point.numbers, features[(point.classes or 1) + 1]: Integer(1 + number % 3)})

    def _call(self, points: Sequence[Point]) -> Call:
        import numpy as np

        inputs = {a: np.array([self._entries_of(a, point) for point in points]) for a in self.arguments}
        handed = [array.copy() for array in inputs.values()]
        try:
            with np.errstate(all="ignore"):
                output = self.function(*handed)
        except Exception as error:  # whatever a reader's function may do
            return Call(points, inputs, problem=f"it stopped with {type(error).__name__}: {error}")
        if output is None:
            return Call(points, inputs, problem="it returned nothing")
        try:
            array = np.asarray(output)
            output = array.astype("no number" if array.dtype.kind in "cSU" else float)
        except (TypeError, ValueError):
            return Call(points, inputs, problem=f"it returned {output!r}, which is no array of real numbers")
        shape = self.shape(points)
        if self.mean and output.shape == shape[::-1] != shape:
            return Call(points, inputs, output.T, turned=True)
        problem = "" if output.shape == shape else f"it returned an array of shape {output.shape} instead of {shape}"
        for (argument, array), own in zip(inputs.items(), handed):
            if not np.array_equal(array, own):
                problem = f"it changed its input {argument} in place"
        return Call(points, inputs, output, problem)

    def _entries_of(self, argument: Expr, point: Point) -> float | list[float]:
        if not isinstance(argument, IndexedBase):
            return float(point.numbers[argument])
        length = (point.classes or 1) + (argument == features)
        return [float(point.numbers[argument[m]]) for m in range(1, length + 1)]

    def _lengths(self, point: Point) -> list[int]:
        return [(point.classes or 1) + self.solution.has(features[index]) for index in self.indices]

    def shape(self, points: Sequence[Point]) -> tuple[int, ...]:
        """The shape of what the function should return for these samples."""
        lengths = tuple(self._lengths(points[0]))
        return lengths if self.mean else (len(points), *lengths)

    def _placements(self, point: Point) -> Iterator[dict[Expr, Expr]]:
        """A class or feature for each index, in the order of the entries of an array."""
        for numbers in product(*(range(1, length + 1) for length in self._lengths(point))):
            yield dict(zip(self.indices, map(Integer, numbers)))

    def _entries(self, points: Sequence[Point]) -> list[Point]:
        """The point of each entry that the function returns; the mean has no numbers of its own."""
        count = {samples: Integer(len(points))}
        if self.mean:
            return [Point(points[0].classes, placement, count) for placement in self._placements(points[0])]
        return [Point(p.classes, placement, p.numbers | count) for p in points for placement in self._placements(p)]

    def values(self, expression: Expr, points: Sequence[Point]) -> list[Any]:
        """What the entries should be for these samples if `expression` is what the function computes."""
        count = {samples: Integer(len(points))}
        rows = [
            [value(expression, Point(p.classes, placement, p.numbers | count)) for placement in self._placements(p)]
            for p in points
        ]
        if not self.mean:
            return [entry for row in rows for entry in row]
        return [None if None in column else sum(column) / len(column) for column in zip(*rows)]


def _sample(scores: tuple[int, int], truth: Expr) -> Point:
    """A sample of two classes with these scores and with `truth` for the first."""
    first, second = map(Integer, scores)
    numbers = {logit: first, logits[1]: first, logits[2]: second}
    numbers |= {target: truth, targets[1]: truth, targets[2]: 1 - truth}
    return Point(2, {}, numbers | {features[m]: Integer(m) for m in (1, 2, 3)})


def _finite(number: Any) -> float | None:
    return float(number) if abs(number) < float("inf") else None


def _listed(array: Any, digits: int = 6) -> str:
    """`array` as nested lists of numbers."""
    return f"{array:.{digits}g}" if array.ndim == 0 else f"[{', '.join(_listed(part, digits) for part in array)}]"
