"""The library in one picture, drawn from its imports: `{architecture}` on a page becomes an SVG.

A module stands above all that it imports when it is loaded. What a function imports when it is first called, such as
the array code, and what only type checkers read, is left out: a module does not stand on it.
"""

import ast
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

PACKAGE = Path(__file__).parent.parent / "lossbook"
NUMERIC = {"numpy", "matplotlib"}
HEIGHT, GAP, RISE = 30, 12, 66


@cache
def imports():
    """For each module, or package of modules, the modules of the library and the other packages that it imports."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).with_suffix("").parts[0]
        if name != "__init__" and not name.startswith("_"):
            found.setdefault(name, set()).update(_imported(ast.parse(path.read_text("utf-8"))) - {name})
    return found


def _imported(tree):
    """What the top level of a module imports, modules of the library by their name in it."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[name.startswith("lossbook.")] for name in names}


@cache
def level(name):
    """How many imports lead down from a module at most; RecursionError if they run in a circle."""
    return max((1 + level(other) for other in inside(name)), default=0)


def inside(name):
    """The modules of the library that a module imports."""
    return sorted(imports()[name] & set(imports()))


@cache
def below(name):
    """Every module that a module stands on, directly or through others."""
    return frozenset(inside(name)).union(*map(below, inside(name)))


def needs_arrays(name):
    """Whether NumPy or matplotlib is loaded with a module."""
    return any(imports()[module] & NUMERIC for module in {name, *below(name)})


def links(name):
    """The modules that a module stands on directly: those that no other one of them stands on."""
    return [other for other in inside(name) if not any(other in below(between) for between in inside(name))]


def levels():
    """The modules of each level, from the ground up."""
    ordered = [[] for _ in range(1 + max(map(level, imports())))]
    for name in imports():
        ordered[level(name)].append(name)
    return ordered


def svg():
    """The picture, with its alt text; it takes its colours from the page."""
    rows = levels()
    widest, wide = max(map(len, rows)), 8 * max(map(len, imports())) + 8
    width, height = widest * (wide + GAP) + GAP, len(rows) * RISE - (RISE - HEIGHT) + 2 * GAP
    places = {}
    for number, row in enumerate(rows):
        left = (width - len(row) * (wide + GAP) + GAP) / 2
        for position, name in enumerate(row):
            places[name] = left + position * (wide + GAP), height - GAP - HEIGHT - number * RISE
    lines = []
    for name, (x, y) in places.items():
        for other in links(name):
            there, down = places[other]
            lines.append(
                f'<path d="M{x + wide / 2:g} {y + HEIGHT:g}L{there + wide / 2:g} {down:g}" stroke-opacity=".4"/>'
            )
    for name, (x, y) in places.items():
        dashes = ' stroke-dasharray="5 3"' if needs_arrays(name) else ""
        lines.append(f'<rect x="{x:g}" y="{y:g}" width="{wide}" height="{HEIGHT}" rx="5"{dashes}/>')
        lines.append(f'<text x="{x + wide / 2:g}" y="{y + 20:g}" fill="currentColor" stroke="none">{name}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(alt())}" fill="none" stroke="currentColor" style="max-width:100%;height:auto">'
        f'<g font-size="13" text-anchor="middle">{"".join(lines)}</g></svg>'
    )


def alt():
    """What is seen, in words."""
    rows = "; ".join(f"level {number}: {', '.join(row)}" for number, row in enumerate(levels()))
    numeric = ", ".join(name for name in imports() if needs_arrays(name))
    return f"The modules of the library, each above those that it imports. {rows}. With dashed frames: {numeric}."


class Architecture(Directive):
    """The picture."""

    def run(self):
        return [nodes.raw("", f'<div class="architecture" style="overflow-x:auto">{svg()}</div>', format="html")]


def read_anew(app, env, added, changed, removed):
    """The page with the picture is read anew in each build: it depends on every module."""
    return [page for page in env.found_docs if page.endswith("architecture")]


def setup(app):
    app.add_directive("architecture", Architecture)
    app.connect("env-get-outdated", read_anew)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
