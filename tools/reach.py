"""Which test runs which statement of the library, and how long it takes: for tools/mutants.py.

Tests are those in tests/ that call the library in their own process, and the cells of the notebooks, each with the
cells before it that it needs. All caches are emptied before each.
"""

import ast
import builtins
import contextlib
import functools
import gc
import hashlib
import importlib.machinery
import inspect
import io
import json
import random
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter
from sympy.core.cache import clear_cache

ROOT = Path(__file__).resolve().parent.parent
LIBRARY, KEPT = ROOT / "lossbook", ROOT / "_build/reach"
COMPILED = LIBRARY / "fast.py"
"""Numba compiles it when it is imported: it knows no notes, and what is put in its functions later changes nothing."""
# They start programs, which know nothing of a mutant, or look at files.
LEFT_OUT = ("notebook", "site", "recovery", "readme", "package", "interactive", "mutants", "contributing", "chapters")
PYTEST = "--thorough -q -s -n0 --assert=plain --tb=no -p no:cacheprovider -p no:notebook_guard".split()
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
ENOUGH = 5
"""Seconds in which parameters of a test are measured; they speak for the others."""


def test_files():
    paths = [*ROOT.glob("tests/test_*.py"), *ROOT.glob("chapters/*.ipynb"), *ROOT.glob("reference/*.ipynb")]
    kept = [path for path in sorted(paths) if not any(part in path.stem for part in LEFT_OUT)]
    return [path.relative_to(ROOT).as_posix() for path in kept]


def function_of(test):
    """The name of a test without its parameter."""
    return test.partition("[")[0]


class Finder:
    """Imports the modules of the library from what `tree_of(path)` gives, where it gives something."""

    def __init__(self, tree_of):
        self.tree_of = tree_of

    def find_spec(self, name, path, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name.split(".")[0] == "lossbook" else None
        tree = self.tree_of(Path(spec.origin)) if spec else None
        if tree:
            spec.loader.get_code = lambda name: compile(tree, spec.origin, "exec", dont_inherit=True)
            return spec


# --- tests


class Notebook(pytest.File):
    """The cells that show something, each a test."""

    def collect(self):
        cells = [cell for cell in nbformat.read(self.path, 4).cells if cell.cell_type == "code"]
        for number, cell in enumerate(cells):
            if cell.outputs:
                item = Cell.from_parent(self, name=f"cell {number + 1}")
                item.cells, item.stored = needed(cells[:number], cell), [shown(output) for output in cell.outputs]
                yield item


class Cell(pytest.Item):
    """Runs the cells that a cell needs, and the cell, which has to show what is stored."""

    def runtest(self):
        names = {}
        for source in self.cells:
            output = run_cell(source, names)
        assert output == self.stored

    def reportinfo(self):
        return self.path, 0, self.name


def needed(earlier, cell):
    from notebook_guard import names_bound, names_read

    sources, wanted = [cell.source], names_read(ast.parse(cell.source))
    for before in reversed(earlier):
        tree = ast.parse(before.source)
        if wanted & set().union(*map(names_bound, tree.body)):
            sources.append(before.source)
            wanted |= names_read(tree)
    return sources[::-1]


def shown(output):
    if output.output_type == "stream":
        return output.text
    return {kind: str(content) for kind, content in output.data.items()}, output.metadata


def run_cell(source, names):
    """What a cell shows: what it prints, and its last value."""
    *body, last = ast.parse(source).body
    ends = isinstance(last, ast.Expr)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(ast.Module(body if ends else [*body, last], []), "cell", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if ends else None
    output = [printed.getvalue()] if printed.getvalue() else []
    return output if value is None else [*output, DisplayFormatter().format(value)]


class Tests:
    """A plugin of pytest that empties all caches before each test and knows which failed.

    It runs the tests `chosen`, in their order, and those not `known`: a number in their name may have changed.
    """

    def __init__(self, chosen=None, known=()):
        self.chosen, self.known, self.failed = chosen, known, set()

    def pytest_collect_file(self, file_path, parent):
        if file_path.suffix == ".ipynb":
            return Notebook.from_parent(parent, path=file_path)

    def pytest_collection_modifyitems(self, items):
        if self.chosen is not None:
            there = {item.nodeid: item for item in items}
            new = [item for item in items if item.nodeid not in self.known]
            items[:] = [there[test] for test in self.chosen if test in there] + new

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        functions, pairs = caches(sum(name.startswith("lossbook") for name in sys.modules))
        for function in functions:
            function.cache_clear()
        for values, name in pairs:
            values.pop(name, None)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.add(report.nodeid)


def is_ours(value):
    return str(getattr(value, "__module__", None)).split(".")[0] == "lossbook"


@functools.cache
def caches(modules):
    """What so many modules of the library keep: functions with a cache, and pairs of an object's dict and a name."""
    there = gc.get_objects()
    names = defaultdict(list)
    for kind in [value for value in there if issubclass(type(value), type) and is_ours(value)]:
        names[kind] = [name for name in dir(kind) if hasattr(inspect.getattr_static(kind, name, None), "attrname")]
    functions = [value for value in there if type(value) is functools._lru_cache_wrapper and is_ours(value)]
    return functions, [(vars(value), name) for value in there if type(value) in names for name in names[type(value)]]


# --- statements


def marked(path, note):
    """A module with a call of `note` before each statement of a function."""
    tree, file = ast.parse(path.read_text("utf-8")), path.relative_to(ROOT).as_posix()
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTION)]
    for node in dict.fromkeys(node for function in functions for node in ast.walk(function)):
        for field in ("body", "orelse", "finalbody"):
            if isinstance(body := getattr(node, field, None), list):
                first = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
                for index in range(len(body) - 1, first - 1, -1):  # a docstring stays the first
                    body.insert(index, ast.parse(f"{note}('{file}:{body[index].lineno}')").body[0])
    return ast.fix_missing_locations(tree)


