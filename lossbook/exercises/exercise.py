"""An exercise: a question, a solution, hints, and a check that says what is wrong with an answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sympy import (
    Derivative,
    Expr,
    Function,
    FunctionClass,
    Indexed,
    IndexedBase,
    Integral,
    KroneckerDelta,
    Limit,
    Mul,
    Piecewise,
    Product,
    S,
    Subs,
    Sum,
    Symbol,
    Tuple,
    expand,
    factor,
)
from sympy.core.function import AppliedUndef
from sympy.core.relational import Equality

from lossbook import functions, notation
from lossbook.checks import as_count, as_expression
from lossbook.derivation import Derivation
from lossbook.exercises import symbols
from lossbook.exercises.answers import Written
from lossbook.exercises.computed import Computed
from lossbook.exercises.feedback import Feedback, of_expression, of_function
from lossbook.exercises.words import Words
from lossbook.explanation import explain, simplest
from lossbook.functions import RowFunction, in_softmax
from lossbook.indices import bound_indices, collapse, differentiate, is_class, rename_bound
from lossbook.notation import INDICES, i, k, n, total
from lossbook.typeset import text

HOMES = (notation, functions, symbols)
"""Where an answer's symbols and functions are imported from."""


@dataclass(eq=False)
class Exercise:
    """A question about a loss, with a solution and a check of answers.

    The solution is `answer`, or else it is derived: the derivative of the expression `of` by the symbols `by`,
    times each factor of `times`, summed over the index `summed_over`. `times` names the link of the chain that
    each factor is: {feature: (logit, weight)} for the score's derivative by the weight. An answer may be
    written with the symbols and functions in `uses`, and may rely on the equations `given`. With `arguments`
    it is a function of arrays for these symbols and rows; with `mean` it returns the mean over the samples.
    `question` and `hints` name expressions of `terms` in braces; {loss} is `of`, {slope} its derivative.
    """

    chapter: int
    question: str
    hints: tuple[str, ...]
    uses: tuple[Any, ...] = ()
    answer: Expr | None = None
    of: Expr | None = None
    by: tuple[Expr, ...] = ()
    times: dict[Expr, tuple[Expr, Expr]] = field(default_factory=dict)
    summed_over: Symbol | None = None
    given: tuple[Equality, ...] = ()
    arguments: tuple[Expr, ...] = ()
    mean: bool = False
    terms: dict[str, Expr] = field(default_factory=dict)
    name: str = ""

    # --- the solution ---

    @cached_property
    def solution(self) -> Expr:
        """The right answer, as an expression."""
        return self.assembled(self.inner, self.times) if self.answer is None else self.answer

    @cached_property
    def inner(self) -> Expr:
        """The derivative of `of` by `by`, in its shortest form."""
        return self._differentiated(self.by)

    def assembled(self, inner: Expr, factors: Iterable[Expr]) -> Expr:
        """`inner` times the `factors`, summed over the classes if the exercise asks for it."""
        product = Mul(inner, *factors)
        return product if self.summed_over is None else collapse(total(product, self.summed_over))

    def derivation(self) -> Derivation:
        """The way from the question to the solution, each line proved; ValueError if no derivative is asked for."""
        if self.of is None:
            raise ValueError(f"derivation: {self.name} asks for no derivative; its hints show the way")
        if self.times:
            derivation = self._chain()
        else:
            derivation = explain(self._differentiated(self.by[:-1]), self.by[-1])
        for equation in self.given:
            if isinstance(equation.lhs, Sum):
                derivation.given(equation)
        if text(derivation.result) != text(self.solution):
            derivation.step(self.solution, because="multiplied out and collected")
        return derivation

    def _chain(self) -> Derivation:
        """The derivation that starts with the links of the chain, those after the score carried out."""
        (score,), bottom = self.by, list(self.times.values())[-1][1]
        start = Mul(Derivative(self.of, score, evaluate=False), *self.times)
        if self.summed_over is not None:
            start = total(start, self.summed_over)
        return Derivation(start, name=Derivative(Symbol("L"), bottom, evaluate=False), because="chain rule")

    # --- the question ---

    @cached_property
    def asked(self) -> Words:
        """The question, as words with expressions."""
        return self._words(self.question)

    def hint(self, number: int = 1) -> Words:
        """Hint 1, 2 ...: each says more than the one before."""
        number = as_count("number", number)
        if not 1 <= number <= len(self.hints):
            raise ValueError(f"number: expected a number from 1 to {len(self.hints)}, got {number}")
        return self._words(self.hints[number - 1])

    def _words(self, template: str) -> Words:
        derived = {}
        if self.of is not None:
            of = rename_bound(self.of, Tuple(*self.by).free_symbols)
            derived = {"loss": self.of, "slope": Derivative(of, *self.by, evaluate=False)}
        return Words(template, **(derived | self.terms))

    def _repr_markdown_(self) -> str:
        lines = "\n".join(["```python", *self.imports(), "```"]) if self.imports() else ""
        shown = [self.asked._repr_markdown_(), self._answered_with()._repr_markdown_(), lines]
        return "\n\n".join(filter(None, shown))

    def __str__(self) -> str:
        return "\n".join([str(self.asked), str(self._answered_with()), *self.imports()])

    __repr__ = __str__

    def _answered_with(self) -> Words:
        """What the answer is: a number, an expression in some symbols, or a function of some arrays."""
        parts = self.arguments or self.written_with
        names = [_home_of(part)[1] for part in parts]
        letters = {name: part for name, part in zip(names, parts) if not isinstance(part, type)}
        written = {
            name: f"{{{name}}}" if str(part) == name else f"{name} ({{{name}}})" for name, part in letters.items()
        }
        listed = ", ".join(written.get(name, name) for name in names)
        if self.arguments:
            return Words(f"Your answer is a function of {listed}, arrays with one entry or row a sample.", **letters)
        kind = "" if self.uses else "a number, " if names else "a number"
        return Words(f"Your answer is {kind}{'written with ' if names else ''}{listed}.", **letters)

    @cached_property
    def written_with(self) -> tuple[Any, ...]:
        """What the exercise uses, and SymPy's functions and sums in the solution."""
        found = {part.func for part in self.solution.atoms(Function, Sum)} - set(self.uses)
        sympys = [part for part in found if _home_of(part)[0] == "sympy"]
        return (*self.uses, *sorted(sympys, key=lambda part: part.__name__))

    def imports(self) -> list[str]:
        """The lines that import what the answer is written with."""
        homes: dict[str, list[str]] = {}
        for part in () if self.arguments else self.written_with:
            home, name = _home_of(part)
            homes.setdefault(home, []).append(name)
        return [f"from {home} import {', '.join(names)}" for home, names in homes.items()]

    # --- the check ---

    def check(self, answer: Any) -> Feedback:
        """What is right or wrong with `answer`, as a `Feedback`.

        Raises TypeError if it is not an expression (or, where the exercise asks for one, a function of arrays):
        text is never evaluated. Raises ValueError if it has other symbols than the exercise.
        """
        if self.arguments:
            return of_function(self, self._computed(answer))
        return of_expression(self, Written(self._checked(answer), self.solution, self.given))

    def _computed(self, answer: Any) -> Computed:
        if isinstance(answer, FunctionClass) or not callable(answer):
            names = ", ".join(_home_of(argument)[1] for argument in self.arguments)
            raise TypeError(f"answer: expected a function of the arrays {names}, got {answer!r}")
        return Computed(answer, self.solution, self.arguments, self.mean, self.given)

    def _checked(self, answer: Any) -> Expr:
        """`answer` as an expression in the symbols of the exercise."""
        expression = as_expression("answer", answer)
        for part in expression.atoms(AppliedUndef):
            raise ValueError(f"answer: expected known functions, got {part}, of which nothing is known")
        for part in expression.atoms(Derivative, Integral, Limit, Product, Subs):
            raise ValueError(f"answer: expected the {type(part).__name__.lower()} carried out, got {part}")
        for index in sorted(bound_indices(expression), key=str):
            if not (index.is_integer and index.is_positive):
                raise ValueError(f"answer: expected an index such as {_import(k)}, got another symbol {index}")
        rows = expression.atoms(IndexedBase)
        found = rows | expression.free_symbols - {row.label for row in rows} - expression.atoms(Indexed)
        for symbol in sorted(found - self._known_symbols(), key=str):
            raise ValueError(self._stranger(symbol))
        for part in expression.atoms(Sum):
            if any(limits[1:] != (1, n) for limits in part.limits):
                raise ValueError(f"answer: expected sums from 1 to n, got {part}")
        for entry in expression.atoms(Indexed, RowFunction):
            row, *classes = entry.args
            if not all(map(is_class, classes)) or isinstance(entry, Indexed) and len(classes) > 1:
                proper = entry.func(row, i)
                raise ValueError(f"answer: expected one class for each entry, such as {proper}, got {entry}")
        for row in sorted(_whole_rows(expression), key=str):
            raise ValueError(f"answer: expected the entries of a row, such as {row[i]}, got the whole row {row}")
        return expression

    def _known_symbols(self) -> set[Any]:
        """What an answer may have: what the exercise uses, and every index where it uses one."""
        return set(self.uses) | set(INDICES if {i, k} & set(self.uses) else ())

    def _stranger(self, symbol: Expr) -> str:
        """What to say of a symbol that is not the exercise's."""
        namesake = next((part for part in self.uses if str(part) == str(symbol)), None)
        if namesake is not None:
            kind = "a row" if isinstance(namesake, IndexedBase) else "a number"
            use = _import(namesake)
            return f"answer: expected the book's {symbol}, {kind}, got another symbol of that name; use {use}"
        names = ", ".join(_home_of(part)[1] for part in self.uses)
        return f"answer: expected {f'an expression in {names}' if names else 'a number'}, got one with {symbol}"

    def _differentiated(self, variables: Sequence[Expr]) -> Expr:
        """The derivative of `of` by each of `variables` in turn, each time in its shortest form."""
        result = self.of
        for symbol in variables:
            result = _tidied(simplest(differentiate(result, symbol)))
            for equation in self.given:
                same = [a_sum for a_sum in result.atoms(Sum) if _is_same_sum(equation.lhs, a_sum)]
                result = result.xreplace(dict.fromkeys(same, equation.rhs))
        return result


