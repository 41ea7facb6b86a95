"""Once every page is written: make the site small, and put beside it what readers take along.

One style sheet holds the book's look and those rules of KaTeX's that the pages use; fonts keep the characters
that formulas use. Styles that KaTeX writes into its tags become classes, so that a site may forbid inline styles.
Figures get their size, so that nothing moves while they load, and a partner for dark pages.
"""

import hashlib
import json
import logging
import re
import shutil
import zipfile
from html import unescape
from io import BytesIO
from pathlib import Path, PurePosixPath

from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx import addnodes

from lossbook_page import cards, guards, interactive, mathematics, palette
from lossbook_page.plain import plain

LEFT_OVER = (
    "basic.css",
    "pygments.css",
    "doctools.js",
    "documentation_options.js",
    "language_data.js",
    "searchtools.js",
    "sphinx_highlight.js",
    "file.png",
    "minus.png",
    "plus.png",
    "mystnb.*.css",
)
STYLED = re.compile(r'<(?P<before>[a-z]\w*\b[^<>]*?) style="(?P<style>[^"]*)"(?P<after>[^<>]*)>')
IMAGE = re.compile(r'<img (?P<attributes>[^<>]*?)src="(?P<path>[^"]*_images/[^"]*\.svg)"(?P<more>[^<>]*?)/?>')
RULE = re.compile(r"(?P<selectors>[^{}]+)\{(?P<body>[^{}]*)\}")
FONTS = {"KaTeX_Main-Regular": 'class="katex"', "KaTeX_Math-Italic": "mathnormal"}
"""The fonts that a page asks for at once, and what in the page needs them."""
MENDED = {
    ' aria-label="Toggle hidden content"': "",  # the summary has words of its own
    'role="doc-biblioentry"': 'role="listitem"',  # the role is deprecated, and its list has to hold items
    " tex2jax_ignore mathjax_ignore": "",
    'class="tex2jax_ignore mathjax_ignore" ': "",
}
"""What other packages write, and what reads better aloud or is shorter."""
EMPTY_HEADER = r"<th\b[^>]*>(?:<p></p>)?</th>"
SHORT = 24
"""The characters of code that one looks for in one line."""
ZIP = "lossbook-site.zip"
NARROW = 360
"""The width in points of a figure that a phone can show whole."""

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it finds the dates in KaTeX's fonts strange


def finish(app, problem):
    if problem or app.builder.format != "html":
        return
    site = Path(app.outdir)
    remove_left_overs(site)
    pages = {path: path.read_text("utf-8") for path in sorted(site.rglob("*.html"))}
    pages = {path: mended(with_figures(path, text)) for path, text in pages.items()}
    pages, classes = without_inline_styles(pages)
    used = {name for text in pages.values() for names in re.findall(r'class="([^"]*)"', text) for name in names.split()}
    rules = kept_rules((mathematics.KATEX / "katex.min.css").read_text("utf-8"), used)
    put_fonts(site / "_static/fonts", rules)
    own = (Path(__file__).parents[1] / "theme/lossbook.css").read_text("utf-8")
    css = palette.variables() + f"@layer katex{{{rules}}}" + small(own) + classes
    (site / "_static/lossbook.css").write_text(css, "utf-8")
    put_search_data(app, site / "search-data.js")
    put_notebooks(app, site)
    cards.put(app, site)
    interactive.put_script(site)
    pages = with_versions(site, pages)
    for path, text in pages.items():
        path.write_text(text, "utf-8")
    guards.check(site, pages)
    put_zip(site)


def remove_left_overs(site):
    for pattern in LEFT_OVER:
        for path in (site / "_static").glob(pattern):
            path.unlink()
    for path in (site / "searchindex.js", site / ".buildinfo"):
        path.unlink(missing_ok=True)
    shutil.rmtree(site / "_sphinx_design_static", ignore_errors=True)


