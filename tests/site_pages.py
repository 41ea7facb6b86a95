"""The built site, and the browser that opens its pages, for the tests of the site."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import browser
import pytest
import yaml
from server import serve

ROOT = Path(__file__).resolve().parent.parent
AXE = ROOT / ".venv/node/node_modules/axe-core/axe.min.js"
KINDS_OF_TEXT = """[...[...document.body.querySelectorAll("*")].reduceRight((kinds, part) => {
    const own = (box) => [box.tagName, box.getAttribute("class"), box.style?.cssText];
    const kind = (box) => box ? kind(box.parentElement) + own(box) : "";
    const hasText = [...part.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    return hasText ? kinds.set(kind(part), part) : kinds;
}, new Map()).values()]"""
BUILD = "from jupyter_book.cli.main import main; main()"


def build(source, target, **environment):
    """Build the book in `source` into `target`; the finished process, with all that it said as its output."""
    command = [sys.executable, "-c", BUILD, "build", "-W", "-n", "--keep-going", "-q", "--path-output", target, source]
    return subprocess.run(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | environment,
    )


def small_book(folder, pages):
    """A book of its own with the project's settings but no repository: {"one.md": text, ...}, its root first."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    settings["bibtex_bibfiles"] = []
    settings["sphinx"]["config"]["extensions"].remove("sphinxcontrib.bibtex")
    settings["sphinx"]["config"] |= {"repository_address": "", "repository_branch": "main", "html_baseurl": ""}
    first, *others = [name.rpartition(".")[0] for name in pages]
    contents = {"format": "jb-book", "root": first, "chapters": [{"file": name} for name in others]}
    (folder / "_config.yml").write_text(yaml.safe_dump(settings), "utf-8")
    (folder / "_toc.yml").write_text(yaml.safe_dump(contents), "utf-8")
    (folder / "site").symlink_to(ROOT / "site")
    for name, text in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def pages_of_the_book():
    """Every page, by its address from the root of the site."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    files = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    return [f"{page}.html" for page in (contents["root"], *files, "search")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the whole book, built for these tests."""
    target = tmp_path_factory.mktemp("site")
    finished = build(ROOT, target)
    assert finished.returncode == 0, finished.stdout
    yield target / "_build/html"
    shutil.rmtree(target)


@pytest.fixture(scope="module")
def address(site):
    """Where the book is served: under a sub-path, with the strictest content security policy."""
    with serve(site) as root:
        yield root


@pytest.fixture(scope="module")
def chromium():
    """A Chromium that reaches nothing but this machine."""
    path = browser.find()
    if path is None:
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail(browser.MISSING)
        pytest.skip(browser.MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=browser.ARGUMENTS)
        yield started
        started.close()


class Visit:
    """A page open in a context of its own, with what it asked for and what it complained of."""

    def __init__(self, chromium, address, width=1280, scheme="light", scripts=True, first=None):
        self.context = chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=scripts
        )
        self.root = address.split("/some/")[0] if address.startswith("http") else "file:"
        self.context.route("**/*", self._route)
        self.foreign, self.errors, self.bytes = [], [], 0
        self.page = self.context.new_page()
        self.page.on(
            "console", lambda message: message.type in ("error", "warning") and self.errors.append(message.text)
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("response", self._measure)
        if first:
            self.page.add_init_script(first)
        self.page.goto(address, wait_until="load")

    def _route(self, route):
        if route.request.url.startswith((self.root, "data:")):
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def _measure(self, response):
        self.bytes += int(response.headers.get("content-length", 0))

    def open_all(self):
        self.page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
        self.lay_out()

    def lay_out(self):
        """Lay out what is far from the screen too, as when the reader comes near."""
        self.page.evaluate("""() => {
            const parts = document.querySelectorAll("section, .cell, .quiz");
            parts.forEach((part) => { part.style.contentVisibility = "visible" });
            return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }""")

    def overflow(self):
        """What makes the page wider than the screen: the beginnings of the innermost elements that reach beyond it."""
        self.lay_out()
        return self.page.evaluate("""() => {
            const page = document.documentElement;
            if (page.scrollWidth <= page.clientWidth) return [];
            const scrolls = (box) => box !== document.body
                && (getComputedStyle(box).overflowX !== "visible" || scrolls(box.parentElement));
            const wide = [...document.body.querySelectorAll("*")].filter((part) =>
                part.getBoundingClientRect().right > page.clientWidth && !scrolls(part.parentElement));
            const inner = wide.filter((part) => !wide.some((other) => other !== part && part.contains(other)));
            return (inner.length ? inner : [page]).map((part) => part.outerHTML.slice(0, 120));
        }""")

    def axe(self):
        """What axe-core finds: a line for each element.

        The thousands of elements of formulas, which take axe longer than the rest of the page, give way to one of the
        size of what is drawn, and an empty formula.
        """
        self.lay_out()
        self.page.evaluate(AXE.read_text("utf-8"))
        self.page.evaluate("""() => {
            const drawn = [...document.querySelectorAll(".katex-html")];
            const sizes = drawn.map((half) => half.getBoundingClientRect());
            drawn.forEach((half, place) => {
                const box = document.createElement("span");
                const [width, height] = [sizes[place].width, sizes[place].height];
                box.style.cssText = `display: inline-block; width: ${width}px; height: ${height}px`;
                half.replaceChildren(box);
            });
            document.querySelectorAll("math").forEach((formula) => formula.replaceChildren());
        }""")
        return self._violations("document", {"rules": {"color-contrast": {"enabled": False}}}) + self.contrast()

    def contrast(self):
        """What axe, run before, finds of contrast: in the first text of each kind, by tags, classes and styles."""
        return self._violations(KINDS_OF_TEXT, {"runOnly": ["color-contrast"]})

    def _violations(self, where, options):
        found = self.page.evaluate(
            f"(options) => axe.run({where}, options)", {"resultTypes": ["violations"], **options}
        )
        return [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]]

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.context.close()
