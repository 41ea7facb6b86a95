"""Every chapter keeps the measures of the book: short cells, code that fits the page, questions, exercises.

`tools/chapter.md` is a small chapter that keeps them all.
"""

import re
from functools import cache
from pathlib import Path
from statistics import median

import notebooks
import pytest

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
WIDEST, WIDEST_FOLDED = 92, 89  # so much code a page, and the box of a solution, show without scrolling
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=[path.stem for path in CHAPTERS])
read = cache(notebooks.read)


def cells(chapter, kind):
    return [cell for cell in read(chapter).cells if cell.cell_type == kind]


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def text(chapter):
    return "\n\n".join(cell.source for cell in cells(chapter, "markdown"))


@each_chapter
def test_code_fits_the_page(chapter):
    wide = [line for cell in cells(chapter, "code") for line in lines(cell) if len(line) > WIDEST]
    assert wide == [], f"break lines of code of more than {WIDEST} characters"


@each_chapter
def test_code_in_a_solution_fits_its_box(chapter):
    inside, wide = False, []
    for cell in read(chapter).cells:
        if cell.cell_type == "markdown" and (heading := re.match(r"#+ (\w+)", cell.source)):
            inside = heading[1] == "Solution"
        elif cell.cell_type == "code" and inside:
            wide += [line for line in lines(cell) if len(line) > WIDEST_FOLDED]
    assert wide == [], f"break lines of code of more than {WIDEST_FOLDED} characters in solutions"


@each_chapter
def test_a_solution_can_be_folded(chapter):
    """JupyterLab folds the cells below a heading, so the heading has to be a cell of its own."""
    headings = [cell for cell in cells(chapter, "markdown") if re.search("^#+ Solution", cell.source, re.MULTILINE)]
    assert headings, "give the exercises solutions, each below a cell `#### Solution`"
    joined = [cell.source for cell in headings if not cell.metadata.get("jp-MarkdownHeadingCollapsed")]
    assert joined == [], "make the heading `#### Solution` a cell of its own, between two lines `+++`"


@each_chapter
def test_cells_are_short(chapter):
    middle = median(len(lines(cell)) for cell in cells(chapter, "code"))
    assert middle <= 5, "split cells: half of them should have 5 lines or fewer"


@each_chapter
def test_exercises_are_imported_before_a_reader_is_asked_to_call_one(chapter):
    imports = next((cell.source for cell in cells(chapter, "code") if "from lossbook import" in cell.source), "")
    assert re.search(r"^from lossbook import .*\bexercises\b", imports, re.MULTILINE), (
        "write `from lossbook import exercises, ...` in the first cell that imports from lossbook"
    )


@each_chapter
def test_the_page_computes_what_it_says(chapter):
    code = sum(len(lines(cell)) for cell in cells(chapter, "code"))
    words = len(text(chapter).split())
    assert 15 <= words / code <= 25, f"{words} words, quizzes included, to {code} lines of code: 15 to 25 a line"


@each_chapter
@pytest.mark.parametrize(
    "mark", ["# ", "**You will**", "**You need** ", "**Time:** 10 minutes", "## Summary", "## Exercises"]
)
def test_a_chapter_says_what_it_gives_what_it_needs_and_how_long_it_takes(chapter, mark):
    pattern = re.escape(mark).replace("10", r"\d+")
    assert re.search(rf"(^|\. ){pattern}", text(chapter), re.MULTILINE), f"write a line with `{mark}`"


@each_chapter
def test_a_chapter_asks_three_questions_or_more_and_not_always_the_first_option_is_right(chapter):
    quizzes = re.findall(r"^:::\{quiz\} .*?\n1\. (Right|Not right)\. ", text(chapter), re.MULTILINE | re.DOTALL)
    assert len(quizzes) == text(chapter).count(":::{quiz}"), "begin the answers with `1. Right. ` or `1. Not right. `"
    assert len(quizzes) >= 3, f"{len(quizzes)} quizzes: ask three questions at least"
    assert set(quizzes) != {"Right"}, "let the first option of some quiz be not right"


@each_chapter
def test_a_chapter_has_two_to_four_exercises_and_one_at_least_answers_back(chapter):
    exercises = re.findall(r"^### \d\. \w.*", text(chapter), re.MULTILINE)
    assert 2 <= len(exercises) <= 4, f"{exercises}: keep two to four, `### 1. Title`; the practice page has them all"
    assert any(".check(" in cell.source for cell in cells(chapter, "code")), "let a solution call `exercises.X.check`"


@each_chapter
def test_a_chapter_is_named_on_the_first_page(chapter):
    number, index = int(chapter.stem[:2]), (ROOT / "index.md").read_text("utf-8")
    listed = re.search(rf"^{number}\. \[[^]]+\]\(chapters/{chapter.name}\)", index, re.MULTILINE)
    assert listed, f"list the chapter in index.md: {number}. [Title](chapters/{chapter.name})"
