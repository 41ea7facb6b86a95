"""What tools/notebooks.py promises to an author."""

import errno
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import notebooks
import pytest

pytestmark = pytest.mark.thorough  # it runs kernels

TEXT = """# Try the tools

First.

+++ {"tags": ["remark"]}

Second.

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: A circle of radius 4.
tags: [hide-input]
---
from IPython.display import display
display({"image/svg+xml": "<svg/>"}, metadata={"image/svg+xml": {"alt": "A circle"}}, raw=True)
```

```{code-cell} ipython3
print("sum", 40 + 2)
```
"""
TOOL = Path(notebooks.__file__)


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory):
    """A notebook made from TEXT and refreshed."""
    path = tmp_path_factory.mktemp("tools") / "a.ipynb"
    notebooks.write(path, notebooks.from_text(TEXT))
    assert notebooks.main(["refresh", str(path)]) == 0
    return path


@pytest.fixture
def notebook(refreshed, tmp_path):
    """A copy of it, for one test to change."""
    path = tmp_path / "a.ipynb"
    path.write_bytes(refreshed.read_bytes())
    return path


def test_text_survives_the_way_to_a_notebook_and_back(refreshed):
    assert notebooks.to_text(notebooks.read(refreshed)) == TEXT


def test_refresh_counts_the_cells_and_takes_the_alt_text_from_the_figure(refreshed):
    figure, total = [cell for cell in notebooks.read(refreshed).cells if cell.cell_type == "code"]
    assert (figure.execution_count, total.execution_count) == (1, 2)
    assert figure.metadata.mystnb.image.alt == "A circle"
    assert total.outputs[0].text == "sum 42\n"


def test_refreshing_again_changes_no_byte(notebook, capsys):
    before = notebook.read_bytes()
    assert notebooks.main(["refresh", str(notebook)]) == 0
    assert notebook.read_bytes() == before
    assert capsys.readouterr().out == f"{notebook}: nothing changed\n"


def test_refresh_shows_what_changed(notebook, capsys):
    notebook.write_text(notebook.read_text().replace("sum 42", "sum 41").replace("<svg/>", "<svg></svg>", 1))
    assert notebooks.main(["refresh", str(notebook)]) == 0
    shown = capsys.readouterr().out
    assert "-sum 41\n+sum 42" in shown
    assert "+figure changed" in shown


def test_a_normal_form_has_no_time_no_version_and_no_view(notebook):
    plain = notebooks.canonical(notebooks.read(notebook))
    busy = notebooks.read(notebook)
    busy.metadata.language_info.version = "3.11.7"
    busy.cells[2].metadata.execution = {"iopub.status.busy": "2026-11-22"}
    busy.cells[2].metadata.scrolled = True
    busy.cells[2].id = "chance"
    assert notebooks.canonical(busy) == plain


def test_what_stands_under_the_heading_solution_is_folded_in_jupyterlab():
    written = notebooks.from_text("# One\n\n+++\n\n#### Solution\n\n+++\n\nTwo\n")
    assert [dict(cell.metadata) for cell in written.cells] == [{}, {"jp-MarkdownHeadingCollapsed": True}, {}]
    assert "Collapsed" not in notebooks.to_text(written)


def test_a_failing_cell_is_named_and_the_file_stays(notebook, capsys):
    text = TEXT.replace("40 + 2", "40 / 0")
    notebooks.write(notebook, notebooks.from_text(text, notebooks.read(notebook)))
    before = notebook.read_bytes()
    assert notebooks.main(["refresh", str(notebook)]) == 1
    message = capsys.readouterr().err
    assert (
        message
        == f'{notebook}: cell 4 (print("sum", 40 / 0)): ZeroDivisionError: division by zero; the file is as it was\n'
    )
    assert notebook.read_bytes() == before
    assert list(notebook.parent.iterdir()) == [notebook]


def test_a_kernel_that_does_not_answer_is_one_line(notebook, monkeypatch, capsys):
    async def wait(*arguments, **options):
        raise RuntimeError("Kernel didn't respond in 60 seconds")

    monkeypatch.setattr("jupyter_client.asynchronous.AsyncKernelClient.wait_for_ready", wait)
    assert notebooks.main(["refresh", str(notebook)]) == 1
    message = f"{notebook}: Kernel didn't respond in 60 seconds; the file is as it was\n"
    assert capsys.readouterr().err == message


def test_an_interrupt_leaves_the_file_as_it_was(notebook):
    running = notebook.with_name("running")
    text = f"```{{code-cell}}\nimport pathlib, time\npathlib.Path({str(running)!r}).touch()\ntime.sleep(60)\n```\n"
    notebooks.write(notebook, notebooks.from_text(text))
    before = notebook.read_bytes()
    process = subprocess.Popen(
        [sys.executable, TOOL, "refresh", notebook],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
    )
    while not running.exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=30)
    assert process.returncode == 1
    assert message == f"{notebook}: interrupted; the file is as it was\n"
    assert notebook.read_bytes() == before