def with_figures(page, text):
    """Each figure with its size and a partner for dark pages; what is too wide for a phone scrolls inside itself."""

    def picture(image):
        drawing = (page.parent / image["path"]).resolve()
        night = drawing.with_suffix(".night.svg")
        svg = drawing.read_text("utf-8")
        if not night.exists():
            svg = re.sub(r"\s*<metadata>.*?</metadata>|<!DOCTYPE[^>]*>\s*", "", svg, flags=re.DOTALL)
            drawing.write_text(svg, "utf-8")
            night.write_text(palette.figure_at_night(svg), "utf-8")
        _, _, width, height = map(float, re.search(r'<svg[^>]*viewBox="([^"]*)"', svg)[1].split())
        size = f'width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}"'
        attributes = re.sub(r'\s*style="[^"]*"', "", image["attributes"] + image["more"])
        source = image["path"].removesuffix(".svg") + ".night.svg"
        kind = ' class="narrow"' if width <= NARROW else ""
        night = 'class="night" media="screen and (prefers-color-scheme: dark)"'
        return (
            f'<picture{kind}><source {night} srcset="{source}" {size}>'
            f'<img {attributes} src="{image["path"]}" {size} loading="lazy" decoding="async"></picture>'
        )

    return IMAGE.sub(picture, text)


def mended(text):
    """A page with what other packages wrote put right for screen readers, and its fonts named for lossbook.js."""
    for written, better in MENDED.items():
        text = text.replace(written, better)
    text = re.sub(rf"<thead>\s*<tr[^>]*>\s*(?:{EMPTY_HEADER}\s*)+</tr>\s*</thead>", "", text)
    text = re.sub(EMPTY_HEADER, "<td></td>", text)  # a corner that heads nothing
    text = re.sub(r'<code class="docutils .*?</code>', _whole_if_short, text)
    text = re.sub(r'(?<=<span class="pre">)[^<]+', _breakable, text)
    text = re.sub(r"<h[1-4]>[^<]*", _with_whole_words, text)
    text = re.sub(r"<th\b[^<]*", lambda head: head[0].replace(" − ", "\N{NO-BREAK SPACE}−\N{NO-BREAK SPACE}"), text)
    text = re.sub(r"([Cc]hapters?|[Ee]xercises?) (?=\d)", "\\1\N{NO-BREAK SPACE}", text)
    fonts = " ".join(name for name, mark in FONTS.items() if mark in text)
    return text.replace("<html ", f'<html data-fonts="{fonts}" ', 1) if fonts else text


def _whole_if_short(code):
    """A piece of code in a sentence, marked as short if it fills two thirds of a phone's line at most."""
    length = len(unescape(re.sub("<[^>]*>", "", code[0])))
    return code[0].replace('class="', 'class="short ', 1) if length <= SHORT else code[0]


def _breakable(code):
    """A name in code that may go on in the next line behind its dots, underscores and brackets."""
    return re.sub(r"(?<=\w)[._(=](?=[A-Za-z])", r"\g<0><wbr>", code[0])


def _with_whole_words(heading):
    """A heading whose lines do not break at the hyphen of a word."""
    return re.sub(r"\w+-\w+", r'<span class="together">\g<0></span>', heading[0])


def without_inline_styles(pages):
    """The pages with a class in place of each style attribute, and the rules of these classes."""
    styles = sorted({unescape(found["style"]) for text in pages.values() for found in STYLED.finditer(text)})
    names = {style: f"s{number}" for number, style in enumerate(styles)}

    def with_class(found):
        name = names[unescape(found["style"])]
        tag = found["before"] + found["after"]
        if ' class="' in tag:
            return "<" + tag.replace(' class="', f' class="{name} ', 1) + ">"
        return f'<{found["before"]} class="{name}"{found["after"]}>'

    rules = "".join(f".{name}{{{style.rstrip(';')}}}" for style, name in names.items())
    return {path: STYLED.sub(with_class, text) for path, text in pages.items()}, rules


def kept_rules(css, used):
    """The rules of a flat style sheet whose classes are all used, and the fonts that these rules name."""
    faces, rules = [], []
    for rule in RULE.finditer(css):
        if rule["selectors"] == "@font-face":
            faces.append(rule["body"])
            continue
        selectors = [
            selector
            for selector in rule["selectors"].split(",")
            if set(re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r":not\([^)]*\)", "", selector))) <= used
        ]
        if selectors:
            rules.append(",".join(selectors) + "{" + rule["body"] + "}")
    text = "".join(rules)
    faces = [
        _woff_only(face)
        for face in faces
        if re.search(r"font-family:\"?(\w+)", face)[1] in text and _is_asked_for(face, text)
    ]
    return "".join(f"@font-face{{{face}}}" for face in faces) + text


