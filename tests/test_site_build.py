"""What makes the build of a page fail, what quizzes are, the links that one setting turns on: shown on small books."""

import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from lossbook_page import heads, mathematics
from lossbook_page.finish import kept_rules, mended
from site_pages import ROOT, Visit, build, chromium, small_book  # noqa: F401
from sphinx.errors import ConfigError

pytestmark = pytest.mark.thorough  # it builds pages

PLAIN = "# A small page\n\nIt has a paragraph of its own.\n"
FIGURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 24"><path stroke="#0072b2" d="M 0 0 L 48 24"/></svg>'

QUIZZES = r"""# A page of questions

It asks two.

:::{quiz} At which score is the sigmoid steepest?
- At the far right.
- At $z = 0$.
- It is equally steep
  everywhere.

<details><summary>Answers</summary>

1. Not right. There $\sigma(z)$ is nearly 1, but $\sigma(-z)$ is nearly 0.
2. Right. There both factors of $\sigma(z)\,\sigma(-z)$ are one half.
3. Not right. That would be
   a straight line.

</details>
:::

:::{quiz} Which of these lie between
0.25 and 1?
- The number `3. / 4`.
- The number 0.5.
- Is it 2?
- $1 - \frac{1}{2}$.

<details><summary>Answers</summary>

1. Right. It is three quarters.
2. Right. It is one half.
3. Not right. No, 2 is larger than 1.
4. Right. It is one half.

</details>
:::
"""


def html(folder, pages, name, **settings):
    """A page of a small book, which has to build."""
    small_book(folder, pages)
    if settings:
        text = (folder / "_config.yml").read_text("utf-8")
        for key, value in settings.items():
            text = re.sub(rf"^(\s+{key}:).*$", rf"\1 {value}", text, flags=re.MULTILINE)
        (folder / "_config.yml").write_text(text, "utf-8")
    finished = build(folder, folder)
    assert finished.returncode == 0, finished.stdout
    return (folder / "_build/html" / name).read_text("utf-8")


