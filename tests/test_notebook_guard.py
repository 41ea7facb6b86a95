"""A test of the tests: each way in which a notebook can be wrong fails, and names notebook and cell."""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import nbformat
import notebooks
import pytest
import yaml
from notebook_guard import TYPED_EQUATION, listed_notebooks, same_text

pytestmark = pytest.mark.thorough  # it runs kernels

ROOT = Path(__file__).resolve().parent.parent

TEXT = r"""# Try the guard

Inline mathematics $x^2$ is fine.

```{code-cell} ipython3
from IPython.display import display


class Fraction:
    def _repr_latex_(self):
        return r"$\displaystyle \frac{3}{7}$"

    def __repr__(self):
        return "3/7"
```

```{code-cell} ipython3
Fraction()
```

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: A circle of radius 4.
    name: fig-circle
---
circle = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'
display({"image/svg+xml": circle}, metadata={"image/svg+xml": {"alt": "A circle"}}, raw=True)
```

```{code-cell} ipython3
print("before 41")
display(Fraction())
print("after 43")
```

```{code-cell} ipython3
6 * 7
```

```{code-cell} ipython3
total = 1 + 1
```

```{code-cell} ipython3
assert total == 2
```
"""
LATEX, FIGURE, STREAM, NUMBER, TOTAL, ASSERTION = 3, 4, 5, 6, 7, 8  # the cells, counted from 1


# Each tamper changes the notebook in place. (name, cell, part of the message, tamper)


def output(number, position=0):
    return lambda notebook: notebook.cells[number - 1].outputs[position]


def replace(number, position, key, old, new):
    """Replace text in the data, or in the stream, of a stored output."""

    def tamper(notebook):
        place = output(number, position)(notebook)
        place = place if key == "text" else place.data
        assert old in place[key]
        place[key] = place[key].replace(old, new)

    return tamper


def change(number, **changes):
    """Set attributes of a cell."""
    return lambda notebook: notebook.cells[number - 1].update(nbformat.from_dict(changes))


def source(number, text):
    return change(number, source=text)


def add_output(number, kind, **content):
    return lambda notebook: notebook.cells[number - 1].outputs.append(nbformat.v4.new_output(kind, **content))


def reverse_outputs(notebook):
    notebook.cells[STREAM - 1].outputs.reverse()


def display_last(notebook):
    outputs = notebook.cells[STREAM - 1].outputs
    outputs.append(outputs.pop(1))


def move_text_across_display(notebook):
    outputs = notebook.cells[STREAM - 1].outputs
    outputs[0].text, outputs[2].text = "before 41\nafter", " 43\n"


def display_instead_of_result(notebook):
    cell = notebook.cells[NUMBER - 1]
    cell.outputs = [nbformat.v4.new_output("display_data", data=cell.outputs[0].data)]


def drop_latex(notebook):
    del output(LATEX)(notebook).data["text/latex"]


def other_alt_everywhere(notebook):
    output(FIGURE)(notebook).metadata["image/svg+xml"]["alt"] = "A square"
    notebook.cells[FIGURE - 1].metadata.mystnb.image.alt = "A square"


def mark_and_falsify(notebook):
    source(NUMBER, "# NBVAL_IGNORE_OUTPUT\n6 * 7")(notebook)
    replace(NUMBER, 0, "text/plain", "42", "43")(notebook)


def tag_and_falsify(notebook):
    notebook.cells[NUMBER - 1].metadata.tags = ["nbval-skip"]
    replace(NUMBER, 0, "text/plain", "42", "43")(notebook)


def store_the_error_of_a_magic(notebook):
    change(NUMBER, source="%nosuchmagic", outputs=[])(notebook)
    add_output(NUMBER, "stream", name="stderr", text="UsageError: Line magic function `%nosuchmagic` not found.\n")(
        notebook
    )


def check_in_a_solution(notebook):
    change(STREAM, cell_type="markdown", source="#### Solution")(notebook)
    source(NUMBER, "exercises.sigmoid_slope.check(total)")(notebook)
    source(ASSERTION, "## Behind\n\nassert")(notebook)
    change(ASSERTION, cell_type="markdown")(notebook)


CONNECT = "import socket\nassert total\nsocket.create_connection(('127.0.0.1', 9), 1)"
RESOLVE = "import socket\nassert total\nsocket.getaddrinfo('localhost', 80)"
WRITE = "import pathlib\nassert total\npathlib.Path('written.txt').write_text('here')"
DELETE = "import os\nassert total\nos.remove('untouched.ipynb')"

