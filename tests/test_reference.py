"""The reference pages tell of every loss, symbol, function and exercise, and nothing else."""

import re
from pathlib import Path

import bibliography
import pytest
from notebooks import read
from pybtex.database import parse_file
from reference_pages import plain
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from sympy import S, Symbol

from lossbook import functions, losses, reference
from lossbook.elsewhere import NAMES
from lossbook.listing import Listing
from lossbook.notation import DOMAINS, MEANINGS, logits, prediction, probability

ROOT = Path(__file__).parent.parent
CATALOGUE = read(ROOT / "reference/catalogue.ipynb")
BIBLIOGRAPHY = re.findall(r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text("utf-8"), re.MULTILINE)


# --- the pages


def section(name):
    """The text and the code of the section of a loss in the catalogue."""
    cells = CATALOGUE.cells
    start = next((number for number, cell in enumerate(cells) if f"(loss-{name})=\n" in cell.source), None)
    assert start is not None, f"add a section (loss-{name})= with its card to reference/catalogue.ipynb"
    return cells[start].source, cells[start + 1].source


@pytest.mark.parametrize("name", losses.catalogue)
def test_the_catalogue_has_a_section_for_each_loss_with_its_card_and_its_source(name):
    text, code = section(name)
    assert code == f"losses.{name}.card()"
    if name == "squared_hinge":  # stands below the hinge, which cites the source of both
        return
    author, year = re.match(r"(\w+).* (\d{4})$", losses.catalogue[name].source).groups()
    assert f"{{cite}}`{author.lower()}{year}`" in text
    assert f"{author.lower()}{year}" in BIBLIOGRAPHY, f"add {author.lower()}{year} to references.bib"


def test_no_source_stands_twice_in_the_bibliography():
    assert len(set(BIBLIOGRAPHY)) == len(BIBLIOGRAPHY)


def test_the_glossary_is_in_order_and_says_something_of_each_word_once():
    glossary = (ROOT / "reference/glossary.md").read_text("utf-8").split("```")[1]
    words = re.findall(r"^(\S.*)\n  ", glossary, re.MULTILINE)
    assert len(words) > 40 and words == sorted(set(words), key=lambda word: word.lower().replace("-", ""))
    without_link = re.findall(r"^  (?!.*\]\(\S+\)$).*", glossary, re.MULTILINE)
    assert without_link == []


def test_each_word_of_the_glossary_occurs_on_the_page_that_it_leads_to():
    glossary = (ROOT / "reference/glossary.md").read_text("utf-8")
    for word, page in re.findall(r"^(\S.*)\n  .*\]\((\S+)\)$", glossary, re.MULTILINE):
        cells = [cell.source for cell in read(ROOT / "reference" / page).cells if cell.cell_type == "markdown"]
        assert all(part in " ".join(cells).lower() for part in word.lower().split()), word


def test_sources_stand_in_the_order_of_their_names_whatever_their_braces_and_accents():
    order = [entry.key for entry in bibliography.Style().sort(parse_file(ROOT / "references.bib").entries.values())]
    for names in (
        ["cox1958", "cs231n-nn2", "girshick2015"],
        ["lin2017", "mlglossary-loss", "mukhoti2020", "muller2019", "murphy1977"],
        ["nelder1972", "pytorch-bceloss", "quantecon-slr", "richardson1911"],
    ):
        start = order.index(names[0])
        assert order[start : start + len(names)] == names


def test_every_page_of_the_folder_is_in_the_contents():
    contents = (ROOT / "_toc.yml").read_text("utf-8")
    pages = {path.stem for path in (ROOT / "reference").glob("*.*") if path.suffix in (".md", ".ipynb")}
    assert pages == set(re.findall(r"file: reference/(\w+)", contents))


# --- the tables


@pytest.fixture(scope="module")
def overview():
    return reference.overview()


def test_the_overview_has_a_line_for_each_loss(overview):
    assert [row[0] for row in overview.rows] == [[f"`{name}`"] for name in losses.catalogue]


@pytest.mark.parametrize(
    "name, line",
    [
        ("squared_error", "squared_error: a number; yes; none; without bound"),
        ("hinge", "hinge: a number; yes; at -1 and 1; 1"),
        ("binary_cross_entropy", "binary_cross_entropy: a probability; yes; none; without bound"),
        ("sigmoid_squared_error", "sigmoid_squared_error: a logit; no; none; 8/27"),
        ("focal", "focal: a logit; no; none; below 1 + gamma/e"),
        ("cross_entropy", "cross_entropy: a row of probabilities; yes; none; without bound"),
        ("softmax_squared_error", "softmax_squared_error: a row of logits; no; none; 16/27"),
    ],
)
def test_a_line_of_the_overview(overview, name, line):
    assert line in str(overview).splitlines()


def test_the_prediction_of_a_count_is_no_logit(overview):
    assert "poisson: the logarithm of a count; yes; none; without bound" in str(overview).splitlines()


def test_the_table_of_symbols_has_each_symbol_once():
    shown = [part for row in reference.symbols().rows for part in row[0] if not isinstance(part, str)]
    assert [getattr(symbol, "base", symbol) for symbol in shown] == list(MEANINGS)


def test_letters_in_the_words_of_the_table_of_symbols_are_typeset():
    table = reference.symbols()._repr_markdown_()
    assert "its prediction, $z$, is" in table and "stands in for $p$;" in table and "from 1 to $n$ |" in table


