"""A derivation as somebody wrote it down: shown as it stands, and judged line by line when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Self

from sympy import Expr

from lossbook.checks import as_expression, as_text
from lossbook.derivation import Derivation, Step
from lossbook.proof import Verdict, equal
from lossbook.typeset import latex, text

WORDS = {"proved": "proved", "refuted": "false", "unknown": "neither proved nor refuted"}


class Claim(Derivation):
    """Lines that somebody claims to be equal: taken without proof, numbered, and shown as "claimed, not proved".

        claim = Claim((a + b) ** 2).step(a**2 + b**2, because="square each term")
        claim.judge()

    It is written like a `Derivation`, with `given` and `step`, but a step may be wrong.
    """

    def step(self, expression: Expr, because: str) -> Self:
        """Add a line as it was written, right or wrong."""
        expression, because = as_expression("expression", expression), as_text("because", because)
        self.steps.append(Step(expression, because, Verdict("unknown")))
        return self

    def judge(self) -> Judgement:
        """Compare each line with the last right one before it, so that one slip is told once: a `Judgement`."""
        judgement = Judgement(self.start, self.name, self.because)
        judgement.equations = list(self.equations)
        right = self.start
        for step in self.steps:
            verdict = equal(right, step.expression, self.equations)
            judgement.steps.append(Step(step.expression, step.because, verdict))
            if verdict:
                right = step.expression
        return judgement

    def _lines(self, write: Callable[[Expr], str]) -> list[tuple[str, str, str]]:
        lines = super()._lines(write)
        first = len(lines) - len(self.steps)
        numbered = [(*line[:2], f"({number}) {line[2]}") for number, line in enumerate(lines[first:], start=1)]
        return lines[:first] + numbered

    def _scope(self) -> str:
        return "claimed, not proved"


class Judgement(Claim):
    """A claim with the verdict on each line and a point where each false one fails. True if all are proved."""

    @property
    def broken(self) -> list[int]:
        """The numbers of the lines that are false."""
        return [number for number, step in enumerate(self.steps, start=1) if step.verdict.kind == "refuted"]

    def __bool__(self) -> bool:
        return all(step.verdict for step in self.steps)

    def _lines(self, write: Callable[[Expr], str]) -> list[tuple[str, str, str]]:
        lines = super()._lines(write)
        first = len(lines) - len(self.steps)
        judged = [
            (left, right, f"{reason}: {WORDS[step.verdict.kind]}")
            for (left, right, reason), step in zip(lines[first:], self.steps)
        ]
        return lines[:first] + judged

    def _scope(self) -> str:
        return Derivation._scope(self) if self else "each line compared with the last right one before it"

    def _failures(self, write: Callable[[Expr], str]) -> Iterator[tuple[int, list[str], str, str]]:
        """For each false line: its number, the point where it fails, what it should be there and what it is."""
        for number in self.broken:
            counterexample = self.steps[number - 1].verdict.counterexample
            assert counterexample is not None  # as of every refuted line
            point = [f"{write(symbol)} = {write(value)}" for symbol, value in counterexample.point.items()]
            should, found = counterexample.sides_in_short()
            yield number, point, should, found

    def _repr_latex_(self) -> str:
        end = "\n\\end{aligned}$$"
        notes = [
            rf"& && \text{{line ({number}) should be {should} and is {found} at }} {{{'}, {'.join(point)}}}"
            for number, point, should, found in self._failures(latex)
        ]
        return " \\\\\n".join([super()._repr_latex_().removesuffix(end), *notes]) + end

    def __str__(self) -> str:
        notes = [
            f"\nline ({number}) should be {should} and is {found} at {', '.join(point)}"
            for number, point, should, found in self._failures(text)
        ]
        return super().__str__() + "".join(notes)

    __repr__ = __str__