class Measured(Tests):
    """Notes the seconds and statements of each test, of its parameters in any order and only until it is ENOUGH."""

    def __init__(self):
        super().__init__()
        self.noted, self.imported, self.names = set(), set(), defaultdict(list)
        self.seconds, self.spent, self.statements = Counter(), Counter(), defaultdict(set)

    def pytest_collection_modifyitems(self, items):
        self.imported = set(self.noted)
        for item in items:
            self.names[function_of(item.nodeid)].append(item.nodeid)
        items[:] = random.Random(0).sample(items, len(items))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        if self.spent[function_of(item.nodeid)] > ENOUGH:
            return True  # which leaves it out
        clear_cache()  # or a test would seem not to need what SymPy knows from the one before
        self.noted.clear()
        self.start = time.process_time()

    def pytest_runtest_logreport(self, report):
        super().pytest_runtest_logreport(report)
        self.statements[report.nodeid] |= self.noted
        if report.when == "teardown":
            self.seconds[report.nodeid] = time.process_time() - self.start
            self.spent[function_of(report.nodeid)] += self.seconds[report.nodeid]


def kept(file):
    """Where that of the tests in `file` is kept, as long as the file and the library are the same."""
    digest = hashlib.sha256()
    for path in [*sorted(LIBRARY.rglob("*.py")), ROOT / file]:
        digest.update(path.read_bytes())
    return KEPT / f"{Path(file).stem}-{digest.hexdigest()[:16]}.json"


def measure(file):
    tests = Measured()
    builtins.__note__ = tests.noted.add
    sys.meta_path.insert(0, Finder(lambda path: None if path == COMPILED else marked(path, "__note__")))
    pytest.main([*PYTEST, file], plugins=[tests])
    if tests.failed:
        raise RuntimeError(f"fails on the unchanged library: {', '.join(sorted(tests.failed))}")
    places = sorted(set().union(*tests.statements.values()))
    bit = {place: 1 << number for number, place in enumerate(places)}
    measured, others = {}, []
    for names in tests.names.values():
        known = {name: tests.statements[name] for name in names if name in tests.seconds}
        measured.update((name, (tests.seconds[name], mask(found, bit))) for name, found in known.items())
        seconds = sum(tests.seconds[name] for name in known) / max(1, len(known))
        left_out = [name for name in names if name not in known]
        others.append((left_out, seconds, mask(set().union(*known.values()), bit)))
    found = {"places": places, "measured": measured, "others": others}
    kept(file).write_text(json.dumps({**found, "imported": sorted(tests.imported)}))
    return 0


def mask(statements, bit):
    return hex(sum(map(bit.get, statements)))


class Reach:
    """The seconds of each test, the tests that run a statement, and what an import runs.

    Of the tests in `guessed` only others of the same name, with other parameters, were measured.
    """

    def __init__(self, files):
        self.seconds, self.tests, self.imported = {}, defaultdict(list), set()
        self.known, self.guessed = set(), set()
        for file in files:
            found = json.loads(kept(file).read_text())
            self.imported.update(found["imported"])
            for name, (seconds, statements) in found["measured"].items():
                self._add([name], seconds, statements, found["places"])
            for names, seconds, statements in found["others"]:
                self.guessed.update(names)
                self._add(names, seconds, statements, found["places"])

    def _add(self, names, seconds, statements, places):
        self.known.update(names)
        self.seconds.update(dict.fromkeys(names, seconds))
        for place, bit in zip(places, bin(int(statements, 16))[:1:-1]):
            if bit == "1":
                self.tests[place] += names
