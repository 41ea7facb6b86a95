"""Every chapter keeps the measures of the book: short cells, code that fits the page, questions, exercises."""

import re
from pathlib import Path
from statistics import median

import pytest
from notebooks import read

CHAPTERS = sorted((Path(__file__).parent.parent / "chapters").glob("*.ipynb"))
WIDEST, WIDEST_FOLDED = 92, 89  # so much code a page of the site, and the box of a solution, show without scrolling
each_chapter = pytest.mark.parametrize(
    "chapter", [read(path) for path in CHAPTERS], ids=[path.stem for path in CHAPTERS]
)


def cells(chapter, kind):
    return [cell for cell in chapter.cells if cell.cell_type == kind]


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def text(chapter):
    return "\n\n".join(cell.source for cell in cells(chapter, "markdown"))


@each_chapter
def test_code_fits_the_page(chapter):
    assert [line for cell in cells(chapter, "code") for line in lines(cell) if len(line) > WIDEST] == []


@each_chapter
def test_code_in_a_solution_fits_its_box(chapter):
    inside, wide = False, []
    for cell in chapter.cells:
        if cell.cell_type == "markdown" and (heading := re.match(r"#+ (\w+)", cell.source)):
            inside = heading[1] == "Solution"
        elif cell.cell_type == "code" and inside:
            wide += [line for line in lines(cell) if len(line) > WIDEST_FOLDED]
    assert wide == []


@each_chapter
def test_a_solution_can_be_folded(chapter):
    """JupyterLab folds the cells below a heading, so the heading has to be a cell of its own."""
    headings = [cell for cell in cells(chapter, "markdown") if re.search("^#+ Solution", cell.source, re.MULTILINE)]
    assert headings and [cell.source for cell in headings if not cell.metadata.get("jp-MarkdownHeadingCollapsed")] == []


@each_chapter
def test_cells_are_short(chapter):
    assert median(len(lines(cell)) for cell in cells(chapter, "code")) <= 5


@each_chapter
def test_exercises_are_imported_before_a_reader_is_asked_to_call_one(chapter):
    imports = next(cell.source for cell in cells(chapter, "code") if "from lossbook import" in cell.source)
    assert re.search(r"^from lossbook import .*\bexercises\b", imports, re.MULTILINE)


@each_chapter
def test_the_page_computes_what_it_says(chapter):
    """15 to 25 words of prose, quizzes included, to a line of code."""
    code = sum(len(lines(cell)) for cell in cells(chapter, "code"))
    assert 15 <= len(text(chapter).split()) / code <= 25


@each_chapter
def test_a_chapter_says_what_it_gives_what_it_needs_and_how_long_it_takes(chapter):
    for mark in (
        r"^# \w",
        r"^\*\*You will\*\*",
        r"\*\*You need\*\*",
        r"\*\*Time:\*\* \d+ minutes",
        r"^## Summary",
        r"^## Exercises",
    ):
        assert re.search(mark, text(chapter), re.MULTILINE), mark


@each_chapter
def test_a_chapter_asks_three_questions_or_more_and_not_always_the_first_option_is_right(chapter):
    quizzes = re.findall(r"^:::\{quiz\} .*?\n1\. (Right|Not right)\. ", text(chapter), re.MULTILINE | re.DOTALL)
    assert len(quizzes) >= 3 and len(quizzes) == text(chapter).count(":::{quiz}")
    assert "Right" not in quizzes or "Not right" in quizzes


@each_chapter
def test_a_chapter_has_two_to_four_exercises_and_one_at_least_answers_back(chapter):
    assert 2 <= len(re.findall(r"^### \d\. \w", text(chapter), re.MULTILINE)) <= 4
    assert any(".check(" in cell.source for cell in cells(chapter, "code"))
