"""A section whose heading begins with "Solution" is folded away, with everything in it."""

from docutils import nodes
from sphinx.transforms import SphinxTransform


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
                body = details(
                    "",
                    summary(title.rawsource, "", *title.children),
                    *section[1:],
                    ids=section["ids"],
                    classes=["solution"],
                )
                section.replace_self(body)


def visit_details(writer, node):
    writer.body.append(writer.starttag(node, "details"))


def visit_summary(writer, node):
    writer.body.append(writer.starttag(node, "summary", ""))


def setup(app):
    app.add_node(details, html=(visit_details, lambda writer, node: writer.body.append("</details>\n")))
    app.add_node(summary, html=(visit_summary, lambda writer, node: writer.body.append("</summary>\n")))
    app.add_transform(FoldSolutions)
