"""A chain of expressions, each proved equal to the one before, that typesets itself."""

from dataclasses import dataclass

from sympy import Expr

from lossbook.notation import n
from lossbook.proof import Verdict, equal
from lossbook.typeset import latex, text


class StepError(ValueError):
    """A step that was not added to a derivation; `.verdict` says why."""

    def __init__(self, message, verdict):
        super().__init__(message)
        self.verdict = verdict

    @property
    def counterexample(self):
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

        Derivation(Derivative(sigmoid(z), z)).step(sigmoid(z) * sigmoid(-z), because="quotient rule")

    `name` is what the first line is called on its left, such as Derivative(L, z); without it, `start`
    stands there itself. Every step is proved for every n and every admissible point when it is added.
    """

    def __init__(self, start, name=None, because=""):
        self.start = start
        self.name = name
        self.because = because
        self.equations = []
        self.steps = []

    def given(self, equation):
        """Let the steps that follow rely on `equation`, as `proof.equal` understands it."""
        self.equations.append(equation)
        return self

    def step(self, expression, because):
        """Add a line that equals the one before, and why. Raises StepRefuted or StepUnproved if it does not hold."""
        verdict = equal(self.result, expression, self.equations)
        if not verdict:
            line = f"step {len(self.steps) + 1} ({because}), {text(self.result)} = {text(expression)},"
            if verdict.kind == "refuted":
                raise StepRefuted(f"{line} is false: {verdict.counterexample}", verdict)
            raise StepUnproved(f"{line} is neither proved nor refuted", verdict)
        self.steps.append(Step(expression, because, verdict))
        return self

    @property
    def result(self):
        """The last line."""
        return self.steps[-1].expression if self.steps else self.start

    def _lines(self, write):
        """(left, right, reason) of each line, written by `write`."""
        rows = [(write(step.expression), step.because) for step in self.steps]
        if self.name is None:
            left = write(self.start)
        else:
            left = write(self.name)
            rows.insert(0, (write(self.start), self.because))
        return [(left if number == 0 else "", right, reason) for number, (right, reason) in enumerate(rows)]

    def _scope(self, write):
        """For which values the lines are proved, and under which conditions."""
        expressions = [self.start, *(step.expression for step in self.steps)]
        everywhere = "proved for every n" if any(e.has(n) for e in expressions) else "proved at every point"
        given = ", ".join(f"{write(e.lhs)} = {write(e.rhs)}" for e in self.equations)
        return everywhere, given

    def _repr_latex_(self):
        lines = [
            rf"{left} &= {right} && \text{{{_escape(reason)}}}" for left, right, reason in self._lines(latex)
        ]
        everywhere, given = self._scope(latex)
        given = rf",\ \text{{given }} {given}" if given else ""
        lines.append(rf"& && \text{{{everywhere}}}{given}")
        return "$$\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}$$"

    def __str__(self):
        lines = self._lines(text)
        left_width = len(lines[0][0])
        right_width = max(len(right) for _, right, _ in lines)
        written = [f"{left:{left_width}} = {right:{right_width}}   {reason}".rstrip() for left, right, reason in lines]
        everywhere, given = self._scope(text)
        return "\n".join([*written, f"({everywhere}{', given ' + given if given else ''})"])

    __repr__ = __str__


def _escape(reason):
    return "".join("\\" + character if character in "&%#_{}$" else character for character in reason)