EXECUTED = [
    ("digit-in-text", NUMBER, "42", replace(NUMBER, 0, "text/plain", "42", "43")),
    ("digit-in-latex", LATEX, "frac", replace(LATEX, 0, "text/latex", "3", "4")),
    ("digit-in-svg", FIGURE, "svg", replace(FIGURE, 0, "image/svg+xml", "4", "5")),
    ("digit-in-stream", STREAM, "before 41", replace(STREAM, 0, "text", "41", "42")),
    ("outputs-reversed", STREAM, "", reverse_outputs),
    ("display-after-stream", STREAM, "is stored", display_last),
    ("text-moved-across-display", STREAM, "outputs differ", move_text_across_display),
    ("display-of-another-kind", NUMBER, "display_data", display_instead_of_result),
    ("representation-dropped", LATEX, "text/latex", drop_latex),
    ("alt-text-of-another-figure", FIGURE, "A square", other_alt_everywhere),
    ("outputs-of-one-cell-stripped", NUMBER, "", change(NUMBER, outputs=[])),
    ("output-that-nothing-produces", ASSERTION, "", add_output(ASSERTION, "stream", text="2\n")),
    ("ignored-by-comment", NUMBER, "42", mark_and_falsify),
    ("skipped-by-tag", NUMBER, "42", tag_and_falsify),
    ("cell-that-raises", ASSERTION, "AssertionError", source(ASSERTION, "assert total == 3")),
    ("cell-that-connects", ASSERTION, "opens no connection", source(ASSERTION, CONNECT)),
    ("cell-that-asks-for-a-host", ASSERTION, "opens no connection", source(ASSERTION, RESOLVE)),
    (
        "cell-that-starts-a-program",
        ASSERTION,
        "starts no program",
        source(ASSERTION, "import os\nassert total and not os.system('true')"),
    ),
    ("cell-that-writes", ASSERTION, "writes in temporary folders alone", source(ASSERTION, WRITE)),
    ("cell-that-deletes", ASSERTION, "writes in temporary folders alone", source(ASSERTION, DELETE)),
    ("cell-that-warns", ASSERTION, "stderr", source(ASSERTION, "import warnings\nassert total\nwarnings.warn('!')")),
]

