"""What fails the build when a page is wrong, each with the page's name.

A link or an anchor that leads nowhere, an image without a text or that is no SVG, two elements of one name, a style
sheet, script, font or image from another host, a style written into a tag.
"""

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.errors import SphinxError

TAG = re.compile(r'<(?P<tag>[a-z]\w*)(?P<attributes>(?:\s+[\w:-]+(?:="[^"]*")?)*)\s*/?>')
ATTRIBUTE = re.compile(r'(?P<name>[\w:-]+)(?:="(?P<value>[^"]*)")?')
FOREIGN = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
LOADED = {"script": "src", "img": "src", "source": "srcset", "link": "href", "iframe": "src"}


class PageError(SphinxError):
    category = "lossbook: pages are wrong"


def tags(text):
    """(tag, {attribute: value}) of a page, one after the other."""
    for found in TAG.finditer(text):
        yield (
            found["tag"],
            {
                attribute["name"]: unescape(attribute["value"] or "")
                for attribute in ATTRIBUTE.finditer(found["attributes"])
            },
        )


def check(site, pages):
    """Raise PageError with every problem of `pages`, a dict from paths to HTML."""
    read = {path: list(tags(text)) for path, text in pages.items()}
    names = {
        path: [attributes["id"] for _, attributes in found if attributes.get("id")] for path, found in read.items()
    }
    problems = [
        f"{path.relative_to(site).as_posix()}: {problem}"
        for path, found in read.items()
        for problem in (*_of_tags(found), *_of_names(names[path]), *_of_links(path, found, names))
    ]
    problems += [
        f"{path.relative_to(site).as_posix()}: asks another host for {address}"
        for path in sorted(site.rglob("*.css"))
        for address in re.findall(r"url\(([^)]*)\)", path.read_text("utf-8"))
        if FOREIGN.match(address)
    ]
    if problems:
        raise PageError("\n" + "\n".join(problems))


def _of_tags(found):
    for tag, attributes in found:
        loaded = attributes.get(LOADED.get(tag), "")
        if FOREIGN.match(loaded):
            yield f"asks another host for {loaded}"
        if tag == "img" and re.search(r"^\s*$|\.(svg|png|jpe?g)$|^_images", attributes.get("alt", "")):
            yield f"an image without a text: {loaded}"
        if tag == "img" and not urlsplit(loaded).path.endswith(".svg"):
            yield f"a picture that is no SVG, which would not turn dark with the page: {loaded}"
        if "style" in attributes:
            yield f"a style within a tag: {attributes['style']}"


def _of_names(names):
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two elements are named {name}"


def _of_links(path, found, names):
    for tag, attributes in found:
        address = attributes.get("href", attributes.get("src", ""))
        if not address or FOREIGN.match(address) or address == "#":
            continue
        target, _, anchor = unquote(address).partition("#")
        if anchor.endswith((".md", ".ipynb")):
            continue  # a page that is not there, of which the parser has warned
        target = target.partition("?")[0]
        where = Path(path if not target else path.parent / target).resolve()
        if where.is_dir():
            where = where / "index.html"
        if not where.exists() and where.name != "lossbook-site.zip":
            yield f"a link that leads nowhere: {address}"
        elif anchor and where in names and anchor not in names[where]:
            yield f"a link to an anchor that is not there: {address}"
