"""Makes every notebook a test: a pytest plugin on top of nbval.

`pytest chapters/02-the-sigmoid.ipynb` collects one item "rules", which reads the notebook and runs
nothing, and one item for each code cell, which is executed and compared. A rule is a function that
takes a `Page` and yields pairs of a cell number, counted over all cells from 1 (or None for the
notebook as a whole), and a sentence that says what to do.

nbval executes. `StrictCell` compares, where nbval would let some differences pass: everything, in order:
kind of output, stream, MIME types, content, metadata. With `--by-meaning`, for other versions of the
dependencies, numbers have to agree to the digits shown, and words and symbols up to their order; drawings
are compared by their alternative text.

While a notebook runs, its kernel opens no connection, starts no program and writes in temporary folders alone.
"""

import ast
import io
import re
import tokenize
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
import yaml
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError
from notebooks import CELL_TIMEOUT, SVG, canonical, first_line, merge_streams, readable_outputs, unified

MOST_LINES = 25
COLOUR = re.compile(r"\x1b\[[\d;]*m")  # the kernel colours its tracebacks
NOT_OURS = ("_build", ".ipynb_checkpoints")


# --- what the rules read


@dataclass
class Page:
    """A notebook with what the rules need to know about it."""

    path: Path
    root: Path
    notebook: nbformat.NotebookNode

    def cells(self, *kinds):
        """Numbers and cells of these kinds; without kinds, all."""
        for number, cell in enumerate(self.notebook.cells, start=1):
            if not kinds or cell.cell_type in kinds:
                yield number, cell

    def outputs(self):
        """Cell numbers and outputs."""
        for number, cell in self.cells("code"):
            for output in cell.outputs:
                yield number, output

    def code(self):
        """Cell numbers and syntax trees of the code cells that are Python."""
        for number, cell in self.cells("code"):
            try:
                yield number, ast.parse(cell.source)
            except SyntaxError:
                continue  # code_is_plain_python tells


