"""A chain of expressions, each proved equal to the one before, that typesets itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from sympy import Expr, IndexedBase, preorder_traversal
from sympy.core.relational import Equality

from lossbook.checks import as_expression, as_text
from lossbook.counterexamples import Counterexample
from lossbook.functions import RowFunction, softmax
from lossbook.notation import n, probabilities
from lossbook.proof import Verdict, equal
from lossbook.typeset import latex, text


class StepError(ValueError):
    """A step that was not added to a derivation; `.verdict` says why."""

    def __init__(self, message: str, verdict: Verdict) -> None:
        super().__init__(message)
        self.verdict = verdict

    @property
    def counterexample(self) -> Counterexample | None:
        """Where the two sides differ, for a step that is false."""
        return self.verdict.counterexample


class StepRefuted(StepError):
    """The step is false: `.counterexample` is a point where it fails."""


class StepUnproved(StepError):
    """Neither a proof nor a counterexample was found."""


@dataclass(frozen=True)
class Step:
    """One line of a derivation: an expression, the reason for it, and what the proof found."""

    expression: Expr
    because: str
    verdict: Verdict


class Derivation:
    """A proof that starts at `start` and continues line by line.

        derivation = Derivation(Derivative(sigmoid(z), z))
        derivation.step(sigmoid(z) * sigmoid(-z), because="quotient rule")

    `name` is what the first line is called on its left, such as Derivative(L, z); without it, `start`
    stands there itself. Every step is proved for every n and every admissible point when it is added.
    `steps` lists the lines added, each a `Step`; `equations` what they rely on.
    """

    def __init__(self, start: Expr, name: Expr | None = None, because: str = "") -> None:
        self.start = as_expression("start", start)
        self.name = name
        self.because = because
        self.equations: list[Equality] = []
        self.steps: list[Step] = []

    def given(self, equation: Equality) -> Self:
        """Let the steps that follow rely on `equation`, as `proof.equal` understands it."""
        if not isinstance(equation, Equality):
            raise TypeError(f"equation: expected an equation Eq(left, right), got {equation!r}")
        self.equations.append(equation)
        return self

    def step(self, expression: Expr, because: str) -> Self:
        """Add a line that equals the one before, and why. Raises StepRefuted or StepUnproved if it does not hold."""
        expression = as_expression("expression", expression)
        as_text("because", because)
        verdict = equal(self.result, expression, self.equations)
        if not verdict:
            line = f"step {len(self.steps) + 1} ({because}), {text(self.result)} = {text(expression)},"
            if verdict.kind == "refuted":
                raise StepRefuted(f"{line} is false: {verdict.counterexample}", verdict)
            raise StepUnproved(f"{line} is neither proved nor refuted", verdict)
        self.steps.append(Step(expression, because, verdict))
        return self

    @property
    def result(self) -> Expr:
        """The last line."""
        return self.steps[-1].expression if self.steps else self.start

    def _lines(self, write: Callable[[Expr], str]) -> list[tuple[str, str, str]]:
        """(left, right, reason) of each line, written by `write`."""
        rows = [(write(step.expression), step.because) for step in self.steps]
        if self.name is None:
            left = write(self.start)
        else:
            left = write(self.name)
            rows.insert(0, (write(self.start), self.because))
        return [(left if number == 0 else "", right, reason) for number, (right, reason) in enumerate(rows)]

    def _abbreviated_row(self) -> IndexedBase | None:
        """The row of logits z, where lines name softmax(z) so often that they are written with p = softmax(z)."""
        if any(expression.has(probabilities) for expression in self._expressions()):
            return None  # p is taken
        named = [
            [part.row for part in preorder_traversal(expression) if isinstance(part, RowFunction) and part.abbreviation]
            for expression in self._expressions()
        ]
        rows = {row for line in named for row in line}
        plain = len(rows) == 1 and all(isinstance(row, IndexedBase) for row in rows)
        return rows.pop() if plain and max(map(len, named)) > 1 else None

    def _expressions(self) -> list[Expr]:
        return [self.start, *(step.expression for step in self.steps)]

    def _scope(self) -> str:
        """For which values the lines are proved."""
        counts = any(expression.has(n, RowFunction) for expression in self._expressions())
        return "proved for every n" if counts else "proved at every point"

    def _repr_latex_(self) -> str:
        row = self._abbreviated_row()
        write = partial(latex, shares=row is not None)
        lines = [rf"{left} &= {right} && \text{{{_escape(reason)}}}" for left, right, reason in self._lines(write)]
        words = self._scope()
        scope = [rf"\text{{{words[:-1]}}}n" if words.endswith(" n") else rf"\text{{{words}}}"]
        if row is not None:
            scope.append(rf"\text{{with }} {latex(probabilities.label)} = {softmax.latex_name}({latex(row.label)})")
        scope += [rf"\text{{given }} \textstyle {write(e.lhs)} = {write(e.rhs)}" for e in self.equations]
        lines += [f"& && {line}" for line in scope]
        return "$$\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}$$"

    def __str__(self) -> str:
        row = self._abbreviated_row()
        write = partial(text, shares=row is not None)
        lines = self._lines(write)
        left_width = len(lines[0][0])
        right_width = max(len(right) for _, right, _ in lines)
        written = [f"{left:{left_width}} = {right:{right_width}}   {reason}".rstrip() for left, right, reason in lines]
        scope = [self._scope()]
        if row is not None:
            scope.append(f"with {text(probabilities.label)} = softmax({text(row.label)})")
        scope += [f"given {write(e.lhs)} = {write(e.rhs)}" for e in self.equations]
        return "\n".join([*written, f"({', '.join(scope)})"])

    __repr__ = __str__


def _escape(reason: str) -> str:
    return "".join("\\" + character if character in "&%#_{}$" else character for character in reason)