READ = [
    ("magic-whose-error-is-stored", NUMBER, "stderr", store_the_error_of_a_magic),
    ("never-executed", NUMBER, "execution count is None", change(NUMBER, execution_count=None)),
    ("counts-out-of-order", NUMBER, "execution count is 7", change(NUMBER, execution_count=7)),
    (
        "all-outputs-stripped",
        None,
        "no outputs at all",
        lambda n: [c.update(outputs=[]) for c in n.cells if "outputs" in c],
    ),
    ("png", FIGURE, "image/png", add_output(FIGURE, "display_data", data={"image/png": "iVBORw0KGgo="})),
    ("jpeg", FIGURE, "image/jpeg", add_output(FIGURE, "display_data", data={"image/jpeg": "/9j/4AAQ"})),
    ("picture-in-html", NUMBER, "HTML", add_output(NUMBER, "display_data", data={"text/html": "<img src='x.png'>"})),
    ("figure-without-alt", FIGURE, "no alt text", lambda n: output(FIGURE)(n).update(metadata={})),
    (
        "figure-with-other-alt",
        FIGURE,
        "alt text",
        lambda n: n.cells[FIGURE - 1].metadata.mystnb.image.update(alt="A square"),
    ),
    ("figure-without-caption", FIGURE, "no caption", lambda n: n.cells[FIGURE - 1].metadata.mystnb.pop("figure")),
    ("two-figures", FIGURE, "several figures", lambda n: n.cells[FIGURE - 1].outputs.append(output(FIGURE)(n))),
    ("alt-without-figure", NUMBER, "no figure", change(NUMBER, metadata={"mystnb": {"image": {"alt": "x"}}})),
    ("picture-in-prose-without-alt", 1, "no alt text", source(1, "![](x.svg)")),
    ("stored-stderr", NUMBER, "stderr", add_output(NUMBER, "stream", name="stderr", text="UserWarning")),
    (
        "stored-error",
        NUMBER,
        "error NameError",
        add_output(NUMBER, "error", ename="NameError", evalue="x", traceback=[]),
    ),
    (
        "warnings-hidden",
        NUMBER,
        "hides warnings",
        source(NUMBER, "import warnings\nwarnings.simplefilter('ignore')\n42"),
    ),
    ("tag-skip", NUMBER, "nbval-skip", change(NUMBER, metadata={"tags": ["nbval-skip"]})),
    ("tag-raises", NUMBER, "raises-exception", change(NUMBER, metadata={"tags": ["raises-exception"]})),
    ("tag-skip-execution", NUMBER, "skip-execution", change(NUMBER, metadata={"tags": ["skip-execution"]})),
    ("comment-ignore", NUMBER, "NBVAL_IGNORE_OUTPUT", source(NUMBER, "# NBVAL_IGNORE_OUTPUT\n42")),
    ("comment-raises", NUMBER, "NBVAL_RAISES_EXCEPTION", source(NUMBER, "# NBVAL_RAISES_EXCEPTION\n1/0")),
    ("semicolon", NUMBER, "`;`", source(NUMBER, "6 * 7;  # quiet")),
    ("out-n", NUMBER, "reads Out", source(NUMBER, "Out[3]")),
    ("underscore", NUMBER, "reads _", source(NUMBER, "_")),
    ("underscore-n", NUMBER, "reads _3", source(NUMBER, "_3")),
    ("unknown-magic", NUMBER, "plain Python", source(NUMBER, "%nosuchmagic")),
    ("shell-line", NUMBER, "plain Python", source(NUMBER, "!ls")),
    ("help-line", NUMBER, "plain Python", source(NUMBER, "print?")),
    ("get-ipython", NUMBER, "get_ipython", source(NUMBER, "get_ipython().system('ls')")),
    ("empty-cell", NUMBER, "is empty", source(NUMBER, "")),
    ("dollars", 1, "typed by hand", source(1, "$$p - y$$")),
    ("brackets", 1, "typed by hand", source(1, r"\[p - y\]")),
    ("align", 1, "typed by hand", source(1, r"\begin{align*}p - y\end{align*}")),
    ("math-directive", 1, "typed by hand", source(1, "```{math}\np - y\n```")),
    ("math-in-code", NUMBER, "typed by hand", source(NUMBER, "from IPython.display import Math\nMath(r'p - y')")),
    ("dollars-in-code", NUMBER, "typed by hand", source(NUMBER, "Markdown('$$p - y$$')")),
    ("long-cell", NUMBER, "26 lines", source(NUMBER, "x = 1\n" * 25 + "x")),
    ("hidden-cell", NUMBER, "hidden", change(NUMBER, metadata={"tags": ["hide-input"]})),
    ("shows-nothing", ASSERTION, "shows nothing", source(ASSERTION, "total + 2")),
    ("asserts-nothing", ASSERTION, "shows nothing", source(ASSERTION, "total + 2\nassert True")),
    ("binds-for-nobody", ASSERTION, "no later cell reads", source(ASSERTION, "wrong = total + 2")),
    ("solution-that-is-only-checked", NUMBER, "assert exercises.NAME", check_in_a_solution),
    ("assigned-in-vain", NUMBER, "nothing reads", source(NUMBER, "wrong = 3\n6 * 7")),
    (
        "timestamps",
        None,
        "make refresh NB=",
        lambda n: n.cells[2].metadata.update(execution={"iopub.status.busy": "2026"}),
    ),
    ("not-a-valid-notebook", None, "not a valid notebook", lambda n: n.cells[2].update(unknown=1)),
    ("not-in-contents", None, "_toc.yml", lambda n: None),
]


