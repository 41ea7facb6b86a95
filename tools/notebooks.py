"""Refresh the notebooks of the book, and edit them as text.

    python tools/notebooks.py refresh chapters/*.ipynb      execute, normalise, show what changed
    python tools/notebooks.py edit chapters/02-x.ipynb      open in $VISUAL or $EDITOR as text
    python tools/notebooks.py text chapters/02-x.ipynb      print that text
    python tools/notebooks.py from-text x.md chapters/02-x.ipynb    bring it back, or make it new

The text is MyST Markdown as jupytext writes it, without a header:

    # The sigmoid

    A Markdown cell is plain text. It ends where a code cell begins, or at a line `+++`.

    +++

    Here a second Markdown cell begins. Metadata of a Markdown cell stand behind the `+++`:

    +++ {"tags": ["remark"]}

    ```{code-cell} ipython3
    :tags: [hide-input]
    from lossbook import figures
    ```

    ```{code-cell} ipython3
    ---
    mystnb:
      figure:
        caption: The sigmoid rises from 0 to 1, with slope 1/4 in the middle.
        name: fig-sigmoid
    ---
    figures.sigmoid_and_slope()
    ```

Cells keep two kinds of metadata, `tags` and `mystnb`; everything else is dropped. What follows a cell
that holds the heading "Solution" alone is folded in JupyterLab, as it is on the page. A figure's
alternative text is not written here: `refresh` takes it from the figure, which carries it in the
metadata of its output as {"image/svg+xml": {"alt": "..."}}. Text brought back keeps the outputs of
the cells whose code did not change; `refresh` makes the others.
"""

import argparse
import copy
import difflib
import hashlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

CELL_TIMEOUT = 120  # seconds, the same for refresh and for the tests
TEXT_FORMAT = "md:myst"
SVG = "image/svg+xml"

# The same on every machine: no version of Python, no name of an environment.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
CELL_METADATA = ("mystnb", "tags")
FOLDED = "jp-MarkdownHeadingCollapsed"  # JupyterLab hides the cells under the heading until they are asked for


class NotebookError(Exception):
    """What went wrong, in one line for the author."""


# --- a notebook in its normal form


def read(path):
    """The notebook in the file `path`."""
    if not str(path):
        raise NotebookError("say which notebook, for example NB=chapters/02-the-sigmoid.ipynb")
    try:
        return nbformat.reads(Path(path).read_text(encoding="utf-8"), as_version=4)
    except FileNotFoundError:
        raise NotebookError(f"{path}: there is no such file") from None
    except OSError as error:
        raise NotebookError(f"{path}: cannot be read: {error.strerror}") from None
    except Exception:  # not UTF-8, not JSON, or JSON that is no notebook: nbformat has no common error
        raise NotebookError(f"{path}: this is not a notebook") from None


def canonical(notebook):
    """The one text of a notebook file: equal content gives equal bytes."""
    notebook = copy.deepcopy(notebook)
    normalise(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def normalise(notebook):
    """Drop from a notebook, in place, whatever differs between machines or runs."""
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    times_seen = {}
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)})
        if cell.cell_type == "markdown" and re.fullmatch("#+ Solution", cell.source):
            cell.metadata[FOLDED] = True
        # From the content, so that an id neither changes when cells move nor has to be kept anywhere.
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        times_seen[digest] = times_seen.get(digest, 0) + 1
        cell.id = digest if times_seen[digest] == 1 else f"{digest}-{times_seen[digest]}"
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = cell.execution_count
            if alt := alt_text_of_figure(cell):
                cell.metadata.setdefault("mystnb", {}).setdefault("image", {})["alt"] = alt


def merge_streams(outputs):
    """The outputs with neighbouring pieces of one stream joined: how a stream is cut is chance."""
    merged = []
    for output in copy.deepcopy(outputs):
        previous = merged[-1] if merged else None
        if previous and output.output_type == previous.output_type == "stream" and output.name == previous.name:
            previous.text += output.text
        else:
            merged.append(output)
    return merged


def alt_text_of_figure(cell):
    """The alternative text that the figure among the cell's outputs carries, or None."""
    for output in cell.get("outputs", []):
        if alt := output.get("metadata", {}).get(SVG, {}).get("alt"):
            return alt
    return None


