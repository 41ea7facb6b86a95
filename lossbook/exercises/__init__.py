"""The exercises of the book, each with a solution that is derived and a check that says what went wrong.

    from lossbook import exercises
    exercises.softmax_slope                     # shows the question and what the answer is written with
    exercises.softmax_slope.check(answer)       # right, or where it is wrong and how
    exercises.softmax_slope.hint()              # then hint(2), hint(3): from a nudge to nearly the answer
    exercises.softmax_slope.solution
    exercises.softmax_slope.derivation()        # where the answer is a derivative: the way there, line by line
    exercises.sheet(3)                          # all of chapter 3, with hints and solutions folded

An answer is a SymPy expression or, where the exercise says so, a function of arrays. `diagnosis.KINDS` lists
the kinds of mistakes that are told apart.
"""

from typing import Any

from lossbook.checks import as_count, as_entry
from lossbook.exercises import classification, networks, practice, regression
from lossbook.exercises.exercise import Exercise
from lossbook.exercises.sheets import Sheet

catalogue = {
    name: exercise
    for chapters in (classification, networks, regression, practice)
    for name, exercise in vars(chapters).items()
    if isinstance(exercise, Exercise)
}
"""Every exercise, by its name, in the order of the chapters."""

for _name, _exercise in catalogue.items():
    _exercise.name = _name
globals().update(catalogue)


def get(name: str) -> Any:
    """The exercise that is called `name`. Raises ValueError that suggests the nearest name."""
    return as_entry("name", name, catalogue, "an exercise")


def sheet(chapter: int) -> Sheet:
    """The exercises of chapter 1, 2 ... on a `Sheet`. Raises ValueError if there is no such chapter."""
    number = as_count("chapter", chapter)
    chosen = [exercise for exercise in catalogue.values() if exercise.chapter == number]
    if not chosen:
        last = max(exercise.chapter for exercise in catalogue.values())
        raise ValueError(f"chapter: expected a chapter from 1 to {last}, got {chapter}")
    return Sheet(chosen)
