"""The library is built in levels: no import runs back up, and the symbolic half stands without NumPy."""

import ast
import importlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import is_dataclass
from pathlib import Path

import architecture
import pytest

ROOT = Path(__file__).parent.parent
SYMBOLIC = """types checks notation indices functions typeset canonical counterexamples proof derivation explanation
    domains loss losses facts elsewhere listing cards reference claims exercises tables""".split()
LATER = {
    "arrays": {"fast"},
    "functions": {"arrays", "domains"},
    "domains": {"arrays"},
    "loss": {"arrays", "cards"},
    "losses": {"arrays"},
}
"""What a function imports when it is first called, from a module that may stand above its own."""


def test_no_import_runs_back_up():
    for name in architecture.imports():
        for other in architecture.inside(name):
            assert architecture.level(other) < architecture.level(name)


def test_what_the_library_returns_cannot_be_changed():
    """An exercise apart, which gets its name when it is listed."""
    paths = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "lossbook").rglob("*.py")]
    names = [".".join(path.parts) for path in paths if path.stem != "fast"]  # Numba is not everywhere
    found = {value for name in names for value in vars(importlib.import_module(name)).values() if is_dataclass(value)}
    kinds = {value for value in found if isinstance(value, type) and value.__module__.startswith("lossbook")}
    assert len(kinds) > 12
    assert [kind.__name__ for kind in kinds if not kind.__dataclass_params__.frozen] == ["Exercise"]


def test_a_circle_of_imports_would_be_noticed(monkeypatch):
    monkeypatch.setattr(architecture, "imports", lambda: {"a": {"b"}, "b": {"a"}})
    with pytest.raises(RecursionError):
        architecture.level.__wrapped__("a")
    architecture.level.cache_clear()


def test_functions_import_later_only_what_is_known():
    found = {}
    for path in sorted((ROOT / "lossbook").rglob("*.py")):
        home = path.relative_to(ROOT / "lossbook").with_suffix("").parts[0]
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                names = architecture._imported(ast.Module([*ast.walk(function)], []))
                found.setdefault(home, set()).update(names & set(architecture.imports()) - {home})
    assert {home: names for home, names in found.items() if names} == LATER


def test_the_ground_is_notation_and_the_catalogue_stands_on_derivation_and_proof():
    assert architecture.level("notation") == 0
    assert {"derivation", "proof", "functions", "notation"} <= architecture.below("losses")
    assert not {"losses", "loss"} & architecture.below("proof")


def test_the_symbolic_half_is_drawn_as_such_and_loads_no_numpy():
    assert [name for name in architecture.imports() if not architecture.needs_arrays(name)] == sorted(SYMBOLIC)
    check = f"import sys\nfrom lossbook import {', '.join(SYMBOLIC)}\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout.split()
    assert "lossbook.proof" in loaded and {"numpy", "matplotlib"}.isdisjoint(loaded)


def test_the_picture_has_each_module_once_with_every_link_that_it_needs():
    picture = ElementTree.fromstring(architecture.svg())
    tag = "{http://www.w3.org/2000/svg}"
    assert sorted(text.text for text in picture.iter(f"{tag}text")) == sorted(architecture.imports())
    assert len(list(picture.iter(f"{tag}path"))) == sum(len(architecture.links(n)) for n in architecture.imports())
    for name in architecture.imports():
        linked = set(architecture.links(name))
        assert linked.union(*map(architecture.below, linked)) == architecture.below(name)
        assert name in picture.get("aria-label")
    box = [float(number) for number in picture.get("viewBox").split()]
    for frame in picture.iter(f"{tag}rect"):
        assert 0 <= float(frame.get("x")) and float(frame.get("x")) + float(frame.get("width")) <= box[2]