def write(path, notebook):
    """Put the notebook into the file `path` at one stroke: the file is the old one or the new one."""
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(canonical(notebook), encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        raise NotebookError(f"{path}: cannot be written: {error.strerror}; the file is as it was") from None
    finally:
        unfinished.unlink(missing_ok=True)


# --- refresh


def first_line(source):
    """The first line of a cell that says something, to recognise the cell by."""
    return next((line.strip() for line in source.splitlines() if line.strip()), "(empty)")


def execute(notebook, folder):
    """Run every code cell of `notebook`, in place, in one fresh kernel that starts in `folder`."""
    # Built here and not by the kernel: on a new machine matplotlib announces it on stderr.
    import matplotlib.font_manager  # noqa: F401

    # The kernel of this environment, as in the tests, whatever the machine calls "python3".
    manager = AsyncKernelManager(kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager())
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=CELL_TIMEOUT,
        record_timing=False,
        force_raise_errors=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.owns_km = True  # so that the kernel is shut down at the end
    count = 0
    # Its own stderr, not that of the cells, is no part of the notebook.
    with client.setup_kernel(stderr=subprocess.DEVNULL):
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            count += 1
            try:
                # Without history, as nbval runs cells: otherwise `;` and `_` would differ.
                client.execute_cell(cell, index, execution_count=count, store_history=False)
            except CellExecutionError as error:
                problem = f"{error.ename}: {error.evalue}"
            except CellTimeoutError:
                problem = f"runs longer than {CELL_TIMEOUT} s"
            except DeadKernelError:
                problem = "the kernel died"
            else:
                continue
            raise NotebookError(f"cell {index + 1} ({first_line(cell.source)}): {problem}")


def refresh(path):
    """Execute the notebook `path`, store it in its normal form, print what changed."""
    stored = read(path)
    before = Path(path).read_bytes()
    fresh = copy.deepcopy(stored)
    try:
        execute(fresh, Path(path).resolve().parent)
    except (NotebookError, RuntimeError) as error:  # the latter where the kernel does not answer
        raise NotebookError(f"{path}: {error}; the file is as it was") from None
    now = Path(path).read_bytes()
    if canonical(fresh).encode() == now:
        print(f"{path}: nothing changed")
        return
    if now != before:
        raise NotebookError(f"{path}: changed on disk meanwhile, and was left so")
    write(path, fresh)
    print(difference(stored, read(path), path) or f"{path}: only metadata changed")


def difference(before, after, path):
    """How two notebooks differ in code, prose and outputs, as a readable unified diff."""
    return unified(readable(before), readable(after), f"{path} (stored)", f"{path} (refreshed)")


def unified(before, after, *names):
    """How two lists of readable lines differ."""
    lines = difflib.unified_diff(before, after, *names, lineterm="")
    return "\n".join(re.sub(r"^([+-])figure (\w+)", r"\1figure changed, drawing \2", line) for line in lines)


def readable(notebook):
    """The notebook as lines of text; a figure is one line that changes when the drawing does."""
    lines = []
    for number, cell in enumerate(notebook.cells, start=1):
        lines += [f"=== cell {number}, {cell.cell_type}", *cell.source.splitlines()]
        lines += readable_outputs(cell.get("outputs", []))
    return lines


def readable_outputs(outputs):
    """Outputs as lines of text."""
    lines = []
    for output in outputs:
        lines.append(f"--- {output.output_type}")
        if output.output_type == "stream":
            lines += output.text.splitlines()
        elif output.output_type == "error":
            lines.append(f"{output.ename}: {output.evalue}")
        for kind, content in output.get("data", {}).items():
            if kind.startswith("image/"):
                lines.append(f"figure {hashlib.sha256(content.encode()).hexdigest()[:12]}")
            else:
                lines += [f"{kind}:", *str(content).splitlines()]
        for kind, notes in output.get("metadata", {}).items():
            lines.append(f"{kind} metadata: {dict(notes)}" if isinstance(notes, dict) else f"{kind}: {notes}")
    return lines


# --- a notebook as text, and back


def to_text(notebook):
    """The notebook as MyST Markdown, without its outputs."""
    notebook = copy.deepcopy(notebook)
    normalise(notebook)
    for cell in notebook.cells:
        cell.metadata.pop(FOLDED, None)
        if alt_text_of_figure(cell):
            del cell.metadata.mystnb["image"]["alt"]
            if not cell.metadata.mystnb["image"]:
                del cell.metadata.mystnb["image"]
            if not cell.metadata.mystnb:
                del cell.metadata["mystnb"]
    notebook.metadata["jupytext"] = {"notebook_metadata_filter": "-all"}
    text = jupytext.writes(notebook, TEXT_FORMAT).strip("\n") + "\n"
    back = [cell.source.strip() for cell in jupytext.reads(text, TEXT_FORMAT).cells]
    for number, cell in enumerate(notebook.cells, start=1):
        if back[number - 1 : number] != [cell.source.strip()]:
            raise NotebookError(
                f"cell {number} ({first_line(cell.source)}) has no form as text: "
                "a line `+++` or a fence inside it would be taken for the end of a cell"
            )
    return text


def from_text(text, stored=None):
    """The notebook that `text` describes, with the outputs that `stored` has for the same code."""
    try:
        notebook = jupytext.reads(text, TEXT_FORMAT)
    except Exception as error:  # of several libraries
        raise NotebookError(f"the text cannot be read: {' '.join(str(error).split())}") from None
    if stored is not None:
        new = [cell for cell in notebook.cells if cell.cell_type == "code"]
        old = [cell for cell in stored.cells if cell.cell_type == "code"]
        matcher = difflib.SequenceMatcher(
            None, [cell.source for cell in old], [cell.source for cell in new], autojunk=False
        )
        for old_start, new_start, size in matcher.get_matching_blocks():
            for offset in range(size):
                new[new_start + offset].outputs = old[old_start + offset].outputs
                new[new_start + offset].execution_count = old[old_start + offset].execution_count
    normalise(notebook)
    return notebook


def bring_back(text, path):
    """Write the notebook `path` from `text`; a notebook that is there keeps what it can."""
    notebook = from_text(text, read(path) if Path(path).exists() else None)
    if Path(path).exists() and canonical(notebook) == Path(path).read_text(encoding="utf-8"):
        print(f"{path}: nothing changed")
        return
    write(path, notebook)
    print(f"{path}: written; now run `make refresh NB={path}`")


def text_of(path):
    """The text of the notebook `path`; an error names the notebook."""
    notebook = read(path)
    try:
        return to_text(notebook)
    except NotebookError as error:
        raise NotebookError(f"{path}: {error}") from None


def edit(path):
    """Open the notebook as text in the author's editor and bring it back when the editor closes."""
    before = text_of(path)
    stored = Path(path).read_bytes()
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not (editor and sys.stdin.isatty()):
        beside = Path(path).with_suffix(".txt")  # not .md, which the site would take for a page
        if beside.exists():
            raise NotebookError(f"{beside}: is there already; bring it back with from-text, or delete it")
        beside.write_text(before, encoding="utf-8")
        print(f"no terminal, or neither VISUAL nor EDITOR is set: the text is in {beside}; edit it, then run")
        print(f"  .venv/bin/python tools/notebooks.py from-text {shlex.quote(str(beside))} {shlex.quote(str(path))}")
        return
    descriptor, name = tempfile.mkstemp(prefix=f"{Path(path).stem}-", suffix=".md")
    text_file = Path(name)
    os.close(descriptor)
    text_file.write_text(before, encoding="utf-8")
    try:
        status = subprocess.run([*shlex.split(editor), name]).returncode
    except OSError as error:
        text_file.unlink()
        raise NotebookError(f"{editor}: this editor cannot be started: {error.strerror}") from None
    after = text_file.read_text(encoding="utf-8")
    if after == before:
        print(f"{path}: nothing changed")
    elif status != 0:
        raise NotebookError(f"{path}: the editor ended with status {status}; the text is kept in {name}")
    elif Path(path).read_bytes() != stored:
        raise NotebookError(f"{path}: changed on disk meanwhile; the text is kept in {name}")
    else:
        try:
            bring_back(after, path)
        except Exception as error:  # whatever the text broke, the author's work must not be lost
            raise NotebookError(f"{path}: {error}; the text is kept in {name}") from error
    text_file.unlink()


# --- the command line


def main(arguments=None):
    """Run the command line; the exit status is 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("refresh", help="execute, normalise, show what changed")
    command.add_argument("notebooks", nargs="+", metavar="NB")
    command = commands.add_parser("edit", help="open as text in $VISUAL or $EDITOR")
    command.add_argument("notebook", metavar="NB")
    command = commands.add_parser("text", help="print as text")
    command.add_argument("notebook", metavar="NB")
    command = commands.add_parser("from-text", help="bring text back into NB, or make NB")
    command.add_argument("file", metavar="FILE")
    command.add_argument("notebook", metavar="NB")
    options = parser.parse_args(arguments)

    failed = False
    try:
        if options.command == "edit":
            edit(options.notebook)
        elif options.command == "text":
            print(text_of(options.notebook), end="")
        elif options.command == "from-text":
            try:
                text = Path(options.file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise NotebookError(f"{options.file}: cannot be read: {error}") from None
            bring_back(text, options.notebook)
        for path in options.notebooks if options.command == "refresh" else []:
            try:
                refresh(path)
            except NotebookError as error:
                print(error, file=sys.stderr)
                failed = True
            except KeyboardInterrupt:
                raise NotebookError(f"{path}: interrupted; the file is as it was") from None
    except (NotebookError, OSError) as error:
        print(error, file=sys.stderr)
        failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
