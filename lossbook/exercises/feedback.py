"""What a check tells the reader: right, wrong and how, or not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sympy import Expr, Float, Integer, Rational

from lossbook.counterexamples import Counterexample
from lossbook.exercises.answers import Written
from lossbook.exercises.computed import Computed, WrongCall
from lossbook.exercises.diagnosis import diagnose
from lossbook.exercises.symbols import values
from lossbook.exercises.words import Paragraph, Words
from lossbook.functions import in_definitions
from lossbook.notation import n
from lossbook.typeset import Formula

if TYPE_CHECKING:
    from lossbook.exercises.exercise import Exercise

LARGEST_DENOMINATOR = 1024
"""A float whose exact value is a fraction with a larger denominator than this was rounded."""


@dataclass(frozen=True)
class Feedback:
    """What a check found; it shows itself, and is true if the answer is right.

    `verdict` is "proved", "refuted" or "unknown" (neither a proof nor a difference was found); for a function
    "tried" (right wherever it was tried) or "refuted". `mistake` is None or one of `diagnosis.KINDS`;
    `counterexample` is None or the smallest point that was found at which the answer is wrong.
    """

    verdict: str
    words: Words | Paragraph
    mistake: str | None = None
    counterexample: Counterexample | WrongCall | None = None

    @property
    def right(self) -> bool:
        """Whether the answer is right: proved, or for a function right wherever it was tried."""
        return self.verdict in ("proved", "tried")

    def __bool__(self) -> bool:
        return self.right

    def _repr_markdown_(self) -> str:
        return self.words._repr_markdown_()

    def __str__(self) -> str:
        return str(self.words)

    __repr__ = __str__


def of_expression(exercise: Exercise, answer: Written) -> Feedback:
    """The feedback on a `Written` answer."""
    counterexample = answer.counterexample
    if counterexample is None:
        verdict = answer.verdict(answer.solution)
        if verdict:
            return Feedback("proved", Words(f"Right, and proved{_scope(answer.solution)}."))
        if verdict.kind == "unknown":
            count = Integer(len(answer.tries))
            points = "point" if count == 1 else "points"
            agrees = f"Not known: it agrees with the solution at {{count}} {points}, but no proof was found."
            return Feedback("unknown", Paragraph(Words(agrees, count=count), Words("Write it in another form.")))
        counterexample = verdict.counterexample
    mistake, words = diagnose(exercise, answer)
    assert counterexample is not None  # as of every refuted answer
    sentences = [Words("Not yet."), words, _told(counterexample)]
    if any(map(_is_rounded, answer.expression.atoms(Float))):
        sentences.insert(2, Words("It has a rounded number: write it exactly, as in Rational(1, 3)."))
    return Feedback("refuted", Paragraph(*sentences), mistake, counterexample)


def _is_rounded(number: Float) -> bool:
    """Whether a float is no simple fraction, as 0.5 and 0.75 are."""
    return Rational(number).q > LARGEST_DENOMINATOR


def _scope(solution: Expr) -> str:
    """For what `solution` was proved."""
    if in_definitions(solution).has(n):
        return " for every n" if solution.has(values) else " for every number of classes"
    return " at every point" if solution.free_symbols else ""


def _told(counterexample: Counterexample) -> Words:
    """A counterexample as a sentence."""
    point = counterexample.point.items()
    terms = {f"at{place}": Formula(symbol, number) for place, (symbol, number) in enumerate(point)}
    where = "At " + ", ".join(f"{{{name}}}" for name in terms) + " your" if terms else "Your"
    left, right = counterexample.sides_in_short()
    return Words(f"{where} answer is {left}, and the right one is {right}.", **terms)


def of_function(exercise: Exercise, answer: Computed) -> Feedback:
    """The feedback on a `Computed` answer."""
    counterexample = answer.counterexample
    if counterexample is None:
        count = Integer(len(answer.calls) + len(answer.hostile_calls))
        return Feedback("tried", Words("Right in all {count} calls. A function is tried, not proved.", count=count))
    mistake, words = diagnose(exercise, answer)
    return Feedback("refuted", Paragraph(Words("Not yet."), words, counterexample), mistake, counterexample)
