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
    assert set(BLOCKS) == {"loss", "exercise", "figure", "quiz", "scene", "interactive", "chapter"}


@pytest.fixture(scope="module")
def with_loss(tmp_path_factory):
    """A copy of the library and its tests with one more loss, above the catalogue."""
    copy = tmp_path_factory.mktemp("with a loss")
    for folder in ("lossbook", "tests", "tools", "site"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for file in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / file, copy)
    losses = copy / "lossbook/losses.py"
    above, below = losses.read_text("utf-8").split("catalogue = {")
    losses.write_text(f"{above}{BLOCKS['loss']}\ncatalogue = {{{below}", "utf-8")
    return copy


def test_a_loss_is_one_entry_and_the_rest_is_derived(with_loss):
    code = (
        "from lossbook import losses\n"
        "from lossbook.checking import check_gradient\n"
        "loss = losses.get('cauchy')\n"
        "print(loss.derivation().result)\n"
        "print(float(loss.value(3, 1)), float(loss.gradient_at(3, 1)), list(loss.card().rows[2]))\n"
        "print(bool(check_gradient(lambda a: loss.value(a, 1), lambda a: loss.gradient_at(a, 1), at=3)))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=with_loss, capture_output=True, text=True, check=True
    ).stdout
    derived, numbers, right = shown.splitlines()
    assert derived == "2*(-y + yhat)/((-y + yhat)**2 + 1)"
    assert numbers.startswith("1.609437912434") and numbers.endswith("0.8 ['convex', ['no, by a counterexample']]")
    assert right == "True"


def test_the_property_tests_take_a_loss_up_by_its_name(with_loss):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        "tests/test_properties.py",
        "-k",
        "cauchy",
    ]
    shown = subprocess.run(command, cwd=with_loss, capture_output=True, text=True).stdout
    assert int(re.search(r"(\d+) passed", shown)[1]) >= 6 and "failed" not in shown, shown


def test_an_exercise_knows_its_answer_and_a_wrong_sign():
    (exercise,) = defined("exercise", regression).values()
    assert exercise.check(exercise.solution)
    assert exercise.check(-exercise.solution).mistake == "sign"
    assert equal(exercise.derivation().result, exercise.solution)


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


def test_a_chapter_comes_in_as_text_and_is_executed(tmp_path):
    draft, chapter = tmp_path / "draft.md", tmp_path / "16-your-topic.ipynb"
    draft.write_text(BLOCKS["chapter"], "utf-8")
    assert notebooks.main(["from-text", str(draft), str(chapter)]) == 0
    assert notebooks.main(["refresh", str(chapter)]) == 0
    (code,) = [cell for cell in notebooks.read(chapter).cells if cell.cell_type == "code"]
    assert code.outputs[0].data["text/plain"] == "4.0"


def test_it_names_only_files_that_are_there():
    for name in set(re.findall(r"`((?:lossbook|site|tests|tools|chapters|reference)/[\w./-]+)`", CONTRIBUTING)):
        assert (ROOT / name).exists() or "16-your-topic" in name, name
    for link in re.findall(r"\]\(([^)]+)\)", CONTRIBUTING):
        assert (ROOT / link).exists(), link
