"""Mutation testing: change the library in one place, and see whether a test notices: `make mutants`.

    python tools/mutants.py                          every mutant of every module: hours
    python tools/mutants.py lossbook/indices.py      of one module
    python tools/mutants.py --sample 300 --seed 1    so many of them, chosen at random
    python tools/mutants.py --cap 300                up to 300 seconds of tests a mutant, in place of 20
    python tools/mutants.py --listed FILE            those of which FILE has a line, such as what was printed before

A mutant is one change of an operator, a comparison, a condition or a number; texts, annotations and what stands
under `if TYPE_CHECKING` are left alone. Each has a process of its own, where its function takes the place of the
imported one, and the tests that run its statement (see tools/reach.py) follow each other until one fails. If none does
and an import runs the statement, the library is imported anew with it, and so are the tests. What survives has to stand
in tests/surviving_mutants.txt, below the reason why no test can or should notice it: the exit status is 1 if something
does not.
"""

import argparse
import ast
import copy
import functools
import gc
import json
import os
import random
import re
import resource
import sys
import traceback
import types
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from reach import (
    COMPILED,
    FUNCTION,
    KEPT,
    LIBRARY,
    PYTEST,
    ROOT,
    Finder,
    Reach,
    Tests,
    function_of,
    is_ours,
    kept,
    measure,
)
from reach import test_files as files_of_tests

REVIEWED = ROOT / "tests/surviving_mutants.txt"
MEMORY = 6 << 30
"""Bytes that a mutant may take. One that takes more, or far longer than the unchanged library, is noticed."""
SURVIVED = "SURVIVED "
FATES = KEPT / "fates.json"
BROKEN = 70
"""The status of a process in which this program failed."""
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


# --- mutants


def changed(node):
    """`node` with one change, or what takes its place; None if there is nothing to change."""
    match node:
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp() if type(node.op) in OPERATORS:
            node.op = OPERATORS[type(node.op)]()
        case ast.Compare(ops=[operator]):
            node.ops = [OPERATORS[type(operator)]()]
        case ast.UnaryOp(op=ast.USub() | ast.Not()):
            return node.operand
        case ast.If() | ast.IfExp() | ast.While():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.comprehension(ifs=[_, *_]):
            node.ifs = []
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int() | float()):
            node.value += 1
        case _:
            return None
    return node


def places(node, statement=None, called=False):
    """(put, node, statement, called): `put` sets what stands there; `called`: only a call runs the statement."""
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            guarded = getattr(getattr(child, "test", None), "id", None) == "TYPE_CHECKING"
            if isinstance(child, ast.AST) and field not in ("annotation", "returns") and not guarded:
                is_statement = isinstance(child, ast.stmt)
                here = (child, called or isinstance(node, FUNCTION)) if is_statement else (statement, called)
                place = (value.__setitem__, index) if isinstance(value, list) else (setattr, node, field)
                yield functools.partial(*place), child, *here
                yield from places(child, *here)


class Mutant:
    """The change at the place `number` of a module."""

    def __init__(self, path, number, node, statement, called):
        self.path, self.number, self.called = path, number, called and path != COMPILED
        self.file = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
        self.place = f"{self.file}:{statement.lineno}"
        names = [part for part in ast.walk(statement) if isinstance(part, ast.Name)]
        self.names = {name.id for name in names if isinstance(name.ctx, ast.Store)}
        self.text = f"{self.file}: {short(statement)} | {short(node)} -> {short(changed(node))}"

    def tree(self):
        tree = ast.parse(self.path.read_text("utf-8"))
        put, node, *_ = list(places(tree))[self.number]
        put(ast.copy_location(changed(node), node))
        return ast.fix_missing_locations(tree)


def short(node):
    """The first line of the code; of a long one both ends."""
    line = ast.unparse(ast.fix_missing_locations(node)).strip().split("\n")[0]
    return line if len(line) <= 120 else f"{line[:80]} ... {line[-30:]}"