def listed_notebooks(root):
    """The notebooks that the table of contents under `root` lists, each as a path that may not exist."""

    def entries(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("file", "root"):
                    yield value
                else:
                    yield from entries(value)
        elif isinstance(node, list):
            for value in node:
                yield from entries(value)

    contents = yaml.safe_load((Path(root) / "_toc.yml").read_text(encoding="utf-8"))
    for entry in entries(contents):
        stem = Path(root) / entry.removesuffix(".ipynb")
        if stem.suffix != ".md" and not stem.with_name(f"{stem.name}.md").exists():
            yield stem.with_name(f"{stem.name}.ipynb")


# --- rules about the file


def listed_in_contents(page):
    if page.path not in list(listed_notebooks(page.root)):
        yield None, "is not listed in _toc.yml, so no reader finds it: list it or delete it"


def is_valid(page):
    try:
        nbformat.validate(page.notebook)
    except nbformat.ValidationError as error:
        yield None, f"is not a valid notebook ({error.message[:80]}): run refresh"


def is_normalised(page):
    if page.path.read_text(encoding="utf-8") != canonical(page.notebook):
        yield None, "is not in the form that refresh writes (metadata, ids or order of keys): run refresh"


# --- rules about execution and outputs


def executed_in_order(page):
    for expected, (number, cell) in enumerate(page.cells("code"), start=1):
        counts = {cell.execution_count, *(o.execution_count for o in cell.outputs if "execution_count" in o)}
        if counts != {expected}:
            found = ", ".join(sorted(str(count) for count in counts - {expected}))
            yield number, f"its execution count is {found} and not {expected}: run refresh"


def has_outputs(page):
    if not any(page.outputs()):
        yield None, "has no outputs at all: run refresh"


def no_errors_or_warnings(page):
    for number, output in page.outputs():
        if output.output_type == "error":
            yield number, f"stores the error {output.ename}: mend the cell, then run refresh"
        elif output.output_type == "stream" and output.name != "stdout":
            yield number, f"stores text on {output.name}, a warning perhaps: mend the cell, then run refresh"


def no_warning_hidden(page):
    for number, tree in page.code():
        for call in calls(tree, "filterwarnings", "simplefilter"):
            if call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == "ignore":
                yield number, "hides warnings: remove what causes them instead"


def no_opt_out(page):
    for number, cell in page.cells():
        for tag in cell.metadata.get("tags", []):
            if re.search(r"nbval|pytest|raises-exception|skip-execution", tag, re.IGNORECASE):
                yield number, f"the tag {tag!r} keeps the cell from being tested: remove it"
        if cell.cell_type == "code":
            if found := re.search(r"NBVAL_\w+|PYTEST_VALIDATE\w+", cell.source, re.IGNORECASE):
                yield number, f"the comment {found[0]} keeps the cell from being tested: remove it"


# --- rules about figures


def figures_are_svg(page):
    for number, output in page.outputs():
        for kind, content in output.get("data", {}).items():
            if kind.startswith("image/") and kind != SVG:
                yield number, f"shows {kind}, which no test compares: show the figure as SVG"
            elif kind == "text/html" and re.search(r"<(img|svg)\b", content):
                yield number, "shows a picture inside HTML: show it as SVG with alt text"


def figures_are_described(page):
    for number, cell in page.cells("code"):
        alts = [o.get("metadata", {}).get(SVG, {}).get("alt") for o in cell.outputs if SVG in o.get("data", {})]
        mystnb = cell.metadata.get("mystnb", {})
        alt = mystnb.get("image", {}).get("alt")
        if not alts:
            if alt:
                yield number, "has alt text and no figure: remove metadata.mystnb.image"
            continue
        if len(alts) > 1:
            yield number, "shows several figures under one caption and alt text: one figure a cell"
        if not (alts[0] or "").strip():
            yield number, 'its figure has no alt text: display it with metadata {"image/svg+xml": {"alt": ...}}'
        elif alt != alts[0]:
            yield number, "its alt text (metadata.mystnb.image.alt) is not the one that the figure carries: run refresh"
        if not str(mystnb.get("figure", {}).get("caption") or "").strip():
            yield number, "its figure has no caption: write it in metadata.mystnb.figure.caption"


def pictures_in_prose_are_described(page):
    for number, cell in page.cells("markdown"):
        if re.search(r"!\[\s*\]", cell.source) or re.search(r"<img\b(?![^>]*\balt=)", cell.source):
            yield number, "a picture has no alt text: write it"
        for directive in re.findall(r"[`:]{3,}\{(?:image|figure)\}.*?(?:\n[`:]{3}|\Z)", cell.source, re.DOTALL):
            if ":alt:" not in directive:
                yield number, "a picture has no alt text: write it in :alt:"


# --- rules about prose and code


def solutions(page):
    """Of each section "Solution", the numbers of its cells."""
    numbers = None
    for number, cell in page.cells():
        if cell.cell_type == "markdown" and re.search(r"^#", cell.source, re.MULTILINE):
            yield from [numbers] if numbers else []
            numbers = [] if re.fullmatch("#+ Solution", cell.source) else None
        elif numbers is not None:
            numbers.append(number)
    yield from [numbers] if numbers else []


def solutions_are_asserted(page):
    """What a check answers is text: a wrong solution would be stored as one."""
    trees = dict(page.code())
    for numbers in solutions(page):
        code = {number: trees[number] for number in numbers if number in trees}
        checked = [number for number, tree in code.items() if any(calls(tree, "check"))]
        if checked and not any(isinstance(node, ast.Assert) for tree in code.values() for node in ast.walk(tree)):
            yield checked[0], "is a solution and may be wrong: write `assert exercises.NAME.check(...)`"


TYPED_EQUATION = re.compile(
    r"\$\$|\\\[|[`:]{3,}\{math\}"
    r"|\\begin\{(?:equation|align|alignat|aligned|gather|gathered|multline|eqnarray|flalign|displaymath|math|split)\*?\}"
)


def equations_are_derived(page):
    for number, cell in page.cells("markdown", "raw"):
        if found := TYPED_EQUATION.search(cell.source):
            yield (
                number,
                f"a display equation is typed by hand ({found[0]}): let a code cell print it from the catalogue",
            )
    for number, tree in page.code():
        typed = [call for call in calls(tree, "Math", "Latex") if call.args and is_text(call.args[0])]
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        if typed or any(TYPED_EQUATION.search(node.value) for node in texts):
            yield number, "a display equation is typed by hand: print it from the catalogue"


def code_is_plain_python(page):
    for number, cell in page.cells("code"):
        if not cell.source.strip():
            yield number, "is empty: delete it"
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            yield (
                number,
                "is not plain Python (magics `%`, shell lines `!` and help `?` are not allowed): write it in Python",
            )
            continue
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if "get_ipython" in names:
            yield number, "calls get_ipython, by which any magic could run: write it in Python"
        read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        if history := sorted(name for name in read if re.fullmatch(r"_{1,3}|_i{1,3}|_i?\d+|_[oid]h|Out|In", name)):
            yield number, f"reads {history[0]}, which depends on what ran before: give the value a name"
        if last_token(cell.source) == ";":
            yield number, "ends with `;`, which hides what the cell shows: end it with an assignment or an assert"


def code_is_short(page):
    for number, cell in page.cells("code"):
        if (lines := len(cell.source.splitlines())) > MOST_LINES:
            yield number, f"has {lines} lines, more than {MOST_LINES}: move plumbing to lossbook or split it"


def little_is_hidden(page):
    def hides(cell):
        by_tag = any(re.match("hide|remove", tag) for tag in cell.metadata.get("tags", []))
        return by_tag or any(key.startswith(("remove", "hide")) for key in cell.metadata.get("mystnb", {}))

    cells = list(page.cells("code"))
    hidden = [number for number, cell in cells if hides(cell)]
    if 10 * len(hidden) > len(cells):
        yield hidden[-1], f"is one of {len(hidden)} hidden cells among {len(cells)}: at most one in ten"


def computed_is_shown(page):
    """What a cell computes is shown, asserted, or read by a later cell."""
    trees = dict(page.code())
    cells = dict(page.cells())
    for number, tree in trees.items():
        if cells[number].outputs or is_asserted(tree) or not tree.body:
            continue
        last = tree.body[-1]
        names = names_bound(last)
        later = set().union(*(names_read(trees[n]) for n in trees if n > number))
        if not names:
            yield number, "computes something and shows nothing: let its last line show or assert the result"
        elif not names & later:
            names = ", ".join(f"`{name}`" for name in sorted(names))
            yield number, f"binds {names}, which no later cell reads: show it, assert it or delete it"


def nothing_is_computed_in_vain(page):
    """Every name that a cell assigns is read somewhere: otherwise its value could be wrong unseen."""
    statements = [(number, statement) for number, tree in page.code() for statement in tree.body]
    for position, (number, statement) in enumerate(statements):
        if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            continue
        names = names_bound(statement)
        read = set().union(*(names_read(other) for _, other in statements[position + 1 :]))
        if names and not names & read:
            names = ", ".join(f"`{name}`" for name in sorted(names))
            yield number, f"assigns {names}, which nothing reads afterwards: show it, assert it or delete it"


def calls(tree, *names):
    """The calls of functions or methods with these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) in names:
            yield node


def is_text(node):
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def is_asserted(tree):
    asserts = [
        node for node in ast.walk(tree) if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant)
    ]
    return bool(asserts) or any(calls(tree, "check"))


def names_read(tree):
    """The names whose values `tree` uses."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def names_bound(statement):
    """The names that a statement binds, or whose items or attributes it sets; none for an expression."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            names |= names_read(node.value)
    if isinstance(statement, (ast.For, ast.While, ast.With, ast.If, ast.Try)):
        # A loop may fill a list by calling its method.
        names |= {
            root for call in calls(statement, "append", "extend", "add", "update") for root in names_read(call.func)
        }
    return names


def last_token(source):
    """The last token of Python code that is neither a comment nor a line end."""
    quiet = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.DEDENT)
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type not in quiet]
    return tokens[-1].string if tokens else ""


RULES = (
    listed_in_contents,
    is_valid,
    is_normalised,
    executed_in_order,
    has_outputs,
    no_errors_or_warnings,
    no_warning_hidden,
    no_opt_out,
    figures_are_svg,
    figures_are_described,
    pictures_in_prose_are_described,
    equations_are_derived,
    code_is_plain_python,
    code_is_short,
    little_is_hidden,
    computed_is_shown,
    nothing_is_computed_in_vain,
    solutions_are_asserted,
)


# --- pytest


def pytest_addoption(parser):
    parser.addoption(
        "--by-meaning", action="store_true", help="compare outputs of notebooks by meaning, not to the byte"
    )


def pytest_configure(config):
    # nbval would collect the notebooks a second time, and leniently.
    config.option.nbval = config.option.nbval_lax = False
    config.option.nbval_current_env = True
    config.option.nbval_kernel_name = None
    config.option.nbval_sanitize_with = None
    config.option.nbval_cell_timeout = min(config.option.nbval_cell_timeout, CELL_TIMEOUT)
    if config.getoption("dist", "no") not in ("no", "loadfile"):
        raise pytest.UsageError("the cells of a notebook share a kernel: use --dist loadfile")


def pytest_collect_file(file_path, parent):
    inside = (
        file_path.relative_to(parent.config.rootpath).parts if file_path.is_relative_to(parent.config.rootpath) else ()
    )
    if file_path.suffix == ".ipynb" and not set(inside) & set(NOT_OURS):
        return StrictNotebook.from_parent(parent, path=file_path)


# Run in the kernel before the first cell. What a library catches of it, as where Python caches what it
# compiled, does no harm.
BARRIER = """
def barrier():
    import os, sys, tempfile
    free = tuple(os.path.join(os.path.realpath(folder), "") for folder in (tempfile.gettempdir(),)) + (os.devnull,)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    barred = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname",
              "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty")
    changing = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")

    def hook(event, arguments):
        if event in barred:
            raise PermissionError(f"a notebook opens no connection and starts no program: {event}")
        if event == "open" and arguments[2] & writing or event in changing:
            for path in arguments[:2 if event in ("os.rename", "os.link", "os.symlink") else 1]:
                if isinstance(path, (str, bytes, os.PathLike)):
                    if not os.path.realpath(os.fsdecode(path)).startswith(free):
                        raise PermissionError(f"a notebook writes in temporary folders alone: {os.fsdecode(path)}")

    sys.addaudithook(hook)