def pytest_in(folder, *arguments):
    """Run pytest in `folder` by itself, in one process."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    if folder != ROOT:
        (folder / "temporary").mkdir(exist_ok=True)
        environment["TMPDIR"] = str(folder / "temporary")  # the notebooks are to lie outside of it
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def run_pytest(folder, *arguments):
    """Messages of the items that pytest runs in `folder`, None if passed, by (notebook, item)."""
    report = folder / "report.xml"
    result = pytest_in(folder, f"--junitxml={report}", *arguments)
    assert result.returncode in (0, 1), result.stdout + result.stderr
    messages = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        failure = case.find("failure") if case.find("failure") is not None else case.find("error")
        notebook = re.search(r"chapters\.([\w-]+)", case.get("classname"))[1]
        messages[notebook, case.get("name")] = None if failure is None else failure.text
    return messages


def with_settings(folder):
    """`folder` with what this project tells pytest."""
    for name in ("conftest.py", "pyproject.toml", "tests/notebook_guard.py", "tools/notebooks.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_plain_pytest_takes_a_part_of_what_is_thorough_and_all_of_a_file_that_is_named(tmp_path):
    (with_settings(tmp_path) / "tests/test_some.py").write_text(
        "import pytest\n\n\n"
        "@pytest.mark.thorough(one_case_in=2)\n@pytest.mark.parametrize('n', range(5))\n"
        "def test_cases(n): ...\n\n\n"
        "@pytest.mark.thorough\ndef test_long(): ...\n\n\n"
        "def test_short(): ...\n"
    )
    (tmp_path / "chapters").mkdir()

    def passed(*arguments):
        return re.search(r"\d+ passed.*?(?= in )", pytest_in(tmp_path, "-q", *arguments).stdout)[0]

    assert passed("tests") == "4 passed, 3 deselected"
    assert passed("tests", "--thorough") == passed("tests/test_some.py") == "7 passed"
    assert passed("tests/test_some.py::test_long") == "1 passed"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A book with this one's settings, an untouched notebook and a tampered copy for each hole."""
    folder = with_settings(tmp_path_factory.mktemp("book"))
    chapters = folder / "chapters"
    chapters.mkdir()
    notebooks.write(chapters / "untouched.ipynb", notebooks.from_text(TEXT))
    with contextlib.redirect_stdout(io.StringIO()):
        notebooks.refresh(chapters / "untouched.ipynb")
    for name, _, _, tamper in EXECUTED + READ:
        notebook = notebooks.read(chapters / "untouched.ipynb")
        tamper(notebook)
        # Not in the normal form, which would mend some of them.
        (chapters / f"{name}.ipynb").write_text(nbformat.v4.writes(notebook) + "\n", encoding="utf-8")
    listed = sorted(path.stem for path in chapters.glob("*.ipynb") if path.stem != "not-in-contents")
    (folder / "_toc.yml").write_text(
        yaml.safe_dump({"root": "index", "chapters": [{"file": f"chapters/{stem}"} for stem in listed]}),
        encoding="utf-8",
    )
    (folder / "index.md").write_text("# Index\n", encoding="utf-8")
    (folder / "_build").mkdir()
    shutil.copy(chapters / "untouched.ipynb", folder / "_build")
    return folder


@pytest.fixture(scope="module")
def outcomes(project):
    """What pytest says of every notebook; those that need no kernel are only read."""
    return run_pytest(
        project,
        "chapters/untouched.ipynb",
        *(f"chapters/{name}.ipynb" for name, *_ in EXECUTED),
        *(f"chapters/{name}.ipynb::rules" for name, *_ in READ),
    )


def test_an_untouched_notebook_passes_as_a_whole(outcomes):
    items = {item: message for (notebook, item), message in outcomes.items() if notebook == "untouched"}
    assert items == dict.fromkeys(["rules", *(f"cell {number}" for number in range(2, 9))])


def test_a_kernel_that_does_not_answer_is_started_once_more(project, tmp_path):
    chapters = with_settings(tmp_path) / "chapters"
    chapters.mkdir()
    shutil.copy(project / "chapters/untouched.ipynb", chapters)
    (chapters / "conftest.py").write_text("""
from nbval import plugin

starts = plugin.RunningKernel


def never_answers(*arguments, **options):
    plugin.RunningKernel = starts
    raise RuntimeError("Kernel didn't respond in 60 seconds")


plugin.RunningKernel = never_answers
""")
    assert run_pytest(tmp_path, "chapters/untouched.ipynb::cell 6") == {("untouched", "cell 6"): None}


@pytest.mark.parametrize(("name", "cell", "words", "tamper"), EXECUTED, ids=[name for name, *_ in EXECUTED])
def test_execution_finds_the_cell_that_was_tampered_with(outcomes, name, cell, words, tamper):
    message = outcomes[name, f"cell {cell}"]
    assert message is not None
    assert message.startswith(f"chapters/{name}.ipynb, cell {cell} (")
    assert words in message and "\x1b" not in message
    raises = "Cell execution caused an exception" in message  # refresh would refuse such a cell
    assert raises is not (f"make refresh NB=chapters/{name}.ipynb" in message)
    others = {item for (notebook, item), text in outcomes.items() if notebook == name and text is not None}
    assert others <= {f"cell {cell}", "rules"}