def mutants(path):
    alike = Counter()
    for number, (_, node, statement, called) in enumerate(places(ast.parse(path.read_text("utf-8")))):
        if changed(copy.deepcopy(node)):
            mutant = Mutant(path, number, copy.deepcopy(node), statement, called)
            alike[mutant.text] += 1
            mutant.text += f" ({alike[mutant.text]})" if alike[mutant.text] > 1 else ""
            yield mutant


def codes(code):
    """`code` and the code of all functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def codes_by_name(tree, path):
    """The code of all functions of a module by their names; of those with one name each by its number among them."""
    alike = Counter()
    found = {}
    for code in codes(compile(tree, str(path), "exec", dont_inherit=True)):
        found[code.co_qualname, alike[code.co_qualname]] = code
        alike[code.co_qualname] += 1
    return found


def choose(mutant, reach, cap):
    """At most `cap` seconds of tests: those that name the changed object, of its module, and then each test in turn."""
    spent, order = Counter(), []
    tests = reach.tests.get(mutant.place, reach.seconds) if mutant.called else reach.seconds
    for test in sorted(tests, key=reach.seconds.get):
        spent[function_of(test)] += reach.seconds[test]
        far = mutant.called or mutant.names.isdisjoint(re.findall(r"\w+", test.removeprefix(function_of(test))))
        other = mutant.path.relative_to(LIBRARY).parts[0].removesuffix(".py") not in test.partition("::")[0]
        order.append((mutant.called and test in reach.guessed, far, other, spent[function_of(test)], test))
    chosen = []
    for *_, test in sorted(order):
        cap -= reach.seconds[test]
        if cap < 0 and chosen:
            break
        chosen.append(test)
    return chosen


# --- mutants meet tests


def each(tasks, run, workers):
    """(task, status) of `run(task)` as it ends; each has a process of its own, and `workers` run at once."""
    waiting, running = list(tasks)[::-1], {}
    while waiting or running:
        if waiting and len(running) < workers:
            task = waiting.pop()
            process = os.fork()
            if not process:
                silent(run, task)
            running[process] = task
            continue
        process, status = os.wait()
        if os.waitstatus_to_exitcode(status) == BROKEN:
            sys.exit((KEPT / "error").read_text())
        yield running.pop(process), os.waitstatus_to_exitcode(status)


def silent(run, task):
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1), os.dup2(nowhere, 2)
    try:
        status = run(task)
    except BaseException:
        (KEPT / "error").write_text(traceback.format_exc())
        status = BROKEN
    os._exit(status)


def limited(tests, reach):
    seconds = 10 + 3 * int(sum(map(reach.seconds.get, tests)))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    return tests


def afresh(mutant, reach, cap):
    """Import the mutant and run its tests, file by file: 0 if all pass."""
    tests = limited(choose(mutant, reach, cap), reach)
    sys.meta_path.insert(0, Finder(lambda path: mutant.tree() if path == mutant.path else None))
    for file in dict.fromkeys(test.partition("::")[0] for test in tests):
        plugin = Tests([test for test in tests if test.startswith(file + "::")], reach.known)
        if pytest.main([*PYTEST, "-x", file], plugins=[plugin]) not in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
            return 1
    return 0


class Swapped(Tests):
    """In place of the loop over tests one over mutants, whose functions are put in the place of the imported ones."""

    def __init__(self, mutants, reach, cap, workers):
        super().__init__()
        self.mutants, self.reach, self.cap, self.workers = mutants, reach, cap, workers
        self.out = os.fdopen(os.dup(1), "w")

    def pytest_runtestloop(self, session):
        self.items = {item.nodeid: item for item in session.items}
        self.functions = [value for value in gc.get_objects() if type(value) is types.FunctionType and is_ours(value)]
        gc.freeze()
        fates = {mutant.text: status for mutant, status in told(each(self.mutants, self.run, self.workers), self.out)}
        FATES.write_text(json.dumps(fates))
        return True

    def run(self, mutant):
        trees = ast.parse(mutant.path.read_text("utf-8")), mutant.tree()
        before, after = (codes_by_name(tree, mutant.path) for tree in trees)
        new = {old: after[name] for name, old in before.items() if after.get(name, old) != old}
        swapped = [function for function in self.functions if function.__code__ in new]
        for function in swapped:
            function.__code__ = new[function.__code__]
        items = [self.items[test] for test in limited(choose(mutant, self.reach, self.cap), self.reach)]
        for item, following in zip(items, [*items[1:], None]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return 1
        return 0


def swap(mutants, reach, cap, workers):
    """The status of each mutant by its text, found in a process that imports the library: this one must not."""
    if not mutants:
        return {}
    FATES.write_text("{}")
    sources = {test.partition("::")[0] for mutant in mutants for test in choose(mutant, reach, cap)}
    plugin = Swapped(mutants, reach, cap, workers)
    list(each([sorted(sources)], lambda files: pytest.main([*PYTEST, *files], plugins=[plugin]), workers=1))
    return json.loads(FATES.read_text())


def told(results, out=sys.stdout):
    for number, (mutant, status) in enumerate(results, start=1):
        if status <= 0:
            print(f"{SURVIVED if status == 0 else f'SIGNAL {-status} '}{mutant.text}", file=out)
        print(f"{number} done", end="\r", file=out, flush=True)
        yield mutant, status


def import_what_is_not_ours():
    """Before the processes part, for all of them."""
    import array_api_compat, array_api_strict, dask.array, hypothesis, matplotlib.figure, mpmath, numpy, sympy  # noqa


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", type=Path, help="of lossbook; all, if none is named")
    parser.add_argument("--sample", type=int, help="so many mutants, chosen at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--cap", type=float, default=20, help="seconds of tests that a mutant meets at most")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--listed", type=Path, help="a file with a line for each mutant")
    given = parser.parse_args()
    modules = sorted(LIBRARY.rglob("*.py"))
    if strangers := [str(path) for path in given.modules if path.resolve() not in modules]:
        parser.error(f"expected modules of lossbook, got {', '.join(strangers)}")
    if given.listed and not given.listed.is_file():
        parser.error(f"--listed: expected a file, got {given.listed}")
    chosen = [mutant for path in given.modules or modules for mutant in mutants(path.resolve())]
    if given.listed:
        lines = {line.removeprefix(SURVIVED) for line in given.listed.read_text("utf-8").splitlines()}
        chosen = [mutant for mutant in chosen if mutant.text in lines]
    if given.sample and given.sample < len(chosen):
        chosen = random.Random(given.seed).sample(chosen, given.sample)
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / folder) for folder in ("", "tests", "site")]
    import_what_is_not_ours()
    KEPT.mkdir(parents=True, exist_ok=True)
    files = files_of_tests()
    for file, _ in each([file for file in files if not kept(file).exists()], measure, given.workers):
        print("measured:", file, flush=True)
    reach = Reach(files)
    swapped = [mutant for mutant in chosen if mutant.called]
    print(f"{len(chosen)} mutants, {len(swapped)} of them in functions", flush=True)
    fates = swap(swapped, reach, given.cap, given.workers)
    alive = [mutant for mutant in chosen if fates.get(mutant.text, 0) == 0]
    imported = [mutant for mutant in alive if mutant not in swapped or mutant.place in reach.imported]
    print(f"{len(imported)} mutants change what an import runs, and no test has noticed them yet", flush=True)
    run = functools.partial(afresh, reach=reach, cap=given.cap)
    fates |= {mutant.text: status for mutant, status in told(each(imported, run, given.workers))}
    report([(mutant, fates[mutant.text]) for mutant in chosen])


def report(results):
    reviewed = set(REVIEWED.read_text("utf-8").splitlines()) if REVIEWED.exists() else set()
    of_file, survived = defaultdict(list), [mutant.text for mutant, status in results if status == 0]
    for mutant, status in results:
        of_file[mutant.file].append(status == 0)
    for file, fates in of_file.items():
        print(f"{file}: {len(fates)} mutants, {sum(fates)} survived")
    new = [text for text in survived if text not in reviewed]
    share = 1 - len(survived) / max(1, len(results))
    print(f"{len(results)} mutants, {share:.1%} killed, {len(survived)} survived, {len(new)} of them not reviewed")
    sys.exit(bool(new))


if __name__ == "__main__":
    main()
