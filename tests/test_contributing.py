"""What CONTRIBUTING shows to copy works as it stands."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import notebooks
import pytest
from lossbook_page import interactive, quiz, scenes

from lossbook import figures
from lossbook.exercises import regression
from lossbook.proof import equal

pytestmark = pytest.mark.thorough  # it runs kernels and tests

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
FENCED = re.findall(r"^(`{3,4})\w+ (\w+)\n(.*?)^\1$", CONTRIBUTING, re.DOTALL | re.MULTILINE)
BLOCKS = {name: code for _, name, code in FENCED}


def defined(name, module):
    """What the block adds to the names of a module."""
    scope = dict(vars(module))
    exec(BLOCKS[name], scope)
    return {key: value for key, value in scope.items() if key not in vars(module) and key != "__builtins__"}


def test_every_block_is_tried_here():
    of_a_loss, of_an_exercise = {"loss", "reference", "name", "section"}, {"exercise", "answers"}
    assert set(BLOCKS) == of_a_loss | of_an_exercise | {"figure", "quiz", "scene", "numbers", "interactive"}


def insert(file, block, above=""):
    """Put a block into a file, above the line that begins so, or at the end."""
    text = file.read_text("utf-8")
    before, line, after = text.partition(f"\n{above}") if above else (text, "\n", "")
    assert line, f"{file}: no line begins with {above}"
    file.write_text(f"{before}\n{block}{line}{after}", "utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the book to which everything is added as CONTRIBUTING says."""
    copy = tmp_path_factory.mktemp("carried on") / "book"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("_build", ".*", "__pycache__"))
    (copy / ".venv").symlink_to(ROOT / ".venv")
    insert(copy / "lossbook/losses.py", BLOCKS["loss"], above="catalogue = {")
    insert(copy / "tests/reference.py", BLOCKS["reference"], above="LOSSES = ")
    insert(copy / "lossbook/elsewhere.py", f"    {BLOCKS['name'].rstrip()},\n", above='    Name("poisson"')
    catalogue, text = copy / "reference/catalogue.ipynb", copy / "catalogue.txt"
    text.write_text(notebooks.text_of(catalogue), "utf-8")
    insert(text, BLOCKS["section"], above="(loss-squared_hinge)=")
    assert notebooks.main(["from-text", str(text), str(catalogue)]) == 0
    insert(copy / "lossbook/exercises/regression.py", BLOCKS["exercise"], above="# --- 10")
    insert(copy / "tests/test_exercises.py", BLOCKS["answers"], above="# --- right and wrong")
    insert(copy / "site/lossbook_page/scenes.py", BLOCKS["scene"])
    insert(copy / "tests/test_interactive.py", BLOCKS["numbers"], above="def grid(")
    return copy


def passed(copy, *arguments):
    """How many tests pass in the copy; none may fail."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "--thorough", *arguments]
    shown = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stdout
    return int(re.search(r"(\d+) passed", shown.stdout)[1])


def test_a_loss_is_one_entry_and_the_rest_is_derived(copy):
    code = (
        "from lossbook import losses\n"
        "from lossbook.checking import check_gradient\n"
        "loss = losses.get('logistic')\n"
        "print(loss.derivation().result)\n"
        "print(float(loss.value(3, 1)), float(loss.gradient_at(3, 1)), list(loss.card().rows[2]))\n"
        "print(bool(check_gradient(lambda a: loss.value(a, 1), lambda a: loss.gradient_at(a, 1), at=3)))\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, check=True).stdout
    derived, numbers, right = shown.splitlines()
    assert derived == "y*(sigmoid(y*yhat) - 1)"
    assert numbers.startswith("0.048587351573") and numbers.endswith("['convex', ['yes, proved']]")
    assert right == "True"


def test_the_tests_take_a_loss_up_by_its_name_and_what_contributing_says_suffices(copy):
    """Every test of a loss by its name, and those of the tables that have to hold every loss."""
    names = [
        "accuracy",
        "array_api",
        "checking",
        "derivation",
        "elsewhere",
        "explanation",
        "facts",
        "known_values",
        "properties",
    ]
    files = [f"tests/test_{name}.py" for name in (*names, "reference", "typeset")]
    assert passed(copy, *files, "-k", "logistic or SoftMargin or each_table or names_every") >= 60


def test_an_exercise_knows_its_answer_and_a_wrong_sign():
    (exercise,) = defined("exercise", regression).values()
    assert exercise.check(exercise.solution)
    assert exercise.check(-exercise.solution).mistake == "sign"
    assert equal(exercise.derivation().result, exercise.solution)


def test_the_tests_take_an_exercise_up_by_its_name_and_what_contributing_says_suffices(copy):
    chosen = "again or tables_cover or order_of_the_chapters or sheet_has and 9"
    assert passed(copy, "tests/test_exercises.py", "-k", chosen) >= 6


def test_a_figure_has_alt_text_and_the_same_bytes_each_time():
    (draw,) = defined("figure", figures).values()
    first, second = draw(), draw()
    assert first.svg == second.svg and "<svg" in first.svg
    assert "0.693" in first.alt


def test_a_quiz_has_a_right_option_and_feedback_on_each():
    head, *lines, end = BLOCKS["quiz"].splitlines()
    assert head.startswith(":::{quiz} ") and end == ":::"
    options = quiz.read(lines)[1]
    assert [right for right, _, _ in options] == [True, False]
    assert all(option and feedback for _, option, feedback in options)


def test_a_scene_computes_its_quantities_and_is_called_by_its_name(monkeypatch):
    monkeypatch.setattr(scenes, "SCENES", {})
    defined("scene", scenes)
    (name,) = scenes.SCENES
    assert BLOCKS["interactive"].startswith(f":::{{interactive}} {name}\n")
    assert "At score 0.0 softplus is 0.69" in interactive.html(name, scenes.SCENES[name])


def test_the_tests_take_a_figure_that_moves_up_by_its_name_and_what_contributing_says_suffices(copy):
    chosen = "softplus or every_loss_of_the_catalogue"  # the second needs no browser
    assert passed(copy, "tests/test_interactive.py", "-k", chosen) >= 1


def test_the_small_chapter_has_all_that_a_chapter_has(copy):
    chapter = "chapters/16-your-topic.ipynb"
    insert(copy / "_toc.yml", f"      - file: {chapter.removesuffix('.ipynb')}\n", above="  - caption: Reference")
    insert(copy / "index.md", f"16. [Measure what a miss costs]({chapter})\n")
    assert notebooks.main(["from-text", str(copy / "tools/chapter.md"), str(copy / chapter)]) == 0
    assert notebooks.main(["refresh", str(copy / chapter)]) == 0
    assert passed(copy, chapter, "tests/test_chapters.py", "-k", "16-your-topic") >= 19


def test_it_names_only_files_that_are_there():
    for name in set(re.findall(r"`((?:lossbook|site|tests|tools|chapters|reference)/[\w./-]+)`", CONTRIBUTING)):
        assert (ROOT / name).exists() or "16-your-topic" in name, name
    for link in re.findall(r"\]\(([^)]+)\)", CONTRIBUTING):
        assert (ROOT / link).exists(), link