def _is_asked_for(face, rules):
    """Is the font upright and regular, or does a rule ask for its weight and its slope?"""
    return all(
        value in ("normal", "400") or f"font-{kind}:{value}" in rules
        for kind, value in re.findall(r"font-(style|weight):(\w+)", face)
    )


def _woff_only(face):
    return re.sub(r"src:.*?(url\([^)]*\.woff\)).*", r"src:\1", face)


def put_fonts(target, rules):
    """The fonts that the rules name, with the characters that the formulas use."""
    target.mkdir()
    for name in sorted(set(re.findall(r"url\(fonts/([\w-]+)\.woff\)", rules))):
        font = TTFont(mathematics.KATEX / "fonts" / f"{name}.ttf", recalcTimestamp=False)
        cutter = subset.Subsetter(subset.Options(layout_features=["*"], notdef_outline=True, hinting=False))
        cutter.populate(unicodes=[ord(character) for character in mathematics.characters])
        cutter.subset(font)
        font.flavor = "woff"
        font.save(target / f"{name}.woff", reorderTables=False)


def small(css):
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", css)).replace(";}", "}").strip()


def put_search_data(app, target):
    """[address, page, section, text] of every section, as a script: files may not be fetched from a folder."""
    places = []
    for page in sorted(app.env.found_docs):
        document = app.env.get_doctree(page)
        title = app.env.titles[page].astext()
        address = app.builder.get_target_uri(page)
        for section in document.findall(lambda node: isinstance(node, (nodes.section, addnodes.desc))):
            name, anchor = _name_and_anchor(section)
            is_page = section.parent is document
            places.append(
                [
                    address if is_page or not anchor else f"{address}#{anchor}",
                    title,
                    "" if is_page else name,
                    _text(section),
                ]
            )
    target.write_text(
        "window.searchData = " + json.dumps(places, ensure_ascii=False, separators=(",", ":")) + ";\n", "utf-8"
    )


def _name_and_anchor(section):
    head = section[0]
    name = head.astext().split("(")[0] if isinstance(section, addnodes.desc) else head.astext()
    ids = head["ids"] if isinstance(section, addnodes.desc) else section["ids"]
    return name, ids[0] if ids else ""


def _text(section):
    """The words of a section without those of its subsections, its code and its displayed formulas."""
    skipped = (
        nodes.section,
        addnodes.desc,
        nodes.math_block,
        nodes.literal_block,
        nodes.raw,
        nodes.comment,
        nodes.image,
    )
    words = []

    def collect(node):
        for child in node.children:
            if isinstance(child, nodes.Text):
                words.append(child.astext())
            elif isinstance(child, nodes.math):
                words.append(plain(child.astext()))
            elif not isinstance(child, skipped):
                collect(child)
                if isinstance(child, nodes.Element) and not isinstance(child, nodes.Inline):
                    words.append(" ")

    for child in section.children[1:]:
        if not isinstance(child, skipped):
            collect(child)
            words.append(" ")
    return " ".join("".join(words).split())


def put_notebooks(app, site):
    for page in app.env.found_docs:
        source = Path(app.env.doc2path(page))
        if source.suffix == ".ipynb":
            shutil.copyfile(source, (site / page).with_suffix(".ipynb"))


def with_versions(site, pages):
    """The pages with a fingerprint in the address of each style sheet and script: no browser keeps an old one."""
    marks = {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        for pattern in ("_static/*.css", "_static/*.js")
        for path in sorted(site.glob(pattern))
    }

    def marked(found):
        name = found["path"].split("?")[0]
        mark = marks.get(name.removeprefix("./").replace("../", ""))
        return f'{found["name"]}="{name}?{mark}"' if mark else found[0]

    return {
        path: re.sub(r'(?P<name>href|src)="(?P<path>[^":]*\.(?:css|js)(?:\?[^"]*)?)"', marked, text)
        for path, text in pages.items()
    }


def put_zip(site):
    """The whole site; no dates, so that the same pages give the same bytes."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(PurePosixPath("lossbook", path.relative_to(site))), (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    (site / ZIP).write_bytes(packed.getvalue())


def setup(app):
    app.connect("build-finished", finish, priority=900)
