"""The mutants of a small module are those expected, each with one change; statements are noted when they run."""

import ast
import json
import weakref

import pytest
import reach
from mutants import REVIEWED, ROOT, choose, codes, codes_by_name, main, mutants
from reach import COMPILED, caches, marked, run_cell

from lossbook.arrays import compile as compile_to_arrays

SAMPLE = '''
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    LIMIT = 1


def share(part: "1 + 1", whole=2) -> "3 < 4":
    """1 + 1 is no code."""
    if part < whole:
        return part / whole
    return -1.0


def small(numbers):
    return [number for number in numbers if number in (True, "+")]
'''

EXPECTED = {
    "2 -> 3": ("def share", False),
    "part < whole -> part <= whole": ("if part < whole:", True),
    "if part < whole: -> if not part < whole:": ("if part < whole:", True),
    "part / whole -> part * whole": ("return part / whole", True),
    "-1.0 -> 1.0": ("return -1.0", True),
    "1.0 -> 2.0": ("return -1.0", True),
    "for number in numbers if number in (True, '+') -> for number in numbers": ("return [number", True),
    "number in (True, '+') -> number not in (True, '+')": ("return [number", True),
    "True -> False": ("return [number", True),
}


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "sample.py"
    path.write_text(SAMPLE)
    return path


def test_operators_comparisons_conditions_and_numbers_are_changed_and_no_text_or_annotation(sample):
    found = {mutant.text.partition(" | ")[2]: mutant for mutant in mutants(sample)}
    assert found.keys() == EXPECTED.keys()
    for change, (statement, called) in EXPECTED.items():
        assert found[change].text.startswith(f"sample.py: {statement}")
        assert found[change].called == called


def test_a_mutant_differs_from_the_module_in_its_one_change(sample):
    lines = ast.unparse(ast.parse(SAMPLE)).splitlines()
    for mutant in mutants(sample):
        changed = ast.unparse(mutant.tree()).splitlines()
        assert sum(old != new for old, new in zip(lines, changed, strict=True)) == 1, mutant.text


def test_mutants_that_read_alike_are_told_apart(tmp_path):
    path = tmp_path / "twice.py"
    path.write_text("pair = (0, 0)")
    assert [mutant.text for mutant in mutants(path)] == [
        "twice.py: pair = (0, 0) | 0 -> 1",
        "twice.py: pair = (0, 0) | 0 -> 1 (2)",
    ]


def test_the_functions_of_a_mutant_stand_in_the_order_of_the_modules(sample):
    names = [[code.co_name for code in codes(compile(m.tree(), "sample", "exec"))] for m in mutants(sample)]
    assert all(found[:3] == ["<module>", "share", "small"] for found in names)


def test_statements_are_noted_when_they_run(tmp_path, monkeypatch):
    monkeypatch.setattr("reach.ROOT", tmp_path)
    path = tmp_path / "sample.py"
    path.write_text(SAMPLE)
    noted = []
    names = {"note": noted.append}
    exec(compile(marked(path, "note"), "sample", "exec"), names)
    assert not noted and names["share"].__doc__ == "1 + 1 is no code."
    assert names["share"](1, 4) == 0.25
    assert noted == ["sample.py:10", "sample.py:11"]


def test_a_cell_shows_what_it_prints_and_its_last_value():
    names = {}
    assert run_cell("x = 1", names) == []
    assert run_cell("print('two')\nx + 1", names) == ["two\n", ({"text/plain": "2"}, {})]


def test_caches_are_found_beside_a_reference_to_what_is_gone():
    """Numba keeps such: to ask one what it is raises an error."""
    kept = weakref.proxy(type("Gone", (), {})())
    functions, _ = caches.__wrapped__(0)
    assert compile_to_arrays in functions and type(kept) is weakref.ProxyType


def test_what_numba_compiles_meets_tests_that_run_no_statement_either(tmp_path, monkeypatch):
    monkeypatch.setattr(reach, "kept", tmp_path.joinpath)
    found = {"a::calls": (1, "0x1"), "a::calls what is compiled": (1, "0x0")}
    tests = {"places": ["lossbook/fast.py:60"], "measured": found, "others": [], "imported": []}
    (tmp_path / "tests").write_text(json.dumps(tests))
    reached = reach.Reach(["tests"])
    for mutant in mutants(COMPILED):
        assert not mutant.called and set(choose(mutant, reached, cap=20)) == set(found)


def test_code_is_found_by_its_name_where_a_mutant_has_lost_other_code(tmp_path):
    path = tmp_path / "sample.py"
    path.write_text("def common(rows):\n    return [x for x in rows[0] if all(x in row for row in rows)]\n")
    (lost,) = (mutant for mutant in mutants(path) if mutant.text.endswith("-> for x in rows[0]"))
    before, after = (codes_by_name(tree, path) for tree in (ast.parse(path.read_text()), lost.tree()))
    assert after.keys() < before.keys() and after["common", 0] != before["common", 0]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["lossbook/nothing.py"], "expected modules of lossbook, got lossbook/nothing.py"),
        (["lossbook/loss.py", "lossbook/exercises"], "expected modules of lossbook, got lossbook/exercises"),
        (["tools/mutants.py"], "expected modules of lossbook, got tools/mutants.py"),
        (["--listed", "nothing"], "--listed: expected a file, got nothing"),
    ],
)
def test_what_is_no_module_is_named_before_tests_are_measured(monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.argv", ["mutants.py", *arguments])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.endswith(f"error: {message}\n")


@pytest.mark.thorough
def test_each_line_of_the_reviewed_list_is_a_mutant_and_stands_there_once():
    lines = [line for line in REVIEWED.read_text("utf-8").splitlines() if line.startswith("lossbook/")]
    files = {line.partition(": ")[0] for line in lines}
    assert lines and set(lines) <= {mutant.text for file in files for mutant in mutants(ROOT / file)}
    assert len(lines) == len(set(lines))