def test_the_table_of_functions_states_definitions_and_derivatives_that_agree():
    shown = {row[0][0].strip("`"): row[1:] for row in reference.named_functions().rows}
    assert set(shown) == set(functions.catalogue)
    z = Symbol("z", real=True)
    for name, ([written], [definition], [derivative]) in shown.items():
        if issubclass(functions.catalogue[name], functions.ScalarFunction):
            slope = (definition.subs(z, S(7) / 10 + S(10) ** -15) - definition.subs(z, S(7) / 10)) * 10**15
            assert float(slope.evalf(40)) == pytest.approx(float(derivative.subs(z, S(7) / 10).evalf(40)), rel=1e-12)


def test_the_table_of_names_has_every_name():
    shown = str(reference.elsewhere())
    assert all(name.name in shown for name in NAMES)
    assert "huber_loss(delta=beta), beta times this loss" in shown


def test_a_false_claim_is_not_called_proved():
    right, wrong = (prediction + prediction, 2 * prediction), (prediction**2, 2 * prediction)
    first, second = str(reference.judged({"true": right, "false": wrong})).splitlines()
    assert first == "true: proved" and second.startswith("false: refuted: at ")


def test_a_listing_is_markdown_on_a_page_and_lines_in_a_terminal():
    listing = Listing(["symbol", "where"], [[prediction, "any"], [abs(prediction), ["in |", S.Half, "|"]]])
    assert listing._repr_markdown_() == "\n".join(
        [
            "| symbol | where |",
            "| :--- | :--- |",
            r"| $\hat{y}$ | any |",
            r"| $\left\vert \hat{y}\right\vert $ | in \|$\frac{1}{2}$\| |",
        ]
    )
    assert str(listing) == repr(listing) == "yhat: any\n|yhat|: in |1/2|"


def test_a_listing_may_have_one_row_and_no_titles():
    listing = Listing([], [[prediction, "any", ""]])
    assert listing._repr_markdown_() == "|  |  |  |\n| :--- | :--- | :--- |\n| $\\hat{y}$ | any |  |"
    assert str(listing) == "yhat: any"


def test_a_listing_may_have_no_rows():
    assert Listing(["symbol", "where"], [])._repr_markdown_() == "| symbol | where |\n| :--- | :--- |"


def test_a_listing_can_share_the_name_of_the_softmax():
    rows = [[functions.softmax(logits, 1), probability]]
    assert str(Listing(["", ""], rows, shares=True)) == "p_1: p" and str(Listing(["", ""], rows)) == "softmax(z)_1: p"


def test_every_domain_is_of_a_symbol_that_has_a_meaning():
    assert set(DOMAINS) <= set(MEANINGS)


# --- the extension


@pytest.mark.parametrize(
    "written, expected",
    [
        (["|z| and y_i"], [r"\|z\| and y\_i", ""]),
        (["`code_a` * b"], [r"``code_a`` \* b", ""]),
        (
            ["See:", "", "    f(x)", "    g(x)", "", "So."],
            ["See:", "", "::", "", "    f(x)", "    g(x)", "", "So.", ""],
        ),
    ],
)
def test_a_docstring_is_shown_as_it_is_written(written, expected):
    lines = list(written)
    plain(None, "function", "f", None, None, lines)
    assert lines == expected


CHAPTER = """# {title}

## Exercises

### 1. The first

Do it.

#### Solution

Done.

### 2. Of $n$ classes

Do it too.

#### Solution

- Done too.
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The list of solutions of a book of two chapters, as HTML, and the first of its chapters."""
    source, target = tmp_path_factory.mktemp("book"), tmp_path_factory.mktemp("built")
    (source / "index.md").write_text("# Book\n\n```{toctree}\nsecond\nfirst\nall\n```\n", encoding="utf-8")
    for name in ("first", "second"):
        (source / f"{name}.md").write_text(CHAPTER.format(title=f"Chapter {name}"), encoding="utf-8")
    (source / "all.md").write_text("# All\n\n```{solutions}\n```\n\n| a |\n|---|\n| b |\n", encoding="utf-8")
    settings = {
        "extensions": ["myst_parser", "lossbook_page.folding", "sphinx.ext.autodoc", "reference_pages"],
        "myst_enable_extensions": ["dollarmath"],
        "html_theme": "basic",
    }
    with docutils_namespace():
        app = Sphinx(source, None, target, target / ".doctrees", "html", settings, status=None, warningiserror=True)
        app.build()
    return (target / "all.html").read_text("utf-8"), (target / "first.html").read_text("utf-8")


def test_solutions_are_listed_in_the_order_of_the_contents(built):
    page, _ = built
    assert re.findall(r'href="(\w+\.html)#the-first"', page) == ["second.html", "first.html"]
    assert re.findall(r'class="rubric">.*?>(Chapter \w+)<', page) == ["Chapter second", "Chapter first"]


def test_an_exercise_in_the_list_has_its_number_and_no_bullet(built):
    page, _ = built
    assert len(re.findall(r'<ul class="exercises[^>]*>\s*<li><p><a [^>]*>1\. The first</a>', page)) == 2


def test_a_link_to_a_solution_leads_into_what_is_folded(built):
    page, chapter = built
    anchors = re.findall(r'href="first\.html#([\w-]+)">solution<', page)
    assert len(anchors) == 2
    for anchor in anchors:
        solutions = re.findall(r"<details.*?</details>", chapter, re.DOTALL)
        assert any(f'id="{anchor}"' in solution and "Done" in solution for solution in solutions)


def test_a_table_stands_in_a_box_that_scrolls(built):
    page, _ = built
    assert re.search(r'<div class="table-wrapper[^"]*">\s*<table', page)
