"""What a page says of itself: description, social card, and links to run or edit it.

The setting `repository_address` (https://github.com/OWNER/NAME) turns the links on; without it there are none.
A social card needs an absolute address: Sphinx's setting `html_baseurl`; without it the card's is relative.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.errors import ConfigError

OURS = ("basic.css", "pygments.css", "mystnb", "documentation_options.js", "doctools.js", "sphinx_highlight.js")
"""Style sheets and scripts that lossbook.css and lossbook.js stand in for."""

CARDS = "_cards"


def description(doctree, longest=160):
    """The first paragraph, cut at a word."""
    paragraph = doctree and doctree.next_node(nodes.paragraph)
    if not paragraph:
        return ""
    text = " ".join(paragraph.astext().replace("\\", "").split())
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " …"


def sections(toc):
    """[(anchor, title)] of the sections of a page, from its table of contents."""
    below = toc[0][1:] if len(toc) else []
    links = [
        item.next_node(nodes.reference) for listed in below for item in listed if isinstance(item, nodes.list_item)
    ]
    return [(link["anchorname"], link.astext()) for link in links]


def card_path(page):
    return f"{CARDS}/{page.replace('/', '-')}.png"


def launch_links(config, source):
    """[(name, address)] of where a notebook can be run or edited, for a book with a public repository."""
    repository = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+)(?<!\.git)", config.repository_address)
    if not repository:
        return []
    owner, name = repository.groups()
    branch = config.repository_branch
    return [
        ("Colab", f"https://colab.research.google.com/github/{owner}/{name}/blob/{branch}/{source}"),
        ("Binder", f"https://mybinder.org/v2/gh/{owner}/{name}/{branch}?urlpath=lab/tree/{source}"),
        ("Edit", f"https://github.com/{owner}/{name}/edit/{branch}/{source}"),
    ]


def check_repository(app, config):
    if config.repository_address and not launch_links(config, ""):
        raise ConfigError(
            f"repository_address: expected https://github.com/OWNER/NAME, got {config.repository_address!r}"
        )


def dress(app, page, template, context, doctree):
    for kind in ("css_files", "script_files"):
        context[kind] = [
            file
            for file in context[kind]
            if not Path(str(getattr(file, "filename", file)).split("?")[0]).name.startswith(OURS)
        ]
    source = Path(app.env.doc2path(page)).relative_to(app.srcdir).as_posix() if doctree else None
    context["notebook"] = source if source and source.endswith(".ipynb") else None
    context["launch_links"] = launch_links(app.config, source) if source else []
    context["sections"] = sections(app.env.tocs[page]) if doctree else []
    context |= {key: app.config[key] for key in ("repository_address", "repository_branch")}
    title = re.sub("<[^>]*>", "", context.get("title") or page.capitalize())
    said = description(doctree) or f"{title}: {app.config.html_title}."
    tags = [
        ("name", "description", said),
        ("property", "og:type", "article"),
        ("property", "og:title", title),
        ("property", "og:description", said),
        ("property", "og:site_name", app.config.html_title),
    ]
    if doctree:
        base = app.config.html_baseurl.rstrip("/") + "/" if app.config.html_baseurl else context["pathto"]("", 1)
        tags += [
            ("property", "og:image", base + card_path(page)),
            ("property", "og:image:alt", f"The title: {title}"),
            ("name", "twitter:card", "summary_large_image"),
        ]
    context["metatags"] = (
        context.get("metatags", "")
        + "\n"
        + "\n".join(f'<meta {kind}="{name}" content="{escape(text)}">' for kind, name, text in tags)
    )


def setup(app):
    app.add_config_value("repository_address", "", "html", str)
    app.add_config_value("repository_branch", "main", "html", str)
    app.connect("config-inited", check_repository)
    app.connect("html-page-context", dress, priority=900)
