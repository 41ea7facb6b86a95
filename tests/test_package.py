"""The package: what importing it brings with it, what its wheel holds, its types and the examples in its docstrings."""

import ast
import doctest
import importlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import lossbook

ROOT = Path(__file__).parent.parent


def modules_after(code):
    """The names of all modules that are loaded once `code` has run."""
    listed = subprocess.run([sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True)
    return set(listed.stdout.decode().split())


def test_what_is_imported_is_sympy_and_the_standard_library_alone():
    """SymPy loads some of its parts with the first sum, power and interval; the losses add none to those."""
    assert modules_after("import lossbook") - modules_after("") == {"lossbook"}
    used = modules_after("from sympy import *; x = Symbol('x', real=True); x + exp(x) ** 2; Interval(0, 1)")
    added = {name.split(".")[0] for name in modules_after("from lossbook import losses") - used}
    assert "sympy" in used and added - sys.stdlib_module_names == {"lossbook"}


def test_a_derivation_runs_without_numpy():
    check = (
        "import sys; sys.modules['numpy'] = None\n"
        "from lossbook import losses\n"
        "print(losses.softmax_cross_entropy.derivation().result)"
    )
    shown = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "softmax(z, i) - y[i]"


def test_a_wheel_holds_the_library_alone(tmp_path):
    """Built from a copy, with the setuptools of the environment, so that nothing is fetched or left behind."""
    source = tmp_path / "source"
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        source.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source)
    for name in ("lossbook", "tests", "tools", "site", "chapters"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('dist'))"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    (wheel,) = (source / "dist").glob("*.whl")
    assert wheel.name == f"lossbook-{lossbook.__version__}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    information = f"lossbook-{lossbook.__version__}.dist-info"
    library = {path.relative_to(ROOT).as_posix() for path in (ROOT / "lossbook").rglob("*.py")}
    library |= {"lossbook/penguins.csv", "lossbook/py.typed"}
    assert {name for name in names if not name.startswith(information)} == library
    assert f"{information}/licenses/LICENSE" in names
    metadata = zipfile.ZipFile(wheel).read(f"{information}/METADATA").decode()
    for line in ("Requires-Python: >=3.11", "License-Expression: MIT AND CC-BY-4.0", "Requires-Dist: sympy"):
        assert line in metadata


def test_the_version_is_the_same_wherever_it_stands():
    version = lossbook.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == version
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"] == version
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_citation_has_what_its_format_asks_for():
    """The required keys of Citation File Format 1.2.0, no unknown ones, and licences by their SPDX names."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert set(citation) >= {"cff-version", "message", "title", "authors"}
    known = {"abstract", "authors", "cff-version", "keywords", "license", "message", "title", "type", "version"}
    assert set(citation) <= known
    assert citation["type"] in ("software", "dataset")
    assert citation["authors"] and all(set(author) == {"name"} for author in citation["authors"])
    assert citation["license"] == ["MIT", "CC-BY-4.0"]


@pytest.mark.thorough
def test_the_library_has_types():
    checked = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


MODULES = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    for path in (ROOT / "lossbook").rglob("*.py")
)
WITH_EXAMPLES = [name for name in MODULES if ">>> " in importlib.util.find_spec(name).loader.get_source(name)]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_in_docstrings_print_what_they_show(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0 and failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for_in_its_first_line(name):
    source = importlib.util.find_spec(name).loader.get_source(name)
    first = ast.get_docstring(ast.parse(source)).splitlines()[0]
    assert 20 <= len(first) <= 120 and first[0].isupper() and first[-1] in ".?:"