barrier()
del barrier
"""


class StrictNotebook(IPyNbFile):
    """A notebook; also keeps the outputs that arrive, in order, for StrictCell."""

    def collect(self):
        self.nb = nbformat.read(self.path, as_version=4)
        yield NotebookRules.from_parent(self, name="rules")
        for number, cell in enumerate(self.nb.cells, start=1):
            if cell.cell_type == "code":
                options = defaultdict(bool)  # a marker in the cell changes nothing: every cell is run and compared
                yield StrictCell.from_parent(self, name=f"cell {number}", cell_num=number, cell=cell, options=options)

    def setup(self):
        """Nothing: `pytest notebook::rules` needs no kernel."""

    def start_kernel(self):
        if self.kernel is None:
            # Built here and not by the kernel: on a new machine matplotlib announces it on stderr.
            import matplotlib.font_manager  # noqa: F401

            try:
                super().setup()
            except RuntimeError:  # no answer: two kernels that start at once may have chosen the same port
                super().setup()
            self.kernel.await_reply(self.kernel.execute_cell_input(BARRIER, allow_stdin=False))
            self.kernel.await_idle(self.kernel.execute_cell_input("", allow_stdin=False), timeout=CELL_TIMEOUT)

    def get_kernel_message(self, timeout=None, stream="iopub"):
        message = super().get_kernel_message(timeout, stream)
        if message["msg_type"] in ("stream", "display_data", "execute_result", "update_display_data", "clear_output"):
            self.arrived.append(nbformat.from_dict({"output_type": message["msg_type"], **message["content"]}))
        return message

    def where(self, number=None):
        """The name of this notebook, or of a cell in it, for a message."""
        name = (
            self.path.relative_to(self.config.rootpath) if self.path.is_relative_to(self.config.rootpath) else self.path
        )
        if number is None:
            return str(name)
        return f"{name}, cell {number} ({first_line(self.nb.cells[number - 1].source)})"

    def advice(self):
        return f"If the new output is right, run `make refresh NB={self.where()}` and look at the difference."


class NotebookRules(pytest.Item):
    """All rules about one notebook."""

    def runtest(self):
        page = Page(self.path, self.config.rootpath, self.parent.nb)
        broken = [(number, sentence) for rule in RULES for number, sentence in rule(page)]
        if broken:
            refresh = f"run `make refresh NB={self.parent.where()}`"
            lines = [f"{self.parent.where(n)}: {s.replace('run refresh', refresh)}" for n, s in broken]
            pytest.fail("\n".join(lines), pytrace=False)

    def reportinfo(self):
        return self.path, 0, f"{self.parent.where()}: rules"


class StrictCell(IPyNbCell):
    """A code cell, executed by nbval and compared here."""

    def setup(self):
        self.parent.start_kernel()
        super().setup()

    def runtest(self):
        self.parent.arrived = []
        super().runtest()
        stored, new = comparable(self.cell.outputs), comparable(self.parent.arrived)
        if summary(new) != summary(stored):
            self.differs(f"it shows {summary(new)} where {summary(stored)} is stored")
        same = same_meaning if self.config.option.by_meaning else tuple.__eq__
        if not all(map(same, stored, new)):
            self.differs("its outputs differ")

    def differs(self, how):
        """Fail with the outputs side by side, signed as `make refresh` signs them."""
        lines = [readable_outputs(merge_streams(outputs)) for outputs in (self.cell.outputs, self.parent.arrived)]
        difference = unified(*lines, f"cell {self.cell_num} (stored)", f"cell {self.cell_num} (new)")
        self.raise_cell_error(how, f"{difference}\n{self.parent.advice()}")

    def repr_failure(self, excinfo):
        error = excinfo.value
        where = self.parent.where(self.cell_num)
        if isinstance(error, NbCellError):
            told = error.inner_traceback or ""
            told = told if self.config.get_terminal_writer().hasmarkup else COLOUR.sub("", told)
            return f"{where}: {error}\n{told}"
        return f"{where}: {type(error).__name__}: {error}"

    def reportinfo(self):
        return self.path, 0, self.parent.where(self.cell_num)


def comparable(outputs):
    """Outputs as plain data of which every part must be equal, in order."""
    plain = []
    for output in merge_streams(outputs):
        if output.output_type == "stream":
            plain.append(("stream", output.name, output.text))
        else:
            data = tuple(sorted((kind, str(content)) for kind, content in output.get("data", {}).items()))
            plain.append((output.output_type, data, str(sorted(output.get("metadata", {}).items()))))
    return plain


NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?", re.IGNORECASE)
# What LaTeX has for the eye alone.
SPACING = re.compile(r"\\(?:left|right|displaystyle|textstyle|limits|quad|qquad|[,:;! ])(?![A-Za-z])|[{}\s$]")


def same_meaning(stored, new):
    """Do two outputs of the same kind say the same: numbers in whatever order of terms, signs, words and symbols?"""
    if stored[0] == "stream":
        return same_text(stored[2], new[2])
    pairs = zip(stored[1], new[1])
    return same_text(stored[2], new[2]) and all(kind == SVG or same_text(old, text) for (kind, old), (_, text) in pairs)


def same_text(stored, new):
    if stored == new:
        return True
    words = [Counter(re.findall(r"\\?[^\W\d]+|\S", SPACING.sub(" ", NUMBER.sub(" ", text)))) for text in (stored, new)]
    numbers = [sorted(NUMBER.findall(text), key=float) for text in (stored, new)]
    return words[0] == words[1] and len(numbers[0]) == len(numbers[1]) and all(map(same_number, *numbers))


def same_number(stored, new):
    """Equal up to one unit of the last digit stored; whole numbers exactly, and all to 1e-12 at least."""
    stored, new = stored.lower(), new.lower()
    if not re.search(r"[.e]", stored):
        return stored == new
    digits, _, power = stored.partition("e")
    unit = 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
    return abs(float(stored) - float(new)) <= max(1.001 * unit, 1e-12 * abs(float(stored)))


def summary(outputs):
    """The kinds of outputs, in order, in words."""
    kinds = [o[1] if o[0] == "stream" else f"{o[0]} of {' and '.join(kind for kind, _ in o[1])}" for o in outputs]
    return ", then ".join(kinds) or "nothing"
