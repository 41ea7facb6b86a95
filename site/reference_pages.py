"""What the reference pages need: the list of all solutions, tables that scroll, docstrings as plain text.

- `{solutions}` becomes a list of the exercises of every page that has some, each with a link to its folded
  solution. A page has exercises if it has sections with a subsection whose heading begins with "Solution".
- A table stands in a box in which it scrolls if the page is narrow.
- The docstrings of `lossbook` are plain text with `code` in backticks and indented examples. They are handed to
  autodoc as such, so that |z| and y_i stand there as they are written.
"""

import re

from docutils import nodes
from docutils.parsers.rst import Directive
from lossbook_page.folding import details

MARKS = re.compile(r"([\\*|_])")
CODE = re.compile(r"(`[^`]+`)")


class solutions(nodes.General, nodes.Element):
    """Stands where the list of solutions will be, until every page was read."""


class Solutions(Directive):
    def run(self):
        return [solutions()]


def note_solutions(app, doctree):
    """Note each exercise of the page that was just read: its title, its anchor and an anchor within its solution.

    A browser unfolds what is folded if the anchor that it is led to stands within.
    """
    found = []
    for folded in doctree.findall(details):
        exercise = folded.parent
        inside = [part for part in folded.children[1:] if not isinstance(part, nodes.system_message)]
        if inside and isinstance(exercise, nodes.section):
            anchor = f"{folded['ids'][0]}-text"
            inside[0]["ids"].append(anchor)
            found.append((exercise.next_node(nodes.title).deepcopy(), exercise["ids"][0], anchor))
    if found:
        known(app.env)[app.env.docname] = found


def known(env):
    """The exercises noted so far, by page."""
    if not hasattr(env, "lossbook_solutions"):
        env.lossbook_solutions = {}
    return env.lossbook_solutions


def forget_solutions(app, env, page):
    known(env).pop(page, None)


def merge_solutions(app, env, pages, other):
    known(env).update({page: found for page, found in known(other).items() if page in pages})


def list_solutions(app, doctree, page):
    for place in list(doctree.findall(solutions)):
        pages = [other for other in app.env.lossbook_order if other in known(app.env)]
        place.replace_self([part for other in pages for part in exercises_of(app, page, other)])


def exercises_of(app, page, other):
    """The title of a page, and a list of its exercises, each with a link to its solution."""
    link = app.builder.get_relative_uri(page, other)
    number = app.env.toc_secnumbers.get(other, {}).get("", ())
    items = nodes.bullet_list(classes=["exercises"])  # the titles begin with numbers
    for title, exercise, solution in known(app.env)[other]:
        line = nodes.paragraph("", "", linked(title, f"{link}#{exercise}"), nodes.Text(" ("))
        line += [nodes.reference("", "solution", internal=True, refuri=f"{link}#{solution}"), nodes.Text(")")]
        items += nodes.list_item("", line)
    heading = nodes.Text("".join(f"{part}. " for part in number))
    return [nodes.rubric("", "", heading, linked(app.env.titles[other], link)), items]


def linked(title, address):
    return nodes.reference("", "", *(part.deepcopy() for part in title.children), internal=True, refuri=address)


def let_tables_scroll(app, doctree, page):
    """A table that is too wide for the page scrolls inside itself."""
    for table in list(doctree.findall(nodes.table)):
        if "table-wrapper" not in table.parent.get("classes", []):
            table.replace_self(nodes.container("", table.deepcopy(), classes=["table-wrapper"]))


def note_order(app, env):
    """The pages in the order of the table of contents."""
    env.lossbook_order = order = [env.config.root_doc]
    for page in order:
        order += [other for other in env.toctree_includes.get(page, []) if other not in order]
    return []


def plain(app, what, name, obj, options, lines):
    """Make the lines of a docstring, which are plain text, reStructuredText that reads the same."""
    written, after_text = [], True
    for line in lines:
        if line.startswith("    "):
            if after_text:
                written += ["::", ""]
            after_text = False
            written.append(line)
        else:
            after_text = after_text or bool(line)
            written.append("".join(marked(part) for part in CODE.split(line)))
    lines[:] = [*written, ""]


def marked(part):
    return f"`{part}`" if CODE.fullmatch(part) else MARKS.sub(r"\\\1", part)


def with_empty_defaults(app, what, name, thing, options, signature, returns):
    """A signature as one may call it: dataclasses write <factory> for an empty dict."""
    return (signature or "").replace("<factory>", "{}") or None, returns


def setup(app):
    app.config.autodoc_typehints = "none"  # the docstrings say what is expected
    app.add_node(solutions)
    app.add_directive("solutions", Solutions)
    app.connect("doctree-read", note_solutions)
    app.connect("env-purge-doc", forget_solutions)
    app.connect("env-merge-info", merge_solutions)
    app.connect("env-updated", note_order)
    app.connect("doctree-resolved", list_solutions)
    app.connect("doctree-resolved", let_tables_scroll)
    app.connect("autodoc-process-docstring", plain)
    app.connect("autodoc-process-signature", with_empty_defaults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
