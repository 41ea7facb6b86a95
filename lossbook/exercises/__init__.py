"""The exercises of the book, each with a solution that is derived and a check that says what went wrong.

    from lossbook import exercises
    exercises.softmax_slope                     # shows the question and what the answer is written with
    exercises.softmax_slope.check(answer)       # right, or where it is wrong and how
    exercises.softmax_slope.hint()              # then hint(2), hint(3): from a nudge to nearly the answer
    exercises.softmax_slope.solution
    exercises.softmax_slope.derivation()        # where the answer is a derivative: the way there, line by line

An answer is a SymPy expression or, where the exercise says so, a function of arrays. `diagnosis.KINDS` lists
the kinds of mistakes that are told apart.
"""

from typing import Any

from lossbook.checks import as_entry
from lossbook.exercises import classification, networks, practice, regression
from lossbook.exercises.exercise import Exercise

catalogue = {
    name: exercise
    for chapters in (classification, networks, regression, practice)
    for name, exercise in vars(chapters).items()
    if isinstance(exercise, Exercise)
}
"""Every exercise, by its name, in the order of the chapters."""

for name, exercise in catalogue.items():
    exercise.name = name
globals().update(catalogue)


def get(name: str) -> Any:
    """The exercise that is called `name`. Raises ValueError that suggests the nearest name."""
    return as_entry("name", name, catalogue, "an exercise")
