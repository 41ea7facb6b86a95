"""The library evaluates no text, nothing is installed without a hash, and no lock or setting names a registry."""

import ast
import json
import math
import re

import pytest
from site_pages import ROOT
from sympy import IndexedBase, Piecewise, Symbol, exp

from lossbook.functions import log_cosh
from lossbook.loss import Loss
from lossbook.notation import k, total

EVALUATE = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "parse_expr",
    "parse_latex",
    "import_module",
    "loads",
    "literal_eval",
}
# Where text is run that the library wrote itself; each was read. (module, name, how often)
REVIEWED = {  # array code, written from a SymPy expression, and a loop, from operations on tracers
    ("arrays.py", "exec", 1),
    ("fast.py", "exec", 1),
}
LOCKS = sorted(ROOT.glob("requirements*.lock"))
NODE_LOCKS = [ROOT / "site/package-lock.json", ROOT / "tools/audit/package-lock.json"]
CONNECT = {"socket", "urllib", "http", "requests", "httpx", "ftplib", "smtplib", "subprocess", "pickle", "ctypes"}


def library():
    for path in sorted((ROOT / "lossbook").rglob("*.py")):
        yield path.name, ast.parse(path.read_text("utf-8"))


def names_called(tree):
    """Names of what is called; a method's with the name before it, as in `re.compile`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr != "compile":  # of the module re, or of lossbook.arrays, which takes expressions
                yield node.func.attr


def test_the_library_evaluates_no_text_but_the_code_it_wrote():
    found = set()
    for name, tree in library():
        called = list(names_called(tree))
        own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        found |= {(name, call, called.count(call)) for call in set(called) & EVALUATE - own}
    assert found == REVIEWED


def test_the_library_opens_no_connection_and_starts_no_program():
    for name, tree in library():
        for node in ast.walk(tree):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {module.partition(".")[0] for module in modules} & CONNECT, name


def test_an_answer_that_is_text_is_refused_before_anything_runs():
    from lossbook import proof

    with pytest.raises(TypeError):
        proof.equal("__import__('os').system('false')", "1")


NAMES = [
    "y=print('run')",
    "lambda",
    "xp",
    "t0",
    "argument1",
    "sign",
    "residual",
    "ratio",
    r"\hat{y}",
    "a b",
    "y'",
    "0",
    "é",
    "y\n",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_symbol_is_never_run_and_hides_nothing(name, capsys):
    prediction, target, scale = (
        Symbol(name, real=True),
        Symbol("of " + name, real=True),
        Symbol(name + "'", positive=True),
    )
    expression = scale * log_cosh(prediction - target) + Piecewise((0, prediction < 1), (prediction / scale, True))
    loss = Loss("own", expression, prediction, target, parameters={"scale": (scale, 2)})
    assert float(loss.value(3.0, 1.0)) == pytest.approx(2 * math.log(math.cosh(2)) + 1.5, rel=1e-14)
    row, truth = IndexedBase(name), IndexedBase(name + "'")
    of_rows = Loss("own", total(truth[k] * exp(row[k])), row, truth)
    assert (
        of_rows.value([1.0, 2.0], 1) == of_rows.value([1.0, 2.0], [0.0, 1.0]) == pytest.approx(math.exp(2), rel=1e-14)
    )
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_each_locked_package_has_a_hash(lock):
    entries = re.split(r"\n(?=\S)", lock.read_text("utf-8").replace("\\\n", " ").strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.\-\[\],]+==[^\s;]+", entry) and "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("lock", NODE_LOCKS, ids=lambda path: path.parent.name)
def test_each_package_of_node_has_a_hash_and_no_address(lock):
    packages = json.loads(lock.read_text("utf-8"))["packages"]
    for name, package in packages.items():
        assert not name or package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def test_no_setting_names_an_index_or_a_secret():
    names = [
        "Makefile",
        "pyproject.toml",
        "_config.yml",
        ".ci/run",
        ".github/workflows/test.yml",
        *(path.name for path in LOCKS),
    ]
    names += [
        str(path.relative_to(ROOT))
        for folder in ("tools", "binder")
        for path in (ROOT / folder).glob("*")
        if path.is_file()
    ]
    for name in names:
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"--(extra-)?index-url[ =]|--trusted-host|--find-links|registry *[=:] *.?http", text), name
        assert not re.search(
            r"(?i)(password|secret|token|api_?key) *[=:] *['\"]?[\w-]{8,}|BEGIN [A-Z ]*PRIVATE KEY", text
        ), name