def _tidied(expression: Expr) -> Expr:
    """`expression` as a product, where a delta says that two classes are the same: p_k delta_ik is p_i delta_ik."""
    if isinstance(expression, Piecewise):
        return Piecewise(*((_tidied(branch), condition) for branch, condition in expression.args))
    deltas = expression.atoms(KroneckerDelta)
    if len(deltas) > 1 or expression.has(Sum, Piecewise):
        return expression
    expression = rename_bound(expression, expression.free_symbols | bound_indices(expression))  # rows are alike in it
    if not deltas:
        return factor(expression)
    (delta,) = deltas
    plain = in_softmax(expression)
    both, apart = (expand(plain.xreplace({delta: number})) for number in (S.One, S.Zero))
    first, second = delta.args
    return factor(expand(delta * (both - apart).xreplace({second: first})) + apart)


def _whole_rows(expression: Expr) -> set[IndexedBase]:
    """The rows in `expression` of which no entry is taken."""
    if isinstance(expression, (Indexed, RowFunction)):
        return set()
    if isinstance(expression, IndexedBase):
        return {expression}
    return set().union(*map(_whole_rows, expression.args))


def _is_same_sum(one: Expr, other: Expr) -> bool:
    """Whether both are sums over the classes of the same terms, whatever the index is called."""
    return isinstance(one, Sum) and one.function.xreplace({one.variables[0]: other.variables[0]}) == other.function


def _home_of(part: Any) -> tuple[str, str]:
    """The module that `part` is imported from, and its name there."""
    if isinstance(part, type) and not part.__module__.startswith("lossbook"):
        return "sympy", part.__name__
    return next(
        (home.__name__, name)
        for home in HOMES
        for name, thing in vars(home).items()
        if type(thing) is type(part) and thing == part
    )


def _import(part: Any) -> str:
    home, name = _home_of(part)
    return f"`from {home} import {name}`"