WRONG_PAGES = {  # what is written, and what the build says of it
    "formula": (r"Mathematics that is wrong: $\frac{1}$.", r"formula.md.*KaTeX.*frac"),
    "page": ("[A page](nowhere.md) that is not there.", r"page.md.*nowhere.md"),
    "section": ("[A section](index.md#nowhere) that is not there.", r"section.md.*nowhere"),
    "link": ('<a href="nowhere.html">A link in HTML</a>', r"link.html: a link that leads nowhere: nowhere.html"),
    "anchor": ('<a href="index.html#none">In HTML</a>', r"anchor.html: a link to an anchor that is not there: .*#none"),
    "figure": ("![](_drawing.svg)", r"figure.html: an image without a text: .*_drawing.svg"),
    "photo": ("![A photograph of a pig](_photo.png)", r"photo.html: a picture that is no SVG.*: .*_photo.png"),
    "image": ('<img src="https://example.org/a.png" alt="Elsewhere">', r"image.html: asks another host for .*a.png"),
    "script": ('<script src="https://example.org/a.js"></script>', r"script.html: asks another host for .*a.js"),
    "names": ('<b id="twice">a</b> <b id="twice">b</b>', r"names.html: two elements are named twice"),
}
QUIZ = """- One.
- Two.

<details><summary>Answers</summary>

1. Right. It is one.
2. Not right. It is not two.

</details>"""
WRONG_QUIZZES = {  # what is written in place of what, and what the build says of it
    "none-right": ("1. Right", "1. Not right", "expected an option that is right"),
    "all-right": ("2. Not right", "2. Right", "expected an option that is not right"),
    "no-feedback": ("1. Right. It is one.", "1. Right.", "expected '- ...', then '1. Right. ...'"),
    "too-few": ("- Two.", "", "expected an answer to each of 1 options, got 2"),
    "too-many": ("- Two.", "- Two.\n- Three.", "expected an answer to each of 3 options, got 2"),
    "alike": ("- Two.", "- One.", "expected options that differ"),
    "not-indented": ("- Two.", "- Two\nor three.", "expected '- ...', then"),
    "no-verdict": ("1. Right", "1. Yes", "expected '- ...', then"),
    "number": ("2. Not right", "3. Not right", "expected '- ...', then"),
    "not-folded": ("<details><summary>Answers</summary>\n", "", "expected the answers between '<details>"),
    "not-ended": ("</details>", "", "expected the answers between '<details>"),
    "seven": (
        QUIZ,
        "\n".join(
            [
                *(f"- {n}." for n in range(1, 8)),
                "<details><summary>Answers</summary>",
                "1. Right. Yes.",
                *(f"{n}. Not right. No." for n in range(2, 8)),
                "</details>",
            ]
        ),
        "expected 2 to 6 options, got 7",
    ),
    "one": (
        QUIZ,
        "- One.\n\n<details><summary>Answers</summary>\n\n1. Right. It is.\n\n</details>",
        "expected 2 to 6 options, got 1",
    ),
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """What the build says of a book whose pages are all wrong but the first."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "_drawing.svg").write_text(FIGURE, "utf-8")
    (folder / "_photo.png").write_bytes(b"\x89PNG")
    pages = {"index.md": PLAIN}
    pages |= {f"{name}.md": f"# A wrong {name}\n\n{text}\n" for name, (text, _) in WRONG_PAGES.items()}
    for name, (right, wrong, _) in WRONG_QUIZZES.items():
        assert right in QUIZ
        pages[f"{name}.md"] = f"# A quiz, {name}\n\n:::{{quiz}} What is one?\n{QUIZ.replace(right, wrong)}\n:::\n"
    finished = build(small_book(folder, pages), folder)
    assert finished.returncode != 0, finished.stdout
    return finished.stdout


@pytest.mark.parametrize("name", WRONG_PAGES)
def test_a_wrong_page_fails_the_build_which_names_it(complaints, name):
    assert re.search(WRONG_PAGES[name][1], complaints), complaints


@pytest.mark.parametrize("name", WRONG_QUIZZES)
def test_a_wrong_quiz_fails_the_build_which_names_page_and_question(complaints, name):
    said = re.escape(WRONG_QUIZZES[name][2])
    assert re.search(rf"/{name}.md:3: WARNING: quiz 'What is one\?': {said}", complaints), complaints


def test_a_page_that_is_right_is_not_complained_of(complaints):
    assert not re.search(r"index\.(md|html):", complaints), complaints


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions")
    html(folder, {"index.md": PLAIN, "quizzes.md": QUIZZES}, "quizzes.html")
    return (folder / "_build/html/quizzes.html").as_uri()


def test_a_quiz_answers_by_keyboard(chromium, questions):
    with Visit(chromium, questions) as visit:
        group = visit.page.get_by_role("group", name="At which score is the sigmoid steepest?")
        said = visit.page.get_by_role("status").first
        assert said.text_content() == "" and group.get_by_role("radio").count() == 3
        group.get_by_role("radio").first.focus()
        visit.page.keyboard.press("Space")
        assert re.match(r"Not right: There .* is nearly 1, but", said.text_content())
        visit.page.keyboard.press("ArrowDown")
        assert group.get_by_role("radio").nth(1).is_checked()
        assert said.text_content().startswith("Right: There both factors of")
        visit.page.keyboard.press("ArrowDown")
        assert said.text_content() == "Not right: That would be a straight line."
        assert visit.page.url == questions and (visit.errors, visit.foreign) == ([], [])


def test_a_quiz_with_several_right_options_has_check_boxes(chromium, questions):
    with Visit(chromium, questions) as visit:
        group = visit.page.get_by_role("group", name="Which of these lie between 0.25 and 1?")
        said = visit.page.get_by_role("status").nth(1)
        boxes = group.get_by_role("checkbox")
        assert boxes.count() == 4
        boxes.nth(1).press("Space")
        assert said.text_content() == "Right: It is one half."
        boxes.nth(2).press("Space")
        assert said.text_content() == "Not right: No, 2 is larger than 1."
        boxes.nth(2).press("Space")
        assert said.text_content() == "" and boxes.nth(1).is_checked()
        visit.page.get_by_label("Option 4").press("Space")
        assert said.text_content() == "Right: It is one half."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_an_answered_quiz(chromium, questions, scheme):
    with Visit(chromium, questions, scheme=scheme, width=360) as visit:
        for name in ("At the far right", "The number 0.5"):
            visit.page.get_by_label(name).check()
        assert visit.overflow() == [] and visit.axe() == []


def test_what_makes_a_page_too_wide_is_named(chromium, tmp_path):
    wide = '<p>Narrow.</p><div style="overflow-x: auto"><p style="width: 900px">It scrolls.</p></div>'
    for name, body in (("right", wide), ("wrong", f'{wide}<div><p style="width: 400px">It does not.</p></div>')):
        (tmp_path / f"{name}.html").write_text(f"<!DOCTYPE html><title>A page</title>{body}", "utf-8")
    found = []
    for name in ("right", "wrong"):
        with Visit(chromium, (tmp_path / f"{name}.html").as_uri(), width=360) as visit:
            found.append(visit.overflow())
    assert found == [[], ['<p style="width: 400px">It does not.</p>']]


def test_without_scripts_the_answers_of_a_quiz_are_folded_under_it(chromium, questions):
    with Visit(chromium, questions, scripts=False) as visit:
        assert visit.page.get_by_text("It is equally steep everywhere").first.is_visible()
        assert not visit.page.locator("input").first.is_visible()
        answers = visit.page.locator("details.answers").first
        answers.locator("summary").click(trial=True)
        answers.locator("summary").press("Enter")
        answers.get_by_text("That would be a straight line.").wait_for()


CELL = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# A notebook\n\nText."}
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
NOTEBOOK = json.dumps({"cells": [CELL], "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5})


def test_no_link_to_run_or_edit_is_shown_without_a_repository(tmp_path):
    text = html(tmp_path, {"index.md": PLAIN, "chapters/one.ipynb": NOTEBOOK}, "chapters/one.html")
    assert not re.search(r"colab\.|mybinder\.|/edit/|%pip", text)


def test_a_repository_turns_on_links_to_run_and_to_edit(tmp_path):
    pages = {"index.md": PLAIN, "chapters/one.ipynb": NOTEBOOK}
    settings = {
        "repository_address": "https://github.com/someone/a.book",
        "repository_branch": "trunk",
        "html_baseurl": "https://example.org/book/",
    }
    text = html(tmp_path, pages, "chapters/one.html", **settings)
    for address in (
        "https://colab.research.google.com/github/someone/a.book/blob/trunk/chapters/one.ipynb",
        "https://mybinder.org/v2/gh/someone/a.book/trunk?urlpath=lab/tree/chapters/one.ipynb",
        "https://github.com/someone/a.book/edit/trunk/chapters/one.ipynb",
    ):
        assert f'href="{address}"' in text
    assert "%pip install git+https://github.com/someone/a.book@trunk" in text
    assert 'property="og:image" content="https://example.org/book/_cards/chapters-one.png"' in text


def test_a_repository_elsewhere_is_refused(tmp_path):
    small_book(tmp_path, {"index.md": PLAIN, "one.md": PLAIN})
    text = (tmp_path / "_config.yml").read_text("utf-8")
    (tmp_path / "_config.yml").write_text(
        text.replace("repository_address: ''", "repository_address: ftp://example.org"), "utf-8"
    )
    finished = build(tmp_path, tmp_path)
    assert finished.returncode != 0
    assert "repository_address: expected https://github.com/OWNER/NAME, got 'ftp://example.org'" in finished.stdout


@pytest.mark.parametrize("ending", [".git", "/", "/tree/main"])
def test_an_address_that_is_not_that_of_the_page_on_github_is_refused(ending):
    """Each link would lead nowhere."""
    config = SimpleNamespace(repository_address=f"https://github.com/someone/a.book{ending}", repository_branch="main")
    with pytest.raises(ConfigError, match="expected https://github.com/OWNER/NAME, got"):
        heads.check_repository(None, config)


def test_binder_installs_the_lock_for_a_python_that_the_lock_is_for():
    line = (ROOT / "binder/requirements.txt").read_text("utf-8").strip()
    assert (ROOT / "binder" / line.removeprefix("-r ")).resolve() == ROOT / "requirements.lock"
    major, minor = (ROOT / "binder/runtime.txt").read_text("utf-8").strip().removeprefix("python-").split(".")
    oldest, newest = re.search(
        r"OLDEST, NEWEST = \((.*?)\), \((.*?)\)", (ROOT / "tools/environment.py").read_text("utf-8")
    ).groups()
    assert tuple(map(int, oldest.split(","))) <= (int(major), int(minor)) <= tuple(map(int, newest.split(",")))


def test_binder_makes_the_library_importable_from_every_folder(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    path = f"{tmp_path}/venv/bin:{os.environ['PATH']}"
    subprocess.run([ROOT / "binder/postBuild"], cwd=ROOT, env={"PATH": path}, check=True)
    found = subprocess.run(
        ["python", "-c", "import importlib.util; print(importlib.util.find_spec('lossbook').origin)"],
        cwd=tmp_path,
        env={"PATH": path},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert found.stdout.strip() == str(ROOT / "lossbook/__init__.py")


def test_styles_become_classes_and_figures_get_their_size_and_a_partner_for_the_night(tmp_path):
    (tmp_path / "_drawing.svg").write_text(FIGURE, "utf-8")
    text = html(
        tmp_path,
        {
            "index.md": PLAIN,
            "one.md": "# One\n\n$x$ from 0 to 1\n\nSome $x$ for $5, and then for $6.\n\n![A line](_drawing.svg)\n",
        },
        "one.html",
    )
    assert "style=" not in text
    assert 'width="64" height="32"' in text
    assert "for $5, and then for $6." in text  # prices are no mathematics
    assert "$x$" not in text  # also where a line begins with it and ends in a digit
    night = (tmp_path / "_build/html" / re.search(r'srcset="([^"]*)"', text)[1]).read_text("utf-8")
    assert "#0072b2" not in night


@pytest.mark.parametrize(
    "latex, pieces",
    [
        ("a + (b - c) = d", 2),  # the bracket and the sign behind it
        (r"2 (p_i - y_i) p_i (1 - p_i)", 3),
        ("a + b = c", 0),
        ("[0, 1)", 0),
        (r"2 \cdot 3 = 6", 2),  # a product is read as one
        ("(" + " + ".join("abcdefghijklmnop") + ")", 0),  # wider than a phone
    ],
)
def test_a_line_of_text_does_not_end_in_a_short_bracket_or_at_a_dot(latex, pieces):
    html = ElementTree.fromstring(mathematics.brackets_whole(mathematics.typeset(latex, None)))
    boxes = html.findall(".//span[@class='together']")
    assert [len(box.findall("span[@class='base']")) for box in boxes] == ([pieces] if pieces else [])


def test_a_name_in_code_may_go_on_behind_a_dot_an_underscore_or_a_bracket():
    written = mended('<span class="pre">exercises.sigmoid_slope.check(...)</span> and chapter 4')
    assert "exercises.<wbr>sigmoid_<wbr>slope.<wbr>check(...)" in written
    assert "chapter\N{NO-BREAK SPACE}4" in written


def test_short_code_is_kept_whole_in_a_line():
    code = '<code class="docutils literal notranslate">{}</code>'
    short = code.format('<span class="pre">f(k,</span> <span class="pre">&lt;z[k]</span>')
    long = code.format('<span class="pre">exercises.sigmoid_slope.check</span>')
    assert mended(short).startswith('<code class="short ')
    assert mended(long).startswith('<code class="docutils ')


def test_a_heading_does_not_break_at_the_hyphen_of_a_word():
    written = mended("<h3>Binary cross-entropy with logits</h3><p>of cross-entropy</p>")
    assert written == '<h3>Binary <span class="together">cross-entropy</span> with logits</h3><p>of cross-entropy</p>'


def test_the_heading_of_a_column_does_not_break_at_a_minus_sign():
    written = mended('<th scope="col">p − y: digits</th><td>a − b</td>')
    assert written == '<th scope="col">p\N{NO-BREAK SPACE}−\N{NO-BREAK SPACE}y: digits</th><td>a − b</td>'


def test_a_rule_of_katex_is_kept_if_the_pages_use_its_classes():
    css = ".accent-body:not(.accent-full){width:0}.vec,.sqrt>.root{left:0}"
    assert (
        kept_rules(css, {"accent-body", "sqrt", "root"}) == ".accent-body:not(.accent-full){width:0}.sqrt>.root{left:0}"
    )
