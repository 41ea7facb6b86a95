"""The bibliography as one looks a source up and follows it: `:style: by_name` orders and sets it.

- Sources stand in the order of their authors' names, in which braces and accents do not count.
- An address is a link. A long one goes on in the next line behind its slashes alone, and a range of pages not at all.
"""

import re
import unicodedata

from docutils import nodes
from pybtex.plugin import register_plugin
from pybtex.style.formatting.alpha import Style as Alpha
from pybtex.style.sorting.author_year_title import SortingStyle

ADDRESS_OR_RANGE = re.compile(r"(https://\S*[^\s.,]|\S*\d–\d\S*)")


class ByName(SortingStyle):
    def person_key(self, person):
        return re.sub("[^a-z0-9 ]", "", unicodedata.normalize("NFD", super().person_key(person)))


class Style(Alpha):
    default_sorting_style = ByName


def set_sources(app, doctree, page):
    for source in doctree.findall(nodes.citation):
        for text in list(source.findall(nodes.Text)):
            if isinstance(text.parent, nodes.reference):
                text.parent.replace(text, in_pieces(text))
            else:
                text.parent.replace(text, [as_set(part) for part in ADDRESS_OR_RANGE.split(text)])


def as_set(part):
    if part.startswith("https://"):
        return nodes.reference("", "", *in_pieces(part.removeprefix("https://")), refuri=part)
    return together(part) if ADDRESS_OR_RANGE.fullmatch(part) else nodes.Text(part)


def in_pieces(address):
    """An address cut behind its slashes, each piece whole."""
    first, *others = [together(piece) for piece in re.findall("[^/]*/|[^/]+", address)]
    return [first, *(part for piece in others for part in (nodes.raw("", "<wbr>", format="html"), piece))]


def together(part):
    return nodes.inline("", part, classes=["together"])


def setup(app):
    register_plugin("pybtex.style.formatting", "by_name", Style)
    app.connect("doctree-resolved", set_sources)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