def test_a_full_disk_is_one_line_and_the_file_stays(notebook, monkeypatch, capsys):
    notebook.write_text(notebook.read_text().replace("sum 42", "sum 41"))
    before = notebook.read_bytes()

    def full(*paths):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    assert notebooks.main(["refresh", str(notebook)]) == 1
    message = f"{notebook}: cannot be written: No space left on device; the file is as it was\n"
    assert capsys.readouterr().err == message
    assert notebook.read_bytes() == before
    assert list(notebook.parent.iterdir()) == [notebook]


def test_what_an_author_saves_during_a_refresh_is_not_overwritten(notebook, monkeypatch, capsys):
    """As when the notebook is open in JupyterLab at the same time."""
    notebook.write_text(notebook.read_text().replace("sum 42", "sum 41"))
    saved = notebook.read_bytes().replace(b"First.", b"Saved meanwhile.")

    def execute(fresh, folder):
        fresh.cells[-1].outputs[0].text = "sum 42\n"
        notebook.write_bytes(saved)

    monkeypatch.setattr(notebooks, "execute", execute)
    assert notebooks.main(["refresh", str(notebook)]) == 1
    assert capsys.readouterr().err == f"{notebook}: changed on disk meanwhile, and was left so\n"
    assert notebook.read_bytes() == saved


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone", None, "there is no such file"),
        ("text", "hello", "this is not a notebook"),
        ("json", "{}", "this is not a notebook"),
    ],
)
def test_a_file_that_is_no_notebook_is_one_line(tmp_path, capsys, name, content, words):
    path = tmp_path / name
    if content:
        path.write_text(content)
    assert notebooks.main(["refresh", str(path)]) == 1
    assert capsys.readouterr().err == f"{path}: {words}\n"


def editor(tmp_path, monkeypatch, old, new):
    """An editor that replaces `old` by `new`, and a terminal to run it in."""
    script = tmp_path / "editor.py"
    script.write_text(
        "import pathlib, sys\n"
        "text = pathlib.Path(sys.argv[1])\n"
        f"text.write_text(text.read_text().replace({old!r}, {new!r}))\n"
    )
    monkeypatch.setenv("VISUAL", shlex.join([sys.executable, str(script)]))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)


def test_editing_keeps_the_outputs_of_unchanged_cells(notebook, tmp_path, monkeypatch):
    editor(tmp_path, monkeypatch, "40 + 2", "40 + 3")
    assert notebooks.main(["edit", str(notebook)]) == 0
    figure, total = [cell for cell in notebooks.read(notebook).cells if cell.cell_type == "code"]
    assert total.source == 'print("sum", 40 + 3)' and total.outputs == []
    assert figure.outputs and figure.metadata.mystnb.image.alt == "A circle"


def test_closing_the_editor_without_a_change_changes_no_byte(notebook, tmp_path, monkeypatch):
    before = notebook.read_bytes()
    editor(tmp_path, monkeypatch, "", "")
    assert notebooks.main(["edit", str(notebook)]) == 0
    assert notebook.read_bytes() == before


def test_an_editor_that_is_not_there_is_one_line_and_leaves_nothing(notebook, tmp_path, monkeypatch, capsys):
    editor(tmp_path, monkeypatch, "", "")
    monkeypatch.setenv("VISUAL", "no-such-editor --wait")
    before = sorted(tmp_path.iterdir())
    assert notebooks.main(["edit", str(notebook)]) == 1
    message = "no-such-editor --wait: this editor cannot be started: No such file or directory\n"
    assert capsys.readouterr().err == message
    assert sorted(tmp_path.iterdir()) == before


def test_without_a_terminal_the_text_is_left_beside(notebook, monkeypatch, capsys):
    before = notebook.read_bytes()
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert notebooks.main(["edit", str(notebook)]) == 0
    beside = notebook.with_suffix(".txt")
    assert beside.read_text() == TEXT
    assert f"from-text {beside} {notebook}" in capsys.readouterr().out
    assert notebooks.main(["from-text", str(beside), str(notebook)]) == 0
    assert notebook.read_bytes() == before


def test_text_that_cannot_be_read_is_one_line_and_the_file_stays(notebook, tmp_path, capsys):
    before = notebook.read_bytes()
    text = tmp_path / "broken.md"
    text.write_text("```{code-cell}\n---\ntags: [a\n---\n1\n```\n")
    assert notebooks.main(["from-text", str(text), str(notebook)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert notebook.read_bytes() == before