@pytest.mark.parametrize(("name", "cell", "words", "tamper"), READ, ids=[name for name, *_ in READ])
def test_reading_finds_the_cell_that_was_tampered_with(outcomes, name, cell, words, tamper):
    where = f"chapters/{name}.ipynb" + (f", cell {cell} (" if cell else ": ")
    lines = (outcomes[name, "rules"] or "").splitlines()
    assert [line for line in lines if line.startswith(where) and words in line], lines


def test_what_is_stored_is_taken_away_and_what_is_new_is_added_as_refresh_shows_it(outcomes):
    shown = outcomes["digit-in-text", f"cell {NUMBER}"].splitlines()
    assert shown[1:3] == [f"--- cell {NUMBER} (stored)", f"+++ cell {NUMBER} (new)"]
    assert [line for line in shown[3:] if line[0] in "+-"] == ["-43", "+42"]


def test_a_cell_that_never_ends_is_stopped_and_named(project):
    endless = notebooks.from_text("```{code-cell}\nimport time\ntime.sleep(99)\n```\n")
    notebooks.write(project / "chapters" / "endless.ipynb", endless)
    message = run_pytest(project, "chapters/endless.ipynb", "--nbval-cell-timeout=1")["endless", "cell 1"]
    assert message.startswith("chapters/endless.ipynb, cell 1 (import time): Timeout of 1 seconds")


def test_cells_may_take_no_longer_than_two_minutes(pytestconfig):
    assert pytestconfig.option.nbval_cell_timeout <= 120


def collected(folder, *arguments):
    """The notebooks of which pytest collects the rules; each as often as it does."""
    result = pytest_in(folder, "--collect-only", "-q", *arguments)
    return sorted(line.removesuffix("::rules") for line in result.stdout.splitlines() if line.endswith(".ipynb::rules"))


def test_every_notebook_of_the_contents_is_collected_once_and_nothing_from_the_build(pytestconfig):
    _, *folders = pytestconfig.getini("testpaths")  # but for the tests, which take long to import
    assert collected(ROOT, *folders) == sorted(str(path.relative_to(ROOT)) for path in listed_notebooks(ROOT))


@pytest.mark.parametrize("option", ["--nbval", "--nbval-lax"])
def test_options_of_nbval_neither_double_a_notebook_nor_make_it_lenient(project, option):
    assert collected(project, option, "chapters/untouched.ipynb") == ["chapters/untouched.ipynb"]
    message = run_pytest(project, option, "chapters/ignored-by-comment.ipynb")["ignored-by-comment", f"cell {NUMBER}"]
    assert "42" in message


def test_by_meaning_digits_that_are_wrong_and_cells_that_fail_are_still_found(project):
    wrong = ("digit-in-text", "digit-in-latex", "digit-in-stream", "representation-dropped", "cell-that-raises")
    found = run_pytest(project, "--by-meaning", *(f"chapters/{name}.ipynb" for name in ("untouched", *wrong)))
    failed = {notebook for (notebook, item), message in found.items() if item != "rules" and message is not None}
    assert failed == set(wrong)


@pytest.mark.parametrize(
    ("stored", "new", "same"),
    [
        (r"a + \frac{1}{2} b", r"\frac{1}{2}\, b + a", True),
        ("0.867 0.016", "0.8671 0.016", True),
        ("1.0000000001e-05", "1.0000000002e-05", True),
        ("0.867", "0.869", False),
        ("3 a", "4 a", False),
        ("a - b", "a + b", False),
        (r"\sigma(x)", r"\tanh(x)", False),
        ("1, 2", "1, 2, 3", False),
        ("p4", "p5", False),
        ("1e-05", "1e-04", False),
    ],
)
def test_two_texts_mean_the_same(stored, new, same):
    assert same_text(stored, new) is same


def test_copies_in_the_build_folder_are_not_collected(project):
    assert not [path for path in collected(project, ".") if path.startswith("_build")]


def test_prose_pages_have_no_equation_typed_by_hand():
    for page in [ROOT / "index.md", *ROOT.glob("chapters/*.md")]:
        assert not TYPED_EQUATION.search(page.read_text(encoding="utf-8")), f"{page.name}: let a notebook print it"


def test_a_cell_is_never_run_in_another_kernel_than_the_cells_before_it(project):
    result = pytest_in(project, "-n", "2", "--dist", "load", "chapters/untouched.ipynb")
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "use --dist loadfile" in result.stderr
