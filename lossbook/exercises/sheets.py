"""Exercises on paper: the questions, with hints and solutions folded below them."""

from collections.abc import Iterable

from lossbook.exercises.exercise import Exercise
from lossbook.exercises.words import Words
from lossbook.typeset import Formula


class Sheet:
    """Exercises, each with its question, and its hints and its solution folded below; it shows itself.

    A hint holds the next one, folded.
    """

    def __init__(self, exercises: Iterable[Exercise]) -> None:
        self.exercises = list(exercises)

    def _repr_markdown_(self) -> str:
        return "\n\n".join(map(_on_page, self.exercises))

    def __str__(self) -> str:
        return "\n".join(map(_in_terminal, self.exercises))

    __repr__ = __str__


def _on_page(exercise: Exercise) -> str:
    hints = ""
    for number, hint in reversed(list(enumerate(_hints(exercise), start=1))):
        hints = _fold(f"Hint {number}", hint._repr_markdown_(), hints)
    question = f"**`{exercise.name}`** {exercise.asked._repr_markdown_()}"
    solution = _solution(exercise)
    return "\n\n".join([question, hints, *([_fold("Solution", solution._repr_latex_())] if solution else [])])


def _fold(title: str, *parts: str) -> str:
    return "\n\n".join([f"<details><summary>{title}</summary>", *filter(None, parts), "</details>"])


def _in_terminal(exercise: Exercise) -> str:
    lines = [f"{exercise.name}. {exercise.asked}"]
    lines += [f"    Hint {number}: {hint}" for number, hint in enumerate(_hints(exercise), start=1)]
    solution = _solution(exercise)
    return "\n".join([*lines, f"    Solution: {solution}"] if solution else lines)


def _hints(exercise: Exercise) -> list[Words]:
    return [exercise.hint(number) for number in range(1, len(exercise.hints) + 1)]


def _solution(exercise: Exercise) -> Formula | None:
    """The solution, or None if it is a program."""
    return None if exercise.arguments else Formula(exercise.solution)
